# SPDX-License-Identifier: Apache-2.0
"""What is no shape: bytes on disk, an outage of broker and database, kill -9 again and again."""

import contextlib
import os
import random
import re
import sqlite3
import subprocess
import sys
import time

import lingtan

from . import shapes, window

COUNT = 100              # devices of the outage
JOURNAL_DEVICES = 500
JOURNAL_WARM_UP = 10
JOURNAL_PROFILES = ("acrel-adl400-adl3000", "chint-dtsu666")  # integers; scaled floats
BATCHES_WAITING = 5000


def site(count, fast_ms, profile):
    lines = ",\n".join(f'{{ id = "l{i}"; transport = "tcp"; host = "127.0.0.1"; port = {10000 + i};'
                       f' devices = ( {{ id = "d{i}"; profile = "{profile}"; unit = 1; }} ); }}' for i in range(count))
    return (f'id = "bench"; name = "bench"; fast_ms = {fast_ms}; normal_ms = 1000; slow_ms = 60000;\n'
            f'lines = (\n{lines}\n);\n')


def simulator(folder, count, fast_ms, profile=JOURNAL_PROFILES[1]):
    return lingtan.Simulator(folder, shapes.write(folder, "bench-site.conf", site(count, fast_ms, profile)),
                             shapes.write(folder, "bench-model.conf", "devices = ();\n"))


def written(daemon, folder):
    """Readings so far, and the size of the journal with all of them in its files."""
    readings = daemon.get("/api/v1/status")["counts"]["readings"]
    size = 0
    for path, _, names in os.walk(folder):
        for name in names:
            if re.fullmatch(r"\d{4}-\d\d-\d\d.*\.db", name):
                file = os.path.join(path, name)
                with contextlib.closing(sqlite3.connect(file, timeout=20)) as day:
                    day.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                size += os.path.getsize(file)
    return readings, size


def journal(folder, seconds):
    """The growth of the files between two moments: what stands in a day's file once, whatever its length, is not counted."""
    print(f"\n## Journal on disk, {seconds:.0f} s, values of the model with noise\n")
    print("| what is read | readings | bytes a reading |\n|---|---|---|")
    for name in (*JOURNAL_PROFILES, "reference compound"):
        own = os.path.join(folder, f"journal-{name}".replace(" ", "-"))
        os.makedirs(own)
        if name in JOURNAL_PROFILES:
            devices = simulator(own, JOURNAL_DEVICES, 1000, name)
            name = f"{JOURNAL_DEVICES} {name} at 1 s"
        else:
            devices = lingtan.Simulator(own, *(os.path.join(lingtan.SOURCE, "conf", "sites", f"xingzheng{end}.conf")
                                               for end in ("", ".sim")))
        daemon = lingtan.Daemon(own, devices.site_path)
        time.sleep(JOURNAL_WARM_UP)
        first, first_size = written(daemon, own)
        time.sleep(seconds)
        readings, size = written(daemon, own)
        daemon.stop()
        devices.stop()
        print(f"| {name} | {readings - first} | {(size - first_size) / (readings - first):.2f} |", flush=True)


def sinks_of(daemon):
    return {sink["name"]: sink for sink in daemon.get("/api/v1/sinks")["sinks"]}


def is_up_to_date(daemon):
    return all(sink["state"] == "up" and sink["backlog"] < BATCHES_WAITING for sink in sinks_of(daemon).values())


def poll_rate(daemon, seconds):
    def polls():
        return sum(device["polls"] for device in daemon.get("/api/v1/devices")["devices"])
    first, start = polls(), time.monotonic()
    time.sleep(seconds)
    return (polls() - first) / (time.monotonic() - start)


def sequence(subscriber):
    """How many sequence numbers did not rise, and how many were left out."""
    last, breaks, gaps = {}, 0, 0
    for _, device, payload in subscriber.of("telemetry"):
        if device in last:
            breaks += payload["seq"] <= last[device]
            gaps += max(0, payload["seq"] - last[device] - 1)
        last[device] = payload["seq"]
    return breaks, gaps


def outage(folder, seconds):
    """Ten polls a second of each device for `seconds`, while broker and database are away: as many batches as ten times
    as long at 1 s. Then both return."""
    own = os.path.join(folder, "outage")
    os.makedirs(own)
    mosquitto = lingtan.Mosquitto(own)
    influx = lingtan.Influx(own)
    devices = simulator(own, COUNT, 100)
    daemon = lingtan.Daemon(own, devices.site_path, mosquitto.port, influx.port)
    lingtan.wait_until(lambda: is_up_to_date(daemon), 60, "both sinks up")
    time.sleep(5)
    before = poll_rate(daemon, 10)
    mosquitto.stop()
    influx.stop()
    during = poll_rate(daemon, seconds)
    mosquitto.start()
    subscriber = lingtan.Subscriber(mosquitto, "lingtan/+/+/telemetry")
    influx.start()
    backlog = max(sink["backlog"] for sink in sinks_of(daemon).values())
    start = time.monotonic()
    lingtan.wait_until(lambda: is_up_to_date(daemon), 600, "both sinks drained")
    drained = time.monotonic() - start
    time.sleep(3)
    breaks, gaps = sequence(subscriber)
    skipped = sum(line["errors"]["skipped"] for line in daemon.get("/api/v1/lines")["lines"])
    memory = window.memory(daemon.program.process.pid)
    for thing in (daemon, devices, influx, subscriber, mosquitto):
        thing.stop()
    print(f"\n## Broker and database away for {seconds:.0f} s at 10 polls a second of {COUNT} devices\n")
    print("| what | figure |\n|---|---|")
    print(f"| polls a second before / during | {before:.0f} / {during:.0f} |")
    print(f"| batches waiting when they came back | {backlog} = {backlog / COUNT / 60:.0f} min of {COUNT} devices at 1 s |")
    print(f"| drained to both in | {drained:.1f} s: {seconds / drained:.0f} times real time |")
    print(f"| out of order / missing sequence numbers at the subscriber | {breaks} / {gaps} |")
    print(f"| polls skipped by the lines, whole run | {skipped} |")
    print(f"| RssAnon / resident afterwards, MB | {memory['RssAnon']:.1f} / {memory['VmRSS']:.1f} |")


def crash(kills):
    """tests/integration/test_crash.py with so many kills and a new seed."""
    seed = random.randrange(1, 10**8)
    environment = {**os.environ, "LINGTAN_CRASHES": str(kills), "LINGTAN_SEED": str(seed),
                   "PYTHONPATH": os.path.join(lingtan.SOURCE, "tests", "support"), "PYTHONDONTWRITEBYTECODE": "1"}
    test = os.path.join(lingtan.SOURCE, "tests", "integration", "test_crash.py")
    start = time.monotonic()
    done = subprocess.run([sys.executable, test], env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        print(done.stderr[-6000:], file=sys.stderr)
    print(f"\n## kill -9, {kills} times, sinks up and down\n\nSeed {seed}: "
          f"{'passed' if done.returncode == 0 else 'FAILED'} in {time.monotonic() - start:.0f} s.")
    return done.returncode == 0
