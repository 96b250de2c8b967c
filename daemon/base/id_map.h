/* SPDX-License-Identifier: Apache-2.0 */
/* id_map: finds what belongs to an id. Grows, never shrinks; nothing is ever taken out. One thread at a time. */
#ifndef LINGTAN_BASE_ID_MAP_H
#define LINGTAN_BASE_ID_MAP_H

#include <stddef.h>
#include <stdint.h>

struct id_slot {
    uint64_t hash;
    const char *id;
    void *value;
};

/* All-zero is empty. */
struct id_map {
    struct id_slot *slots; /* open addressing; slot_count is a power of two */
    size_t slot_count;
    size_t count;
};

void id_map_finish(struct id_map *map); /* the ids and values are the caller's */

void *id_map_find(const struct id_map *map, const char *id); /* NULL when unknown */

/* Adds or replaces. The id is borrowed until it is set again or the map is finished; value is not NULL. */
void id_map_set(struct id_map *map, const char *id, void *value);

#endif
