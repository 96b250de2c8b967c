# SPDX-License-Identifier: Apache-2.0
"""What is measured: the daemon, and beside it a bare libmodbus loop and collectd. Each publishes what it reads to the
same broker; `topic` is where, `pid` whose time counts."""

import os
import shutil
import subprocess

import lingtan

from . import shapes

BARE_LOOP = os.path.join(lingtan.BUILD, "bench", "bare_loop")
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

    def __init__(self, folder, variant, world):
        values = {"mqtt": world.mosquitto.port, "influx": world.influx.port if variant == "all" else 0}
        self.daemon = lingtan.Daemon(folder, world.site_path, sections=VARIANTS[variant].format(**values),
                                     devices=world.devices)
        self.program = self.daemon.program
        self.pid = self.program.process.pid

    def skipped(self):
        return sum(line["errors"]["skipped"] for line in self.daemon.get("/api/v1/lines")["lines"])

    def stop(self):
        self.daemon.stop()


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


def version_of(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return (done.stdout + done.stderr).strip().split("\n")[0]
