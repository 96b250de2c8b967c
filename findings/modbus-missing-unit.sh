#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A Modbus TCP server has one unit, 1. What does it say to a plain request (function 3, registers 0 and 1) to unit 7?
# A gateway would say exception 0x0A or 0x0B; a reader who takes any exception, or any answer, for a sign of life would be
# wrong four times in four ways. pymodbus 3.16.1: exception 4 (device failure). uModbus 1.0.4: exception 2 (bad address).
# modbus_tk 1.1.5: silence. pyModbusTCP 0.3.1: the data of unit 1. Python 3.11. Fails when one of them does otherwise.
set -euo pipefail
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" -q --disable-pip-version-check install pymodbus==3.16.1 uModbus==1.0.4 modbus_tk==1.1.5 pyModbusTCP==0.3.1

cat >"$work/servers.py" <<'END'
import sys
import time

name, port = sys.argv[1], int(sys.argv[2])
values = [1000, 1001]
if name == "pymodbus":
    from pymodbus.server import StartTcpServer
    from pymodbus.simulator import DataType, SimData, SimDevice
    block = SimData(0, values=values, datatype=DataType.REGISTERS)
    StartTcpServer(SimDevice(id=1, simdata=[block]), address=("127.0.0.1", port))
elif name == "umodbus":
    from socketserver import TCPServer
    from umodbus.server.tcp import RequestHandler, get_server
    server = get_server(TCPServer, ("127.0.0.1", port), RequestHandler)
    server.route(slave_ids=[1], function_codes=[3], addresses=[0, 1])(
        lambda slave_id, function_code, address: values[address])
    server.serve_forever()
elif name == "modbus_tk":
    from modbus_tk import defines, modbus_tcp
    server = modbus_tcp.TcpServer(address="127.0.0.1", port=port)
    slave = server.add_slave(1)
    slave.add_block("block", defines.HOLDING_REGISTERS, 0, 2)
    slave.set_values("block", 0, values)
    server.start()
    time.sleep(600)
else:
    from pyModbusTCP.server import DataBank, ModbusServer
    bank = DataBank(h_regs_size=2)
    bank.set_holding_registers(0, values)
    ModbusServer(host="127.0.0.1", port=port, data_bank=bank).start()
END

cat >"$work/ask.py" <<'END'
import socket
import subprocess
import sys
import time


def ask(port, unit):
    """What comes back within 2 s, in words."""
    with socket.create_connection(("127.0.0.1", port), 5) as client:
        client.sendall(bytes([0, 7, 0, 0, 0, 6, unit, 3, 0, 0, 0, 2]))
        client.settimeout(2)
        try:
            reply = client.recv(260)
        except TimeoutError:
            return "silence"
    if reply[7] == 0x83:
        return f"exception {reply[8]}"
    return "data " + reply[9:].hex()


def main():
    wanted = {"pymodbus": "exception 4", "umodbus": "exception 2", "modbus_tk": "silence", "pymodbustcp": "data 03e803e9"}
    changed = 0
    for name, behaviour in wanted.items():
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        server = subprocess.Popen([sys.executable, sys.argv[1], name, str(port)], stderr=subprocess.DEVNULL)
        try:
            for _ in range(100):
                try:
                    socket.create_connection(("127.0.0.1", port), 1).close()
                    break
                except OSError:
                    time.sleep(0.1)
            first, seventh = ask(port, 1), ask(port, 7)
        finally:
            server.kill()
        print(f"{name}: unit 1: {first}; unit 7: {seventh}")
        changed += first != "data 03e803e9" or seventh != behaviour
    return changed


sys.exit(main())
END
"$work/venv/bin/python3" "$work/ask.py" "$work/servers.py"
