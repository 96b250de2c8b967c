/* SPDX-License-Identifier: Apache-2.0 */
/* ring: a bounded queue of live batches in order of position; when it is full the oldest goes, since the journal keeps
 * it. One thread. */
#ifndef LINGTAN_STORE_RING_H
#define LINGTAN_STORE_RING_H

#include <lingtan/reading.h>

struct ring {
    const struct batch **items;
    size_t capacity;
    size_t first;
    size_t count;
};

void ring_init(struct ring *ring, size_t capacity);
void ring_finish(struct ring *ring); /* drops what is in it; all-zero is fine */

void ring_push(struct ring *ring, const struct batch *take_batch);
const struct batch *ring_head(const struct ring *ring); /* the oldest, borrowed; NULL when empty */
const struct batch *ring_take(struct ring *ring); /* the oldest, the caller's; NULL when empty */
void ring_discard_below(struct ring *ring, uint64_t position);

#endif
