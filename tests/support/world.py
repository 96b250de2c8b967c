# SPDX-License-Identifier: Apache-2.0
"""Everything around one daemon that an adversary may lay hands on: four lines, a broker behind a door, a database, the
disk and the clock under the daemon, and whoever sends it commands."""

import contextlib
import json
import os
import signal
import subprocess
import threading
import time
import urllib.error
import urllib.request

import disturber
import ends
import field
import lingtan

PERIOD_MS = 500
TIMEOUT_MS = 400
DEAD_UNIT = 9
CLIENT_ID = "meter-room"
PROFILE = """device = "Field"; class = "meter"; sources = ["none"]; confidence = "high";
points = ( { quantity = "active_power"; function = 3; address = 0; type = "u32"; scale = 0.001; poll = "fast"; },
           { quantity = "voltage_a"; function = 4; address = 100; type = "u16"; scale = 0.1; poll = "fast"; } );
"""
LINES = {  # name -> framing, units that live; tcp and bus have a dead one too
    "calm": ("tcp", (1,)),
    "tcp": ("tcp", (1, 2)),
    "conv": ("rtu_over_tcp", (1, 2)),
    "bus": ("rtu", (1, 2)),
}
WITH_DEAD = ("tcp", "bus")
EXTRA = {"tcp": " connect_delay_ms = 100;"}


class World:
    def __init__(self, folder, seed):
        self.folder = folder
        self.stack = contextlib.ExitStack()
        self.sleeper = self.keep(lingtan.Sleeper(folder))
        self.field = self.keep(field.Field(seed))
        for name, (framing, units) in LINES.items():
            self.field.add(name, framing, units)
        self.field.start()
        self.mosquitto = self.keep(lingtan.Mosquitto(folder))
        self.door = self.keep(ends.Door(self.mosquitto.port))
        self.subscribers = []
        self.open_door()
        self.database = self.keep(ends.Database())
        self.disk = os.path.join(folder, "disk")
        os.mkdir(self.disk)
        self.disturber = disturber.Disturber(os.path.join(folder, "disturb"), self.disk)
        devices = os.path.join(folder, "devices")
        os.mkdir(devices)
        self.write("devices/field.conf", PROFILE)
        self.daemon = self.keep(lingtan.Daemon(
            folder, self.write("site.conf", self.site()), devices=devices, sections=self.sections(),
            environment=self.disturber.environment()))
        self.cpu_before_s = 0.0
        self.commands = None

    def keep(self, thing):
        self.stack.callback(thing.kill if hasattr(thing, "kill") else thing.stop)
        return thing

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def sections(self):
        return (f'store: {{ folder = "{self.disk}/data"; }};\n'
                f'mqtt: {{ enabled = true; port = {self.door.port}; client_id = "{CLIENT_ID}"; keepalive_s = 5; }};\n'
                f'influx: {{ enabled = true; url = "http://127.0.0.1:{self.database.port}"; '
                f'rejected_file = "{self.folder}/rejected.txt"; }};\n')

    def site(self):
        lines = []
        for name, (framing, units) in LINES.items():
            place = self.field.lines[name].place
            where = f'path = "{place}"; baud = 9600;' if framing == "rtu" else f'host = "127.0.0.1"; port = {place};'
            dead = (DEAD_UNIT,) if name in WITH_DEAD else ()
            devices = ", ".join(f'{{ id = "{name}-{unit}"; profile = "field"; unit = {unit}; }}' for unit in units + dead)
            lines.append(f'{{ id = "{name}"; transport = "{framing}"; {where} response_timeout_ms = {TIMEOUT_MS};'
                         f"{EXTRA.get(name, '')} devices = ( {devices} ); }}")
        return f'id = "adversary"; fast_ms = {PERIOD_MS};\nlines = ( ' + ",\n".join(lines) + " );\n"

    def finish(self):
        self.stack.close()

    # --- who lives ---

    @staticmethod
    def living():
        return {f"{name}-{unit}": (name, unit) for name, (_, units) in LINES.items() for unit in units}

    @staticmethod
    def dead():
        return [f"{name}-{DEAD_UNIT}" for name in WITH_DEAD]

    # --- the broker ---

    def open_door(self):
        """Somebody listens at the broker before the daemon may come in, so that nothing is missed. Only one: those of
        earlier times come back by themselves when the broker does, and what they say again would stand in between."""
        for earlier in self.subscribers:
            earlier.stop()
        subscriber = self.keep(lingtan.Subscriber(self.mosquitto, "#"))
        self.subscribers.append(subscriber)

        def is_heard():
            subprocess.run(["mosquitto_pub", "-h", "127.0.0.1", "-p", str(self.mosquitto.port), "-t", "probe", "-m", "x"],
                           check=True, timeout=10)
            return any(topic == "probe" for _, _, topic, _ in subscriber.messages)
        lingtan.wait_until(is_heard, 20, "the subscription")
        self.door.open()

    def take_broker(self, how):
        self.mosquitto.program.process.send_signal(how)
        if how == signal.SIGSTOP:
            return
        self.mosquitto.program.process.wait(20)
        self.door.close()

    def give_broker(self):
        if self.mosquitto.program.is_alive():
            self.mosquitto.program.process.send_signal(signal.SIGCONT)
            return
        self.mosquitto.start()
        self.open_door()

    def telemetry(self):
        """(device, payload) in the order in which they came."""
        return [(device, payload) for subscriber in self.subscribers for _, device, payload in subscriber.of("telemetry")]

    # --- the disk and the daemon ---

    def kill_daemon(self):
        self.note_cpu()
        self.daemon.kill()

    def stop_daemon(self):
        self.note_cpu()
        self.daemon.stop(40)

    def start_daemon(self):
        if not self.daemon.program.is_alive():
            self.daemon.start(wait=False)

    def take_disk(self):
        os.rename(self.disk, self.disk + ".away")
        self.write("disk", "not mounted")

    def give_disk(self):
        os.unlink(self.disk)
        os.rename(self.disk + ".away", self.disk)

    # --- commands ---

    def send_commands(self, is_over):
        while not is_over.wait(1):
            for line in WITH_DEAD:
                body = json.dumps({"line": line, "unit": DEAD_UNIT, "address": 0, "quantity": 2, "function": 3}).encode()
                threading.Thread(target=self.command, args=(body,), daemon=True).start()

    def command(self, body):
        with contextlib.suppress(OSError, ValueError):
            request = urllib.request.Request(f"http://127.0.0.1:{self.daemon.port()}/api/v1/read", body,
                                             {"Content-Type": "application/json"})
            with urllib.request.urlopen(request, timeout=10):
                pass

    # --- what it takes ---

    def cpu_now_s(self):
        with contextlib.suppress(OSError):
            with open(f"/proc/{self.daemon.program.process.pid}/stat", encoding="utf-8") as file:
                fields = file.read().rpartition(")")[2].split()
            return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        return 0.0

    def note_cpu(self):
        self.cpu_before_s += self.cpu_now_s()

    def cpu_s(self):
        return self.cpu_before_s + (self.cpu_now_s() if self.daemon.program.is_alive() else 0.0)

    def connects(self):
        """name -> the times at which the daemon came."""
        found = {name: line.connects for name, line in self.field.lines.items() if not isinstance(line.place, str)}
        return {**found, "mqtt": self.door.connects, "influx": self.database.connects}

    def get(self, path):
        """None when the daemon does not answer."""
        try:
            return self.daemon.get(path)
        except (OSError, ValueError, urllib.error.URLError):
            return None
