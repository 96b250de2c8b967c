/* SPDX-License-Identifier: Apache-2.0 */
/* site_lists: CSV files to rows: what the header names, what the cells hold. */
#include "site/site_lists.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "config/memory.h"
#include "config/option.h"
#include "config/slurp.h"
#include "config/source.h"

struct reading {
    struct site_lists *lists;
    struct list_sheet *sheet;
    size_t named; /* columns up to the last that has a name */
    struct csv csv;
};

static struct origin row_origin(const struct reading *reading)
{
    return (struct origin){.file = reading->csv.file, .line = reading->csv.row_line};
}

static void *column_field(const struct list_column *column, struct device_list *values)
{
    return option_field(column->option, (char *)values + column->base);
}

/* The column of an option, CSV_CELLS_MAX when the list has none. */
static size_t find_column(const struct list_sheet *sheet, const char *name)
{
    size_t i = 0;
    while (i < CSV_CELLS_MAX &&
           (!sheet->columns[i].option || strcmp(sheet->columns[i].option->name, name) != 0)) {
        i++;
    }
    return i;
}

static bool has_column(const struct list_sheet *sheet, const char *name)
{
    return find_column(sheet, name) < CSV_CELLS_MAX;
}

/* Whether its rows may say where their devices are, or the list does. */
static bool can_have_place(const struct list_sheet *sheet)
{
    const struct device_list *list = sheet->list;
    return has_column(sheet, "line") || has_column(sheet, "host") || has_column(sheet, "path") ||
           list->line[0] || list->endpoint.host[0] || list->endpoint.path[0];
}

static void unknown_column_fault(const struct reading *reading, const char *name)
{
    const char **names = option_names(&site_column_table);
    const char *near = nearest_word(name, names);
    struct text wanted = {0};
    if (near) {
        text_add_format(&wanted, "nearest is %s", near);
    } else {
        text_add_string(&wanted, "wants one of");
        for (size_t i = 0; names[i]; i++) {
            text_add_format(&wanted, "%s %s", i > 0 ? "," : "", names[i]);
        }
        text_add_string(&wanted, ", or a # before a column of remarks");
    }
    faults_add(reading->lists->faults, row_origin(reading), NULL,
               "column \"%.80s\" is not known, %s", name, wanted.data);
    text_finish(&wanted);
    free(names);
}

static void read_name(struct reading *reading, size_t index)
{
    const char *name = reading->csv.cells[index];
    struct list_column column = {0};
    if (name[0] == '#') {
        return;
    }
    if (!name[0]) {
        faults_add(reading->lists->faults, row_origin(reading), NULL,
                   "column %zu has no name, wants one, beginning with # if it holds remarks",
                   index + 1);
        return;
    }
    column.option = option_find(&site_column_table, name, &column.base);
    if (!column.option) {
        unknown_column_fault(reading, name);
    } else if (has_column(reading->sheet, name)) {
        faults_add(reading->lists->faults, row_origin(reading), name,
                   "is column %zu and column %zu, wants one of them",
                   find_column(reading->sheet, name) + 1, index + 1);
    } else {
        reading->sheet->columns[index] = column;
    }
}

static void missing_fault(const struct reading *reading, const char *name, const char *wants)
{
    faults_add(reading->lists->faults, row_origin(reading), name, "is missing, wants %s", wants);
}

/* What no row could say is said once. */
static void check_header(const struct reading *reading)
{
    const struct list_sheet *sheet = reading->sheet;
    if (!has_column(sheet, "id")) {
        missing_fault(reading, "id", "a column of that name");
    }
    if (!has_column(sheet, "profile") && !sheet->list->device.profile[0]) {
        missing_fault(reading, "profile",
                      "a column of that name, or one profile for all in device_lists");
    }
    if (!can_have_place(sheet)) {
        missing_fault(reading, "line",
                      "a column line, host or path, or one of them for all in device_lists");
    }
}

static bool read_header(struct reading *reading)
{
    const struct csv *csv = &reading->csv;
    if (!csv_next(&reading->csv)) {
        faults_add(reading->lists->faults, (struct origin){.file = csv->file}, NULL,
                   "holds no row, wants a first one that names the columns: id, line, unit, ...");
        return false;
    }
    if (csv->is_wider) {
        faults_add(reading->lists->faults, row_origin(reading), NULL,
                   "names more than %d columns, wants at most that many", CSV_CELLS_MAX);
    }
    reading->named = csv->count;
    while (reading->named > 0 && !csv->cells[reading->named - 1][0]) {
        reading->named--;
    }
    for (size_t i = 0; i < reading->named; i++) {
        read_name(reading, i);
    }
    check_header(reading);
    return true;
}

static void read_cell(const struct reading *reading, struct list_row *row, size_t index)
{
    const struct list_column *column = &reading->sheet->columns[index];
    if (!column->option) {
        return;
    }
    char *wrong = list_cell_put(column->option, reading->csv.cells[index], reading->lists->memory,
                                column_field(column, &row->values));
    if (!wrong) {
        row->given |= UINT64_C(1) << index;
        return;
    }
    faults_add(reading->lists->faults, row->values.origin, column->option->name, "%s", wrong);
    free(wrong);
    static const char *const places[] = {"line", "transport", "host", "port", "path", NULL};
    row->is_lost = row->is_lost || option_find_word(places, column->option->name) >= 0;
}

