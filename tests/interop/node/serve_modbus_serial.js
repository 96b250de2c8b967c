// SPDX-License-Identifier: Apache-2.0
// modbus-serial: its TCP server with a handler for holding registers alone, unit 1.

const { ServerTCP } = require("modbus-serial");

const handlers = { getHoldingRegister: (address) => (address < 200 ? 1000 + address : 0) };
new ServerTCP(handlers, { host: "127.0.0.1", port: Number(process.argv[2]), unitID: 1 });
