/* SPDX-License-Identifier: Apache-2.0 */
/* scan_nesting: which brackets are open and which names their groups have so far. */
#include <string.h>

#include "base/mem.h"
#include "config/scan.h"

static bool count_setting(struct scan *scan, struct origin origin)
{
    if (++scan->settings > SOURCE_SETTINGS_MAX) {
        faults_add(scan->faults, origin, NULL, "too many settings, at most %d are allowed",
                   SOURCE_SETTINGS_MAX);
        return false;
    }
    return true;
}

bool scan_open(struct scan *scan, struct origin origin, char bracket)
{
    if (scan->depth == SOURCE_DEPTH_MAX) {
        faults_add(scan->faults, origin, NULL, "\"%c\" nests too deep, at most %d are allowed",
                   bracket, SOURCE_DEPTH_MAX);
        return false;
    }
    scan->levels[++scan->depth] = (struct scan_level){
        .opener = bracket,
        .want = bracket == '{' ? SCAN_WANTS_NAME : SCAN_WANTS_FIRST,
        .origin = origin,
        .first_name = scan->name_count,
    };
    return count_setting(scan, origin);
}

static char closer_of(char opener)
{
    switch (opener) {
    case '{':
        return '}';
    case '(':
        return ')';
    default:
        return ']';
    }
}

bool scan_may_close(const struct reader *reader, char bracket)
{
    const struct scan *scan = reader->scan;
    if (scan->depth == reader->base_depth) {
        faults_add(scan->faults, reader->origin, NULL, "\"%c\" closes nothing that was opened",
                   bracket);
        return false;
    }
    const struct scan_level *level = &scan->levels[scan->depth];
    if (bracket != closer_of(level->opener)) {
        faults_add(scan->faults, reader->origin, NULL,
                   "\"%c\" stands where the \"%c\" of line %d wants \"%c\"", bracket, level->opener,
                   level->origin.line, closer_of(level->opener));
        return false;
    }
    return true;
}

void scan_close(struct scan *scan)
{
    scan->name_count = scan->levels[scan->depth].first_name;
    scan->depth--;
}

bool scan_comma(struct scan *scan, struct origin origin)
{
    char opener = scan->levels[scan->depth].opener;
    if (opener != '(' && opener != '[') {
        return true;
    }
    if (++scan->levels[scan->depth].items >= SOURCE_ITEMS_MAX) {
        faults_add(scan->faults, origin, NULL, "the list is too long, at most %d items are allowed",
                   SOURCE_ITEMS_MAX);
        return false;
    }
    return count_setting(scan, origin);
}

bool scan_all_closed(const struct reader *reader)
{
    const struct scan *scan = reader->scan;
    if (scan->depth == reader->base_depth) {
        return true;
    }
    const struct scan_level *level = &scan->levels[scan->depth];
    faults_add(scan->faults, level->origin, NULL, "\"%c\" is never closed, wants \"%c\"",
               level->opener, closer_of(level->opener));
    return false;
}

/* How often the innermost group has had the name. */
static unsigned count_name(const struct scan *scan, const char *name, size_t length)
{
    unsigned count = 0;
    for (size_t i = scan->levels[scan->depth].first_name; i < scan->name_count; i++) {
        const struct scan_name *seen = &scan->names[i];
        if (seen->length == length && !memcmp(seen->at, name, length)) {
            count++;
        }
    }
    return count;
}

bool scan_setting(struct scan *scan, struct origin origin, const char *name, size_t length)
{
    if (scan->name_count - scan->levels[scan->depth].first_name >= SOURCE_MEMBERS_MAX) {
        faults_add(scan->faults, origin, NULL,
                   "too many settings in one group, at most %d are allowed", SOURCE_MEMBERS_MAX);
        return false;
    }
    unsigned before = count_name(scan, name, length);
    if (before > 0) {
        text_add_format(&scan->source->text, "%c%u%c", SOURCE_MARK_TWICE, before + 1,
                        SOURCE_MARK_TWICE);
    }
    text_add(&scan->source->text, name, length);
    scan->names = mem_grow(scan->names, scan->name_count + 1, sizeof(*scan->names));
    scan->names[scan->name_count++] = (struct scan_name){.at = name, .length = length};
    return count_setting(scan, origin);
}
