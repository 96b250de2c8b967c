# SPDX-License-Identifier: Apache-2.0
"""Modbus lines that behave as told while a test runs: a socket or a pseudo-terminal with a few units behind it. Every reply
carries a number that no other reply of the unit carries, so that each value can be told by where it came from."""

import os
import random
import selectors
import socket
import struct
import threading
import time
import tty

from hostile import crc16

FOREIGN_UNIT = 77  # whom the second master of a line talks to
PAUSE_S = 0.02
FLOOD_PAUSE_S = 0.001


class Line:
    """One line. mode is what it does from now on: a name of the methods below that begin with do_, or "well"."""

    def __init__(self, field, name, framing, units, seed):
        self.field, self.name, self.framing = field, name, framing
        self.random = random.Random(seed)
        self.units = units
        self.mode = "well"
        self.served = {unit: [] for unit in units}  # unit -> monotonic time of the reply that carried its index + 1
        self.connects = []
        self.clients = {}
        self.later = []
        self.listener = None

    # --- the socket ---

    def open(self):
        self.listener = socket.create_server(("127.0.0.1", self.field.ports.get(self.name, 0)), backlog=64)
        self.listener.setblocking(False)
        self.place = self.field.ports[self.name] = self.listener.getsockname()[1]
        self.field.watch(self.listener, self.accept)

    def close(self):
        if self.listener:
            self.field.forget(self.listener)
            self.listener.close()
            self.listener = None
        self.drop_all()

    def accept(self):
        client, _ = self.listener.accept()
        self.connects.append(time.monotonic())
        client.setblocking(False)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.mode == "hangs_up":
            client.close()
            return
        self.clients[client] = bytearray()
        self.field.watch(client, lambda: self.take(client))
        if self.mode == "greets":
            self.send(client, b"welcome\r\n")

    def drop(self, client):
        if client in self.clients and not isinstance(client, int):
            del self.clients[client]
            self.field.forget(client)
            client.close()

    def drop_all(self):
        for client in list(self.clients):
            self.drop(client)

    def send(self, client, data):
        try:
            if isinstance(client, int):
                os.write(client, data)
            else:
                client.send(data)
        except BlockingIOError:
            pass
        except OSError:
            self.drop(client)

    def take(self, client):
        try:
            data = os.read(client, 4096) if isinstance(client, int) else client.recv(4096)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data and not isinstance(client, int):
            self.drop(client)
            return
        self.clients[client] += data
        for request in self.requests(self.clients[client]):
            if client in self.clients:
                self.answer(client, *request)

    # --- frames ---

    def requests(self, buffer):
        """(transaction, unit, function, address, count) of every whole request."""
        if self.framing == "tcp":
            while len(buffer) >= 12:
                transaction, _, _, unit, function, address, count = struct.unpack(">HHHBBHH", buffer[:12])
                del buffer[:12]
                yield transaction, unit, function, address, count
            return
        while len(buffer) >= 8:
            if crc16(buffer[:6]) == buffer[6:8]:
                unit, function, address, count = struct.unpack(">BBHH", buffer[:6])
                del buffer[:8]
                yield 0, unit, function, address, count
            else:
                del buffer[:1]

    def frame(self, transaction, unit, pdu):
        if self.framing == "tcp":
            return struct.pack(">HHHB", transaction, 0, len(pdu) + 1, unit) + pdu
        return bytes([unit]) + pdu + crc16(bytes([unit]) + pdu)

    def good(self, transaction, unit, function, address, count):
        """Registers 0 and 1 are the number of the reply, all others 2300."""
        words = [2300] * count
        if address == 0 and count >= 2:
            self.served[unit].append(time.monotonic())
            words[:2] = divmod(len(self.served[unit]), 65536)
        return self.frame(transaction, unit, struct.pack(f">BB{count}H", function, 2 * count, *words))

    def answer(self, client, transaction, unit, function, address, count):
        act = getattr(self, f"do_{self.mode}", None)
        if unit not in self.units and self.mode not in ("closes", "exceptions"):
            return
        if act:
            act(client, transaction, unit, function, address, count)
        else:
            self.send(client, self.good(transaction, unit, function, address, count))

    # --- what a line may do to a request ---

    def do_stalls(self, *_):
        pass

    do_is_taken = do_stalls

    def do_closes(self, client, *_):
        self.drop(client)

    def do_exceptions(self, client, transaction, unit, function, *_):
        self.send(client, self.frame(transaction, unit, bytes([function | 0x80, 4])))

    def do_short(self, client, transaction, unit, function, _address, count):
        self.send(client, self.frame(transaction, unit, bytes([function, count]) + b"\0" * count))

    def do_late(self, client, transaction, unit, *rest):
        if unit in self.units:
            self.later.append((time.monotonic() + 0.8, client, self.good(transaction, unit, *rest)))

    def do_stray(self, client, transaction, unit, *rest):
        self.send(client, b"\0" + self.good(transaction, unit, *rest))

    def do_half_silent(self, client, transaction, unit, *rest):
        if unit == min(self.units):
            return
        self.send(client, self.good(transaction, unit, *rest))

    # --- what it does by itself ---

    def beat(self):
        now = time.monotonic()
        due = [row for row in self.later if row[0] <= now]
        self.later = [row for row in self.later if row[0] > now]
        for _, client, data in due:
            if client in self.clients:
                self.send(client, data)
        if self.mode == "flood":
            self.tell_all(self.random.randbytes(3))
        elif self.mode == "noise":
            self.tell_all(self.random.randbytes(self.random.randrange(1, 60)))
        elif self.mode == "foreign":
            request = bytes([3, 0, 0, 0, 2])
            reply = struct.pack(">BBI", 3, 4, self.random.randrange(1 << 32))
            self.tell_all(self.frame(7, FOREIGN_UNIT, self.random.choice((request, reply))))

    def tell_all(self, data):
        for client in list(self.clients):
            self.send(client, data)

    def turn(self, mode):
        """From now on so. A line that refuses, or whose place somebody else has taken, loses its clients first."""
        self.mode = mode
        if self.listener is None and mode != "refuses" and not isinstance(self.place, str):
            self.open()
        if mode == "refuses":
            self.close()
        elif mode in ("is_taken", "hangs_up", "greets"):
            self.drop_all()


