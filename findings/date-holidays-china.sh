#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# npm's date-holidays 3.37.0 has China, and one would take its type "public" for a day off. It gives 15 such days in 2026. One of
# them, children's day, is a working day. 9 days off are missing: 19 February, which is off by law since 2025, and those that the
# State Council moved. The 6 weekend days that were worked for them it has no word for. Held against chinesecalendar 1.11.0 a
# baseline of working days is wrong on 16 days of the year.
# Python 3.11, Node.js 20. Fails when the two agree on more, or fewer, days.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" -q --disable-pip-version-check install chinesecalendar==1.11.0
(cd "$work" && npm install --silent --no-audit --no-fund --ignore-scripts date-holidays@3.37.0 >/dev/null)

cat >"$work/days.js" <<'END'
const Holidays = require("date-holidays");

const china = new Holidays("CN");
for (let day = new Date("2026-01-01T12:00:00+08:00"); day.getTime() < Date.parse("2027-01-01T00:00:00+08:00");
     day = new Date(day.getTime() + 86400000)) {
    const names = china.isHoliday(new Date(day.getTime() + 3 * 3600000)) || []; // 15:00, for those that begin at noon
    if (names.some((holiday) => holiday.type === "public")) {
        console.log(day.toISOString().slice(0, 10));
    }
}
END
cat >"$work/compare.py" <<'END'
import sys
from datetime import date, timedelta

import chinese_calendar

public = {date.fromisoformat(line.strip()) for line in sys.stdin}
year = [date(2026, 1, 1) + timedelta(offset) for offset in range(365)]


def works(day):
    return day.weekday() < 5 and day not in public


print("public:", len(public), "days")
for name, wrong in (("rest, and are worked", [day for day in year if not works(day) and chinese_calendar.is_workday(day)]),
                    ("worked, and are off", [day for day in year if works(day) and not chinese_calendar.is_workday(day)])):
    print(f"{name}: {len(wrong)}:", *(day.strftime("%m-%d") for day in wrong))
END
seen=$(cd "$work" && TZ=Asia/Shanghai node days.js | "$work/venv/bin/python3" compare.py)
printf '%s\n' "$seen"
[ "$seen" = "public: 15 days
rest, and are worked: 7: 01-04 02-14 02-28 05-09 06-01 09-20 10-10
worked, and are off: 9: 01-02 02-19 02-20 02-23 04-06 05-05 10-05 10-06 10-07" ]
