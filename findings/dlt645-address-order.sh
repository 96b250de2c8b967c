#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# DL/T 645-2007 sends a meter's twelve digits low byte first: meter 123456781012 is 12 10 78 56 34 12 on the wire. The PyPI package
# dlt645 3.2.0 sends 12 34 56 78 10 12, client and server alike: they understand each other and no real meter, unless it is
# given the number turned round. The same client takes a current of FF FF FF, "no such value", for a measurement.
# Python 3.11. Fails when it turns the number round, or gives no number for FF FF FF.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" -q --disable-pip-version-check install dlt645==3.2.0

cat >"$work/ask.py" <<'END'
import socket
import sys
import threading

from dlt645 import MeterClientService

requests = []


def meter(listener, data):
    """Answers a read as a meter does: address and identifier as asked, then the value; every byte plus 0x33."""
    client, _ = listener.accept()
    with client:
        while request := client.recv(260):
            request = request.lstrip(b"\xfe")
            requests.append(request)
            body = request[10:14] + bytes((byte + 0x33) & 0xFF for byte in data)
            reply = request[:8] + bytes([0x91, len(body)]) + body
            client.sendall(reply + bytes([sum(reply) & 0xFF, 0x16]))


def read(identifier, data):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=meter, args=(listener, data), daemon=True).start()
        client = MeterClientService.new_tcp_client("127.0.0.1", listener.getsockname()[1], timeout=3.0)
        client.set_address("123456781012")
        item = client.read_02(identifier)
        client.client.disconnect()
    return item.value if item else None


good = read(0x02020100, bytes.fromhex("345612"))  # current of phase A: 125.634 A
none = read(0x02020100, bytes.fromhex("ffffff"))
address = requests[0][1:7].hex(" ")
print(f"meter 123456781012 on the wire: {address}")
print(f"current 34 56 12: {good}; current ff ff ff: {none}")
sys.exit(address != "12 34 56 78 10 12" or good != 125.634 or none is None)
END
"$work/venv/bin/python3" "$work/ask.py" 2>"$work/log" || { cat "$work/log"; exit 1; }
