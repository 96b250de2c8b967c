/* SPDX-License-Identifier: Apache-2.0 */
/* load_fault: what the loader says, and about which key of which line. */
#include "config/load.h"

#include <stdlib.h>

#include "base/mem.h"

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

struct origin load_origin(const struct loader *loader, const config_setting_t *setting)
{
    return source_origin(loader->source, (int)config_setting_source_line(setting));
}

void load_fault(const struct loader *loader, struct origin origin, const struct place *place,
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

void load_want_fault(const struct loader *loader, const config_setting_t *setting,
                     const struct place *place, const struct option *row, const char *what)
{
    load_fault(loader, load_origin(loader, setting), place, option_refuse(row, "%s", what));
}

void load_type_fault(const struct loader *loader, const config_setting_t *setting,
                     const struct place *place, const struct option *row)
{
    char *what = mem_format("is %s", type_word(setting));
    load_want_fault(loader, setting, place, row, what);
    free(what);
}

bool load_is_cut(const struct loader *loader, const config_setting_t *setting,
                 const struct place *place, const struct option *row)
{
    const char *string = config_setting_type(setting) == CONFIG_TYPE_STRING
                             ? config_setting_get_string(setting)
                             : NULL;
    if (!string || string[0] < SOURCE_MARK_WANTS_L || string[0] > SOURCE_MARK_TOO_LARGE) {
        return false;
    }
    const char *number = string + 1;
    struct origin origin = load_origin(loader, setting);
    bool is_number = row->type == OPTION_INT || row->type == OPTION_FLOAT;
    if (!is_number || !option_in_range(row, strtod(number, NULL))) {
        char *what = mem_format(is_number ? "is %s" : "is the integer %s", number);
        load_want_fault(loader, setting, place, row, what);
        free(what);
    } else if (row->type == OPTION_FLOAT) {
        load_fault(
            loader, origin, place,
            mem_format("is the integer %s, which does not fit %d bits, wants a decimal point",
                       number, string[0] == SOURCE_MARK_WANTS_L ? 32 : 64));
    } else if (string[0] == SOURCE_MARK_WANTS_L) {
        load_fault(loader, origin, place,
                   mem_format("is %s, which does not fit 32 bits, wants the suffix L: %sL", number,
                              number));
    } else {
        load_fault(
            loader, origin, place,
            mem_format("is %s, which does not fit 64 bits, wants a smaller integer", number));
    }
    return true;
}
