# SPDX-License-Identifier: Apache-2.0
"""lingtan against a real daemon and the simulator: every command, both outputs, the exit codes, the live screen on a
pseudo-terminal, reading without the daemon."""

import contextlib
import fcntl
import glob
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
import unittest

import lingtan

SITE = """
id = "small"; name = "小院";
nodes = ( { id = "b1"; name = "1号楼"; }, { id = "b2"; name = "2号楼"; } );
lines = (
    { id = "net"; transport = "tcp"; host = "10.0.0.1"; devices = (
        { id = "m1"; name = "总表"; profile = "chint-dtsu666"; node = "b1"; unit = 1; },
        { id = "m2"; name = "坏表"; profile = "chint-dtsu666"; node = "b2"; unit = 2; } ); },
    { id = "wire"; transport = "rtu"; path = "/dev/ttyS9"; baud = 9600; devices = (
        { id = "w1"; name = "水表"; profile = "electromagnetic-water-meter-cn"; node = "b1"; unit = 3; } ); }
);
"""

INVERTER = """
id = "roof"; name = "屋顶"; nodes = ( { id = "b1"; name = "1号楼"; } );
lines = ( { id = "net"; transport = "tcp"; host = "10.0.0.1"; devices = (
    { id = "pv1"; name = "逆变器"; profile = "huawei-sun2000"; node = "b1"; unit = 1; } ); } );
"""


