#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Two valid Modbus TCP requests in one segment: transaction 1 asks for register 0, transaction 2 for register 1. The protocol has
# transaction ids so that a client need not wait. pymodbus 3.16.1 answers the first only, the second never; jsmodbus 5.0.0
# answers both, the last one first, so that a client that goes by order takes each value for the other. Python 3.11,
# Node.js 20. Fails when they answer both in order.
set -euo pipefail
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" -q --disable-pip-version-check install pymodbus==3.16.1
(cd "$work" && npm install --silent --no-audit --no-fund --ignore-scripts jsmodbus@5.0.0 >/dev/null)

cat >"$work/server.py" <<'END'
import sys

from pymodbus.server import StartTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

block = SimData(0, values=[1000, 1001], datatype=DataType.REGISTERS)
StartTcpServer(SimDevice(id=1, simdata=[block]), address=("127.0.0.1", int(sys.argv[1])))
END
cat >"$work/server.js" <<'END'
const net = require("net");
const { ModbusTCPServer } = require("jsmodbus");

const holding = Buffer.alloc(4);
holding.writeUInt16BE(1000, 0);
holding.writeUInt16BE(1001, 2);
const listener = new net.Server();
new ModbusTCPServer(listener, { holding });
listener.listen(Number(process.argv[2]), "127.0.0.1");
END

cat >"$work/ask.py" <<'END'
import socket
import struct
import subprocess
import sys
import time

def ask(port):
    """[(transaction, value), ...] in the order in which they came within 2 s."""
    requests = b"".join(struct.pack(">HHHBBHH", transaction, 0, 6, 1, 3, transaction - 1, 1) for transaction in (1, 2))
    data = b""
    with socket.create_connection(("127.0.0.1", port), 5) as client:
        client.sendall(requests)
        client.settimeout(2)
        try:
            while len(data) < 22:
                data += client.recv(260)
        except TimeoutError:
            pass
    return [(struct.unpack_from(">H", data, at)[0], struct.unpack_from(">H", data, at + 9)[0])
            for at in range(0, len(data), 11)]

def main():
    wanted = {("pymodbus", (sys.executable, sys.argv[1])): [(1, 1000)],
              ("jsmodbus", ("node", sys.argv[2])): [(2, 1001), (1, 1000)]}
    changed = 0
    for (name, command), behaviour in wanted.items():
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        server = subprocess.Popen([*command, str(port)], stderr=subprocess.DEVNULL)
        try:
            for _ in range(100):
                try:
                    socket.create_connection(("127.0.0.1", port), 1).close()
                    break
                except OSError:
                    time.sleep(0.1)
            seen = ask(port)
        finally:
            server.kill()
        print(f"{name}: (transaction, value) as they came: {seen}")
        changed += seen != behaviour
    return changed

sys.exit(main())
END
"$work/venv/bin/python3" "$work/ask.py" "$work/server.py" "$work/server.js"
