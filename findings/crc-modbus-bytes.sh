#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The checksum of the Modbus frame 01 03 00 00 00 01 goes on the wire as 84 0A. Checksum packages of PyPI have a variant
# "modbus", with a call for its bytes; one would append these to the frame. crcmod 1.7 and crccheck 1.3.1 give 0A 84, high byte first,
# as for any CRC: the device takes the frame for noise and is silent, as one with a wrong address is. uModbus 1.0.4 gives 84 0A.
# modbus_tk 1.1.5 calls 840Ah the checksum where the others have 0A84h, so that comparing numbers across libraries fails as well.
# Python 3.11. Fails when one of them gives another order.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" -q --disable-pip-version-check install crcmod==1.7 crccheck==1.3.1 uModbus==1.0.4 modbus_tk==1.1.5

seen=$("$work/venv/bin/python3" - <<'END'
import crccheck
import crcmod.predefined
import modbus_tk.utils
from umodbus.client.serial.redundancy_check import get_crc

frame = bytes.fromhex("010300000001")
crc = crcmod.predefined.Crc("modbus")
crc.update(frame)
print(f"crcmod: {crc.crcValue:04x}, bytes {crc.digest().hex(' ')}")
print(f"crccheck: {crccheck.crc.CrcModbus.calc(frame):04x}, bytes {crccheck.crc.CrcModbus.calcbytes(frame).hex(' ')}")
print(f"modbus_tk: {modbus_tk.utils.calculate_crc(frame):04x}")
print(f"uModbus: bytes {get_crc(frame).hex(' ')}")
END
)
printf '%s\n' "$seen"
[ "$seen" = "crcmod: 0a84, bytes 0a 84
crccheck: 0a84, bytes 0a 84
modbus_tk: 840a
uModbus: bytes 84 0a" ]
