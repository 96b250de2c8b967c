/* SPDX-License-Identifier: Apache-2.0 */
/* site_devices: what has to agree between a device and the rest of the site. */
#include "site/site_parts.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum {
    UNITS = 256,
};

static const struct profile *check_profile(const struct site_checking *check,
                                           const struct site_spot *spot)
{
    const char *id = spot->device->profile;
    const struct profile *profile = profiles_find(check->profiles, id);
    if (profile || !id[0]) {
        return profile;
    }
    const char *near = nearest_word(id, profiles_ids(check->profiles));
    if (near) {
        site_device_fault(check, spot, "profile",
                          "is \"%s\", nearest is %s, wants a file in the folder of profiles", id,
                          near);
    } else {
        site_device_fault(check, spot, "profile",
                          "is \"%s\", wants a file in the folder of profiles", id);
    }
    return NULL;
}

static void check_unit(const struct site_checking *check, const struct site_spot *spot,
                       const struct profile *profile, const struct device_config *units[UNITS])
{
    int64_t unit = spot->device->unit;
    if (!spot->line || (unit < 0 && !profile)) {
        return;
    }
    unit = unit < 0 ? profile->link.unit : unit;
    if (unit == 0 && spot->line->transport != LINE_TCP) {
        site_device_fault(check, spot, "unit",
                          "is 0, the broadcast that nobody answers, wants 1..255 on a serial line");
    } else if (units[unit]) {
        char *place = site_place(units[unit]->origin, spot->device->origin);
        site_device_fault(check, spot, "unit",
                          "is %" PRId64 ", as %s has it (%s), wants a unit of its own", unit,
                          units[unit]->id, place);
        free(place);
    } else {
        units[unit] = spot->device;
    }
}

static void check_device(const struct site_checking *check, const struct site_spot *spot,
                         const struct device_config *units[UNITS])
{
    const char *node = spot->device->node;
    if (node[0] && !site_index_find(&check->node_ids, node)) {
        char *hint = site_node_hint(check, node);
        site_device_fault(check, spot, "node", "%s", hint);
        free(hint);
    }
    check_unit(check, spot, check_profile(check, spot), units);
    site_check_device_periods(check, spot);
}

static struct site_spot *add_spots(struct site_spot *at, const struct option_list *devices,
                                   const struct line_config *line, size_t line_number)
{
    const struct device_config *items = devices->items;
    for (size_t i = 0; i < devices->count; i++) {
        *at++ = (struct site_spot){
            .line = line, .device = &items[i], .line_number = line_number, .device_number = i};
    }
    return at;
}

static struct site_spot *list_spots(const struct site_checking *check, size_t *count)
{
    const struct site *site = check->site;
    *count = site->lost.count;
    for (size_t i = 0; i < site->lines.count; i++) {
        *count += check->lines[i].devices.count;
    }
    struct site_spot *spots = mem_alloc_array(*count + 1, sizeof(*spots));
    struct site_spot *at = spots;
    for (size_t i = 0; i < site->lines.count; i++) {
        at = add_spots(at, &check->lines[i].devices, &check->lines[i], i);
    }
    (void)add_spots(at, &site->lost, NULL, 0);
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

static void check_device_ids(const struct site_checking *check, const struct site_spot *spots,
                             size_t count)
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
            const struct site_spot *spot = &spots[entry->number];
            char *place = site_place(spots[first->number].device->origin, spot->device->origin);
            site_device_fault(check, spot, "id",
                              "is \"%s\", as on %s, wants an id of its own in the site",
                              entry->word, place);
            free(place);
        } else if (is_reserved(entry->word)) {
            site_device_fault(
                check, &spots[entry->number], "id",
                "is \"%s\", wants another word than the topics status, alarm, energy, "
                "command",
                entry->word);
        }
    }
    site_index_finish(&ids);
}

void site_check_devices(const struct site_checking *check)
{
    size_t count = 0;
    struct site_spot *spots = list_spots(check, &count);
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
