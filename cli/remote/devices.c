/* SPDX-License-Identifier: Apache-2.0 */
/* devices: lingtan devices and lingtan lines: health one can see. */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "cli/remote/client.h"
#include "cli/remote/show.h"

static int64_t count_errors(const json_t *errors)
{
    int64_t sum = 0;
    const char *name = NULL;
    json_t *count = NULL;
    json_object_foreach((json_t *)errors, name, count)
    {
        sum += json_integer_value(count);
    }
    return sum;
}

static void add_age(struct table *table, const json_t *row, int64_t now_us)
{
    struct text text = {0};
    text_add_age_of(&text, member_time_us(row, "last_good"), now_us);
    table_add_text(table, STYLE_NONE, &text);
}

static void add_duration(struct table *table, int64_t duration_us)
{
    struct text text = {0};
    text_add_duration(&text, duration_us);
    table_add_text(table, STYLE_NONE, &text);
}

/* A word in capitals where something is wrong: colour is not the only sign. */
static void add_health(struct table *table, const char *health)
{
    if (strcmp(health, "online") == 0) {
        table_add(table, STYLE_GOOD, "online");
    } else if (strcmp(health, "offline") == 0) {
        table_add(table, STYLE_BAD, "OFFLINE");
    } else {
        table_add(table, STYLE_WARN, health);
    }
}

static void fill_devices(struct table *table, const json_t *rows, int64_t now_us)
{
    size_t i = 0;
    json_t *row = NULL;
    json_array_foreach(rows, i, row)
    {
        add_health(table, member_string(row, "health"));
        table_add(table, STYLE_NONE, member_string(row, "id"));
        table_add(table, STYLE_NONE, member_string(row, "name"));
        table_add(table, STYLE_NONE, member_string(row, "node"));
        table_add(table, STYLE_NONE, member_string(row, "class"));
        table_add(table, STYLE_NONE, member_string(row, "profile"));
        table_add(table, STYLE_NONE, member_string(row, "line"));
        table_add_format(table, STYLE_NONE, "%lld", (long long)member_integer(row, "unit"));
        add_age(table, row, now_us);
        add_duration(table, member_integer(row, "round_trip_us"));
        table_add_format(table, STYLE_NONE, "%lld", (long long)member_integer(row, "failed_polls"));
        table_add_format(table, STYLE_NONE, "%lld",
                         (long long)count_errors(json_object_get(row, "errors")));
        table_add_format(table, STYLE_NONE, "%lld",
                         (long long)member_integer(row, "bad_registers"));
        table_add(table, STYLE_NONE, member_string(row, "last_error"));
    }
}

int devices_run(const struct cli *cli)
{
    static const struct table_column columns[] = {
        {"health", false},   {"device", false},    {"name", false},  {"node", false},
        {"class", false},    {"profile", false},   {"line", false},  {"unit", true},
        {"last good", true}, {"round trip", true}, {"failed", true}, {"errors", true},
        {"refused", true},   {"why", false},
    };
    const struct show list = {"/api/v1/devices", "devices",
                              columns,           ARRAY_SIZE(columns),
                              fill_devices,      "none: the configuration has no device"};
    return show_list(cli, &list);
}

static void add_state(struct table *table, const json_t *row)
{
    const char *state = member_string(row, "state");
    bool is_down = strcmp(state, "down") == 0;
    bool is_up = strcmp(state, "up") == 0;
    table_add(table,
              is_down ? STYLE_BAD
              : is_up ? STYLE_GOOD
                      : STYLE_NONE,
              is_down ? "DOWN" : state);
}

/* "12 timeout, 3 bad_reply": the classes that there are. */
static void add_errors(struct table *table, const json_t *errors)
{
    struct text text = {0};
    const char *name = NULL;
    json_t *count = NULL;
    json_object_foreach((json_t *)errors, name, count)
    {
        if (json_integer_value(count) > 0) {
            text_add_format(&text, "%s%lld %s", text.length > 0 ? ", " : "",
                            (long long)json_integer_value(count), name);
        }
    }
    table_add_text(table, STYLE_NONE, &text);
}

static void fill_lines(struct table *table, const json_t *rows, int64_t now_us)
{
    size_t i = 0;
    json_t *row = NULL;
    json_array_foreach(rows, i, row)
    {
        double load = member_number(row, "load");
        add_state(table, row);
        table_add(table, STYLE_NONE, member_string(row, "id"));
        table_add(table, STYLE_NONE, member_string(row, "endpoint"));
        table_add_format(table, STYLE_NONE, "%lld", (long long)member_integer(row, "devices"));
        table_add_format(table, load > 0.9 ? STYLE_BAD : STYLE_NONE, "%.0f %%%s", load * 100,
                         load > 0.9 ? " !" : "");
        add_duration(table, member_integer(row, "round_trip_p50_us"));
        add_duration(table, member_integer(row, "round_trip_p99_us"));
        add_age(table, row, now_us);
        table_add_format(table, STYLE_NONE, "%lld", (long long)member_integer(row, "requests"));
        add_errors(table, json_object_get(row, "errors"));
        table_add(table, STYLE_NONE, member_string(row, "last_error"));
    }
}

int lines_run(const struct cli *cli)
{
    static const struct table_column columns[] = {
        {"state", false},   {"line", false},   {"endpoint", false}, {"devices", true},
        {"load", true},     {"median", true},  {"p99", true},       {"last good", true},
        {"requests", true}, {"errors", false}, {"why", false},
    };
    const struct show list = {"/api/v1/lines", "lines",
                              columns,         ARRAY_SIZE(columns),
                              fill_lines,      "none: the configuration has no line"};
    return show_list(cli, &list);
}
