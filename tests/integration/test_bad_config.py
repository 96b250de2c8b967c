# SPDX-License-Identifier: Apache-2.0
"""Wrong configuration and wrong surroundings: told once and clearly, nothing half started."""

import os
import re
import subprocess

import lingtan


class BadConfig(lingtan.ProgramTest):
    def run_daemon(self, *arguments):
        return subprocess.run([lingtan.LINGTAND, *arguments], capture_output=True, text=True, timeout=30, check=False)

    def config(self, site_text, extra=""):
        self.write("site.conf", site_text)
        return self.write("lingtan.conf", f'site = "site.conf"; devices = "{lingtan.DEVICES}";\n'
                          f'store: {{ folder = "{self.folder}/data"; }};\n'
                          f'http: {{ port = 0; socket = "{self.folder}/s.sock"; }};\n{extra}')

    def test_every_fault_at_once_and_exit_code_2(self):
        path = self.config("""id = "bad site";
lines = (
  { id = "l1"; transport = "tpc"; host = "127.0.0.1"; port = 70000;
    devices = (
      { id = "m1"; profile = "chint-dtsu66"; unit = 300; nodde = "x"; },
      { id = "m1"; profile = "chint-dtsu666"; unit = 1; node = "nowhere"; }
    ); }
);
""", "mqtt: { enabled = \"yes\"; };\n")
        done = self.run_daemon("--config", path)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertFalse(os.path.exists(os.path.join(self.folder, "data")), "nothing is started")
        for piece in ["transport", "tcp", "70000", "unit", "nodde", "node", "mqtt.enabled", "id"]:
            self.assertIn(piece, done.stderr)
        for line in done.stderr.splitlines()[:-1]:
            self.assertRegex(line, r"^\S+:\d+: ", "each fault names its file and line")

    def test_unknown_names_are_told_with_the_nearest(self):
        path = self.config("""id = "s"; nodes = ( { id = "building-1"; name = "1"; } );
lines = ( { id = "l1"; transport = "tcp"; host = "127.0.0.1"; port = 502; devices = (
  { id = "m1"; profile = "chint-dtsu66"; unit = 1; node = "bilding-1"; } ); } );""")
        done = self.run_daemon("--check", "--config", path)
        self.assertEqual(done.returncode, 2)
        self.assertIn("chint-dtsu666", done.stderr)
        self.assertIn("building-1", done.stderr)

    def test_a_missing_file_is_a_fault(self):
        done = self.run_daemon("--config", os.path.join(self.folder, "none.conf"))
        self.assertEqual(done.returncode, 2)
        self.assertIn("none.conf", done.stderr)

    def test_a_syntax_fault_names_its_line(self):
        path = self.config('id = "s";\nlines = ( { id = "l1" ;;; } );\n')
        done = self.run_daemon("--check", "--config", path)
        self.assertEqual(done.returncode, 2)
        self.assertRegex(done.stderr, r"site\.conf:2: ")

    def test_usage_faults(self):
        for arguments in (["--nonsense"], ["extra"]):
            done = self.run_daemon(*arguments)
            self.assertEqual(done.returncode, 2)
            self.assertIn("--help", done.stderr)
        self.assertEqual(self.run_daemon("--help").returncode, 0)
        self.assertIn("lingtand", self.run_daemon("--version").stdout)

    def test_the_example_and_the_reference_site_are_good(self):
        site = os.path.join(lingtan.SOURCE, "conf", "sites", "xingzheng.conf")
        path = self.write("lingtan.conf", f'site = "{site}"; devices = "{lingtan.DEVICES}";')
        done = self.run_daemon("--check", "--config", path)
        self.assertEqual(done.returncode, 0, done.stderr)
        with open(os.path.join(lingtan.SOURCE, "conf", "lingtan.conf"), encoding="utf-8") as file:
            text = file.read()
        example = self.write("example.conf", text.replace('"sites/xingzheng.conf"', f'"{site}"') +
                             f'\ndevices = "{lingtan.DEVICES}";\n')
        done = self.run_daemon("--check", "--config", example)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_the_printed_configuration_is_complete(self):
        site = os.path.join(lingtan.SOURCE, "conf", "sites", "xingzheng.conf")
        path = self.write("lingtan.conf", f'site = "{site}"; devices = "{lingtan.DEVICES}";')
        done = self.run_daemon("--print-config", "--config", path)
        self.assertEqual(done.returncode, 0, done.stderr)
        for word in ("commit_ms", "keepalive_s", "slot_ms", "xingzheng"):
            self.assertIn(word, done.stdout)


