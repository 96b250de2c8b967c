/* SPDX-License-Identifier: Apache-2.0 */
/* server_rtu: RTU frames on a pseudo-terminal or a TCP connection, at the pace of the wire. A pseudo-terminal has no
 * baud rate: each character of the reply is handed over when it would have arrived. A converter hands the reply over
 * when its last one has. */
#include <fcntl.h>
#include <pty.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "sim/server/server.h"

enum {
    CRC_BYTES = 2,
};

static void answer_frame(struct channel *channel, const uint8_t *frame, size_t length)
{
    struct line_server *server = channel->server;
    struct reply reply;
    uint8_t out[FRAME_MAX];
    if (!server_ask(channel, frame[0], frame + 1, length - 1 - CRC_BYTES, &reply)) {
        return;
    }
    out[0] = frame[0];
    memcpy(out + 1, reply.pdu, reply.length);
    uint16_t crc = frame_crc16(out, reply.length + 1);
    out[reply.length + 1] = (uint8_t)crc;
    out[reply.length + 2] = (uint8_t)(crc >> 8);
    size_t sent = reply.length + 1 + CRC_BYTES;
    int64_t now_us = clock_mono_us(channel->simulator->clock);
    int64_t start_us = server->busy_until_us > now_us ? server->busy_until_us : now_us;
    int64_t asked_us = start_us + (int64_t)length * server->byte_ns / 1000;
    int64_t wire_us = (int64_t)sent * server->byte_ns / 1000;
    int64_t wait_us = server->byte_ns > 0 ? server->gap_us + channel->simulator->turnaround_us : 0;
    int64_t end_us = asked_us + wait_us + wire_us;
    int64_t first_us = asked_us + wait_us + channel->byte_ns / 1000;
    /* A master that does not keep the silence after a reply is not heard before its end. */
    server->busy_until_us = end_us + server->gap_us;
    server_answer(channel, &reply, out, sent, channel->byte_ns > 0 ? first_us : end_us);
}

static speed_t speed_of(int64_t baud)
{
    static const struct {
        int64_t baud;
        speed_t speed;
    } speeds[] = {
        {1200, B1200},   {2400, B2400},   {4800, B4800},   {9600, B9600},
        {19200, B19200}, {38400, B38400}, {57600, B57600}, {115200, B115200},
    };
    for (size_t i = 0; i < sizeof(speeds) / sizeof(speeds[0]); i++) {
        if (speeds[i].baud == baud) {
            return speeds[i].speed;
        }
    }
    return B0;
}

/* Whether the client set its end as the line is: the settings of a pseudo-terminal change no bytes, but its master sees
 * them. Linux takes the parity bit out of them, and leaves only whether it would be odd. */
static bool hears(const struct channel *channel)
{
    const struct line_config *config = channel->server->line->config;
    struct termios settings;
    if (!channel->is_serial || !channel->simulator->is_strict) {
        return true;
    }
    return tcgetattr(channel->fd, &settings) == 0 &&
           cfgetospeed(&settings) == speed_of(config->baud) &&
           ((settings.c_cflag & CSTOPB) != 0) == (config->stop_bits == 2) &&
           ((settings.c_cflag & PARODD) != 0) == (config->parity == PARITY_ODD);
}

/* Length of the request that the bytes begin with, 0 = not whole yet, -1 = none begins here. */
static int whole_frame(const uint8_t *bytes, size_t length)
{
    if (length < 2) {
        return 0;
    }
    int pdu = serve_request_length(bytes + 1, length - 1);
    if (pdu < 0 || pdu > PDU_MAX) {
        /* An unknown function: whatever ends here with a good CRC is a request, to be refused. */
        bool is_good = length >= 4 && length <= FRAME_MAX && frame_crc16(bytes, length) == 0;
        return is_good ? (int)length : -1;
    }
    if (pdu == 0 || length < (size_t)pdu + 1 + CRC_BYTES) {
        return 0;
    }
    return frame_crc16(bytes, (size_t)pdu + 1 + CRC_BYTES) == 0 ? pdu + 1 + CRC_BYTES : -1;
}

static size_t rtu_consume(struct channel *channel)
{
    size_t done = hears(channel) ? 0 : channel->in_length;
    while (!channel->is_closed && done < channel->in_length) {
        int length = whole_frame(channel->in + done, channel->in_length - done);
        if (length == 0) {
            break;
        }
        if (length > 0) {
            answer_frame(channel, channel->in + done, (size_t)length);
        }
        done += length > 0 ? (size_t)length : 1;
    }
    return done;
}

const struct framing rtu_framing = {.consume = rtu_consume, .ends_by_silence = true};

int pty_open(struct line_server *server)
{
    int master = -1;
    if (openpty(&master, &server->slave_fd, server->path, NULL, NULL) < 0) {
        return -errno;
    }
    struct termios raw;
    if (tcgetattr(server->slave_fd, &raw) == 0) {
        cfmakeraw(&raw);
        (void)tcsetattr(server->slave_fd, TCSANOW, &raw);
    }
    (void)fcntl(master, F_SETFL, O_NONBLOCK);
    (void)fcntl(master, F_SETFD, FD_CLOEXEC);
    (void)fcntl(server->slave_fd, F_SETFD, FD_CLOEXEC);
    return channel_create(server, server->simulator, master, true, &rtu_framing);
}
