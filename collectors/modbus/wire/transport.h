/* SPDX-License-Identifier: Apache-2.0 */
/* transport: what a line knows of its wire: a table of functions that never block, so that the same line runs on a
 * socket, a serial port or a script of a test. Belongs to the thread of the line. */
#ifndef LINGTAN_MODBUS_TRANSPORT_H
#define LINGTAN_MODBUS_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "collectors/modbus/frame/frame.h"
#include "collectors/modbus/wire/crew.h"
#include "site/site.h"

struct transport;

struct transport_ops {
    /* What comes before opening and needs no room in the pool's count of connects: names to addresses. 0: go on with
     * open; -EINPROGRESS: ask again when the line is woken; else the reason of the failure. */
    int (*prepare)(struct transport *transport);
    /* Begins to open or, while -EINPROGRESS, looks how it stands. */
    int (*open)(struct transport *transport);
    /* Also while opening. Whatever helper is under way is waited for by the next open. */
    void (*close)(struct transport *transport);
    /* The connection, or the attempt at one, ended without a reply: the next is to be made to the next address, where there
     * are several. One that works is kept. */
    void (*turn)(struct transport *transport);
    /* All or nothing: a request that does not fit into an empty buffer means a broken wire. */
    int (*send)(struct transport *transport, const uint8_t *bytes, size_t size);
    /* How many bytes came, 0 = none now; -ECONNRESET: the other end closed; else the wire is broken. */
    ssize_t (*receive)(struct transport *transport, uint8_t *bytes, size_t room);
    /* In words what the last failed prepare or open met, or NULL when its errno says enough. */
    const char *(*explain)(struct transport *transport);
    void (*destroy)(struct transport *transport);
};

struct transport {
    const struct transport_ops *ops;
    enum frame_kind frame;
    int fd;              /* -1 = not open, and none to wait for */
    unsigned generation; /* changes with every new descriptor, whose number may be the old one */
    bool is_connecting;  /* wait until the descriptor is writable */
    bool needs_connect;  /* opening counts among the pool's connects in flight */
    int64_t
        char_ns; /* time of a character on a serial wire; 0 where the wire is none of our business */
    int64_t silence_us; /* between frames, where silence ends a frame */
    int64_t reopen_us;  /* how long the other end needs to notice that we closed */
    struct line *line;  /* whom a helper wakes; set by the line */
};

/* The helpers of a pool's lines. */
struct transport_help {
    struct crew *resolver; /* one thread: a dead name server must not multiply */
    struct crew *openers;
    struct mailbox *home;
    bool has_ids; /* Modbus TCP: the other end echoes the transaction id */
};

/* The configuration is borrowed for life. */
struct transport *transport_tcp_create(const struct line_config *config,
                                       const struct transport_help *help);
struct transport *transport_rtu_create(const struct line_config *config,
                                       const struct transport_help *help);

#endif
