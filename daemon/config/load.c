/* SPDX-License-Identifier: Apache-2.0 */
/* load: a parsed file into a struct by its option table. The only file that includes libconfig. */
#include <libconfig.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "config/memory.h"
#include "config/option.h"
#include "config/source.h"

struct loader {
    const struct source *source;
    struct config_memory *memory;
    struct faults *faults;
};

/* Where in the file's tree we are; frames live on the stack. */
struct place {
    const struct place *parent;
    const char *name; /* of a setting, or NULL for an item of a list */
    const char *id;   /* of an item that has one */
    size_t index;     /* of an item */
};

static void add_place(struct text *text, const struct place *place)
{
    if (!place) {
        return;
    }
    add_place(text, place->parent);
    if (place->name) {
        text_add_format(text, "%s%s", text->length > 0 ? "." : "", place->name);
    } else if (place->id) {
        text_add_format(text, ".%s", place->id);
    } else {
        text_add_format(text, "[%zu]", place->index);
    }
}

static struct origin setting_origin(const struct loader *loader, const config_setting_t *setting)
{
    return source_origin(loader->source, (int)config_setting_source_line(setting));
}

/* Takes what. */
static void add_fault(const struct loader *loader, struct origin origin, const struct place *place,
                      char *take_what)
{
    struct text key = {0};
    add_place(&key, place);
    faults_add(loader->faults, origin, key.data, "%s", take_what);
    text_finish(&key);
    free(take_what);
}

static const char *type_word(const config_setting_t *setting)
{
    switch (config_setting_type(setting)) {
    case CONFIG_TYPE_GROUP:
        return "a group";
    case CONFIG_TYPE_INT:
    case CONFIG_TYPE_INT64:
        return "an integer";
    case CONFIG_TYPE_FLOAT:
        return "a number with a decimal point";
    case CONFIG_TYPE_STRING:
        return "a string";
    case CONFIG_TYPE_BOOL:
        return "a boolean";
    case CONFIG_TYPE_ARRAY:
        return "an array";
    default:
        return "a list";
    }
}

/* "<what>, wants <what the row wants>". */
static void want_fault(const struct loader *loader, const config_setting_t *setting,
                       const struct place *place, const struct option *row, const char *what)
{
    struct text text = {0};
    text_add_format(&text, "%s, wants ", what);
    option_add_wants(&text, row);
    add_fault(loader, setting_origin(loader, setting), place, text_take(&text));
}

static void type_fault(const struct loader *loader, const config_setting_t *setting,
                       const struct place *place, const struct option *row)
{
    char *what = mem_format("is %s", type_word(setting));
    want_fault(loader, setting, place, row, what);
    free(what);
}

static bool is_continuation(unsigned char c)
{
    return (c & 0xc0) == 0x80;
}

/* JSON, MQTT topics and line protocol must be UTF-8; surrogates and overlong forms are not. */
static size_t utf8_length(const unsigned char *at)
{
    if (at[0] < 0x80) {
        return 1;
    }
    if (at[0] >= 0xc2 && at[0] <= 0xdf && is_continuation(at[1])) {
        return 2;
    }
    if ((at[0] & 0xf0) == 0xe0 && is_continuation(at[1]) && is_continuation(at[2])) {
        bool is_overlong = at[0] == 0xe0 && at[1] < 0xa0;
        bool is_surrogate = at[0] == 0xed && at[1] >= 0xa0;
        return is_overlong || is_surrogate ? 0 : 3;
    }
    if (at[0] >= 0xf0 && at[0] <= 0xf4 && is_continuation(at[1]) && is_continuation(at[2]) &&
        is_continuation(at[3])) {
        bool is_outside = (at[0] == 0xf0 && at[1] < 0x90) || (at[0] == 0xf4 && at[1] >= 0x90);
        return is_outside ? 0 : 4;
    }
    return 0;
}

static bool is_utf8(const char *string)
{
    const unsigned char *at = (const unsigned char *)string;
    while (*at) {
        size_t length = utf8_length(at);
        if (length == 0) {
            return false;
        }
        at += length;
    }
    return true;
}

/* The string, or NULL after a fault: wrong type, too long, not UTF-8. */
static const char *read_string(const struct loader *loader, const config_setting_t *setting,
                               const struct place *place, const struct option *row)
{
    if (config_setting_type(setting) != CONFIG_TYPE_STRING) {
        type_fault(loader, setting, place, row);
        return NULL;
    }
    const char *string = config_setting_get_string(setting);
    string = string ? string : ""; /* libconfig 1.5 keeps no string for "" */
    size_t length = strlen(string);
    if (length > OPTION_STRING_MAX) {
        add_fault(
            loader, setting_origin(loader, setting), place,
            mem_format("is %zu bytes long, at most %d are allowed", length, OPTION_STRING_MAX));
        return NULL;
    }
    if (!is_utf8(string)) {
        add_fault(loader, setting_origin(loader, setting), place,
                  mem_dup_string("is not UTF-8, wants the file saved in UTF-8"));
        return NULL;
    }
    return string;
}

