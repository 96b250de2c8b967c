/* SPDX-License-Identifier: Apache-2.0 */
/* ring: an array used in a circle. */
#include "store/feed/ring.h"

#include <stdlib.h>

#include "base/mem.h"

void ring_init(struct ring *ring, size_t capacity)
{
    *ring = (struct ring){.capacity = capacity};
    ring->items = mem_alloc_array(capacity, sizeof(const struct batch *));
}

void ring_finish(struct ring *ring)
{
    ring_discard_below(ring, UINT64_MAX);
    free(ring->items);
    *ring = (struct ring){0};
}

const struct batch *ring_head(const struct ring *ring)
{
    return ring->count ? ring->items[ring->first] : NULL;
}

const struct batch *ring_take(struct ring *ring)
{
    if (ring->count == 0) {
        return NULL;
    }
    const struct batch *batch = ring->items[ring->first];
    ring->first = (ring->first + 1) % ring->capacity;
    ring->count--;
    return batch;
}

void ring_push(struct ring *ring, const struct batch *take_batch)
{
    if (ring->count == ring->capacity) {
        batch_unref(ring_take(ring));
    }
    ring->items[(ring->first + ring->count) % ring->capacity] = take_batch;
    ring->count++;
}

void ring_discard_below(struct ring *ring, uint64_t position)
{
    while (ring->count && ring->items[ring->first]->position < position) {
        batch_unref(ring_take(ring));
    }
}
