# SPDX-License-Identifier: Apache-2.0
"""A meter that refuses one register: the others are read, the finding outlives kill -9, nothing refused is asked after the
restart, and once the register is given it is read again."""

import json
import time
import urllib.error
import urllib.request

import lingtan

SITE = """id = "bad"; fast_ms = 200; normal_ms = 200; slow_ms = 200;
lines = ( { id = "net"; transport = "tcp"; host = "127.0.0.1"; port = 502;
    devices = ( { id = "m1"; profile = "chint-dtsu666"; unit = 1; } ); } );"""
REFUSED = 0x2008  # the first register of voltage_b


class BadRegisters(lingtan.ProgramTest):
    def setUp(self):
        super().setUp()
        self.simulator = self.keep(lingtan.Simulator(self.folder, self.write("bad.conf", SITE)))
        self.simulator.control(f"fault m1 refuse:{REFUSED}")
        self.daemon = self.keep(lingtan.Daemon(self.folder, self.simulator.site_path))

    def rows(self):
        return self.daemon.get("/api/v1/bad-registers")["bad_registers"]

    def device(self):
        return self.daemon.get("/api/v1/devices/m1")

    def qualities(self):
        return {point["name"]: point["quality"] for point in self.device()["points"] if point["period_ms"] == 200}

    def has_all_but_one(self):
        bad = {name: quality for name, quality in self.qualities().items() if quality != "ok"}
        return bad == {"voltage_b": "exception"}

    def await_polls(self):
        """Ten more polls."""
        wanted = self.device()["polls"] + 10
        lingtan.wait_until(lambda: self.device()["polls"] >= wanted, 20, "ten polls")

    def test_from_the_first_refusal_to_the_last(self):
        lingtan.wait_until(self.has_all_but_one, 40, "every value but the refused one")
        row, = lingtan.wait_until(self.rows, 20, "the row")
        self.assertEqual({key: row[key] for key in ("device", "unit", "function", "address", "count", "kind", "exception")},
                         {"device": "m1", "unit": 1, "function": 3, "address": REFUSED, "count": 2, "kind": "refused",
                          "exception": 2})
        self.assertEqual((row["first"], row["last"]), (REFUSED, REFUSED + 1))
        self.check_faces()
        time.sleep(2)  # the ledger is written once a second

        self.daemon.kill()
        self.daemon.start()
        lingtan.wait_until(self.has_all_but_one, 20, "the same after the restart")
        self.await_polls()
        self.assertEqual(self.device()["errors"]["exceptions"], 0, "nothing refused was asked")
        self.assertEqual(self.rows(), [row])

        self.simulator.control("fault m1 off")
        self.await_polls()
        self.assertTrue(self.has_all_but_one(), "not before it is due")
        self.assertIn("m1 is asked again", self.daemon.cli("bad-registers", "--retry", "m1").stdout)
        lingtan.wait_until(lambda: set(self.qualities().values()) == {"ok"}, 20, "every value")
        self.assertEqual(self.rows(), [])
        time.sleep(2)
        self.daemon.kill()
        self.daemon.start()
        self.assertEqual(self.rows(), [])

    def check_faces(self):
        cli = self.daemon.cli
        self.assertRegex(cli("bad-registers").stdout, r"(?m)^m1 +1 +3 +8200-8201 +not read +exception 2 .* in 2\d h")
        self.assertEqual(json.loads(cli("bad-registers", "--json").stdout)["bad_registers"], self.rows())
        self.assertIn("1 refused (lingtan bad-registers)", cli("status").stdout)
        self.assertRegex(cli("devices").stdout, r"(?m)^online +m1 .* 1$")
        self.assertRegex(self.daemon.get("/metrics", raw=True), r'(?m)^lingtan_device_bad_registers\{device="m1".*\} 1$')
        self.assertEqual(self.device()["bad_registers"], 1)
        told = "refuses 1 run of registers"
        lingtan.wait_until(lambda: told in self.daemon.program.log(), 20, "the end of the search")
        self.assertEqual(self.daemon.program.log().count(told), 1)
        wrong = cli("bad-registers", "--retry", "m9", check=False)
        self.assertEqual(wrong.returncode, 1)
        self.assertIn("there is no device m9", wrong.stderr)
        with self.assertRaises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(urllib.request.Request(
                f"http://127.0.0.1:{self.daemon.port()}/api/v1/bad-registers/m1", data=b"{}",
                headers={"Content-Type": "application/json"}), timeout=10)
        self.assertEqual(refused.exception.code, 403, "not over TCP")


if __name__ == "__main__":
    lingtan.main()
