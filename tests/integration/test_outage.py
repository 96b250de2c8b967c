# SPDX-License-Identifier: Apache-2.0
"""Broker and database away: polling does not notice, and afterwards everything comes, in order, at original times, at
many times real time."""

import collections
import os
import time

import lingtan

OUTAGE_S = int(os.environ.get("LINGTAN_OUTAGE_S", "20"))
SITE = os.path.join(lingtan.SOURCE, "conf", "sites", "xingzheng.conf")
MODEL = os.path.join(lingtan.SOURCE, "conf", "sites", "xingzheng.sim.conf")


class Outage(lingtan.ProgramTest):
    def setUp(self):
        super().setUp()
        self.mosquitto = self.keep(lingtan.Mosquitto(self.folder))
        self.influx = self.keep(lingtan.Influx(self.folder))
        self.simulator = self.keep(lingtan.Simulator(self.folder, SITE, MODEL))
        self.daemon = self.keep(lingtan.Daemon(self.folder, self.simulator.site_path, self.mosquitto.port, self.influx.port))

    def polls(self):
        return sum(device["polls"] for device in self.daemon.get("/api/v1/devices")["devices"])

    def poll_rate(self, seconds):
        first, start = self.polls(), time.monotonic()
        time.sleep(seconds)
        return (self.polls() - first) / (time.monotonic() - start)

    def sinks(self):
        return {sink["name"]: sink for sink in self.daemon.get("/api/v1/sinks")["sinks"]}

    def is_up_to_date(self):
        return all(sink["state"] == "up" and sink["backlog"] < 50 for sink in self.sinks().values())

    def test_drains_in_order_and_fast(self):
        lingtan.wait_until(self.is_up_to_date, 30, "both sinks are live")
        time.sleep(8)  # identities are read and rare polls are over
        rate_before = self.poll_rate(10)
        self.mosquitto.stop()
        self.influx.stop()
        rate_during = self.poll_rate(OUTAGE_S)
        self.assertGreater(rate_during, 0.9 * rate_before, "polling goes on")
        self.mosquitto.start()
        subscriber = self.keep(lingtan.Subscriber(self.mosquitto))
        self.influx.start()
        backlog = max(sink["backlog"] for sink in self.sinks().values())
        self.assertGreater(backlog, 0.8 * rate_during * OUTAGE_S * 0.5)
        lingtan.wait_until(self.is_up_to_date, 60, "both sinks drained")
        time.sleep(2)
        self.check_order(subscriber)
        self.check_speed(subscriber)
        self.check_influx(subscriber)

    def check_order(self, subscriber):
        last = {}
        for _, device, payload in subscriber.of("telemetry"):
            self.assertGreater(payload["seq"], last.get(device, 0), f"{device}: strictly in order")
            last[device] = payload["seq"]
        self.assertGreater(len(last), 40)

    def check_speed(self, subscriber):
        """How fast original time passed while the backlog came."""
        messages = subscriber.of("telemetry")
        live_from = next(i for i, (arrival, _, payload) in enumerate(messages) if arrival - payload["ts"] * 1000 < 2_000_000)
        backlog = messages[:live_from]
        self.assertGreater(len(backlog), 20)
        original_s = (backlog[-1][2]["ts"] - backlog[0][2]["ts"]) / 1000
        drained_s = (backlog[-1][0] - backlog[0][0]) / 1e6
        print(f"drained {len(backlog)} batches = {original_s:.1f} s of readings in {drained_s:.2f} s")
        self.assertGreater(original_s / max(drained_s, 1e-3), 5)

    def check_influx(self, subscriber):
        classes = {device["id"]: device["class"] for device in self.daemon.get("/api/v1/devices")["devices"]}
        wanted = collections.defaultdict(set)
        for _, device, payload in subscriber.of("telemetry"):
            if payload["values"]:
                wanted[device].add(payload["ts"])
        for device in list(wanted)[:10]:
            series = self.influx.query(f'SELECT * FROM "{classes[device]}" WHERE device = \'{device}\'')
            stored = {row[0] // 1000 for row in series[0]["values"]}
            newest = max(wanted[device])
            missing = {ts for ts in wanted[device] if ts not in stored and ts < newest - 3000}
            self.assertEqual(missing, set(), f"{device}: on MQTT and not in InfluxDB")


if __name__ == "__main__":
    lingtan.main()
