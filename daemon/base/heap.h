/* SPDX-License-Identifier: Apache-2.0 */
/* heap: a binary heap of deadlines, intrusive: the entry lives in its owner and knows its place, so moving a deadline
 * costs O(log n) and no allocation. One thread. */
#ifndef LINGTAN_BASE_HEAP_H
#define LINGTAN_BASE_HEAP_H

#include <stddef.h>
#include <stdint.h>

struct heap_entry {
    int64_t when_us;
    size_t place; /* 1-based; 0 = not in a heap */
};

/* The deadline stands beside the pointer too, so that comparing touches no owner's memory. */
struct heap_node {
    int64_t when_us;
    struct heap_entry *entry;
};

/* All-zero is an empty heap. */
struct heap {
    struct heap_node *nodes;
    size_t count;
    size_t capacity;
};

void heap_finish(struct heap *heap);
void heap_set(struct heap *heap, struct heap_entry *entry, int64_t when_us); /* inserts or moves */
void heap_remove(struct heap *heap, struct heap_entry *entry); /* no-op when not in it */
struct heap_entry *heap_top(const struct heap *heap);          /* earliest, or NULL */

#endif
