/* SPDX-License-Identifier: Apache-2.0 */
/* app_options: joins the option tables of all parts into the one table of lingtan.conf. */
#include "app/app_options.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include <lingtan/log.h>
#include <lingtan/sink.h>

enum {
    SINKS_MAX = 16,
};

static const struct option acquisition_rows[] = {
    {.name = "io_threads",
     .type = OPTION_INT,
     .offset = offsetof(struct acquisition_options, io_threads),
     .fallback = "1",
     .min = 1,
     .max = 16,
     .help = "Threads that drive the lines; one is enough for hundreds of them."},
    {.name = "slot_ms",
     .type = OPTION_INT,
     .offset = offsetof(struct acquisition_options, slot_ms),
     .fallback = "0",
     .min = 0,
     .max = 50,
     .unit = "ms",
     .help = "Polls that fall into one slot leave together, which saves processor time. 0 = from 5 "
             "to 50, as suits the number of devices and their periods."},
};

static const char *const clock_trust_words[] = {"kernel", "rtc", NULL};

static const struct option clock_rows[] = {
    {.name = "trust",
     .type = OPTION_ENUM,
     .offset = offsetof(struct clock_options, trust),
     .fallback = "kernel",
     .words = clock_trust_words,
     .help = "When the times of readings are vouched for: kernel = while the kernel says that the "
             "clock "
             "is synchronised (chrony needs rtcsync for that, systemd-timesyncd and ntpd say it by "
             "themselves); rtc = always, on sites without NTP whose clock somebody sets. Readings "
             "of other times are kept, and carry the mark untrusted in history, over HTTP and over "
             "MQTT; line protocol has no room for it."},
};

static const struct option_table clock_table = {
    .name = "clock",
    .size = sizeof(struct clock_options),
    .rows = clock_rows,
    .count = ARRAY_SIZE(clock_rows),
    .help = "What vouches for the wall clock.",
};

static const struct option_table acquisition_table = {
    .name = "acquisition",
    .size = sizeof(struct acquisition_options),
    .rows = acquisition_rows,
    .count = ARRAY_SIZE(acquisition_rows),
    .help = "How the lines are driven.",
};

static const struct option fixed_rows[] = {
    {.name = "log_level",
     .type = OPTION_ENUM,
     .offset = offsetof(struct app_options, log_level),
     .fallback = "info",
     .words = log_level_words,
     .help = "Messages less urgent than this are not written."},
    {.name = "site",
     .type = OPTION_STRING,
     .offset = offsetof(struct app_options, site),
     .min = 1,
     .max = 4096,
     .help =
         "The site file: nodes, lines and devices. A relative path starts at this file's folder."},
    {.name = "devices",
     .type = OPTION_STRING,
     .offset = offsetof(struct app_options, devices),
     .fallback = LINGTAN_PROFILE_FOLDER,
     .min = 1,
     .max = 4096,
     .help = "The folder of device profiles. A relative path starts at this file's folder."},
    {.name = "clock",
     .type = OPTION_GROUP,
     .offset = offsetof(struct app_options, clock),
     .table = &clock_table,
     .needs_restart = true,
     .help = "What vouches for the wall clock."},
    {.name = "acquisition",
     .type = OPTION_GROUP,
     .offset = offsetof(struct app_options, acquisition),
     .table = &acquisition_table,
     .needs_restart = true,
     .help = "How the lines are driven."},
    {.name = "store",
     .type = OPTION_GROUP,
     .offset = offsetof(struct app_options, store),
     .table = &store_table,
     .needs_restart = true,
     .help = "The journal of readings and the ledger."},
    {.name = "http",
     .type = OPTION_GROUP,
     .offset = offsetof(struct app_options, http),
     .table = &http_table,
     .needs_restart = true,
     .help = "The API on loopback and on a Unix socket."},
};

static struct option rows[ARRAY_SIZE(fixed_rows) + SINKS_MAX];
static struct option_table table = {
    .name = "lingtan",
    .rows = rows,
    .help = "The main file, lingtan.conf.",
};

