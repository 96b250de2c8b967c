/* SPDX-License-Identifier: Apache-2.0 */
/* layout_map: open addressing, at most half full. */
#include "store/journal/layout_map.h"

#include <stdlib.h>

#include "base/mem.h"

enum { FIRST_CAPACITY = 64 };

static size_t slot_of(const struct layout_map *map, const struct device *device)
{
    const uint64_t mixed = (uint64_t)(uintptr_t)device * 0x9e3779b97f4a7c15ULL;
    size_t slot = (size_t)(mixed >> 32) & (map->capacity - 1);
    while (map->places[slot].layout != NULL && map->places[slot].layout->device != device) {
        slot = (slot + 1) & (map->capacity - 1);
    }
    return slot;
}

static void widen(struct layout_map *map)
{
    struct layout_map wide = {.capacity = map->capacity > 0 ? map->capacity * 2 : FIRST_CAPACITY,
                              .count = map->count};
    wide.places = mem_alloc_array(wide.capacity, sizeof(*wide.places));
    for (size_t i = 0; i < map->capacity; i++) {
        if (map->places[i].layout != NULL) {
            wide.places[slot_of(&wide, map->places[i].layout->device)] = map->places[i];
        }
    }
    free(map->places);
    *map = wide;
}

void layout_map_finish(struct layout_map *map)
{
    for (size_t i = 0; i < map->capacity; i++) {
        layout_destroy(map->places[i].layout);
    }
    free(map->places);
    *map = (struct layout_map){0};
}

const struct layout_place *layout_map_find(const struct layout_map *map,
                                           const struct device *device)
{
    if (map->capacity == 0) {
        return NULL;
    }
    const struct layout_place *place = &map->places[slot_of(map, device)];
    return place->layout != NULL ? place : NULL;
}

const struct layout_place *layout_map_add(struct layout_map *map, struct layout *take_layout,
                                          uint64_t id)
{
    if (map->count * 2 >= map->capacity) {
        widen(map);
    }
    struct layout_place *place = &map->places[slot_of(map, take_layout->device)];
    *place = (struct layout_place){.layout = take_layout, .id = id};
    map->count++;
    return place;
}
