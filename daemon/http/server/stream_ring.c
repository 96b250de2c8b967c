/* SPDX-License-Identifier: Apache-2.0 */
/* stream_ring: a ring of pointers that grows by doubling. */
#include "http/server/stream_ring.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum {
    CAPACITY_MIN = 64,
    OVERHEAD =
        sizeof(struct stream_event) + 3 * sizeof(void *), /* the allocator's and the ring's */
};

struct stream_event *stream_event_create(const struct device *device, const char *bytes,
                                         size_t length)
{
    struct stream_event *event = mem_alloc(sizeof(*event) + length);
    atomic_init(&event->references, 1);
    event->device = device ? device_ref(device) : NULL;
    event->length = length;
    memcpy(event->bytes, bytes, length);
    return event;
}

struct stream_event *stream_event_ref(struct stream_event *event)
{
    atomic_fetch_add_explicit(&event->references, 1, memory_order_relaxed);
    return event;
}

void stream_event_unref(struct stream_event *event)
{
    if (event && atomic_fetch_sub_explicit(&event->references, 1, memory_order_acq_rel) == 1) {
        device_unref(event->device);
        free(event);
    }
}

static struct stream_event *take_oldest(struct stream_ring *ring)
{
    struct stream_event *event = ring->items[ring->start];
    ring->start = (ring->start + 1) % ring->capacity;
    ring->count--;
    ring->bytes -= event->length + OVERHEAD;
    return event;
}

static void empty(struct stream_ring *ring)
{
    while (ring->count > 0) {
        stream_event_unref(take_oldest(ring));
    }
    free(ring->items);
    ring->items = NULL;
    ring->capacity = 0;
    ring->start = 0;
}

void stream_ring_finish(struct stream_ring *ring)
{
    empty(ring);
}

uint64_t stream_ring_first(const struct stream_ring *ring)
{
    return ring->next - ring->count;
}

struct stream_event *stream_ring_at(const struct stream_ring *ring, uint64_t number)
{
    size_t index = (size_t)(number - stream_ring_first(ring));
    return ring->items[(ring->start + index) % ring->capacity];
}

static void grow(struct stream_ring *ring)
{
    size_t capacity = ring->capacity > 0 ? 2 * ring->capacity : CAPACITY_MIN;
    struct stream_event **items = mem_alloc_array(capacity, sizeof(*items));
    for (size_t i = 0; i < ring->count; i++) {
        items[i] = ring->items[(ring->start + i) % ring->capacity];
    }
    free(ring->items);
    ring->items = items;
    ring->capacity = capacity;
    ring->start = 0;
}

void stream_ring_add(struct stream_ring *ring, struct stream_event *take_event, int64_t mono_us)
{
    if (ring->count == ring->capacity) {
        grow(ring);
    }
    take_event->mono_us = mono_us;
    ring->items[(ring->start + ring->count) % ring->capacity] = take_event;
    ring->count++;
    ring->bytes += take_event->length + OVERHEAD;
    ring->next++;
}

struct stream_event *stream_ring_shed(struct stream_ring *ring, size_t length, int64_t mono_us)
{
    if (ring->count == 0) {
        return NULL;
    }
    bool is_old = mono_us - ring->items[ring->start]->mono_us > ring->age_max_us;
    bool is_full = ring->bytes + length + OVERHEAD > ring->bytes_max;
    return is_old || is_full ? take_oldest(ring) : NULL;
}

void stream_ring_forget(struct stream_ring *ring)
{
    empty(ring);
    ring->next++;
}
