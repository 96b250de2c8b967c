/* SPDX-License-Identifier: Apache-2.0 */
/* load_value: settings that hold a value, not a table. */
#include "config/load.h"

#include "config/memory.h"

/* The string, or NULL after a fault about its type. */
static const char *read_string(const struct loader *loader, const config_setting_t *setting,
                               const struct place *place, const struct option *row)
{
    if (config_setting_type(setting) != CONFIG_TYPE_STRING) {
        load_type_fault(loader, setting, place, row);
        return NULL;
    }
    const char *string = config_setting_get_string(setting);
    return string ? string : ""; /* libconfig 1.5 keeps no string for "" */
}

/* Adds the fault, if any. Takes it. Whether there was none. */
static bool is_put(const struct loader *loader, const config_setting_t *setting,
                   const struct place *place, char *take_wrong)
{
    if (take_wrong) {
        load_fault(loader, load_origin(loader, setting), place, take_wrong);
    }
    return !take_wrong;
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
    (void)is_put(loader, setting, place, option_put_int(row, value, field));
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
    (void)is_put(loader, setting, place, option_put_float(row, number_of(setting), field));
}

static void load_string(const struct loader *loader, const config_setting_t *setting,
                        const struct place *place, const struct option *row, void *field)
{
    const char *string = read_string(loader, setting, place, row);
    if (string) {
        (void)is_put(loader, setting, place, option_put_string(row, string, loader->memory, field));
    }
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
        void *field_at = &strings.items[strings.count];
        if (string && is_put(loader, item, &item_place,
                             option_put_string(&item_row, string, loader->memory, field_at))) {
            strings.count++;
        }
    }
    *(struct option_strings *)field = strings;
}

static const load_fn loaders[] = {
    [OPTION_BOOL] = load_bool,       [OPTION_INT] = load_int,   [OPTION_FLOAT] = load_float,
    [OPTION_STRING] = load_string,   [OPTION_ID] = load_string, [OPTION_ENUM] = load_string,
    [OPTION_STRINGS] = load_strings,
};

void load_value(const struct loader *loader, const config_setting_t *setting,
                const struct place *place, const struct option *row, void *field)
{
    loaders[row->type](loader, setting, place, row, field);
}
