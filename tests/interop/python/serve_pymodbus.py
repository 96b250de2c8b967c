# SPDX-License-Identifier: Apache-2.0
"""pymodbus: one device with one shared block."""

import sys

from pymodbus.server import StartTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

registers = SimData(0, values=[1000 + i for i in range(200)], datatype=DataType.REGISTERS)
StartTcpServer(SimDevice(id=1, simdata=[registers]), address=("127.0.0.1", int(sys.argv[1])))
