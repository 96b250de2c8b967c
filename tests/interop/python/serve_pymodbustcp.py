# SPDX-License-Identifier: Apache-2.0
"""pyModbusTCP: a data bank of 200 holding registers."""

import sys

from pyModbusTCP.server import DataBank, ModbusServer

bank = DataBank(h_regs_size=200)
bank.set_holding_registers(0, [1000 + i for i in range(200)])
ModbusServer(host="127.0.0.1", port=int(sys.argv[1]), data_bank=bank).start()
