#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# When is it day, so that a solar plant without power is a fault? Between sunrise and sunset of one call, one would say. astral 3.2
# (the sun of Home Assistant), asked without a zone, answers in UTC and picks each for itself so that both are on the date asked
# for: in Shanghai the sun sets at 11:01 UTC and rises at 20:50, ten hours later; "rise < now < set" is never true. suntime 1.4.0
# and pvlib 0.16.1 give the rise of the evening before. In Berlin all three agree, which is where one tests.
# Python 3.11. Fails when astral's rise comes before its set in Shanghai, or another one's does not.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" -q --disable-pip-version-check install astral==3.2 suntime==1.4.0 pvlib==0.16.1

seen=$("$work/venv/bin/python3" - <<'END'
from datetime import date, datetime, timedelta, timezone

import pandas
from astral import Observer
from astral.sun import sun
from pvlib.solarposition import sun_rise_set_transit_spa
from suntime import Sun

for name, latitude, longitude, offset in ("Berlin", 52.5, 13.4, 2), ("Shanghai", 31.23, 121.47, 8):
    noon = datetime(2026, 6, 21, 12, tzinfo=timezone(timedelta(hours=offset)))
    astral = sun(Observer(latitude, longitude), date=date(2026, 6, 21))
    other = Sun(latitude, longitude)
    spa = sun_rise_set_transit_spa(pandas.DatetimeIndex(["2026-06-21"], tz="UTC"), latitude, longitude).iloc[0]
    for library, rise, set_ in (("astral", astral["sunrise"], astral["sunset"]),
                                ("suntime", other.get_sunrise_time(datetime(2026, 6, 21)),
                                 other.get_sunset_time(datetime(2026, 6, 21))),
                                ("pvlib", spa["sunrise"], spa["sunset"])):
        print(f"{name}, {library}: rise {rise:%d %H:%M}, set {set_:%d %H:%M}, noon is day: {rise < noon < set_}")
END
)
printf '%s\n' "$seen"
[ "$seen" = "Berlin, astral: rise 21 02:43, set 21 19:32, noon is day: True
Berlin, suntime: rise 21 02:43, set 21 19:33, noon is day: True
Berlin, pvlib: rise 21 02:43, set 21 19:33, noon is day: True
Shanghai, astral: rise 21 20:50, set 21 11:01, noon is day: False
Shanghai, suntime: rise 20 20:50, set 21 11:01, noon is day: True
Shanghai, pvlib: rise 20 20:50, set 21 11:01, noon is day: True" ]
