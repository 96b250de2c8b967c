# SPDX-License-Identifier: Apache-2.0
"""A window of time: what a program delivered in it, whether all of that was right, and what it cost."""

import json
import os
import subprocess
import time

import lingtan

SUBSCRIBER = os.path.join(lingtan.BUILD, "bench", "bench_subscriber")
LATE = ("missed", "incomplete")  # what a line that is asked for more than it can carry does by rights
FAULTS = ("wrong", "repeated", "incomplete", "out_of_order", "seq_lost", "missed")


class Checker:
    """bench/subscriber.c: compares every value with what the simulator must have served."""

    def __init__(self, mosquitto, topic, shape):
        self.process = subprocess.Popen([SUBSCRIBER, str(mosquitto.port), topic, str(shape.points), str(shape.period_ms),
                                         str(shape.dead_every)],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.read()  # it is subscribed

    def read(self):
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError("the subscriber has ended")
        return json.loads(line)

    def ask(self, word):
        self.process.stdin.write(word + "\n")
        self.process.stdin.flush()
        return self.read()

    def stop(self):
        self.process.stdin.close()
        self.process.wait(10)
        self.process.stdout.close()


def tasks(pid):
    """thread id -> (name, CPU seconds, times it went to sleep of its own)"""
    found = {}
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/schedstat", encoding="utf-8") as file:
            cpu = int(file.read().split()[0]) / 1e9
        with open(f"/proc/{pid}/task/{task}/status", encoding="utf-8") as file:
            fields = dict(line.split(":", 1) for line in file)
        found[task] = (fields["Name"].strip(), cpu, int(fields["voluntary_ctxt_switches"]))
    return found


def memory(pid):
    """MB of 1000 KiB."""
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        fields = dict(line.split(":", 1) for line in file)
    return {name: int(fields[name].split()[0]) / 1000 for name in ("RssAnon", "VmRSS", "VmHWM")}


def spent(before, after, seconds):
    """Per thread: name, CPU share and sleeps a second."""
    rows = []
    for task, (name, cpu, sleeps) in after.items():
        _, cpu_before, sleeps_before = before.get(task, (name, 0.0, 0))
        rows.append({"name": name, "cpu": (cpu - cpu_before) / seconds, "sleeps": (sleeps - sleeps_before) / seconds})
    return sorted(rows, key=lambda row: -row["cpu"])


def settle(program, checker, wanted, seconds):
    """Waits until every device has been heard of, for a peer at most the time: it may never manage."""
    end = time.monotonic() + seconds
    while checker.ask("report")["devices"] < wanted and time.monotonic() < end:
        if not program.program.is_alive():
            raise AssertionError(f"{program.program.name} ended:\n{program.program.log()[-2000:]}")
        time.sleep(0.2)


def machine_time():
    """Seconds of all processors: busy, and stolen by other guests of the host."""
    with open("/proc/stat", encoding="utf-8") as file:
        fields = [int(field) / os.sysconf("SC_CLK_TCK") for field in file.readline().split()[1:]]
    return sum(fields) - fields[3] - fields[4], fields[7]


def cpu_of(pids):
    return {name: sum(cpu for _, cpu, _ in tasks(pid).values()) for name, pid in pids.items()}


def measure(program, checker, world, shape, options):
    """Figures of one run; program has just been started."""
    settle(program, checker, shape.living, options.settle)
    time.sleep(max(options.warm_up, shape.warm_up))
    pids = {name: helper.process.pid for name, helper in world.helpers().items()} | {"subscriber": checker.process.pid}
    world.simulator.control(f"arrivals {shape.period_ms}")
    if shape.kind == "count":
        program.count(True)
    checker.ask("begin")
    start, before, others_before, machine_before = time.monotonic(), tasks(program.pid), cpu_of(pids), machine_time()
    time.sleep(options.seconds)
    seconds, after, others_after = time.monotonic() - start, tasks(program.pid), cpu_of(pids)
    busy, stolen = (new - old for new, old in zip(machine_time(), machine_before))
    figures = checker.ask("report")
    if shape.kind == "count":
        program.count(False)
    arrivals = world.simulator.control("arrivals")
    if not program.program.is_alive():
        raise AssertionError(f"{program.program.name} ended:\n{program.program.log()[-2000:]}")
    threads = spent(before, after, seconds)
    share = sum(row["cpu"] for row in threads)
    others = {name: (others_after[name] - others_before[name]) / seconds for name in pids}
    others["all else"] = max(0.0, busy / seconds - share - sum(others.values()))
    others["stolen"] = stolen / seconds
    requests = max(arrivals["requests"], 1)
    return {
        **figures, **memory(program.pid), "wanted": shape.living, "threads": threads, "arrivals": arrivals, "others": others,
        "cpu_share": share, "cpu_us_value": share * seconds / max(figures["values"], 1) * 1e6,
        "cpu_us_request": share * seconds / requests * 1e6, "sim_us_request": others["simulator"] * seconds / requests * 1e6,
        "delivered": figures["values"] / (shape.living * shape.points * 1000 / shape.period_ms * figures["seconds"]),
    }


def judge(figures, shape):
    """What is wrong with the run, empty when it is right: only such a run has a CPU figure. A serial line is asked for
    more than it can carry, so it is no fault when it misses some."""
    faults = [f"{figures[name]} {name.replace('_', ' ')}" for name in FAULTS
              if figures[name] > 0 and not (name in LATE and shape.is_serial)]
    if figures["devices"] < figures["wanted"]:
        faults.append(f"{figures['wanted'] - figures['devices']} devices not heard of")
    return ", ".join(faults)
