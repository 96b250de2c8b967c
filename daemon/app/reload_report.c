/* SPDX-License-Identifier: Apache-2.0 */
/* reload_report: the faults, keys and rows of a reload, and the log's words for them. */
#include "app/reload_report.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include <lingtan/log.h>

enum { ROWS_LOGGED_MAX = 20 };

static void add_key(void *context, const struct config_difference *difference)
{
    struct reload_report *report = context;
    if (difference->needs_restart) {
        char **keys = (char **)report->restart;
        keys = mem_grow(keys, report->restart_count + 1, sizeof(*keys));
        keys[report->restart_count++] = mem_dup_string(difference->key);
        report->restart = (const char *const *)keys;
    }
}

void reload_report_restart(struct reload_report *report, const struct app_config *start,
                           const struct app_config *later)
{
    app_config_compare(start, later, add_key, report);
}

void reload_report_faults(struct reload_report *report, const struct faults *faults)
{
    const size_t count = faults_count(faults);
    const char **lines = mem_alloc_array(count + 1, sizeof(*lines));
    for (size_t i = 0; i < count; i++) {
        const char *line = faults_line(faults, i);
        if (line != NULL) {
            lines[report->fault_count++] = line;
        }
    }
    report->faults = lines;
}

static void add_row(struct reload_report *report, const struct reload_row *row)
{
    ((struct reload_row *)report->rows)[report->row_count++] = *row;
}

static void add_devices(struct reload_report *report, const struct site_change *change)
{
    for (size_t i = 0; i < change->device_count; i++) {
        const struct device_change *device = &change->devices[i];
        if (device->kind != CHANGE_NONE) {
            add_row(report, &(struct reload_row){.what = "device",
                                                 .kind = change_kind_words[device->kind],
                                                 .id = device->device->id,
                                                 .line = device->line->id,
                                                 .why = device->why});
        }
    }
}

void reload_report_change(struct reload_report *report, const struct site_change *change)
{
    report->rows =
        mem_alloc_array(change->line_count + change->device_count + 1, sizeof(*report->rows));
    for (size_t i = 0; i < change->line_count; i++) {
        const struct line_change *line = &change->lines[i];
        if (line->kind != CHANGE_NONE) {
            add_row(report, &(struct reload_row){.what = "line",
                                                 .kind = change_kind_words[line->kind],
                                                 .id = line->line->id,
                                                 .why = line->why});
        }
    }
    add_devices(report, change);
    report->unchanged_lines = change->counts_line[CHANGE_NONE];
    report->unchanged_devices = change->counts_device[CHANGE_NONE];
    report->has_nodes_changed = change->has_nodes_changed;
}

static void log_rows(const struct reload_report *report)
{
    for (size_t i = 0; i < report->row_count && i < ROWS_LOGGED_MAX; i++) {
        const struct reload_row *row = &report->rows[i];
        log_notice("reload: %s %s %s%s%s", row->what, row->id, row->kind,
                   row->why != NULL ? ": " : "", row->why != NULL ? row->why : "");
    }
    if (report->row_count > ROWS_LOGGED_MAX) {
        log_notice("reload: and %zu more lines and devices", report->row_count - ROWS_LOGGED_MAX);
    }
}

void reload_report_log(const struct reload_report *report)
{
    for (size_t i = 0; i < report->fault_count; i++) {
        log_error("reload: %s", report->faults[i]);
    }
    if (report->fault_count > 0) {
        log_error("reload: %zu fault%s in the configuration: nothing was changed",
                  report->fault_count, plural_s(report->fault_count));
        return;
    }
    if (report->failure != NULL) {
        log_error("reload: nothing was changed: %s", report->failure);
        return;
    }
    for (size_t i = 0; i < report->restart_count; i++) {
        log_warning("reload: needs a restart: %s", report->restart[i]);
    }
    log_rows(report);
    log_notice("reload: done; unchanged: lines %zu, devices %zu; the main thread was held up for "
               "%lld.%03lld ms",
               report->unchanged_lines, report->unchanged_devices,
               (long long)(report->held_us / 1000), (long long)(report->held_us % 1000));
}

void reload_report_finish(struct reload_report *report)
{
    for (size_t i = 0; i < report->restart_count; i++) {
        free((char *)report->restart[i]);
    }
    free((void *)report->restart);
    free((void *)report->faults);
    free((void *)report->rows);
    *report = (struct reload_report){0};
}
