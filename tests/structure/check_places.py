#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Where a newcomer would look: twenty things, each found by folder and file name alone. Prints what does not stand there."""

import os
import re
import sys

SOURCE = os.environ["LINGTAN_SOURCE"]

# what is looked for -> the file that a newcomer opens, the name that must be defined there
PLACES = [
    ("the life of the daemon", "daemon/app/app.c", "app_run("),
    ("the words after lingtand on the command line", "daemon/app/arguments.c", "arguments_read("),
    ("the dictionary of quantities", "daemon/model/quantity.c", "quantity_find("),
    ("the reader of profiles", "daemon/profile/profile.c", "profiles_load("),
    ("the keys of a profile", "daemon/profile/profile_table.c", "option_table"),
    ("the reader of a site file", "daemon/site/site_load.c", "site_load("),
    ("the lists of devices", "daemon/site/site_lists.c", "site_lists_read("),
    ("the checksum of RTU", "collectors/modbus/frame/frame.c", "frame_crc("),
    ("what joins points to requests", "collectors/modbus/plan/plan_merge.c", "plan_merge("),
    ("registers to a value", "collectors/modbus/plan/decode.c", "decode_"),
    ("the models of SunSpec", "collectors/modbus/sunspec/sunspec_models.c", "sunspec_model_find("),
    ("the socket of Modbus TCP", "collectors/modbus/wire/transport_tcp.c", "transport_tcp_create("),
    ("when a device is polled", "collectors/modbus/line/schedule.c", "schedule_advance("),
    ("the file of a day", "daemon/store/journal/day.c", "day_commit("),
    ("the steps of the ledger's schema", "daemon/store/ledger/ledger_upgrade.c", "ledger_upgrade("),
    ("the list of sinks", "daemon/sinks/registry.c", "sinks["),
    ("the line protocol of Influx", "daemon/sinks/influx/line_protocol.c", "line_protocol_"),
    ("what MQTT publishes of a batch", "daemon/sinks/mqtt/mqtt_payload.c", "mqtt_add_telemetry("),
    ("the table of routes", "daemon/http/routes/routes.c", "routes["),
    ("the weather of the simulator", "sim/world/weather.c", "weather_at("),
]


def main():
    missing = 0
    for what, path, name in PLACES:
        full = os.path.join(SOURCE, path)
        if not os.path.exists(full):
            print(f"{path}: is not there; a newcomer looks here for {what}")
            missing += 1
        elif not re.search(rf"^[a-z].*\b{re.escape(name)}", open(full, encoding="utf-8").read(), re.M):
            print(f"{path}: defines no {name}; a newcomer looks here for {what}")
            missing += 1
    print(f"{len(PLACES)} things looked for, {missing} not found")
    return 1 if missing or len(PLACES) != 20 else 0


if __name__ == "__main__":
    sys.exit(main())
