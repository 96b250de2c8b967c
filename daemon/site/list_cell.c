/* SPDX-License-Identifier: Apache-2.0 */
/* list_cell: what people write in cells, as options. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "config/option.h"
#include "site/site_lists.h"

static char *put_int(const struct option *row, const char *text, void *field)
{
    char *end = NULL;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (errno || end == text || *end) {
        return option_refuse(row, "is \"%.40s\"", text);
    }
    return option_put_int(row, value, field);
}

/* strtod would take 0x10, inf and nan too. */
static char *put_float(const struct option *row, const char *text, void *field)
{
    char *end = NULL;
    double value = strtod(text, &end);
    if (end == text || *end || text[strspn(text, "0123456789+-.eE")]) {
        const char *hint = strchr(text, ',') ? " with a comma" : "";
        return option_refuse(row, "is \"%.40s\"%s", text, hint);
    }
    return option_put_float(row, value, field);
}

/* Spreadsheets make capitals of them. */
static char *put_bool(const struct option *row, const char *text, void *field)
{
    bool is_true = !strcasecmp(text, "true");
    if (!is_true && strcasecmp(text, "false") != 0) {
        return option_refuse(row, "is \"%.40s\"", text);
    }
    *(bool *)field = is_true;
    return NULL;
}

char *list_cell_put(const struct option *row, const char *text, struct config_memory *memory,
                    void *field)
{
    switch (row->type) {
    case OPTION_BOOL:
        return put_bool(row, text, field);
    case OPTION_INT:
        return put_int(row, text, field);
    case OPTION_FLOAT:
        return put_float(row, text, field);
    default:
        return option_put_string(row, text, memory, field);
    }
}
