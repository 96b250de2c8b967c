# SPDX-License-Identifier: Apache-2.0
"""The configuration is read again while lingtand runs: what is unchanged goes on as if nothing had happened, what is new
begins, what is gone ends, and with a fault nothing changes."""

import copy
import json
import os
import random
import re
import shutil
import signal
import socket
import threading
import time
import unittest

import lingtan

PERIOD_S = 0.5


class Reload(lingtan.ProgramTest):
    """Lines near, far, spare of the simulator have units 1 to 4; the daemon's site says which of them it reads."""

    UNITS = (1, 2, 3, 4)

    def setUp(self):
        super().setUp()
        lines = ", ".join(
            f'{{ id = "{line}"; transport = "tcp"; host = "127.0.0.1"; port = {1500 + i}; devices = ( '
            + ", ".join(f'{{ id = "{line}{unit}"; profile = "chint-dtsu666"; unit = {unit}; }}' for unit in self.UNITS)
            + " ); }" for i, line in enumerate(("near", "far", "spare")))
        self.simulator = self.keep(lingtan.Simulator(self.folder, self.write("all.conf", f'id = "all"; lines = ( {lines} );')))
        with open(self.simulator.site_path, encoding="utf-8") as file:
            ports = re.findall(r'id = "(near|far|spare)";.*?port = (\d+);', file.read(), re.S)
        self.ports = {line: int(port) for line, port in ports}
        self.devices = os.path.join(self.folder, "devices")
        os.mkdir(self.devices)
        shutil.copy(os.path.join(lingtan.DEVICES, "chint-dtsu666.conf"), self.devices)
        shutil.copy(os.path.join(self.devices, "chint-dtsu666.conf"), os.path.join(self.devices, "other.conf"))
        self.site = {"near": {"port": self.ports["near"], "units": {"n1": 1, "n2": 2}},
                     "far": {"port": self.ports["far"], "units": {"f1": 1, "f2": 2}}}
        self.daemon = None

    def text(self, site, extra=""):
        lines = []
        for line, row in site.items():
            profile = row.get("profile", "chint-dtsu666")
            devices = ", ".join(f'{{ id = "{device}"; profile = "{profile}"; unit = {unit}; {row.get("more", "")} }}'
                                for device, unit in row["units"].items())
            lines.append(f'{{ id = "{line}"; transport = "tcp"; host = "127.0.0.1"; port = {row["port"]}; '
                         f'response_timeout_ms = {row.get("timeout", 300)}; devices = ( {devices} ); }}')
        return f'id = "reload"; fast_ms = {int(PERIOD_S * 1000)}; {extra} lines = ( {", ".join(lines)} );'

    def put(self, site, extra=""):
        """As an editor does: the daemon never sees half a file."""
        self.write("now.conf.new", self.text(site, extra))
        os.replace(os.path.join(self.folder, "now.conf.new"), os.path.join(self.folder, "now.conf"))

    def start(self, **options):
        self.put(self.site)
        self.daemon = self.keep(lingtan.Daemon(self.folder, os.path.join(self.folder, "now.conf"), devices=self.devices,
                                               **options))
        self.await_online("n1", "n2", "f1", "f2")

    def rows(self):
        return {row["id"]: row for row in self.daemon.get("/api/v1/devices")["devices"]}

    def lines(self):
        return {row["id"]: row for row in self.daemon.get("/api/v1/lines")["lines"]}

    def await_online(self, *devices):
        def are_online():
            rows = self.rows()
            return all(device in rows and rows[device]["health"] == "online" for device in devices)
        lingtan.wait_until(are_online, 20, f"{devices} online")

    def reload(self, *arguments):
        return json.loads(self.daemon.cli("reload", "--json", *arguments).stdout)

    @staticmethod
    def changes(report):
        return sorted((row["change"], row["what"], row["id"]) for row in report["changes"])

    def test_devices_come_and_go(self):
        self.start()
        before = self.rows()
        later = copy.deepcopy(self.site)
        del later["near"]["units"]["n2"]
        later["near"]["units"]["n3"] = 3
        later["spare"] = {"port": self.ports["spare"], "units": {"s1": 1}}
        self.put(later)
        expected = [("added", "device", "n3"), ("added", "device", "s1"), ("added", "line", "spare"),
                    ("changed", "line", "near"), ("removed", "device", "n2")]
        dry = self.reload("--dry-run")
        self.assertEqual(self.changes(dry), expected)
        self.assertFalse(dry["applied"])
        self.assertEqual(sorted(self.rows()), ["f1", "f2", "n1", "n2"])
        done = self.reload()
        self.assertEqual(self.changes(done), expected)
        self.assertTrue(done["applied"])
        self.assertEqual((done["unchanged_lines"], done["unchanged_devices"]), (1, 3))
        self.await_online("n1", "n3", "f1", "f2", "s1")
        self.assertEqual([row["id"] for row in self.daemon.get("/api/v1/devices")["devices"]], ["n1", "n3", "f1", "f2", "s1"])
        for device in ("n1", "f1", "f2"):
            lingtan.wait_until(lambda name=device: self.rows()[name]["polls"] > before[name]["polls"], 10, f"polls of {device}")
        self.assertEqual(self.changes(self.reload()), [], "a reload of the same changes nothing")
        del later["spare"]
        self.put(later)
        self.reload()
        self.assertEqual(sorted(self.lines()), ["far", "near"])
        self.assertEqual(self.daemon.stop(), 0)

    def test_a_profile_changes(self):
        self.site["far"]["profile"] = "other"
        self.start()
        path = os.path.join(self.devices, "other.conf")
        with open(path, encoding="utf-8") as file:
            text = file.read()
        changed = text.replace('quantity = "active_power"; function = 3; address = 0x2012; type = "f32"; scale = 0.1;',
                               'quantity = "active_power"; function = 3; address = 0x2012; type = "f32"; scale = 100;')
        self.assertNotEqual(text, changed)
        before = self.live("f1", "active_power")
        requests = self.lines()["far"]["requests"]
        with open(path, "w", encoding="utf-8") as file:
            file.write(changed)
        report = self.reload()
        self.assertEqual(self.changes(report), [("changed", "device", "f1"), ("changed", "device", "f2"), ("changed", "line", "far")])
        why = next(row["why"] for row in report["changes"] if row["id"] == "f1")
        self.assertEqual(why, "profile other: points[0].scale 0.1 -> 100.0")
        lingtan.wait_until(lambda: self.live("f1", "active_power") > 100 * before, 10, "the new scale")
        self.assertGreaterEqual(self.lines()["far"]["requests"], requests, "counters survive")

    def live(self, device, point):
        """0 while there is none."""
        values = self.daemon.get(f"/api/v1/devices/{device}")["points"]
        row = next(row for row in values if row["name"] == point)
        return abs(row.get("value") or 0)

    def test_a_line_leads_elsewhere(self):
        self.start()
        self.site["near"]["port"] = self.ports["spare"]
        self.put(self.site)
        report = self.reload()
        self.assertEqual(self.changes(report), [("changed", "line", "near")])
        self.assertEqual(report["changes"][0]["why"], f"port {self.ports['near']} -> {self.ports['spare']}")
        self.assertIn(str(self.ports["spare"]), self.lines()["near"]["endpoint"])
        polls = self.rows()["n1"]["polls"]
        lingtan.wait_until(lambda: self.rows()["n1"]["polls"] > polls + 2, 10, "polls at the new port")
        self.await_online("n1", "n2")

    def test_faults_change_nothing(self):
        self.start()
        with open(os.path.join(self.devices, "other.conf"), "a", encoding="utf-8") as file:
            file.write("colour = 3;\n")
        later = copy.deepcopy(self.site)
        later["near"]["units"] = {"n1": 1, "n5": 999}
        later["far"]["profile"] = "chint-dtsu66"
        self.put(later)
        for arguments in (["reload"], ["reload", "--dry-run"]):
            done = self.daemon.cli(*arguments, check=False)
            self.assertEqual(done.returncode, 1)
            self.assertEqual(done.stdout, "")
            for fault in ("colour", "n5.unit: is 999", "n5.unit: is 1, as n1 has it", 'f1.profile: is "chint-dtsu66"', 'f2.profile: is "chint-dtsu66"'):
                self.assertIn(fault, done.stderr)
            self.assertIn("5 faults in the configuration: nothing was changed", done.stderr)
        lingtan.wait_until(lambda: "5 faults in the configuration" in self.daemon.program.log(), 5, "the log")
        for fault in ("colour", "n5.unit: is 999", "f1.profile", "f2.profile"):
            self.assertIn(fault, self.daemon.program.log())
        self.assertEqual(sorted(self.rows()), ["f1", "f2", "n1", "n2"])
        polls = self.rows()["n2"]["polls"]
        lingtan.wait_until(lambda: self.rows()["n2"]["polls"] > polls + 2, 10, "polls go on")

    def test_keys_that_need_a_restart(self):
        self.start()
        with open(self.daemon.config, "a", encoding="utf-8") as file:
            file.write('acquisition: { slot_ms = 20; };\nmqtt: { port = 1999; };\nlog_level = "debug";\n')
        self.put(self.site, extra='language = "zh";')
        report = self.reload()
        self.assertEqual(sorted(report["needs_restart"]), ["acquisition.slot_ms", "language", "mqtt.port"])
        self.assertEqual(report["changes"], [])
        lingtan.wait_until(lambda: "needs a restart: mqtt.port" in self.daemon.program.log(), 5, "the word in the log")

    def test_hang_up_and_systemd(self):
        path = os.path.join(self.folder, "notify.sock")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.bind(path)
            notify.settimeout(20)
            self.start(environment={"NOTIFY_SOCKET": path})
            self.assertIn("READY=1", notify.recv(4096).decode())
            self.site["near"]["units"]["n4"] = 4
            self.put(self.site)
            os.kill(self.daemon.program.process.pid, signal.SIGHUP)
            words = notify.recv(4096).decode().split("\n")
            self.assertEqual(words[0], "RELOADING=1")
            self.assertRegex(words[1], r"^MONOTONIC_USEC=\d+$")
            self.assertEqual(notify.recv(4096).decode(), "READY=1")
            self.await_online("n4")

    def test_during_an_outage(self):
        """The broker is away and a device is silent: both go on from where they were."""
        mosquitto = self.keep(lingtan.Mosquitto(self.folder))
        self.start(mqtt_port=mosquitto.port)
        subscriber = self.keep(lingtan.Subscriber(mosquitto))
        lingtan.wait_until(lambda: subscriber.of("telemetry"), 20, "telemetry")
        self.assertNotIn("error", self.simulator.control("fault far2 silent"))
        lingtan.wait_until(lambda: self.rows()["f2"]["health"] == "offline", 20, "f2 offline")
        mosquitto.stop()
        subscriber.stop()
        time.sleep(3)
        silent = self.rows()["f2"]
        later = copy.deepcopy(self.site)
        later["far"]["units"]["f3"] = 3
        del later["near"]["units"]["n2"]
        self.put(later)
        self.assertTrue(self.reload()["applied"])
        row = self.rows()["f2"]
        self.assertEqual(row["health"], "offline")
        self.assertGreaterEqual(row["failed_polls"], silent["failed_polls"])
        self.assertGreaterEqual(row["errors"]["timeouts"], silent["errors"]["timeouts"])
        self.await_online("f3")
        mosquitto.start()
        again = self.keep(lingtan.Subscriber(mosquitto))
        lingtan.wait_until(lambda: any(device == "f3" for _, device, _ in again.of("telemetry")), 30, "telemetry of f3")
        self.assertNotIn("error", self.simulator.control("fault far2 off"))
        self.await_online("n1", "f1", "f2", "f3")
        later["near"]["units"] = {"n4": 4}
        self.put(later)
        self.reload()
        lingtan.wait_until(lambda: any(topic.endswith("/n1/state") and payload == b""
                                       for _, _, topic, payload in again.messages), 20, "the empty state of n1")

    def test_a_command_of_a_device_that_goes(self):
        self.site["far"]["timeout"] = 5000
        self.start()
        self.assertNotIn("error", self.simulator.control("line far silent"))
        time.sleep(2 * PERIOD_S)  # a poll waits for its reply from now on, and the commands behind it
        answers = []

        def ask():
            answers.append(self.daemon.cli("read", "far", "2", "0x2012", "2", check=False).stderr)
        askers = [threading.Thread(target=ask) for _ in range(4)]
        for asker in askers:
            asker.start()
        time.sleep(1)
        del self.site["far"]
        self.put(self.site)
        self.reload()
        for asker in askers:
            asker.join()
        self.assertTrue(any("was removed by a reload" in answer for answer in answers), answers)

    def test_a_reload_while_stopping(self):
        """It ends in either order, with words for people; the next start has the new site."""
        self.start()
        self.site["near"]["units"] = {"n3": 3}
        self.put(self.site)
        for _ in range(3):
            os.kill(self.daemon.program.process.pid, signal.SIGHUP)
            self.assertEqual(self.daemon.stop(), 0)
            self.assertNotIn("transport endpoint", self.daemon.program.log())
            self.daemon.start()
        self.await_online("n3", "f1")
        self.assertNotIn("n1", self.rows())

    def test_a_device_that_comes_back(self):
        """What MQTT kept of it is gone meanwhile, although batches of it still waited; its numbers go on rising."""
        mosquitto = self.keep(lingtan.Mosquitto(self.folder))
        self.start(mqtt_port=mosquitto.port)
        subscriber = self.keep(lingtan.Subscriber(mosquitto))
        lingtan.wait_until(lambda: any(device == "n2" for _, device, _ in subscriber.of("telemetry")), 20, "telemetry")
        later = copy.deepcopy(self.site)
        del later["near"]["units"]["n2"]
        for _ in range(5):
            self.put(later)
            self.reload()
            time.sleep(PERIOD_S)
            kept = self.keep(lingtan.Subscriber(mosquitto, "lingtan/+/+/state"))
            lingtan.wait_until(lambda seen=kept: any("/n1/" in topic for _, _, topic, _ in list(seen.messages)), 10, "n1")
            self.assertFalse([topic for _, is_kept, topic, payload in list(kept.messages)
                              if is_kept and payload and "/n2/" in topic])
            self.put(self.site)
            self.reload()
            self.await_online("n2")
        numbers = [payload["seq"] for _, device, payload in subscriber.of("telemetry") if device == "n2"]
        self.assertEqual(numbers, sorted(set(numbers)))

    def test_fifty_reloads_under_polling(self):
        mosquitto = self.keep(lingtan.Mosquitto(self.folder))
        self.start(mqtt_port=mosquitto.port)
        subscriber = self.keep(lingtan.Subscriber(mosquitto, retained=False))
        sleeper = self.keep(lingtan.Sleeper(self.folder))
        chance = random.Random(8)
        before = self.rows()["f1"]
        began = time.monotonic()
        for _ in range(50):
            later = {"far": copy.deepcopy(self.site["far"])}  # this one stays as it is
            for line in chance.sample(["near", "spare"], chance.randrange(3)):
                units = {f"{line}-{unit}": unit for unit in chance.sample(self.UNITS, chance.randrange(1, 5))}
                later[line] = {"port": self.ports[chance.choice(["near", "spare"])] if len(later) == 1 else self.ports[line],
                               "units": units, "more": chance.choice(["", "ct_ratio = 2;", "slow_ms = 30000;"])}
            if len({row["port"] for row in later.values()}) < len(later):
                continue
            self.put(later)
            if chance.random() < 0.5:
                self.assertTrue(self.reload()["applied"])
            else:
                os.kill(self.daemon.program.process.pid, signal.SIGHUP)
            time.sleep(chance.random() * 0.3)
        self.put(self.site)
        lingtan.wait_until(lambda: self.daemon.cli("reload", check=False).returncode == 0, 20, "the last reload")
        self.await_online("n1", "n2", "f1", "f2")
        took = time.monotonic() - began
        after = self.rows()["f1"]
        missed = sleeper.missed(PERIOD_S)
        self.assertGreaterEqual(after["polls"] - before["polls"], int(took / PERIOD_S) - 2 - missed, "polls of the other line")
        self.assertEqual(after["errors"]["timeouts"], before["errors"]["timeouts"])
        numbers = {}
        for _, device, payload in subscriber.of("telemetry"):
            self.assertGreater(payload["seq"], numbers.get(device, 0), device)
            numbers[device] = payload["seq"]
        stamps = [payload["ts"] for _, device, payload in subscriber.of("telemetry") if device == "f1"]
        self.assertGreater(len(stamps), 10)
        self.assertEqual(self.daemon.stop(), 0)


if __name__ == "__main__":
    lingtan.main()
