# SPDX-License-Identifier: Apache-2.0
"""What an adversary may do to a world (support/world.py), by name."""

import collections
import errno
import signal
import socket
import threading
import time

import ends
from world import CLIENT_ID, World

# occupies: the parts that no second disturbance may touch meanwhile; begin and end: of the world; least_s: it takes so long
# to show what it is for.
Kind = collections.namedtuple("Kind", "occupies begin end least_s", defaults=(0,))


def line_kind(name, mode):
    return Kind((name,), lambda world: world.field.turn(name, mode), lambda world: world.field.turn(name, "well"),
                15 if mode == "flood" else 0)


def signal_kind(how):
    return Kind(("broker",), lambda world: world.take_broker(how), World.give_broker)


def rival_comes(world):
    world.rival = world.keep(ends.Rival(world.mosquitto.port, CLIENT_ID))
    world.rival.start()


def rival_goes(world):
    world.rival.kill()


def database_kind(mode):
    def begin(world):
        world.database.fails_before_us = time.time_ns() // 1000 + 2_000_000
        world.database.turn(mode)
    return Kind(("database",), begin, lambda world: world.database.turn("well"))


def disk_error_kind(error):
    return Kind(("disk",), lambda world: world.disturber.set_error(error), lambda world: world.disturber.set_error(0))


def disk_hangs(world):
    world.disturber.set_hang(1)


def disk_goes_on(world):
    world.disturber.set_hang(0)


def disk_hangs_and_broker_returns(world):
    """What came while the broker was away is on no disk when it is back."""
    disk_hangs(world)
    world.door.close()
    time.sleep(3)
    world.door.open()


def folder_late(world):
    """The broker is away, readings wait for it, the machine starts anew and the disk is not there yet."""
    world.door.close()
    time.sleep(2)
    world.kill_daemon()
    world.take_disk()
    world.start_daemon()


def folder_comes(world):
    world.give_disk()
    world.door.open()


def folder_late_with_broker(world):
    folder_late(world)
    world.door.open()


def kill_again(world):
    world.kill_daemon()
    world.start_daemon()


def restart(world):
    world.stop_daemon()
    world.start_daemon()


def pause(world):
    world.daemon.program.process.send_signal(signal.SIGSTOP)


def resume(world):
    world.daemon.program.process.send_signal(signal.SIGCONT)


def boot_in_the_past(world):
    """The battery of the clock is empty."""
    world.kill_daemon()
    world.disturber.set_clock(-3 * 365 * 86400 * 1_000_000)
    world.start_daemon()


def set_clock_right(world):
    world.disturber.set_clock(0)


def clock_kind(us):
    return Kind(("clock",), lambda world: world.disturber.set_clock(us), set_clock_right)


def commands_come(world):
    world.commands = threading.Event()
    threading.Thread(target=world.send_commands, args=(world.commands,), daemon=True).start()


def commands_cease(world):
    world.commands.set()


def crowd_comes(world):
    """Streams that nobody reads and connections that ask nothing; some room is left."""
    world.crowd = [socket.create_connection(("127.0.0.1", world.daemon.port()), 5) for _ in range(46)]
    for client in world.crowd[:16]:
        client.sendall(b"GET /api/v1/live/stream HTTP/1.1\r\nHost: localhost\r\n\r\n")


def crowd_goes(world):
    for client in world.crowd:
        client.close()


LINE_MODES = {
    "tcp": ("noise", "stalls", "closes", "hangs_up", "is_taken", "refuses", "greets", "exceptions", "short", "late",
            "half_silent"),
    "conv": ("noise", "flood", "foreign", "stalls", "closes", "hangs_up", "refuses", "stray"),
    "bus": ("noise", "flood", "foreign", "stalls", "exceptions", "short", "late", "stray"),
}
KINDS = {
    **{f"{name} {mode}": line_kind(name, mode) for name, modes in LINE_MODES.items() for mode in modes},
    "broker stops": signal_kind(signal.SIGTERM),
    "broker killed": signal_kind(signal.SIGKILL),
    "broker stalls": signal_kind(signal.SIGSTOP),
    "broker has a rival": Kind(("broker",), rival_comes, rival_goes),
    **{f"database {mode}": database_kind(mode) for mode in ("refuses", "silent", "fails", "fails_old")},
    "daemon killed": Kind(("daemon",), World.kill_daemon, World.start_daemon),
    "daemon killed twice": Kind(("daemon",), kill_again, kill_again),
    "daemon restarted twice": Kind(("daemon",), restart, restart),
    "daemon paused": Kind(("daemon",), pause, resume),
    "folder late, broker away": Kind(("daemon", "broker", "disk"), folder_late, folder_comes),
    "folder late, broker there": Kind(("daemon", "broker", "disk"), folder_late_with_broker, World.give_disk),
    "disk hangs": Kind(("disk",), disk_hangs, disk_goes_on),
    "disk hangs, broker returns": Kind(("disk", "broker"), disk_hangs_and_broker_returns, disk_goes_on, 18),
    "disk full": disk_error_kind(errno.ENOSPC),
    "disk broken": disk_error_kind(errno.EIO),
    "clock an hour on": clock_kind(3_600_000_000),
    "clock an hour back": clock_kind(-3_600_000_000),
    "clock boots in the past": Kind(("daemon", "clock"), boot_in_the_past, set_clock_right),
    "a crowd at the door": Kind(("daemon",), crowd_comes, crowd_goes),
    "commands to the dead": Kind(("commands",), commands_come, commands_cease),
}
