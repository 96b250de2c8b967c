/* SPDX-License-Identifier: Apache-2.0 */
/* stream_ring: the newest events of the live stream as they go over the wire, numbered without a hole, bounded in bytes and
 * in age. An event is written once; whoever sends it holds a reference, so that it may leave the ring meanwhile. The
 * caller's lock guards the ring; references are counted without it. */
#ifndef LINGTAN_HTTP_STREAM_RING_H
#define LINGTAN_HTTP_STREAM_RING_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <lingtan/device.h>

struct stream_event {
    atomic_uint references;
    int64_t mono_us;             /* when it came into the ring */
    const struct device *device; /* its reference; NULL = of no device */
    size_t length;               /* at least 1 */
    char bytes[];
};

/* A copy of the bytes, with one reference. */
struct stream_event *stream_event_create(const struct device *device, const char *bytes,
                                         size_t length);
struct stream_event *stream_event_ref(struct stream_event *event);
void stream_event_unref(struct stream_event *event); /* NULL-safe, any thread */

/* Start with bytes_max, age_max_us and next set, the rest all-zero. */
struct stream_ring {
    size_t bytes_max;
    int64_t age_max_us;
    struct stream_event **items;
    size_t capacity;
    size_t start;
    size_t count;
    size_t bytes;  /* what the events take in memory */
    uint64_t next; /* number of the next event to come */
};

void stream_ring_finish(struct stream_ring *ring);

/* Number of the oldest event; next when there is none. */
uint64_t stream_ring_first(const struct stream_ring *ring);

/* The event of a number from first to next - 1; borrowed. */
struct stream_event *stream_ring_at(const struct stream_ring *ring, uint64_t number);

/* Gives it the number next. The caller sheds first. */
void stream_ring_add(struct stream_ring *ring, struct stream_event *take_event, int64_t mono_us);

/* Takes the oldest event out when it is too old, or when length more bytes would be too many. NULL when nothing has to
 * go; else the caller's. */
struct stream_event *stream_ring_shed(struct stream_ring *ring, size_t length, int64_t mono_us);

/* Forgets all, and leaves out a number: whoever had seen the last one has missed something since. */
void stream_ring_forget(struct stream_ring *ring);

#endif
