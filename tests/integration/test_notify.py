# SPDX-License-Identifier: Apache-2.0
"""lingtand as systemd sees it: READY when it reads, WATCHDOG while its main loop lives, STOPPING at the end; and the
unit file itself."""

import os
import shutil
import socket
import subprocess
import time
import unittest

import lingtan


class Notify(lingtan.ProgramTest):
    SITE = """id = "notify"; lines = ( { id = "gone"; transport = "tcp"; host = "127.0.0.1"; port = 1;
        devices = ( { id = "m1"; profile = "chint-dtsu666"; unit = 1; } ); } );"""

    def setUp(self):
        super().setUp()
        self.path = os.path.join(self.folder, "notify.sock")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.socket.settimeout(20)
        self.addCleanup(self.socket.close)

    def receive_until(self, word):
        seen = []
        while True:
            seen += self.socket.recv(4096).decode().split("\n")
            if any(line.startswith(word) for line in seen):
                return seen

    def test_ready_watchdog_stopping(self):
        site = self.write("site-notify.conf", self.SITE)
        daemon = self.keep(lingtan.Daemon(self.folder, site, environment={
            "NOTIFY_SOCKET": self.path, "WATCHDOG_USEC": "400000"}, wait=False))
        self.receive_until("READY=1")
        start = time.monotonic()
        for _ in range(5):
            self.receive_until("WATCHDOG=1")
        self.assertLess(time.monotonic() - start, 10)
        self.assertEqual(daemon.stop(), 0)
        self.receive_until("STOPPING=1")

    def test_an_unreadable_watchdog_ends_nothing(self):
        site = self.write("site-notify.conf", self.SITE)
        daemon = self.keep(lingtan.Daemon(self.folder, site, environment={
            "NOTIFY_SOCKET": self.path, "WATCHDOG_USEC": "often"}))
        self.receive_until("READY=1")
        self.assertIn("WATCHDOG_USEC", daemon.program.log())
        self.assertEqual(daemon.stop(), 0)

    def test_watchdog_is_tied_to_the_main_loop(self):
        """A stopped process sends nothing: the ping is no thread of its own."""
        site = self.write("site-notify.conf", self.SITE)
        daemon = self.keep(lingtan.Daemon(self.folder, site, environment={
            "NOTIFY_SOCKET": self.path, "WATCHDOG_USEC": "400000"}, wait=False))
        self.receive_until("WATCHDOG=1")
        os.kill(daemon.program.process.pid, 19)  # SIGSTOP
        time.sleep(0.5)
        self.socket.setblocking(False)
        try:
            while True:
                self.socket.recv(4096)
        except BlockingIOError:
            pass
        time.sleep(1)
        with self.assertRaises(BlockingIOError):
            self.socket.recv(4096)
        os.kill(daemon.program.process.pid, 18)  # SIGCONT
        self.socket.settimeout(20)
        self.receive_until("WATCHDOG=1")

    @unittest.skipUnless(shutil.which("systemd-analyze"), "systemd-analyze is not installed")
    def test_the_unit_is_valid(self):
        template = os.path.join(lingtan.SOURCE, "systemd", "lingtand.service.in")
        with open(template, encoding="utf-8") as file:
            text = file.read()
        text = text.replace("@CMAKE_INSTALL_FULL_SBINDIR@/lingtand", lingtan.LINGTAND)
        text = text.replace("@CMAKE_INSTALL_FULL_SYSCONFDIR@", "/etc")
        unit = self.write("lingtand.service", text.replace("Documentation=", "#Documentation="))
        done = subprocess.run(["systemd-analyze", "verify", "--man=no", unit], capture_output=True, text=True,
                              timeout=60, check=False)
        complaints = [line for line in done.stderr.splitlines() if "lingtand.service" in line]
        self.assertEqual(complaints, [])


if __name__ == "__main__":
    lingtan.main()
