# SPDX-License-Identifier: Apache-2.0
"""Started with its standard streams closed, as some supervisors do: the log must not go to whatever gets their numbers
next, a meter's connection or a database."""

import os

import lingtan

SITE = """id = "streams"; fast_ms = 200;
lines = ( { id = "l"; transport = "tcp"; host = "127.0.0.1"; port = 1;
    devices = ( { id = "one"; profile = "chint-ddsu666"; unit = 1; } ); } );
"""


class Streams(lingtan.ProgramTest):
    def test_closed_streams(self):
        simulator = self.keep(lingtan.Simulator(self.folder, self.write("s.conf", SITE), self.write("model.conf", "")))
        command = ("sh", "-c", 'exec "$0" "$@" <&- >&- 2>&-', lingtan.LINGTAND)
        daemon = self.keep(lingtan.Daemon(self.folder, simulator.site_path, command=command))
        for number in range(3):
            self.assertEqual(os.readlink(f"/proc/{daemon.program.process.pid}/fd/{number}"), "/dev/null")
        lingtan.wait_until(lambda: daemon.get("/api/v1/status")["counts"]["devices_online"] == 1, 30, "the device is read")
        self.assertEqual(daemon.stop(), 0)


if __name__ == "__main__":
    lingtan.main()
