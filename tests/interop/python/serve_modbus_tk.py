# SPDX-License-Identifier: Apache-2.0
"""modbus_tk: one slave with one block of holding registers."""

import sys
import time

from modbus_tk import defines, modbus_tcp

server = modbus_tcp.TcpServer(address="127.0.0.1", port=int(sys.argv[1]))

slave = server.add_slave(1)
slave.add_block("registers", defines.HOLDING_REGISTERS, 0, 200)
slave.set_values("registers", 0, [1000 + i for i in range(200)])
server.start()
while True:
    time.sleep(60)
