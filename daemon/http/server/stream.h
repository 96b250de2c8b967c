/* SPDX-License-Identifier: Apache-2.0 */
/* stream: live values as server-sent events. A batch is written once on the main thread, into a ring that all clients
 * read, each at its own place: a client more costs the main thread nothing. Clients are woken five times a second at most.
 * Whoever comes back within ten minutes goes on where it was, as long as the ring has it; whoever is so slow that the ring
 * passes him is told how many batches he missed. Nobody waits for him. */
#ifndef LINGTAN_HTTP_STREAM_H
#define LINGTAN_HTTP_STREAM_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "http/live.h"

struct request;
struct stream;
struct streams;

enum {
    STREAMS_MAX = 100,
    STREAM_HEARTBEAT_S = 15,
    STREAM_WAKE_MS = 200,
    STREAM_KEEP_S = 600, /* the ring goes back so far, and is fed so long after the last stream */
};

/* Main thread. view is borrowed for life; memory is what the ring may take, in bytes. */
int streams_create(const struct http_view *view, size_t memory, struct streams **out) MUST_USE;
/* The view's site is another one now: streams of a node learn its devices anew. Main thread. */
void streams_show(struct streams *streams);
/* Ends every stream soon; any thread. */
void streams_close(struct streams *streams);
/* Leaves the hub and the loop; main thread. */
void streams_detach(struct streams *streams);
/* When no stream is left. NULL-safe. */
void streams_destroy(struct streams *streams);

struct streams_status {
    unsigned open;
    uint64_t gaps;   /* events "gap" */
    uint64_t missed; /* batches */
    uint64_t resumed;
    uint64_t resets; /* clients that came back too late, or from another life */
    size_t bytes;    /* of the ring */
};
struct streams_status streams_status(struct streams *streams); /* any thread */

/* MHD's content reader and its end; context is the stream. */
ssize_t stream_read(void *context, uint64_t position, char *buffer, size_t max);
void stream_end(void *context); /* NULL-safe */

#endif
