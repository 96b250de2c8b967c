/* SPDX-License-Identifier: Apache-2.0 */
/* server: what TCP and serial lines have in common. */
#include "sim/server.h"

#include <unistd.h>

#include "base/text.h"

bool server_ask(struct channel *channel, uint8_t unit, const uint8_t *pdu, size_t length,
                struct reply *reply)
{
    struct simulator *simulator = channel->simulator;
    if (!simulator->fleet.has_pattern) {
        simulator_catch_up(simulator);
    }
    if (!serve_request(&simulator->fleet, channel->server->line, unit, pdu, length, reply)) {
        return false;
    }
    if (reply->fault.kind == FAULT_CLOSE && !channel->is_serial) {
        channel_close(channel);
        return false;
    }
    if (reply->fault.kind == FAULT_SILENT || reply->fault.kind == FAULT_CLOSE) {
        return false;
    }
    reply->device->served++;
    arrivals_add(&simulator->arrivals, reply, clock_mono_us(simulator->clock));
    served_add(&simulator->served, reply, clock_wall_us(simulator->clock),
               simulator->world->now_us);
    return true;
}

void server_answer(struct channel *channel, const struct reply *reply, const uint8_t *frame,
                   size_t length, int64_t mono_us)
{
    const int64_t echo_us = 20000;
    bool is_late = reply->fault.kind == FAULT_LATE;
    int64_t when_us = mono_us;
    if (is_late || reply->fault.kind == FAULT_SLOW) {
        when_us = clock_mono_us(channel->simulator->clock) > mono_us
                      ? clock_mono_us(channel->simulator->clock)
                      : mono_us;
        when_us += reply->fault.value * 1000;
    }
    channel_send(channel, frame, length, when_us);
    if (is_late) {
        channel_send(channel, frame, length, when_us + echo_us);
    }
}

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
