#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Weather years come as EPW or TMY3 files. In both, hour 12 of the day is the sum from 11:00 to 12:00. One would expect one
# library to read both with one stamp. pvlib 0.16.1 puts that hour at 11:00 from an EPW file (the beginning) and at 12:00 from a TMY3
# file (the end). A model made with the one and run with the other is an hour off: mornings too strong, evenings too weak, and the
# sum of the day nearly right. Python 3.11. Fails when the two agree.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" -q --disable-pip-version-check install pvlib==0.16.1

cat >"$work/read.py" <<'END'
import pathlib
import sys

from pvlib.iotools import read_epw, read_tmy3

folder = pathlib.Path(sys.argv[1])
head = ["LOCATION,Here,-,CHN,-,000000,31.2,121.5,8.0,4.0", "DESIGN CONDITIONS,0", "TYPICAL/EXTREME PERIODS,0", "GROUND TEMPERATURES,0",
        "HOLIDAYS/DAYLIGHT SAVINGS,No,0,0,0", "COMMENTS 1,", "COMMENTS 2,", "DATA PERIODS,1,1,Data,Sunday,6/21,6/21"]
rows = [f"2025,6,21,{hour},60,?,25.0,20.0,74,100500,900,1320,400,{10 * hour},0,0,0,0,0,0,180,2.0,5,5,20.0,77777,9,0,20,0.1,0,88,0.2,0,0"
        for hour in range(1, 25)]
(folder / "here.epw").write_text("\n".join(head + rows) + "\n")
rows = [f"06/21/2025,{hour:02}:00,{10 * hour}" for hour in range(1, 25)]
(folder / "here.csv").write_text("\n".join(['0,"Here",-,8.0,31.2,121.5,4', "Date (MM/DD/YYYY),Time (HH:MM),GHI (W/m^2)"] + rows) + "\n")
for name, (data, _) in ("EPW", read_epw(folder / "here.epw")), ("TMY3", read_tmy3(folder / "here.csv")):
    print(f"hour 12 in {name}: {data.index[data.ghi == 120][0]}")
END
seen=$("$work/venv/bin/python3" "$work/read.py" "$work")
printf '%s\n' "$seen"
[ "$seen" = "hour 12 in EPW: 2025-06-21 11:00:00+08:00
hour 12 in TMY3: 2025-06-21 12:00:00+08:00" ]
