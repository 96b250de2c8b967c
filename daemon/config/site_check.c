/* SPDX-License-Identifier: Apache-2.0 */
/* site_check: what has to agree across a site: ids, nodes, profiles, endpoints, units, periods. */
#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "config/site.h"
#include "config/site_index.h"

enum {
    QUARTER_MS = 900000,
    PERIOD_LEAST_MS = 100,
    UNITS = 256,
};

struct check {
    const struct site *site;
    const struct profiles *profiles;
    struct faults *faults;
    const struct node_config *nodes;
    const struct line_config *lines;
    struct site_index node_ids; /* numbers are places in nodes */
    const char **node_words;    /* NULL-terminated, for nearest_word */
};

/* A device with its line: for messages. */
struct spot {
    const struct line_config *line;
    const struct device_config *device;
    size_t line_number;
    size_t device_number;
};

static char *item_key(const char *list, const char *id, size_t number)
{
    return id[0] ? mem_format("%s.%s", list, id) : mem_format("%s[%zu]", list, number);
}

/* Takes item_key. */
static void add_fault(const struct check *check, struct origin origin, char *item_key,
                      const char *option, const char *format, va_list args)
{
    char *what = mem_format_args(format, args);
    char *key = mem_format("%s.%s", item_key, option);
    faults_add(check->faults, origin, key, "%s", what);
    free(key);
    free(what);
    free(item_key);
}

static void node_fault(const struct check *check, size_t number, const char *option,
                       const char *format, ...) PRINTF_LIKE(4, 5);
static void line_fault(const struct check *check, size_t number, const char *option,
                       const char *format, ...) PRINTF_LIKE(4, 5);
static void device_fault(const struct check *check, const struct spot *spot, const char *option,
                         const char *format, ...) PRINTF_LIKE(4, 5);

static void node_fault(const struct check *check, size_t number, const char *option,
                       const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const struct node_config *node = &check->nodes[number];
    add_fault(check, node->origin, item_key("nodes", node->id, number), option, format, args);
    va_end(args);
}

static void line_fault(const struct check *check, size_t number, const char *option,
                       const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const struct line_config *line = &check->lines[number];
    add_fault(check, line->origin, item_key("lines", line->id, number), option, format, args);
    va_end(args);
}

static void device_fault(const struct check *check, const struct spot *spot, const char *option,
                         const char *format, ...)
{
    char *line = item_key("lines", spot->line->id, spot->line_number);
    char *list = mem_format("%s.devices", line);
    va_list args;
    va_start(args, format);
    add_fault(check, spot->device->origin, item_key(list, spot->device->id, spot->device_number),
              option, format, args);
    va_end(args);
    free(list);
    free(line);
}

static void check_nodes_unique(const struct check *check)
{
    const struct site_index *ids = &check->node_ids;
    for (size_t i = 1; i < ids->count; i++) {
        const struct site_entry *entry = &ids->entries[i];
        if (!strcmp(entry->word, ids->entries[i - 1].word)) {
            const struct site_entry *first = site_index_find(ids, entry->word);
            node_fault(check, entry->number, "id",
                       "is \"%s\", as on line %d, wants an id of its own", entry->word,
                       check->nodes[first->number].origin.line);
        }
    }
}

/* What to say of an id that no node has. */
static char *node_hint(const struct check *check, const char *id)
{
    const char *near = faults_is_full(check->faults) ? NULL : nearest_word(id, check->node_words);
    return near ? mem_format("is \"%s\", nearest is %s, wants the id of a node", id, near)
                : mem_format("is \"%s\", wants the id of a node", id);
}

/* Each node's parent as a place in nodes; SIZE_MAX = the site, or unknown. */
static size_t *find_parents(const struct check *check)
{
    size_t count = check->site->nodes.count;
    size_t *parents = mem_alloc_array(count + 1, sizeof(*parents));
    for (size_t i = 0; i < count; i++) {
        const char *parent = check->nodes[i].parent;
        const struct site_entry *entry = site_index_find(&check->node_ids, parent);
        parents[i] = entry ? entry->number : SIZE_MAX;
        if (!entry && parent[0]) {
            char *hint = node_hint(check, parent);
            node_fault(check, i, "parent", "%s", hint);
            free(hint);
        }
    }
    return parents;
}

/* Follows parents from each node, leaving the walk's number on the way: meeting one's own number is a circle, meeting
 * another's is known ground. */
static void check_circles(const struct check *check)
{
    size_t count = check->site->nodes.count;
    size_t *parents = find_parents(check);
    size_t *walks = mem_alloc_array(count + 1, sizeof(*walks));
    for (size_t i = 0; i < count; i++) {
        size_t at = i;
        while (at != SIZE_MAX && walks[at] == 0) {
            walks[at] = i + 1;
            at = parents[at];
        }
        if (at != SIZE_MAX && walks[at] == i + 1) {
            node_fault(check, at, "parent",
                       "is \"%s\", which is part of this node itself, wants a way up to the site",
                       check->nodes[at].parent);
        }
    }
    free(walks);
    free(parents);
}

