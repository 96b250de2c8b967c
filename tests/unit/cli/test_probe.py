# SPDX-License-Identifier: Apache-2.0
"""lingtan probe and record against the simulator and wires of the test's own: which units answer, what they may be, how a
port's speed is found, what a gateway says, and that a recorded folder passes the golden test."""

import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import threading
import time
import unittest

import lingtan

KNOWN = ["abb-b23", "carlogavazzi-em24-e1", "carlogavazzi-em340", "huawei-sun2000", "phoenix-ev-charge-control-basic"]
ALIKE = ["chint-dtsu666", "eastron-sdm630", "janitza-umg96rm", "siemens-pac2200-3200", "schneider-iem3155"]


def site(devices, more=""):
    rows = ", ".join(f'{{ id = "d{unit}"; profile = "{profile}"; node = "b1"; unit = {unit}; }}'
                     for unit, profile in devices.items())
    return ('id = "s"; name = "S"; nodes = ( { id = "b1"; name = "1"; } );\nlines = (\n'
            f'{{ id = "net"; transport = "tcp"; host = "10.0.0.1"; devices = ( {rows} ); }}{more} );\n')


def refuse(pdu, exception):
    return bytes([pdu[0] | 0x80, exception])


class Gateway(threading.Thread):
    """A Modbus TCP end of the test's own: answer(unit) gives a PDU, None for silence, b"" to hang up. One client."""

    def __init__(self, answer, says_unit=None, says_transaction=None):
        super().__init__(daemon=True)
        self.answer = answer
        self.says_unit = says_unit  # in replies; None = the one that was asked
        self.says_transaction = says_transaction  # likewise
        self.asked = []
        self.functions = set()
        self.connections = 0
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.start()

    def run(self):
        while True:
            try:
                client, _ = self.socket.accept()
            except OSError:
                return
            self.connections += 1
            with client:
                self.serve(client)

    def serve(self, client):
        while True:
            request = client.recv(12)
            if len(request) < 12:
                return
            unit, function = request[6], request[7]
            self.asked.append(unit)
            self.functions.add(function)
            pdu = self.answer(unit, request[7:])
            if pdu == b"":
                return
            if pdu is not None:
                says = unit if self.says_unit is None else self.says_unit
                head = request[:4] if self.says_transaction is None else struct.pack(">HH", self.says_transaction, 0)
                client.sendall(head + struct.pack(">HB", len(pdu) + 1, says) + pdu)

    def stop(self):
        self.socket.close()


class Case(lingtan.ProgramTest):
    def simulate(self, text, *extra):
        self.simulator = self.keep(lingtan.Simulator(self.folder, self.write("plain.conf", text),
                                                     self.write("model.conf", ""), extra))
        with open(self.simulator.site_path, encoding="utf-8") as file:
            published = file.read()
        self.ports = [int(port) for port in re.findall(r"\bport = (\d+)", published) if port != "502"]
        self.paths = re.findall(r'\bpath = "([^"]+)"', published)

    def cli(self, *arguments, code=0, timeout=120):
        done = subprocess.run([lingtan.LINGTAN, "--socket", os.path.join(self.folder, "lingtan.sock"), *arguments],
                              capture_output=True, text=True, timeout=timeout, check=False)
        self.assertEqual(done.returncode, code, done.stderr + done.stdout)
        return done

    def probe(self, *arguments, code=0):
        done = self.cli("probe", *arguments, "--devices", lingtan.DEVICES, "--gap", "0", "--json", code=code)
        root = json.loads(done.stdout)
        return root, {unit["unit"]: unit for unit in root["units"]}, done.stderr

    def host(self, number=0):
        return ["--host", "127.0.0.1", "--tcp-port", str(self.ports[number])]


