# SPDX-License-Identifier: Apache-2.0
"""Life after disturbance, on real programs: wire, broker, database, disk, clock, restarts and commands do what they like for 5
to 15 s, one alone or two at once. A minute after the end at the latest all that lives is read, all that was committed has
been sent, once and in order, and all words are true; and neither meanwhile nor afterwards was there a storm of connects, of
work or of words.

LINGTAN_SEEDS sets how many seeds (10), LINGTAN_SEED the first one (1), LINGTAN_TOGETHER how many at the same time (4).
LINGTAN_SEED=17 LINGTAN_SEEDS=1 plays seed 17 alone; --one 17 "bus noise" "disk full" plays these two for 15 s."""

import collections
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

import disturbances
import lingtan
import world as worlds

SEEDS = int(os.environ.get("LINGTAN_SEEDS", "10"))
FIRST_SEED = int(os.environ.get("LINGTAN_SEED", "1"))
TOGETHER = int(os.environ.get("LINGTAN_TOGETHER", "4"))
CALM_S = 4
RECOVERY_S = 60
ONLINE_MAX_S = 8    # a device without a good reading for longer is not called online
CONNECTS_PER_S = 1.0
CONNECTS_FREE = 6
SINK_CONNECTS_PER_S = 0.25  # its pauses grow
SINK_CONNECTS_FREE = 5
WORDS_PER_S = 2.0
WORDS_FREE = 80
CPU_MAX = 0.35      # of a core, in a debug build
SPEECHLESS = ("stalls", "closes", "hangs_up", "is_taken", "refuses")


class Script:
    """What happens in a seed: (begin, end, kind) in seconds from the end of the calm. With kinds it is these, all the time."""

    def __init__(self, seed, *kinds):
        if kinds:
            self.seed = seed
            self.acts = [(0.0, max([15, *(disturbances.KINDS[kind].least_s for kind in kinds)]), kind) for kind in kinds]
            return
        chance = random.Random(seed)
        kinds = list(disturbances.KINDS)
        random.Random(0).shuffle(kinds)
        self.seed = seed
        first = kinds[seed % len(kinds)]
        lasts_s = max(chance.uniform(5, 15), disturbances.KINDS[first].least_s)
        self.acts = [(0.0, lasts_s, first)]
        occupied = set(disturbances.KINDS[first].occupies)
        others = [kind for kind in kinds if not occupied & set(disturbances.KINDS[kind].occupies)]
        if chance.random() < 0.7:
            second = chance.choice(others)
            begin = chance.uniform(0, lasts_s / 2)
            end = max(chance.uniform(begin + 2, lasts_s), begin + disturbances.KINDS[second].least_s)
            self.acts.append((begin, end, second))

    def kinds(self):
        return [kind for _, _, kind in self.acts]

    def __str__(self):
        return f"seed {self.seed}: " + ", ".join(f"{kind} {begin:.1f}-{end:.1f} s" for begin, end, kind in self.acts)


