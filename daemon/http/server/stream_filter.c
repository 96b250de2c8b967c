/* SPDX-License-Identifier: Apache-2.0 */
/* stream_filter: a device, a list of nodes. */
#include "http/server/stream_filter.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void stream_filter_init(struct stream_filter *filter, const struct live_filter *wanted,
                        const struct site *site)
{
    const struct node_config *nodes = site->nodes.items;
    *filter = (struct stream_filter){.device = mem_dup_string(wanted->device),
                                     .has_nodes = wanted->node != NULL};
    filter->nodes = mem_alloc_array(site->nodes.count + 1, sizeof(*filter->nodes));
    for (size_t i = 0; wanted->node && i < site->nodes.count; i++) {
        if (live_node_is_within(site, nodes[i].id, wanted->node)) {
            filter->nodes[filter->node_count++] = mem_dup_string(nodes[i].id);
        }
    }
}

void stream_filter_finish(struct stream_filter *filter)
{
    for (size_t i = 0; i < filter->node_count; i++) {
        free(filter->nodes[i]);
    }
    free(filter->nodes);
    free(filter->device);
    *filter = (struct stream_filter){0};
}

static bool has_node(const struct stream_filter *filter, const char *node)
{
    for (size_t i = 0; i < filter->node_count; i++) {
        if (strcmp(filter->nodes[i], node) == 0) {
            return true;
        }
    }
    return false;
}

bool stream_filter_passes(const struct stream_filter *filter, const struct device *device)
{
    if (!device) {
        return true;
    }
    if (filter->device && strcmp(device->id, filter->device) != 0) {
        return false;
    }
    return !filter->has_nodes || has_node(filter, device->node);
}
