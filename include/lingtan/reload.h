/* SPDX-License-Identifier: Apache-2.0 */
/* reload: what came of reading the configuration again. Made by daemon/app, shown by daemon/http. Plain data. */
#ifndef LINGTAN_RELOAD_H
#define LINGTAN_RELOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A line or device that is otherwise. */
struct reload_row {
    const char *what; /* "line", "device" */
    const char *kind; /* "added", "removed", "changed" */
    const char *id;
    const char *line; /* of a device; NULL = it is a line */
    const char *why;  /* of a change: "ct_ratio 1 -> 40"; NULL = it is none */
};

struct reload_report {
    bool is_dry;         /* nothing was to be changed */
    bool is_applied;     /* what rows say is so now */
    const char *failure; /* it was not applied for another reason than faults; NULL = none */
    const char *const
        *faults; /* of the files, as lingtand --check tells them; with one nothing is changed */
    size_t fault_count;
    const char *const *restart; /* keys that differ from what is in effect and need a restart */
    size_t restart_count;
    const struct reload_row *rows;
    size_t row_count;
    size_t unchanged_lines;
    size_t unchanged_devices;
    bool has_nodes_changed;
    int64_t held_us; /* how long the main thread did nothing else */
};

/* On the main thread, exactly once; the report is there for the call. */
typedef void (*reload_done_fn)(void *context, const struct reload_report *report);

#endif