class Terminal(Line):
    """A line behind a pseudo-terminal."""

    def open(self):
        self.master, self.slave = os.openpty()
        tty.setraw(self.slave)
        os.set_blocking(self.master, False)
        self.place = os.ttyname(self.slave)
        self.clients[self.master] = bytearray()
        self.field.watch(self.master, lambda: self.take(self.master))

    def close(self):
        pass


class Field:
    """All lines, driven by one thread."""

    def __init__(self, seed):
        self.seed = seed
        self.lines = {}
        self.ports = {}
        self.orders = []
        self.selector = selectors.DefaultSelector()
        self.is_over = False
        self.thread = threading.Thread(target=self.run, daemon=True)

    def add(self, name, framing, units):
        kind = Terminal if framing == "rtu" else Line
        line = self.lines[name] = kind(self, name, framing, units, f"{self.seed}{name}")
        line.open()
        return line

    def watch(self, source, act):
        self.selector.register(source, selectors.EVENT_READ, act)

    def forget(self, source):
        self.selector.unregister(source)

    def turn(self, name, mode):
        self.orders.append((name, mode))

    def start(self):
        self.thread.start()

    def run(self):
        beat_due = 0.0
        while not self.is_over:
            pause_s = FLOOD_PAUSE_S if any(line.mode == "flood" for line in self.lines.values()) else PAUSE_S
            for key, _ in self.selector.select(pause_s):
                if key.fileobj in self.selector.get_map():
                    key.data()
            while self.orders:
                name, mode = self.orders.pop(0)
                self.lines[name].turn(mode)
            if time.monotonic() >= beat_due:
                beat_due = time.monotonic() + pause_s
                for line in self.lines.values():
                    line.beat()

    def kill(self):
        self.is_over = True
        if self.thread.is_alive():
            self.thread.join()
        for line in self.lines.values():
            line.close()
