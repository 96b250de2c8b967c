/* SPDX-License-Identifier: Apache-2.0 */
/* stream_queue: what waits for one client of the stream. An event is written once and shared by all who want it: to
 * queue it costs a pointer, however much already waits, and nothing that waits is ever moved. The caller's lock guards
 * events and queues alike. */
#ifndef LINGTAN_HTTP_STREAM_QUEUE_H
#define LINGTAN_HTTP_STREAM_QUEUE_H

#include <stddef.h>

/* One event as it goes over the wire. */
struct stream_event {
    unsigned references;
    size_t length; /* at least 1 */
    char bytes[];
};

/* A copy of the bytes, with one reference. */
struct stream_event *stream_event_create(const char *bytes, size_t length);
void stream_event_unref(struct stream_event *event); /* NULL-safe */

/* All-zero is empty. */
struct stream_queue {
    struct stream_event **items; /* a ring */
    size_t capacity;
    size_t first;
    size_t count;
    size_t sent;  /* bytes of the first event that are gone */
    size_t bytes; /* that wait */
};

void stream_queue_finish(struct stream_queue *queue);

/* Takes a reference of its own. */
void stream_queue_add(struct stream_queue *queue, struct stream_event *event);

/* Takes up to max bytes out, over the borders of events. Returns how many. */
size_t stream_queue_read(struct stream_queue *queue, char *buffer, size_t max);

#endif
