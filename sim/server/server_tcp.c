/* SPDX-License-Identifier: Apache-2.0 */
/* server_tcp: listening, and Modbus TCP frames: transaction id, protocol 0, length, unit, PDU. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sim/server/server.h"

enum {
    MBAP = 7, /* bytes before the PDU; the unit is the last of them and counts in the length */
    LENGTH_MAX = 254,
};

static void answer_frame(struct channel *channel, const uint8_t *frame, size_t length)
{
    struct reply reply;
    uint8_t out[FRAME_MAX] = {0};
    int64_t now_us = clock_mono_us(channel->simulator->clock);
    uint8_t unit = frame[MBAP - 1];
    if (fleet_unit(channel->server->line, unit) == NULL) {
        /* What a gateway says when nobody answers behind it. */
        const uint8_t nobody[] = {frame[0],           frame[1],        0, 0, 0, 3, unit,
                                  frame[MBAP] | 0x80, EXCEPTION_TARGET};
        channel_send(channel, nobody, sizeof(nobody), &(struct sending){.mono_us = now_us});
        return;
    }
    if (!server_ask(channel, unit, frame + MBAP, length - MBAP, &reply)) {
        return;
    }
    memcpy(out, frame, 2);
    out[4] = (uint8_t)((reply.length + 1) >> 8);
    out[5] = (uint8_t)(reply.length + 1);
    out[6] = unit;
    memcpy(out + MBAP, reply.pdu, reply.length);
    server_answer(channel, &reply, out, MBAP + reply.length, now_us);
}

static size_t tcp_consume(struct channel *channel)
{
    size_t done = 0;
    while (!channel->is_closed && channel->in_length - done >= MBAP) {
        const uint8_t *frame = channel->in + done;
        size_t length = (size_t)(frame[4] << 8 | frame[5]);
        bool is_frame = frame[2] == 0 && frame[3] == 0 && length >= 2 && length <= LENGTH_MAX;
        if (!is_frame) {
            channel_close(channel);
            return done;
        }
        if (channel->in_length - done < MBAP - 1 + length) {
            break;
        }
        answer_frame(channel, frame, MBAP - 1 + length);
        done += MBAP - 1 + length;
    }
    return done;
}

static const struct framing tcp_framing = {.consume = tcp_consume};

static void accept_client(struct poll_source *source, uint32_t events)
{
    struct line_server *server = (struct line_server *)(void *)source;
    (void)events;
    int fd = accept4(server->listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
        return;
    }
    int on = 1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    bool is_rtu = server->line->config->transport == LINE_RTU_OVER_TCP;
    /* On failure the connection is gone, and its client tries again. */
    int error =
        channel_create(server, server->simulator, fd, false, is_rtu ? &rtu_framing : &tcp_framing);
    if (error == 0 && server->line->trouble == LINE_TROUBLE_GONE) {
        channel_abort(server->channels);
    }
}

int tcp_open(struct line_server *server, const char *address)
{
    struct sockaddr_in where = {.sin_family = AF_INET};
    socklen_t size = sizeof(where);
    if (inet_pton(AF_INET, address, &where.sin_addr) != 1) {
        return -EINVAL;
    }
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return -errno;
    }
    server->listen_fd = fd;
    if (bind(fd, (const struct sockaddr *)&where, sizeof(where)) < 0 || listen(fd, 128) < 0 ||
        getsockname(fd, (struct sockaddr *)&where, &size) < 0) {
        return -errno;
    }
    server->port = ntohs(where.sin_port);
    server->source.ready = accept_client;
    return poller_add(&server->simulator->poller, fd, EPOLLIN, &server->source);
}
