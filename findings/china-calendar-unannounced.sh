#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# China announces its days off and make-up working days a year at a time. For 2028, of which their data knows nothing, one would
# expect calendars to refuse. 1 to 3 October are off by law; the rest, and which weekend is worked for it, nobody knows yet.
# chinesecalendar 1.11.0 refuses. holidays 0.109 answers, with a Wednesday off of its own making and no make-up day. calendra 7.11.1
# refuses weekdays and takes every weekend for free. chinese-days 1.5.7 has no holiday left: 2 to 6 October are working days, and a
# tariff with its own price for holidays bills the wrong one. Python 3.11, Node.js 20. Fails when one of them does otherwise.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" -q --disable-pip-version-check install chinesecalendar==1.11.0 holidays==0.109 calendra==7.11.1
(cd "$work" && npm install --silent --no-audit --no-fund --ignore-scripts chinese-days@1.5.7 >/dev/null)

cat >"$work/days.py" <<'END'
import warnings
from datetime import date, timedelta

import chinese_calendar
import holidays
from calendra.asia import China

warnings.simplefilter("ignore")


def answers(is_working_day):
    words = []
    for offset in range(8):
        try:
            words.append("work" if is_working_day(date(2028, 10, 1) + timedelta(offset)) else "rest")
        except Exception:
            words.append("refused")
    return " ".join(words)


print("chinesecalendar:", answers(chinese_calendar.is_workday))
print("holidays:", answers(holidays.China().is_working_day))
print("calendra:", answers(China().is_working_day))
END
cat >"$work/days.js" <<'END'
const days = require("chinese-days");

const words = [];
for (let day = 1; day <= 8; day++) {
    words.push(days.isWorkday(`2028-10-0${day}`) ? "work" : "rest");
}
console.log("chinese-days:", words.join(" "));
END
seen=$("$work/venv/bin/python3" "$work/days.py" && cd "$work" && node days.js)
printf '%s\n' "$seen"
[ "$seen" = "chinesecalendar: refused refused refused refused refused refused refused refused
holidays: rest rest rest rest work work rest rest
calendra: rest refused refused refused refused refused rest rest
chinese-days: rest work work work work work rest rest" ]
