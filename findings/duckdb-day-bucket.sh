#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Readings of every hour of 1 July 2026 in Shanghai, and DuckDB 2.0.1 with TimeZone = 'Asia/Shanghai'. Energy by day: one would
# expect date_trunc('day', t) and time_bucket(INTERVAL '1 day', t) to give one day of 24 readings. The first does. The second cuts at
# midnight UTC, 08:00 in Shanghai: 8 readings on one "day" and 16 on the next, shown in local time. Months begin at 08:00 as well.
# In a zone without an offset nobody sees it; with one, the night's energy is billed on the day before.
# Python 3.11. Fails when the two agree.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" -q --disable-pip-version-check install duckdb==2.0.1 pytz==2026.6

seen=$("$work/venv/bin/python3" - <<'END'
import duckdb

database = duckdb.connect()
database.execute("SET TimeZone = 'Asia/Shanghai'")
database.execute("CREATE TABLE r AS SELECT TIMESTAMPTZ '2026-07-01 00:30:00+08' + h * INTERVAL 1 HOUR AS t FROM range(24) x(h)")
for what in "date_trunc('day', t)", "time_bucket(INTERVAL '1 day', t)", "time_bucket(INTERVAL '1 month', t)":
    rows = database.execute(f"SELECT CAST({what} AS VARCHAR) AS d, count(*) FROM r GROUP BY d ORDER BY d").fetchall()
    print(f"{what}: " + "; ".join(f"{day} {count}" for day, count in rows))
END
)
printf '%s\n' "$seen"
[ "$seen" = "date_trunc('day', t): 2026-07-01 00:00:00+08 24
time_bucket(INTERVAL '1 day', t): 2026-06-30 08:00:00+08 8; 2026-07-01 08:00:00+08 16
time_bucket(INTERVAL '1 month', t): 2026-06-01 08:00:00+08 8; 2026-07-01 08:00:00+08 16" ]
