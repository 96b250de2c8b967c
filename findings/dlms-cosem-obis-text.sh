#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# An OBIS code as text has six parts, A-B:C.D.E.F, or five when F is 255. One would read "1-0:1.8.0.1" (the energy at the end of
# the last billing period) as that. dlms-cosem 25.1.0, Obis.from_string(), drops F always: last month's figure is asked for and
# the running register comes. It takes any character for a separator, a digit too, so that five parts of which one has three
# digits are read as six: "1-0:32.7.101" (harmonic 101 of a voltage) becomes 1-0:32.7.1, the fundamental. No error is raised.
# Python 3.11. Fails when a code is read as written.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" -q --disable-pip-version-check install dlms-cosem==25.1.0

seen=$("$work/venv/bin/python3" - <<'END'
from dlms_cosem.cosem.obis import Obis

for text in "1-0:1.8.0", "1-0:1.8.0.255", "1-0:1.8.0.1", "1-0:1.8.0*1", "1-0:32.7.101":
    print(f"{text}: {Obis.from_string(text).to_string()}")
END
)
printf '%s\n' "$seen"
[ "$seen" = "1-0:1.8.0: 1-0:1.8.0.255
1-0:1.8.0.255: 1-0:1.8.0.255
1-0:1.8.0.1: 1-0:1.8.0.255
1-0:1.8.0*1: 1-0:1.8.0.255
1-0:32.7.101: 1-0:32.7.1.255" ]
