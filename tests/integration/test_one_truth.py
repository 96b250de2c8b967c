# SPDX-License-Identifier: Apache-2.0
"""An inverter falls silent. API and MQTT say the same of each of its points, and that it does not answer, for as long as
that lasts; and the same again when it is back."""

import lingtan

SITE = """id = "truth"; fast_ms = 200; normal_ms = 400; slow_ms = 1000;
lines = ( { id = "l"; transport = "tcp"; host = "127.0.0.1"; port = 1; response_timeout_ms = 100;
    devices = ( { id = "roof"; profile = "huawei-sun2000"; unit = 1; } ); } );
"""


class OneTruth(lingtan.ProgramTest):
    def setUp(self):
        super().setUp()
        mosquitto = self.keep(lingtan.Mosquitto(self.folder))
        self.simulator = self.keep(lingtan.Simulator(self.folder, self.write("truth.conf", SITE), self.write("model.conf", "")))
        self.subscriber = self.keep(lingtan.Subscriber(mosquitto))
        self.daemon = self.keep(lingtan.Daemon(self.folder, self.simulator.site_path,
                                               sections=f'mqtt: {{ enabled = true; port = {mosquitto.port}; state_s = 5; }};\n'))

    def qualities(self):
        """By the API and, when it was told since, by MQTT; only what is not ok."""
        states = self.subscriber.of("state")
        seen = len(states)
        lingtan.wait_until(lambda: len(self.subscriber.of("state")) > seen, 20, "a state")
        live = self.daemon.get("/api/v1/live")["devices"][0]["quality"]
        return live, self.subscriber.of("state")[-1][2].get("quality", {})

    def agree(self, wanted):
        live, told = self.qualities()
        return live == told and wanted(live)

    def test_silence(self):
        points = [point["name"] for point in self.daemon.get("/api/v1/points")["points"]]
        self.assertGreater(len(points), 20)
        lingtan.wait_until(lambda: self.agree(lambda live: "active_power" not in live), 30, "both say it is well")
        well, _ = self.qualities()
        self.assertNotIn("error", self.simulator.control("line l silent"))
        read_once = {"serial_number", "model_name", "firmware_version", "maker_name", "rated_power"}
        lingtan.wait_until(lambda: self.agree(lambda live: all(live.get(name) == "timeout" for name in points
                                                               if name not in read_once and name not in well)),
                           60, "both say that it does not answer, of every point that is read again and again")
        live, _ = self.qualities()
        self.assertNotIn("stale", live.values())
        self.assertNotIn("error", self.simulator.control("line l off"))
        lingtan.wait_until(lambda: self.agree(lambda live: live == well), 120, "both say it is well again")


if __name__ == "__main__":
    lingtan.main()
