# SPDX-License-Identifier: Apache-2.0
"""Peers that answer with random bytes, as a process of their own, so that their work is not the test's.

    python3 hostile.py TABLE RESULT

TABLE is a JSON object {"seed": N, "peers": [[name, kind, framing, habit], ...], "targets": [[kind, address], ...]}. Each
peer listens on a free port of loopback or on a pseudo-terminal; where it is goes to RESULT as {name: port or path}. On
SIGTERM RESULT becomes {"values": {name: [...]}, "sent": {name: N}}: every value that a peer sent in a frame without a
fault, and how many bytes it sent. Targets are written to and connected to without end."""

import json
import os
import random
import selectors
import signal
import socket
import struct
import sys
import termios
import time
import tty

FLOOD_BYTES = 4096
FLOOD_PAUSE_S = 0.002
HELD_MAX = 40

PATHS = ["/api/v1/site", "/api/v1/devices", "/api/v1/devices/good", "/api/v1/points", "/api/v1/live", "/api/v1/live/stream",
         "/api/v1/history", "/api/v1/lines", "/api/v1/sinks", "/api/v1/status", "/api/v1/read", "/metrics", "/healthz"]


def crc16(data):
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ 0xA001 if crc & 1 else crc >> 1
    return struct.pack("<H", crc)


