#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# An IEC 60870-5-104 value carries a clock time of seven bytes with two flags: the clock is invalid, and summer time is on. Four
# values are sent with 12:30:15: plain, with the summer flag, with the invalid flag, and with the day of the week. c104 2.2.1 gives
# the same time for all four and says "is_good" of each; the flags are in no property. It takes the clock for UTC too: stations
# that run on local time, as those of China do, are eight hours ahead.
# Python 3.11. Fails when a flag can be seen, or the hour is another.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" -q --disable-pip-version-check install c104==2.2.1

cat >"$work/ask.py" <<'END'
import os
import socket
import struct
import sys
import threading
import time

import c104

MINUTE, HOUR, DAY = 30, 12, 1
TIMES = {"plain": (MINUTE, HOUR, DAY), "summer": (MINUTE, HOUR | 0x80, DAY), "invalid": (MINUTE | 0x80, HOUR, DAY),
         "Wednesday": (MINUTE, HOUR, DAY | 3 << 5)}
seen = {}


def measurement(number, minute, hour, day):
    clock = struct.pack("<H", 15000) + bytes([minute, hour, day, 7, 26])
    body = bytes([36, 1, 3, 0, 47, 0, 11, 0, 0]) + struct.pack("<fB", 10.0 + number, 0) + clock  # M_ME_TF_1, spontaneous
    return bytes([0x68, 4 + len(body)]) + struct.pack("<HH", number << 1, 0) + body


def station(listener):
    """Confirms the start of the transfer, then sends the four values."""
    link, _ = listener.accept()
    with link:
        while header := link.recv(2):
            control = link.recv(header[1])
            if control[0] == 0x07:
                link.sendall(bytes([0x68, 4, 0x0B, 0, 0, 0]))
                time.sleep(0.5)
                for number, clock in enumerate(TIMES.values()):
                    link.sendall(measurement(number, *clock))
            elif control[0] == 0x43:
                link.sendall(bytes([0x68, 4, 0x83, 0, 0, 0]))


def received(point: c104.Point, previous_info: c104.Information, message: c104.IncomingMessage) -> c104.ResponseState:
    name = list(TIMES)[int(point.value) - 10]
    seen[name] = (point.info.recorded_at.timestamp(), point.quality.is_good())
    return c104.ResponseState.SUCCESS


with socket.create_server(("127.0.0.1", 0)) as listener:
    threading.Thread(target=station, args=(listener,), daemon=True).start()
    client = c104.Client()
    link = client.add_connection(ip="127.0.0.1", port=listener.getsockname()[1], init=c104.Init.NONE)
    point = link.add_station(common_address=47).add_point(io_address=11, type=c104.Type.M_ME_TF_1)
    point.on_receive(callable=received)
    client.start()
    for _ in range(200):
        if len(seen) == len(TIMES):
            break
        if not link.is_connected or link.is_muted:
            link.unmute()  # else the start of the transfer is asked for now and then only
        time.sleep(0.1)
for name, (stamp, good) in seen.items():
    print(f"{name}: {time.strftime('%Y-%m-%d %H:%M:%S', time.gmtime(stamp))} UTC, good: {good}")
print("properties:", *(name for name in dir(point.info) if not name.startswith("_")))
sys.stdout.flush()
os._exit(0)
END
seen=$("$work/venv/bin/python3" "$work/ask.py" 2>/dev/null)
printf '%s\n' "$seen"
[ "$seen" = "plain: 2026-07-01 12:30:15 UTC, good: True
summer: 2026-07-01 12:30:15 UTC, good: True
invalid: 2026-07-01 12:30:15 UTC, good: True
Wednesday: 2026-07-01 12:30:15 UTC, good: True
properties: actual is_readonly processed_at quality recorded_at value" ]