static size_t align_up(size_t size)
{
    size_t step = _Alignof(max_align_t);
    return (size + step - 1) / step * step;
}

/* A section for every sink of the registry, behind the fixed ones. */
static const struct option_table *whole_table(void)
{
    if (table.count > 0) {
        return &table;
    }
    memcpy(rows, fixed_rows, sizeof(fixed_rows));
    size_t count = ARRAY_SIZE(fixed_rows);
    size_t offset = align_up(sizeof(struct app_options));
    for (size_t i = 0; i < SINKS_MAX && sinks[i]; i++) {
        rows[count++] = (struct option){.name = sinks[i]->name,
                                        .type = OPTION_GROUP,
                                        .offset = offset,
                                        .table = sinks[i]->options,
                                        .needs_restart = true,
                                        .help = sinks[i]->options->help};
        offset += align_up(sinks[i]->options->size);
    }
    table.count = count;
    table.size = offset;
    return &table;
}

const void *app_sink_options(const struct app_config *config, size_t sink)
{
    return (const char *)config->options + rows[ARRAY_SIZE(fixed_rows) + sink].offset;
}

static void load_site(struct app_config *config, const char *path, struct faults *faults)
{
    char *devices = config_path_beside(path, config->options->devices);
    char *site = config_path_beside(path, config->options->site);
    config->snapshot = snapshot_load(site, devices, faults);
    free(devices);
    free(site);
}

static void check_sinks(const struct app_config *config, const char *path, bool with_files,
                        struct faults *faults)
{
    for (size_t i = 0; sinks[i]; i++) {
        const bool *is_enabled = app_sink_options(config, i);
        if (*is_enabled && sinks[i]->check) {
            sinks[i]->check(is_enabled, with_files, (struct origin){.file = path}, faults);
        }
    }
}

void app_config_load(struct app_config *config, const char *path, bool with_files,
                     struct faults *faults)
{
    *config = (struct app_config){.memory = config_memory_create()};
    config->options = mem_alloc(whole_table()->size);
    config_load(path, whole_table(), config->options, config->memory, faults);
    if (config->options->site && config->options->site[0]) {
        load_site(config, path, faults);
    }
    check_sinks(config, path, with_files, faults);
    http_check(&config->options->http, (struct origin){.file = path}, faults);
}

void app_config_finish(struct app_config *config)
{
    snapshot_unref(config->snapshot);
    config_memory_destroy(config->memory);
    free(config->options);
    *config = (struct app_config){0};
}

void app_config_follow(struct app_config *config, const struct snapshot *snapshot)
{
    const struct snapshot *former = config->snapshot;
    config->snapshot = snapshot_ref(snapshot);
    snapshot_unref(former);
}

/* Of the site only what a reload leaves as it is: the rest is compared line by line. */
void app_config_compare(const struct app_config *one, const struct app_config *other,
                        config_difference_fn fn, void *context)
{
    config_compare(whole_table(), one->options, other->options, fn, context);
    config_compare(&site_fixed_table, &one->snapshot->site, &other->snapshot->site, fn, context);
}

void app_config_print(const struct app_config *config, FILE *out)
{
    fputs("# lingtan.conf, with every default filled in\n", out);
    config_print(whole_table(), config->options, out);
    fputs("\n# the site file\n", out);
    config_print(&site_table, &config->snapshot->site, out);
}

void app_config_document(FILE *out)
{
    fputs(
        "<!-- SPDX-License-Identifier: Apache-2.0 -->\n"
        "<!-- Made by `lingtand --document-config`; change the option tables, not this page. -->\n"
        "# Configuration\n\n"
        "All of it is read again by `lingtan reload` and SIGHUP. What is marked **Needs a "
        "restart**, "
        "with everything below it, stays until then as it was at the start.\n\n",
        out);
    config_document(whole_table(), out);
    config_document(&site_table, out);
    config_document(&profile_table, out);
}
