# SPDX-License-Identifier: Apache-2.0
"""The figures as Markdown."""

import os
import statistics
import time

from . import programs, shapes


def spread(values, digits):
    """Median, and what it lies between."""
    known = [value for value in values if value is not None]
    if not known:
        return "-"
    text = f"{statistics.median(known):.{digits}f}"
    return text if len(known) == 1 else f"{text} ({min(known):.{digits}f}-{max(known):.{digits}f})"


def cost(figures, key):
    """A run that lost or falsified something has none. collectd's is shown with what it delivered beside it."""
    return figures[key] if not figures["fault"] or figures["program"] == "collectd" else None


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


def sleeper(seconds=10, step=0.05):
    """How late this machine wakes a program that does nothing but sleep until each 50 ms: no poll can be more punctual."""
    late_ms, due = [], time.monotonic()
    for _ in range(int(seconds / step)):
        due += step
        time.sleep(max(0.0, due - time.monotonic()))
        late_ms.append(1000 * (time.monotonic() - due))
    late_ms.sort()
    return (f"A sleeper alone wakes late by p50 {late_ms[len(late_ms) // 2]:.2f} ms, "
            f"p99 {late_ms[len(late_ms) * 99 // 100]:.2f} ms, at most {late_ms[-1]:.2f} ms.")


COLUMNS = (
    ("values/s", lambda run: run["values"] / run["seconds"], 0),
    ("delivered %", lambda run: 100 * run["delivered"], 1),
    ("CPU %", lambda run: cost(run, "cpu_share") and 100 * run["cpu_share"], 2),
    ("CPU-s/Mvalue", lambda run: cost(run, "cpu_us_value"), 2),
    ("latency p50 ms", lambda run: run["latency_p50_us"] / 1000, 2),
    ("p99 ms", lambda run: run["latency_p99_us"] / 1000, 2),
    ("jitter p50 ms", lambda run: run["arrivals"]["jitter_p50_us"] / 1000, 2),
    ("p99 ms", lambda run: run["arrivals"]["jitter_p99_us"] / 1000, 2),
    ("RssAnon MB", lambda run: run["RssAnon"], 1),
    ("VmRSS MB", lambda run: run["VmRSS"], 1),
    ("VmHWM MB", lambda run: run["VmHWM"], 1),
)
DEAD_COLUMNS = (
    ("freshness p50 ms", lambda run: run["freshness_p50_us"] / 1000, 1),
    ("p99 ms", lambda run: run["freshness_p99_us"] / 1000, 1),
    ("longest ms", lambda run: run["freshness_max_us"] / 1000, 1),
    ("missed", lambda run: run["missed"], 0),
    ("CPU %", lambda run: cost(run, "cpu_share") and 100 * run["cpu_share"], 2),
)


def wire_share(run, shape):
    """Polls from the first request to the last one, times what one takes of the wire, over that time."""
    arrivals = run["arrivals"]
    passed_s = arrivals["first_to_last_us"] / 1e6
    return (arrivals["requests"] - 1) * shapes.wire_s(2 * shape.points) / passed_s if passed_s else None


def lines_cost(run):
    """CPU us a poll of the thread that drives the lines, which a bare loop's is comparable with. None where it has no name."""
    share = sum(row["cpu"] for row in run["threads"] if row["name"] == "lines")
    return share * run["arrivals"]["passed_us"] / run["arrivals"]["requests"] if share and cost(run, "cpu_us_request") else None


def serial_columns(shape):
    return (
        ("polls/s", lambda run: run["arrivals"]["requests"] / run["arrivals"]["passed_us"] * 1e6, 2),
        ("of the formula", lambda run: wire_share(run, shape), 4),
        ("CPU us a poll", lambda run: cost(run, "cpu_us_request"), 0),
        ("of it the lines' thread", lines_cost, 0),
        ("RssAnon MB", lambda run: run["RssAnon"], 1),
    )


def print_rows(first, columns, rows):
    print(f"| {first} | " + " | ".join(name for name, _, _ in columns) + " | checked |")
    print("|---|" + "---|" * (len(columns) + 1))
    for name, runs in rows:
        cells = [spread([figure(run) for run in runs], digits) for _, figure, digits in columns]
        faults = "; ".join(sorted({run["fault"] for run in runs if run["fault"]})) or "every value right, none missed"
        print(f"| {name} | {' | '.join(cells)} | {faults} |")