/* Says what is wrong with an integer that libconfig would have cut (see source.h). */
static bool is_marked_number(const struct loader *loader, const config_setting_t *setting,
                             const struct place *place, const struct option *row)
{
    const char *string = config_setting_type(setting) == CONFIG_TYPE_STRING
                             ? config_setting_get_string(setting)
                             : NULL;
    if (!string || string[0] < SOURCE_MARK_WANTS_L || string[0] > SOURCE_MARK_TOO_LARGE) {
        return false;
    }
    bool wants_l = string[0] == SOURCE_MARK_WANTS_L;
    bool is_integer = row && row->type == OPTION_INT;
    bool is_number = is_integer || (row && row->type == OPTION_FLOAT);
    if (is_number && wants_l && option_in_range(row, strtod(string + 1, NULL))) {
        add_fault(loader, setting_origin(loader, setting), place,
                  mem_format("is %s, which does not fit 32 bits, wants the suffix L: %sL",
                             string + 1, string + 1));
    } else if (row) {
        char *what = mem_format(is_number ? "is %s" : "is the integer %s", string + 1);
        want_fault(loader, setting, place, row, what);
        free(what);
    }
    return true;
}

typedef void (*load_fn)(const struct loader *loader, const config_setting_t *setting,
                        const struct place *place, const struct option *row, void *field);

static void load_bool(const struct loader *loader, const config_setting_t *setting,
                      const struct place *place, const struct option *row, void *field)
{
    if (config_setting_type(setting) != CONFIG_TYPE_BOOL) {
        type_fault(loader, setting, place, row);
        return;
    }
    *(bool *)field = config_setting_get_bool(setting);
}

