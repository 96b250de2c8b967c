/* SPDX-License-Identifier: Apache-2.0 */
/* load_value: settings that hold a value, not a table. */
#include "config/load.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "config/memory.h"
#include "config/utf8.h"

/* The string, or NULL after a fault: wrong type, too long, not UTF-8. */
static const char *read_string(const struct loader *loader, const config_setting_t *setting,
                               const struct place *place, const struct option *row)
{
    if (config_setting_type(setting) != CONFIG_TYPE_STRING) {
        load_type_fault(loader, setting, place, row);
        return NULL;
    }
    const char *string = config_setting_get_string(setting);
    string = string ? string : ""; /* libconfig 1.5 keeps no string for "" */
    size_t length = strlen(string);
    if (length > OPTION_STRING_MAX) {
        load_fault(
            loader, load_origin(loader, setting), place,
            mem_format("is %zu bytes long, at most %d are allowed", length, OPTION_STRING_MAX));
        return NULL;
    }
    if (!utf8_is_valid(string)) {
        load_fault(loader, load_origin(loader, setting), place,
                   mem_dup_string("is not UTF-8, wants the file saved in UTF-8"));
        return NULL;
    }
    return string;
}

typedef void (*load_fn)(const struct loader *loader, const config_setting_t *setting,
                        const struct place *place, const struct option *row, void *field);

static void load_bool(const struct loader *loader, const config_setting_t *setting,
                      const struct place *place, const struct option *row, void *field)
{
    if (config_setting_type(setting) != CONFIG_TYPE_BOOL) {
        load_type_fault(loader, setting, place, row);
        return;
    }
    *(bool *)field = config_setting_get_bool(setting);
}

static void load_int(const struct loader *loader, const config_setting_t *setting,
                     const struct place *place, const struct option *row, void *field)
{
    int type = config_setting_type(setting);
    if (type != CONFIG_TYPE_INT && type != CONFIG_TYPE_INT64) {
        load_type_fault(loader, setting, place, row);
        return;
    }
    int64_t value = type == CONFIG_TYPE_INT ? config_setting_get_int(setting)
                                            : config_setting_get_int64(setting);
    if (!option_in_range(row, (double)value)) {
        char *what = mem_format("is %lld", (long long)value);
        load_want_fault(loader, setting, place, row, what);
        free(what);
        return;
    }
    *(int64_t *)field = value;
}

static double number_of(const config_setting_t *setting)
{
    switch (config_setting_type(setting)) {
    case CONFIG_TYPE_INT:
        return config_setting_get_int(setting);
    case CONFIG_TYPE_INT64:
        return (double)config_setting_get_int64(setting);
    default:
        return config_setting_get_float(setting);
    }
}

static void load_float(const struct loader *loader, const config_setting_t *setting,
                       const struct place *place, const struct option *row, void *field)
{
    if (!config_setting_is_number(setting)) {
        load_type_fault(loader, setting, place, row);
        return;
    }
    double value = number_of(setting);
    if (!isfinite(value) || !option_in_range(row, value)) {
        struct text what = {0};
        text_add_string(&what, "is ");
        option_add_number(&what, value);
        load_want_fault(loader, setting, place, row, what.data);
        text_finish(&what);
        return;
    }
    *(double *)field = value;
}

static void load_string(const struct loader *loader, const config_setting_t *setting,
                        const struct place *place, const struct option *row, void *field)
{
    const char *string = read_string(loader, setting, place, row);
    if (!string) {
        return;
    }
    size_t length = strlen(string);
    if (row->max > 0 && ((double)length < row->min || (double)length > row->max)) {
        char *what = mem_format("is %zu bytes long", length);
        load_want_fault(loader, setting, place, row, length > 0 ? what : "is empty");
        free(what);
        return;
    }
    *(char **)field = config_memory_string(loader->memory, string);
}

static void load_id(const struct loader *loader, const config_setting_t *setting,
                    const struct place *place, const struct option *row, void *field)
{
    const char *string = read_string(loader, setting, place, row);
    if (!string) {
        return;
    }
    bool is_fine = option_is_id(string) || (option_may_be_empty(row) && string[0] == '\0');
    if (!is_fine) {
        char *what = mem_format("is \"%.80s\"", string);
        load_want_fault(loader, setting, place, row, what);
        free(what);
        return;
    }
    *(char **)field = config_memory_string(loader->memory, string);
}

static void load_enum(const struct loader *loader, const config_setting_t *setting,
                      const struct place *place, const struct option *row, void *field)
{
    const char *string = read_string(loader, setting, place, row);
    if (!string) {
        return;
    }
    int index = option_find_word(row->words, string);
    if (index < 0) {
        const char *near = nearest_word(string, row->words);
        char *what = near ? mem_format("is \"%.80s\", nearest is \"%s\"", string, near)
                          : mem_format("is \"%.80s\"", string);
        load_want_fault(loader, setting, place, row, what);
        free(what);
        return;
    }
    *(int *)field = index;
}

bool load_is_list(const config_setting_t *setting)
{
    return config_setting_is_list(setting) || config_setting_is_array(setting);
}

static void load_strings(const struct loader *loader, const config_setting_t *setting,
                         const struct place *place, const struct option *row, void *field)
{
    if (!load_is_list(setting)) {
        load_type_fault(loader, setting, place, row);
        return;
    }
    static const struct option item_row = {.type = OPTION_STRING};
    size_t count = (size_t)config_setting_length(setting);
    struct option_strings strings = {
        .items = config_memory_take(loader->memory, count * sizeof(char *))};
    for (size_t i = 0; i < count; i++) {
        const config_setting_t *item = config_setting_get_elem(setting, (unsigned)i);
        struct place item_place = {.parent = place, .index = i};
        if (load_is_cut(loader, item, &item_place, &item_row)) {
            continue;
        }
        const char *string = read_string(loader, item, &item_place, &item_row);
        if (string) {
            strings.items[strings.count++] = config_memory_string(loader->memory, string);
        }
    }
    *(struct option_strings *)field = strings;
}

static const load_fn loaders[] = {
    [OPTION_BOOL] = load_bool,       [OPTION_INT] = load_int, [OPTION_FLOAT] = load_float,
    [OPTION_STRING] = load_string,   [OPTION_ID] = load_id,   [OPTION_ENUM] = load_enum,
    [OPTION_STRINGS] = load_strings,
};

void load_value(const struct loader *loader, const config_setting_t *setting,
                const struct place *place, const struct option *row, void *field)
{
    loaders[row->type](loader, setting, place, row, field);
}
