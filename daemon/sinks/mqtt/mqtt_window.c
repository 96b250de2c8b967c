/* SPDX-License-Identifier: Apache-2.0 */
/* mqtt_window: a queue in a circle. Brokers acknowledge in order, so the search ends at the first slot. */
#include "sinks/mqtt/mqtt_window.h"

#include <stdlib.h>

#include "base/mem.h"

void mqtt_window_init(struct mqtt_window *window, size_t capacity)
{
    *window = (struct mqtt_window){.capacity = capacity};
    window->slots = mem_alloc_array(capacity, sizeof(*window->slots));
}

static struct mqtt_window_slot *slot_at(const struct mqtt_window *window, size_t place)
{
    return &window->slots[(window->first + place) % window->capacity];
}

static void pop(struct mqtt_window *window)
{
    struct mqtt_window_slot *slot = slot_at(window, 0);
    window->extra_count -= slot->position == 0;
    device_unref(slot->device);
    window->first = (window->first + 1) % window->capacity;
    window->count--;
}

void mqtt_window_finish(struct mqtt_window *window)
{
    mqtt_window_reset(window);
    free(window->slots);
    *window = (struct mqtt_window){0};
}

void mqtt_window_reset(struct mqtt_window *window)
{
    while (window->count) {
        pop(window);
    }
    window->first = 0;
    window->acknowledged = 0;
    window->acknowledged_records = 0;
}

static void pop_acknowledged(struct mqtt_window *window)
{
    while (window->count && slot_at(window, 0)->is_acknowledged) {
        const struct mqtt_window_slot *slot = slot_at(window, 0);
        if (slot->position) {
            window->acknowledged = slot->position;
        }
        if (slot->record) {
            window->acknowledged_records = slot->record;
        }
        pop(window);
    }
}

static void add(struct mqtt_window *window, struct mqtt_window_slot slot)
{
    if (slot.position && slot.position <= window->acknowledged) {
        window->acknowledged = slot.position - 1; /* given again: it has to be confirmed again */
    }
    *slot_at(window, window->count) = slot;
    window->count++;
    window->extra_count += slot.position == 0;
}

void mqtt_window_add(struct mqtt_window *window, const struct mqtt_window_slot *slot)
{
    if (slot->device) {
        device_ref(slot->device);
    }
    add(window, *slot);
}

void mqtt_window_add_settled(struct mqtt_window *window, uint64_t position)
{
    add(window, (struct mqtt_window_slot){.is_acknowledged = true, .position = position});
    pop_acknowledged(window);
}

void mqtt_window_add_settled_record(struct mqtt_window *window, uint64_t position)
{
    add(window, (struct mqtt_window_slot){.is_acknowledged = true, .record = position});
    pop_acknowledged(window);
}

const struct mqtt_window_slot *mqtt_window_find(const struct mqtt_window *window, int message_id)
{
    for (size_t i = 0; i < window->count; i++) {
        const struct mqtt_window_slot *slot = slot_at(window, i);
        if (slot->message_id == message_id && !slot->is_acknowledged) {
            return slot;
        }
    }
    return NULL;
}

const struct mqtt_window_slot *mqtt_window_first(const struct mqtt_window *window)
{
    return window->count ? slot_at(window, 0) : NULL;
}

void mqtt_window_acknowledge(struct mqtt_window *window, int message_id)
{
    struct mqtt_window_slot *slot = (struct mqtt_window_slot *)mqtt_window_find(window, message_id);
    if (slot) {
        slot->is_acknowledged = true;
        pop_acknowledged(window);
    }
}
