# SPDX-License-Identifier: Apache-2.0
"""The disk with the data folder is not there at boot and comes some seconds later, with a backlog on it: live readings go
out meanwhile, without a number; then the backlog goes out from where the sink stood, once and in order, and the log
names the cause."""

import os
import shutil
import time

import lingtan

SITE = """id = "late"; fast_ms = 200;
lines = ( { id = "l"; transport = "tcp"; host = "127.0.0.1"; port = 1;
    devices = ( { id = "one"; profile = "chint-ddsu666"; unit = 1; }, { id = "two"; profile = "chint-ddsu666"; unit = 2; } ); } );
"""


class LateFolder(lingtan.ProgramTest):
    def setUp(self):
        super().setUp()
        self.mosquitto = self.keep(lingtan.Mosquitto(self.folder))
        self.simulator = self.keep(lingtan.Simulator(self.folder, self.write("late.conf", SITE), self.write("model.conf", "")))
        self.disk = os.path.join(self.folder, "disk")
        self.away = os.path.join(self.folder, "away")
        os.mkdir(self.disk)
        self.subscriber = self.keep(lingtan.Subscriber(self.mosquitto))
        self.daemon = self.keep(lingtan.Daemon(self.folder, self.simulator.site_path, self.mosquitto.port,
                                               sections=f'store: {{ folder = "{self.disk}/data"; }};\n'))

    def take_disk_away(self):
        shutil.move(self.disk, self.away)
        with open(self.disk, "w", encoding="utf-8"):
            pass

    def bring_disk_back(self):
        os.unlink(self.disk)
        shutil.move(self.away, self.disk)

    def durable(self):
        for line in self.daemon.get("/metrics", raw=True).splitlines():
            if line.startswith("lingtan_store_durable_position "):
                return int(float(line.split()[1]))
        raise AssertionError("no metric")

    def sink(self):
        return self.daemon.get("/api/v1/sinks")["sinks"][0]

    def telemetry(self):
        return [(device, payload) for _, device, payload in self.subscriber.of("telemetry")]

    def numbered(self):
        return [(device, payload["seq"]) for device, payload in self.telemetry() if "seq" in payload]

    def leave_backlog(self):
        """Sent a while, then the broker is away; returns how many readings the journal has and what was sent."""
        lingtan.wait_until(lambda: len(self.numbered()) > 80, 60, "telemetry")
        self.mosquitto.stop()
        self.subscriber.stop()
        sent = set(self.numbered())
        lingtan.wait_until(lambda: self.sink()["backlog"] > 60, 60, "a backlog")
        self.daemon.stop()
        return sent

    def check_all_sent_once(self, sent, earlier):
        """Everything the journal has was sent, what came after the restart in order and once."""
        now = self.numbered()
        last = {}
        for device, seq in now:
            self.assertGreater(seq, last.get(device, 0), f"{device}: in order and once")
            last[device] = seq
        self.assertLess(len(set(now) & sent), 30, "not from the beginning again")
        everything = sent | set(now)
        self.assertGreaterEqual(len(everything), self.durable() - 5)
        for device in ("one", "two"):
            seqs = sorted(seq for name, seq in everything if name == device)
            holes = [(a, b) for a, b in zip(seqs, seqs[1:]) if b != a + 1]
            self.assertEqual(len(holes), 1, f"{device}: only the restart leaves a gap: {holes}")
        self.assertGreater(len(everything), earlier)

    def restart_without_disk(self, with_broker):
        sent = self.leave_backlog()
        self.take_disk_away()
        if with_broker:
            self.mosquitto.start()
            self.subscriber = self.keep(lingtan.Subscriber(self.mosquitto, retained=False))
        self.daemon.start()
        start = time.monotonic()
        self.assertEqual(self.sink()["backlog"], 0)
        if with_broker:
            lingtan.wait_until(lambda: len(self.telemetry()) > 10, 20, "live telemetry without a disk")
            self.assertEqual(self.numbered(), [])
        time.sleep(max(0, 8 - (time.monotonic() - start)))
        self.assertEqual(self.sink()["cursor"], 0)
        self.bring_disk_back()
        if not with_broker:
            lingtan.wait_until(lambda: self.sink()["backlog"] > 60, 30, "the backlog is known")
            self.mosquitto.start()
            self.subscriber = self.keep(lingtan.Subscriber(self.mosquitto, retained=False))
        lingtan.wait_until(lambda: len(self.numbered()) > 60 and self.sink()["backlog"] < 10, 60, "the backlog is sent")
        time.sleep(1)
        self.check_all_sent_once(sent, 60)
        log = self.daemon.program.log()
        self.assertIn(f"can't write the journal in {self.disk}/data", log)
        self.assertIn("mqtt: the data folder can be read: going on where the sink stood", log)

    def test_sink_is_up(self):
        self.restart_without_disk(True)

    def test_sink_is_down(self):
        self.restart_without_disk(False)


if __name__ == "__main__":
    lingtan.main()
