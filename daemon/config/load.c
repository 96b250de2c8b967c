/* SPDX-License-Identifier: Apache-2.0 */
/* load: a parsed file into a struct by its option table. */
#include "config/load.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "config/memory.h"

static void read_group(const struct loader *loader, const config_setting_t *group,
                       const struct place *place, const struct option_table *table, void *out);

static void load_group(const struct loader *loader, const config_setting_t *setting,
                       const struct place *place, const struct option *row, void *field)
{
    if (!config_setting_is_group(setting)) {
        load_type_fault(loader, setting, place, row);
        return;
    }
    if (row->table->keeps_origin) {
        *(struct origin *)field = load_origin(loader, setting);
    }
    read_group(loader, setting, place, row->table, field);
}

/* The id that an item calls itself, for its faults; NULL when it has none or a bad one. */
static const char *item_id(const config_setting_t *item, const struct option_table *table)
{
    size_t base = 0;
    const struct option *row = option_find(table, "id", &base);
    if (!row || row->type != OPTION_ID || !config_setting_is_group(item)) {
        return NULL;
    }
    const config_setting_t *setting = config_setting_get_member(item, "id");
    const char *id = setting ? config_setting_get_string(setting) : NULL;
    return id && option_is_id(id) ? id : NULL;
}

static void load_list(const struct loader *loader, const config_setting_t *setting,
                      const struct place *place, const struct option *row, void *field)
{
    size_t count = load_is_list(setting) ? (size_t)config_setting_length(setting) : 0;
    if (!load_is_list(setting) || (config_setting_is_array(setting) && count > 0)) {
        load_type_fault(loader, setting, place, row);
        return;
    }
    const struct option item_row = {.type = OPTION_GROUP, .table = row->table};
    size_t size = row->table->size;
    struct option_list list = {.items = config_memory_take(loader->memory, count * size)};
    for (size_t i = 0; i < count; i++) {
        const config_setting_t *item = config_setting_get_elem(setting, (unsigned)i);
        struct place item_place = {.parent = place, .id = item_id(item, row->table), .index = i};
        if (load_is_cut(loader, item, &item_place, &item_row)) {
            continue;
        }
        if (!config_setting_is_group(item)) {
            load_type_fault(loader, item, &item_place, &item_row);
            continue;
        }
        void *out = (char *)list.items + list.count * size;
        *(struct origin *)out = load_origin(loader, item);
        config_defaults(row->table, out, loader->memory);
        read_group(loader, item, &item_place, row->table, out);
        list.count++;
    }
    *(struct option_list *)field = list;
}

static void load_setting(const struct loader *loader, const config_setting_t *setting,
                         const struct place *place, const struct option *row, void *field)
{
    if (load_is_cut(loader, setting, place, row)) {
        return;
    }
    switch (row->type) {
    case OPTION_GROUP:
        load_group(loader, setting, place, row, field);
        break;
    case OPTION_LIST:
        load_list(loader, setting, place, row, field);
        break;
    default:
        load_value(loader, setting, place, row, field);
    }
}

static void unknown_fault(const struct loader *loader, const config_setting_t *setting,
                          const struct place *place, const struct option_table *table)
{
    if (faults_is_full(loader->faults)) { /* spares the search for names that nobody will read */
        load_fault(loader, load_origin(loader, setting), place, mem_dup_string("is not known"));
        return;
    }
    const char **words = option_names(table);
    struct text what = {0};
    const char *near = nearest_word(config_setting_name(setting), words);
    if (near) {
        text_add_format(&what, "is not known, nearest is %s", near);
    } else {
        text_add_string(&what, "is not known, wants one of");
        for (size_t i = 0; words[i]; i++) {
            text_add_format(&what, "%s %s", i > 0 ? "," : "", words[i]);
        }
    }
    load_fault(loader, load_origin(loader, setting), place, text_take(&what));
    free(words);
}

/* The key behind "*2*key", NULL when the name is no such mark. */
static const char *repeated_key(const char *name)
{
    if (name[0] != SOURCE_MARK_TWICE) {
        return NULL;
    }
    size_t digits = strspn(name + 1, "0123456789");
    return digits > 0 && name[1 + digits] == SOURCE_MARK_TWICE ? name + digits + 2 : NULL;
}

static void repeated_fault(const struct loader *loader, const config_setting_t *group,
                           const config_setting_t *setting, const struct place *parent,
                           const char *key)
{
    struct place place = {.parent = parent, .name = key};
    const config_setting_t *first = config_setting_get_member(group, key);
    int line = first ? load_origin(loader, first).line : 0;
    load_fault(loader, load_origin(loader, setting), &place,
               mem_format("is given again, wants one value: the first is on line %d", line));
}

static void read_setting(const struct loader *loader, const config_setting_t *group,
                         const config_setting_t *setting, const struct place *parent,
                         const struct option_table *table, void *out)
{
    const char *name = config_setting_name(setting);
    const char *key = repeated_key(name);
    if (key) {
        repeated_fault(loader, group, setting, parent, key);
        return;
    }
    struct place place = {.parent = parent, .name = name};
    size_t base = 0;
    const struct option *row = option_find(table, name, &base);
    if (row) {
        load_setting(loader, setting, &place, row, option_field(row, (char *)out + base));
    } else {
        unknown_fault(loader, setting, &place, table);
    }
}

static void read_group(const struct loader *loader, const config_setting_t *group,
                       const struct place *place, const struct option_table *table, void *out)
{
    for (int i = 0; i < config_setting_length(group); i++) {
        const config_setting_t *setting = config_setting_get_elem(group, (unsigned)i);
        read_setting(loader, group, setting, place, table, out);
    }
    for (size_t i = 0; i < table->count; i++) {
        const struct option *row = &table->rows[i];
        if (option_is_required(row) && !config_setting_get_member(group, row->name)) {
            struct place missing = {.parent = place, .name = row->name};
            load_want_fault(loader, group, &missing, row, "is missing");
        }
    }
}

static void syntax_fault(const struct loader *loader, const config_t *parsed)
{
    int line = config_error_line(parsed);
    size_t length = 0;
    const char *near = source_line(loader->source, line, &length);
    load_fault(loader, source_origin(loader->source, line), NULL,
               mem_format("%s at or before \"%.*s\", wants NAME = VALUE;",
                          config_error_text(parsed), length > 60 ? 60 : (int)length, near));
}

static void parse(const struct loader *loader, const struct option_table *table, void *out)
{
    config_t parsed;
    config_init(&parsed);
    if (config_read_string(&parsed, loader->source->text.data)) {
        read_group(loader, config_root_setting(&parsed), NULL, table, out);
    } else {
        syntax_fault(loader, &parsed);
    }
    config_destroy(&parsed);
}

void config_load(const char *path, const struct option_table *table, void *out,
                 struct config_memory *memory, struct faults *faults)
{
    config_defaults(table, out, memory);
    struct source source = {0};
    if (source_read(&source, path, memory, faults) == 0) {
        struct loader loader = {.source = &source, .memory = memory, .faults = faults};
        parse(&loader, table, out);
    }
    source_finish(&source);
}
