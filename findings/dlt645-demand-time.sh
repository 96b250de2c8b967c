#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A DL/T 645-2007 meter answers for its maximum demand with the value and the time at which it was, all low byte first: minute, hour,
# day, month, year. The PyPI package dlt645 3.2.0 reads the value so, and the time the other way round. 12.3456 kW of 1 July 2026,
# 10:30, are given as of 1 October 2030, 07:26. Of 15:30 the same day nothing is given at all, not even the value, since there is no
# month 15: a demand that was in the afternoon looks like a meter without one.
# Python 3.11. Fails when the time is that of the meter.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" -q --disable-pip-version-check install dlt645==3.2.0

cat >"$work/ask.py" <<'END'
import socket
import threading

from dlt645 import MeterClientService


def meter(listener, data):
    """Answers a read as a meter does: address and identifier as asked, then the data; every byte plus 0x33."""
    client, _ = listener.accept()
    with client:
        while request := client.recv(260):
            request = request.lstrip(b"\xfe")
            body = request[10:14] + bytes((byte + 0x33) & 0xFF for byte in data)
            reply = request[:8] + bytes([0x91, len(body)]) + body
            client.sendall(reply + bytes([sum(reply) & 0xFF, 0x16]))


for name, clock in ("10:30", "3010010726"), ("15:30", "3015010726"):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=meter, args=(listener, bytes.fromhex("563412" + clock)), daemon=True).start()
        client = MeterClientService.new_tcp_client("127.0.0.1", listener.getsockname()[1], timeout=3.0)
        client.set_address("123456781012")
        item = client.read_01(0x01010000)  # maximum demand, forward active
        client.client.disconnect()
    print(f"12.3456 kW, 2026-07-01 {name}:", f"{item.value.value} {item.unit}, {item.value.time}" if item else None)
END
seen=$("$work/venv/bin/python3" "$work/ask.py" 2>/dev/null)
printf '%s\n' "$seen"
[ "$seen" = "12.3456 kW, 2026-07-01 10:30: 12.3456 kW, 2030-10-01 07:26:00
12.3456 kW, 2026-07-01 15:30: None" ]
