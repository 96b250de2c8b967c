# SPDX-License-Identifier: Apache-2.0
"""kill -9 at any moment, sinks up and down: what the journal has is in InfluxDB and was on MQTT, nothing shows twice,
sequence numbers are never used again, and at most a second was not committed."""

import collections
import os
import random
import time

import lingtan

ROUNDS = int(os.environ.get("LINGTAN_CRASHES", "20"))
SITE = os.path.join(lingtan.SOURCE, "conf", "sites", "xingzheng.conf")
MODEL = os.path.join(lingtan.SOURCE, "conf", "sites", "xingzheng.sim.conf")
SLACK_US = 400_000  # the time a message takes from the poll to the subscriber's print


class Crash(lingtan.ProgramTest):
    maxDiff = 4000

    def setUp(self):
        super().setUp()
        self.random = random.Random(int(os.environ.get("LINGTAN_SEED", "20261123")))
        self.sleeper = self.keep(lingtan.Sleeper(self.folder))
        self.mosquitto = self.keep(lingtan.Mosquitto(self.folder))
        self.influx = self.keep(lingtan.Influx(self.folder))
        self.simulator = self.keep(lingtan.Simulator(self.folder, SITE, MODEL))
        self.subscribers = [self.keep(lingtan.Subscriber(self.mosquitto))]
        time.sleep(0.5)  # for the subscription
        self.daemon = self.keep(lingtan.Daemon(self.folder, self.simulator.site_path, self.mosquitto.port, self.influx.port))
        self.kills_us = []
        self.history = []
        self.has_broker = True
        self.has_database = True

    def toggle_sinks(self):
        """Now and then one of them goes or comes back."""
        if self.random.random() < 0.4:
            if self.has_broker:
                self.note("broker killed")
                self.mosquitto.stop()
            else:
                self.mosquitto.start()
                self.subscribers.append(self.keep(lingtan.Subscriber(self.mosquitto)))
                time.sleep(0.5)  # for the subscription
            self.has_broker = not self.has_broker
        if self.random.random() < 0.25:
            if self.has_database:
                self.influx.stop()
            else:
                self.influx.start()
            self.has_database = not self.has_database

    def bring_all_back(self):
        if not self.has_broker:
            self.mosquitto.start()
            self.subscribers.append(self.keep(lingtan.Subscriber(self.mosquitto)))
            time.sleep(1)  # for the subscription
        if not self.has_database:
            self.influx.start()
        self.daemon.start()

    def drained(self):
        status = self.daemon.get("/api/v1/sinks")["sinks"]
        return all(sink["state"] == "up" and sink["backlog"] < 100 for sink in status)

    def messages(self):
        return [message for subscriber in self.subscribers for message in subscriber.of("telemetry")]

    def journal(self):
        """(device, point) -> {time_us: value} of every good reading of one counted or measured point per device."""
        chosen = {}
        for point in self.daemon.get("/api/v1/points")["points"]:
            if point["kind"] in ("gauge", "counter") and point["period_ms"] < 3600000:
                best = chosen.get(point["device"])
                if best is None or point["period_ms"] < best["period_ms"]:
                    chosen[point["device"]] = point
        rows = {}
        for device, point in chosen.items():
            answer = self.daemon.get(f"/api/v1/history?device={device}&point={point['name']}&from=0&limit=100000")
            rows[(device, point["name"])] = {time_us: value for time_us, value, quality in answer["readings"]
                                             if quality == "ok"}
        return rows

    def test_kill_9(self):
        for _ in range(ROUNDS):
            time.sleep(self.random.uniform(0.3, 3.0))
            self.kills_us.append(time.time_ns() // 1000)
            self.note("kill")
            self.daemon.kill()
            self.toggle_sinks()
            self.daemon.start()
            self.note(f"started, broker {self.has_broker}, database {self.has_database}")
        time.sleep(2)
        self.kills_us.append(time.time_ns() // 1000)
        self.daemon.kill()
        self.bring_all_back()
        lingtan.wait_until(self.drained, 120, "both sinks drained")
        time.sleep(3)
        self.daemon.program.stop()
        self.daemon.start()  # all that was read is committed now
        lingtan.wait_until(self.drained, 60, "both sinks drained")
        early = self.messages()
        time.sleep(2)
        journal = self.journal()
        time.sleep(2)
        self.assertGreater(sum(len(rows) for rows in journal.values()), 500)
        self.check_mqtt(journal, self.messages())
        self.check_uncommitted(journal, early)
        self.check_influx(journal)

    def note(self, what):
        self.history.append((time.time_ns() // 1000, what))

    def by_point(self, messages):
        found = collections.defaultdict(dict)
        for arrival_us, device, payload in messages:
            for name, value in payload["values"].items():
                found[(device, name)].setdefault(payload["ts"], (value, arrival_us))
        return found

    def check_mqtt(self, journal, messages):
        by_seq = collections.defaultdict(dict)
        for _, device, payload in messages:
            body = (payload["ts"], str(payload["values"]))
            seq = payload["seq"]
            self.assertEqual(by_seq[device].setdefault(seq, body), body, f"{device}: seq {seq} used twice")
        on_mqtt = self.by_point(messages)
        missing = []
        for key, rows in journal.items():
            for time_us, value in rows.items():
                found = on_mqtt[key].get(time_us // 1000)
                if found is None:
                    missing.append((time_us, key))
                else:
                    self.assertAlmostEqual(found[0], value, delta=abs(value) * 1e-9 + 1e-12)
        self.assertEqual(missing, [], f"readings of the journal that MQTT never showed; what happened: {self.history}")

    def check_uncommitted(self, journal, messages):
        """What a subscriber saw more than a second before a kill must have been committed."""
        slack_us = SLACK_US + self.sleeper.allowance_s() * 1e6
        on_mqtt = self.by_point(messages)
        lost = []
        for key, rows in journal.items():
            kept = {time_us // 1000 for time_us in rows}
            for ts_ms, (_, arrival_us) in on_mqtt[key].items():
                if ts_ms in kept:
                    continue
                kill_us = min((kill for kill in self.kills_us if kill >= arrival_us - slack_us), default=None)
                if kill_us is None or kill_us - ts_ms * 1000 > 1_000_000 + slack_us:
                    lost.append((key, ts_ms, kill_us))
        self.assertEqual(lost, [], "published, older than a second before the kill, and not in the journal")

    def check_influx(self, journal):
        classes = {device["id"]: device["class"] for device in self.daemon.get("/api/v1/devices")["devices"]}
        for (device, name), rows in journal.items():
            series = self.influx.query(f'SELECT "{name}" FROM "{classes[device]}" WHERE device = \'{device}\'')
            self.assertLessEqual(len(series), 1, f"{device}: one series")
            stored = collections.Counter(row[0] for row in (series[0]["values"] if series else []))
            values = {row[0]: row[1] for row in (series[0]["values"] if series else [])}
            self.assertLessEqual(max(stored.values(), default=0), 1, f"{device}: a point twice")
            for time_us, value in rows.items():
                self.assertIn(time_us, values, f"{device}.{name}: in the journal and not in InfluxDB")
                self.assertAlmostEqual(values[time_us], value, delta=abs(value) * 1e-9 + 1e-12)


if __name__ == "__main__":
    lingtan.main()
