# SPDX-License-Identifier: Apache-2.0
"""A log that nobody takes (a full pipe here; a busy disk or a stuck journald are the same): polls go on as if nothing
was, the daemon ends when asked, and what it said first is still there for who comes to read."""

import os
import time

import lingtan

PERIOD_S = 0.2
SITE = """id = "stuck"; fast_ms = 200;
lines = ( { id = "good"; transport = "tcp"; host = "127.0.0.1"; port = 1;
    devices = ( { id = "good"; profile = "chint-ddsu666"; unit = 1; } ); },
  { id = "gone"; transport = "tcp"; host = "127.0.0.1"; port = 2; response_timeout_ms = 200;
    devices = ( { id = "gone"; profile = "chint-ddsu666"; unit = 1; } ); } );
"""


class StuckLog(lingtan.ProgramTest):
    def setUp(self):
        super().setUp()
        self.sleeper = self.keep(lingtan.Sleeper(self.folder))
        self.simulator = self.keep(lingtan.Simulator(self.folder, self.write("stuck.conf", SITE), self.write("model.conf", "")))
        path = os.path.join(self.folder, "lingtand.log")
        os.mkfifo(path)
        self.pipe = os.open(path, os.O_RDWR | os.O_NONBLOCK)
        self.addCleanup(os.close, self.pipe)
        while True:
            try:
                os.write(self.pipe, b"x" * 4096)
            except BlockingIOError:
                break
        self.daemon = self.keep(lingtan.Daemon(self.folder, self.simulator.site_path, sections='log_level = "debug";\n'))

    def good_times(self):
        answer = self.daemon.get("/api/v1/history?device=good&point=active_power&from=0&limit=100000")
        return [time_us for time_us, _, quality in answer["readings"] if quality == "ok"]

    def test_polls_go_on(self):
        lingtan.wait_until(self.good_times, 20, "the device is read")
        for word in ("down", "off"):
            self.assertNotIn("error", self.simulator.control(f"line gone {word}"))
            time.sleep(2)
        times = self.good_times()
        self.assertGreater(len(times), 3 / PERIOD_S - self.sleeper.missed(PERIOD_S))
        longest = max((late - early) / 1e6 for early, late in zip(times, times[1:]))
        self.assertLess(longest, 3 * PERIOD_S + self.sleeper.allowance_s())
        begin = time.monotonic()
        self.daemon.program.process.terminate()
        self.assertEqual(self.daemon.program.process.wait(20), 0)
        self.assertGreater(time.monotonic() - begin, 1.5)  # it waited for a reader

    def test_what_was_said_first_is_there(self):
        lingtan.wait_until(self.good_times, 20, "the device is read")
        said = b""
        def has_begun():
            nonlocal said
            try:
                said += os.read(self.pipe, 1 << 20)
            except BlockingIOError:
                pass
            return b"reads 2 devices of stuck" in said
        lingtan.wait_until(has_begun, 10, "its first words")
        self.assertEqual(self.daemon.program.process.poll(), None)


if __name__ == "__main__":
    lingtan.main()
