/* SPDX-License-Identifier: Apache-2.0 */
/* app_options: the whole of lingtan.conf, its site file and its device profiles. Main thread. */
#ifndef LINGTAN_APP_OPTIONS_H
#define LINGTAN_APP_OPTIONS_H

#include "config/config.h"
#include "http/http.h"
#include "site/site.h"
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

/* Everything that was loaded. */
struct app_config {
    struct app_options *options;
    struct site site;
    struct profiles *profiles;
    struct config_memory *memory;
};

/* Reads lingtan.conf, the site and the profiles and checks them together; every fault is added. Never fails half-way:
 * what could be read is there. with_files: keys, certificates and passwords that the options name are tried as well,
 * for which the daemon itself can wait. */
void app_config_load(struct app_config *config, const char *path, bool with_files,
                     struct faults *faults);
void app_config_finish(struct app_config *config);

/* The options of the sink at that place of the registry; their first member is bool enabled. */
const void *app_sink_options(const struct app_config *config, size_t sink);

void app_config_print(const struct app_config *config,
                      FILE *out);    /* effective values, site included */
void app_config_document(FILE *out); /* docs/CONFIG.md */

#endif