class Seed:
    """Plays a script against a world and judges it. faults is what was found."""

    def __init__(self, script, folder):
        self.script = script
        self.world = worlds.World(folder, script.seed)
        self.faults = []
        self.back_s = None

    def fault(self, text):
        if text not in self.faults:
            self.faults.append(text)

    # --- the course of events ---

    def play(self):
        try:
            lingtan.wait_until(lambda: self.trouble() is None, RECOVERY_S, "the beginning")
            time.sleep(CALM_S)
            self.begin = time.monotonic()
            self.cpu_at_begin_s = self.world.cpu_s()
            self.settled = self.sent_by_now()
            self.disturb()
            self.await_recovery()
            self.check_rest()
        except AssertionError as error:
            self.fault(str(error))
        finally:
            self.log = self.world.daemon.program.log()
            self.world.finish()

    def disturb(self):
        steps = []
        for begin, end, kind in self.script.acts:
            steps += [(begin, disturbances.KINDS[kind].begin), (end, disturbances.KINDS[kind].end)]
        for due_s, act in sorted(steps, key=lambda step: step[0]):
            while time.monotonic() < self.begin + due_s:
                self.watch()
                time.sleep(0.3)
            act(self.world)
        self.end = time.monotonic()

    def await_recovery(self):
        self.world.start_daemon()
        while (what := self.trouble()) is not None:
            self.watch()
            if time.monotonic() > self.end + RECOVERY_S + self.world.sleeper.allowance_s():
                raise AssertionError(f"not within {RECOVERY_S} s after the end: {what}")
            time.sleep(0.3)
        self.back_s = time.monotonic() - self.end

    # --- words, each moment ---

    def watch(self):
        answer = self.world.get("/api/v1/devices")
        if answer is None:
            return
        living = self.world.living()
        quiet_s = ONLINE_MAX_S + self.world.sleeper.allowance_s()
        for device in answer["devices"]:
            is_online = device["health"] == "online"
            if device["id"] not in living:
                if is_online:
                    self.fault(f"{device['id']} is dead and called online")
                continue
            name, unit = living[device["id"]]
            line = self.world.field.lines[name]
            age_s = time.monotonic() - (line.served[unit] or [0])[-1]
            if is_online and line.mode in SPEECHLESS and age_s > quiet_s:
                self.fault(f"{device['id']} is called online {age_s:.0f} s after its last reading")

    def trouble(self):
        """What is not as it should be in quiet times; None = all is well."""
        devices = self.world.get("/api/v1/devices")
        live = self.world.get("/api/v1/live")
        if devices is None or live is None:
            return "no answer over HTTP"
        for device in devices["devices"]:
            wanted = "online" if device["id"] in self.world.living() else "offline"
            if device["health"] != wanted:
                return f"{device['id']} is {device['health']}, not {wanted}"
        for row in live["devices"]:
            ages_ms = list(row["age_ms"].values())
            if row["device"] in self.world.living() and (row.get("quality") or len(ages_ms) < 2 or max(ages_ms) > 3000):
                return f"{row['device']} is not read: {row}"
        return self.trouble_of_parts()

    def trouble_of_parts(self):
        lines, status = self.world.get("/api/v1/lines"), self.world.get("/api/v1/status")
        if lines is None or status is None:
            return "no answer over HTTP"
        for line in lines["lines"]:
            if line["state"] != "up":
                return f"line {line['id']} is {line['state']}: {line['last_error']}"
        for sink in status["sinks"]:
            if sink["state"] != "up" or sink["backlog"] > 40 or sink["reason"]:
                return f"{sink['name']} is {sink['state']}, {sink['backlog']} behind: {sink['reason']}"
        if not status["ready"] or status["alarms"]:
            return f"ready {status['ready']}, alarms {status['alarms']}"
        return None

    # --- afterwards ---

    def sent_by_now(self):
        """(device, seq) that was sent long enough ago to be behind every cursor, on disk."""
        sent = self.world.telemetry()
        newest = max((payload["ts"] for _, payload in sent), default=0)
        return {(device, payload["seq"]) for device, payload in sent if payload["ts"] < newest - 3000}

    def check_rest(self):
        self.check_words()
        time.sleep(1.5)
        history = {device: self.history(device) for device in self.world.living()}
        lingtan.wait_until(lambda: self.trouble_of_parts() is None, 20, "the sinks")
        time.sleep(2.5)
        self.check_storm()
        telemetry = self.world.telemetry()
        self.check_values(history)
        self.check_order(telemetry)
        self.check_sent(history, telemetry)
        self.check_untouched(history)
        if self.world.daemon.stop(40) != 0:
            self.fault("did not end well when asked")

    def history(self, device):
        answer = self.world.daemon.get(f"/api/v1/history?device={device}&point=active_power&from=0&limit=100000")
        return answer["readings"]

    @staticmethod
    def number(value):
        return round(value * 1000)

    def check_values(self, history):
        """Every value of the journal is one that the unit sent, and none is there twice."""
        for device, rows in history.items():
            name, unit = self.world.living()[device]
            served = len(self.world.field.lines[name].served[unit])
            numbers = collections.Counter(self.number(value) for _, value, quality in rows if quality == "ok")
            wrong = [number for number, times in numbers.items() if times > 1 or not 1 <= number <= served]
            if wrong:
                self.fault(f"{device}: values that were not sent, or twice in the journal: {wrong[:10]}")

    def check_order(self, telemetry):
        """A number is never used for two batches, nothing that was behind the cursor comes again, and what is new comes in
        order; only what a hanging disk held back may come behind what is newer."""
        bodies, last, since_calm = {}, {}, len(self.settled)
        for device, payload in telemetry:
            if "seq" not in payload:
                continue
            key, body = (device, payload["seq"]), str(sorted(payload["values"].items())) + str(payload["ts"])
            if key not in bodies:
                if payload["seq"] < last.get(device, 0) and "disk" not in " ".join(self.script.kinds()):
                    self.fault(f"{device}: seq {payload['seq']} for the first time behind {last[device]}")
                bodies[key] = body
            elif bodies[key] != body:
                self.fault(f"{device}: seq {payload['seq']} is two batches")
            elif key in self.settled and self.is_behind_calm(device, last):
                since_calm += 1
                self.fault(f"{device}: seq {payload['seq']}, delivered long before, came again")
            last[device] = max(last.get(device, 0), payload["seq"])

    def is_behind_calm(self, device, last):
        return last.get(device, 0) > max(seq for name, seq in self.settled if name == device)

    def check_sent(self, history, telemetry):
        on_mqtt = collections.defaultdict(set)
        for device, payload in telemetry:
            value = payload["values"].get("active_power")
            on_mqtt[device].add((payload["ts"], None if value is None else self.number(value)))
        for device, rows in history.items():
            missing = [time_us for time_us, value, quality in rows
                       if (time_us // 1000, self.number(value) if quality == "ok" else None) not in on_mqtt[device]]
            if missing:
                self.fault(f"{device}: {len(missing)} of {len(rows)} committed readings never on MQTT, {self.ages(missing)}")
            missing = [time_us for time_us, _, quality in rows
                       if quality == "ok" and (device, time_us) not in self.world.database.written]
            if missing:
                self.fault(f"{device}: {len(missing)} of {len(rows)} committed readings never written, {self.ages(missing)}")

    def ages(self, times_us):
        now = time.time()
        return f"{now - min(times_us) / 1e6:.1f} to {now - max(times_us) / 1e6:.1f} s ago"

    def check_untouched(self, history):
        """The lines that nobody touched were read all the time."""
        occupied = {part for kind in self.script.kinds() for part in disturbances.KINDS[kind].occupies}
        if occupied & {"daemon", "disk", "clock"}:
            return
        allowance_s = self.world.sleeper.allowance_s()
        for device, rows in history.items():
            if self.world.living()[device][0] in occupied:
                continue
            times = [time_us / 1e6 for time_us, _, quality in rows if quality == "ok"]
            longest = max(late - early for early, late in zip(times, times[1:]))
            share = (len(times) - 1) * worlds.PERIOD_MS / 1000 / (times[-1] - times[0])
            if longest > 4 * worlds.PERIOD_MS / 1000 + allowance_s or share < (0.95 if allowance_s < 0.1 else 0.8):
                self.fault(f"{device}, which nobody touched: {share:.2f} of its readings, none for {longest:.1f} s")

    def check_storm(self):
        lasted_s = time.monotonic() - self.begin
        self.came = {name: sum(1 for when in times if when >= self.begin)
                     for name, times in self.world.connects().items()}
        for name, count in self.came.items():
            is_sink = name in ("mqtt", "influx")
            limit = SINK_CONNECTS_FREE + SINK_CONNECTS_PER_S * (self.end - self.begin) if is_sink else \
                CONNECTS_FREE + CONNECTS_PER_S * lasted_s
            if count > limit + 4 * any(kind.startswith("daemon") for kind in self.script.kinds()):
                self.fault(f"{name}: {count} connects in {lasted_s:.0f} s")
        words = self.world.daemon.program.log().count("\n")
        if words > WORDS_FREE + WORDS_PER_S * lasted_s:
            self.fault(f"{words} lines in the log within {lasted_s:.0f} s")
        share = (self.world.cpu_s() - self.cpu_at_begin_s) / lasted_s
        self.share = share
        if share > CPU_MAX * (4 if is_sanitized() else 1):
            self.fault(f"{share:.2f} of a core for 14 polls a second")

    def check_words(self):
        """What a person sees."""
        for verb in ("devices", "lines", "sinks", "status"):
            done = self.world.daemon.cli(verb, check=False)
            if done.returncode != 0:
                self.fault(f"lingtan {verb}: {done.returncode}: {done.stderr}{done.stdout}")
            elif verb == "devices":
                for device in (*self.world.living(), *self.world.dead()):
                    word = "online" if device in self.world.living() else "offline"
                    if not re.search(rf"^{word}\s+{device}\b", done.stdout, re.MULTILINE | re.IGNORECASE):
                        self.fault(f"lingtan devices does not say that {device} is {word}:\n{done.stdout}")


def is_sanitized():
    with open(os.path.join(lingtan.BUILD, "CMakeCache.txt"), encoding="utf-8") as cache:
        return re.search(r"^LINGTAN_SANITIZE\S*=.+", cache.read(), re.MULTILINE) is not None


def play_one(seed, *kinds):
    """In a process of its own: prints what happened; the exit code says whether it was well."""
    script = Script(seed, *kinds)
    folder = tempfile.mkdtemp(prefix="lingtan-adversary.")
    os.chmod(folder, 0o755)
    try:
        one = Seed(script, folder)
        one.play()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if one.faults:
        print(f"FAILED {script}\n  " + "\n  ".join(one.faults) + f"\nthe daemon said:\n{one.log[-6000:]}")
        return 1
    print(f"{script}: back after {one.back_s:.1f} s, {one.share:.3f} of a core, connects {one.came}")
    return 0


class Adversary(unittest.TestCase):
    def test_seeds(self):
        waiting = list(range(FIRST_SEED, FIRST_SEED + SEEDS))
        running, failed = {}, []
        try:
            while waiting or running:
                while waiting and len(running) < TOGETHER:
                    seed = waiting.pop(0)
                    said = tempfile.TemporaryFile("w+", encoding="utf-8")  # closed when it was printed
                    running[seed] = (said, subprocess.Popen([sys.executable, __file__, "--one", str(seed)], stdout=said,
                                                            stderr=subprocess.STDOUT))
                    time.sleep(0.5)
                for seed, (said, process) in list(running.items()):
                    if process.poll() is not None:
                        said.seek(0)
                        print(said.read().strip(), flush=True)
                        said.close()
                        failed += [seed] if process.returncode else []
                        del running[seed]
                time.sleep(0.1)
        finally:
            for _, process in running.values():
                process.terminate()
        self.assertEqual(failed, [], f"of {SEEDS} seeds; LINGTAN_SEED=N LINGTAN_SEEDS=1 plays one again")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        sys.exit(play_one(int(sys.argv[2]), *sys.argv[3:]))
    lingtan.main()
