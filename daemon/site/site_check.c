/* SPDX-License-Identifier: Apache-2.0 */
/* site_check: what has to agree across a site. */
#include <stdlib.h>

#include "base/mem.h"
#include "site/site_parts.h"
#include "site/time_zone.h"

static void index_nodes(struct site_checking *check)
{
    size_t count = check->site->nodes.count;
    check->node_words = mem_alloc_array(count + 1, sizeof(*check->node_words));
    for (size_t i = 0; i < count; i++) {
        check->node_words[i] = check->nodes[i].id;
        site_index_add(&check->node_ids, check->nodes[i].id, i);
    }
    site_index_sort(&check->node_ids);
}

static void check_time_zone(const struct site *site, struct faults *faults)
{
    const char *zone = site->time_zone ? site->time_zone : "";
    if (zone[0] != '\0' && !time_zone_is_known(zone)) {
        faults_add(faults, (struct origin){.file = site->file}, "time_zone",
                   "is \"%s\", wants the name of a zone that this machine knows, such as "
                   "Asia/Shanghai (see /usr/share/zoneinfo)",
                   zone);
    }
}

void site_check(const struct site *site, const struct profiles *profiles, struct faults *faults)
{
    struct site_checking check = {
        .site = site,
        .profiles = profiles,
        .faults = faults,
        .nodes = site->nodes.items,
        .lines = site->lines.items,
    };
    index_nodes(&check);
    check_time_zone(site, faults);
    site_check_periods(&check);
    site_check_nodes(&check);
    site_check_lines(&check);
    site_check_devices(&check);
    free(check.node_words);
    site_index_finish(&check.node_ids);
}
