# SPDX-License-Identifier: Apache-2.0
"""uModbus: a route for function 3 of unit 1, on the plain TCP server."""

import sys
from socketserver import TCPServer

from umodbus.server.tcp import RequestHandler, get_server

TCPServer.allow_reuse_address = True
server = get_server(TCPServer, ("127.0.0.1", int(sys.argv[1])), RequestHandler)


@server.route(slave_ids=[1], function_codes=[3], addresses=list(range(200)))
def read_holding_register(slave_id, function_code, address):
    return 1000 + address


server.serve_forever()
