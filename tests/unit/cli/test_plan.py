# SPDX-License-Identifier: Apache-2.0
"""lingtan plan, without a daemon: the reference compound, and lines that were promised too much."""

import json
import os
import re
import subprocess
import unittest

import lingtan

REFERENCE = os.path.join(lingtan.SOURCE, "conf", "sites", "xingzheng.conf")


def serial_site(meters, baud=9600, more=""):
    devices = ",\n".join(
        f'{{ id = "m{i}"; profile = "chint-dtsu666"; node = "b1"; unit = {i}; {more} }}' for i in range(1, meters + 1))
    return (f'id = "s"; name = "S"; fast_ms = 1000; nodes = ( {{ id = "b1"; name = "1"; }} ); lines = ( {{ id = "wire";\n'
            f'transport = "rtu"; path = "/dev/ttyS9"; baud = {baud}; devices = (\n{devices} ); }} );\n')


class Plan(lingtan.ProgramTest):
    def plan(self, site, *arguments, code=0):
        config = self.write("lingtan.conf", f'site = "{site}";\ndevices = "{lingtan.DEVICES}";\n'
                                            'log_level = "info";\nhttp: { port = 8099; };\nmqtt: { enabled = true; };\n')
        return self.run_plan("--config", config, *arguments, code=code)

    def run_plan(self, *arguments, code=0):
        done = subprocess.run([lingtan.LINGTAN, "plan", *arguments], capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, code, done.stderr)
        return done

    def line(self, site, name, *arguments):
        lines = json.loads(self.plan(site, name, "--json", *arguments).stdout)["lines"]
        self.assertEqual(len(lines), 1)
        return lines[0]

    def test_reference_compound(self):
        root = json.loads(self.plan(REFERENCE, "--json").stdout)
        self.assertEqual((root["site"], root["turnaround_ms"], root["round_trip_ms"]), ("xingzheng", 20, 5))
        lines = {line["id"]: line for line in root["lines"]}
        self.assertEqual([line["id"] for line in root["lines"] if line["warnings"]], [])
        self.assertTrue(0.1 < lines["rs485-east"]["load"] < 0.4, lines["rs485-east"]["load"])
        self.assertTrue(0.01 < lines["rs485-hvac"]["load"] < 0.2, lines["rs485-hvac"]["load"])
        for line in lines.values():
            requests = [request for device in line["devices"] for request in device["requests"]]
            self.assertAlmostEqual(line["load"], sum(r["time_ms"] / r["period_ms"] for r in requests), places=4)
            self.assertAlmostEqual(line["sweep_ms"], sum(r["time_ms"] for r in requests if r["class"] != "once"), places=1)

    def test_times_on_the_wire(self):
        character = 10 / 9.6
        for request in self.line(REFERENCE, "m-b5")["devices"][0]["requests"]:
            expected = (13 + 2 * request["count"]) * character + 2 * 3.5 * character + 20
            self.assertAlmostEqual(request["time_ms"], expected, places=2)
        slower = self.line(REFERENCE, "m-b5", "--turnaround", "50")["devices"][0]["requests"][0]
        quicker = self.line(REFERENCE, "m-b5", "--turnaround", "0")["devices"][0]["requests"][0]
        self.assertAlmostEqual(slower["time_ms"] - quicker["time_ms"], 50, places=2)

    def test_table(self):
        text = self.plan(REFERENCE).stdout
        self.assertRegex(text, r"(?m)^line rs485-east: rtu 9600 8N1, devices 8, load \d+ %, everything read once takes \d\.\d\d s$")
        self.assertRegex(text, r"(?m)^m-b5 +fast +5 s +11 +3 +8210 +16 +8 +74\.2 ms +1\.5 %$")
        self.assertRegex(text, r"(?m)^inv-01 +fast +1 s +1 +3 +32064 +20 +3 +55\.0 ms ")
        self.assertTrue(text.endswith("Warnings: 0\n"))
        self.assertNotIn("\x1b", text)

    def test_one_line_or_device(self):
        line = self.plan(REFERENCE, "rs485-hvac").stdout
        self.assertEqual(re.findall(r"(?m)^line (\S+):", line), ["rs485-hvac"])
        self.assertIn("ac-b5-208", line)
        device = self.plan(REFERENCE, "m-b6").stdout
        self.assertEqual(re.findall(r"(?m)^line (\S+):", device), ["rs485-east"])
        self.assertIn("devices 8, ", device)
        self.assertEqual(set(re.findall(r"(?m)^([a-z0-9-]+) +(?:fast|normal|slow|once) ", device)), {"m-b6"})

    def test_too_many_meters_on_a_wire(self):
        site = self.write("site.conf", serial_site(30))
        line = self.line(site, "wire")
        self.assertGreater(line["load"], 2)
        load, quarter = line["warnings"]
        self.assertRegex(load, r"^line wire has a load of \d+ %, more than 80 %: .*its periods \d\.\d times as long")
        self.assertIn("second line", load)
        self.assertNotIn("baud", load)  # none is fast enough
        self.assertRegex(quarter, r"^line wire needs \d+\.\d s to read everything once, more than 5 s: .*second line")
        text = self.plan(site).stdout
        self.assertIn("\nWARNING: line wire has a load of ", text)
        self.assertTrue(text.endswith("Warnings: 2\n"))

    def test_what_is_advised_helps(self):
        fast = self.line(self.write("site.conf", serial_site(10)), "wire")
        self.assertEqual(len(fast["warnings"]), 1)
        baud, percent = re.search(r"to (\d+) baud \(load (\d+) %\)", fast["warnings"][0]).groups()
        better = self.line(self.write("site.conf", serial_site(10, baud)), "wire")
        self.assertEqual(better["warnings"], [])
        self.assertAlmostEqual(100 * better["load"], float(percent), delta=0.6)
        self.assertEqual(self.line(self.write("site.conf", serial_site(10, 9600, "fast_ms = 5000;")), "wire")["warnings"], [])

    def test_a_device_slower_than_its_period(self):
        slow = self.line(self.write("site.conf", serial_site(1, 9600, "fast_ms = 200;")), "wire")["warnings"]
        self.assertEqual(len(slow), 1)
        self.assertRegex(slow[0], r"^device m1 on line wire needs 0\.\d\d s for all its requests, longer than .* of 0\.2 s\.")
        advised = re.search(r"Give it (fast_ms = \d+) or more", slow[0]).group(1)
        self.assertEqual(self.line(self.write("site.conf", serial_site(1, 9600, advised + ";")), "wire")["warnings"], [])

    def test_what_cannot_be_planned_is_told(self):
        found = self.line(self.write("site.conf", serial_site(1).replace("chint-dtsu666", "sunspec")), "wire")["warnings"]
        self.assertEqual(len(found), 1)
        self.assertRegex(found[0], "^device m1 on line wire lists its points itself")

    def test_paths_beside_the_main_file(self):
        self.write("site.conf", serial_site(1))
        os.symlink(lingtan.DEVICES, os.path.join(self.folder, "profiles"))
        config = self.write("lingtan.conf", 'site = "site.conf";\ndevices = "profiles";\n')
        self.assertIn("line wire: rtu 9600 8N1, devices 1", self.run_plan("-c", config).stdout)

    def test_what_is_wrong_is_told(self):
        self.assertIn("no line and no device nobody", self.plan(REFERENCE, "nobody", code=1).stderr)
        gone = os.path.join(self.folder, "gone.conf")
        self.assertIn(f"cannot read {gone}: No such file", self.run_plan("-c", gone, code=1).stderr)
        empty = self.write("empty.conf", 'log_level = "info";\n')
        self.assertIn("names no site", self.run_plan("-c", empty, code=1).stderr)
        bad = self.write("site.conf", serial_site(1).replace("chint-dtsu666", "chint-dtsu999"))
        self.assertRegex(self.plan(bad, code=1).stderr, r"site\.conf:\d+: .*chint-dtsu")
        self.run_plan("--turnaround", "-1", code=2)
        self.run_plan("one", "two", code=2)
        wrong = subprocess.run([lingtan.LINGTAN, "status", "--turnaround", "5"], capture_output=True, text=True, check=False)
        self.assertEqual(wrong.returncode, 2)


if __name__ == "__main__":
    lingtan.main()
