#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Modbus reads (function 3) past the end: 10 registers from 195 where there are 200, and one at 300. The specification wants
# exception 2 for both. jsmodbus 5.0.0 gives a good reply to either: 5 registers with an honest byte count of 10, and none at
# all with a byte count of 0. A reader that takes what it asked for by position reads past its buffer, or old values.
# Node.js 20. Fails when it answers otherwise.
set -euo pipefail
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$work"' EXIT
(cd "$work" && npm install --silent --no-audit --no-fund --ignore-scripts jsmodbus@5.0.0 >/dev/null)

cat >"$work/server.js" <<'END'
const net = require("net");
const { ModbusTCPServer } = require("jsmodbus");

const holding = Buffer.alloc(400);
for (let i = 0; i < 200; i++) {
    holding.writeUInt16BE(1000 + i, 2 * i);
}
const listener = new net.Server();
new ModbusTCPServer(listener, { holding });
listener.listen(0, "127.0.0.1", () => console.log(listener.address().port));
END

cat >"$work/ask.py" <<'END'
import socket
import struct
import subprocess
import sys

server = subprocess.Popen(["node", sys.argv[1]], stdout=subprocess.PIPE, text=True)
port = int(server.stdout.readline())


def ask(address, count):
    with socket.create_connection(("127.0.0.1", port), 5) as client:
        client.sendall(struct.pack(">HHHBBHH", 1, 0, 6, 1, 3, address, count))
        client.settimeout(2)
        reply = client.recv(300)
    if reply[7] & 0x80:
        return f"exception {reply[8]}"
    return f"byte count {reply[8]}, registers {list(struct.unpack(f'>{len(reply[9:]) // 2}H', reply[9:]))}"


try:
    seen = ask(195, 10), ask(300, 1)
finally:
    server.kill()
print(f"10 from 195: {seen[0]}\n1 from 300: {seen[1]}")
sys.exit(seen != ("byte count 10, registers [1195, 1196, 1197, 1198, 1199]", "byte count 0, registers []"))
END
python3 "$work/ask.py" "$work/server.js"
