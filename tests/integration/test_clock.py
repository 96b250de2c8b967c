# SPDX-License-Identifier: Apache-2.0
"""The battery of the clock is empty: the daemon starts three years back, is set right while it runs, and once steps back an
hour. Nothing lies: what was read at a time that nobody vouched for says so in MQTT, in the live values, in history after a
restart, and in the log and `lingtan status` with the size of each step; a site that trusts its own clock hears nothing."""

import datetime
import os
import time

import disturber
import lingtan

SITE = """id = "clock"; fast_ms = 200;
lines = ( { id = "l"; transport = "tcp"; host = "127.0.0.1"; port = 1;
    devices = ( { id = "one"; profile = "chint-ddsu666"; unit = 1; } ); } );
"""
THREE_YEARS_US = 3 * 365 * 86400 * 1_000_000
HOUR_US = 3600 * 1_000_000


class Clock(lingtan.ProgramTest):
    def setUp(self):
        super().setUp()
        self.mosquitto = self.keep(lingtan.Mosquitto(self.folder))
        self.simulator = self.keep(lingtan.Simulator(self.folder, self.write("clock.conf", SITE), self.write("model.conf", "")))
        self.subscriber = self.keep(lingtan.Subscriber(self.mosquitto))
        self.hand = disturber.Disturber(os.path.join(self.folder, "disturb"), "/nowhere")

    def start(self, trust):
        self.daemon = self.keep(lingtan.Daemon(
            self.folder, self.simulator.site_path, self.mosquitto.port, environment=self.hand.environment(),
            sections=f'clock: {{ trust = "{trust}"; }};\n'))

    def telemetry(self):
        return [payload for _, _, payload in self.subscriber.of("telemetry")]

    def await_marks(self, are_there):
        """Waits until five messages in a row have the mark, or have it not."""
        lingtan.wait_until(lambda: len(self.telemetry()) >= 5 and
                           all(("clock" in payload) == are_there for payload in self.telemetry()[-5:]), 30,
                           f"marks: {are_there}")

    def await_hour_back(self):
        """Polls go on at once at the times of the clock as it is now."""
        lingtan.wait_until(lambda: len([payload for payload in self.telemetry() if "clock" not in payload and
                                        abs(payload["ts"] / 1000 + 3600 - time.time()) < 30]) >= 5, 30, "an hour back")

    def live_mark(self):
        return self.daemon.get("/api/v1/live?device=one")["devices"][0].get("clock")

    def last_good_s(self):
        """By the daemon's clock; its age is measured by the one that nobody sets."""
        text = self.daemon.get("/api/v1/devices")["devices"][0]["last_good"]
        return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()

    def steps_in_log(self):
        return [line for line in self.daemon.program.log().splitlines() if "the clock was stepped" in line]

    def test_set_right(self):
        self.hand.set_clock(-THREE_YEARS_US)
        self.hand.set_synchronised(False)
        self.start("kernel")
        self.await_marks(True)
        self.assertEqual(self.live_mark(), "untrusted")
        self.assertIn("not synchronised", self.daemon.cli("status").stdout)
        self.hand.set_clock(0)
        self.hand.set_synchronised(True)
        self.await_marks(False)
        self.assertIsNone(self.live_mark())
        self.assertEqual(len(self.steps_in_log()), 1, self.steps_in_log())
        self.assertIn("+94608000.", self.steps_in_log()[0])
        self.hand.set_clock(-HOUR_US)
        lingtan.wait_until(lambda: len(self.steps_in_log()) == 2, 20, "the second step is told")
        self.assertIn("-3600.", self.steps_in_log()[1])
        self.assertIn("stepped 2 times", self.daemon.cli("status").stdout)
        self.await_hour_back()
        self.assertLess(abs(self.last_good_s() - (time.time() - 3600)), 10)
        self.assertEqual(self.daemon.stop(), 0)
        self.subscriber.messages.clear()
        self.daemon.start()
        self.await_hour_back()
        self.assertIn("stepped 2 times", self.daemon.cli("status").stdout)
        self.check_history()
        self.assertEqual(self.daemon.stop(), 0)

    def check_history(self):
        series = self.daemon.get("/api/v1/history?device=one&point=active_power&from=2020-01-01T00:00:00Z"
                                 "&to=2036-01-01T00:00:00Z&limit=10000")
        self.assertTrue(series["readings"], series)
        limit_us = max(reading[0] for reading in series["readings"]) - THREE_YEARS_US // 2
        wrong = [reading for reading in series["readings"] if reading[0] < limit_us]
        right = [reading for reading in series["readings"] if reading[0] >= limit_us]
        self.assertTrue(wrong and all(reading[3:] == ["untrusted"] for reading in wrong), wrong)
        # The kernel is asked once a second, so what follows the step at once may still be marked.
        marked = [reading for reading in right if reading[3:]]
        self.assertLess(len(marked), 15, marked)
        self.assertTrue(len(right) - len(marked) > 5, right)

    def test_own_clock(self):
        self.hand.set_synchronised(False)
        self.start("rtc")
        self.await_marks(False)
        self.assertNotIn("synchronised", self.daemon.program.log())
        self.assertEqual(self.daemon.stop(), 0)


if __name__ == "__main__":
    lingtan.main()
