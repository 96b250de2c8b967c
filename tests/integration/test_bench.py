# SPDX-License-Identifier: Apache-2.0
"""The benchmark still runs: ten devices for three seconds, the daemon and a bare loop, every value checked."""

import json
import os
import subprocess

import lingtan


class Bench(lingtan.ProgramTest):
    def test_smoke(self):
        path = self.write("figures.json", "")
        done = subprocess.run([os.path.join(lingtan.SOURCE, "bench", "run"), "--smoke", "--json", path],
                              capture_output=True, text=True, timeout=90, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        for program in ("lingtand, journal + MQTT QoS 0 |", "bare libmodbus loop, MQTT QoS 0 |"):
            self.assertIn(program, done.stdout)
        with open(path, encoding="utf-8") as file:
            runs = json.load(file)["smoke"][0]
        for name, figures in runs.items():
            self.assertGreater(figures["values"], 200, f"{name}: values of 3 s")
            self.assertGreater(figures["arrivals"]["gaps"], 5, name)
            self.assertGreater(figures["cpu_share"], 0, name)


if __name__ == "__main__":
    lingtan.main()
