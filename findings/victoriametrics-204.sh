#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# VictoriaMetrics 1.79.5 (Debian 12, 1.79.5+ds1-2+b5) takes the line protocol of InfluxDB, and one would take its 204 for "stored".
# It says 204 to all of these: a reading three days ahead, of a clock that runs before, is dropped; a text is stored as the number 0;
# two readings within a millisecond fall on one time, and come back in any order; with a precision that does not exist it guesses the
# unit from the number of digits, where version 1 of InfluxDB has the reading in January 1970.
# Fails when it refuses one of them, or stores it.
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
now=$(date +%s)

write() {
    printf '%s: %s\n' "$1" "$(curl -s -o /dev/null -w '%{http_code}' "$url/write$2" --data-binary "$3")"
}

answers=$(
    write "3 days ahead" "" "ahead v=1 $((now + 3 * 86400))000000000"
    write text "" "text v=\"on\" ${now}000000000"
    write "within 1 ms" "" "close v=1 ${now}000400000
close v=2 ${now}000500000"
    write "no such precision" "?precision=lightyears" "guessed v=1 ${now}123"
)
curl -fs "$url/internal/force_flush"
found=$(curl -fsS "$url/api/v1/export" -d 'match[]={__name__!=""}' -d "start=$((now - 3600))" -d "end=$((now + 7 * 86400))" |
    python3 -c '
import json, sys
now = int(sys.argv[1]) * 1000
for series in sorted((json.loads(line) for line in sys.stdin), key=lambda series: series["metric"]["__name__"]):
    print(series["metric"]["__name__"], sorted(series["values"]), "at", *(f"{time - now:+d} ms" for time in series["timestamps"]))' "$now")
printf '%s\n%s\n' "$answers" "$found"
[ "$answers
$found" = "3 days ahead: 204
text: 204
within 1 ms: 204
no such precision: 204
close_v [1, 2] at +0 ms +0 ms
guessed_v [1] at +123 ms
text_v [0] at +0 ms" ]
