/* SPDX-License-Identifier: Apache-2.0 */
/* mqtt_window: a queue in a circle. Brokers acknowledge in order, so the search ends at the first slot. */
#include "sinks/mqtt_window.h"

#include <stdlib.h>

#include "base/mem.h"

void mqtt_window_init(struct mqtt_window *window, size_t capacity)
{
    *window = (struct mqtt_window){.capacity = capacity};
    window->slots = mem_alloc_array(capacity, sizeof(*window->slots));
}

void mqtt_window_finish(struct mqtt_window *window)
{
    free(window->slots);
    *window = (struct mqtt_window){0};
}

void mqtt_window_reset(struct mqtt_window *window)
{
    window->first = 0;
    window->count = 0;
    window->acknowledged = 0;
}

static struct mqtt_window_slot *slot_at(struct mqtt_window *window, size_t place)
{
    return &window->slots[(window->first + place) % window->capacity];
}

static void pop_acknowledged(struct mqtt_window *window)
{
    while (window->count && slot_at(window, 0)->is_acknowledged) {
        uint64_t position = slot_at(window, 0)->position;
        if (position) {
            window->acknowledged = position;
        }
        window->first = (window->first + 1) % window->capacity;
        window->count--;
    }
}

static void add(struct mqtt_window *window, struct mqtt_window_slot slot)
{
    if (slot.position && slot.position <= window->acknowledged) {
        window->acknowledged = slot.position - 1; /* given again: it has to be confirmed again */
    }
    *slot_at(window, window->count) = slot;
    window->count++;
}

void mqtt_window_add(struct mqtt_window *window, int message_id, uint64_t position)
{
    add(window, (struct mqtt_window_slot){.message_id = message_id, .position = position});
}

void mqtt_window_add_settled(struct mqtt_window *window, uint64_t position)
{
    add(window, (struct mqtt_window_slot){.is_acknowledged = true, .position = position});
    pop_acknowledged(window);
}

void mqtt_window_acknowledge(struct mqtt_window *window, int message_id)
{
    for (size_t i = 0; i < window->count; i++) {
        struct mqtt_window_slot *slot = slot_at(window, i);
        if (slot->message_id == message_id && !slot->is_acknowledged) {
            slot->is_acknowledged = true;
            break;
        }
    }
    pop_acknowledged(window);
}
