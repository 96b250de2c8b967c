/* SPDX-License-Identifier: Apache-2.0 */
/* source: the spliced text and where each of its lines comes from. */
#include "config/source.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void source_finish(struct source *source)
{
    text_finish(&source->text);
    free(source->segments);
    *source = (struct source){0};
}

void source_mark(struct source *source, struct origin origin)
{
    source->segments = mem_grow(source->segments, source->count + 1, sizeof(*source->segments));
    source->segments[source->count++] =
        (struct source_segment){.first = source->line, .origin = origin};
}

struct origin source_origin(const struct source *source, int line)
{
    if (line <= 0 && source->count > 0) { /* libconfig knows no line for the whole file */
        return (struct origin){.file = source->segments[0].origin.file};
    }
    struct origin origin = {0};
    size_t low = 0;
    size_t high = source->count;
    while (low < high) { /* the last segment that begins at or before the line */
        size_t middle = low + (high - low) / 2;
        if (source->segments[middle].first <= line) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low > 0) {
        const struct source_segment *segment = &source->segments[low - 1];
        origin = segment->origin;
        origin.line += line - segment->first;
    }
    return origin;
}

static const char *skip_lines(const char *at, int count)
{
    while (count > 0 && at) {
        at = strchr(at, '\n');
        at = at ? at + 1 : NULL;
        count--;
    }
    return at;
}

const char *source_line(const struct source *source, int line, size_t *length)
{
    const char *at = source->text.data ? skip_lines(source->text.data, line - 1) : NULL;
    if (!at) {
        at = "";
    }
    at += strspn(at, " \t");
    *length = strcspn(at, "\n");
    while (*length > 0 && strchr(" \t\r", at[*length - 1])) {
        (*length)--;
    }
    return at;
}
