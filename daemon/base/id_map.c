/* SPDX-License-Identifier: Apache-2.0 */
/* id_map: open addressing, at most half full, with the hashes kept so that a long probe compares no strings. */
#include "base/id_map.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { SLOTS_FIRST = 64 };

/* FNV-1a */
static uint64_t hash_of(const char *id)
{
    uint64_t value = 0xcbf29ce484222325U;
    for (const unsigned char *c = (const unsigned char *)id; *c != '\0'; c++) {
        value = (value ^ *c) * 0x100000001b3U;
    }
    return value ^ value >> 32;
}

/* The slot of the id, or the free one where it belongs. */
static struct id_slot *slot_of(const struct id_map *map, uint64_t hash, const char *id)
{
    size_t mask = map->slot_count - 1;
    size_t at = hash & mask;
    while (map->slots[at].id != NULL &&
           (map->slots[at].hash != hash || strcmp(map->slots[at].id, id) != 0)) {
        at = (at + 1) & mask;
    }
    return &map->slots[at];
}

static void grow(struct id_map *map)
{
    struct id_map larger = {
        .slot_count = map->slot_count > 0 ? 2 * map->slot_count : SLOTS_FIRST,
        .count = map->count,
    };
    larger.slots = mem_alloc_array(larger.slot_count, sizeof(*larger.slots));
    for (size_t i = 0; i < map->slot_count; i++) {
        const struct id_slot *slot = &map->slots[i];
        if (slot->id != NULL) {
            *slot_of(&larger, slot->hash, slot->id) = *slot;
        }
    }
    free(map->slots);
    *map = larger;
}

void id_map_finish(struct id_map *map)
{
    free(map->slots);
    *map = (struct id_map){0};
}

void *id_map_find(const struct id_map *map, const char *id)
{
    return map->count > 0 ? slot_of(map, hash_of(id), id)->value : NULL;
}

void id_map_set(struct id_map *map, const char *id, void *value)
{
    if (2 * (map->count + 1) > map->slot_count) {
        grow(map);
    }
    uint64_t hash = hash_of(id);
    struct id_slot *slot = slot_of(map, hash, id);
    map->count += slot->id == NULL;
    *slot = (struct id_slot){.hash = hash, .id = id, .value = value};
}
