/* SPDX-License-Identifier: Apache-2.0 */
/* status: lines, devices, sinks and alarms as several routes show them. */
#include "http/status.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum {
    ROWS_MAX = 100000,
};

const char *const device_health_words[] = {"unknown", "online", "offline", NULL};

const struct store_alarm_row store_alarm_rows[] = {
    {STORE_JOURNAL_CORRUPT, "journal_corrupt",
     "a day of the journal was damaged and has been set aside in the data folder"},
    {STORE_LEDGER_RESTORED, "ledger_restored",
     "the ledger was damaged and has been restored from its backup"},
    {STORE_DISK_FULL, "disk_full",
     "the disk is full: batches are not being journaled; free some space"},
    {STORE_JOURNAL_SHED, "journal_shed",
     "a day of the journal that a sink still wanted was removed"},
    {STORE_NEAR_LIMIT, "near_limit",
     "the journal is near its limit while a sink is behind: repair the sink or raise the limit"},
    {STORE_UNWRITABLE, "unwritable",
     "the data folder cannot be written: live data flow on, nothing is kept"},
    {0, NULL, NULL},
};

struct line_status *status_lines(const struct http_view *view, size_t *count)
{
    size_t known = view->lines(view->context, NULL, 0);
    size_t max = known < ROWS_MAX ? known : ROWS_MAX;
    struct line_status *rows = mem_alloc_array(max + 1, sizeof(*rows));
    known = view->lines(view->context, rows, max);
    *count = known < max ? known : max;
    return rows;
}

static int compare_ids(const void *left, const void *right)
{
    const struct device_status *one = left;
    const struct device_status *other = right;
    return strcmp(one->device->id, other->device->id);
}

void device_table_init(struct device_table *table, const struct http_view *view)
{
    size_t known = view->devices(view->context, NULL, 0);
    size_t max = known < ROWS_MAX ? known : ROWS_MAX;
    table->rows = mem_alloc_array(max + 1, sizeof(*table->rows));
    known = view->devices(view->context, table->rows, max);
    table->count = known < max ? known : max;
    qsort(table->rows, table->count, sizeof(*table->rows), compare_ids);
}

void device_table_finish(struct device_table *table)
{
    free(table->rows);
    *table = (struct device_table){0};
}

const struct device_status *device_table_find(const struct device_table *table, const char *id)
{
    const struct device key_device = {.id = id};
    const struct device_status key = {.device = &key_device};
    return bsearch(&key, table->rows, table->count, sizeof(key), compare_ids);
}

void write_errors(struct writer *writer, const struct error_counts *errors)
{
    writer_field_open(writer, "errors", '{');
    writer_field_uint(writer, "timeouts", errors->timeouts);
    writer_field_uint(writer, "exceptions", errors->exceptions);
    writer_field_uint(writer, "bad_replies", errors->bad_replies);
    writer_field_uint(writer, "foreign", errors->foreign);
    writer_field_uint(writer, "connects", errors->connects);
    writer_field_uint(writer, "closes", errors->closes);
    writer_field_uint(writer, "skipped", errors->skipped);
    writer_close(writer, '}');
}

void write_health(struct writer *writer, const struct device_status *status)
{
    static const struct device_status unknown;
    const struct device_status *shown = status ? status : &unknown;
    writer_field_string(writer, "health", device_health_words[shown->health]);
    writer_field_string(writer, "last_error", shown->last_error);
    writer_field_time(writer, "last_good", shown->last_good_wall_us);
    writer_field_uint(writer, "failed_polls", shown->failed_polls);
    writer_field_int(writer, "next_try_in_ms", shown->next_try_in_us / 1000);
    writer_field_int(writer, "round_trip_us", shown->round_trip_us);
    writer_field_uint(writer, "polls", shown->polls);
    writer_field_uint(writer, "bad_registers", shown->bad_registers);
    write_errors(writer, &shown->errors);
}

void write_sink(struct writer *writer, const struct runner_status *status)
{
    writer_open(writer, '{');
    writer_field_string(writer, "name", status->name);
    writer_field_string(writer, "state", sink_state_words[status->state]);
    writer_field_string(writer, "reason", status->reason);
    writer_field_uint(writer, "cursor", status->cursor);
    writer_field_uint(writer, "backlog", status->backlog);
    writer_field_uint(writer, "sent", status->sent);
    writer_field_uint(writer, "rejected", status->rejected);
    writer_field_uint(writer, "sessions", status->sessions);
    writer_field_time(writer, "oldest", status->oldest_us);
    writer_field_int(writer, "down_ms", status->down_us / 1000);
    writer_close(writer, '}');
}
