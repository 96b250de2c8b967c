/* SPDX-License-Identifier: Apache-2.0 */
/* server: opening and closing the far end of a line. */
#include "sim/server/server.h"

#include <unistd.h>

int server_open(struct line_server *server, struct simulator *simulator, struct sim_line *line,
                const char *address)
{
    *server = (struct line_server){
        .simulator = simulator,
        .line = line,
        .listen_fd = -1,
        .slave_fd = -1,
    };
    const struct line_config *config = line->config;
    if (config->transport != LINE_TCP && simulator->has_baud) {
        int64_t bits = 9 + config->stop_bits + (config->parity == PARITY_NONE ? 0 : 1);
        server->byte_ns = bits * 1000000000 / config->baud;
        server->gap_us = config->baud > 19200 ? 1750 : 7 * server->byte_ns / 2000;
    }
    return config->transport == LINE_RTU ? pty_open(server) : tcp_open(server, address);
}

void server_close(struct line_server *server)
{
    while (server->channels != NULL) {
        channel_close(server->channels);
    }
    if (server->listen_fd >= 0) {
        poller_remove(&server->simulator->poller, server->listen_fd);
        (void)close(server->listen_fd);
    }
    if (server->slave_fd >= 0) {
        (void)close(server->slave_fd);
    }
    server->listen_fd = -1;
    server->slave_fd = -1;
}
