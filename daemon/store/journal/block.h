/* SPDX-License-Identifier: Apache-2.0 */
/* block: all batches of one commit in one row's bytes. Pure; what comes out equals what went in.
 *
 *     block := version entry*
 *     entry := size-of-the-rest layout position seq time head body      position, seq, time: to the entry before
 *     head  := readings, how their points are listed, room for texts
 *     body  := run*: readings of one quality, form and time; then their values
 *
 * Counts travel as the difference to a similar point of the same batch (layout.back), floats as single precision where
 * that is exact, failed readings as nothing. No entry needs another block, and one can be skipped by its size. */
#ifndef LINGTAN_STORE_BLOCK_H
#define LINGTAN_STORE_BLOCK_H

#include "store/journal/layout.h"
#include <lingtan/reading.h>

/* A block being written. All-zero is empty; the numbers are those of its row. */
struct block {
    struct bytes payload;
    size_t batches;
    uint64_t first_position;
    uint64_t last_position;
    uint64_t max_seq;
    int64_t first_us; /* of the batches and all their readings */
    int64_t last_us;
    /* the encoder's own */
    uint64_t seq;
    int64_t time_us;
    struct bytes entry;
};

void block_clear(struct block *block); /* keeps the memory */
void block_finish(struct block *block);

/* Appends the batch. layout must be of the batch's device. -EINVAL: a reading names no point, or the texts
 * are too long for a batch; nothing was added. */
int block_add(struct block *block, uint64_t layout_id, const struct layout *layout,
              const struct batch *batch) MUST_USE;

/* Walks the entries of a payload, which must outlive it. */
struct block_walk {
    uint8_t version;
    struct span span;
    uint64_t position;
    uint64_t seq;
    int64_t time_us;
};

struct block_entry {
    uint8_t version; /* of the block's format */
    uint64_t layout_id;
    uint64_t position;
    uint64_t seq;
    int64_t time_us;
    struct span body;
};

/* -EBADMSG: not of a version known here. */
int block_walk_init(struct block_walk *walk, const void *payload, size_t length) MUST_USE;

/* False at the end and at a fault, which walk->span.is_bad tells apart. */
bool block_walk_next(struct block_walk *walk, struct block_entry *out);

/* -EBADMSG: the bytes do not fit the layout. The batch has one reference; received_mono_us is 0, since a monotonic time
 * means nothing in another run. */
int block_decode(const struct block_entry *entry, const struct layout *layout,
                 struct batch **out) MUST_USE;

#endif
