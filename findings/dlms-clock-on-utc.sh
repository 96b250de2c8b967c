#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A DLMS clock sends its deviation from UTC in minutes: 0 for a meter that runs on UTC, 8000h for "not known". These two are
# different things. dlms-cosem 25.1.0 gives a time without a zone for both, so that timestamp() takes the UTC of the meter for the
# local time of the host: in Shanghai every reading is eight hours early. gurux-dlms 1.0.203 keeps the two apart.
# Python 3.11. Fails when dlms-cosem gives the meter's UTC a zone, or gurux-dlms does not.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" -q --disable-pip-version-check install dlms-cosem==25.1.0 gurux-dlms==1.0.203

seen=$(TZ=Asia/Shanghai "$work/venv/bin/python3" - <<'END'
from dlms_cosem.time import datetime_from_bytes
from gurux_dlms.GXDLMSClient import GXDLMSClient
from gurux_dlms.enums import DataType

for name, deviation in ("UTC+8", "fe20"), ("UTC", "0000"), ("not known", "8000"):
    clock = bytes.fromhex(f"07ea0701ff0c1e00ff{deviation}00")  # 2026-07-01 12:30:00
    cosem = datetime_from_bytes(clock)[0]
    gurux = GXDLMSClient.changeType(clock, DataType.DATETIME).value
    print(f"{name}: dlms-cosem {cosem.utcoffset()} {cosem.timestamp():.0f}, gurux-dlms {gurux.utcoffset()} {gurux.timestamp():.0f}")
END
)
printf '%s\n' "$seen"
[ "$seen" = "UTC+8: dlms-cosem 8:00:00 1782880200, gurux-dlms 8:00:00 1782880200
UTC: dlms-cosem None 1782880200, gurux-dlms 0:00:00 1782909000
not known: dlms-cosem None 1782880200, gurux-dlms None 1782880200" ]
