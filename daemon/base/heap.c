/* SPDX-License-Identifier: Apache-2.0 */
/* heap: deadlines, earliest on top. Every move of an entry writes its new place into it. */
#include "base/heap.h"

#include <stdlib.h>

#include "base/mem.h"

/* Places are 1-based, so the children of p are 2p and 2p + 1. */
static struct heap_entry *entry_at(const struct heap *heap, size_t place)
{
    return heap->entries[place - 1];
}

static void put(struct heap *heap, struct heap_entry *entry, size_t place)
{
    heap->entries[place - 1] = entry;
    entry->place = place;
}

static void move_up(struct heap *heap, struct heap_entry *entry, size_t place)
{
    while (place > 1 && entry_at(heap, place / 2)->when_us > entry->when_us) {
        put(heap, entry_at(heap, place / 2), place);
        place /= 2;
    }
    put(heap, entry, place);
}

static void move_down(struct heap *heap, struct heap_entry *entry, size_t place)
{
    for (size_t child = place * 2; child <= heap->count; child = place * 2) {
        if (child < heap->count &&
            entry_at(heap, child + 1)->when_us < entry_at(heap, child)->when_us) {
            child++;
        }
        if (entry_at(heap, child)->when_us >= entry->when_us) {
            break;
        }
        put(heap, entry_at(heap, child), place);
        place = child;
    }
    put(heap, entry, place);
}

static void settle(struct heap *heap, struct heap_entry *entry, size_t place)
{
    if (place > 1 && entry_at(heap, place / 2)->when_us > entry->when_us) {
        move_up(heap, entry, place);
    } else {
        move_down(heap, entry, place);
    }
}

void heap_finish(struct heap *heap)
{
    if (heap == NULL) {
        return;
    }
    for (size_t i = 0; i < heap->count; i++) {
        heap->entries[i]->place = 0;
    }
    free(heap->entries);
    *heap = (struct heap){0};
}

void heap_set(struct heap *heap, struct heap_entry *entry, int64_t when_us)
{
    entry->when_us = when_us;
    if (entry->place != 0) {
        settle(heap, entry, entry->place);
        return;
    }
    if (heap->count == heap->capacity) {
        heap->capacity = heap->capacity > 0 ? heap->capacity * 2 : 16;
        heap->entries = mem_grow(heap->entries, heap->capacity, sizeof(struct heap_entry *));
    }
    heap->count++;
    move_up(heap, entry, heap->count);
}

void heap_remove(struct heap *heap, struct heap_entry *entry)
{
    size_t place = entry->place;
    if (place == 0) {
        return;
    }
    struct heap_entry *last = entry_at(heap, heap->count);
    heap->count--;
    entry->place = 0;
    if (last != entry) {
        settle(heap, last, place);
    }
}

struct heap_entry *heap_top(const struct heap *heap)
{
    return heap->count > 0 ? heap->entries[0] : NULL;
}
