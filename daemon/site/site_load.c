/* SPDX-License-Identifier: Apache-2.0 */
/* site_load: a site file and its lists as one site, as if every device were written out. */
#include <stdlib.h>

#include "base/mem.h"
#include "config/memory.h"
#include "site/site_lists.h"

void site_lists_load(struct site *site, struct config_memory *memory, struct faults *faults)
{
    struct site_lists lists = {.site = site, .memory = memory, .faults = faults};
    size_t count = site->device_lists.count;
    lists.sheets = mem_alloc_array(count, sizeof(*lists.sheets));
    for (size_t i = 0; i < count; i++) {
        site_lists_read(&lists, i);
    }
    site_lists_join(&lists);
    site->device_lists = (struct option_list){0};
    free(lists.rows);
    free(lists.sheets);
}

void site_load(const char *path, struct site *site, struct config_memory *memory,
               struct faults *faults)
{
    *site = (struct site){0};
    config_load(path, &site_table, site, memory, faults);
    site->file = config_memory_string(memory, path);
    if (site->device_lists.count > 0) {
        site_lists_load(site, memory, faults);
    }
}
