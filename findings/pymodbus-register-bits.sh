#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A status register of 0001h has bit 0 set. convert_from_registers(..., DATATYPE.BITS) of pymodbus 3.16.1 gives a list of sixteen;
# one would look for bit 0 at index 0, or at index 15. It is at index 8: the list is the high byte first, each byte from its
# lowest bit. Alarm bit 3 of a device manual is read at 11, and index 3 is its bit 11. Its own way back agrees with it, so that a
# test against itself finds nothing.
# Python 3.11. Fails when the list has another order.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" -q --disable-pip-version-check install pymodbus==3.16.1

seen=$("$work/venv/bin/python3" - <<'END'
from pymodbus.client import ModbusTcpClient as Client

places = []
for bit in range(16):
    bits = Client.convert_from_registers([1 << bit], Client.DATATYPE.BITS)
    places.append(bits.index(True))
    assert Client.convert_to_registers(bits, Client.DATATYPE.BITS) == [1 << bit]
print("bits 0 to 15 are at", *places)
END
)
printf '%s\n' "$seen"
[ "$seen" = "bits 0 to 15 are at 8 9 10 11 12 13 14 15 0 1 2 3 4 5 6 7" ]
