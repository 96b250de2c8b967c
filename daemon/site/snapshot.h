/* SPDX-License-Identifier: Apache-2.0 */
/* snapshot: a site with the profiles that it uses, as loaded and checked at one moment. Const once it is shared, and
 * counted: who uses it holds a reference, so an old one goes with its last user. References by any thread. */
#ifndef LINGTAN_SITE_SNAPSHOT_H
#define LINGTAN_SITE_SNAPSHOT_H

#include <stdatomic.h>

#include "site/site.h"

struct snapshot {
    atomic_uint references;
    struct site site;
    struct profiles *profiles;    /* those that devices of the site have, once it has no fault */
    struct config_memory *memory; /* of the site */
};

/* Reads and checks the site file and the folder of profiles; every fault is added. One reference; never NULL. */
struct snapshot *snapshot_load(const char *site_path, const char *profiles_path,
                               struct faults *faults);

/* Before it is shared: profiles that say what they said in the earlier one become those of the earlier one, and what
 * cannot change while the daemon runs (the site's id and language) is kept from it. */
void snapshot_follow(struct snapshot *snapshot, const struct snapshot *earlier);

const struct snapshot *snapshot_ref(const struct snapshot *snapshot);
void snapshot_unref(const struct snapshot *snapshot); /* NULL-safe */

#endif
