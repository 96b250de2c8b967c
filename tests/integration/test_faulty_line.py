# SPDX-License-Identifier: Apache-2.0
"""The daemon against the simulator while one device after another reply misbehaves in every way that the simulator knows,
on Modbus TCP, RTU over TCP and a serial port: no value that was not served, the device back soon after, its neighbour
behind the same gateway held up for a moment at the most, and not one missed poll on the other lines."""

import collections
import json
import os
import struct
import time

import lingtan

PERIOD_S = 0.3
# Each lasts for two replies.
FAULTS = ["silent", "slow:50", "late:400", "doubled", "unasked:40", "stale", "lagging", "drip:5", "truncated", "junk-before",
          "junk-after", "strays", "echo", "unit-id", "garbage", "wrong-transaction", "no-transaction", "wrong-protocol", "length:71", "length:65535",
          "length:1", "short-length", "wrong-unit", "wrong-function", "fewer", "byte-count:255", "byte-count:2",
          "exception:1", "exception:2", "exception:3", "exception:4", "exception:5", "exception:6", "exception:8",
          "exception:10", "exception:11", "exception-length:2", "exception-length:4", "refuse:8196", "close", "abort",
          "half-close"]
BACK_S = 10      # the device shows good values again: pauses grow from two periods
NEIGHBOUR_S = 1.5  # the longest that it waits: a timeout, a pause, new connections
STRUCK = ("tcp", "converter", "bus")
OTHERS = 6
SITE = f"""id = "faulty"; fast_ms = {int(PERIOD_S * 1000)};
lines = (
""" + ",\n".join(
    f"""{{ id = "{name}"; {where} response_timeout_ms = 200; devices = (
        {{ id = "{name}-struck"; profile = "chint-ddsu666"; unit = 1; }},
        {{ id = "{name}-neighbour"; profile = "chint-ddsu666"; unit = 2; }} ); }}"""
    for name, where in (("tcp", 'transport = "tcp"; host = "127.0.0.1"; port = 1;'),
                        ("converter", 'transport = "rtu_over_tcp"; host = "127.0.0.1"; port = 2; baud = 115200;'),
                        ("bus", 'transport = "rtu"; path = "/dev/null"; baud = 115200;'))
) + "".join(
    f""",\n{{ id = "other-{i}"; transport = "tcp"; host = "127.0.0.1"; port = {i + 3}; devices = (
        {{ id = "other-{i}-1"; profile = "chint-ddsu666"; unit = 1; }},
        {{ id = "other-{i}-2"; profile = "chint-ddsu666"; unit = 2; }} ); }}""" for i in range(OTHERS)) + " );\n"


