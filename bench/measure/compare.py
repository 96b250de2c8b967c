# SPDX-License-Identifier: Apache-2.0
"""One shape: the programs in turn on the same simulator and broker, pair after pair."""

import dataclasses
import os
import re
import socket
import sys
import time

import lingtan

from . import programs, shapes, window

DEAD_PAIRS = 5
RAMP = (5000, 10000, 15000, 20000, 25000, 30000)  # a site file written out holds no more: 16 MiB
ATTEMPTS = 2  # of a step: a machine that was busy with something else is no limit


class World:
    """Simulator, broker and database of a shape, for all its runs."""

    def __init__(self, folder, shape, variants):
        self.folder, self.shape, self.refusing = folder, shape, []
        self.devices = shapes.write_profiles(folder, shape.points)
        site = shapes.write(folder, "bench-site.conf", shapes.site(shape))
        model = shapes.write(folder, "bench-model.conf", shapes.model(shape))
        # An address of its own: what other programs still look for at ports of 127.0.0.1 must not be counted here.
        self.address = f"127.66.{os.getpid() >> 8 & 255}.{os.getpid() & 255}"
        self.mosquitto = lingtan.Mosquitto(folder)
        self.influx = lingtan.Influx(folder) if "all" in variants else None
        self.simulator = lingtan.Simulator(folder, site, model, ("--pattern", "--listen", self.address), self.devices)
        self.site_path = self.simulator.site_path

    def helpers(self):
        """What shares the machine with the program that is measured."""
        found = {"simulator": self.simulator.program, "broker": self.mosquitto.program}
        return {**found, "database": self.influx.program} if self.influx else found

    def places(self):
        """Paths or ports of the lines, in their order."""
        with open(self.simulator.site_path, encoding="utf-8") as file:
            return re.findall(r'path\s*=\s*"([^"]+)"' if self.shape.is_serial else r"port\s*=\s*(\d+)", file.read())

    def set_dead(self, is_dead):
        """Half of the dead have a port that nobody listens at; it is held, so that nobody comes to."""
        refusing, silent = shapes.dead_devices(self.shape)
        for number in silent:
            self.simulator.control(f"fault d{number} {'silent' if is_dead else 'off'}")
        self.site_path = self.simulator.site_path
        if not is_dead:
            return
        with open(self.simulator.site_path, encoding="utf-8") as file:
            text = file.read()
        places = self.places()
        for number in refusing:
            holder = socket.socket()
            holder.bind((self.address, 0))
            self.refusing.append(holder)
            text = re.sub(rf"port\s*=\s*{places[number]}\b", f"port = {holder.getsockname()[1]}", text)
        self.site_path = shapes.write(self.folder, "dead-site.conf", text)

    def stop(self):
        for holder in self.refusing:
            holder.close()
        for thing in (self.simulator, self.influx, self.mosquitto):
            if thing is not None:
                thing.stop()


def start(name, folder, shape, world, options):
    if name in programs.PEERS:
        return programs.PEERS[name](folder, shape, world)
    variant, is_older = programs.split(name)
    command = [os.path.join(options.against, "daemon", "lingtand") if is_older else lingtan.LINGTAND]
    return (programs.Counted if shape.kind == "count" else programs.Ours)(folder, variant, world, command)


def run_one(name, folder, shape, world, options, label=None):
    os.makedirs(folder)
    topic = programs.PEERS.get(name, programs.Ours).topic
    checker = window.Checker(world.mosquitto, topic, shape)
    start_us = time.time_ns() // 1000
    program = start(name, folder, shape, world, options)
    try:
        figures = window.measure(program, checker, world, shape, options)
        figures["first_ms"] = (figures["first_us"] - start_us) / 1000
    finally:
        program.stop()
        checker.stop()
    if shape.kind == "count":
        figures["instructions_value"] = program.instructions() / max(figures["values"], 1)
    figures.update(shape=shape.name, program=name, devices_asked=shape.devices, fault=window.judge(figures, shape))
    print(f"  {shape.name} {label or name}: {figures['values'] / figures['seconds']:.0f} values/s, "
          f"{figures['fault'] or 'all right'}", file=sys.stderr)
    if figures["example"]:
        print(f"    {figures['example']}", file=sys.stderr)
    return figures


def run_pairs(folder, shape, world, options):
    own = [name for name in shape.variants if name in options.sinks]
    older = [name + programs.OLDER for name in own] if options.against else []
    names = own + older + [name for name in shape.peers if name in options.peers]
    pairs = []
    for pair in range(options.pairs):
        order = names if pair % 2 == 0 else names[::-1]  # what comes second must not always be the same
        runs = {name: run_one(name, os.path.join(folder, f"{pair}-{name.replace('/', '-')}"), shape, world, options)
                for name in order}
        pairs.append({name: runs[name] for name in names})
    return pairs


def run_dead(folder, shape, world, options):
    """Healthy and with dead devices in turn; the same devices are looked at in both."""
    pairs = []
    for pair in range(max(options.pairs, DEAD_PAIRS)):
        runs = {}
        for state in ("healthy", "dead"):
            world.set_dead(state == "dead")
            runs[state] = run_one("mqtt0", os.path.join(folder, f"{pair}-{state}"), shape, world, options, state)
        pairs.append(runs)
    return pairs


def run_step(folder, shape, options):
    world = World(folder, shape, ())
    try:
        for attempt in range(ATTEMPTS):
            figures = run_one("mqtt0", os.path.join(folder, str(attempt)), shape, world, options, f"{shape.devices} devices")
            if not figures["fault"]:
                break
    finally:
        world.stop()
    return figures


def run_ramp(folder, shape, options):
    """More and more devices, until something is missed or false."""
    runs = []
    for devices in RAMP:
        own = os.path.join(folder, str(devices))
        os.makedirs(own)
        runs.append({"mqtt0": run_step(own, dataclasses.replace(shape, lines=devices // shape.units), options)})
        if runs[-1]["mqtt0"]["fault"]:
            break
    return runs


def run_shape(folder, shape, options):
    """A list of pairs: program or state -> figures."""
    own = os.path.join(folder, shape.name)
    os.makedirs(own)
    if shape.kind == "ramp":
        return run_ramp(own, shape, options)
    world = World(own, shape, shape.variants)
    try:
        return (run_dead if shape.kind == "dead" else run_pairs)(own, shape, world, options)
    finally:
        world.stop()
