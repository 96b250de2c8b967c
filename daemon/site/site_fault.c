/* SPDX-License-Identifier: Apache-2.0 */
/* site_fault: the keys of a site's parts, by id where they have one. */
#include "site/site_parts.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

char *site_place(struct origin place, struct origin reader)
{
    bool is_same = !place.file || !reader.file || !strcmp(place.file, reader.file);
    return is_same ? mem_format("line %d", place.line)
                   : mem_format("%s:%d", place.file, place.line);
}

static char *item_key(const char *list, const char *id, size_t number)
{
    return id[0] ? mem_format("%s.%s", list, id) : mem_format("%s[%zu]", list, number);
}

static void add_fault(const struct site_checking *check, struct origin origin, char *item_key,
                      const char *option, const char *format, va_list args) PRINTF_LIKE(5, 0);

/* Takes item_key. */
static void add_fault(const struct site_checking *check, struct origin origin, char *item_key,
                      const char *option, const char *format, va_list args)
{
    char *what = mem_format_args(format, args);
    char *key = mem_format("%s.%s", item_key, option);
    faults_add(check->faults, origin, key, "%s", what);
    free(key);
    free(what);
    free(item_key);
}

void site_node_fault(const struct site_checking *check, size_t number, const char *option,
                     const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const struct node_config *node = &check->nodes[number];
    add_fault(check, node->origin, item_key("nodes", node->id, number), option, format, args);
    va_end(args);
}

void site_line_fault(const struct site_checking *check, size_t number, const char *option,
                     const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const struct line_config *line = &check->lines[number];
    add_fault(check, line->origin, item_key("lines", line->id, number), option, format, args);
    va_end(args);
}

void site_device_fault(const struct site_checking *check, const struct site_spot *spot,
                       const char *option, const char *format, ...)
{
    char *line = spot->line ? item_key("lines", spot->line->id, spot->line_number) : NULL;
    char *list = mem_format("%s%sdevices", line ? line : "", line ? "." : "");
    va_list args;
    va_start(args, format);
    add_fault(check, spot->device->origin, item_key(list, spot->device->id, spot->device_number),
              option, format, args);
    va_end(args);
    free(list);
    free(line);
}
