# SPDX-License-Identifier: Apache-2.0
"""Random bytes on every socket, those that the daemon listens on and those that it connects to, and on the simulator's:
nothing crashes, leaks or spins, no value comes out of noise, and the polls of a healthy line do not notice.

LINGTAN_RANDOM_SECONDS sets how long (20); LINGTAN_SEED another course."""

import glob
import json
import os
import re
import sys
import time

import lingtan

SECONDS = int(os.environ.get("LINGTAN_RANDOM_SECONDS", "20"))
SEED = int(os.environ.get("LINGTAN_SEED", "20261123"))
PERIOD_S = 0.2
UNITS = 20  # on each hostile line: the more, the more is asked before they are left alone
GROWTH_MAX_MB = 4
CPU_MAX = 0.6  # of a core

PROFILE = """device = "Noise"; class = "meter"; sources = ["none"];
points = ( { quantity = "level"; function = 3; address = 7; type = "u16"; poll = "fast"; max = 65535.0; } );
"""
GOOD_SITE = """id = "good"; fast_ms = 200;
lines = ( { id = "good"; transport = "tcp"; host = "127.0.0.1"; port = 1;
    devices = ( { id = "good"; profile = "chint-ddsu666"; unit = 1; } ); },
  { id = "bus"; transport = "rtu"; path = "/dev/null"; baud = 115200;
    devices = ( { id = "bus"; profile = "chint-ddsu666"; unit = 1; } ); } );
"""
# name, kind, framing, habit: see support/hostile.py
FIELD = [(f"{framing}-{habit}", "socket", framing, habit) for framing in ("tcp", "rtu")
         for habit in ("noise", "body", "flip", "flood", "foreign")]
FIELD += [(f"pty-{habit}", "pty", "rtu", habit) for habit in ("noise", "body", "flip", "flood")]
SINKS = [("broker", "socket", "", "broker"), ("database", "socket", "", "database")]


def is_sanitized():
    with open(os.path.join(lingtan.BUILD, "CMakeCache.txt"), encoding="utf-8") as cache:
        return re.search(r"^LINGTAN_SANITIZE\S*=.+", cache.read(), re.MULTILINE) is not None