class Screen:
    """lingtan live on a pseudo-terminal."""

    def __init__(self, arguments, rows=16, columns=100):
        self.output = b""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ["LINGTAN_LIVE_NOTE"] = "mosquitto_sub -t 'lingtan/#'"
            os.execv(lingtan.LINGTAN, [lingtan.LINGTAN, *arguments, "live"])
        self.resize(rows, columns)

    def resize(self, rows, columns):
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def pump(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if select.select([self.fd], [], [], 0.05)[0]:
                try:
                    data = os.read(self.fd, 65536)
                except OSError:
                    return
                if not data:
                    return
                self.output += data

    def frame(self):
        """The newest whole screen, without colours."""
        frames = self.output.split(b"\x1b[H")
        text = frames[-2] if len(frames) > 2 else b""
        return re.sub(rb"\x1b\[[0-9;?]*[A-Za-z]", b"", text).replace(b"\r", b"").decode(errors="backslashreplace")

    def wait(self, part, seconds=20):
        end = time.monotonic() + seconds
        while part not in self.frame():
            if time.monotonic() > end:
                raise AssertionError(f"never on the screen: {part}\n{self.frame()}")
            self.pump(0.2)

    def press(self, keys):
        os.write(self.fd, keys)

    def end(self):
        """The exit code. The terminal must have been put back."""
        self.pump(1.5)
        _, status = os.waitpid(self.pid, 0)
        os.close(self.fd)
        if not self.output.endswith(b"\x1b[?7h\x1b[?25h\x1b[0m\x1b[?1049l"):
            raise AssertionError(f"the terminal was not restored: {self.output[-80:]}")
        return os.waitstatus_to_exitcode(status)


class Commands(lingtan.ProgramTest):
    def setUp(self):
        super().setUp()
        site = self.write("small.conf", SITE)
        model = self.write("model.conf", 'devices = ( { device = "m2"; faults = ["silent"]; } );\n')
        self.simulator = self.keep(lingtan.Simulator(self.folder, site, model))

    def start_daemon(self):
        self.daemon = self.keep(lingtan.Daemon(self.folder, self.simulator.site_path))
        lingtan.wait_until(lambda: self.is_settled(), 40, "m1 and w1 online, m2 offline")

    def is_settled(self):
        counts = self.daemon.get("/api/v1/status")["counts"]
        return counts["devices_online"] == 2 and counts["devices_offline"] == 1

    def test_tables_and_json(self):
        self.start_daemon()
        cli = self.daemon.cli
        status = cli("status").stdout
        self.assertIn("2 of 3 online, 1 OFFLINE", status)
        self.assertRegex(status, r"(?m)^daemon     (ready|NOT READY)")
        self.assertEqual(json.loads(cli("status", "--json").stdout)["site"], "small")
        devices = cli("devices").stdout
        self.assertRegex(devices, r"(?m)^online   m1 +总表 +b1 +meter +chint-dtsu666 +net +1 ")
        self.assertRegex(devices, r"(?m)^OFFLINE  m2 .* never ")
        self.assertEqual(len(json.loads(cli("devices", "-j").stdout)["devices"]), 3)
        self.assertRegex(cli("lines").stdout, r"(?m)^up +wire +/dev/\S+ 9600 8N1 ")
        self.assertIn("timeouts", cli("lines").stdout)
        self.assertEqual(cli("sinks").stdout, "none: the configuration has neither mqtt nor influx\n")
        live = cli("live", "--once").stdout
        self.assertRegex(live, r"(?m)^ok  总表 +meter .* kW .* V .* kWh$")
        self.assertRegex(live, r"(?m)^OFF 坏表 ")
        self.assertNotIn("\x1b", live)
        self.assertEqual(cli("live").stdout.count("\n"), live.count("\n"))
        self.assertEqual(len(json.loads(cli("live", "--json").stdout)["devices"]), 3)

    def on_terminal(self, environment, *arguments):
        """What a command prints on a terminal."""
        pid, fd = pty.fork()
        if pid == 0:
            os.environ.update(environment)
            os.execv(lingtan.LINGTAN, [lingtan.LINGTAN, "--socket", self.daemon.socket, *arguments])
        output = b""
        with contextlib.suppress(OSError):
            while data := os.read(fd, 65536):
                output += data
        os.waitpid(pid, 0)
        os.close(fd)
        return output

    def test_colour(self):
        self.start_daemon()
        self.assertIn(b"\x1b[31mOFFLINE\x1b[0m", self.on_terminal({"NO_COLOR": ""}, "devices"))
        plain = self.on_terminal({"NO_COLOR": "1"}, "devices")
        self.assertIn(b"OFFLINE", plain)
        self.assertNotIn(b"\x1b", plain)

    def test_history(self):
        self.start_daemon()
        cli = self.daemon.cli
        rows = lingtan.wait_until(lambda: cli("history", "m1", "active_power", "--from", "1h").stdout.splitlines()[3:], 20,
                                  "readings in the journal")
        self.assertRegex(rows[0], r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} +[-0-9.e]+ kW$")
        limited = cli("history", "m1", "active_power", "--limit", "2")
        self.assertEqual(len(limited.stdout.splitlines()), 3)
        self.assertIn("only the first 2 readings", limited.stderr)
        readings = json.loads(cli("history", "m1", "active_power", "-j").stdout)["readings"]
        self.assertGreaterEqual(len(readings), 2)
        self.assertEqual(readings, sorted(readings))
        self.assertEqual(cli("history", "m1", "nonsense", check=False).returncode, 1)
        wrong = cli("history", "m1", "active_power", "--from", "yesterday", check=False)
        self.assertEqual(wrong.returncode, 2)
        self.assertIn("90s, 30m, 6h, 7d", wrong.stderr)

    def test_read_through_the_daemon(self):
        self.start_daemon()
        cli = self.daemon.cli
        words = json.loads(cli("read", "net", "1", "0x2000", "12", "--json").stdout)["registers"]
        self.assertEqual(len(words), 12)
        volts = struct.unpack(">f", struct.pack(">HH", words[6], words[7]))[0] / 10
        self.assertTrue(200 < volts < 260, volts)
        table = cli("read", "net", "1", "8192", "12").stdout
        self.assertIn("line net, unit 1, function 3, 12 registers from 8192", table)
        self.assertIn(f"{words[6]:04X}{words[7]:04X}", table)
        silent = cli("read", "net", "2", "0", check=False)
        self.assertEqual(silent.returncode, 1)
        self.assertIn("unit 2 on line net did not answer", silent.stderr)
        unknown = cli("read", "nowhere", "2", "0", check=False)
        self.assertEqual(unknown.returncode, 1)
        self.assertIn("there is no line nowhere", unknown.stderr)
        refused = cli("read", "net", "1", "60000", check=False)
        self.assertIn("exception 2", refused.stderr)

    def places(self):
        with open(self.simulator.site_path, encoding="utf-8") as file:
            text = file.read()
        return re.search(r"\bport = (\d+)", text).group(1), re.search(r'\bpath = "([^"]+)"', text).group(1)

    def run_cli(self, *arguments):
        return subprocess.run([lingtan.LINGTAN, *arguments], capture_output=True, text=True, timeout=60, check=False)

    def test_read_without_the_daemon(self):
        port, path = self.places()
        words = json.loads(self.run_cli("read", "--host", "127.0.0.1", "--tcp-port", port, "1", "0x2006", "2", "-j").stdout)
        volts = struct.unpack(">f", struct.pack(">HH", *words["registers"]))[0] / 10
        self.assertTrue(200 < volts < 260, volts)
        wire = self.run_cli("read", "--port", path, "3", "4", "2")
        self.assertEqual(wire.returncode, 0, wire.stderr)
        self.assertIn("unit 3, function 3, 2 registers from 4", wire.stdout)
        silent = self.run_cli("read", "--host", "127.0.0.1", "--tcp-port", port, "--timeout", "300", "2", "0")
        self.assertEqual(silent.returncode, 1)
        self.assertIn("did not answer within 300 ms", silent.stderr)
        refused = self.run_cli("read", "--host", "127.0.0.1", "--tcp-port", port, "1", "60000")
        self.assertIn("refused: exception 2, illegal data address; allowed: registers that the device", refused.stderr)
        nobody = self.run_cli("read", "--host", "127.0.0.1", "--tcp-port", str(lingtan.free_port()), "1", "0")
        self.assertIn("Connection refused", nobody.stderr)
        self.assertEqual(self.run_cli("read", "--host", "h", "--port", "p", "1", "0").returncode, 2)

    def test_a_held_port_is_left_alone(self):
        _, path = self.places()
        self.start_daemon()
        held = self.run_cli("read", "--port", path, "3", "0")
        self.assertEqual(held.returncode, 1)
        self.assertIn("is held by another program", held.stderr)

    def test_exit_codes_without_a_daemon(self):
        gone = self.run_cli("--socket", os.path.join(self.folder, "none"), "status")
        self.assertEqual(gone.returncode, 3)
        self.assertIn(os.path.join(self.folder, "none"), gone.stderr)
        self.assertIn("is lingtand running?", gone.stderr)
        self.assertEqual(self.run_cli("-s", os.path.join(self.folder, "none"), "live").returncode, 3)
        self.assertEqual(self.run_cli("dance").returncode, 2)
        self.assertEqual(self.run_cli().returncode, 2)
        self.assertEqual(self.run_cli("--version").returncode, 0)

    def test_check(self):
        good = self.write("good.conf", f'site = "{self.simulator.site_path}";\ndevices = "{lingtan.DEVICES}";\n')
        done = self.run_cli("check", good)
        self.assertEqual(done.returncode, 0, done.stderr)
        bad = self.run_cli("check", self.write("bad.conf", "nonsense = 1;\n"))
        self.assertEqual(bad.returncode, 2)
        self.assertIn("nonsense", bad.stderr)

    def test_live_screen(self):
        self.start_daemon()
        screen = Screen(["--socket", self.daemon.socket])
        screen.wait("小院")
        screen.wait("ok  总表")
        screen.wait("2/3 devices online, 1 OFFLINE")
        screen.wait("OFF 坏表")
        self.assertIn("mosquitto_sub -t 'lingtan/#'", screen.frame())
        self.assertEqual(screen.frame().count("\n"), 15)
        screen.resize(7, 40)
        screen.wait("1-2 of ")
        self.assertTrue(all(len(line) <= 40 for line in screen.frame().splitlines()))
        screen.press(b"\x1b[6~")
        screen.wait("3-4 of ")
        screen.press(b"G")
        screen.wait("4-5 of 5")
        screen.press(b"kk\x1b[A")
        screen.wait("1-2 of ")
        screen.press(b"q")
        self.assertEqual(screen.end(), 0)

    def test_live_screen_outlives_the_daemon(self):
        self.start_daemon()
        screen = Screen(["--socket", self.daemon.socket])
        screen.wait("ok  总表")
        self.assertEqual(self.daemon.stop(), 0)
        screen.wait("daemon not reachable, trying again")
        screen.wait("OLD 总表", 30)
        self.daemon.start()
        screen.wait("ok  总表", 40)
        self.assertNotIn("not reachable", screen.frame())
        os.kill(screen.pid, signal.SIGTERM)
        self.assertEqual(screen.end(), 0)

    def test_live_screen_ends_with_ctrl_c(self):
        screen = Screen(["--socket", os.path.join(self.folder, "none")])
        screen.wait("daemon not reachable")
        screen.press(b"\x03")
        self.assertEqual(screen.end(), 0)


class Acknowledge(lingtan.ProgramTest):
    def setUp(self):
        super().setUp()
        simulator = self.keep(lingtan.Simulator(self.folder, self.write("small.conf", SITE), self.write("model.conf", "")))
        self.daemon = self.keep(lingtan.Daemon(self.folder, simulator.site_path))

    def alarms(self):
        return [alarm["id"] for alarm in json.loads(self.daemon.cli("status", "--json").stdout)["alarms"]]

    def damage_a_day(self):
        """Garbage over the head of the newest day file, while nobody runs."""
        lingtan.wait_until(lambda: self.daemon.get("/api/v1/status")["store"]["durable"] > 0, 30, "something in the journal")
        self.assertEqual(self.daemon.stop(), 0)
        days = sorted(path for path in glob.glob(os.path.join(self.folder, "data", "journal", "*.db")))
        with open(days[-1], "r+b") as file:
            file.write(b"\xa5 garbage " * 500)
        self.daemon.start()

    def test_lists_without_rows_say_why(self):
        self.assertEqual(self.daemon.cli("sinks").stdout, "none: the configuration has neither mqtt nor influx\n")
        self.assertEqual(self.daemon.cli("bad-registers").stdout, "none: the devices give all that is asked of them\n")
        self.assertEqual(json.loads(self.daemon.cli("sinks", "--json").stdout)["sinks"], [])

    def test_acknowledge(self):
        self.assertEqual(self.daemon.cli("acknowledge").stdout, "no alarm stands\n")
        self.damage_a_day()
        status = self.daemon.cli("status").stdout
        self.assertRegex(status, r"(?m)^ALARM +journal_corrupt: .*\n +/.*is corrupt, set aside as .*\n +when seen to: lingtan acknowledge journal_corrupt$")
        self.assertIn("no such alarm stands", self.daemon.cli("acknowledge", "ledger_restored").stdout)
        wrong = self.daemon.cli("acknowledge", "disk_full", check=False)
        self.assertEqual(wrong.returncode, 1)
        self.assertIn("disk_full ends by itself", wrong.stderr)
        self.assertEqual(self.alarms(), ["journal_corrupt"])
        self.assertEqual(self.daemon.cli("acknowledge", "journal_corrupt").stdout, "acknowledged journal_corrupt\n")
        self.assertNotIn("ALARM", self.daemon.cli("status").stdout)
        self.assertEqual(self.alarms(), [])
        self.assertIn(f"acknowledged by uid {os.getuid()}: journal_corrupt", self.daemon.program.log())
        self.assertEqual(self.daemon.stop(), 0)
        self.daemon.start()
        self.assertEqual(self.alarms(), [])

    def test_json(self):
        self.damage_a_day()
        self.assertEqual(json.loads(self.daemon.cli("acknowledge", "--json").stdout),
                         {"acknowledged": ["journal_corrupt"], "by": f"uid {os.getuid()}"})
        self.assertEqual(self.alarms(), [])

    def test_stands_until_then(self):
        self.damage_a_day()
        self.assertEqual(self.daemon.stop(), 0)
        self.daemon.start()
        self.assertEqual(self.alarms(), ["journal_corrupt"])


class Texts(lingtan.ProgramTest):
    def test_history_of_a_text(self):
        simulator = self.keep(lingtan.Simulator(self.folder, self.write("roof.conf", INVERTER), self.write("model.conf", "")))
        daemon = self.keep(lingtan.Daemon(self.folder, simulator.site_path))
        readings = lingtan.wait_until(
            lambda: json.loads(daemon.cli("history", "pv1", "serial_number", "--json", check=False).stdout or "{}").get("readings"),
            40, "the serial number in the journal")
        text = readings[0][1]
        self.assertIsInstance(text, str)
        self.assertIn(readings[0][2], ("ok", "late"))
        self.assertRegex(daemon.cli("history", "pv1", "serial_number").stdout, rf"(?m)^\d{{4}}-\S+ \S+ +{re.escape(text)}$")


if __name__ == "__main__":
    unittest.main(verbosity=2)
