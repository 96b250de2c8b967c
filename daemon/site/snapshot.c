/* SPDX-License-Identifier: Apache-2.0 */
/* snapshot: a site and its profiles, loaded and counted as one. */
#include "site/snapshot.h"

#include <stdlib.h>

#include "base/mem.h"
#include "config/memory.h"

/* A site uses a handful of the dozens of models that are known. */
static void forget_unused_profiles(struct snapshot *snapshot)
{
    const struct line_config *lines = snapshot->site.lines.items;
    for (size_t i = 0; i < snapshot->site.lines.count; i++) {
        const struct device_config *devices = lines[i].devices.items;
        for (size_t j = 0; j < lines[i].devices.count; j++) {
            profiles_use(snapshot->profiles, devices[j].profile);
        }
    }
    profiles_forget_unused(snapshot->profiles);
}

struct snapshot *snapshot_load(const char *site_path, const char *profiles_path,
                               struct faults *faults)
{
    struct snapshot *snapshot = mem_alloc(sizeof(*snapshot));
    const size_t before = faults_count(faults);
    atomic_init(&snapshot->references, 1);
    snapshot->memory = config_memory_create();
    snapshot->profiles = profiles_load(profiles_path, faults);
    site_load(site_path, &snapshot->site, snapshot->memory, faults);
    site_check(&snapshot->site, snapshot->profiles, faults);
    if (faults_count(faults) == before) {
        forget_unused_profiles(snapshot);
    }
    return snapshot;
}

void snapshot_follow(struct snapshot *snapshot, const struct snapshot *earlier)
{
    profiles_share(snapshot->profiles, earlier->profiles);
    snapshot->site.id = config_memory_string(snapshot->memory, earlier->site.id);
    snapshot->site.language = earlier->site.language;
}

const struct snapshot *snapshot_ref(const struct snapshot *snapshot)
{
    atomic_fetch_add_explicit(&((struct snapshot *)snapshot)->references, 1, memory_order_relaxed);
    return snapshot;
}

/* Memory orders as in batch_unref. */
void snapshot_unref(const struct snapshot *snapshot)
{
    struct snapshot *counted = (struct snapshot *)snapshot;
    if (snapshot != NULL &&
        atomic_fetch_sub_explicit(&counted->references, 1, memory_order_acq_rel) == 1) {
        profiles_destroy(counted->profiles);
        config_memory_destroy(counted->memory);
        free(counted);
    }
}