class Simulated(Case):
    def test_every_device_is_found_and_the_known_ones_are_named(self):
        devices = dict(enumerate(KNOWN + ALIKE, 1))
        self.simulate(site(devices))
        root, units, told = self.probe(*self.host(), "--units", "1-20,255", "--timeout", "500")
        self.assertIn("21 x (500 ms + 0 ms), at most 0 min 11 s", told)
        self.assertEqual((root["asked"], root["ignores_units"], root["was_cut"]), (21, False, False))
        there = {unit for unit, row in units.items() if row["answer"] in ("reply", "exception")}
        self.assertEqual(there, set(devices))
        for unit, profile in devices.items():
            guesses = units[unit]["guesses"]
            names = [guess["profile"] for guess in guesses]
            if profile in KNOWN:
                self.assertEqual(names, [profile])
                self.assertEqual(guesses[0]["guess"], "identified")
            else:
                self.assertIn(profile, names)
                self.assertEqual({guess["guess"] for guess in guesses}, {"plausible"})
        self.assertEqual(units[len(devices) + 1]["answer"], "no target")

    def test_the_block_for_the_site_file_loads(self):
        self.simulate(site({1: "chint-dtsu666", 2: "huawei-sun2000"}))
        text = self.cli("probe", *self.host(), "--units", "1-3", "--devices", lingtan.DEVICES).stdout
        self.assertRegex(text, r"(?m)^ +1  reply +chint-dtsu666 +plausible +frequency [\d.]+ Hz, voltage_a ")
        self.assertRegex(text, r'(?m)^ +2  \S.* huawei-sun2000 +identified +register 30000 is "SUN2000"$')
        self.assertIn("2 answer, 0 silent, 1 of which the gateway says that they do not answer (0x0B)", text)
        block = text[text.index("    { id ="):]
        path = self.write("made.conf", f'id = "s"; name = "S"; lines = (\n{block} );\n')
        main = self.write("lingtan.conf", f'site = "{path}"; devices = "{lingtan.DEVICES}";')
        plan = json.loads(self.cli("plan", "--config", main, "--json").stdout)
        self.assertEqual([device["profile"] for device in plan["lines"][0]["devices"]], ["chint-dtsu666", "huawei-sun2000"])

    def test_through_the_daemon_and_never_beside_it(self):
        self.simulate(site({1: "chint-dtsu666", 2: "huawei-sun2000"}))
        daemon = self.keep(lingtan.Daemon(self.folder, self.simulator.site_path))
        daemon.program.await_true(lambda: daemon.get("/api/v1/status")["counts"]["devices_online"] == 2, 40, "both online")
        root, units, told = self.probe("net", "--units", "1-3")
        self.assertEqual(root["endpoint"], "line net")
        self.assertIn("through the daemon", told)
        self.assertEqual([units[unit]["answer"] for unit in (1, 2, 3)], ["reply", "exception", "no target"])
        self.assertEqual((units[2]["device"], units[2]["device_profile"]), ("d2", "huawei-sun2000"))
        self.assertEqual(units[2]["guesses"][0]["profile"], "huawei-sun2000")
        refused = self.cli("probe", *self.host(), "--devices", lingtan.DEVICES, code=1)
        self.assertIn("is the line net of the running daemon", refused.stderr)
        self.assertIn("is the line net of the running daemon", self.cli("read", *self.host(), "1", "0", code=1).stderr)
        self.assertIn("there is no line nowhere", self.cli("probe", "nowhere", "--devices", lingtan.DEVICES, code=1).stderr)

    def test_a_configured_line_without_the_daemon(self):
        self.simulate(site({1: "chint-dtsu666"}))
        main = self.write("lingtan.conf", f'site = "{self.simulator.site_path}"; devices = "{lingtan.DEVICES}";')
        done = self.cli("probe", "net", "--config", main, "--units", "1,2", "--json")
        self.assertIn("no daemon runs: directly to 127.0.0.1:", done.stderr)
        self.assertEqual(json.loads(done.stdout)["units"][0]["device"], "d1")
        self.assertEqual(len(json.loads(self.cli("read", "net", "1", "0x2000", "4", "-c", main, "-j").stdout)["registers"]), 4)

    def test_rtu_over_tcp(self):
        self.simulate(site({1: "chint-dtsu666"}, ', { id = "c"; transport = "rtu_over_tcp"; host = "10.0.0.2"; devices = ('
                           '{ id = "x"; profile = "eastron-sdm120"; node = "b1"; unit = 7; } ); }'))
        _, units, _ = self.probe(*self.host(1), "--rtu", "--units", "6-8", "--timeout", "400")
        self.assertEqual(list(units), [7])
        self.assertEqual(units[7]["guesses"][0]["profile"], "eastron-sdm120")

    def serial(self, baud, parity="none", stop_bits=1):
        self.simulate(site({1: "chint-dtsu666"},
                           f', {{ id = "w"; transport = "rtu"; path = "/dev/ttyS9"; baud = {baud}; parity = "{parity}";'
                           f'stop_bits = {stop_bits}; devices = ('
                           '{ id = "x"; profile = "chint-ddsu666"; node = "b1"; unit = 2; } ); }'), "--serial-strict", "on")

    def check_serial(self, found):
        root, units, told = self.probe("--port", self.paths[-1], "--units", "1-3", "--timeout", "200")
        self.assertIn("24 settings x 3 units x 200 ms, at most ", told)
        self.assertEqual((root["baud"], root["parity"], root["stop_bits"]), found)
        self.assertEqual(units[2]["guesses"][0]["profile"], "chint-ddsu666")
        self.assertEqual(list(units), [2])

    # Linux takes the parity bit out of a pseudo-terminal's settings: even cannot be told from none there, odd by its own
    # bit only.
    def test_speed_of_a_port(self):
        self.serial(19200)
        self.check_serial((19200, "none", 1))

    def test_stop_bits_of_a_port(self):
        self.serial(9600, stop_bits=2)
        self.check_serial((9600, "none", 2))

    def test_odd_parity_of_a_port(self):
        self.serial(9600, parity="odd")
        self.check_serial((9600, "odd", 1))

    def test_nobody_on_a_port(self):
        self.serial(38400)
        done = self.cli("probe", "--port", self.paths[-1], "--units", "5", "--timeout", "20", "--devices", lingtan.DEVICES, code=1)
        self.assertRegex(done.stderr, r"nobody answered on \S+ in \d+ settings")
        self.assertIn("are A and B swapped", done.stderr)
        done = self.cli("probe", "--port", self.paths[-1], "--baud", "38400", "--parity", "none", "--stop-bits", "1", "--units",
                        "2", "--devices", lingtan.DEVICES)
        self.assertNotIn("looking for baud", done.stderr)

    def test_known_value(self):
        self.simulate(site({1: "chint-dtsu666"}))
        shown = self.simulator.control("value d1 voltage_ab")["value"]
        root = json.loads(self.cli("read", *self.host(), "1", "0", "10000", "--known", f"{shown:.0f}", "--json").stdout)
        best = root["matches"][0]
        self.assertEqual((best["address"], best["type"], best["order"], best["scale"]), (0x2000, "f32", "ABCD", 0.1))
        table = self.cli("read", *self.host(), "1", "0x2000", "4", "--known", f"{shown:.0f}").stdout
        self.assertRegex(table, r"(?m)^ +8192  f32 +ABCD +0\.1 +1 +[\d.]+  as shown, scaled$")
        nowhere = self.cli("read", *self.host(), "1", "0x2000", "2", "--known", "7.7777777", code=1)
        self.assertIn("none is 7.7777777", nowhere.stdout)
        self.assertIn("not allowed", self.cli("read", *self.host(), "1", "0x2000", "2", "--known", "0", code=2).stderr)