def print_older(pairs, key, what):
    """Ours over the older build, pair by pair."""
    for own in (name for name in pairs[0] if name + programs.OLDER in pairs[0]):
        ratios = [cost(pair[own], key) / cost(pair[own + programs.OLDER], key) for pair in pairs
                  if cost(pair[own], key) and cost(pair[own + programs.OLDER], key)]
        if ratios:
            print(f"\n{what}, {programs.NAMES[own]}, this build / older build, {len(ratios)} pairs: {spread(ratios, 3)}")


def print_ratios(pairs, key, what):
    """Peer over ours, pair by pair."""
    ours = [name for name in pairs[0] if name in programs.VARIANTS]
    for peer in (name for name in pairs[0] if name in programs.PEERS):
        for own in ours:
            ratios = [cost(pair[peer], key) / pair[own][key] for pair in pairs
                      if cost(pair[peer], key) and cost(pair[own], key)]
            if ratios:
                print(f"\n{what}, {programs.NAMES[peer]} / {programs.NAMES[own]}: {spread(ratios, 2)}")


def print_helpers(pairs):
    runs = [run for pair in pairs for run in pair.values()]
    names = sorted({name for run in runs for name in run["others"]})
    shares = ", ".join(f"{name} {spread([100 * run['others'][name] for run in runs if name in run['others']], 1)}"
                       for name in names)
    print(f"\nBeside it, % of a processor: {shares}; the simulator {spread([run['sim_us_request'] for run in runs], 1)} us a request.")


def print_first(pairs):
    for name in (name for name in pairs[0] if name in programs.VARIANTS):
        print(f"\nStart of the process to the first message, {programs.NAMES[name]}: "
              f"{spread([pair[name]['first_ms'] for pair in pairs], 0)} ms.")


def print_dead(pairs):
    print_rows("devices looked at", DEAD_COLUMNS, [(state, [pair[state] for pair in pairs]) for state in pairs[0]])
    ratios = [pair["dead"]["freshness_p99_us"] / pair["healthy"]["freshness_p99_us"] for pair in pairs]
    print(f"\nFreshness p99, with dead devices / without: {spread(ratios, 3)}")


def print_shape(shape, pairs):
    print(f"\n## {shape.name}: {shape.what}\n")
    names = [(programs.title(name), [pair[name] for pair in pairs]) for name in pairs[0]]
    if shape.kind == "dead":
        print_dead(pairs)
    elif shape.kind == "ramp":
        print_rows("devices", COLUMNS, [(pair["mqtt0"]["devices_asked"], [pair["mqtt0"]]) for pair in pairs])
    elif shape.kind == "serial":
        print_rows("program", serial_columns(shape), names)
        print_ratios(pairs, "cpu_us_request", "CPU a poll")
    elif shape.kind == "count":
        print_rows("program", (("instructions a value", lambda run: cost(run, "instructions_value"), 0),), names)
        print_older(pairs, "instructions_value", "Instructions a value")
    else:
        print_rows("program", COLUMNS, names)
        print_ratios(pairs, "cpu_us_value", "CPU a value")
        print_older(pairs, "cpu_us_value", "CPU a value")
        print_older(pairs, "latency_p99_us", "Latency p99")
        print_first(pairs)
    print_helpers(pairs)


def print_threads(pairs):
    for name, run in pairs[-1].items():
        print(f"\n{programs.title(name)}, threads of the last run:\n\n| thread | CPU % | sleeps/s |\n|---|---|---|")
        for row in run["threads"][:12]:
            print(f"| {row['name']} | {100 * row['cpu']:.2f} | {row['sleeps']:.1f} |")


def is_true(results):
    """Whether nothing false came and every device was heard of; what a busy machine missed is another matter."""
    runs = [run for pairs in results.values() for pair in pairs for run in pair.values()]
    return all(run["devices"] == run["wanted"] and not any(run[name] for name in ("wrong", "repeated", "out_of_order"))
               for run in runs)
