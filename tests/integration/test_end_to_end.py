# SPDX-License-Identifier: Apache-2.0
"""From the registers that the simulator served to MQTT, InfluxDB, the journal, the live view and the command line:
the same values everywhere. The registers are decoded here a second time, by a few lines that share nothing with the
daemon."""

import collections
import json
import os
import struct
import time

import lingtan

SITE = os.path.join(lingtan.SOURCE, "conf", "sites", "xingzheng.conf")
MODEL = os.path.join(lingtan.SOURCE, "conf", "sites", "xingzheng.sim.conf")


def f32(high, low):
    return struct.unpack(">f", struct.pack(">HH", high, low))[0]


def u32(high, low):
    return high << 16 | low


def i32(high, low):
    return struct.unpack(">i", struct.pack(">HH", high, low))[0]


def i16(word):
    return struct.unpack(">h", struct.pack(">H", word))[0]


# profile -> (point, first register, registers, decoder to the unit of the dictionary)
KNOWN = {
    "chint-dtsu666": [("active_power", 0x2012, 2, lambda r: f32(*r) * 0.1 / 1000),
                      ("active_energy_import", 0x101E, 2, lambda r: f32(*r))],
    "huawei-sun2000": [("active_power", 32080, 2, lambda r: i32(*r) / 1000),
                       ("generation_energy", 32106, 2, lambda r: u32(*r) * 0.01)],
    "intesis-mbs": [("setpoint_temperature", 4, 1, lambda r: i16(r[0]) * 0.1),
                    ("room_temperature", 5, 1, lambda r: i16(r[0]) * 0.1)],
    "electromagnetic-water-meter-cn": [("water_volume", 4, 2, lambda r: f32(r[1], r[0]))],
    "abb-terra-ac": [("charge_power", 0x401C, 2, lambda r: u32(*r) / 1000)],
}