class Watched:
    """What a process takes."""

    def __init__(self, program):
        self.program = program
        self.pid = program.process.pid
        self.samples = []

    def sample(self):
        with open(f"/proc/{self.pid}/status", encoding="utf-8") as file:
            anonymous = int(re.search(r"RssAnon:\s+(\d+)", file.read()).group(1)) / 1024
        with open(f"/proc/{self.pid}/stat", encoding="utf-8") as file:
            fields = file.read().rpartition(")")[2].split()
        seconds = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        self.samples.append((time.monotonic(), anonymous, len(os.listdir(f"/proc/{self.pid}/fd")), seconds))

    def growth_mb(self):
        """From the middle to the end, each by the lowest of a few samples."""
        middle = len(self.samples) // 2
        few = max(1, middle // 4)
        return min(row[1] for row in self.samples[-few:]) - min(row[1] for row in self.samples[middle:middle + few])

    def cpu(self):
        first, last = self.samples[0], self.samples[-1]
        return (last[3] - first[3]) / (last[0] - first[0])

    def most_descriptors(self):
        return max(row[2] for row in self.samples)


class RandomBytes(lingtan.ProgramTest):
    def setUp(self):
        super().setUp()
        self.sleeper = self.keep(lingtan.Sleeper(self.folder))
        self.devices = self.make_profiles()
        self.mosquitto = self.keep(lingtan.Mosquitto(self.folder))
        self.simulator = self.keep(lingtan.Simulator(self.folder, self.write("good.conf", GOOD_SITE),
                                                     self.write("model.conf", "")))
        self.peers, places = self.hostile("peers", FIELD + SINKS, [])
        self.field = self.start_daemon("field", self.field_site(places), mqtt_port=self.mosquitto.port)
        self.sinks = self.start_daemon("sinks", self.line_of_its_own(), mqtt_port=places["broker"],
                                       influx_port=places["database"])

    def make_profiles(self):
        folder = os.path.join(self.folder, "devices")
        os.mkdir(folder)
        for path in glob.glob(os.path.join(lingtan.DEVICES, "*.conf")):
            os.symlink(path, os.path.join(folder, os.path.basename(path)))
        self.write("devices/noise.conf", PROFILE)
        return folder

    def hostile(self, name, peers, targets):
        table = self.write(f"{name}.json", json.dumps({"seed": SEED, "peers": peers, "targets": targets}))
        result = os.path.join(self.folder, f"{name}.result")
        script = os.path.join(lingtan.SOURCE, "tests", "support", "hostile.py")
        program = self.keep(lingtan.Program(self.folder, name, [sys.executable, script, table, result]))
        program.await_true(lambda: os.path.exists(result), 20, "the places of the hostile peers")
        return program, self.result(name)

    def result(self, name):
        with open(os.path.join(self.folder, f"{name}.result"), encoding="utf-8") as file:
            return json.load(file)

    def field_site(self, places):
        with open(self.simulator.site_path, encoding="utf-8") as file:
            site = file.read()
        lines = []
        for name, kind, framing, _ in FIELD:
            transport = "rtu" if kind == "pty" else "tcp" if framing == "tcp" else "rtu_over_tcp"
            where = f'path = "{places[name]}"; baud = 115200;' if kind == "pty" else f'host = "127.0.0.1"; port = {places[name]};'
            lines.append(f'{{ id = "{name}"; transport = "{transport}"; {where} response_timeout_ms = 200;'
                         " devices = ( " + ", ".join(f'{{ id = "{name}-{unit}"; profile = "noise"; unit = {unit}; }}'
                                                     for unit in range(1, UNITS + 1)) + " ); }")
        end = site.rindex("}") + 1
        return self.write("field.conf", site[:end] + ",\n" + ",\n".join(lines) + site[end:])

    def line_of_its_own(self):
        """A serial line has one master: the second daemon reads the TCP line alone."""
        with open(self.simulator.site_path, encoding="utf-8") as file:
            port = re.search(r"port = (\d+)", file.read()).group(1)
        site = GOOD_SITE.replace("port = 1;", f"port = {port};")
        return self.write("sinks.conf", re.sub(r",\s+\{ id = \"bus\".*", " );", site, flags=re.DOTALL))

    def start_daemon(self, name, site, **ports):
        folder = os.path.join(self.folder, name)
        os.mkdir(folder)
        return self.keep(lingtan.Daemon(folder, site, devices=self.devices, **ports))

    def attack(self):
        with open(self.simulator.site_path, encoding="utf-8") as file:
            port = re.search(r"port = (\d+)", file.read()).group(1)
        return self.hostile("attackers", [], [
            ["http", str(self.field.port())], ["http", self.field.socket], ["http", str(self.sinks.port())],
            ["modbus", port], ["control", self.simulator.control_path]])[0]

    def good_readings(self, daemon, device, point):
        answer = daemon.get(f"/api/v1/history?device={device}&point={point}&from=0&limit=100000")
        return [reading for reading in answer["readings"] if reading[2] == "ok"]

    def test_nothing_but_noise(self):
        time.sleep(2)  # identities are read, ptys opened
        watched = {"field daemon": Watched(self.field.program), "sinks daemon": Watched(self.sinks.program),
                   "simulator": Watched(self.simulator.program)}
        attackers = self.attack()
        begin_us = time.time_ns() // 1000
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            for name, one in watched.items():
                self.assertTrue(one.program.is_alive(), f"{name} ended: {one.program.log()[-3000:]}")
                one.sample()
            time.sleep(0.5)
        end_us = time.time_ns() // 1000
        attackers.stop()
        time.sleep(2)  # for the journal's commit
        self.check_takings(watched)
        for daemon, device in ((self.field, "good"), (self.field, "bus"), (self.sinks, "good")):
            self.check_health(daemon, device, begin_us, end_us)
        self.check_values()
        for program in (self.field, self.sinks, self.simulator):
            self.assertEqual(program.stop(), 0, "ends as asked, without a word of a sanitizer")

    def check_takings(self, watched):
        for name, one in watched.items():
            print(f"{name}: {one.cpu():.3f} of a core, {one.samples[-1][1]:.1f} MB anonymous, grown by "
                  f"{one.growth_mb():.1f}, at most {one.most_descriptors()} descriptors")
            if not is_sanitized():
                self.assertLess(one.growth_mb(), GROWTH_MAX_MB, f"{name} grows")
                self.assertLess(one.cpu(), CPU_MAX, f"{name} spins")
            self.assertLess(one.most_descriptors(), 250, f"{name} keeps descriptors")

    def check_health(self, daemon, device, begin_us, end_us):
        times = [row[0] for row in self.good_readings(daemon, device, "active_power") if begin_us <= row[0] <= end_us]
        status = next(row for row in daemon.get("/api/v1/devices")["devices"] if row["id"] == device)
        longest = max((late - early) / 1e6 for early, late in zip(times, times[1:]))
        wanted = (end_us - begin_us) / 1e6 / PERIOD_S
        print(f"{device}: {len(times)} of {wanted:.0f} polls, longest gap {longest:.3f} s, {status['errors']}")
        self.assertGreater(len(times), 0.98 * wanted - 3 - self.sleeper.missed(PERIOD_S))
        self.assertLess(longest, 4 * PERIOD_S + self.sleeper.allowance_s())
        self.assertEqual(status["errors"]["bad_replies"], 0)
        self.assertLessEqual(status["errors"]["timeouts"], self.sleeper.missed(PERIOD_S))

    def check_values(self):
        self.peers.stop()
        result = self.result("peers")
        errors = {line["id"]: line["errors"] for line in self.field.get("/api/v1/lines")["lines"]}
        for name, *_ in FIELD:
            readings = [reading for unit in range(1, UNITS + 1)
                        for reading in self.good_readings(self.field, f"{name}-{unit}", "level")]
            allowed = set(result["values"][name])
            wrong = [reading for reading in readings if int(reading[1]) not in allowed]
            print(f"{name}: {result['sent'][name]} bytes, {len(readings)} values of {len(allowed)} good frames, {errors[name]}")
            self.assertEqual(wrong, [], f"{name}: values that no good frame carried")
            self.assertGreater(sum(errors[name].values()), 5, f"{name}: the noise was met")
            if name.endswith("body") or name.endswith("flip"):
                self.assertGreater(len(readings), 0, f"{name}: the good frames among the bad are read")


if __name__ == "__main__":
    lingtan.main()
