#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A COSEM register has a value (attribute 2) and a scaler with a unit (attribute 3). One would expect the value to be either raw
# always, or scaled once the scaler is known. gurux-dlms 1.0.203 scales the value only when the scaler was read before it: read in
# the order 2, 3 the same bytes are 12345, in the order 3, 2 they are 1234.5, and nothing says which of the two it is. A daemon
# that reads by number has a first value ten times too large, and the right one from the next round on.
# Python 3.11. Fails when the order of reading does not matter.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" -q --disable-pip-version-check install gurux-dlms==1.0.203

seen=$("$work/venv/bin/python3" - <<'END'
from gurux_dlms.GXByteBuffer import GXByteBuffer
from gurux_dlms.GXDLMSClient import GXDLMSClient
from gurux_dlms.internal._GXCommon import _GXCommon
from gurux_dlms.internal._GXDataInfo import _GXDataInfo
from gurux_dlms.objects import GXDLMSRegister

client = GXDLMSClient(True)
parts = {2: "0600003039", 3: "02020fff161e"}  # 12345; scaler -1, Wh


def read(register, attribute):
    data = _GXCommon.getData(client.settings, GXByteBuffer(bytes.fromhex(parts[attribute])), _GXDataInfo())
    client.updateValue(register, attribute, data)


for order in (2, 3), (3, 2), (2, 3, 2):
    register = GXDLMSRegister("1.0.1.8.0.255")
    for attribute in order:
        read(register, attribute)
    print(f"{order}: value {register.value}, scaler {register.scaler}, {register.unit.name}")
END
)
printf '%s\n' "$seen"
[ "$seen" = "(2, 3): value 12345, scaler 0.1, ACTIVE_ENERGY
(3, 2): value 1234.5, scaler 0.1, ACTIVE_ENERGY
(2, 3, 2): value 1234.5, scaler 0.1, ACTIVE_ENERGY" ]
