#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# InfluxDB 1.6.7 (Debian 12, 1.6.7~rc0-1+b13): POST /write?precision=us. Version 2 calls microseconds "us", version 1 calls them
# "u". Version 1 takes "us" with 204 like every word that it does not know, reads the times as nanoseconds, and has the
# readings of 2023 in January 1970: nothing is refused, nothing is logged, and a query for today finds nothing.
# Fails when the word is refused or understood.
set -euo pipefail
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$work"' EXIT
(cd "$work" && apt-get -qq download influxdb=1.6.7~rc0-1+b13 && dpkg -x influxdb_*.deb .)
port=$(python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])')
rpc=$(python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])')
cat >"$work/influx.conf" <<END
reporting-disabled = true
bind-address = "127.0.0.1:$rpc"
[meta]
  dir = "$work/meta"
[data]
  dir = "$work/data"
  wal-dir = "$work/wal"
[http]
  bind-address = "127.0.0.1:$port"
END
"$work/usr/bin/influxd" -config "$work/influx.conf" >"$work/log" 2>&1 &
url=http://127.0.0.1:$port
for _ in $(seq 100); do
    curl -fs "$url/ping" && break
    sleep 0.1
done
curl -fsS -o /dev/null "$url/query" --data-urlencode 'q=CREATE DATABASE d'

# Writes a value of 2023-11-14T22:13:20Z, in microseconds, and prints the answer and where the value is found.
write() {
    local code
    code=$(curl -s -o /dev/null -w '%{http_code}' "$url/write?db=d&precision=$1" --data-binary "m_$2 v=1 1700000000000000")
    printf '%s: %s, found at ' "$1" "$code"
    curl -fsS -G "$url/query" --data-urlencode db=d --data-urlencode "q=SELECT v FROM m_$2" |
        python3 -c 'import json, sys; print(json.load(sys.stdin)["results"][0]["series"][0]["values"][0][0])'
}

seen=$(write u one; write us two; write lightyears three)
printf '%s\n' "$seen"
[ "$seen" = "u: 204, found at 2023-11-14T22:13:20Z
us: 204, found at 1970-01-20T16:13:20Z
lightyears: 204, found at 1970-01-20T16:13:20Z" ]
