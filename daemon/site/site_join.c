/* SPDX-License-Identifier: Apache-2.0 */
/* site_join: rows of lists onto lines: those of the site file, or new ones. */
#include "site/site_lists.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/text.h"
#include "config/memory.h"
#include "config/option.h"
#include "site/site_parts.h"

enum { ID_MAX = OPTION_ID_MAX, MODBUS_PORT = 502 };

struct joining {
    struct site_lists *lists;
    struct line_config *lines;
    size_t count;
    size_t capacity;
};

/* 10.8.1.21 becomes 10-8-1-21, /dev/serial/by-id/usb-A becomes usb-a. */
static char *make_id(const struct line_config *line, struct config_memory *memory)
{
    bool is_serial = line->transport == LINE_RTU;
    const char *slash = is_serial ? strrchr(line->path, '/') : NULL;
    struct text id = {0};
    text_add_string(&id, slash ? slash + 1 : is_serial ? line->path : line->host);
    if (!is_serial && line->port != MODBUS_PORT) {
        text_add_format(&id, "-%lld", (long long)line->port);
    }
    size_t cut = id.length > ID_MAX ? id.length - ID_MAX : 0; /* ends differ more than beginnings */
    for (char *at = id.data; at && *at; at++) {
        char lower[] = {*at >= 'A' && *at <= 'Z' ? (char)(*at - 'A' + 'a') : *at, '\0'};
        *at = option_is_id(lower) ? lower[0] : '-';
    }
    char *made = config_memory_string(memory, id.length > 0 ? id.data + cut : "-");
    text_finish(&id);
    return made;
}

static void make_line(struct joining *joining, struct list_row *row)
{
    struct line_config line = row->values.endpoint;
    line.id = row->values.line[0] ? row->values.line : make_id(&line, joining->lists->memory);
    row->line = joining->count;
    if (joining->count == joining->capacity) {
        joining->capacity = joining->capacity * 2 + 64;
        joining->lines = mem_grow(joining->lines, joining->capacity, sizeof(line));
    }
    joining->lines[joining->count++] = line;
}

static bool is_same(const struct option *option, const void *one, const void *other)
{
    switch (option->type) {
    case OPTION_BOOL:
        return *(const bool *)one == *(const bool *)other;
    case OPTION_INT:
        return *(const int64_t *)one == *(const int64_t *)other;
    case OPTION_ENUM:
        return *(const int *)one == *(const int *)other;
    default:
        return !strcasecmp(*(char *const *)one, *(char *const *)other);
    }
}

/* What a row says of its line must be what the line has. */
static void compare(const struct joining *joining, const struct list_row *row)
{
    const struct line_config *line = &joining->lines[row->line];
    for (size_t i = 0; i < CSV_CELLS_MAX; i++) {
        const struct list_column *column = &row->sheet->columns[i];
        if (!(row->given >> i & 1) || column->base != offsetof(struct device_list, endpoint)) {
            continue;
        }
        if (!is_same(column->option, option_field_const(column->option, &row->values.endpoint),
                     option_field_const(column->option, line))) {
            char *place = site_place(line->origin, row->values.origin);
            faults_add(joining->lists->faults, row->values.origin, column->option->name,
                       "is another than that of line %s (%s), wants one for all devices of a line",
                       line->id, place);
            free(place);
        }
    }
}

static const char *nearest_line(const struct joining *joining, const char *id)
{
    if (faults_is_full(joining->lists->faults)) {
        return NULL;
    }
    const char **ids = mem_alloc_array(joining->count + 1, sizeof(*ids));
    for (size_t i = 0; i < joining->count; i++) {
        ids[i] = joining->lines[i].id;
    }
    const char *near = nearest_word(id, ids);
    free(ids);
    return near;
}

/* The default of a list is wrong once, not in each of its rows. */
static void unknown_line_fault(const struct joining *joining, const struct list_row *row)
{
    const char *id = row->values.line;
    const struct device_list *list = row->sheet->list;
    bool is_default = id == list->line;
    bool is_first = row == joining->lists->rows || row[-1].values.line != id;
    if (is_default && !is_first) {
        return;
    }
    const char *near = nearest_line(joining, id);
    faults_add(joining->lists->faults, is_default ? list->origin : row->values.origin, "line",
               "is \"%s\"%s%s, wants the id of a line, or a host or path beside it to make one", id,
               near ? ", nearest is " : "", near ? near : "");
}

