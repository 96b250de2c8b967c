/* SPDX-License-Identifier: Apache-2.0 */
/* print: a struct back into a file, by the same table that reads it. */
#include <inttypes.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "base/text.h"
#include "config/config.h"
#include "config/option.h"

enum {
    INDENT = 4,
};

static void add_table(struct text *text, const struct option_table *table, const void *value,
                      int depth);

static void add_indent(struct text *text, int depth)
{
    text_add_format(text, "%*s", depth * INDENT, "");
}

/* libconfig's own escapes; the loader refuses other control bytes. */
static void add_string(struct text *text, const char *string)
{
    text_add_char(text, '"');
    for (; string && *string; string++) {
        switch (*string) {
        case '"':
        case '\\':
            text_add_format(text, "\\%c", *string);
            break;
        case '\n':
            text_add_string(text, "\\n");
            break;
        case '\r':
            text_add_string(text, "\\r");
            break;
        case '\t':
            text_add_string(text, "\\t");
            break;
        case '\f':
            text_add_string(text, "\\f");
            break;
        default:
            text_add_char(text, *string);
        }
    }
    text_add_char(text, '"');
}

static void add_int(struct text *text, int64_t value)
{
    text_add_int(text, value);
    if (value > INT32_MAX || value < INT32_MIN) {
        text_add_char(text, 'L');
    }
}

/* A float without a point would be read as an integer, which may not fit. */
static void add_float(struct text *text, double value)
{
    size_t start = text->length;
    text_add_float(text, value, 0);
    if (!strpbrk(text->data + start, ".eE")) {
        text_add_string(text, ".0");
    }
}

static void add_strings(struct text *text, const struct option_strings *strings)
{
    text_add_string(text, "(");
    for (size_t i = 0; i < strings->count; i++) {
        text_add_string(text, i > 0 ? ", " : " ");
        add_string(text, strings->items[i]);
    }
    text_add_string(text, " )");
}

static void add_group(struct text *text, const struct option_table *table, const void *value,
                      int depth)
{
    text_add_string(text, "{\n");
    add_table(text, table, value, depth + 1);
    add_indent(text, depth);
    text_add_char(text, '}');
}

static void add_list(struct text *text, const struct option_table *table,
                     const struct option_list *list, int depth)
{
    text_add_string(text, "(");
    for (size_t i = 0; i < list->count; i++) {
        text_add_string(text, i > 0 ? ",\n" : "\n");
        add_indent(text, depth + 1);
        add_group(text, table, (const char *)list->items + i * table->size, depth + 1);
    }
    text_add_string(text, list->count > 0 ? "\n" : " ");
    if (list->count > 0) {
        add_indent(text, depth);
    }
    text_add_char(text, ')');
}

static void add_value(struct text *text, const struct option *row, const void *field, int depth)
{
    switch (row->type) {
    case OPTION_BOOL:
        text_add_string(text, *(const bool *)field ? "true" : "false");
        break;
    case OPTION_INT:
        add_int(text, *(const int64_t *)field);
        break;
    case OPTION_FLOAT:
        add_float(text, *(const double *)field);
        break;
    case OPTION_STRING:
    case OPTION_ID:
        add_string(text, *(char *const *)field);
        break;
    case OPTION_ENUM:
        add_string(text, row->words[*(const int *)field]);
        break;
    case OPTION_STRINGS:
        add_strings(text, field);
        break;
    case OPTION_GROUP:
        add_group(text, row->table, field, depth);
        break;
    case OPTION_LIST:
        add_list(text, row->table, field, depth);
        break;
    case OPTION_INLINE:
        break; /* it has no value of its own */
    }
}

/* Files have no word for NaN: the absence of the option is how it is said. So it is with a group that means something by
 * being there. */
static bool is_sayable(const struct option *row, const void *field)
{
    if (row->type == OPTION_GROUP && row->table->keeps_origin) {
        return ((const struct origin *)field)->line > 0;
    }
    return row->type != OPTION_FLOAT || isfinite(*(const double *)field);
}

static void add_table(struct text *text, const struct option_table *table, const void *value,
                      int depth)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct option *row = &table->rows[i];
        const void *field = option_field_const(row, value);
        if (row->type == OPTION_INLINE) {
            add_table(text, row->table, field, depth);
        } else if (is_sayable(row, field)) {
            add_indent(text, depth);
            text_add_format(text, "%s%s ", row->name, row->type == OPTION_GROUP ? ":" : " =");
            add_value(text, row, field, depth);
            text_add_string(text, ";\n");
        }
    }
}

void option_add_value(struct text *text, const struct option *row, const void *field)
{
    add_value(text, row, field, 0);
}

void config_print(const struct option_table *table, const void *value, FILE *out)
{
    struct text text = {0};
    add_table(&text, table, value, 0);
    if (text.data) {
        fputs(text.data, out);
    }
    text_finish(&text);
}
