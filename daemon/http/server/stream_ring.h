/* SPDX-License-Identifier: Apache-2.0 */
/* stream_ring: the newest events of the live stream as they go over the wire, numbered without a hole, bounded in bytes and
 * in age. An event is written once, behind the one before it, in blocks: whoever sends it holds a reference to the block and
 * copies many events as one piece. A block is only ever added to, so that what was there when it was taken may be read
 * without the lock. The caller's lock guards the ring; references are counted without it. */
#ifndef LINGTAN_HTTP_STREAM_RING_H
#define LINGTAN_HTTP_STREAM_RING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lingtan/device.h>

enum {
    STREAM_BLOCK_EVENTS = 64,
    STREAM_BLOCK_SIZE = 16 * 1024, /* bytes of events; more only for one that is longer */
};

struct stream_event {
    const struct device *device; /* the block's reference; NULL = of no device */
    size_t end;                  /* in the block's bytes */
};

struct stream_block {
    atomic_uint references;
    uint64_t first;  /* number of its first event */
    int64_t last_us; /* when its last event came, monotonic */
    size_t capacity;
    size_t length;
    size_t count;
    struct stream_event events[STREAM_BLOCK_EVENTS];
    char bytes[];
};

/* A block of one event that is in no ring, with one reference. */
struct stream_block *stream_block_of(const char *bytes, size_t length);
struct stream_block *stream_block_ref(struct stream_block *block);
void stream_block_unref(struct stream_block *block); /* NULL-safe, any thread */

/* Where the event of that index begins; of count: where the last one ends. */
size_t stream_block_start(const struct stream_block *block, size_t index);

/* Start with bytes_max, age_max_us and next set, the rest all-zero. */
struct stream_ring {
    size_t bytes_max;
    int64_t age_max_us;
    struct stream_block **blocks;
    size_t capacity;
    size_t start;
    size_t count;  /* blocks */
    size_t bytes;  /* what the blocks take in memory */
    uint64_t next; /* number of the next event to come */
};

void stream_ring_finish(struct stream_ring *ring);

/* Number of the oldest event; next when there is none. */
uint64_t stream_ring_first(const struct stream_ring *ring);

/* The block that has the event of a number from first to next - 1; borrowed. */
struct stream_block *stream_ring_at(const struct stream_ring *ring, uint64_t number);

/* Gives the event the number next. The caller sheds first. */
void stream_ring_add(struct stream_ring *ring, const struct device *device, const char *bytes,
                     size_t length, int64_t mono_us);

/* Takes the oldest block out when all of it is too old, or when length more bytes would be too many. NULL when nothing has
 * to go; else the caller's. */
struct stream_block *stream_ring_shed(struct stream_ring *ring, size_t length, int64_t mono_us);

/* Forgets all, and leaves out a number: whoever had seen the last one has missed something since. */
void stream_ring_forget(struct stream_ring *ring);

#endif