class FaultyLine(lingtan.ProgramTest):
    def setUp(self):
        super().setUp()
        self.sleeper = self.keep(lingtan.Sleeper(self.folder))
        self.served_path = os.path.join(self.folder, "served.jsonl")
        self.simulator = self.keep(lingtan.Simulator(
            self.folder, self.write("faulty.conf", SITE), self.write("model.conf", ""), ["--served", self.served_path]))
        self.daemon = self.keep(lingtan.Daemon(self.folder, self.simulator.site_path))

    def devices(self):
        return {device["id"]: device for device in self.daemon.get("/api/v1/devices")["devices"]}

    def readings(self, device):
        answer = self.daemon.get(f"/api/v1/history?device={device}&point=active_power&from=0&limit=100000")
        return [(time_us, value) for time_us, value, quality in answer["readings"] if quality == "ok"]

    def newest_good_us(self, device):
        return max((time_us for time_us, _ in self.readings(device)[-1:]), default=0)

    def test_every_fault(self):
        names = [f"{line}-struck" for line in STRUCK]
        lingtan.wait_until(lambda: all(self.newest_good_us(name) for name in names), 20, "every device is read")
        begin_us = time.time_ns() // 1000
        for fault in FAULTS:
            for name in names:
                answer = self.simulator.control(f"fault {name} {fault} 2")
                self.assertNotIn("error", answer)
            self.await_end(fault, names)
        devices_end_us = time.time_ns() // 1000
        for word in ("silent", "down"):
            self.assertNotIn("error", self.simulator.control(f"line tcp {word}"))
            time.sleep(1.5)
            self.assertNotIn("error", self.simulator.control("line tcp off"))
            self.await_end(f"line {word}", names)
        time.sleep(1.5)  # for the journal's commit
        end_us = time.time_ns() // 1000
        served = self.served()
        for name in self.devices():
            self.check_values(name, served)
        for line in STRUCK:
            self.check_neighbour(f"{line}-neighbour", begin_us, devices_end_us)
        self.check_others(begin_us, end_us)
        self.assertEqual(self.daemon.stop(), 0)

    def await_end(self, fault, names):
        def is_over():
            faults = {row["device"]: row["fault"] for row in self.simulator.control("list")["devices"]}
            return all(faults[name] == "off" for name in names)
        lingtan.wait_until(is_over, 2 * BACK_S, f"{fault}: two replies")
        over_us = time.time_ns() // 1000
        for name in names:
            lingtan.wait_until(lambda name=name: self.newest_good_us(name) > over_us, BACK_S, f"{name} is back after {fault}")

    def served(self):
        """device -> (when, active_power) of its replies."""
        values = collections.defaultdict(list)
        for path in (self.served_path + ".1", self.served_path):
            if os.path.exists(path):
                with open(path, encoding="utf-8") as file:
                    for text in file:
                        row = json.loads(text)
                        at = 0x2004 - row["address"]
                        if 0 <= at < len(row["registers"]) - 1 and row["function"] == 3:
                            pair = struct.pack(">HH", *row["registers"][at:at + 2])
                            values[row["device"]].append((row["wall_us"], struct.unpack(">f", pair)[0]))
        return values

    def check_values(self, name, served):
        """What is read is what was served then, not a period before. What is polled while this runs is in no list yet."""
        near_us = (0.8 * PERIOD_S + self.sleeper.allowance_s()) * 1e6
        listed_us = max(when_us for rows in served.values() for when_us, _ in rows)
        readings = [(time_us, value) for time_us, value in self.readings(name) if time_us < listed_us - near_us]
        self.assertGreater(len(readings), 30)
        wrong = [(time_us, value) for time_us, value in readings
                 if not any(abs(time_us - when_us) < near_us and abs(value - one) <= 1e-6 * abs(one) + 1e-9
                            for when_us, one in served[name])]
        self.assertEqual(wrong, [], f"{name}: values that were not served then")

    def gaps(self, name, begin_us, end_us):
        times = [time_us for time_us, _ in self.readings(name) if begin_us <= time_us <= end_us]
        return len(times), max((late - early) / 1e6 for early, late in zip(times, times[1:]))

    def check_neighbour(self, name, begin_us, end_us):
        count, longest = self.gaps(name, begin_us, end_us)
        print(f"{name}: {count} good of {(end_us - begin_us) / 1e6 / PERIOD_S:.0f}, longest gap {longest:.3f} s, "
              f"{self.devices()[name]['errors']}")
        self.assertLess(longest, NEIGHBOUR_S + self.sleeper.allowance_s(), name)

    def check_others(self, begin_us, end_us):
        for name, device in self.devices().items():
            if name.startswith("other-"):
                count, longest = self.gaps(name, begin_us, end_us)
                missed = self.sleeper.missed(PERIOD_S)
                self.assertLessEqual(sum(device["errors"].values()), missed, f"{name}: {device['errors']}")
                self.assertGreaterEqual(count, int((end_us - begin_us) / 1e6 / PERIOD_S) - 8 - missed)  # not yet committed
                self.assertLess(longest, 3 * PERIOD_S + self.sleeper.allowance_s(), name)
                print(f"{name}: {count} good of {(end_us - begin_us) / 1e6 / PERIOD_S:.0f}, longest gap {longest:.3f} s")


if __name__ == "__main__":
    lingtan.main()
