/* SPDX-License-Identifier: Apache-2.0 */
/* live: the newest reading of every point of every device. Main thread. */
#ifndef LINGTAN_HUB_LIVE_H
#define LINGTAN_HUB_LIVE_H

#include "base/id_map.h"
#include "hub/hub.h"

/* All-zero is empty. */
struct live_table {
    struct live_entry **entries; /* in the order of arrival */
    size_t count;
    size_t capacity;
    struct id_map by_id;
};

struct live_entry {
    struct live_device live; /* first: what the hub hands out */
    uint64_t next_seq;
};

void live_finish(struct live_table *table);

/* The entry of the device's id. When the id is new, or its points are not those known so far, a fresh state begins;
 * sequence numbers go on. */
struct live_entry *live_entry_of(struct live_table *table, const struct device *device,
                                 uint64_t first_seq);
struct live_entry *live_find(const struct live_table *table,
                             const char *id); /* NULL when unknown */

/* Keeps the entries of these devices, makes those that are missing, and drops the others. Returns the highest next number
 * of those dropped, 0 when there were none. */
uint64_t live_keep(struct live_table *table, const struct device *const *devices, size_t count,
                   uint64_t first_seq);

void live_apply(struct live_entry *entry, const struct batch *batch);

#endif
