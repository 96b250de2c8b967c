/* SPDX-License-Identifier: Apache-2.0 */
/* app_options: the whole of lingtan.conf, its site file and its device profiles. Main thread. */
#ifndef LINGTAN_APP_OPTIONS_H
#define LINGTAN_APP_OPTIONS_H

#include "config/compare.h"
#include "config/config.h"
#include "http/http.h"
#include "site/snapshot.h"
#include "store/store.h"

enum clock_trust { CLOCK_TRUST_KERNEL, CLOCK_TRUST_RTC };

struct clock_options {
    int trust; /* enum clock_trust */
};

struct acquisition_options {
    int64_t io_threads;
    int64_t slot_ms;
};

/* The sections that are always there; those of the sinks follow behind it in the same memory. */
struct app_options {
    int log_level; /* index into log_level_words */
    char *site;    /* path, relative to the file that names it */
    char *devices; /* folder, likewise */
    struct clock_options clock;
    struct acquisition_options acquisition;
    struct store_options store;
    struct http_options http;
};

/* Everything that was loaded. Options that need a restart are used as they were at the start, so they are apart from the
 * site, of which there is a new snapshot with every reload. */
struct app_config {
    struct app_options *options;
    struct config_memory *memory;
    const struct snapshot
        *snapshot; /* never NULL once it is loaded without a fault; a reference is held */
};

/* Reads lingtan.conf, the site and the profiles and checks them together; every fault is added. Never fails half-way:
 * what could be read is there. with_files: keys, certificates and passwords that the options name are tried as well,
 * for which the daemon itself can wait. Any thread. */
void app_config_load(struct app_config *config, const char *path, bool with_files,
                     struct faults *faults);
void app_config_finish(struct app_config *config);

/* Takes another snapshot, with a reference of its own, and lets go of the one before. */
void app_config_follow(struct app_config *config, const struct snapshot *snapshot);

/* Tells the options of the main file and the site that differ. */
void app_config_compare(const struct app_config *one, const struct app_config *other,
                        config_difference_fn fn, void *context);

/* The options of the sink at that place of the registry; their first member is bool enabled. */
const void *app_sink_options(const struct app_config *config, size_t sink);

void app_config_print(const struct app_config *config,
                      FILE *out);    /* effective values, site included */
void app_config_document(FILE *out); /* docs/CONFIG.md */

#endif