class Peer:
    """One listening place; every habit is a function of the request to the bytes sent back."""

    def __init__(self, world, name, kind, framing, habit):
        self.world, self.name, self.kind, self.framing, self.habit = world, name, kind, framing, habit
        self.random = random.Random(f"{world.seed}{name}")
        self.values = set()
        self.sent = 0
        self.clients = {}
        self.floods = habit in ("flood", "foreign")
        if kind == "pty":
            self.master, self.slave = os.openpty()
            tty.setraw(self.slave, termios.TCSANOW)
            os.set_blocking(self.master, False)
            self.place = os.ttyname(self.slave)
            self.clients[self.master] = bytearray()
            world.watch(self.master, self.take_pty)
        else:
            self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
            self.listener.setblocking(False)
            self.place = self.listener.getsockname()[1]
            world.watch(self.listener, self.accept)

    def accept(self):
        client, _ = self.listener.accept()
        client.setblocking(False)
        self.clients[client] = bytearray()
        self.world.watch(client, lambda: self.take(client))
        if self.habit == "broker" and self.random.random() < 0.3:
            self.send(client, self.noise())

    def drop(self, client):
        if self.clients.pop(client, None) is not None:
            self.world.forget(client)
            client.close()

    def take(self, client):
        try:
            data = client.recv(65536)
        except OSError:
            data = b""
        if not data:
            self.drop(client)
            return
        self.answer_all(client, data)

    def take_pty(self):
        try:
            self.answer_all(self.master, os.read(self.master, 4096))
        except OSError:
            pass

    def answer_all(self, client, data):
        buffer = self.clients[client]
        buffer += data
        size = {"tcp": 12, "rtu": 8}.get(self.framing)
        if size is None:
            buffer.clear()
            self.send(client, getattr(self, self.habit)())
        while size and len(buffer) >= size:
            request = bytes(buffer[:size])
            del buffer[:size]
            if not self.floods:
                self.send(client, getattr(self, self.habit)(request))

    def send(self, client, data):
        try:
            self.sent += os.write(client, data) if self.kind == "pty" else client.send(data)
        except BlockingIOError:
            pass
        except OSError:
            if self.kind != "pty":
                self.drop(client)

    def flood(self):
        data = self.random.randbytes(FLOOD_BYTES)
        if self.habit == "foreign":
            frame = struct.pack(">HHHBBBH", self.random.randrange(65536), 0, 5, 1, 3, 2, 0x5555)
            data = frame * (FLOOD_BYTES // len(frame))
        for client in list(self.clients):
            self.send(client, data)

    # --- habits of Modbus servers ---

    def noise(self, _request=None):
        return self.random.randbytes(self.random.choice((1, 4, 7, 8, 11, 30, 260, 600)))

    def frame(self, request, value, byte_count=2):
        pdu = bytes([3, byte_count]) + value
        if self.framing == "tcp":
            return request[:4] + struct.pack(">H", len(pdu) + 1) + request[6:7] + pdu
        body = request[:1] + pdu
        return body + crc16(body)

    def body(self, request):
        """A head as it should be, then anything."""
        value = self.random.randbytes(2)
        if self.random.random() < 0.3:
            self.values.add(struct.unpack(">H", value)[0])
            return self.frame(request, value)
        right = self.frame(request, value)
        keep = self.random.randrange(1, 9 if self.framing == "tcp" else 3)
        reply = right[:keep] + self.random.randbytes(self.random.randrange(1, 40))
        self.note(request, reply)
        return reply

    def flip(self, request):
        reply = bytearray(self.frame(request, self.random.randbytes(2)))
        for _ in range(self.random.randrange(0, 4)):
            bit = self.random.randrange(8 * len(reply))
            reply[bit // 8] ^= 1 << bit % 8
        self.note(request, bytes(reply))
        return bytes(reply)

    def note(self, request, reply):
        """Remembers the value if, by chance, this is a frame without a fault."""
        at = 9 if self.framing == "tcp" else 3
        value = reply[at:at + 2]
        if len(value) == 2 and reply.startswith(self.frame(request, value)):
            self.values.add(struct.unpack(">H", value)[0])

    # --- servers of other protocols ---

    def broker(self):
        pick = self.random.random()
        if pick < 0.4:
            return b"\x20\x02\x00\x00" + self.noise()
        if pick < 0.6:
            return b"\x20\x02\x00\x00"
        if pick < 0.8:
            return bytes([self.random.choice((0x40, 0x90, 0xD0, 0x30, 0xE0)), self.random.randrange(128)]) + self.noise()
        return self.noise()

    def database(self):
        pick = self.random.random()
        if pick < 0.3:
            return b"HTTP/1.1 204 No Content\r\n\r\n"
        if pick < 0.5:
            return b"HTTP/1.1 200 OK\r\nContent-Length: 999999\r\n\r\n" + self.noise()
        if pick < 0.7:
            code = self.random.randrange(100, 1000)
            return f"HTTP/1.1 {code} x\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF\r\n".encode() + self.noise()
        return self.noise()


class Attacker:
    """Writes to the places where the programs listen."""

    def __init__(self, world, kind, address):
        self.kind, self.address = kind, address
        self.random = random.Random(f"{world.seed}{address}")
        self.held = []

    def http(self):
        pick = self.random.random()
        if pick < 0.4:
            return self.random.randbytes(self.random.randrange(1, 2000))
        path = self.random.choice(PATHS)
        if self.random.random() < 0.6:
            path += "?" + "&".join(f"{key}={self.word()}" for key in ("device", "point", "from", "to", "limit", "node"))
        body = self.random.choice((b"", b"{", self.random.randbytes(50), b'{"line":"good","unit":1,"function":3}',
                                   b"[" * 500, b'{"line":' + str(self.random.random()).encode() + b"}"))
        method = self.random.choice(("GET", "GET", "HEAD", "POST", "PUT", "\x00", "DELETE"))
        length = self.random.choice((len(body), len(body), 10 ** 12, -1, 0))
        text = f"{method} {path} HTTP/1.{self.random.randrange(3)}\r\nHost: x\r\nX-{self.word()}: {self.word()}\r\n"
        return text.encode("latin-1") + f"Content-Length: {length}\r\n\r\n".encode() + body

    def word(self):
        return self.random.choice(("good", "-1", "9" * 40, "%00", "%", "NaN", "../..", "active_power", "0",
                                   self.random.randbytes(9).decode("latin-1")))

    def modbus(self):
        if self.random.random() < 0.5:
            return self.random.randbytes(self.random.randrange(1, 400))
        pdu = self.random.randbytes(self.random.randrange(1, 30))
        return struct.pack(">HHHB", 1, 0, len(pdu) + 1, self.random.randrange(4)) + pdu

    def control(self):
        return self.random.randbytes(self.random.randrange(1, 900)) + self.random.choice((b"\n", b"", b"fault\n", b"value x\n"))

    def strike(self):
        client = socket.socket(socket.AF_UNIX if self.address.startswith("/") else socket.AF_INET)
        client.settimeout(0.3)
        try:
            client.connect(self.address if self.address.startswith("/") else ("127.0.0.1", int(self.address)))
            client.sendall(getattr(self, self.kind)())
            if self.random.random() < 0.5:
                client.recv(4096)
        except OSError:
            pass
        if self.random.random() < 0.2:
            self.held.append(client)
        else:
            client.close()
        if len(self.held) > HELD_MAX:
            self.held.pop(self.random.randrange(HELD_MAX)).close()


class World:
    def __init__(self, table):
        self.seed = table["seed"]
        self.selector = selectors.DefaultSelector()
        self.peers = [Peer(self, *row) for row in table["peers"]]
        self.attackers = [Attacker(self, *row) for row in table["targets"]]
        self.is_over = False

    def watch(self, source, act):
        self.selector.register(source, selectors.EVENT_READ, act)

    def forget(self, source):
        self.selector.unregister(source)

    def run(self):
        floods = [peer for peer in self.peers if peer.floods]
        turn = 0
        while not self.is_over:
            for key, _ in self.selector.select(FLOOD_PAUSE_S):
                key.data()
            for peer in floods:
                peer.flood()
            if self.attackers:
                self.attackers[turn % len(self.attackers)].strike()
                turn += 1
                time.sleep(0.01)


def write(path, result):
    with open(path + ".new", "w", encoding="utf-8") as file:
        json.dump(result, file)
    os.rename(path + ".new", path)


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        world = World(json.load(file))

    def stop(*_):
        world.is_over = True
    signal.signal(signal.SIGTERM, stop)
    write(sys.argv[2], {peer.name: peer.place for peer in world.peers})
    world.run()
    write(sys.argv[2], {"values": {peer.name: sorted(peer.values) for peer in world.peers},
                        "sent": {peer.name: peer.sent for peer in world.peers}})


if __name__ == "__main__":
    main()