class EndToEnd(lingtan.ProgramTest):
    def setUp(self):
        super().setUp()
        self.mosquitto = self.keep(lingtan.Mosquitto(self.folder))
        self.influx = self.keep(lingtan.Influx(self.folder))
        served = os.path.join(self.folder, "served.jsonl")
        self.simulator = self.keep(lingtan.Simulator(self.folder, SITE, MODEL, ["--served", served]))
        self.subscriber = self.keep(lingtan.Subscriber(self.mosquitto))
        self.daemon = self.keep(lingtan.Daemon(self.folder, self.simulator.site_path, self.mosquitto.port, self.influx.port))

    def served(self):
        """(device, function-free first register) -> list of registers by address, of every reply."""
        replies = collections.defaultdict(list)
        for name in ("served.jsonl.1", "served.jsonl"):
            path = os.path.join(self.folder, name)
            if os.path.exists(path):
                with open(path, encoding="utf-8") as file:
                    for line in file:
                        if line.endswith("\n"):
                            reply = json.loads(line)
                            replies[reply["device"]].append(reply)
        return replies

    def served_values(self, replies, address, count, decode):
        """wall_us -> value, for the replies that hold these registers."""
        values = []
        for reply in replies:
            first = address - reply["address"]
            if 0 <= first and first + count <= len(reply["registers"]):
                values.append((reply["wall_us"], decode(reply["registers"][first:first + count])))
        return values

    def test_the_same_values_everywhere(self):
        devices = {device["id"]: device for device in self.daemon.get("/api/v1/devices")["devices"]}
        self.assertGreaterEqual(len(devices), 40)
        lingtan.wait_until(lambda: all(device["health"] == "online" for device in
                                       self.daemon.get("/api/v1/devices")["devices"]), 60, "every device is online")
        time.sleep(15)
        messages = self.subscriber.of("telemetry")
        time.sleep(3)  # InfluxDB gets its batches once a second
        replies = self.served()
        checked = collections.Counter()
        for arrival_us, device, payload in messages:
            for point, address, count, decode in KNOWN.get(devices[device]["profile"], []):
                if point in payload["values"]:
                    self.check_value(replies[device], payload, point, address, count, decode, device)
                    checked[devices[device]["profile"]] += 1
        for profile in KNOWN:
            self.assertGreater(checked[profile], 5, f"{profile}: values compared")
        self.check_influx(devices, messages)

    def check_value(self, replies, payload, point, address, count, decode, device):
        near = [value for wall_us, value in self.served_values(replies, address, count, decode)
                if abs(wall_us / 1000 - payload["ts"]) < 3000]
        value = payload["values"][point]
        self.assertTrue(any(abs(value - served) <= 1e-6 * abs(served) + 1e-9 for served in near),
                        f"{device}.{point}: {value} was never served near {payload['ts']}: {near}")

    def check_influx(self, devices, messages):
        wanted = collections.defaultdict(dict)
        for _, device, payload in messages:
            for name, value in payload["values"].items():
                wanted[(device, name)][payload["ts"]] = value
        compared = 0
        for (device, name), values in sorted(wanted.items())[::7]:
            if isinstance(next(iter(values.values())), str):
                continue
            series = self.influx.query(f'SELECT "{name}" FROM "{devices[device]["class"]}" WHERE device = \'{device}\'')
            stored = {row[0] // 1000: row[1] for row in series[0]["values"]}
            for ts_ms, value in values.items():
                self.assertIn(ts_ms, stored, f"{device}.{name}: on MQTT and not in InfluxDB")
                self.assertAlmostEqual(stored[ts_ms], value, delta=abs(value) * 1e-9 + 1e-12)
                compared += 1
        self.assertGreater(compared, 100)

    def test_field_types_follow_the_dictionary(self):
        lingtan.wait_until(lambda: self.has_fields("hvac", {"room_temperature", "on_off", "quality"}), 60, "fields of hvac")
        types = self.field_types("hvac")
        self.assertEqual(types["room_temperature"], "float")
        self.assertEqual(types["on_off"], "integer")
        self.assertEqual(types["quality"], "integer")

    def field_types(self, measurement):
        series = self.influx.query(f'SHOW FIELD KEYS FROM "{measurement}"')
        return dict(series[0]["values"]) if series else {}

    def has_fields(self, measurement, names):
        try:
            return names <= set(self.field_types(measurement))
        except AssertionError:  # the database is not there yet
            return False

    def test_faces_agree(self):
        lingtan.wait_until(lambda: self.daemon.get("/api/v1/status")["ready"], 30, "ready")
        lingtan.wait_until(lambda: any(line["state"] == "up" for line in self.daemon.get("/api/v1/lines")["lines"]), 30, "a line")
        time.sleep(5)
        live = {device["device"]: device for device in self.daemon.get("/api/v1/live")["devices"]}
        for arguments in (["status"], ["devices"], ["live", "--once"], ["lines"], ["sinks"]):
            table = self.daemon.cli(*arguments).stdout
            self.assertTrue(table.strip(), arguments)
            json.loads(self.daemon.cli("--json", *arguments).stdout)
        shown = self.daemon.cli("live", "--once").stdout
        self.assertTrue(any(device in shown or live[device].get("name", "-") in shown for device in live))
        metrics = self.daemon.get("/metrics", raw=True)
        self.assertIn("# TYPE", metrics)
        self.assertEqual(self.daemon.get("/healthz", raw=True).strip() != "", True)
        points = [point for point in self.daemon.get("/api/v1/points")["points"] if point["name"] == "active_power"]
        history = self.daemon.get(f"/api/v1/history?device={points[0]['device']}&point=active_power")
        self.assertGreater(len(history["readings"]), 2)
        times = [row[0] for row in history["readings"]]
        self.assertEqual(times, sorted(times))

    def test_state_is_retained_and_the_will_speaks(self):
        lingtan.wait_until(lambda: len({device for _, device, _ in self.subscriber.of("state")}) > 30, 40, "states")
        late = self.keep(lingtan.Subscriber(self.mosquitto))
        lingtan.wait_until(lambda: sum(1 for _, retained, topic, _ in list(late.messages)
                                       if retained and topic.endswith("/state")) > 30, 20, "retained states")
        self.daemon.kill()

        def status():
            found = [json.loads(payload) for _, _, topic, payload in list(late.messages) if topic.endswith("/status")]
            return found and found[-1]["status"] == "offline"
        lingtan.wait_until(status, 60, "the last will")


if __name__ == "__main__":
    lingtan.main()
