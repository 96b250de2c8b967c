# SPDX-License-Identifier: Apache-2.0
"""The shapes: which devices, on which lines, how slow, how dead; and the files that make the simulator play them."""

import dataclasses
import os

QUANTITY = "dc_power"  # of string 1, 2, ...: the one quantity that devices have by the hundred
REQUEST_MAX = 124      # registers: 62 values


@dataclasses.dataclass(frozen=True)
class Shape:
    name: str
    what: str
    lines: int
    units: int              # devices on each line
    points: int
    kind: str = "compare"   # or dead, serial, ramp, count: see measure/compare.py
    fault: str = ""         # of every device: how it answers
    period_ms: int = 1000
    bare_threads: int = 1   # what a plain program needs here: one thread, or one for each line
    peers: tuple = ("bare",)
    variants: tuple = ("mqtt0",)
    dead_every: int = 0     # 10: devices 9, 19, ... are dead
    warm_up: float = 0      # seconds at least: a line learns how long its replies take

    @property
    def devices(self):
        return self.lines * self.units

    @property
    def living(self):
        return self.devices - (self.devices // self.dead_every if self.dead_every else 0)

    @property
    def is_serial(self):
        return self.kind == "serial"


SHAPES = {shape.name: shape for shape in (
    Shape("S1", "500 devices x 20 values at 1 s", 500, 1, 20, peers=("bare", "collectd"), variants=("mqtt0", "all")),
    Shape("S2", "10 devices x 1000 values at 1 s", 10, 1, 1000),
    Shape("S3", "500 devices x 20 values at 1 s, replies after 10 to 30 ms", 500, 1, 20, fault="slow:10-30",
          bare_threads=500, peers=("bare", "collectd")),
    Shape("S4", "50 gateways x 10 devices x 20 values at 1 s, replies after 5 ms", 50, 10, 20, fault="slow:5",
          bare_threads=50),
    Shape("S5", "S1 with 50 of 500 devices dead: 25 refuse, 25 are silent", 500, 1, 20, kind="dead", peers=(), dead_every=10),
    Shape("S5b", "50 gateways x 10 devices, one of each silent", 50, 10, 20, kind="dead", peers=(), dead_every=10),
    # Asked for more often than the wire can: what it carries is the figure.
    Shape("S6", "one RTU line, 9600 8N1, 30 devices x 30 values (60 registers), turnaround 5 ms", 1, 30, 30, kind="serial",
          period_ms=4000, warm_up=15),
    Shape("S7", "N devices x 20 values at 1 s, five on a line, until one misses", 1000, 5, 20, kind="ramp", peers=()),
    Shape("S8", "10 000 devices x 20 values at 1 s on 2000 lines", 2000, 5, 20, peers=()),
    # Fewer devices: callgrind makes the daemon some fifty times slower.
    Shape("count", "200 devices x 20 values at 1 s, instructions counted", 200, 1, 20, kind="count", peers=(), variants=("all",)),
    Shape("smoke", "10 devices x 20 values at 1 s", 10, 1, 20),
)}
DEFAULT = [name for name in SHAPES if name not in ("S5b", "count", "smoke")]


def write(folder, name, text):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def profile(points):
    rows = ",\n".join(f'    {{ quantity = "{QUANTITY}"; index = {index + 1}; function = 3; address = {2 * index}; type = "u32";'
                      f' scale = 0.1; poll = "fast"; min = 0.0; max = 1e9; dead_band = 1e9; }}' for index in range(points))
    return ('# SPDX-License-Identifier: Apache-2.0\n'
            f'device = "Bench {points}";\nclass = "inverter";\nconfidence = "high";\nsources = ("bench/run");\n'
            f'address_base = 0;\nlink: {{ unit = 1; max_registers = {REQUEST_MAX}; baud = 9600; frame = "8N1"; }};\n'
            f'points = (\n{rows}\n);\n')


def write_profiles(folder, points):
    """A profile folder of its own; its path."""
    devices = os.path.join(folder, "devices")
    os.makedirs(devices, exist_ok=True)
    write(devices, f"bench-{points}.conf", profile(points))
    return devices


def line(shape, number):
    place = ('transport = "rtu"; path = "/dev/bench"; baud = 9600; parity = "none"; stop_bits = 1;' if shape.is_serial else
             f'transport = "tcp"; host = "127.0.0.1"; port = {10000 + number};')
    devices = ", ".join(f'{{ id = "d{number * shape.units + unit}"; profile = "bench-{shape.points}"; unit = {unit + 1}; }}'
                        for unit in range(shape.units))
    return f'{{ id = "l{number}"; {place} devices = ( {devices} ); }}'


def site(shape):
    lines = ",\n".join(line(shape, number) for number in range(shape.lines))
    return (f'id = "bench"; name = "bench"; fast_ms = {shape.period_ms}; normal_ms = {shape.period_ms};'
            f' slow_ms = 60000;\nlines = (\n{lines}\n);\n')


def model(shape):
    rows = "" if not shape.fault else ",\n".join(f'{{ device = "d{device}"; faults = ("{shape.fault}"); }}'
                                                 for device in range(shape.devices))
    return f"turnaround_ms = 5;\ndevices = (\n{rows}\n);\n"


def dead_devices(shape):
    """Those that refuse the connection, and those that are silent. A device on a shared line can only be silent."""
    dead = [number for number in range(shape.devices) if number % shape.dead_every == shape.dead_every - 1]
    return (dead[0::2], dead[1::2]) if shape.units == 1 else ([], dead)


def wire_s(registers):
    """Seconds that one poll takes of 9600 8N1: request, silence, turnaround of 5 ms, reply, silence."""
    character = 10 / 9600
    return (8 + 5 + 2 * registers) * character + 2 * 3.5 * character + 0.005
