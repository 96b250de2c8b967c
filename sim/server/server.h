/* SPDX-License-Identifier: Apache-2.0 */
/* server: the far end of one line of the site. One thread. */
#ifndef LINGTAN_SIM_SERVER_H
#define LINGTAN_SIM_SERVER_H

#include "sim/server/channel.h"

struct line_server {
    struct poll_source source; /* of the listener */
    struct simulator *simulator;
    struct sim_line *line;
    struct channel *channels;
    int listen_fd;         /* -1 = a pseudo-terminal */
    int slave_fd;          /* kept open, so that a client that leaves does not hang the master up */
    int64_t port;          /* 0 = none */
    char path[64];         /* of the pseudo-terminal */
    int64_t busy_until_us; /* serial: the wire is taken */
    int64_t byte_ns;       /* serial: one character, 0 = no pacing */
    int64_t gap_us;        /* serial: the silence by which a device knows the end of a request */
};

/* Opens what the line's transport wants; address is where TCP listens. */
int server_open(struct line_server *server, struct simulator *simulator, struct sim_line *line,
                const char *address) MUST_USE;
void server_close(struct line_server *server); /* all-zero with descriptors -1 is fine */

/* --- between the files of the server --- */

extern const struct framing rtu_framing;
int tcp_open(struct line_server *server, const char *address) MUST_USE;
int pty_open(struct line_server *server) MUST_USE;

/* Asks the fleet. False: nothing is to be sent (no such unit, silent), or the channel is closed now. */
bool server_ask(struct channel *channel, uint8_t unit, const uint8_t *pdu, size_t length,
                struct reply *reply);

/* Sends the good frame at mono_us - on a paced pseudo-terminal its first character -, or what the fault makes of it, when and how it wants. */
void server_answer(struct channel *channel, const struct reply *reply,
                   uint8_t frame[static FRAME_MAX], size_t length, int64_t mono_us);

#endif