class Recorded(Case):
    def golden(self, case, profile):
        """Runs the golden test on the recorded case alone, in a copy of its folders."""
        place = os.path.join(self.folder, "goldens", profile)
        devices = os.path.join(self.folder, "profiles")
        os.makedirs(place)
        os.makedirs(devices)
        shutil.copy(case, place)
        shutil.copy(os.path.join(lingtan.DEVICES, profile + ".conf"), devices)
        return subprocess.run([os.path.join(lingtan.BUILD, "tests", "golden", "test_golden"), devices, os.path.dirname(place)],
                              capture_output=True, text=True, timeout=60, check=False)

    def check(self, profile):
        self.simulate(site({3: profile}))
        out = os.path.join(self.folder, profile)
        done = self.cli("record", *self.host(), "3", profile, "--devices", lingtan.DEVICES, "--out", out)
        case = os.path.join(out, "case-recorded.txt")
        self.assertIn(case, done.stdout)
        golden = self.golden(case, profile)
        self.assertEqual(golden.returncode, 0, golden.stderr)
        with open(case, encoding="utf-8") as file:
            return case, file.read()

    def test_a_recorded_meter_passes_the_golden_test(self):
        case, text = self.check("chint-dtsu666")
        self.assertRegex(text, r"(?m)^point voltage_a: 2\d\d\.\d+ V$")
        self.assertRegex(text, r"(?m)^point active_energy_import: [\d.]+ kWh, count \d+$")
        arguments = ["record", *self.host(), "3", "chint-dtsu666", "--devices", lingtan.DEVICES, "--out", os.path.dirname(case)]
        self.assertIn("is there already", self.cli(*arguments, code=1).stderr)
        self.cli(*arguments, "--force")

    def test_a_wrong_value_is_seen_by_the_golden_test(self):
        self.simulate(site({3: "chint-dtsu666"}))
        out = os.path.join(self.folder, "wrong")
        self.cli("record", *self.host(), "3", "chint-dtsu666", "--devices", lingtan.DEVICES, "--out", out)
        case = os.path.join(out, "case-recorded.txt")
        with open(case, encoding="utf-8") as file:
            text = re.sub(r"(?m)^(point frequency: )\S+", r"\g<1>51.5", file.read())
        with open(case, "w", encoding="utf-8") as file:
            file.write(text)
        golden = self.golden(case, "chint-dtsu666")
        self.assertEqual(golden.returncode, 1)
        self.assertIn("frequency is ", golden.stderr)

    def test_texts_helpers_and_units(self):
        for profile in ("huawei-sun2000", "alfen-ng9xx", "acrel-adl400-adl3000", "kippzonen-smp", "daikin-dta116a51"):
            with self.subTest(profile=profile):
                self.check(profile)
                self.simulator.stop()
                shutil.rmtree(os.path.join(self.folder, "goldens"))
                shutil.rmtree(os.path.join(self.folder, "profiles"))

    def test_a_device_that_lists_its_points(self):
        words = {}
        with open(os.path.join(lingtan.SOURCE, "tests", "golden", "sunspec", "case-inverter-and-meter.txt"),
                  encoding="utf-8") as file:
            for line in file:
                found = re.match(r"holding (\d+): ([^#]*)", line)
                for number, word in enumerate(found.group(2).split() if found else ()):
                    words[int(found.group(1)) + number] = int(word, 16)

        def answer(unit, pdu):
            function, first, count = struct.unpack(">BHH", pdu)
            if unit != 2:
                return refuse(pdu, 0x0B)
            held = [words.get(first + number) for number in range(count)]
            if function != 3 or None in held:
                return refuse(pdu, 2)
            return struct.pack(f">BB{count}H", 3, 2 * count, *held)

        gateway = self.keep(Gateway(answer))
        self.ports = [gateway.port]
        _, units, _ = self.probe(*self.host(), "--units", "2", "--timeout", "500")
        self.assertEqual([(guess["profile"], guess["guess"]) for guess in units[2]["guesses"]], [("sunspec", "identified")])
        listed = json.loads(self.cli("--json", "sunspec", *self.host(), "2").stdout)
        self.assertEqual([(model["model"], model["register"], model["device"], model["use"]) for model in listed["models"]],
                         [(1, 40002, 1, "read"), (103, 40069, 1, "read"), (1, 40121, 2, "read"), (203, 40188, 2, "read")])
        self.assertEqual((listed["base"], listed["serial_number"], listed["has_end"]), (40000, "7E183A21", True))
        self.assertIn("exception 11", self.cli("sunspec", *self.host(), "3", code=1).stderr)
        self.assertIn("Meter, three phase, wye", self.cli("sunspec", *self.host(), "2").stdout)
        out = os.path.join(self.folder, "sun")
        self.cli("record", *self.host(), "2", "sunspec", "--devices", lingtan.DEVICES, "--out", out)
        golden = self.golden(os.path.join(out, "case-recorded.txt"), "sunspec")
        self.assertEqual(golden.returncode, 0, golden.stderr)

    def test_a_device_of_the_site_with_its_ratio(self):
        text = site({3: "chint-dtsu666-401e"}).replace("unit = 3;", "unit = 3; ct_ratio = 40.0;")
        self.simulate(text)
        main = self.write("lingtan.conf", f'site = "{self.simulator.site_path}"; devices = "{lingtan.DEVICES}";')
        out = os.path.join(self.folder, "rec")
        self.cli("record", "d3", "--config", main, "--out", out)
        case = os.path.join(out, "case-recorded.txt")
        with open(case, encoding="utf-8") as file:
            self.assertIn("\nratio ct 40\n", file.read())
        golden = self.golden(case, "chint-dtsu666-401e")
        self.assertEqual(golden.returncode, 0, golden.stderr)

    def test_a_profile_that_does_not_fit_is_said(self):
        self.simulate(site({3: "chint-dtsu666"}))
        done = self.cli("record", *self.host(), "3", "eastron-sdm630", "--devices", lingtan.DEVICES, "--out",
                        os.path.join(self.folder, "no"), code=1)
        self.assertIn("nothing could be read", done.stderr)
        near = self.cli("record", *self.host(), "3", "chint-dtsu6666", "--devices", lingtan.DEVICES, code=1)
        self.assertIn("nearest is chint-dtsu666", near.stderr)

    def test_a_capture_without_a_profile(self):
        self.simulate(site({3: "chint-dtsu666"}))
        out = os.path.join(self.folder, "raw")
        self.cli("record", *self.host(), "3", "3:0x2000-0x2020", "3:60000-60010", "--out", out)
        with open(os.path.join(out, "unit-3.txt"), encoding="utf-8") as file:
            text = file.read()
        self.assertIn("# function 3, 8192 to 8224: ", text)
        self.assertIn("# function 3, 60000 to 60010: 0 of 11 were given", text)
        self.assertRegex(text, r"(?m)^holding 8192:( [0-9A-F]{4}){8}$")
        self.cli("record", *self.host(), "3", "3:60000", "--out", os.path.join(self.folder, "none"), code=1)
        self.cli("record", *self.host(), "3", "3", code=1)
        self.cli("record", *self.host(), "3", "9:1-2", code=2)


