/* SPDX-License-Identifier: Apache-2.0 */
/* events: the daemon's stream of server-sent events over its Unix socket, without blocking, so that one poll serves the
 * stream, the keyboard and the signals of a screen. One thread. */
#ifndef LINGTAN_CLI_EVENTS_H
#define LINGTAN_CLI_EVENTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"
#include <lingtan/error.h>

/* Plain data; fd is for poll, -1 = closed.. */
struct events {
    int fd;
    bool has_head;
    struct text buffer;
    size_t scanned; /* bytes that hold no end of an event */
};

typedef void (*event_fn)(void *context, const char *name, const char *data);

void events_init(struct events *events);
/* Closes what was open. -ENOENT, -ECONNREFUSED, -EACCES: no daemon there. */
int events_open(struct events *events, const char *socket_path, const char *target) MUST_USE;
void events_close(struct events *events);

/* Reads what has come and gives each whole event. 0: more will come; -ECONNRESET: it is over; -EPROTO: no stream. */
int events_read(struct events *events, event_fn fn, void *context) MUST_USE;

/* The same from memory: for tests. */
int events_feed(struct events *events, const char *bytes, size_t length, event_fn fn,
                void *context) MUST_USE;

#endif
