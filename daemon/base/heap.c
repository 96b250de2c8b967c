/* SPDX-License-Identifier: Apache-2.0 */
/* heap: deadlines, earliest on top. Every move of an entry writes its new place into it. */
#include "base/heap.h"

#include <stdlib.h>

#include "base/mem.h"

/* Places are 1-based, so the children of p are 2p and 2p + 1. */
static struct heap_node *node_at(const struct heap *heap, size_t place)
{
    return &heap->nodes[place - 1];
}

static void put(struct heap *heap, struct heap_node node, size_t place)
{
    *node_at(heap, place) = node;
    node.entry->place = place;
}

static void move_up(struct heap *heap, struct heap_node node, size_t place)
{
    while (place > 1 && node_at(heap, place / 2)->when_us > node.when_us) {
        put(heap, *node_at(heap, place / 2), place);
        place /= 2;
    }
    put(heap, node, place);
}

static void move_down(struct heap *heap, struct heap_node node, size_t place)
{
    for (size_t child = place * 2; child <= heap->count; child = place * 2) {
        if (child < heap->count &&
            node_at(heap, child + 1)->when_us < node_at(heap, child)->when_us) {
            child++;
        }
        if (node_at(heap, child)->when_us >= node.when_us) {
            break;
        }
        put(heap, *node_at(heap, child), place);
        place = child;
    }
    put(heap, node, place);
}

static void settle(struct heap *heap, struct heap_node node, size_t place)
{
    if (place > 1 && node_at(heap, place / 2)->when_us > node.when_us) {
        move_up(heap, node, place);
    } else {
        move_down(heap, node, place);
    }
}

void heap_finish(struct heap *heap)
{
    if (heap == NULL) {
        return;
    }
    for (size_t i = 0; i < heap->count; i++) {
        heap->nodes[i].entry->place = 0;
    }
    free(heap->nodes);
    *heap = (struct heap){0};
}

void heap_set(struct heap *heap, struct heap_entry *entry, int64_t when_us)
{
    struct heap_node node = {.when_us = when_us, .entry = entry};
    entry->when_us = when_us;
    if (entry->place != 0) {
        settle(heap, node, entry->place);
        return;
    }
    if (heap->count == heap->capacity) {
        heap->capacity = heap->capacity > 0 ? heap->capacity * 2 : 16;
        heap->nodes = mem_grow(heap->nodes, heap->capacity, sizeof(*heap->nodes));
    }
    heap->count++;
    move_up(heap, node, heap->count);
}

void heap_remove(struct heap *heap, struct heap_entry *entry)
{
    size_t place = entry->place;
    if (place == 0) {
        return;
    }
    struct heap_node last = *node_at(heap, heap->count);
    heap->count--;
    entry->place = 0;
    if (last.entry != entry) {
        settle(heap, last, place);
    }
}

struct heap_entry *heap_top(const struct heap *heap)
{
    return heap->count > 0 ? heap->nodes[0].entry : NULL;
}
