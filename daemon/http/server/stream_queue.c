/* SPDX-License-Identifier: Apache-2.0 */
/* stream_queue: a ring of references to events. */
#include "http/server/stream_queue.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { CAPACITY_MIN = 16 };

struct stream_event *stream_event_create(const char *bytes, size_t length)
{
    struct stream_event *event = mem_alloc(sizeof(*event) + length);
    event->references = 1;
    event->length = length;
    memcpy(event->bytes, bytes, length);
    return event;
}

void stream_event_unref(struct stream_event *event)
{
    if (event && --event->references == 0) {
        free(event);
    }
}

static void drop_first(struct stream_queue *queue)
{
    stream_event_unref(queue->items[queue->first]);
    queue->first = (queue->first + 1) % queue->capacity;
    queue->count--;
    queue->sent = 0;
}

void stream_queue_finish(struct stream_queue *queue)
{
    while (queue->count > 0) {
        drop_first(queue);
    }
    free(queue->items);
    *queue = (struct stream_queue){0};
}

static void grow(struct stream_queue *queue)
{
    size_t capacity = queue->capacity > 0 ? 2 * queue->capacity : CAPACITY_MIN;
    struct stream_event **items = mem_alloc_array(capacity, sizeof(*items));
    for (size_t i = 0; i < queue->count; i++) {
        items[i] = queue->items[(queue->first + i) % queue->capacity];
    }
    free(queue->items);
    queue->items = items;
    queue->capacity = capacity;
    queue->first = 0;
}

void stream_queue_add(struct stream_queue *queue, struct stream_event *event)
{
    if (queue->count == queue->capacity) {
        grow(queue);
    }
    event->references++;
    queue->items[(queue->first + queue->count) % queue->capacity] = event;
    queue->count++;
    queue->bytes += event->length;
}

size_t stream_queue_read(struct stream_queue *queue, char *buffer, size_t max)
{
    size_t size = 0;
    while (size < max && queue->count > 0) {
        const struct stream_event *event = queue->items[queue->first];
        size_t left = event->length - queue->sent;
        size_t part = left < max - size ? left : max - size;
        memcpy(buffer + size, event->bytes + queue->sent, part);
        size += part;
        queue->sent += part;
        if (queue->sent == event->length) {
            drop_first(queue);
        }
    }
    queue->bytes -= size;
    return size;
}
