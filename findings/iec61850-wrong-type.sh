#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# An IEC 61850 measurement is a float (mag.f) in one device and an integer (mag.i) in the next. A reader that asks a value for the wrong
# one would expect a conversion or an error. libiec61850 by way of pyiec61850 1.5.2a1 gives 0: MmsValue_toFloat() of the integer
# 12345 is 0.0, MmsValue_toInt32() of 230.1 is 0. A 64-bit counter asked with toInt32() loses its upper half. Zero power, zero
# volts: no exception, and the quality is good.
# Python 3.11. Fails when one of these is an error, or the value.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" -q --disable-pip-version-check install pyiec61850==1.5.2a1

seen=$("$work/venv/bin/python3" - <<'END'
import pyiec61850 as iec

integer, real = iec.MmsValue_newIntegerFromInt32(12345), iec.MmsValue_newFloat(230.1)
counter = iec.MmsValue_newIntegerFromInt64(2**40 + 7)
print(f"12345: toInt32 {iec.MmsValue_toInt32(integer)}, toFloat {iec.MmsValue_toFloat(integer)}")
print(f"230.1: toFloat {iec.MmsValue_toFloat(real):.1f}, toInt32 {iec.MmsValue_toInt32(real)}")
print(f"1099511627783: toInt64 {iec.MmsValue_toInt64(counter)}, toInt32 {iec.MmsValue_toInt32(counter)}")
END
)
printf '%s\n' "$seen"
[ "$seen" = "12345: toInt32 12345, toFloat 0.0
230.1: toFloat 230.1, toInt32 0
1099511627783: toInt64 1099511627783, toInt32 7" ]
