/* SPDX-License-Identifier: Apache-2.0 */
/* site_change: lines and devices of two snapshots beside each other. */
#include "site/site_change.h"

#include <stdlib.h>
#include <string.h>

#include "base/id_map.h"
#include "base/mem.h"
#include "base/text.h"
#include "config/compare.h"
#include "config/option.h"
#include "site/site_parts.h"

enum { REASONS_MAX = 4 };

const char *const change_kind_words[] = {"same", "changed", "added", "removed", NULL};

struct comparing {
    struct site_change *change;
    const struct snapshot *earlier;
    const struct snapshot *later;
    size_t capacity;
};

/* What differs, in words; the first few. */
struct reasons {
    struct text text;
    const char *before; /* of each key */
    size_t count;
};

static bool is_single(const struct option *row)
{
    return row->type != OPTION_LIST && row->type != OPTION_GROUP && row->type != OPTION_STRINGS;
}

static void begin_reason(struct reasons *reasons)
{
    if (reasons->count > 0) {
        text_add_string(&reasons->text, ", ");
    }
}

static void add_reason(void *context, const struct config_difference *difference)
{
    struct reasons *reasons = context;
    if (reasons->count < REASONS_MAX) {
        begin_reason(reasons);
        text_add_format(&reasons->text, "%s%s", reasons->before, difference->key);
        if (is_single(difference->row)) {
            text_add_char(&reasons->text, ' ');
            option_add_value(&reasons->text, difference->row, difference->old_field);
            text_add_string(&reasons->text, " -> ");
            option_add_value(&reasons->text, difference->row, difference->new_field);
        }
    }
    reasons->count++;
}

static char *take_reasons(struct reasons *reasons)
{
    if (reasons->count > REASONS_MAX) {
        text_add_format(&reasons->text, " and %zu more", reasons->count - REASONS_MAX);
    }
    return reasons->count > 0 ? text_take(&reasons->text) : NULL;
}

/* Those of the site count where the device gives none of its own. */
static void add_periods(struct reasons *reasons, const struct comparing *comparing,
                        const struct device_config *one, const struct device_config *other)
{
    static const char *const words[] = {"fast_ms", "normal_ms", "slow_ms"};
    for (unsigned i = 0; i < ARRAY_SIZE(words); i++) {
        const int64_t before_ms = site_period_ms(&comparing->earlier->site, one, i);
        const int64_t after_ms = site_period_ms(&comparing->later->site, other, i);
        const bool is_own = one->fast_ms != other->fast_ms || one->normal_ms != other->normal_ms ||
                            one->slow_ms != other->slow_ms;
        if (before_ms != after_ms && !is_own) {
            begin_reason(reasons);
            text_add_format(&reasons->text, "%s of the site %lld -> %lld", words[i],
                            (long long)before_ms, (long long)after_ms);
            reasons->count++;
        }
    }
}

static void add_profile(struct reasons *reasons, const struct comparing *comparing,
                        const struct device_config *one, const struct device_config *other)
{
    const struct profile *before = profiles_find(comparing->earlier->profiles, one->profile);
    const struct profile *after = profiles_find(comparing->later->profiles, other->profile);
    if (before == after || strcmp(one->profile, other->profile) != 0) {
        return; /* another profile is an option of the device */
    }
    char *prefix = mem_format("profile %s: ", other->profile);
    reasons->before = prefix;
    config_compare(&profile_table, before, after, add_reason, reasons);
    reasons->before = "";
    free(prefix);
}

static char *compare_devices(const struct comparing *comparing, const struct device_config *one,
                             const struct device_config *other)
{
    struct reasons reasons = {.before = ""};
    config_compare(&site_device_table, one, other, add_reason, &reasons);
    add_periods(&reasons, comparing, one, other);
    add_profile(&reasons, comparing, one, other);
    return take_reasons(&reasons);
}

