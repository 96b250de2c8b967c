# SPDX-License-Identifier: Apache-2.0
"""Devices that list their SunSpec models, served by the simulator from its own description of the models: what it holds
comes out on MQTT, over the API and in the terminal, also when the device is found only after everybody is looking, when
its scale factors change, and when they say that there is none."""

import json
import os
import pty
import select
import subprocess
import threading
import time
import urllib.request

import lingtan

SITE = """id = "demo"; name = "Demo"; fast_ms = 500; normal_ms = 1000; slow_ms = 2000;
lines = ( { id = "roof"; transport = "tcp"; host = "127.0.0.1"; port = 1502; devices = (
    { id = "pv"; profile = "sunspec"; },
    { id = "twin"; profile = "sunspec"; unit = 2; },
    { id = "der"; profile = "sunspec"; unit = 3; },
    { id = "none"; profile = "sunspec"; unit = 4; } ); } );
"""

MODEL = """devices = (
    { device = "pv"; role = "inverter:3"; },
    { device = "twin"; role = "inverter:4"; sunspec_base = 0;
      sunspec_models = ( "1", "103", "64001", "160", "1", "203" ); },
    { device = "der"; role = "inverter:5"; sunspec_base = 50000; sunspec_models = ( "1", "701" ); },
    { device = "none"; role = "inverter:6"; sunspec_models = ( "1" ); faults = ( "exception:2" ); } );
"""

# What each device must have, and within what of the simulator's value, which registers round.
WANTED = {
    "pv": {"active_power": 0.01, "generation_energy": 0.001, "frequency": 0.01, "voltage_a": 0.1, "current_a": 0.01,
           "power_factor": 0.0001, "dc_voltage": 0.1, "dc_voltage_1": 0.1, "dc_voltage_2": 0.1, "dc_current_2": 0.01,
           "power_limit_percent": 0.01, "insulation_resistance": 1, "inverter_state": 0, "alarm_word_2": 0},
    "twin": {"active_power": 0.01, "dc_current_1": 0.01, "active_power_2": 0.01, "active_energy_export_2": 0.001,
             "voltage_c_2": 0.1, "alarm_word_21": 0},
    "der": {"active_power": 0.01, "generation_energy": 0.001, "frequency": 0.001, "voltage_ab": 0.1, "inverter_state": 0},
}


class Stream:
    """The events of /api/v1/live/stream: (name, data)."""

    def __init__(self, port):
        self.events = []
        self.reply = urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/live/stream", timeout=60)
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self):
        name = ""
        try:
            for line in self.reply:
                if line.startswith(b"event: "):
                    name = line[7:].strip().decode()
                elif line.startswith(b"data: "):
                    self.events.append((name, json.loads(line[6:])))
        except (OSError, ValueError):
            pass

    def values(self, device):
        return {key for name, data in list(self.events) if name == "batch" and data["device"] == device
                for key in data["values"]}


class Screen:
    """lingtan live on a terminal of its own."""

    def __init__(self, daemon):
        self.master, slave = pty.openpty()
        self.process = subprocess.Popen([lingtan.LINGTAN, "--socket", daemon.socket, "live"], stdin=slave, stdout=slave,
                                        stderr=slave, env={**os.environ, "TERM": "xterm", "LINES": "40", "COLUMNS": "160"})
        os.close(slave)
        self.text = ""

    def read(self):
        while select.select([self.master], [], [], 0)[0]:
            try:
                self.text += os.read(self.master, 65536).decode(errors="replace")
            except OSError:
                break
        return self.text

    def kill(self):
        self.process.kill()
        self.process.wait()
        os.close(self.master)


