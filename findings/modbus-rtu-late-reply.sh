#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Modbus RTU through a serial server (RTU over TCP) has no transaction number. Register n holds 1000 + n; the first reply comes 0.3 s
# after the client has given up, all others after 50 ms. One would expect the client to drop the connection, or what is left in it,
# after a timeout. simonvetter/modbus 1.6.4 (Go), modbus-serial 8.0.25 (Node) and pymodbus 3.16.1 do neither: register 1 is given the
# value of register 0, and every later read that of the one before, for good and without an error: a voltage for a current.
# Python 3.11, Node.js 20, Go 1.22 or later. Fails when one of them does otherwise.
set -euo pipefail
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; chmod -R u+w "$work"; rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" -q --disable-pip-version-check install pymodbus==3.16.1
(cd "$work" && npm install --silent --no-audit --no-fund --ignore-scripts modbus-serial@8.0.25 >/dev/null)

cat >"$work/read.js" <<'END'
const ModbusRTU = require("modbus-serial");

const client = new ModbusRTU();
client.connectTelnet("127.0.0.1", { port: Number(process.argv[2]) }).then(async () => {
    client.setID(1);
    client.setTimeout(700);
    for (let register = 0; register < 4; register++) {
        console.log(await client.readHoldingRegisters(register, 1).then((reply) => reply.data[0], () => "timeout"));
    }
    process.exit(0);
});
END
cat >"$work/read.go" <<'END'
package main

import (
	"fmt"
	"os"
	"time"

	"github.com/simonvetter/modbus"
)

func main() {
	client, err := modbus.NewClient(&modbus.ClientConfiguration{
		URL: "rtuovertcp://127.0.0.1:" + os.Args[1], Speed: 19200, Timeout: 700 * time.Millisecond})
	if err != nil {
		panic(err)
	}
	if err = client.Open(); err != nil {
		panic(err)
	}
	client.SetUnitId(1)
	for register := uint16(0); register < 4; register++ {
		value, err := client.ReadRegister(register, modbus.HOLDING_REGISTER)
		if err != nil {
			fmt.Println("timeout")
		} else {
			fmt.Println(value)
		}
	}
}
END
cat >"$work/go.mod" <<'END'
module findings

go 1.22

require github.com/simonvetter/modbus v1.6.4
END
(cd "$work" && GOFLAGS=-mod=mod go build -o read read.go 2>/dev/null)
cat >"$work/read.py" <<'END'
import sys

from pymodbus import FramerType, ModbusException
from pymodbus.client import ModbusTcpClient

client = ModbusTcpClient("127.0.0.1", port=int(sys.argv[1]), framer=FramerType.RTU, timeout=0.7, retries=0)
client.connect()
for register in range(4):
    try:
        print(client.read_holding_registers(register, count=1, device_id=1).registers[0])
    except ModbusException:
        print("timeout")
END

cat >"$work/ask.py" <<'END'
import contextlib
import socket
import subprocess
import sys
import threading
import time


def check(data):
    value = 0xFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ 0xA001 if value & 1 else value >> 1
    return data + value.to_bytes(2, "little")


def serial_server(listener):
    """Answers one request after the other; the first after 1 s."""
    delay = 1.0
    client, _ = listener.accept()
    with client, contextlib.suppress(ConnectionError):
        while len(request := client.recv(8, socket.MSG_WAITALL)) == 8:
            time.sleep(delay)
            delay = 0.05
            value = 1000 + int.from_bytes(request[2:4], "big")
            client.sendall(check(request[:2] + b"\x02" + value.to_bytes(2, "big")))


work = sys.argv[1]
for name, command in (("simonvetter/modbus", [f"{work}/read"]), ("modbus-serial", ["node", f"{work}/read.js"]),
                      ("pymodbus", [sys.executable, f"{work}/read.py"])):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serial_server, args=(listener,), daemon=True).start()
        run = subprocess.run([*command, str(listener.getsockname()[1])], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    print(f"{name}: {' '.join(run.stdout.split())}")
END
seen=$("$work/venv/bin/python3" "$work/ask.py" "$work")
printf '%s\n' "$seen"
[ "$seen" = "simonvetter/modbus: timeout 1000 1001 1002
modbus-serial: timeout 1000 1001 1002
pymodbus: timeout 1000 1001 1002" ]
