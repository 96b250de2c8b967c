# SPDX-License-Identifier: Apache-2.0
"""Devices from a CSV list: the example with 300 meters is checked, printed, planned, played by the simulator and read; a
list with faults is told of with file, line and column, all at once."""

import json
import os
import shutil
import subprocess

import lingtan

SITES = os.path.join(lingtan.SOURCE, "conf", "sites")


class List(lingtan.ProgramTest):
    def setUp(self):
        super().setUp()
        for name in ("xueyuan.conf", "xueyuan-meters.csv"):
            shutil.copy(os.path.join(SITES, name), self.folder)
        self.site = os.path.join(self.folder, "xueyuan.conf")
        self.csv = os.path.join(self.folder, "xueyuan-meters.csv")
        self.config = self.write("check.conf", f'site = "xueyuan.conf";\ndevices = "{lingtan.DEVICES}";\n')

    def run_program(self, *arguments, code=0):
        done = subprocess.run(arguments, capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done

    def test_the_example_is_a_site_like_any_other(self):
        self.assertEqual(self.run_program(lingtan.LINGTAND, "--check", "-c", self.config).stderr, "")
        printed = self.run_program(lingtan.LINGTAND, "--print-config", "-c", self.config).stdout
        self.assertEqual(printed.count('profile = "'), 300)
        self.assertIn('name = "学生宿舍1号楼四层空调";', printed)
        plan = json.loads(self.run_program(lingtan.LINGTAN, "plan", "--config", self.config, "--json").stdout)
        self.assertEqual(len(plan["lines"]), 41)
        # What is printed is a site file of its own, without the list.
        site = printed.split("# the site file\n")[1]
        alone = self.write("alone.conf", site)
        self.write("check.conf", f'site = "{alone}";\ndevices = "{lingtan.DEVICES}";\n')
        os.unlink(self.csv)
        again = self.run_program(lingtan.LINGTAND, "--print-config", "-c", self.config).stdout
        self.assertEqual(again.split("# the site file\n")[1], site)

    def test_three_hundred_meters_are_read(self):
        played = os.path.join(self.folder, "played")
        os.mkdir(played)
        simulator = self.keep(lingtan.Simulator(played, self.site))
        daemon = self.keep(lingtan.Daemon(self.folder, simulator.site_path))

        def all_answer():
            devices = json.loads(daemon.cli("devices", "--json").stdout)["devices"]
            return devices if all(device["health"] == "online" for device in devices) else None
        devices = lingtan.wait_until(all_answer, 60, "300 devices online")
        self.assertEqual(len(devices), 300)
        lift = [device for device in devices if device["id"] == "j1-lift"]
        self.assertEqual(lift[0]["name"], "教学楼1号楼电梯")
        self.assertEqual(lift[0]["node"], "j1")

    def test_faults_are_told_all_at_once(self):
        with open(self.csv, encoding="utf-8-sig") as file:
            rows = file.read().split("\n")
        rows[1] = rows[1].replace("ct_ratio", "ct_ration")
        rows[4] = rows[4].replace("j1-hvac", "j1-havc")
        rows[5] = rows[5].replace("j1-2f-light", "j1-1f-light", 1)
        rows[6] = rows[6].replace(",5,", ",2,")
        rows[7] = rows[7].replace(",,", ",chint-dtsu66,", 1)
        with open(self.csv, "w", encoding="utf-8") as file:
            file.write("\r\n".join(rows))
        said = self.run_program(lingtan.LINGTAND, "--check", "-c", self.config, code=2).stderr
        at = self.csv
        for line in (
                f'{at}:2: column "ct_ration" is not known, nearest is ct_ratio',
                f'{at}:5: lines.10-20-1-11-4001.devices.j1-1f-hvac.node: is "j1-havc", nearest is j1-hvac, '
                'wants the id of a node',
                f'{at}:6: lines.10-20-1-11-4001.devices.j1-1f-light.id: is "j1-1f-light", as on line 4, '
                'wants an id of its own in the site',
                f'{at}:7: lines.10-20-1-11-4001.devices.j1-2f-hvac.unit: is 2, as j1-1f-light has it (line 4), '
                'wants a unit of its own',
                f'{at}:8: lines.10-20-1-11-4001.devices.j1-3f-light.profile: is "chint-dtsu66", nearest is '
                'chint-dtsu666, wants a file in the folder of profiles'):
            self.assertIn(line + "\n", said)
        self.assertEqual(said.count(at), 5, said)

    def test_a_list_in_gbk_says_what_to_do(self):
        with open(self.csv, encoding="utf-8-sig") as file:
            text = file.read()
        with open(self.csv, "w", encoding="gb18030") as file:
            file.write(text)
        said = self.run_program(lingtan.LINGTAND, "--check", "-c", self.config, code=2).stderr
        self.assertIn(f'{self.csv}:2: is not UTF-8 (GBK, perhaps), wants UTF-8: save it from the spreadsheet as '
                      '"CSV UTF-8"', said)


if __name__ == "__main__":
    lingtan.main()
