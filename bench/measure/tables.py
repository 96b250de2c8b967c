# SPDX-License-Identifier: Apache-2.0
"""The figures as Markdown."""

import os
import statistics

from . import programs


def spread(values, digits):
    """Median, and what it lies between."""
    known = [value for value in values if value is not None]
    if not known:
        return "-"
    text = f"{statistics.median(known):.{digits}f}"
    return text if len(known) == 1 else f"{text} ({min(known):.{digits}f}-{max(known):.{digits}f})"


def right(figures, name, value):
    """A run that lost or falsified something has no cost."""
    is_right = not figures["fault"] or name == "collectd"
    return value if is_right else None


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        model = next((line.split(":", 1)[1].strip() for line in file if line.startswith("model name")), "unknown processor")
    with open("/proc/meminfo", encoding="utf-8") as file:
        total = int(file.readline().split()[1]) / 1e6
    with open("/etc/os-release", encoding="utf-8") as file:
        system = next((line.split("=", 1)[1].strip().strip('"') for line in file if line.startswith("PRETTY_NAME")), "Linux")
    kernel = os.uname()
    versions = [programs.version_of("mosquitto", "-h"), "libmodbus " + programs.version_of("pkg-config", "--modversion", "libmodbus"),
                "SQLite " + programs.version_of("pkg-config", "--modversion", "sqlite3"), programs.version_of("influxd", "version"),
                "collectd " + programs.version_of("dpkg-query", "-W", "-f", "${Version}", "collectd-core")]
    return (f"Machine: {os.cpu_count()} x {model}, {total:.0f} GB, {system}, {kernel.sysname} {kernel.release} {kernel.machine}; "
            f"load before {os.getloadavg()[0]:.1f}. {'; '.join(versions)}.")


COLUMNS = (
    ("values/s", lambda name, run: run["values"] / run["seconds"], 0),
    ("delivered %", lambda name, run: 100 * run["delivered"], 1),
    ("CPU %", lambda name, run: right(run, name, 100 * run["cpu_share"]), 2),
    ("CPU-s/Mvalue", lambda name, run: right(run, name, run["cpu_us"]), 2),
    ("latency p50 ms", lambda name, run: run["latency_p50_us"] / 1000, 2),
    ("p99 ms", lambda name, run: run["latency_p99_us"] / 1000, 2),
    ("jitter p50 ms", lambda name, run: run["arrivals"]["jitter_p50_us"] / 1000, 2),
    ("p99 ms", lambda name, run: run["arrivals"]["jitter_p99_us"] / 1000, 2),
    ("RssAnon MB", lambda name, run: run["RssAnon"], 1),
    ("VmRSS MB", lambda name, run: run["VmRSS"], 1),
    ("VmHWM MB", lambda name, run: run["VmHWM"], 1),
)


def print_shape(shape, pairs):
    print(f"\n## {shape.name}: {shape.what}\n")
    print("| program | " + " | ".join(name for name, _, _ in COLUMNS) + " | checked |")
    print("|---|" + "---|" * (len(COLUMNS) + 1))
    for name in pairs[0]:
        runs = [pair[name] for pair in pairs]
        cells = [spread([figure(name, run) for run in runs], digits) for _, figure, digits in COLUMNS]
        faults = "; ".join(sorted({run["fault"] for run in runs if run["fault"]})) or "every value right, none missed"
        print(f"| {programs.NAMES[name]} | {' | '.join(cells)} | {faults} |")
    print_ratios(pairs)


def print_ratios(pairs):
    """Peer over ours, pair by pair."""
    ours = [name for name in pairs[0] if name in programs.VARIANTS]
    peers = [name for name in pairs[0] if name not in programs.VARIANTS]
    for peer in peers:
        for own in ours:
            ratios = [right(pair[peer], peer, pair[peer]["cpu_us"]) / pair[own]["cpu_us"] for pair in pairs
                      if right(pair[peer], peer, pair[peer]["cpu_us"]) and right(pair[own], own, pair[own]["cpu_us"])]
            if ratios:
                print(f"\nCPU a value, {programs.NAMES[peer]} / {programs.NAMES[own]}: {spread(ratios, 2)}")
    requests = [pair[name]["sim_us_request"] for pair in pairs for name in pair]
    print(f"\nThe simulator: {spread(requests, 1)} us CPU a request.")


def print_threads(pairs):
    for name, run in pairs[-1].items():
        print(f"\n{programs.NAMES[name]}, threads of the last run:\n\n| thread | CPU % | sleeps/s |\n|---|---|---|")
        for row in run["threads"][:12]:
            print(f"| {row['name']} | {100 * row['cpu']:.2f} | {row['sleeps']:.1f} |")
