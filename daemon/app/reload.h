/* SPDX-License-Identifier: Apache-2.0 */
/* reload: the configuration is read again while everything runs. A thread of its own loads and checks the files, finds
 * what is otherwise and makes new lines; the main thread only puts them in place. With a fault nothing changes. */
#ifndef LINGTAN_APP_RELOAD_H
#define LINGTAN_APP_RELOAD_H

#include "app/app_options.h"
#include "base/loop.h"
#include <lingtan/collector.h>
#include <lingtan/reload.h>

struct reload;

/* What a reload reads and changes; outlives it. */
struct reload_parts {
    struct loop *loop;
    struct store *store;
    const char *path; /* of the main file */
    const struct app_config
        *config; /* as it was at the start: what needs a restart is compared with it */
    struct collector_instance *const *collectors; /* in the order of the registry */
    const struct collector_host *host;
    /* The lines run by the later snapshot now: everybody else is to be told. Main thread. */
    void (*applied)(void *context, const struct snapshot *later, const struct app_options *options);
    void *context;
};

/* first: the snapshot of the start, of which it takes a reference. */
struct reload *reload_create(const struct reload_parts *parts, const struct snapshot *first);

/* Waits for the thread of one that is under way, which changes nothing any more, and calls its done. When the loop has
 * ended. NULL-safe. */
void reload_stop(struct reload *reload);
void reload_destroy(struct reload *reload); /* NULL-safe */

/* Main thread. -EBUSY: one is under way. done may be NULL: everything is logged in any case, unless it is dry. */
int reload_begin(struct reload *reload, bool is_dry, reload_done_fn done, void *context) MUST_USE;

/* For SIGHUP: begins one, or another one behind that which is under way. Main thread. */
void reload_ask(struct reload *reload);

#endif