/* Gives a line to each row with a key: the line of that key, else the one that the first row of the key makes. */
static void join_keys(struct joining *joining, char *const *line_keys, char *const *row_keys)
{
    struct list_row *rows = joining->lists->rows;
    size_t before = joining->count;
    struct site_index index = {0};
    for (size_t i = 0; i < before; i++) {
        site_index_add(&index, line_keys[i], i);
    }
    for (size_t i = 0; i < joining->lists->count; i++) {
        if (rows[i].makes_line) {
            site_index_add(&index, row_keys[i], before + i);
        }
    }
    site_index_sort(&index);
    for (size_t i = 0; i < joining->lists->count; i++) {
        const struct site_entry *entry = site_index_find(&index, row_keys[i]);
        if (entry && entry->number == before + i) {
            make_line(joining, &rows[i]);
        }
    }
    for (size_t i = 0; i < joining->lists->count; i++) {
        const struct site_entry *entry = site_index_find(&index, row_keys[i]);
        if (entry && entry->number != before + i) {
            bool is_row = entry->number >= before;
            rows[i].line = is_row ? rows[entry->number - before].line : entry->number;
            compare(joining, &rows[i]);
        }
    }
    site_index_finish(&index);
}

static void free_keys(char **keys, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(keys[i]);
    }
    free(keys);
}

/* Rows that name their line first: rows that only name an endpoint may then find it there. */
static void join_by(struct joining *joining, bool by_id)
{
    const struct list_row *rows = joining->lists->rows;
    size_t line_count = joining->count;
    size_t row_count = joining->lists->count;
    char **line_keys = mem_alloc_array(line_count + 1, sizeof(*line_keys));
    char **row_keys = mem_alloc_array(row_count + 1, sizeof(*row_keys));
    for (size_t i = 0; i < line_count; i++) {
        const struct line_config *line = &joining->lines[i];
        line_keys[i] = by_id ? mem_dup_string(line->id) : site_endpoint(line);
    }
    for (size_t i = 0; i < row_count; i++) {
        bool is_turn = !rows[i].is_lost && by_id == (rows[i].values.line[0] != '\0');
        row_keys[i] = !is_turn ? mem_dup_string("")
                      : by_id  ? mem_dup_string(rows[i].values.line)
                               : site_endpoint(&rows[i].values.endpoint);
    }
    join_keys(joining, line_keys, row_keys);
    free_keys(line_keys, line_count);
    free_keys(row_keys, row_count);
}

/* Devices on no line are kept apart, so that what else is wrong with them is told as well. */
static void check_found(const struct joining *joining)
{
    struct site_lists *lists = joining->lists;
    struct device_config *lost = NULL;
    for (size_t i = 0; i < lists->count; i++) {
        const struct list_row *row = &lists->rows[i];
        if (row->line != SIZE_MAX) {
            continue;
        }
        if (!lost) {
            lost = config_memory_take(lists->memory, (lists->count - i) * sizeof(*lost));
            lists->site->lost.items = lost;
        }
        lost[lists->site->lost.count++] = row->values.device;
        if (!row->is_lost && row->values.line[0]) {
            unknown_line_fault(joining, row);
        }
    }
}

/* New arrays of devices for the lines that get some, those of the site file first. */
static void make_room(const struct joining *joining)
{
    size_t *added = mem_alloc_array(joining->count + 1, sizeof(*added));
    for (size_t i = 0; i < joining->lists->count; i++) {
        size_t line = joining->lists->rows[i].line;
        added[line == SIZE_MAX ? joining->count : line]++;
    }
    for (size_t i = 0; i < joining->count; i++) {
        struct option_list *devices = &joining->lines[i].devices;
        size_t size = sizeof(struct device_config);
        if (added[i] > 0) {
            void *room =
                config_memory_take(joining->lists->memory, (devices->count + added[i]) * size);
            if (devices->count > 0) {
                memcpy(room, devices->items, devices->count * size);
            }
            devices->items = room;
        }
    }
    free(added);
}

static void add_devices(const struct joining *joining)
{
    make_room(joining);
    for (size_t i = 0; i < joining->lists->count; i++) {
        const struct list_row *row = &joining->lists->rows[i];
        if (row->line != SIZE_MAX) {
            struct option_list *devices = &joining->lines[row->line].devices;
            ((struct device_config *)devices->items)[devices->count++] = row->values.device;
        }
    }
}

void site_lists_join(struct site_lists *lists)
{
    struct site *site = lists->site;
    struct joining joining = {
        .lists = lists, .count = site->lines.count, .capacity = site->lines.count + 1};
    size_t size = sizeof(*joining.lines);
    joining.lines = mem_alloc_array(joining.capacity, size);
    if (joining.count > 0) {
        memcpy(joining.lines, site->lines.items, joining.count * size);
    }
    join_by(&joining, true);
    join_by(&joining, false);
    check_found(&joining);
    add_devices(&joining);
    site->lines.items = config_memory_take(lists->memory, (joining.count + 1) * size);
    site->lines.count = joining.count;
    memcpy(site->lines.items, joining.lines, joining.count * size);
    free(joining.lines);
}
