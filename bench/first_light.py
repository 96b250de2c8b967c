#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures what docs/PERFORMANCE.md claims of "First light": the daemon and a bare libmodbus loop in turn, on the same
simulator and broker, in pairs. Prints Markdown. Not a test: it judges nothing.

    cmake --preset release && cmake --build build/release && python3 bench/first_light.py
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
os.environ.setdefault("LINGTAN_SOURCE", ROOT)
os.environ.setdefault("LINGTAN_BUILD", os.path.join(ROOT, "build", "release"))
sys.path.insert(0, os.path.join(ROOT, "tests", "support"))

import lingtan  # noqa: E402

BARE_LOOP = os.path.join(lingtan.BUILD, "bench", "bare_loop")
EMPTY_MODEL = "devices = ();\n"


def percentile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(share * len(values)))]


def write(folder, name, text):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def many_lines(count, fast_ms=1000):
    lines = ",\n".join(f'{{ id = "l{i}"; transport = "tcp"; host = "127.0.0.1"; port = {20000 + i};'
                       f' devices = ( {{ id = "d{i}"; profile = "chint-dtsu666"; unit = 1; }} ); }}' for i in range(count))
    return (f'id = "bench"; name = "bench"; fast_ms = {fast_ms}; normal_ms = 1000; slow_ms = 60000;\n'
            f'lines = (\n{lines}\n);\n')


def cpu_seconds(pid):
    total = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/schedstat", encoding="utf-8") as file:
            total += int(file.read().split()[0])
    return total / 1e9


