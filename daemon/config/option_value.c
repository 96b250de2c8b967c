/* SPDX-License-Identifier: Apache-2.0 */
/* option_value: values into the members of their rows, whatever file they come from. */
#include "config/option.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "config/memory.h"
#include "config/utf8.h"

char *option_refuse(const struct option *row, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *what = mem_format_args(format, args);
    va_end(args);
    struct text text = {0};
    text_add_format(&text, "%s, wants ", what);
    option_add_wants(&text, row);
    free(what);
    return text_take(&text);
}

char *option_put_int(const struct option *row, int64_t value, void *field)
{
    if (!option_in_range(row, (double)value)) {
        return option_refuse(row, "is %lld", (long long)value);
    }
    *(int64_t *)field = value;
    return NULL;
}

char *option_put_float(const struct option *row, double value, void *field)
{
    if (!isfinite(value) || !option_in_range(row, value)) {
        struct text number = {0};
        option_add_number(&number, value);
        char *wrong = option_refuse(row, "is %s", number.data);
        text_finish(&number);
        return wrong;
    }
    *(double *)field = value;
    return NULL;
}

static char *put_text(const struct option *row, const char *string, struct config_memory *memory,
                      void *field)
{
    size_t length = strlen(string);
    if (row->max > 0 && ((double)length < row->min || (double)length > row->max)) {
        return length > 0 ? option_refuse(row, "is %zu bytes long", length)
                          : option_refuse(row, "is empty");
    }
    *(char **)field = config_memory_string(memory, string);
    return NULL;
}

static char *put_id(const struct option *row, const char *string, struct config_memory *memory,
                    void *field)
{
    if (!option_is_id(string) && (string[0] || !option_may_be_empty(row))) {
        return option_refuse(row, "is \"%.80s\"", string);
    }
    *(char **)field = config_memory_string(memory, string);
    return NULL;
}

static char *put_word(const struct option *row, const char *string, void *field)
{
    int index = option_find_word(row->words, string);
    if (index < 0) {
        const char *near = nearest_word(string, row->words);
        return near ? option_refuse(row, "is \"%.80s\", nearest is \"%s\"", string, near)
                    : option_refuse(row, "is \"%.80s\"", string);
    }
    *(int *)field = index;
    return NULL;
}

char *option_put_string(const struct option *row, const char *string, struct config_memory *memory,
                        void *field)
{
    size_t length = strlen(string);
    if (length > OPTION_STRING_MAX) {
        return mem_format("is %zu bytes long, at most %d are allowed", length, OPTION_STRING_MAX);
    }
    if (!utf8_is_valid(string)) {
        return mem_dup_string("is not UTF-8, wants the file saved in UTF-8");
    }
    switch (row->type) {
    case OPTION_ID:
        return put_id(row, string, memory, field);
    case OPTION_ENUM:
        return put_word(row, string, field);
    default:
        return put_text(row, string, memory, field);
    }
}