static struct device_change *add_device(struct comparing *comparing,
                                        const struct device_change *device)
{
    struct site_change *change = comparing->change;
    if (change->device_count == comparing->capacity) {
        comparing->capacity = comparing->capacity * 2 + 64;
        change->devices = mem_grow(change->devices, comparing->capacity, sizeof(*change->devices));
    }
    change->devices[change->device_count] = *device;
    change->counts_device[device->kind]++;
    return &change->devices[change->device_count++];
}

static const struct device_config *devices_of(const struct line_config *line)
{
    return line->devices.items;
}

static void judge_device(struct comparing *comparing, const struct line_config *before,
                         struct device_change *device, bool *is_found)
{
    if (device->before == CHANGE_NOWHERE) {
        device->kind = CHANGE_ADDED;
        return;
    }
    is_found[device->before] = true;
    device->why = compare_devices(comparing, &devices_of(before)[device->before], device->device);
    device->kind = device->why != NULL ? CHANGE_OTHER : CHANGE_NONE;
}

/* Devices of the earlier line that the later one does not have. */
static size_t add_removed_devices(struct comparing *comparing, const struct line_config *line,
                                  const bool *is_found)
{
    size_t count = 0;
    for (size_t i = 0; i < line->devices.count; i++) {
        if (!is_found[i]) {
            add_device(comparing, &(struct device_change){.kind = CHANGE_REMOVED,
                                                          .device = &devices_of(line)[i],
                                                          .line = line,
                                                          .before = i});
            count++;
        }
    }
    return count;
}

/* The place of a device on a line, from 1 on, by its id; a pointer into the line stands for the number. */
static size_t place_of(const struct id_map *places, const struct line_config *line, const char *id)
{
    const struct device_config *found = id_map_find(places, id);
    return found != NULL ? (size_t)(found - devices_of(line)) : CHANGE_NOWHERE;
}

/* How many of its devices are otherwise, those gone included. */
static size_t compare_members(struct comparing *comparing, const struct line_config *before,
                              const struct line_config *after)
{
    struct id_map places = {0};
    bool *is_found = mem_alloc_array(before->devices.count + 1, sizeof(*is_found));
    size_t count = 0;
    for (size_t i = 0; i < before->devices.count; i++) {
        id_map_set(&places, devices_of(before)[i].id, (void *)&devices_of(before)[i]);
    }
    for (size_t i = 0; i < after->devices.count; i++) {
        struct device_change device = {.device = &devices_of(after)[i],
                                       .line = after,
                                       .before =
                                           place_of(&places, before, devices_of(after)[i].id)};
        judge_device(comparing, before, &device, is_found);
        count += add_device(comparing, &device)->kind != CHANGE_NONE;
    }
    count += add_removed_devices(comparing, before, is_found);
    free(is_found);
    id_map_finish(&places);
    return count;
}

static bool leads_elsewhere(const struct line_config *one, const struct line_config *other)
{
    char *before = site_endpoint(one);
    char *after = site_endpoint(other);
    const bool is_elsewhere = one->transport != other->transport || strcmp(before, after) != 0;
    free(before);
    free(after);
    return is_elsewhere;
}

static void compare_line(struct comparing *comparing, struct line_change *change,
                         const struct line_config *before)
{
    struct reasons reasons = {.before = ""};
    config_compare(&site_endpoint_table, before, change->line, add_reason, &reasons);
    const size_t count = compare_members(comparing, before, change->line);
    if (count > 0) {
        begin_reason(&reasons);
        text_add_format(&reasons.text, "%zu of its devices", count);
        reasons.count++;
    }
    change->is_elsewhere = leads_elsewhere(before, change->line);
    change->why = take_reasons(&reasons);
    change->kind = change->why != NULL ? CHANGE_OTHER : CHANGE_NONE;
}

