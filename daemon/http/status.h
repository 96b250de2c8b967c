/* SPDX-License-Identifier: Apache-2.0 */
/* status: copies of what the parts say of themselves, and their JSON where several routes show the same. Main thread. */
#ifndef LINGTAN_HTTP_STATUS_H
#define LINGTAN_HTTP_STATUS_H

#include "http/http.h"
#include "http/server/writer.h"

/* All lines; the caller frees. */
struct line_status *status_lines(const struct http_view *view, size_t *count);

/* The status of devices, found by id; the caller frees with device_table_finish. */
struct device_table {
    struct device_status *rows; /* sorted by id */
    size_t count;
};
void device_table_init(struct device_table *table, const struct http_view *view);
void device_table_finish(struct device_table *table);
const struct device_status *device_table_find(const struct device_table *table, const char *id);

extern const char *const device_health_words[];

void write_errors(struct writer *writer, const struct error_counts *errors);
/* The fields of a device's health, within an object. status may be NULL: not known yet. */
void write_health(struct writer *writer, const struct device_status *status);
void write_sink(struct writer *writer, const struct runner_status *status);

/* The alarms of the store, by bit: a word and what to do. NULL-terminated by word. */
struct store_alarm_row {
    unsigned alarm;
    const char *word;
    const char *what;
};
extern const struct store_alarm_row store_alarm_rows[];

#endif
