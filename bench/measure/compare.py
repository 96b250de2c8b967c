# SPDX-License-Identifier: Apache-2.0
"""One shape: the programs in turn on the same simulator and broker, pair after pair."""

import os
import sys

import lingtan

from . import programs, shapes, window


class World:
    """Simulator, broker and database of a shape, for all its runs."""

    def __init__(self, folder, shape, variants, extra=("--pattern",)):
        self.devices = shapes.write_profiles(folder, shape.points)
        site = shapes.write(folder, "bench-site.conf", shapes.site(shape))
        model = shapes.write(folder, "bench-model.conf", shapes.model(shape))
        self.mosquitto = lingtan.Mosquitto(folder)
        self.influx = lingtan.Influx(folder) if "all" in variants else None
        self.simulator = lingtan.Simulator(folder, site, model, extra, self.devices)
        self.site_path = self.simulator.site_path

    def stop(self):
        for thing in (self.simulator, self.influx, self.mosquitto):
            if thing is not None:
                thing.stop()


def start(name, folder, shape, world):
    if name == "bare":
        return programs.Bare(folder, shape, world)
    if name == "collectd":
        return programs.Collectd(folder, shape, world)
    return programs.Ours(folder, name, world)


def topic_of(name):
    return {"bare": programs.Bare, "collectd": programs.Collectd}.get(name, programs.Ours).topic


def run_one(name, folder, shape, world, options, wanted=None):
    os.makedirs(folder)
    checker = window.Checker(world.mosquitto, topic_of(name), shape)
    program = start(name, folder, shape, world)
    try:
        figures = window.measure(program, checker, world, shape, options, wanted)
    finally:
        program.stop()
        checker.stop()
    figures.update(shape=shape.name, program=name, fault=window.judge(figures))
    say = figures["fault"] or "all right"
    print(f"  {shape.name} {name}: {figures['values'] / figures['seconds']:.0f} values/s, {say}", file=sys.stderr)
    if figures["example"]:
        print(f"    {figures['example']}", file=sys.stderr)
    return figures


def run_shape(folder, shape, options):
    """A list of pairs: program -> figures."""
    names = [name for name in shape.variants if name in options.sinks] + [name for name in shape.peers if name in options.peers]
    own = os.path.join(folder, shape.name)
    os.makedirs(own)
    world = World(own, shape, names)
    pairs = []
    try:
        for pair in range(options.pairs):
            pairs.append({name: run_one(name, os.path.join(own, f"{pair}-{name}"), shape, world, options) for name in names})
    finally:
        world.stop()
    return pairs
