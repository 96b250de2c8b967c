# SPDX-License-Identifier: Apache-2.0
"""What the tests of whole programs share: private folders, free ports, the programs of the project and the real broker
and database beside them. Everything started is stopped, everything written is removed."""

import atexit
import contextlib
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request

BUILD = os.environ.get("LINGTAN_BUILD", "")
SOURCE = os.environ.get("LINGTAN_SOURCE", "")
LINGTAND = os.path.join(BUILD, "daemon", "lingtand")
LINGTAN = os.path.join(BUILD, "cli", "lingtan")
SIMULATOR = os.path.join(BUILD, "sim", "lingtan-sim")
DEVICES = os.path.join(SOURCE, "conf", "devices")
PROGRAM_PATH = os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin"


def free_port():
    """Below the ports that the kernel gives to connections: there, a connection of another test may take it meanwhile."""
    for _ in range(100):
        port = random.SystemRandom().randrange(10000, 32000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no free port")


def wait_until(condition, seconds=20, what="the condition", step=0.05):
    """Returns the first true value of condition(); fails after the time."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"{what}: not within {seconds} s")
        time.sleep(step)


def port_answers(port):
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


class Program:
    """A child process with its output in a file."""

    def __init__(self, folder, name, arguments, environment=None):
        self.name = name
        self.log_path = os.path.join(folder, f"{name}.log")
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(arguments, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                                            env={**os.environ, "PATH": PROGRAM_PATH, **(environment or {})})
        atexit.register(self.kill)

    def is_alive(self):
        return self.process.poll() is None

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as log:
            return log.read()

    def kill(self):
        if self.is_alive():
            self.process.kill()
        self.process.wait()

    def stop(self, seconds=20):
        """Asks it to end; returns the exit code. A program that does not end in time is a failure."""
        if self.is_alive():
            self.process.terminate()
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"{self.name} did not stop within {seconds} s:\n{self.log()[-2000:]}") from None

    def await_true(self, condition, seconds, what):
        def check():
            if not self.is_alive():
                raise AssertionError(f"{self.name} ended with {self.process.returncode}:\n{self.log()[-4000:]}")
            return condition()
        try:
            return wait_until(check, seconds, what)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.name} said:\n{self.log()[-2000:]}") from None


class Sleeper:
    """A process that only sleeps, and how late it was woken: what a busy machine costs every program. A test that bounds
    times and counts by the clock adds what this one suffered to its bounds."""

    SOURCE = """import time
while True:
    due = time.monotonic() + 0.01
    time.sleep(0.01)
    late = time.monotonic() - due
    if late > 0.01:
        print(f"{late:.3f}", flush=True)
"""

    def __init__(self, folder):
        self.program = Program(folder, "sleeper", [sys.executable, "-c", self.SOURCE])

    def late_s(self):
        return [float(late) for late in self.program.log().split()]

    def allowance_s(self):
        """A reply passes through three programs that may each be held up so."""
        return 3 * max(self.late_s(), default=0.0)

    def missed(self, period_s):
        """Polls of a period that this machine may have cost."""
        return 3 * sum(1 for late in self.late_s() if late > period_s / 3)

    def stop(self):
        self.program.kill()


class Mosquitto:
    def __init__(self, folder, port=None):
        self.folder = folder
        self.port = port or free_port()
        self.config = os.path.join(folder, f"mosquitto-{self.port}.conf")
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(f"listener {self.port} 127.0.0.1\nallow_anonymous true\npersistence false\n"
                       "max_queued_messages 0\nmax_inflight_messages 0\n"
                       "set_tcp_nodelay true\n")  # else the end of a burst waits 40 ms for the subscriber's acknowledgement
        self.program = None
        self.start()

    def start(self):
        self.program = Program(self.folder, "mosquitto", ["mosquitto", "-c", self.config])
        self.program.await_true(lambda: port_answers(self.port), 10, "mosquitto")

    def stop(self):
        self.program.kill()


class Subscriber:
    """Every message that a broker passes on, with the wall time of its arrival in microseconds. QoS 0 on this side: a
    subscriber that acknowledges would lose what lies in its socket when the broker is killed (the kernel resets a
    connection with unread acknowledgements)."""

    def __init__(self, mosquitto, topic="lingtan/#", retained=True):
        self.messages = []
        arguments = ["mosquitto_sub", "-h", "127.0.0.1", "-p", str(mosquitto.port), "-q", "0", "-t", topic, "-F",
                     "%U %r %t %p"]
        if not retained:
            arguments.append("-R")
        self.process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()
        atexit.register(self.stop)

    def _read(self):
        for line in self.process.stdout:
            pieces = line.rstrip(b"\n").split(b" ", 3)
            if len(pieces) == 4:
                self.messages.append((int(float(pieces[0]) * 1e6), pieces[1] == b"1", pieces[2].decode(), pieces[3]))

    def of(self, suffix):
        """(arrival_us, device, payload) of the topics that end so."""
        found = []
        for arrival, _, topic, payload in list(self.messages):
            pieces = topic.split("/")
            if len(pieces) == 4 and pieces[3] == suffix:
                found.append((arrival, pieces[2], json.loads(payload)))
        return found

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


class Influx:
    def __init__(self, folder):
        self.folder = os.path.join(folder, "influx")
        self.port = free_port()
        os.makedirs(self.folder, exist_ok=True)
        self.config = os.path.join(folder, "influx.conf")
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(f"""reporting-disabled = true
bind-address = "127.0.0.1:{free_port()}"
[meta]
  dir = "{self.folder}/meta"
[data]
  dir = "{self.folder}/data"
  wal-dir = "{self.folder}/wal"
  query-log-enabled = false
[monitor]
  store-enabled = false
[http]
  bind-address = "127.0.0.1:{self.port}"
  log-enabled = false
""")
        self.log_folder = folder
        self.program = None
        self.start()

    def start(self):
        self.program = Program(self.log_folder, "influxd", ["influxd", "-config", self.config])
        self.program.await_true(lambda: port_answers(self.port), 60, "influxd")

    def stop(self):
        self.program.stop(60)

    def query(self, text, database="lingtan"):
        """The series of a query: a list of {name, tags, columns, values}; times in microseconds."""
        parameters = urllib.parse.urlencode({"db": database, "q": text, "epoch": "u"})
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/query?{parameters}", timeout=60) as reply:
            result = json.load(reply)["results"][0]
        if "error" in result:
            raise AssertionError(result["error"])
        return result.get("series", [])


class Simulator:
    """lingtan-sim serving a site; site_path is the site file with the ports it listens on."""

    START = "2026-01-14T10:00+08:00"  # early in the year: the simulator integrates from its beginning

    def __init__(self, folder, site, model=None, extra=(), devices=DEVICES):
        self.site_path = os.path.join(folder, "site.conf")
        self.control_path = os.path.join(folder, "sim.sock")
        self.served_path = os.path.join(folder, "served.jsonl")
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.site_path)
        self.program = Program(folder, "lingtan-sim",
                               [SIMULATOR, "--site", site, "--devices", devices, "--publish", self.site_path, "--control",
                                self.control_path, "--start", self.START, *(["--model", model] if model else []),
                                *extra])
        self.program.await_true(lambda: os.path.exists(self.site_path), 60, "the simulator's site file")

    def control(self, line):
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(10)
            client.connect(self.control_path)
            client.sendall(line.encode() + b"\n")
            reply = b""
            while not reply.endswith(b"\n"):
                chunk = client.recv(65536)
                if not chunk:
                    break
                reply += chunk
        return json.loads(reply)

    def stop(self):
        return self.program.stop()


class Daemon:
    def __init__(self, folder, site_path, mqtt_port=None, influx_port=None, sections="", devices=DEVICES, wait=True,
                 environment=None, command=(LINGTAND,), knows_clock=True):
        self.folder = folder
        self.command = list(command)
        self.socket = os.path.join(folder, "lingtan.sock")
        self.port_path = os.path.join(folder, "http.port")
        self.config = os.path.join(folder, "lingtan.conf")
        self.environment = environment
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(f'site = "{site_path}";\ndevices = "{devices}";\n')
            if "store" not in sections:
                file.write(f'store: {{ folder = "{folder}/data"; }};\n')
            if "http: {" not in sections:
                tokens = f'token_file = "{folder}/tokens"; ' if knows_clock else ""  # not known to an older daemon
                file.write(f'http: {{ port = 0; port_file = "{self.port_path}"; socket = "{self.socket}"; {tokens}}};\n')
            if knows_clock and "clock: {" not in sections:
                file.write('clock: { trust = "rtc"; };\n')  # nobody keeps the clock of a test machine
            if mqtt_port and "mqtt" not in sections:
                file.write(f"mqtt: {{ enabled = true; port = {mqtt_port}; }};\n")
            if influx_port and "influx:" not in sections:
                file.write(f'influx: {{ enabled = true; url = "http://127.0.0.1:{influx_port}"; }};\n')
            file.write(sections)
        self.program = None
        self.start(wait)

    def start(self, wait=True):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.port_path)
        self.program = Program(self.folder, "lingtand", [*self.command, "--config", self.config], self.environment)
        if wait:
            self.program.await_true(lambda: os.path.exists(self.port_path), 30, "lingtand's port file")

    def port(self):
        with open(self.port_path, encoding="utf-8") as file:
            return int(file.read())

    def get(self, path, raw=False):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port()}{path}", timeout=30) as reply:
            return reply.read().decode() if raw else json.load(reply)

    def cli(self, *arguments, check=True):
        done = subprocess.run([LINGTAN, "--socket", self.socket, *arguments], capture_output=True, text=True, timeout=60,
                              check=False)
        if check and done.returncode != 0:
            raise AssertionError(f"lingtan {' '.join(arguments)}: {done.returncode}: {done.stderr}{done.stdout}")
        return done

    def make_token(self, name, role):
        return self.cli("token", "add", name, "--role", role, "--config", self.config).stdout.strip()

    def kill(self):
        self.program.kill()

    def stop(self, seconds=30):
        return self.program.stop(seconds)


class ProgramTest(unittest.TestCase):
    """A test case with a private folder, removed when the case has passed."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="lingtan-test.")
        os.chmod(self.folder, 0o755)
        self.to_stop = []
        self.addCleanup(self._clean)

    def keep(self, thing):
        """Has the thing stopped at the end, last one first."""
        self.to_stop.append(thing)
        return thing

    def _clean(self):
        for thing in reversed(self.to_stop):
            with contextlib.suppress(Exception):
                if hasattr(thing, "kill"):
                    thing.kill()
                else:
                    thing.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    unittest.main(verbosity=2)
