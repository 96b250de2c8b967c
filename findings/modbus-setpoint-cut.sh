#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A setpoint of 0.29 with two decimals is 29 in the register. 0.29 * 100 is 28.999999999999996 in binary, so one would expect the
# library to round. minimalmodbus 2.1.1, write_register(0, 0.29, 2), writes 28: it cuts, as it does with 573 of the 10000 values
# from 0.00 to 99.99. modbus-serial 8.0.25 takes 0.29 * 100 for a register, cuts as well and says nothing. pymodbus 3.16.1 refuses it.
# Read back, a setpoint that was "written well" is one step too low. Python 3.11, Node.js 20. Fails when one does otherwise.
set -euo pipefail
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" -q --disable-pip-version-check install minimalmodbus==2.1.1 pymodbus==3.16.1
(cd "$work" && npm install --silent --no-audit --no-fund --ignore-scripts modbus-serial@8.0.25 >/dev/null)

cat >"$work/write.js" <<'END'
const ModbusRTU = require("modbus-serial");

const client = new ModbusRTU();
client.connectTCP("127.0.0.1", { port: Number(process.argv[2]) }).then(async () => {
    client.setID(1);
    await client.writeRegister(0, 0.29 * 100);
    process.exit(0);
});
END
cat >"$work/write.py" <<'END'
import os
import pty
import socket
import subprocess
import sys
import threading
import tty

import minimalmodbus
from pymodbus.client import ModbusTcpClient

written = []


def slave(master):
    """Answers function 6 on a serial line as a device does: with what was asked."""
    while request := os.read(master, 256):
        written.append(int.from_bytes(request[4:6], "big"))
        os.write(master, request)


master, line = pty.openpty()
tty.setraw(line)
threading.Thread(target=slave, args=(master,), daemon=True).start()
instrument = minimalmodbus.Instrument(os.ttyname(line), 1)
instrument.serial.baudrate = 115200
instrument.write_register(0, 0.29, 2, functioncode=6)
print("minimalmodbus:", written[0])
cut = sum(int(n / 100 * 100) != n for n in range(10000))
print("values from 0.00 to 99.99 that a cut makes smaller:", cut)
for n in 57, 58, 113, 114:
    instrument.write_register(0, n / 100, 2, functioncode=6)
print("minimalmodbus, 57 58 113 114:", *written[1:])

with socket.create_server(("127.0.0.1", 0)) as listener:
    node = subprocess.Popen(["node", sys.argv[1], str(listener.getsockname()[1])])
    client, _ = listener.accept()
    with client:
        request = client.recv(260)
        client.sendall(request)
        node.wait(10)
print("modbus-serial:", int.from_bytes(request[10:12], "big"))
try:
    print("pymodbus:", ModbusTcpClient.convert_to_registers(0.29 * 100, ModbusTcpClient.DATATYPE.UINT16))
except Exception as error:
    print("pymodbus:", error)
END
seen=$("$work/venv/bin/python3" "$work/write.py" "$work/write.js")
printf '%s\n' "$seen"
[ "$seen" = "minimalmodbus: 28
values from 0.00 to 99.99 that a cut makes smaller: 573
minimalmodbus, 57 58 113 114: 56 57 112 113
modbus-serial: 28
pymodbus: required argument is not an integer" ]
