#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# OCPP 2.1 limits each phase of a charger: "limit" for L1, "limit_L2", "limit_L3". The Python package ocpp 2.1.0 has them as
# limit_l2 and limit_l3 and turns names into those of the protocol before it sends. These become "limitL2" and "limitL3": its own
# schema refuses the message, and so it does with every field of a phase. With skip_schema_validation, the way out that it offers, the
# wrong names go out. Received, they are right. So a charger can ask for phases, and cannot be given any.
# Python 3.11. Fails when the names of the phases are right.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" -q --disable-pip-version-check install ocpp==2.1.0

cat >"$work/send.py" <<'END'
import asyncio
import json

from ocpp.v21 import ChargePoint, call
from ocpp.v21.datatypes import ChargingProfileType, ChargingSchedulePeriodType, ChargingScheduleType


class Connection:
    """Keeps what is sent, and answers nothing."""

    async def send(self, message):
        print("sent:", json.loads(message)[3]["chargingProfile"]["chargingSchedule"][0]["chargingSchedulePeriod"][0])


async def send(skip):
    period = ChargingSchedulePeriodType(start_period=0, limit=16.0, limit_l2=10.0, limit_l3=8.0)
    schedule = ChargingScheduleType(id=1, charging_rate_unit="A", charging_schedule_period=[period])
    profile = ChargingProfileType(id=1, stack_level=0, charging_profile_purpose="TxDefaultProfile",
                                  charging_profile_kind="Absolute", charging_schedule=[schedule])
    try:
        await ChargePoint("charger", Connection(), response_timeout=0.2).call(
            call.SetChargingProfile(evse_id=1, charging_profile=profile), skip_schema_validation=skip)
    except Exception as error:
        print(f"{type(error).__name__}: {getattr(error, 'details', {}).get('cause', '')}")


asyncio.run(send(False))
asyncio.run(send(True))
END
seen=$("$work/venv/bin/python3" "$work/send.py" 2>/dev/null)
printf '%s\n' "$seen"
[ "$seen" = "FormatViolationError: Additional properties are not allowed ('limitL2', 'limitL3' were unexpected)
sent: {'startPeriod': 0, 'limit': 16.0, 'limitL2': 10.0, 'limitL3': 8.0}
TimeoutError: " ]