class Gateways(Case):
    def serve(self, answer):
        self.gateway = self.keep(Gateway(answer))
        self.ports = [self.gateway.port]

    def few(self, known):
        """A device of so many registers that answers with fewer where they end."""
        def answer(_, pdu):
            address, count = struct.unpack(">HH", pdu[1:5])
            given = max(0, min(count, known - address))
            return bytes([3, 2 * given]) + b"".join(struct.pack(">H", 2300 + address + i) for i in range(given))
        self.serve(answer)

    def test_a_short_reply_is_halved(self):
        self.few(192)
        found = self.cli("read", *self.host(), "1", "0", "200", "--known", "249.1")
        self.assertIn("192 of 200 registers from 0 read: these may be", found.stdout)
        self.assertRegex(found.stdout, r"(?m)^ +191  u16 +AB +0\.1 ")
        self.assertEqual(self.gateway.connections, 1)
        said = self.cli("read", *self.host(), "1", "187", "10", code=1).stderr
        self.assertIn("gave 5 of 10 registers", said)
        out = os.path.join(self.folder, "short")
        self.cli("record", *self.host(), "1", "3:185-200", "3:1000-1009", "--out", out, code=0)
        with open(os.path.join(out, "unit-1.txt"), encoding="utf-8") as file:
            text = file.read()
        self.assertIn("# function 3, 185 to 200: 7 of 16 were given", text)
        self.assertIn("# function 3, 1000 to 1009: 0 of 10 were given", text)

    def test_a_short_reply_through_the_daemon(self):
        self.few(192)
        path = self.write("short.conf", f'id = "s"; name = "S"; lines = ( {{ id = "net"; transport = "tcp"; host = '
                          f'"127.0.0.1"; port = {self.ports[0]}; devices = ( {{ id = "d"; profile = "imt-si-rs485"; '
                          f'unit = 1; }} ); }} );')
        daemon = self.keep(lingtan.Daemon(self.folder, path))
        said = self.cli("read", "net", "1", "187", "10", "--socket", daemon.socket, code=1).stderr
        self.assertIn("gave 5 of 10 registers", said)
        found = self.cli("read", "net", "1", "0", "200", "--known", "249.1", "--socket", daemon.socket)
        self.assertIn("192 of 200 registers from 0 read: these may be", found.stdout)

    def numbers(self, **says):
        """A gateway whose units give 1000 times their number, and some of whose replies say something else of themselves."""
        def answer(unit, pdu):
            if pdu[0] != 3:
                return refuse(pdu, 1)
            count = struct.unpack(">H", pdu[3:5])[0]
            return bytes([3, 2 * count]) + struct.pack(">H", 1000 * unit) * count
        self.gateway = self.keep(Gateway(answer, **says))
        self.ports = [self.gateway.port]

    def registers(self, *arguments):
        return json.loads(self.cli("read", *arguments, "--json").stdout)["registers"]

    def test_a_gateway_that_keeps_no_unit_id(self):
        for says in (0, 255):
            self.numbers(says_unit=says)
            began = time.monotonic()
            said = self.cli("read", *self.host(), "5", "7", code=1).stderr
            self.assertIn(f"answers, but as unit {says}; if it says so for every unit, give --ignore-unit-id", said)
            self.assertLess(time.monotonic() - began, 1)  # no other reply is waited for
            self.assertEqual(self.registers(*self.host(), "--ignore-unit-id", "5", "7", "2"), [5000, 5000])
        _, units, told = self.probe(*self.host(), "--units", "2", code=1)
        self.assertIn("give --ignore-unit-id", told)
        self.assertEqual(units[2]["answer"], "garbled")
        _, units, _ = self.probe(*self.host(), "--units", "1,2", "--ignore-unit-id")
        self.assertEqual({unit: row["answer"] for unit, row in units.items()}, {1: "reply", 2: "reply"})

    def test_a_unit_id_that_is_another_is_no_reply(self):
        self.numbers(says_unit=9)
        self.cli("read", *self.host(), "--ignore-unit-id", "--timeout", "200", "5", "7", code=1)

    def test_a_gateway_that_keeps_no_transaction_id(self):
        self.numbers(says_transaction=77)
        self.cli("read", *self.host(), "--timeout", "200", "5", "7", code=1)
        self.assertEqual(self.registers(*self.host(), "--ignore-transaction-id", "5", "7"), [5000])

    def test_a_configured_line_knows_its_gateway(self):
        self.numbers(says_unit=0, says_transaction=77)
        with open(os.path.join(lingtan.DEVICES, "chint-dtsu666.conf"), encoding="utf-8") as file:
            profile = file.read()
        os.mkdir(os.path.join(self.folder, "profiles"))
        self.write("profiles/plain.conf", profile)
        self.write("profiles/strange.conf", profile.replace("link: {", "link: { ignore_unit_id = true; ignore_transaction_id = true;"))
        known = "ignore_unit_id = true; ignore_transaction_id = true;"
        for name, option, code in (("plain", "", 1), ("plain", known, 0), ("strange", "", 0)):
            self.write("site.conf", site({5: name}).replace('host = "10.0.0.1";',
                                                            f'host = "127.0.0.1"; port = {self.gateway.port}; {option}'))
            main = self.write("lingtan.conf", 'site = "site.conf"; devices = "profiles";')
            self.cli("read", "net", "5", "7", "-c", main, "--timeout", "200", code=code)

    def test_one_register_of_exception_1_ends_no_search(self):
        def answer(_, pdu):
            address, count = struct.unpack(">HH", pdu[1:5])
            if pdu[0] != 3 or address <= 40 < address + count:
                return refuse(pdu, 1)
            return bytes([3, 2 * count]) + b"".join(struct.pack(">H", 2300 + address + i) for i in range(count))
        self.serve(answer)
        found = self.cli("read", *self.host(), "1", "0", "100", "--known", "239.9").stdout
        self.assertIn("99 of 100 registers from 0 read", found)
        self.gateway.asked.clear()
        self.cli("read", *self.host(), "1", "0", "100", "--function", "4", "--known", "239.9", code=1)
        self.assertLess(len(self.gateway.asked), 3, "a function that is refused is not asked register by register")

    def test_each_kind_of_answer(self):
        def answer(unit, pdu):
            whole = pdu[0] == 3 and pdu[4] == 1
            return {1: b"\x03\x02\x00\x07" if whole else refuse(pdu, 2), 2: refuse(pdu, 2), 3: refuse(pdu, 10),
                    4: refuse(pdu, 11), 5: None, 6: b"\x03\x09\x00"}[unit]
        self.serve(answer)
        root, units, _ = self.probe(*self.host(), "--units", "1-6", "--timeout", "200")
        answers = {unit: row["answer"] for unit, row in units.items()}
        self.assertEqual(answers, {1: "reply", 2: "exception", 3: "no path", 4: "no target", 6: "garbled"})
        self.assertEqual([units[unit]["refuses_all"] for unit in (1, 2)], [False, True])
        self.assertEqual((root["silent"], units[2]["exception"]), (1, 2))
        self.assertEqual(self.gateway.functions - {3, 4}, set(), "probe must only read")

    def test_a_device_that_minds_no_unit(self):
        self.serve(lambda _, pdu: b"\x03" + bytes([2 * pdu[4]]) + b"\x00\x09" * pdu[4] if pdu[0] == 3 else refuse(pdu, 1))
        root, units, _ = self.probe(*self.host(), "--timeout", "200")
        self.assertTrue(root["ignores_units"])
        self.assertEqual(list(units), [1])
        self.assertEqual(sorted(set(self.gateway.asked)), [0, 1, 100, 247, 255])
        self.assertEqual(self.gateway.connections, 1)

    def meter(self, exists, refusal, energies=None):
        """A server of one kind of meter: unit `u` gives its own energy, a unit that is not among `exists` the refusal,
        or the registers of unit 1 where the refusal is 0."""
        counts = {"asked": 0}

        def answer(unit, pdu):
            counts["asked"] += 1
            address, count = struct.unpack(">HH", pdu[1:5])
            if unit not in exists and refusal is None:
                return None
            if unit not in exists and refusal:
                return refuse(pdu, refusal)
            if pdu[0] != 3 or not 0x2000 <= address <= address + count <= 0x2080:
                return refuse(pdu, 2)
            own = (energies or {}).get(unit if unit in exists else 1, 7)
            moving = counts["asked"] % 7
            words = [own if at % 2 else moving if at == 0x2002 else 2300 for at in range(address, address + count)]
            return bytes([3, 2 * count]) + struct.pack(f">{count}H", *words)
        self.serve(answer)

    def printed(self, *arguments):
        return self.cli("probe", *self.host(), "--devices", lingtan.DEVICES, "--gap", "0", "--timeout", "200",
                        *arguments).stdout

    def mains(self, minds=True):
        """Meters whose model is plausible: chint-dtsu666 of the simulator's registers at units 1 and 2."""
        self.simulate(site({1: "chint-dtsu666", 2: "chint-dtsu666"}))
        peer = socket.create_connection(("127.0.0.1", self.ports[0]))
        self.addCleanup(peer.close)

        def answer(unit, pdu):
            asked = unit if minds and unit in (1, 2) else 1
            if minds and unit not in (1, 2):
                return None
            peer.sendall(struct.pack(">HHHB", 1, 0, len(pdu) + 1, asked) + pdu)
            head = peer.recv(7, socket.MSG_WAITALL)
            return peer.recv(struct.unpack(">H", head[4:6])[0] - 1, socket.MSG_WAITALL)
        self.serve(answer)

    def test_a_server_of_one_device_is_one_device(self):
        self.mains(minds=False)
        root, units, _ = self.probe(*self.host(), "--units", "1-8", "--timeout", "500")
        self.assertEqual(list(units), [1])
        self.assertEqual(units[1]["same_units"], [2, 3, 4, 5, 6, 7, 8])
        self.assertEqual(root["asked"], 8)
        shown = self.printed("--units", "1-8")
        self.assertIn("WARNING: units 2-8 give the same registers as unit 1", shown)
        self.assertEqual(len(re.findall(r"unit = \d+;", shown)), 1, shown)

    def test_two_meters_are_two(self):
        self.mains()
        _, units, _ = self.probe(*self.host(), "--units", "1-3", "--timeout", "500")
        self.assertEqual([units[unit]["same_units"] for unit in (1, 2)], [[], []])
        self.assertEqual(len(re.findall(r"unit = \d+;", self.printed("--units", "1-3"))), 2)

    def test_idle_twins_behind_a_gateway_are_two(self):
        self.meter({1, 2}, None)
        _, units, _ = self.probe(*self.host(), "--units", "1-3", "--timeout", "200")
        self.assertEqual(sorted(units), [1, 2])
        self.assertEqual([units[unit]["same_units"] for unit in (1, 2)], [[], []])

    def test_others_answer_for_one_that_is_there(self):
        self.meter({1, 4}, 0, {1: 11, 4: 44})
        _, units, _ = self.probe(*self.host(), "--units", "1-6", "--timeout", "200")
        self.assertEqual(sorted(units), [1, 4])
        self.assertEqual(units[1]["same_units"], [2, 3, 5, 6])
        self.assertEqual(units[4]["same_units"], [])

    def test_a_unit_that_refuses_everything_is_no_device(self):
        for refusal in (1, 2, 4):
            with self.subTest(refusal=refusal):
                self.meter({3}, refusal, {3: 33})
                _, units, _ = self.probe(*self.host(), "--units", "1-6,9", "--timeout", "200")
                self.assertFalse(units[3]["refuses_all"])
                self.assertTrue(all(units[unit]["refuses_all"] for unit in (1, 2, 4, 5, 6, 9)))
                shown = self.printed("--units", "1-6,9")
                self.assertRegex(shown, r"7 of 7 units asked, 1 answer, 0 silent, 6 refuse everything")
                self.assertRegex(shown, rf"(?m)^ *1-2, 4-6, 9  exception {refusal} .* none .*refuses everything")
                self.assertIn(f"a unit that cannot exist gets exception {refusal}", shown)

    def test_the_only_unit_of_a_server_is_found(self):
        self.meter({17}, 4, {17: 5})
        root, units, _ = self.probe(*self.host(), "--units", "255,0,247,1,100,17", "--timeout", "200")
        self.assertFalse(root["ignores_units"])
        self.assertFalse(units[17]["refuses_all"])

    def test_a_device_that_lacks_the_first_register_and_minds_no_unit(self):
        self.meter({1}, 0, {1: 11})
        root, units, _ = self.probe(*self.host(), "--timeout", "200")
        self.assertTrue(root["ignores_units"])
        self.assertEqual(list(units), [1])
        self.assertEqual(root["asked"], 5)

    def test_a_gateway_that_hangs_up(self):
        self.serve(lambda unit, pdu: b"" if unit == 2 else refuse(pdu, 2))
        root, units, _ = self.probe(*self.host(), "--units", "1-3", "--timeout", "200")
        self.assertEqual([units[unit]["answer"] for unit in (1, 2, 3)], ["exception", "closed", "exception"])
        self.assertEqual(root["connections_anew"], 1)

    def test_a_gateway_that_always_hangs_up(self):
        self.serve(lambda unit, _: b"")
        root, _, told = self.probe(*self.host(), "--units", "1-30", "--timeout", "200", code=1)
        self.assertTrue(root["was_cut"])
        self.assertLess(root["asked"], 10)
        self.assertIn("closed the connection", told)

    def test_ctrl_c_shows_what_was_found(self):
        self.serve(lambda unit, pdu: refuse(pdu, 2) if unit == 1 else None)
        process = subprocess.Popen([lingtan.LINGTAN, "-s", os.path.join(self.folder, "s"), "probe", *self.host(), "--devices",
                                    lingtan.DEVICES, "--units", "1-100", "--timeout", "500", "--json"],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        lingtan.wait_until(lambda: len(self.gateway.asked) >= 3, 30, "three units asked")
        time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=30)
        root = json.loads(out)
        self.assertTrue(root["was_cut"])
        self.assertEqual([unit["unit"] for unit in root["units"]], [1])
        self.assertEqual(process.returncode, 0)

    def test_what_is_not_allowed(self):
        self.serve(lambda unit, _: None)
        for units in ("0-256", "5-4", "x", "", "1,,2"):
            self.cli("probe", *self.host(), "--units", units, "--devices", lingtan.DEVICES, code=2)
        self.cli("probe", code=2)
        self.cli("probe", "net", "--baud", "9600", code=2)
        self.cli("probe", *self.host(), "--known", "5", code=2)


if __name__ == "__main__":
    lingtan.main()
