#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# OpenADR writes durations as RFC 5545 does: "P1W" is a week, "PT15M" a quarter of an hour. openleadr 0.5.36 has weeks in its
# pattern, reads "P1W" as nothing, and gives 0 s. In OpenADR an event of 0 s is one without an end, so that a week of load
# shedding is in force for ever. Its own "P" for zero is no duration. And a time with an offset stays a string.
# Python 3.11. Fails when "P1W" is seven days or refused, or the time is a time.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" -q --disable-pip-version-check install openleadr==0.5.36

seen=$("$work/venv/bin/python3" - <<'END' 2>/dev/null
from datetime import datetime, timedelta, timezone

from openleadr.utils import determine_event_status, parse_datetime, parse_duration, timedeltaformat

long_ago = datetime(2026, 1, 5, tzinfo=timezone.utc)
for text in "PT15M", "P7D", "P1W":
    duration = parse_duration(text)
    status = determine_event_status({"dtstart": long_ago, "duration": duration})
    print(f"{text}: {duration.total_seconds():.0f} s, an event of January 2026 is {status}")
print("0 s:", timedeltaformat(timedelta(0)))
for text in "2026-07-01T04:30:00Z", "2026-07-01T12:30:00+08:00":
    print(f"{text}: {type(parse_datetime(text)).__name__}")
END
)
printf '%s\n' "$seen"
[ "$seen" = "PT15M: 900 s, an event of January 2026 is completed
P7D: 604800 s, an event of January 2026 is completed
P1W: 0 s, an event of January 2026 is active
0 s: P
2026-07-01T04:30:00Z: datetime
2026-07-01T12:30:00+08:00: str" ]
