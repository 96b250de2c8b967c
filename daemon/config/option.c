/* SPDX-License-Identifier: Apache-2.0 */
/* option: rows of option tables, and a struct filled with their fallbacks. */
#include "config/option.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "config/memory.h"

void *option_field(const struct option *row, void *value)
{
    return (char *)value + row->offset;
}

const void *option_field_const(const struct option *row, const void *value)
{
    return (const char *)value + row->offset;
}

void option_add_number(struct text *text, double number)
{
    if (fabs(number) < 1e15 && number == trunc(number)) {
        text_add_format(text, "%.0f", number);
    } else if (!isfinite(number)) {
        text_add_string(text, "beyond the range of a double");
    } else {
        text_add_float(text, number, 0);
    }
}

static void add_range(struct text *text, const struct option *row, const char *what)
{
    text_add_string(text, what);
    if (row->min < row->max) {
        text_add_char(text, ' ');
        option_add_number(text, row->min);
        text_add_string(text, "..");
        option_add_number(text, row->max);
    }
    if (row->unit) {
        text_add_format(text, " %s", row->unit);
    }
}

static void add_string(struct text *text, const struct option *row)
{
    if (row->max > 0 && row->min == row->max) {
        text_add_format(text, "a string of %.0f bytes", row->max);
    } else if (row->max > 0) {
        text_add_format(text, "a string of %.0f..%.0f bytes", row->min, row->max);
    } else {
        text_add_string(text, "a string");
    }
}

static void add_words(struct text *text, const char *const *words)
{
    text_add_string(text, "one of ");
    for (size_t i = 0; words[i]; i++) {
        text_add_format(text, "%s%s", i > 0 ? ", " : "", words[i]);
    }
}

void option_add_wants(struct text *text, const struct option *row)
{
    switch (row->type) {
    case OPTION_BOOL:
        text_add_string(text, "true or false");
        break;
    case OPTION_INT:
        add_range(text, row, "an integer");
        break;
    case OPTION_FLOAT:
        add_range(text, row, "a number");
        break;
    case OPTION_STRING:
        add_string(text, row);
        break;
    case OPTION_ID:
        text_add_format(text, "a string of 1..63 characters a-z, 0-9, _ and -%s",
                        option_may_be_empty(row) ? ", or \"\"" : "");
        break;
    case OPTION_ENUM:
        add_words(text, row->words);
        break;
    case OPTION_STRINGS:
        text_add_string(text, "a list of strings, ( \"..\", \"..\" )");
        break;
    case OPTION_GROUP:
        text_add_string(text, "a group, { .. }");
        break;
    case OPTION_LIST:
        text_add_string(text, "a list of groups, ( { .. }, { .. } )");
        break;
    case OPTION_INLINE:
        text_add_string(text, "as there");
        break;
    }
}

bool option_in_range(const struct option *row, double number)
{
    return row->min >= row->max || (number >= row->min && number <= row->max);
}

int option_find_word(const char *const *words, const char *word)
{
    for (int i = 0; words[i]; i++) {
        if (!strcmp(words[i], word)) {
            return i;
        }
    }
    return -1;
}

bool option_is_id(const char *string)
{
    size_t length = strspn(string, "abcdefghijklmnopqrstuvwxyz0123456789_-");
    return length > 0 && length <= OPTION_ID_MAX && string[length] == '\0';
}

bool option_may_be_empty(const struct option *row)
{
    return row->fallback && row->fallback[0] == '\0';
}

bool option_is_required(const struct option *row)
{
    bool is_scalar = row->type < OPTION_STRINGS;
    return is_scalar && !row->fallback;
}

const struct option *option_find(const struct option_table *table, const char *name, size_t *base)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct option *row = &table->rows[i];
        if (row->type == OPTION_INLINE) {
            size_t inner = 0;
            const struct option *found = option_find(row->table, name, &inner);
            if (found) {
                *base = row->offset + inner;
                return found;
            }
        } else if (!strcmp(row->name, name)) {
            *base = 0;
            return row;
        }
    }
    return NULL;
}

/* How many; names may be NULL. */
static size_t list_names(const struct option_table *table, const char **names)
{
    size_t count = 0;
    for (size_t i = 0; i < table->count; i++) {
        const struct option *row = &table->rows[i];
        if (row->type == OPTION_INLINE) {
            count += list_names(row->table, names ? names + count : NULL);
            continue;
        }
        if (names) {
            names[count] = row->name;
        }
        count++;
    }
    return count;
}

const char **option_names(const struct option_table *table)
{
    const char **names = mem_alloc_array(list_names(table, NULL) + 1, sizeof(*names));
    (void)list_names(table, names);
    return names;
}

static void set_default(const struct option *row, void *field, struct config_memory *memory)
{
    const char *fallback = row->fallback;
    switch (row->type) {
    case OPTION_BOOL:
        *(bool *)field = fallback && !strcmp(fallback, "true");
        break;
    case OPTION_INT:
        *(int64_t *)field = fallback ? strtoll(fallback, NULL, 0) : 0;
        break;
    case OPTION_FLOAT:
        *(double *)field = fallback ? strtod(fallback, NULL) : 0.0;
        break;
    case OPTION_STRING:
    case OPTION_ID:
        *(char **)field = config_memory_string(memory, fallback ? fallback : "");
        break;
    case OPTION_ENUM:
        *(int *)field = fallback ? option_find_word(row->words, fallback) : 0;
        break;
    case OPTION_STRINGS:
        *(struct option_strings *)field = (struct option_strings){0};
        break;
    case OPTION_GROUP:
    case OPTION_INLINE:
        config_defaults(row->table, field, memory);
        break;
    case OPTION_LIST:
        *(struct option_list *)field = (struct option_list){0};
        break;
    }
}

void config_defaults(const struct option_table *table, void *out, struct config_memory *memory)
{
    for (size_t i = 0; i < table->count; i++) {
        set_default(&table->rows[i], option_field(&table->rows[i], out), memory);
    }
}
