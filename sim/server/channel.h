/* SPDX-License-Identifier: Apache-2.0 */
/* channel: one connection of a client, or a serial port: bytes in, replies out, each at its time. One thread. */
#ifndef LINGTAN_SIM_CHANNEL_H
#define LINGTAN_SIM_CHANNEL_H

#include "sim/server/mangle.h"
#include "sim/server/simulator.h"

struct line_server;
struct channel;

enum {
    CHANNEL_IN = 1024,
    CHANNEL_OUT = 16384,
    CHANNEL_JOBS = 64,
};

/* When and how bytes go out. */
struct sending {
    int64_t mono_us;  /* past: at once */
    int64_t apart_ns; /* byte by byte; 0 = in one piece */
    bool is_last;     /* the sending direction ends with it */
};

/* A segment on its way, sent at the time of its timer. */
struct outgoing {
    struct poll_timer timer;
    struct channel *channel;
    struct outgoing *next;
    struct sending how;
    size_t at; /* sent so far */
    size_t length;
    uint8_t bytes[SEGMENT_MAX];
};

/* Looks at the bytes in, answers what is whole and returns how many bytes are done with. */
typedef size_t (*channel_consume_fn)(struct channel *channel);

/* How frames stand in the bytes. */
struct framing {
    channel_consume_fn consume;
    bool ends_by_silence; /* RTU: what was begun before a pause is no part of what follows */
};

struct channel {
    struct poll_source source;
    struct simulator *simulator;
    struct line_server *server;
    const struct framing *framing;
    struct channel *next; /* of the server */
    int fd;
    bool is_serial; /* a pseudo-terminal: never closed by its client, drops what is not read */
    bool is_closed;
    int64_t byte_ns; /* pseudo-terminal: what a character takes, 0 = no pacing */
    int64_t last_byte_us;
    size_t in_length;
    size_t out_length;
    size_t job_count;
    struct outgoing *jobs;
    uint8_t in[CHANNEL_IN];
    uint8_t last[FRAME_MAX]; /* the frame that was sent last */
    size_t last_length;
    uint8_t *out; /* CHANNEL_OUT bytes once something has to wait */
};

/* Takes the descriptor (non-blocking). */
int channel_create(struct line_server *server, struct simulator *simulator, int take_fd,
                   bool is_serial, const struct framing *framing) MUST_USE;
void channel_close(struct channel *channel);
void channel_abort(struct channel *channel); /* by a reset, where that is possible */

/* At most SEGMENT_MAX bytes. A channel with too many segments waiting drops them. */
void channel_send(struct channel *channel, const uint8_t *bytes, size_t length,
                  const struct sending *how);

#endif
