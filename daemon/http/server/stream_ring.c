/* SPDX-License-Identifier: Apache-2.0 */
/* stream_ring: a ring of pointers to blocks that grows by doubling. */
#include "http/server/stream_ring.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { CAPACITY_MIN = 16 };

static struct stream_block *block_create(uint64_t first, size_t capacity)
{
    struct stream_block *block = mem_alloc(sizeof(*block) + capacity);
    atomic_init(&block->references, 1);
    block->first = first;
    block->capacity = capacity;
    return block;
}

static bool block_has_room(const struct stream_block *block, size_t length)
{
    return block->count < STREAM_BLOCK_EVENTS && block->length + length <= block->capacity;
}

static void block_add(struct stream_block *block, const struct device *device, const char *bytes,
                      size_t length)
{
    memcpy(block->bytes + block->length, bytes, length);
    block->length += length;
    block->events[block->count++] =
        (struct stream_event){.device = device ? device_ref(device) : NULL, .end = block->length};
}

struct stream_block *stream_block_of(const char *bytes, size_t length)
{
    struct stream_block *block = block_create(0, length);
    block_add(block, NULL, bytes, length);
    return block;
}

struct stream_block *stream_block_ref(struct stream_block *block)
{
    atomic_fetch_add_explicit(&block->references, 1, memory_order_relaxed);
    return block;
}

void stream_block_unref(struct stream_block *block)
{
    if (!block || atomic_fetch_sub_explicit(&block->references, 1, memory_order_acq_rel) != 1) {
        return;
    }
    for (size_t i = 0; i < block->count; i++) {
        device_unref(block->events[i].device);
    }
    free(block);
}

size_t stream_block_start(const struct stream_block *block, size_t index)
{
    return index > 0 ? block->events[index - 1].end : 0;
}

static size_t size_of(const struct stream_block *block)
{
    return sizeof(*block) + block->capacity;
}

static struct stream_block *block_at(const struct stream_ring *ring, size_t index)
{
    return ring->blocks[(ring->start + index) % ring->capacity];
}

static struct stream_block *take_oldest(struct stream_ring *ring)
{
    struct stream_block *block = block_at(ring, 0);
    ring->start = (ring->start + 1) % ring->capacity;
    ring->count--;
    ring->bytes -= size_of(block);
    return block;
}

void stream_ring_finish(struct stream_ring *ring)
{
    while (ring->count > 0) {
        stream_block_unref(take_oldest(ring));
    }
    free(ring->blocks);
    ring->blocks = NULL;
    ring->capacity = 0;
    ring->start = 0;
}

uint64_t stream_ring_first(const struct stream_ring *ring)
{
    return ring->count > 0 ? block_at(ring, 0)->first : ring->next;
}

struct stream_block *stream_ring_at(const struct stream_ring *ring, uint64_t number)
{
    size_t low = 0;
    size_t high = ring->count - 1;
    while (low < high) {
        size_t middle = low + (high - low + 1) / 2;
        if (block_at(ring, middle)->first <= number) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    return block_at(ring, low);
}

static void grow(struct stream_ring *ring)
{
    size_t capacity = ring->capacity > 0 ? 2 * ring->capacity : CAPACITY_MIN;
    struct stream_block **blocks = mem_alloc_array(capacity, sizeof(struct stream_block *));
    for (size_t i = 0; i < ring->count; i++) {
        blocks[i] = block_at(ring, i);
    }
    free(ring->blocks);
    ring->blocks = blocks;
    ring->capacity = capacity;
    ring->start = 0;
}

static struct stream_block *begin_block(struct stream_ring *ring, size_t length)
{
    size_t size = length > STREAM_BLOCK_SIZE ? length : STREAM_BLOCK_SIZE;
    if (ring->count == ring->capacity) {
        grow(ring);
    }
    struct stream_block *block = block_create(ring->next, size);
    ring->blocks[(ring->start + ring->count) % ring->capacity] = block;
    ring->count++;
    ring->bytes += size_of(block);
    return block;
}

void stream_ring_add(struct stream_ring *ring, const struct device *device, const char *bytes,
                     size_t length, int64_t mono_us)
{
    struct stream_block *block = ring->count > 0 ? block_at(ring, ring->count - 1) : NULL;
    if (!block || !block_has_room(block, length)) {
        block = begin_block(ring, length);
    }
    block_add(block, device, bytes, length);
    block->last_us = mono_us;
    ring->next++;
}

struct stream_block *stream_ring_shed(struct stream_ring *ring, size_t length, int64_t mono_us)
{
    if (ring->count == 0) {
        return NULL;
    }
    bool is_old = mono_us - block_at(ring, 0)->last_us > ring->age_max_us;
    size_t more = block_has_room(block_at(ring, ring->count - 1), length)
                      ? 0
                      : sizeof(struct stream_block) +
                            (length > STREAM_BLOCK_SIZE ? length : STREAM_BLOCK_SIZE);
    return is_old || ring->bytes + more > ring->bytes_max ? take_oldest(ring) : NULL;
}

void stream_ring_forget(struct stream_ring *ring)
{
    stream_ring_finish(ring);
    ring->next++;
}