static void check_endpoint_given(const struct check *check, size_t number)
{
    const struct line_config *line = &check->lines[number];
    bool is_serial = line->transport == LINE_RTU;
    if (is_serial && !line->path[0]) {
        line_fault(check, number, "path", "is missing, wants the serial port for transport rtu");
    }
    if (!is_serial && !line->host[0]) {
        line_fault(check, number, "host", "is missing, wants a name or address for transport %s",
                   line->transport == LINE_TCP ? "tcp" : "rtu_over_tcp");
    }
}

/* "" when it has none yet. */
static char *endpoint_of(const struct line_config *line)
{
    if (line->transport == LINE_RTU) {
        return mem_dup_string(line->path);
    }
    if (!line->host[0]) {
        return mem_dup_string("");
    }
    char *endpoint = mem_format("%s:%" PRId64, line->host, line->port);
    for (char *at = endpoint; *at; at++) {
        *at = (char)tolower((unsigned char)*at);
    }
    return endpoint;
}

static void check_lines_unique(const struct check *check)
{
    size_t count = check->site->lines.count;
    char **endpoints = mem_alloc_array(count + 1, sizeof(*endpoints));
    struct site_index ids = {0};
    struct site_index places = {0};
    for (size_t i = 0; i < count; i++) {
        endpoints[i] = endpoint_of(&check->lines[i]);
        site_index_add(&ids, check->lines[i].id, i);
        site_index_add(&places, endpoints[i], i);
    }
    site_index_sort(&ids);
    site_index_sort(&places);
    for (size_t i = 1; i < ids.count; i++) {
        const struct site_entry *first = site_index_find(&ids, ids.entries[i].word);
        if (first != &ids.entries[i]) {
            line_fault(check, ids.entries[i].number, "id",
                       "is \"%s\", as on line %d, wants an id of its own", first->word,
                       check->lines[first->number].origin.line);
        }
    }
    for (size_t i = 1; i < places.count; i++) {
        const struct site_entry *first = site_index_find(&places, places.entries[i].word);
        if (first != &places.entries[i]) {
            bool is_serial = check->lines[first->number].transport == LINE_RTU;
            line_fault(check, places.entries[i].number, is_serial ? "path" : "host",
                       "leads to %s, as line %s does (line %d), wants all devices of one endpoint "
                       "on one line",
                       first->word, check->lines[first->number].id,
                       check->lines[first->number].origin.line);
        }
    }
    site_index_finish(&ids);
    site_index_finish(&places);
    for (size_t i = 0; i < count; i++) {
        free(endpoints[i]);
    }
    free(endpoints);
}

static bool meets_quarter(int64_t period_ms)
{
    return QUARTER_MS % period_ms == 0 || period_ms % QUARTER_MS == 0;
}

/* What to say of a period; NULL when it is fine. */
static char *judge_period(int64_t period_ms)
{
    if (period_ms < PERIOD_LEAST_MS) {
        return mem_format("is %" PRId64 ", wants at least %d ms", period_ms, PERIOD_LEAST_MS);
    }
    if (meets_quarter(period_ms)) {
        return NULL;
    }
    int64_t below = period_ms;
    int64_t above = period_ms;
    if (period_ms > QUARTER_MS) {
        below -= period_ms % QUARTER_MS;
        above = below + QUARTER_MS;
    }
    while (!meets_quarter(below)) {
        below--;
    }
    while (!meets_quarter(above)) {
        above++;
    }
    return mem_format("is %" PRId64
                      ", wants a divisor or a multiple of a quarter of an hour: %" PRId64
                      " or %" PRId64 " ms",
                      period_ms, below, above);
}

static void check_site_periods(const struct check *check)
{
    const struct site *site = check->site;
    struct origin origin = {0};
    if (site->lines.count > 0) {
        origin.file = check->lines[0].origin.file;
    } else if (site->nodes.count > 0) {
        origin.file = check->nodes[0].origin.file;
    }
    const char *const names[] = {"fast_ms", "normal_ms", "slow_ms"};
    const int64_t periods[] = {site->fast_ms, site->normal_ms, site->slow_ms};
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        char *what = judge_period(periods[i]);
        if (what) {
            faults_add(check->faults, origin, names[i], "%s", what);
        }
        free(what);
    }
}

static void check_device_periods(const struct check *check, const struct spot *spot)
{
    const struct device_config *device = spot->device;
    const char *const names[] = {"fast_ms", "normal_ms", "slow_ms"};
    const int64_t periods[] = {device->fast_ms, device->normal_ms, device->slow_ms};
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        char *what = periods[i] != 0 ? judge_period(periods[i]) : NULL;
        if (what) {
            device_fault(check, spot, names[i], "%s", what);
        }
        free(what);
    }
}

