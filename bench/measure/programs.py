# SPDX-License-Identifier: Apache-2.0
"""What is measured: the daemon, and beside it a bare libmodbus loop and collectd. Each publishes what it reads to the
same broker; `topic` is where, `pid` whose time counts."""

import os
import re
import shutil
import subprocess

import lingtan

from . import shapes

BARE_LOOP = os.path.join(lingtan.BUILD, "bench", "bare_loop")
SHIM = os.path.join(lingtan.BUILD, "bench", "libbench_epoll_shim.so")
COLLECTD = "/usr/sbin/collectd"

VARIANTS = {
    "mqtt0": "mqtt: {{ enabled = true; port = {mqtt}; qos = 0; }};\n",
    "all": 'mqtt: {{ enabled = true; port = {mqtt}; qos = 1; }};\n'
           'influx: {{ enabled = true; url = "http://127.0.0.1:{influx}"; }};\n',
}
NAMES = {
    "mqtt0": "lingtand, journal + MQTT QoS 0",
    "all": "lingtand, journal + MQTT QoS 1 + InfluxDB",
    "bare": "bare libmodbus loop, MQTT QoS 0",
    "collectd": "collectd, modbus + mqtt plugins",
}


class Ours:
    """The daemon with its default options, but for what the variant says."""

    topic = "lingtan/+/+/telemetry"

    def __init__(self, folder, variant, world, command=(lingtan.LINGTAND,), environment=None):
        is_older = lingtan.LINGTAND not in command
        site = known_to(command, folder, world) if is_older else world.site_path
        values = {"mqtt": world.mosquitto.port, "influx": world.influx.port if variant == "all" else 0}
        self.daemon = lingtan.Daemon(folder, site, sections=VARIANTS[variant].format(**values),
                                     devices=world.devices, command=command, environment=environment,
                                     knows_clock=not is_older)
        self.program = self.daemon.program
        self.pid = self.program.process.pid

    def skipped(self):
        return sum(line["errors"]["skipped"] for line in self.daemon.get("/api/v1/lines")["lines"])

    def stop(self):
        self.daemon.stop()


def known_to(command, folder, world):
    """The site file without the lines that an older daemon does not know."""
    with open(world.site_path, encoding="utf-8") as file:
        lines = file.read().split("\n")
    path = shapes.write(folder, "older-site.conf", "\n".join(lines))
    config = shapes.write(folder, "older.conf", f'site = "{path}";\ndevices = "{world.devices}";\n')
    done = subprocess.run([*command[-1:], "--check", "--config", config], capture_output=True, text=True, check=False)
    for number in re.findall(rf"^{re.escape(path)}:(\d+): .* is not known", done.stdout + done.stderr, re.MULTILINE):
        lines[int(number) - 1] = ""
    return shapes.write(folder, "older-site.conf", "\n".join(lines))


class Counted(Ours):
    """The daemon under callgrind, which counts instructions from `count` to `count_end` and says them when it has ended."""

    def __init__(self, folder, variant, world, command=(lingtan.LINGTAND,)):
        self.path = os.path.join(folder, "callgrind.out")
        super().__init__(folder, variant, world, ("valgrind", "--quiet", "--tool=callgrind", "--instr-atstart=no",
                                                  f"--callgrind-out-file={self.path}", *command), {"LD_PRELOAD": SHIM})

    def count(self, is_on):
        subprocess.run(["callgrind_control", "-i", "on" if is_on else "off", str(self.pid)], check=True, capture_output=True)

    def instructions(self):
        """After stop."""
        with open(self.path, encoding="utf-8") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("totals:"))


class Bare:
    """One thread, or one for each line where replies are slow; no profiles, no journal, no quality, no isolation."""

    topic = "lingtan/+/+/telemetry"

    def __init__(self, folder, shape, world):
        prefix = "" if shape.is_serial else f"{world.address}:"
        lines = [f"{prefix}{place}:{shape.units}" for place in world.places()]
        self.program = lingtan.Program(folder, "bare_loop", [BARE_LOOP, str(world.mosquitto.port), str(shape.bare_threads),
                                                             str(shape.period_ms), str(2 * shape.points), *lines])
        self.pid = self.program.process.pid

    def stop(self):
        self.program.kill()


class Collectd:
    """As a user gets it: the plugins of Debian's package, default threads, one Data block for each point."""

    topic = "collectd/#"

    def __init__(self, folder, shape, world):
        self.program = lingtan.Program(folder, "collectd", [COLLECTD, "-f", "-C", collectd_config(folder, shape, world)])
        self.pid = self.program.process.pid

    @staticmethod
    def complaint():
        """Why it cannot take part, None when it can."""
        if shutil.which(COLLECTD) is None:
            return "collectd is not installed: apt-get install --no-install-recommends collectd-core, or leave it out of --peers"
        return None

    def stop(self):
        self.program.kill()


def collectd_config(folder, shape, world):
    points = range(shape.points)
    data = "\n".join(f'  <Data "v{point + 1}">\n    RegisterBase {2 * point}\n    RegisterType Uint32\n    RegisterCmd ReadHolding\n'
                     f'    Scale 0.1\n    Type gauge\n    Instance "{point + 1}"\n  </Data>' for point in points)
    collect = "\n".join(f'      Collect "v{point + 1}"' for point in points)
    hosts = "\n".join(f'  <Host "d{number}">\n    Address "{world.address}"\n    Port "{port}"\n    Interval {shape.period_ms / 1000:g}\n'
                      f'    <Slave 1>\n      Instance "s"\n{collect}\n    </Slave>\n  </Host>'
                      for number, port in enumerate(world.places()))
    return shapes.write(folder, "collectd.conf", f"""Hostname "bench"
FQDNLookup false
BaseDir "{folder}"
PIDFile "{folder}/collectd.pid"
TypesDB "/usr/share/collectd/types.db"
Interval {shape.period_ms / 1000:g}
LoadPlugin logfile
LoadPlugin modbus
LoadPlugin mqtt
<Plugin logfile>
  LogLevel warning
  File STDERR
</Plugin>
<Plugin modbus>
{data}
{hosts}
</Plugin>
<Plugin mqtt>
  <Publish "bench">
    Host "127.0.0.1"
    Port {world.mosquitto.port}
    Prefix "collectd"
    QoS 0
  </Publish>
</Plugin>
""")


PEERS = {"bare": Bare, "collectd": Collectd}
OLDER = "/older"  # behind a variant: the same with the build of --against


def split(name):
    """The variant, and whether it is run with the older build."""
    return name.removesuffix(OLDER), name.endswith(OLDER)


def title(name):
    variant, is_older = split(name)
    return NAMES.get(variant, variant) + (", older build" if is_older else "")


def version_of(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return (done.stdout + done.stderr).strip().split("\n")[0]