class SunSpec(lingtan.ProgramTest):
    def setUp(self):
        super().setUp()
        self.mosquitto = self.keep(lingtan.Mosquitto(self.folder))
        self.simulator = self.keep(lingtan.Simulator(self.folder, self.write("demo.conf", SITE),
                                                     self.write("model.conf", MODEL)))
        self.simulator.control("speed 0.0001")
        self.simulator.control("fault pv silent")
        self.subscriber = self.keep(lingtan.Subscriber(self.mosquitto))
        self.daemon = self.keep(lingtan.Daemon(self.folder, self.simulator.site_path, self.mosquitto.port))

    def newest(self, device, point):
        """(value, quality) of the last telemetry that has the point; None when there is none."""
        for _, name, payload in reversed(self.subscriber.of("telemetry")):
            quality = payload.get("quality", {})
            if name == device and (point in payload["values"] or point in quality):
                return payload["values"].get(point), quality.get(point, "ok")
        return None

    def truth(self, device, point):
        return self.simulator.control(f"value {device} {point}")["value"]

    def check_values(self, device):
        self.assertIn(self.truth(device, "inverter_state"), (2, 4, 5))
        for point, step in WANTED[device].items():
            self.assertAlmostEqual(self.await_good(device, point), self.truth(device, point), delta=step + 1e-9,
                                   msg=f"{device}.{point}")

    def shows(self, device, point, wanted):
        value, _ = self.newest(device, point)
        return value is not None and abs(value - wanted) < 1e-9

    def await_good(self, device, point):
        """The newest value; a busy machine may have read it late once."""
        def good():
            value, quality = self.newest(device, point) or (None, None)
            return (value,) if quality == "ok" else None
        return lingtan.wait_until(good, 60, f"a good {device}.{point}")[0]

    def test_what_is_served_comes_out(self):
        for device in ("twin", "der"):
            self.check_values(device)
        self.assertIn("active_energy_import_2", {point["name"] for point in
                                                 self.daemon.get("/api/v1/devices/twin")["points"]})
        # a device that has no models is there, with its reason, and harms nobody
        self.assertIsNone(self.newest("none", "active_power"))
        lingtan.wait_until(lambda: self.newest("none", "serial_number") == (None, "not_implemented"), 30, "no models")
        self.assertIn("lists no SunSpec models", self.daemon.program.log())

    def test_a_device_that_is_found_late_changes_everywhere(self):
        lingtan.wait_until(lambda: self.newest("pv", "serial_number") == (None, "timeout"), 30, "a silent device")
        stream = Stream(self.daemon.port())
        screen = self.keep(Screen(self.daemon))
        lingtan.wait_until(lambda: "pv" in screen.read(), 30, "the screen")
        self.simulator.control("fault pv off")
        self.check_values("pv")
        lingtan.wait_until(lambda: "active_power" in stream.values("pv"), 20, "the stream")
        kilowatts = f"{self.truth('pv', 'active_power'):.2f} kW"
        lingtan.wait_until(lambda: kilowatts in screen.read(), 30, f"{kilowatts} on the screen")
        found = {point["name"]: point for point in self.daemon.get("/api/v1/devices/pv")["points"]}
        self.assertEqual(found["maker_name"]["value"], "lingtan-sim")
        self.assertEqual(found["serial_number"]["value"], "pv")
        states = [payload for _, device, payload in self.subscriber.of("state") if device == "pv"]
        self.assertIn("active_power", states[-1]["values"])
        # the journal tells the batches before from those after
        time.sleep(3)
        rows = self.daemon.get("/api/v1/history?device=pv&point=active_power")["readings"]
        self.assertGreater(len(rows), 2)
        self.assertEqual(self.daemon.stop(), 0)

    def test_scale_factors_are_read_with_their_values(self):
        self.simulator.control("fault pv off")
        self.check_values("pv")
        truth = self.truth("pv", "active_power")
        for exponent, step in ((2, 0.1), (3, 1), (1, 0.01)):
            self.simulator.control(f"scale pv active_power {exponent}")
            lingtan.wait_until(lambda: self.shows("pv", "active_power", round(truth / step) * step), 20, f"10^{exponent} W")
            wrong = [payload["values"]["active_power"] for _, device, payload in self.subscriber.of("telemetry")
                     if device == "pv" and abs((payload["values"].get("active_power") or truth) - truth) > 1]
            self.assertEqual(wrong, [], "a value with another's scale factor")
        self.simulator.control("scale pv active_power -32768")
        lingtan.wait_until(lambda: self.newest("pv", "active_power") == (None, "not_implemented"), 20, "no scale factor")
        self.await_good("pv", "frequency")


if __name__ == "__main__":
    lingtan.main()
