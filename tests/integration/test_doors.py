# SPDX-License-Identifier: Apache-2.0
"""Another program holds the API's port when the daemon starts: it reads on, says so once and everywhere one can ask, and
takes the port when it is free. What can never work is told before anything starts."""

import os
import socket
import subprocess

import lingtan

SITE = """id = "doors"; fast_ms = 200;
lines = ( { id = "l"; transport = "tcp"; host = "127.0.0.1"; port = 1;
    devices = ( { id = "one"; profile = "chint-ddsu666"; unit = 1; } ); } );
"""


class Doors(lingtan.ProgramTest):
    def setUp(self):
        super().setUp()
        self.simulator = self.keep(lingtan.Simulator(self.folder, self.write("doors.conf", SITE), self.write("model.conf", "")))
        self.blocker = socket.socket()
        self.addCleanup(self.blocker.close)
        self.blocker.bind(("127.0.0.1", 0))
        self.blocker.listen()
        self.port = self.blocker.getsockname()[1]

    def start(self, port, path):
        sections = f'http: {{ port = {port}; port_file = "{self.folder}/http.port"; socket = "{path}"; }};\n'
        return self.keep(lingtan.Daemon(self.folder, self.simulator.site_path, sections=sections, wait=False))

    def test_taken_port(self):
        daemon = self.start(self.port, os.path.join(self.folder, "lingtan.sock"))
        daemon.program.await_true(lambda: "devices  " in daemon.cli("status", check=False).stdout
                                  and "1 of 1 online" in daemon.cli("status").stdout, 30, "metering without the port")
        words = f"127.0.0.1 port {self.port} CLOSED: Address already in use; see who has it (ss -ltnp)"
        self.assertIn(words, daemon.cli("status").stdout)
        self.blocker.close()
        daemon.program.await_true(lambda: os.path.exists(daemon.port_path), 70, "the port is taken when it is free")
        self.assertEqual(daemon.port(), self.port)
        self.assertEqual(daemon.get("/healthz", raw=True), "ok\n")
        self.assertNotIn("CLOSED", daemon.cli("status").stdout)
        log = daemon.program.log()
        self.assertEqual(log.count(f"port {self.port} is closed: Address already in use"), 1, log)
        self.assertEqual(daemon.stop(), 0)
        self.assertFalse(os.path.exists(daemon.port_path))

    def test_blocked_socket(self):
        path = self.write("lingtan.sock", "")
        daemon = self.start(0, path)
        daemon.program.await_true(lambda: os.path.exists(daemon.port_path), 30, "the port")
        self.assertIn(f"{path} is closed: there is a file which is no socket", daemon.get("/healthz", raw=True))
        os.unlink(path)
        daemon.program.await_true(lambda: daemon.cli("status", check=False).returncode == 0, 70, "the socket")
        self.assertEqual(daemon.stop(), 0)

    def test_what_can_never_be_opened(self):
        config = self.write("bad.conf", f'site = "{self.simulator.site_path}"; devices = "{lingtan.DEVICES}";\n'
                                        f'http: {{ listen = "0.0.0.0"; socket = "/tmp/{"x" * 120}"; }};\n')
        for option in ("--check", "--config"):
            arguments = ["--config", config] + (["--check"] if option == "--check" else [])
            done = subprocess.run([lingtan.LINGTAND, *arguments], capture_output=True, text=True, timeout=30, check=False)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn('http.listen: is "0.0.0.0", wants 127.0.0.1', done.stderr)
            self.assertIn("http.socket: is ", done.stderr)


if __name__ == "__main__":
    lingtan.main()
