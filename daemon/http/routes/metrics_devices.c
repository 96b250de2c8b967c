/* SPDX-License-Identifier: Apache-2.0 */
/* metrics_devices: the families of lines and devices. A family is a row: what it is called and where its number
 * stands. */
#include <stdlib.h>

#include "base/mem.h"
#include "http/routes/metrics.h"
#include "http/server/server.h"
#include "http/status.h"

enum {
    SERIES_MAX = 2000, /* lines or devices with samples of their own: a bound for Prometheus */
};

struct error_class {
    const char *word;
    size_t offset; /* in struct error_counts */
};

static const struct error_class error_classes[] = {
    {"timeout", offsetof(struct error_counts, timeouts)},
    {"exception", offsetof(struct error_counts, exceptions)},
    {"bad_reply", offsetof(struct error_counts, bad_replies)},
    {"foreign", offsetof(struct error_counts, foreign)},
    {"connect", offsetof(struct error_counts, connects)},
    {"close", offsetof(struct error_counts, closes)},
    {"skipped", offsetof(struct error_counts, skipped)},
};

static double error_count(const struct error_counts *errors, size_t offset)
{
    return (double)*(const uint64_t *)((const char *)errors + offset);
}

/* Wall times in seconds; a thing that never happened is 0, as Prometheus has it. */
static double seconds(int64_t time_us)
{
    return (double)time_us / 1e6;
}

struct line_family {
    const char *name;
    enum metric_type type;
    const char *help;
    double (*value)(const struct line_status *line);
};

static double line_up(const struct line_status *line)
{
    return line_is_well(line);
}

static double line_load(const struct line_status *line)
{
    return line->load;
}

static double line_p50(const struct line_status *line)
{
    return seconds(line->round_trip_p50_us);
}

static double line_p99(const struct line_status *line)
{
    return seconds(line->round_trip_p99_us);
}

static double line_requests(const struct line_status *line)
{
    return (double)line->requests;
}

static double line_replies(const struct line_status *line)
{
    return (double)line->replies;
}

static double line_last_good(const struct line_status *line)
{
    return seconds(line->last_good_wall_us);
}

static double line_devices(const struct line_status *line)
{
    return (double)line->device_count;
}

static const struct line_family line_families[] = {
    {"lingtan_line_up", METRIC_GAUGE, "1 when the line is connected.", line_up},
    {"lingtan_line_load_ratio", METRIC_GAUGE,
     "Share of the last minute that the line was busy, 0 to 1.", line_load},
    {"lingtan_line_round_trip_p50_seconds", METRIC_GAUGE,
     "Median round trip of the last minute; 0 = none.", line_p50},
    {"lingtan_line_round_trip_p99_seconds", METRIC_GAUGE,
     "99th percentile of the round trips of the last minute; 0 = none.", line_p99},
    {"lingtan_line_requests_total", METRIC_COUNTER, "Requests sent.", line_requests},
    {"lingtan_line_replies_total", METRIC_COUNTER, "Good replies.", line_replies},
    {"lingtan_line_last_good_timestamp_seconds", METRIC_GAUGE,
     "When the last good reply came; 0 = never.", line_last_good},
    {"lingtan_line_devices", METRIC_GAUGE, "Devices on the line.", line_devices},
};

static void add_line_errors(struct text *text, const struct line_status *lines, size_t count)
{
    static const char name[] = "lingtan_line_errors_total";
    metric_family(text, name, METRIC_COUNTER, "Errors by class.");
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < ARRAY_SIZE(error_classes); j++) {
            const struct label labels[] = {
                {"line", lines[i].id}, {"class", error_classes[j].word}, {NULL, NULL}};
            metric_sample(text, name, labels,
                          error_count(&lines[i].errors, error_classes[j].offset));
        }
    }
}

