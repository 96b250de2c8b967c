/* SPDX-License-Identifier: Apache-2.0 */
/* stream_filter: a device, a list of nodes. */
#include "http/server/stream_filter.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static void forget_nodes(struct stream_filter *filter)
{
    for (size_t i = 0; i < filter->node_count; i++) {
        free(filter->nodes[i]);
    }
    free(filter->nodes);
    filter->nodes = NULL;
    filter->node_count = 0;
}

void stream_filter_show(struct stream_filter *filter, const struct site *site)
{
    const struct node_config *nodes = site->nodes.items;
    if (!filter->node) {
        return;
    }
    forget_nodes(filter);
    filter->nodes = mem_alloc_array(site->nodes.count + 1, sizeof(*filter->nodes));
    for (size_t i = 0; i < site->nodes.count; i++) {
        if (live_node_is_within(site, nodes[i].id, filter->node)) {
            filter->nodes[filter->node_count++] = mem_dup_string(nodes[i].id);
        }
    }
}

void stream_filter_init(struct stream_filter *filter, const struct live_filter *wanted,
                        const struct site *site)
{
    *filter = (struct stream_filter){.device = mem_dup_string(wanted->device),
                                     .node = mem_dup_string(wanted->node)};
    stream_filter_show(filter, site);
}

void stream_filter_finish(struct stream_filter *filter)
{
    forget_nodes(filter);
    free(filter->node);
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
    return !filter->node || has_node(filter, device->node);
}
