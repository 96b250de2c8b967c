/* SPDX-License-Identifier: Apache-2.0 */
/* layout_map: which layout a device has in the file being written, by the device's address. Holds a reference to each
 * device, so that an address never means another one. One thread. */
#ifndef LINGTAN_STORE_LAYOUT_MAP_H
#define LINGTAN_STORE_LAYOUT_MAP_H

#include "store/journal/layout.h"

/* All-zero is empty. */
struct layout_map {
    struct layout_place *places;
    size_t capacity;
    size_t count;
};

struct layout_place {
    struct layout *layout; /* NULL = free */
    uint64_t id;
};

void layout_map_finish(struct layout_map *map);
const struct layout_place *layout_map_find(const struct layout_map *map,
                                           const struct device *device);
const struct layout_place *layout_map_add(struct layout_map *map, struct layout *take_layout,
                                          uint64_t id);

#endif