static void load_int(const struct loader *loader, const config_setting_t *setting,
                     const struct place *place, const struct option *row, void *field)
{
    int type = config_setting_type(setting);
    if (type != CONFIG_TYPE_INT && type != CONFIG_TYPE_INT64) {
        type_fault(loader, setting, place, row);
        return;
    }
    int64_t value = type == CONFIG_TYPE_INT ? config_setting_get_int(setting)
                                            : config_setting_get_int64(setting);
    if (!option_in_range(row, (double)value)) {
        char *what = mem_format("is %lld", (long long)value);
        want_fault(loader, setting, place, row, what);
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
        type_fault(loader, setting, place, row);
        return;
    }
    double value = number_of(setting);
    if (!isfinite(value) || !option_in_range(row, value)) {
        struct text what = {0};
        text_add_string(&what, "is ");
        option_add_number(&what, value);
        want_fault(loader, setting, place, row, what.data);
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
        want_fault(loader, setting, place, row, length > 0 ? what : "is empty");
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
    bool may_be_empty = row->fallback && row->fallback[0] == '\0';
    if (!option_is_id(string) && !(may_be_empty && string[0] == '\0')) {
        char *what = mem_format("is \"%.80s\"", string);
        want_fault(loader, setting, place, row, what);
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
        want_fault(loader, setting, place, row, what);
        free(what);
        return;
    }
    *(int *)field = index;
}

static bool is_list(const config_setting_t *setting)
{
    return config_setting_is_list(setting) || config_setting_is_array(setting);
}

static void load_strings(const struct loader *loader, const config_setting_t *setting,
                         const struct place *place, const struct option *row, void *field)
{
    if (!is_list(setting)) {
        type_fault(loader, setting, place, row);
        return;
    }
    static const struct option item_row = {.type = OPTION_STRING};
    size_t count = (size_t)config_setting_length(setting);
    struct option_strings strings = {
        .items = config_memory_take(loader->memory, count * sizeof(char *))};
    for (size_t i = 0; i < count; i++) {
        const config_setting_t *item = config_setting_get_elem(setting, (unsigned)i);
        struct place item_place = {.parent = place, .index = i};
        if (is_marked_number(loader, item, &item_place, &item_row)) {
            continue;
        }
        const char *string = read_string(loader, item, &item_place, &item_row);
        if (string) {
            strings.items[strings.count++] = config_memory_string(loader->memory, string);
        }
    }
    *(struct option_strings *)field = strings;
}

static void read_group(const struct loader *loader, const config_setting_t *group,
                       const struct place *place, const struct option_table *table, void *out);

static void load_group(const struct loader *loader, const config_setting_t *setting,
                       const struct place *place, const struct option *row, void *field)
{
    if (!config_setting_is_group(setting)) {
        type_fault(loader, setting, place, row);
        return;
    }
    read_group(loader, setting, place, row->table, field);
}

static const struct option *find_row(const struct option_table *table, const char *name)
{
    for (size_t i = 0; i < table->count; i++) {
        if (!strcmp(table->rows[i].name, name)) {
            return &table->rows[i];
        }
    }
    return NULL;
}

/* The id that an item calls itself, for its faults; NULL when it has none or a bad one. */
static const char *item_id(const config_setting_t *item, const struct option_table *table)
{
    const struct option *row = find_row(table, "id");
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
    size_t count = is_list(setting) ? (size_t)config_setting_length(setting) : 0;
    if (!is_list(setting) || (config_setting_is_array(setting) && count > 0)) {
        type_fault(loader, setting, place, row);
        return;
    }
    const struct option item_row = {.type = OPTION_GROUP, .table = row->table};
    size_t size = row->table->size;
    struct option_list list = {.items = config_memory_take(loader->memory, count * size)};
    for (size_t i = 0; i < count; i++) {
        const config_setting_t *item = config_setting_get_elem(setting, (unsigned)i);
        struct place item_place = {.parent = place, .id = item_id(item, row->table), .index = i};
        if (!config_setting_is_group(item)) {
            type_fault(loader, item, &item_place, &item_row);
            continue;
        }
        void *out = (char *)list.items + list.count * size;
        *(struct origin *)out = setting_origin(loader, item);
        config_defaults(row->table, out, loader->memory);
        read_group(loader, item, &item_place, row->table, out);
        list.count++;
    }
    *(struct option_list *)field = list;
}

static const load_fn loaders[] = {
    [OPTION_BOOL] = load_bool,       [OPTION_INT] = load_int,     [OPTION_FLOAT] = load_float,
    [OPTION_STRING] = load_string,   [OPTION_ID] = load_id,       [OPTION_ENUM] = load_enum,
    [OPTION_STRINGS] = load_strings, [OPTION_GROUP] = load_group, [OPTION_LIST] = load_list,
};

static void unknown_fault(const struct loader *loader, const config_setting_t *setting,
                          const struct place *place, const struct option_table *table)
{
    if (faults_is_full(loader->faults)) { /* spares the search for names that nobody will read */
        add_fault(loader, setting_origin(loader, setting), place, mem_dup_string("is not known"));
        return;
    }
    const char **words = mem_alloc_array(table->count + 1, sizeof(*words));
    struct text what = {0};
    for (size_t i = 0; i < table->count; i++) {
        words[i] = table->rows[i].name;
    }
    const char *near = nearest_word(config_setting_name(setting), words);
    if (near) {
        text_add_format(&what, "is not known, nearest is %s", near);
    } else {
        text_add_string(&what, "is not known, wants one of");
        for (size_t i = 0; words[i]; i++) {
            text_add_format(&what, "%s %s", i > 0 ? "," : "", words[i]);
        }
    }
    add_fault(loader, setting_origin(loader, setting), place, text_take(&what));
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
    int line = first ? setting_origin(loader, first).line : 0;
    add_fault(loader, setting_origin(loader, setting), &place,
              mem_format("is given again, wants one value: the first is on line %d", line));
}

/* Loads one setting and returns its row, NULL when there is none. */
static const struct option *read_setting(const struct loader *loader, const config_setting_t *group,
                                         const config_setting_t *setting,
                                         const struct place *parent,
                                         const struct option_table *table, void *out)
{
    const char *name = config_setting_name(setting);
    const char *key = repeated_key(name);
    if (key) {
        repeated_fault(loader, group, setting, parent, key);
        return NULL;
    }
    struct place place = {.parent = parent, .name = name};
    const struct option *row = find_row(table, name);
    if (!row) {
        unknown_fault(loader, setting, &place, table);
    } else if (!is_marked_number(loader, setting, &place, row)) {
        loaders[row->type](loader, setting, &place, row, option_field(row, out));
    }
    return row;
}

static void read_group(const struct loader *loader, const config_setting_t *group,
                       const struct place *place, const struct option_table *table, void *out)
{
    bool *given = mem_alloc_array(table->count + 1, sizeof(*given));
    for (int i = 0; i < config_setting_length(group); i++) {
        const config_setting_t *setting = config_setting_get_elem(group, (unsigned)i);
        const struct option *row = read_setting(loader, group, setting, place, table, out);
        if (row) {
            given[row - table->rows] = true;
        }
    }
    for (size_t i = 0; i < table->count; i++) {
        const struct option *row = &table->rows[i];
        if (!given[i] && option_is_required(row)) {
            struct place missing = {.parent = place, .name = row->name};
            want_fault(loader, group, &missing, row, "is missing");
        }
    }
    free(given);
}

static void syntax_fault(const struct loader *loader, const config_t *parsed)
{
    int line = config_error_line(parsed);
    size_t length = 0;
    const char *near = source_line(loader->source, line, &length);
    add_fault(loader, source_origin(loader->source, line), NULL,
              mem_format("%s at or before \"%.*s\", wants NAME = VALUE;", config_error_text(parsed),
                         length > 60 ? 60 : (int)length, near));
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
