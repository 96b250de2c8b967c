/* SPDX-License-Identifier: Apache-2.0 */
/* stream: live values as server-sent events. A batch is rendered once on the main thread and appended to the queue of
 * every client that wants it; MHD's threads send from there. A client that is too slow misses batches and is told how
 * many: nobody waits for it. */
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
    STREAMS_MAX = 16,
    STREAM_QUEUE_MAX = 256 * 1024, /* bytes that wait for one client, the snapshot apart */
    STREAM_HEARTBEAT_S = 15,
};

/* Main thread. view is borrowed for life. */
int streams_create(const struct http_view *view, struct streams **out) MUST_USE;
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
};
struct streams_status streams_status(struct streams *streams); /* any thread */

/* MHD's content reader and its end; context is the stream. */
ssize_t stream_read(void *context, uint64_t position, char *buffer, size_t max);
void stream_end(void *context); /* NULL-safe */

#endif