static const struct profile *check_profile(const struct check *check, const struct spot *spot)
{
    const char *id = spot->device->profile;
    const struct profile *profile = profiles_find(check->profiles, id);
    if (profile || !id[0]) {
        return profile;
    }
    const char *near = nearest_word(id, profiles_ids(check->profiles));
    if (near) {
        device_fault(check, spot, "profile",
                     "is \"%s\", nearest is %s, wants a file in the folder of profiles", id, near);
    } else {
        device_fault(check, spot, "profile", "is \"%s\", wants a file in the folder of profiles",
                     id);
    }
    return NULL;
}

static void check_unit(const struct check *check, const struct spot *spot,
                       const struct profile *profile, const struct device_config *units[UNITS])
{
    int64_t unit = spot->device->unit;
    if (unit < 0 && !profile) {
        return;
    }
    unit = unit < 0 ? profile->link.unit : unit;
    if (unit == 0 && spot->line->transport != LINE_TCP) {
        device_fault(check, spot, "unit",
                     "is 0, the broadcast that nobody answers, wants 1..255 on a serial line");
    } else if (units[unit]) {
        device_fault(check, spot, "unit",
                     "is %" PRId64 ", as %s has it (line %d), wants a unit of its own", unit,
                     units[unit]->id, units[unit]->origin.line);
    } else {
        units[unit] = spot->device;
    }
}

static void check_device(const struct check *check, const struct spot *spot,
                         const struct device_config *units[UNITS])
{
    const char *node = spot->device->node;
    if (node[0] && !site_index_find(&check->node_ids, node)) {
        char *hint = node_hint(check, node);
        device_fault(check, spot, "node", "%s", hint);
        free(hint);
    }
    check_unit(check, spot, check_profile(check, spot), units);
    check_device_periods(check, spot);
}

static struct spot *list_spots(const struct check *check, size_t *count)
{
    *count = 0;
    for (size_t i = 0; i < check->site->lines.count; i++) {
        *count += check->lines[i].devices.count;
    }
    struct spot *spots = mem_alloc_array(*count + 1, sizeof(*spots));
    struct spot *spot = spots;
    for (size_t i = 0; i < check->site->lines.count; i++) {
        const struct device_config *devices = check->lines[i].devices.items;
        for (size_t j = 0; j < check->lines[i].devices.count; j++) {
            *spot++ = (struct spot){.line = &check->lines[i],
                                    .device = &devices[j],
                                    .line_number = i,
                                    .device_number = j};
        }
    }
    return spots;
}

/* The topics lingtan/SITE/WORD/... of the daemon itself. */
static bool is_reserved(const char *id)
{
    static const char *const words[] = {"status", "alarm", "energy", "command"};
    for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
        if (!strcmp(words[i], id)) {
            return true;
        }
    }
    return false;
}

static void check_device_ids(const struct check *check, const struct spot *spots, size_t count)
{
    struct site_index ids = {0};
    for (size_t i = 0; i < count; i++) {
        site_index_add(&ids, spots[i].device->id, i);
    }
    site_index_sort(&ids);
    for (size_t i = 0; i < ids.count; i++) {
        const struct site_entry *entry = &ids.entries[i];
        const struct site_entry *first = site_index_find(&ids, entry->word);
        if (first != entry) {
            device_fault(check, &spots[entry->number], "id",
                         "is \"%s\", as on line %d, wants an id of its own in the site",
                         entry->word, spots[first->number].device->origin.line);
        } else if (is_reserved(entry->word)) {
            device_fault(check, &spots[entry->number], "id",
                         "is \"%s\", wants another word than the topics status, alarm, energy, "
                         "command",
                         entry->word);
        }
    }
    site_index_finish(&ids);
}

static void check_devices(const struct check *check)
{
    size_t count = 0;
    struct spot *spots = list_spots(check, &count);
    const struct device_config *units[UNITS] = {0};
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && spots[i].line != spots[i - 1].line) {
            memset(units, 0, sizeof(units));
        }
        check_device(check, &spots[i], units);
    }
    check_device_ids(check, spots, count);
    free(spots);
}

static void index_nodes(struct check *check)
{
    size_t count = check->site->nodes.count;
    check->node_words = mem_alloc_array(count + 1, sizeof(*check->node_words));
    for (size_t i = 0; i < count; i++) {
        check->node_words[i] = check->nodes[i].id;
        site_index_add(&check->node_ids, check->nodes[i].id, i);
    }
    site_index_sort(&check->node_ids);
}

void site_check(const struct site *site, const struct profiles *profiles, struct faults *faults)
{
    struct check check = {
        .site = site,
        .profiles = profiles,
        .faults = faults,
        .nodes = site->nodes.items,
        .lines = site->lines.items,
    };
    index_nodes(&check);
    check_site_periods(&check);
    check_nodes_unique(&check);
    check_circles(&check);
    for (size_t i = 0; i < site->lines.count; i++) {
        check_endpoint_given(&check, i);
    }
    check_lines_unique(&check);
    check_devices(&check);
    free(check.node_words);
    site_index_finish(&check.node_ids);
}