void metrics_add_lines(struct text *text, struct http *http)
{
    size_t count = 0;
    struct line_status *lines = status_lines(&http->view, &count);
    metric_single(text, "lingtan_lines", METRIC_GAUGE, "Lines configured.", (double)count);
    count = count < SERIES_MAX ? count : SERIES_MAX;
    for (size_t i = 0; i < ARRAY_SIZE(line_families); i++) {
        const struct line_family *family = &line_families[i];
        metric_family(text, family->name, family->type, family->help);
        for (size_t j = 0; j < count; j++) {
            const struct label labels[] = {{"line", lines[j].id}, {NULL, NULL}};
            metric_sample(text, family->name, labels, family->value(&lines[j]));
        }
    }
    add_line_errors(text, lines, count);
    free(lines);
}

struct device_family {
    const char *name;
    enum metric_type type;
    const char *help;
    double (*value)(const struct device_status *status);
};

static double device_online(const struct device_status *status)
{
    return status->health == DEVICE_ONLINE;
}

static double device_failed(const struct device_status *status)
{
    return status->failed_polls;
}

static double device_polls(const struct device_status *status)
{
    return (double)status->polls;
}

static double device_last_good(const struct device_status *status)
{
    return seconds(status->last_good_wall_us);
}

static double device_round_trip(const struct device_status *status)
{
    return seconds(status->round_trip_us);
}

static double device_bad_registers(const struct device_status *status)
{
    return status->bad_registers;
}

static const struct device_family device_families[] = {
    {"lingtan_device_online", METRIC_GAUGE, "1 when the device gives values.", device_online},
    {"lingtan_device_failed_polls", METRIC_GAUGE, "Polls in a row that brought no value.",
     device_failed},
    {"lingtan_device_polls_total", METRIC_COUNTER, "Polls.", device_polls},
    {"lingtan_device_bad_registers", METRIC_GAUGE,
     "Runs of registers that the device refuses and that are not read.", device_bad_registers},
    {"lingtan_device_last_good_timestamp_seconds", METRIC_GAUGE,
     "When the last good reply came; 0 = never.", device_last_good},
    {"lingtan_device_round_trip_seconds", METRIC_GAUGE, "Round trip of the last good reply.",
     device_round_trip},
};

static void add_health(struct text *text, const struct device_table *table)
{
    static const char name[] = "lingtan_devices";
    double by_health[3] = {0};
    for (size_t i = 0; i < table->count; i++) {
        by_health[table->rows[i].health]++;
    }
    metric_family(text, name, METRIC_GAUGE, "Devices by health.");
    for (size_t i = 0; i < ARRAY_SIZE(by_health); i++) {
        const struct label labels[] = {{"health", device_health_words[i]}, {NULL, NULL}};
        metric_sample(text, name, labels, by_health[i]);
    }
}

static void add_device_errors(struct text *text, const struct device_status *rows, size_t count)
{
    static const char name[] = "lingtan_device_errors_total";
    metric_family(text, name, METRIC_COUNTER, "Errors by class.");
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < ARRAY_SIZE(error_classes); j++) {
            const struct label labels[] = {
                {"device", rows[i].device->id}, {"class", error_classes[j].word}, {NULL, NULL}};
            metric_sample(text, name, labels,
                          error_count(&rows[i].errors, error_classes[j].offset));
        }
    }
}

void metrics_add_devices(struct text *text, struct http *http)
{
    struct device_table table;
    device_table_init(&table, &http->view);
    add_health(text, &table);
    size_t count = table.count < SERIES_MAX ? table.count : SERIES_MAX;
    for (size_t i = 0; i < ARRAY_SIZE(device_families); i++) {
        const struct device_family *family = &device_families[i];
        metric_family(text, family->name, family->type, family->help);
        for (size_t j = 0; j < count; j++) {
            const struct device *device = table.rows[j].device;
            const struct label labels[] = {
                {"device", device->id},
                {"line", device->line},
                {"class", device_class_words[device->device_class]},
                {NULL, NULL},
            };
            metric_sample(text, family->name, labels, family->value(&table.rows[j]));
        }
    }
    add_device_errors(text, table.rows, count);
    metric_single(text, "lingtan_devices_without_series", METRIC_GAUGE,
                  "Devices beyond the bound of 2000 that have no samples here.",
                  (double)(table.count - count));
    device_table_finish(&table);
}
