/* SPDX-License-Identifier: Apache-2.0 */
/* path: splitting and matching. */
#include "http/server/path.h"

#include <string.h>

static struct path_part part_of(const char *at, size_t length, bool is_template)
{
    bool is_variable = is_template && length > 2 && at[0] == '{' && at[length - 1] == '}';
    return is_variable ? (struct path_part){at + 1, length - 2, true}
                       : (struct path_part){at, length, false};
}

bool path_split(const char *text, bool is_template, struct path *out)
{
    out->count = 0;
    if (text[0] != '/') {
        return false;
    }
    while (text[0] == '/') {
        size_t length = strcspn(text + 1, "/");
        if (out->count == PATH_PARTS_MAX) {
            return false;
        }
        out->parts[out->count++] = part_of(text + 1, length, is_template);
        text += 1 + length;
    }
    return true;
}

static bool part_matches(const struct path_part *wanted, const struct path_part *part)
{
    return wanted->is_variable
               ? part->length > 0
               : wanted->length == part->length && memcmp(wanted->at, part->at, part->length) == 0;
}

bool path_matches(const struct path *template, const struct path *path)
{
    bool matches = template->count == path->count;
    for (size_t i = 0; matches && i < path->count; i++) {
        matches = part_matches(&template->parts[i], &path->parts[i]);
    }
    return matches;
}

size_t path_variables(const struct path *template)
{
    size_t count = 0;
    for (size_t i = 0; i < template->count; i++) {
        count += template->parts[i].is_variable ? 1 : 0;
    }
    return count;
}
