# SPDX-License-Identifier: Apache-2.0
"""Units that answer every request with an exception, as servers and gateways do for a unit that they do not have: every face
says that they are offline, and why, beside a silent one and a good one; and they are back with their first good value."""

import json
import time

import lingtan

SITE = """id = "barren"; fast_ms = 300; normal_ms = 300; slow_ms = 300;
lines = ( { id = "net"; transport = "tcp"; host = "127.0.0.1"; port = 502; response_timeout_ms = 200; devices = (
""" + ",\n".join(f'    {{ id = "m{unit}"; profile = "chint-ddsu666"; unit = {unit}; }}' for unit in range(1, 6)) + """ ); } );"""
FAULTS = {"m2": "exception:1", "m3": "exception:2", "m4": "exception:4", "m5": "silent"}
WHY = {"m2": "answers, but gives nothing: exception 1", "m3": "answers, but gives nothing: exception 2",
       "m4": "answers, but gives nothing: exception 4", "m5": "does not answer"}


class BarrenUnits(lingtan.ProgramTest):
    def setUp(self):
        super().setUp()
        self.simulator = self.keep(lingtan.Simulator(self.folder, self.write("barren.conf", SITE)))
        for device, fault in FAULTS.items():
            self.simulator.control(f"fault {device} {fault}")
        self.daemon = self.keep(lingtan.Daemon(self.folder, self.simulator.site_path))

    def devices(self):
        return {device["id"]: device for device in self.daemon.get("/api/v1/devices")["devices"]}

    def has_four_offline(self):
        return all(self.devices()[device]["health"] == "offline" for device in FAULTS)

    def test_every_face(self):
        lingtan.wait_until(self.has_four_offline, 30, "four units are offline")
        devices = self.devices()
        self.assertEqual(devices["m1"]["health"], "online")
        self.assertEqual(devices["m1"]["last_error"], "")
        for device, why in WHY.items():
            self.assertEqual(devices[device]["last_error"], why)
            self.assertIsNone(devices[device]["last_good"])
            self.assertGreaterEqual(devices[device]["failed_polls"], 2)
        self.assertEqual(self.daemon.get("/api/v1/status")["counts"]["devices_offline"], 4)
        table = self.daemon.cli("devices").stdout
        self.assertRegex(table, r"(?m)^online +m1 ")
        for device, why in WHY.items():
            self.assertRegex(table, rf"(?m)^OFFLINE +{device} .* {why}$")
        metrics = self.daemon.get("/metrics", raw=True)
        for device in FAULTS:
            self.assertRegex(metrics, rf'(?m)^lingtan_device_online\{{device="{device}".*\}} 0$')
        self.assertRegex(metrics, r'(?m)^lingtan_devices\{health="offline"\} 4$')
        log = self.daemon.program.log()
        for device, why in WHY.items():
            self.assertEqual(log.count(f"/{device}] {why}"), 1, log)
        self.check_return()

    def check_return(self):
        asked = self.devices()["m4"]["polls"]
        time.sleep(2)
        self.assertLessEqual(self.devices()["m4"]["polls"] - asked, 9, "polled, not hammered")
        for device in FAULTS:
            self.simulator.control(f"fault {device} off")
        lingtan.wait_until(lambda: all(device["health"] == "online" for device in self.devices().values()), 70, "all are back")
        self.assertEqual({device["last_error"] for device in self.devices().values()}, {""})
        live = json.dumps(self.daemon.get("/api/v1/live"))
        self.assertIn("active_power", live)


if __name__ == "__main__":
    lingtan.main()