static void add_whole_line(struct comparing *comparing, const struct line_config *line,
                           enum change_kind kind)
{
    for (size_t i = 0; i < line->devices.count; i++) {
        add_device(comparing,
                   &(struct device_change){.kind = kind,
                                           .device = &devices_of(line)[i],
                                           .line = line,
                                           .before = kind == CHANGE_REMOVED ? i : CHANGE_NOWHERE});
    }
}

static void add_line(struct comparing *comparing, const struct line_config *line,
                     const struct line_config *before, size_t place)
{
    struct site_change *change = comparing->change;
    struct line_change *added = &change->lines[change->line_count++];
    *added = (struct line_change){
        .kind = CHANGE_ADDED, .line = line, .before = place, .first_device = change->device_count};
    if (before != NULL) {
        compare_line(comparing, added, before);
    } else {
        add_whole_line(comparing, line, CHANGE_ADDED);
    }
    change->counts_line[added->kind]++;
}

static void add_removed_line(struct comparing *comparing, const struct line_config *line,
                             size_t place)
{
    struct site_change *change = comparing->change;
    change->lines[change->line_count++] =
        (struct line_change){.kind = CHANGE_REMOVED,
                             .line = line,
                             .before = place,
                             .first_device = change->device_count};
    change->counts_line[CHANGE_REMOVED]++;
    add_whole_line(comparing, line, CHANGE_REMOVED);
}

static void compare_all_lines(struct comparing *comparing)
{
    const struct option_list *before = &comparing->earlier->site.lines;
    const struct option_list *after = &comparing->later->site.lines;
    const struct line_config *old = before->items;
    const struct line_config *new = after->items;
    struct id_map places = {0};
    bool *is_found = mem_alloc_array(before->count + 1, sizeof(*is_found));
    for (size_t i = 0; i < before->count; i++) {
        id_map_set(&places, old[i].id, (void *)&old[i]);
    }
    for (size_t i = 0; i < after->count; i++) {
        const struct line_config *known = id_map_find(&places, new[i].id);
        const size_t place = known != NULL ? (size_t)(known - old) : CHANGE_NOWHERE;
        if (known != NULL) {
            is_found[place] = true;
        }
        add_line(comparing, &new[i], known, place);
    }
    for (size_t i = 0; i < before->count; i++) {
        if (!is_found[i]) {
            add_removed_line(comparing, &old[i], i);
        }
    }
    free(is_found);
    id_map_finish(&places);
}

static bool has_same_nodes(const struct site *one, const struct site *other)
{
    const struct node_config *ours = one->nodes.items;
    const struct node_config *theirs = other->nodes.items;
    bool is_same = one->nodes.count == other->nodes.count && strcmp(one->name, other->name) == 0;
    for (size_t i = 0; is_same && i < one->nodes.count; i++) {
        is_same = config_is_same(&site_node_table, &ours[i], &theirs[i]);
    }
    return is_same;
}

void site_change_init(struct site_change *change, const struct snapshot *earlier,
                      const struct snapshot *later)
{
    struct comparing comparing = {.change = change, .earlier = earlier, .later = later};
    *change = (struct site_change){0};
    change->lines = mem_alloc_array(earlier->site.lines.count + later->site.lines.count + 1,
                                    sizeof(*change->lines));
    compare_all_lines(&comparing);
    change->has_nodes_changed = !has_same_nodes(&earlier->site, &later->site);
}

void site_change_finish(struct site_change *change)
{
    for (size_t i = 0; i < change->line_count; i++) {
        free(change->lines[i].why);
    }
    for (size_t i = 0; i < change->device_count; i++) {
        free(change->devices[i].why);
    }
    free(change->lines);
    free(change->devices);
    *change = (struct site_change){0};
}

bool site_change_is_none(const struct site_change *change)
{
    return change->counts_line[CHANGE_OTHER] == 0 && change->counts_line[CHANGE_ADDED] == 0 &&
           change->counts_line[CHANGE_REMOVED] == 0 && !change->has_nodes_changed;
}
