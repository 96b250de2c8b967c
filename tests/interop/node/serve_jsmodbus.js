// SPDX-License-Identifier: Apache-2.0
// jsmodbus: its TCP server on a buffer of 200 holding registers.

const net = require("net");
const { ModbusTCPServer } = require("jsmodbus");

const holding = Buffer.alloc(400);
for (let i = 0; i < 200; i++) {
    holding.writeUInt16BE(1000 + i, 2 * i);
}
const listener = new net.Server();
new ModbusTCPServer(listener, { holding });
listener.listen(Number(process.argv[2]), "127.0.0.1");
