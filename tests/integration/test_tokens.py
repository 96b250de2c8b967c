# SPDX-License-Identifier: Apache-2.0
"""Tokens: made by lingtan token, shown once, kept as hashes of mode 0600, believed by the running daemon at once, gone when removed."""

import json
import os
import stat
import unittest
import urllib.error
import urllib.request

import lingtan

SITE = """id = "t"; lines = ( { id = "l"; transport = "tcp"; host = "127.0.0.1"; port = 1;
    devices = ( { id = "one"; profile = "chint-ddsu666"; unit = 1; } ); } );
"""


class Tokens(lingtan.ProgramTest):
    def setUp(self):
        super().setUp()
        self.daemon = self.keep(lingtan.Daemon(self.folder, self.write("site.conf", SITE)))

    def token(self, *arguments, check=True):
        return self.daemon.cli("token", *arguments, "--config", self.daemon.config, check=check)

    def ask(self, path, token=None, body=None):
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        request = urllib.request.Request(f"http://127.0.0.1:{self.daemon.port()}{path}", body, headers)
        try:
            with urllib.request.urlopen(request, timeout=20) as reply:
                return reply.status, json.load(reply)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)

    def test_a_token_from_making_to_removing(self):
        added = self.token("add", "fitter", "--role", "engineer")
        token = added.stdout.strip()
        self.assertRegex(token, r"^lt_[0-9a-f]{64}$")
        self.assertIn("only time", added.stderr)
        path = os.path.join(self.folder, "tokens")
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        with open(path, encoding="utf-8") as file:
            self.assertNotIn(token[3:], file.read())
        self.assertEqual(self.ask("/api/v1/principal", token), (200, {"name": "fitter", "role": "engineer", "known_by": "token"}))
        self.assertEqual(self.ask("/api/v1/bad-registers/one", token, b"{}"), (200, {"device": "one", "by": "fitter"}))
        line = "POST /api/v1/bad-registers/one by token fitter (engineer)"
        lingtan.wait_until(lambda: line in self.daemon.program.log(), 10, "who asked, in the log")
        listed = json.loads(self.token("list", "--json").stdout)["tokens"]
        self.assertEqual([(row["name"], row["role"]) for row in listed], [("fitter", "engineer")])
        self.assertRegex(self.token("list").stdout, r"(?m)^fitter +engineer +\d{4}-")
        self.token("remove", "fitter")
        status, answer = self.ask("/api/v1/principal", token)
        self.assertEqual((status, answer["error"]["code"]), (401, "wrong_token"))
        self.assertNotIn(token, self.daemon.program.log())

    def test_too_low_a_role(self):
        token = self.daemon.make_token("wall", "viewer")
        status, answer = self.ask("/api/v1/bad-registers/one", token, b"{}")
        self.assertEqual((status, answer["error"]["code"]), (403, "role_too_low"))
        self.assertIn("lingtan token add", answer["error"]["allowed"])
        self.assertEqual(self.ask("/api/v1/status", token)[0], 200)

    def test_a_file_that_others_may_write_holds_nothing(self):
        token = self.daemon.make_token("wall", "admin")
        os.chmod(os.path.join(self.folder, "tokens"), 0o666)
        self.assertEqual(self.ask("/api/v1/status", token)[0], 401)
        lingtan.wait_until(lambda: "no token is known" in self.daemon.program.log(), 10, "the reason in the log")
        refused = self.token("list", check=False)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("chmod 600", refused.stderr)

    def test_what_is_wrong_is_told(self):
        self.token("add", "one", "--role", "viewer")
        for arguments, code, word in [
                (("add", "one", "--role", "viewer"), 1, "there is a token one already"),
                (("add", "two"), 2, "--role"),
                (("add", "two", "--role", "king"), 2, "energy-office"),
                (("add", "a b", "--role", "viewer"), 2, "NAME wants"),
                (("remove", "two"), 1, "there is no token"),
                (("list", "two"), 2, "usage"),
                (("list", "--role", "viewer"), 2, "belongs to token add"),
                (("add", "--role", "viewer"), 2, "usage"),
                (("burn",), 2, "usage")]:
            with self.subTest(arguments):
                done = self.token(*arguments, check=False)
                self.assertEqual(done.returncode, code, done.stderr)
                self.assertIn(word, done.stderr)
        mistyped = self.daemon.cli("token", "lst", "--config", "/none.conf", check=False)
        self.assertEqual(mistyped.returncode, 2)
        self.assertIn("usage", mistyped.stderr)
        missing = self.daemon.cli("token", "list", "--config", "/none.conf", check=False)
        self.assertEqual(missing.returncode, 1)
        self.assertIn("--config", missing.stderr)


if __name__ == "__main__":
    lingtan.main()