/* A cell that the header has no name for is a separator too many, mostly. */
static void check_width(const struct reading *reading)
{
    size_t named = reading->named;
    const struct csv *csv = &reading->csv;
    for (size_t i = named; i < csv->count; i++) {
        if (csv->cells[i][0]) {
            faults_add(reading->lists->faults, row_origin(reading), NULL,
                       "cell %zu holds \"%.40s\", wants at most the %zu cells that the first row "
                       "names; a cell with a separator in it wants quotes",
                       i + 1, csv->cells[i], named);
            return;
        }
    }
    if (csv->is_wider) {
        faults_add(reading->lists->faults, row_origin(reading), NULL,
                   "has more than %d cells, wants at most the %zu that the first row names",
                   CSV_CELLS_MAX, named);
    }
}

/* Whether the row leaves empty what has a column; what has none was said of the header. */
static bool is_empty(const struct reading *reading, const char *name)
{
    size_t index = find_column(reading->sheet, name);
    return index < CSV_CELLS_MAX && (index >= reading->csv.count || !reading->csv.cells[index][0]);
}

static void check_row(const struct reading *reading, const struct list_row *row)
{
    if (is_empty(reading, "id")) {
        missing_fault(reading, "id", "a string of 1..63 characters a-z, 0-9, _ and -");
    }
    if (is_empty(reading, "profile") && !reading->sheet->list->device.profile[0]) {
        missing_fault(reading, "profile", "a file in the folder of profiles, without .conf");
    }
    bool has_place = row->is_lost || row->values.line[0] || row->makes_line;
    if (!has_place && can_have_place(reading->sheet)) {
        missing_fault(reading, "line", "the id of a line, or a host, or the path of a serial port");
    }
}

/* Works out where the row's line leads, if it says so. */
static void find_endpoint(struct list_row *row)
{
    struct line_config *endpoint = &row->values.endpoint;
    size_t transport = find_column(row->sheet, "transport");
    bool is_told = transport < CSV_CELLS_MAX && (row->given >> transport & 1);
    if (!is_told && endpoint->path[0] && !endpoint->host[0]) {
        endpoint->transport = LINE_RTU;
    }
    const char *place = endpoint->transport == LINE_RTU ? endpoint->path : endpoint->host;
    row->makes_line = !row->is_lost && place[0];
}

static void read_row(struct reading *reading)
{
    struct site_lists *lists = reading->lists;
    if (lists->count == lists->capacity) {
        lists->capacity = lists->capacity ? lists->capacity * 2 : 64;
        lists->rows = mem_grow(lists->rows, lists->capacity, sizeof(*lists->rows));
    }
    struct list_row *row = &lists->rows[lists->count++];
    *row = (struct list_row){
        .values = *reading->sheet->list, .sheet = reading->sheet, .line = SIZE_MAX};
    row->values.origin = row_origin(reading);
    row->values.device.origin = row->values.origin;
    row->values.endpoint.origin = row->values.origin;
    for (size_t i = 0; i < reading->csv.count; i++) {
        if (reading->csv.cells[i][0]) {
            read_cell(reading, row, i);
        }
    }
    if (!row->values.device.id) {
        row->values.device.id = config_memory_string(lists->memory, "");
    }
    find_endpoint(row);
    check_width(reading);
    check_row(reading, row);
}

static void read_rows(struct reading *reading)
{
    while (csv_next(&reading->csv)) {
        if (reading->lists->count == LIST_ROWS_MAX) {
            faults_add(reading->lists->faults, row_origin(reading), NULL,
                       "is device %d of the lists, at most %d are allowed", LIST_ROWS_MAX + 1,
                       LIST_ROWS_MAX);
            return;
        }
        read_row(reading);
    }
}

void site_lists_read(struct site_lists *lists, size_t number)
{
    const struct device_list *list =
        (const struct device_list *)lists->site->device_lists.items + number;
    struct reading reading = {.lists = lists, .sheet = &lists->sheets[number]};
    reading.sheet->list = list;
    if (!list->file[0]) {
        return; /* said when it was read */
    }
    char *path = config_path_beside(list->origin.file, list->file);
    char *bytes = NULL;
    size_t size = 0;
    int error = file_slurp(path, SOURCE_BYTES_MAX, &bytes, &size);
    if (error < 0) {
        char *key = mem_format("device_lists[%zu].file", number);
        faults_add(lists->faults, list->origin, key, "is \"%s\", which cannot be read: %s", path,
                   slurp_reason(error));
        free(key);
    } else if (csv_start(&reading.csv, config_memory_string(lists->memory, path), bytes, size,
                         lists->faults) &&
               read_header(&reading)) {
        read_rows(&reading);
    }
    free(bytes);
    free(path);
}
