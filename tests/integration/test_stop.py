# SPDX-License-Identifier: Apache-2.0
"""Broker and database keep their connections and say nothing any more: the daemon ends all the same, well within what
systemd allows it, with its cursors on disk."""

import os
import signal
import time

import lingtan

SITE = """id = "stop"; fast_ms = 200;
lines = ( { id = "l"; transport = "tcp"; host = "127.0.0.1"; port = 1;
    devices = ( { id = "one"; profile = "chint-ddsu666"; unit = 1; } ); } );
"""


class Stop(lingtan.ProgramTest):
    def sinks(self):
        return {sink["name"]: sink for sink in self.daemon.get("/api/v1/sinks")["sinks"]}

    def test_frozen_servers(self):
        sleeper = self.keep(lingtan.Sleeper(self.folder))
        mosquitto = self.keep(lingtan.Mosquitto(self.folder))
        influx = self.keep(lingtan.Influx(self.folder))
        simulator = self.keep(lingtan.Simulator(self.folder, self.write("stop.conf", SITE), self.write("model.conf", "")))
        self.daemon = self.keep(lingtan.Daemon(self.folder, simulator.site_path, mosquitto.port, influx.port))
        lingtan.wait_until(lambda: all(sink["state"] == "up" and sink["sent"] > 10 for sink in self.sinks().values()), 30, "up")
        servers = [mosquitto.program.process, influx.program.process]
        for server in servers:
            os.kill(server.pid, signal.SIGSTOP)
        try:
            time.sleep(2)  # both have something on its way by now
            begin = time.monotonic()
            self.assertEqual(self.daemon.stop(), 0)
            took = time.monotonic() - begin
        finally:
            for server in servers:
                os.kill(server.pid, signal.SIGCONT)
        print(f"ended within {took:.1f} s")
        self.assertLess(took, 5 + sleeper.allowance_s())


if __name__ == "__main__":
    lingtan.main()
