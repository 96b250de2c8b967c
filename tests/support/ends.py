# SPDX-License-Identifier: Apache-2.0
"""Far ends that a test can take away: a door in front of a broker, a database that takes the line protocol, a client that
wants the daemon's name at the broker. Each counts who comes."""

import contextlib
import http.server
import re
import socket
import struct
import threading
import time

import lingtan


class Door:
    """Passes connections on to a port while it is open. Closed, it refuses, and what was open ends."""

    def __init__(self, port):
        self.target = port
        self.listener = None
        self.pairs = []
        self.connects = []
        self.lock = threading.Lock()
        self.port = lingtan.free_port()

    def open(self):
        if self.listener is None:
            self.listener = socket.create_server(("127.0.0.1", self.port), backlog=64)
            threading.Thread(target=self.run, args=(self.listener,), daemon=True).start()

    def run(self, listener):
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            self.connects.append(time.monotonic())
            try:
                server = socket.create_connection(("127.0.0.1", self.target), 10)
            except OSError:
                client.close()
                continue
            server.settimeout(None)
            for one in (client, server):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self.lock:
                self.pairs.append((client, server))
            for source, sink in ((client, server), (server, client)):
                threading.Thread(target=self.pass_on, args=(source, sink), daemon=True).start()

    def pass_on(self, source, sink):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
        self.end(source, sink)

    @staticmethod
    def end(*ones):
        for one in ones:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def close(self):
        listener, self.listener = self.listener, None
        if listener:
            self.end(listener)
        with self.lock:
            pairs, self.pairs = self.pairs, []
        for pair in pairs:
            self.end(*pair)

    kill = close


class Database:
    """Keeps the time and the value of every line that was written. mode: well, fails (500 to everything), fails_old (500
    to every request with a line older than fails_before_us), silent (answers nothing), refuses."""

    LINE = re.compile(rb"^[^,]+,(\S+) (\S+) (\d+)$")
    DEVICE = re.compile(rb"device=([^,]+)")

    def __init__(self):
        self.mode = "well"
        self.fails_before_us = 0
        self.written = {}  # (device, time_us) -> fields
        self.connects = []
        self.server = None
        self.port = lingtan.free_port()
        self.open()

    def open(self):
        database = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self):
                super().setup()
                database.connects.append(time.monotonic())
                database.clients.append(self.connection)

            def do_POST(self):  # pylint: disable=invalid-name
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                code = database.take(self.path, body)
                if code is None:
                    self.close_connection = True
                    return
                reply = b'{"results":[{}]}' if code == 200 else b'{"error":"engine: write failed"}' if code >= 500 else b""
                self.send_response(code)
                if code != 204:
                    self.send_header("Content-Length", str(len(reply)))
                self.end_headers()
                if code != 204:
                    self.wfile.write(reply)

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            block_on_close = False

            def handle_error(self, *_):
                pass

        self.clients = []
        self.server = Server(("127.0.0.1", self.port), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self):
        server, self.server = self.server, None
        if server:
            server.shutdown()
            server.server_close()
            for client in self.clients:
                Door.end(client)

    kill = close

    def take(self, path, body):
        """The code of the answer; None = none. A request that waits while it is silent never gets one."""
        if self.mode == "silent":
            while self.mode == "silent":
                time.sleep(0.05)
            return None
        if not path.startswith("/write"):
            return 200
        rows = [self.LINE.match(line) for line in body.splitlines()]
        if any(row is None for row in rows):
            raise AssertionError(f"no line protocol: {body[:200]}")
        times_us = [int(row[3]) for row in rows]
        if self.mode == "fails" or (self.mode == "fails_old" and min(times_us, default=0) < self.fails_before_us):
            return 500
        for row, time_us in zip(rows, times_us):
            self.written[(self.DEVICE.search(row[1])[1].decode(), time_us)] = row[2]
        return 204

    def turn(self, mode):
        self.mode = mode
        if mode == "refuses":
            self.close()
        elif self.server is None:
            self.open()


class Rival(threading.Thread):
    """Another client of the same name at the broker, which comes back at once whenever it was put out."""

    def __init__(self, port, client_id):
        super().__init__(daemon=True)
        self.port, self.client_id = port, client_id.encode()
        self.is_over = False

    def run(self):
        body = struct.pack(">H4sBBHH", 4, b"MQTT", 4, 2, 60, len(self.client_id)) + self.client_id
        while not self.is_over:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 2) as client:
                client.sendall(bytes([0x10, len(body)]) + body)
                client.settimeout(0.2)
                while not self.is_over:
                    with contextlib.suppress(TimeoutError):
                        if not client.recv(100):
                            break
            time.sleep(0.3)

    def kill(self):
        self.is_over = True
        if self.is_alive():
            self.join()