class BadSurroundings(lingtan.ProgramTest):
    SITE = """id = "s"; fast_ms = 1000;
lines = (
  { id = "absent-port"; transport = "rtu"; path = "/dev/does-not-exist"; baud = 9600;
    devices = ( { id = "m1"; profile = "chint-dtsu666"; unit = 1; } ); },
  { id = "no-name"; transport = "tcp"; host = "no-such-host.invalid"; port = 502;
    devices = ( { id = "m2"; profile = "chint-dtsu666"; unit = 1; } ); },
  { id = "refused"; transport = "tcp"; host = "127.0.0.1"; port = 1;
    devices = ( { id = "m3"; profile = "chint-dtsu666"; unit = 1; } ); }
);"""

    def test_dead_lines_back_off_and_say_so_once(self):
        site = self.write("site-dead.conf", self.SITE)
        daemon = self.keep(lingtan.Daemon(self.folder, site))
        lingtan.wait_until(lambda: all(line["state"] == "down" for line in daemon.get("/api/v1/lines")["lines"]), 30,
                           "all three lines are down")
        lingtan.wait_until(lambda: daemon.get("/api/v1/lines")["lines"][2]["errors"]["connects"] >= 3, 30,
                           "the refused line tries again")
        log = daemon.program.log()
        for line in ("absent-port", "no-name", "refused"):
            told = [text for text in log.splitlines() if line in text]
            self.assertEqual(len(told), 1, f"{line} is told once:\n{log}")
        lingtan.wait_until(lambda: all(device["health"] == "offline" for device in
                                       daemon.get("/api/v1/devices")["devices"]), 30, "every device is offline")
        self.assertEqual(daemon.stop(), 0)

    def test_a_broker_that_is_not_there_stops_nothing(self):
        site = self.write("site-dead.conf", self.SITE)
        daemon = self.keep(lingtan.Daemon(self.folder, site, mqtt_port=1, influx_port=1))
        lingtan.wait_until(lambda: daemon.get("/api/v1/status")["ready"], 20, "ready")
        for name in ("mqtt", "influx"):
            told = [text for text in daemon.program.log().splitlines() if re.search(rf"\b{name}\b", text)]
            self.assertLessEqual(len(told), 2, daemon.program.log())
        self.assertEqual(daemon.stop(), 0)

    def test_a_second_daemon_on_the_same_folder_is_refused(self):
        site = self.write("site-dead.conf", self.SITE)
        self.keep(lingtan.Daemon(self.folder, site))
        second = self.write("second.conf", f'site = "{site}"; devices = "{lingtan.DEVICES}";'
                            f'store: {{ folder = "{self.folder}/data"; }};'
                            f'http: {{ port = 0; socket = "{self.folder}/second.sock"; }};')
        done = subprocess.run([lingtan.LINGTAND, "--config", second], capture_output=True, text=True, timeout=30,
                              check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("another lingtand", done.stderr)

    def test_an_unwritable_store_lets_live_data_flow(self):
        site = self.write("site-dead.conf", self.SITE)
        self.write("file", "in the way")
        daemon = self.keep(lingtan.Daemon(self.folder, site, sections=f'store: {{ folder = "{self.folder}/file/data"; }};'))
        lingtan.wait_until(lambda: daemon.get("/api/v1/status")["ready"] is False, 20, "not ready")
        live = daemon.get("/api/v1/live")
        self.assertEqual(len(live["devices"]), 3)
        self.assertIn("store", daemon.program.log())


if __name__ == "__main__":
    lingtan.main()
