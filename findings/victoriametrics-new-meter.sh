#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Energy of the last hour from a counter is increase(counter[1h]). Three meters are seen for the first time half an hour ago and count
# 30 kWh since; their registers began at 5, 500 and 50000 kWh. One would expect 30 for each. VictoriaMetrics 1.79.5 (Debian 12,
# 1.79.5+ds1-2+b5) gives 35 for the first: it takes a small register that appears for one that began at 0, and bills what the meter
# counted before. delta() does so too. increase_pure(), which sounds like the cure, gives 50030 for the third.
# Fails when one of the numbers changes.
set -euo pipefail
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$work"' EXIT
(cd "$work" && apt-get -qq download victoria-metrics=1.79.5+ds1-2+b5 2>/dev/null && dpkg -x victoria-metrics_*.deb .)
port=$(python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])')
"$work/usr/bin/victoria-metrics" -storageDataPath="$work/data" -httpListenAddr="127.0.0.1:$port" -retentionPeriod=10y >"$work/log" 2>&1 &
url=http://127.0.0.1:$port
for _ in $(seq 100); do
    curl -fs -o /dev/null "$url/health" && break
    sleep 0.1
done
now=$(($(date +%s) - 300))
for start in 5 500 50000; do
    for minute in $(seq 0 30); do
        echo "meter,from=$start energy=$((start + minute)) $((now - 1800 + 60 * minute))"
    done
done | curl -fsS "$url/write?precision=s" --data-binary @-
curl -fs "$url/internal/force_flush"
seen=$(for what in increase delta increase_pure; do
    curl -fsS -G "$url/api/v1/query" --data-urlencode "query=$what(meter_energy[1h])" -d "time=$now" | python3 -c '
import json, sys
series = json.load(sys.stdin)["data"]["result"]
values = {int(one["metric"]["from"]): one["value"][1] for one in series}
print(f"{sys.argv[1]}:", *(values[start] for start in sorted(values)))' "$what"
done)
printf '%s\n' "$seen"
[ "$seen" = "increase: 35 30 30
delta: 35 30 30
increase_pure: 35 530 50030" ]