def memory_mb(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        fields = dict(line.split(":", 1) for line in file)
    return tuple(int(fields[name].split()[0]) / 1000 for name in ("RssAnon", "VmRSS"))


class Window:
    """What came between two moments, and what it cost."""

    def __init__(self, subscriber, pid):
        self.subscriber, self.pid = subscriber, pid
        self.first, self.cpu, self.start = len(subscriber.messages), cpu_seconds(pid), time.monotonic()

    def close(self):
        cpu = cpu_seconds(self.pid) - self.cpu
        seconds = time.monotonic() - self.start
        messages = [(arrival, payload) for arrival, _, payload in self.subscriber.of("telemetry")[self.first:]]
        return messages, cpu, seconds


def latencies_ms(messages):
    # ts is in whole milliseconds, rounded down: half a millisecond is taken off on average
    return [max(0.0, arrival / 1000 - payload["ts"] - 0.5) for arrival, payload in messages]


def measure_daemon(folder, simulator, mosquitto, seconds):
    start_us = time.time_ns() // 1000
    subscriber = lingtan.Subscriber(mosquitto, "lingtan/+/+/telemetry")
    daemon = lingtan.Daemon(folder, simulator.site_path, mosquitto.port)
    lingtan.wait_until(lambda: subscriber.messages, 20, "first reading")
    first_ms = (subscriber.messages[0][0] - start_us) / 1000
    time.sleep(6)
    window = Window(subscriber, daemon.program.process.pid)
    time.sleep(seconds)
    messages, cpu, real = window.close()
    memory = memory_mb(daemon.program.process.pid)
    daemon.stop()
    subscriber.stop()
    return first_ms, messages, cpu, real, memory


def measure_bare(folder, simulator, mosquitto, seconds, count):
    import re
    with open(simulator.site_path, encoding="utf-8") as file:
        ports = re.findall(r"port\s*=\s*(\d+)", file.read())[:count]
    subscriber = lingtan.Subscriber(mosquitto, "lingtan/+/+/telemetry")
    time.sleep(0.5)
    program = lingtan.Program(folder, "bare_loop", [BARE_LOOP, str(mosquitto.port), str(seconds + 4), "8198", "14", *ports])
    time.sleep(2)
    window = Window(subscriber, program.process.pid)
    time.sleep(seconds)
    messages, cpu, _ = window.close()
    program.process.wait(30)
    subscriber.stop()
    return messages, cpu


def latency(folder, pairs, seconds, count):
    site = write(folder, "site-many.conf", many_lines(count))
    model = write(folder, "model.conf", EMPTY_MODEL)
    mosquitto = lingtan.Mosquitto(folder)
    simulator = lingtan.Simulator(folder, site, model)
    rows = []
    for pair in range(pairs):
        own = os.path.join(folder, f"pair{pair}")
        os.mkdir(own)
        first_ms, messages, cpu, real, memory = measure_daemon(own, simulator, mosquitto, seconds)
        bare_messages, bare_cpu = measure_bare(own, simulator, mosquitto, seconds, count)
        ours, theirs = latencies_ms(messages), latencies_ms(bare_messages)
        values = sum(len(payload["values"]) for _, payload in messages)
        bare_values = sum(len(payload["values"]) for _, payload in bare_messages)
        rows.append({
            "first": first_ms, "p50": percentile(ours, 0.5), "p99": percentile(ours, 0.99), "max": max(ours),
            "bare p50": percentile(theirs, 0.5), "bare p99": percentile(theirs, 0.99),
            "batches/s": len(messages) / real, "CPU us/value": cpu / values * 1e6, "bare CPU us/value": bare_cpu / bare_values * 1e6,
            "anon": memory[0], "resident": memory[1]})
    simulator.stop()
    mosquitto.stop()
    return rows


def isolation(folder, seconds):
    devices = ", ".join(f'{{ id = "u{i}"; profile = "chint-dtsu666"; unit = {i}; }}' for i in range(1, 11))
    site = write(folder, "site-ten.conf", 'id = "ten"; name = "ten"; fast_ms = 1000; normal_ms = 5000; slow_ms = 60000;\n'
                 f'lines = ( {{ id = "gateway"; transport = "tcp"; host = "127.0.0.1"; port = 20000; devices = ( {devices} ); }} );\n')
    model = write(folder, "model-ten.conf", EMPTY_MODEL)
    mosquitto = lingtan.Mosquitto(folder)
    simulator = lingtan.Simulator(folder, site, model)
    result = {}
    for name in ("healthy", "one silent"):
        own = os.path.join(folder, name.replace(" ", "-"))
        os.mkdir(own)
        if name != "healthy":
            simulator.control("fault u4 silent")
        subscriber = lingtan.Subscriber(mosquitto, "lingtan/+/+/telemetry")
        daemon = lingtan.Daemon(own, simulator.site_path, mosquitto.port)
        time.sleep(15)
        start = len(subscriber.of("telemetry"))
        time.sleep(seconds)
        last, gaps = {}, []
        for _, device, payload in subscriber.of("telemetry")[start:]:
            if device != "u4" and "active_power" in payload["values"]:
                if device in last:
                    gaps.append(payload["ts"] - last[device])
                last[device] = payload["ts"]
        result[name] = (len(gaps), percentile(gaps, 0.5), percentile(gaps, 0.99), max(gaps))
        daemon.stop()
        subscriber.stop()
    simulator.stop()
    mosquitto.stop()
    return result


def sinks_of(daemon):
    return {sink["name"]: sink for sink in daemon.get("/api/v1/sinks")["sinks"]}


def is_up_to_date(daemon):
    return all(sink["state"] == "up" and sink["backlog"] < 5000 for sink in sinks_of(daemon).values())


def outage(folder, seconds, count):
    """Ten polls a second of each device for `seconds`, while broker and database are away: as many batches as ten times
    as long at 1 s. Then both return."""
    site = write(folder, "site-outage.conf", many_lines(count, 100))
    model = write(folder, "model-outage.conf", EMPTY_MODEL)
    own = os.path.join(folder, "outage")
    os.mkdir(own)
    mosquitto = lingtan.Mosquitto(folder)
    influx = lingtan.Influx(own)
    simulator = lingtan.Simulator(folder, site, model)
    daemon = lingtan.Daemon(own, simulator.site_path, mosquitto.port, influx.port)
    lingtan.wait_until(lambda: is_up_to_date(daemon), 60, "both sinks up")

    def polls():
        return sum(device["polls"] for device in daemon.get("/api/v1/devices")["devices"])

    def rate(period):
        first, start = polls(), time.monotonic()
        time.sleep(period)
        return (polls() - first) / (time.monotonic() - start)

    time.sleep(5)
    before = rate(10)
    mosquitto.stop()
    influx.stop()
    during = rate(seconds)
    mosquitto.start()
    subscriber = lingtan.Subscriber(mosquitto, "lingtan/+/+/telemetry")
    influx.start()
    backlog = max(sink["backlog"] for sink in sinks_of(daemon).values())
    start = time.monotonic()
    lingtan.wait_until(lambda: is_up_to_date(daemon), 600, "both sinks drained")
    drained = time.monotonic() - start
    time.sleep(3)
    last, breaks, gaps = {}, 0, 0
    for _, device, payload in subscriber.of("telemetry"):
        if device in last:
            breaks += payload["seq"] <= last[device]
            gaps += payload["seq"] > last[device] + 1
        last[device] = payload["seq"]
    skipped = sum(line["errors"]["skipped"] for line in daemon.get("/api/v1/lines")["lines"])
    memory = memory_mb(daemon.program.process.pid)
    for thing in (daemon, simulator, influx, subscriber, mosquitto):
        thing.stop()
    print(f"\n## Broker and database away for {seconds} s at 10 polls a second of {count} devices\n")
    print("| what | figure |\n|---|---|")
    print(f"| polls a second before / during | {before:.0f} / {during:.0f} |")
    print(f"| batches waiting when they came back | {backlog} = {backlog / count / 60:.0f} min of {count} devices at 1 s |")
    print(f"| drained to both in | {drained:.1f} s: {seconds / drained:.0f} times real time |")
    print(f"| out of order / missing sequence numbers at the subscriber | {breaks} / {gaps} |")
    print(f"| polls skipped by the lines, whole run | {skipped} |")
    print(f"| RssAnon / resident afterwards, MB | {memory[0]:.1f} / {memory[1]:.1f} |")


def print_latency(rows, count):
    def spread(key, digits):
        values = [row[key] for row in rows]
        return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f}-{max(values):.{digits}f})"

    print(f"\n## {count} devices at 1 s, MQTT QoS 1, journal on: {len(rows)} pairs, median (min-max)\n")
    print("| what | lingtand | bare libmodbus loop |\n|---|---|---|")
    print(f"| reply to subscriber p50, ms | {spread('p50', 2)} | {spread('bare p50', 2)} |")
    print(f"| reply to subscriber p99, ms | {spread('p99', 2)} | {spread('bare p99', 2)} |")
    print(f"| longest, ms | {spread('max', 2)} | - |")
    print(f"| start of the process to first reading at the subscriber, ms | {spread('first', 0)} | - |")
    print(f"| CPU us a value | {spread('CPU us/value', 1)} | {spread('bare CPU us/value', 1)} |")
    print(f"| batches/s | {spread('batches/s', 1)} | - |")
    print(f"| RssAnon / resident, MB | {spread('anon', 1)} / {spread('resident', 1)} | - |")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--devices", type=int, default=100)
    parser.add_argument("--outage", type=int, default=60, help="seconds without broker and database")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="lingtan-bench.") as folder:
        os.chmod(folder, 0o755)
        print(subprocess.run(["uname", "-srm"], capture_output=True, text=True, check=True).stdout.strip(),
              f"{os.cpu_count()} processors")
        print_latency(latency(folder, options.pairs, options.seconds, options.devices), options.devices)
        print("\n## One silent device on a line of ten, 1 s period: gaps of the other nine, ms\n")
        print("| line | gaps | p50 | p99 | longest |\n|---|---|---|---|---|")
        for name, figures in isolation(folder, options.seconds).items():
            print(f"| {name} | {' | '.join(str(figure) for figure in figures)} |")
        outage(folder, options.outage, options.devices)


if __name__ == "__main__":
    main()
