/* SPDX-License-Identifier: Apache-2.0 */
/* profile_check_writes: whether the options of a group `write` fit one another and the rest of the profile. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "config/option.h"
#include "profile/profile_parts.h"

static void check_range(const struct profile_writing *writing)
{
    const struct profile_write *write = writing->write;
    if (write->lowest > write->highest || (write->lowest == write->highest && write->step > 0)) {
        profile_write_fault(writing, isnan(write->min) ? "max" : "min",
                            "leaves nothing to write: min is %.15g, max is %.15g, wants min below "
                            "max",
                            write->lowest, write->highest);
    } else if (write->step > write->highest - write->lowest) {
        profile_write_fault(writing, "step", "is %.15g, wants at most max - min, %.15g",
                            write->step, write->highest - write->lowest);
    }
    if (write->pause >= write->lowest && write->pause <= write->highest) {
        profile_write_fault(writing, "pause",
                            "is %.15g, wants a value outside min and max, %.15g..%.15g: inside "
                            "them it is one like any other",
                            write->pause, write->lowest, write->highest);
    }
}

/* The scale without what only the site or the device knows; false when there is such. */
static bool fixed_scale(const struct profile_writing *writing, double *scale, double *offset)
{
    const struct profile_write *write = writing->write;
    const struct profile_point *point = writing->point;
    if (point == NULL || !isnan(write->scale)) {
        *scale = write->unit_scale;
        *offset = write->unit_offset;
        return write->scale_from[0] == '\0';
    }
    *scale = point->unit_scale;
    *offset = point->offset * (point->unit_scale / point->scale);
    return point->ratio[0] == '\0' && point->scale_from[0] == '\0' && point->scale_by.count == 0;
}

static void check_held(const struct profile_writing *writing, const char *option, double value)
{
    double scale = 1;
    double offset = 0;
    if (isnan(value) || !fixed_scale(writing, &scale, &offset)) {
        return;
    }
    const struct profile_write *write = writing->write;
    if (!write_holds(write, (value - offset) / scale)) {
        profile_write_fault(writing, option, "is %.15g, wants a value that %s holds", value,
                            write_is_coil(write) ? "a coil"
                                                 : register_type_words[write->register_type]);
    }
}

static bool is_point(const struct profile *profile, const char *name)
{
    const struct profile_point *points = profile->points.items;
    for (size_t i = 0; i < profile->points.count; i++) {
        if (points[i].name != NULL && strcmp(points[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

static char *nearest_point(const struct profile *profile, const char *name)
{
    const struct profile_point *points = profile->points.items;
    const char **names = mem_alloc_array(profile->points.count + 1, sizeof(*names));
    size_t count = 0;
    for (size_t i = 0; i < profile->points.count; i++) {
        if (points[i].name != NULL) {
            names[count++] = points[i].name;
        }
    }
    names[count] = NULL;
    char *hint = profile_hint(name, names);
    free(names);
    return hint;
}

static void check_read_back(const struct profile_writing *writing)
{
    const char *name = writing->write->read_back;
    if (name[0] == '\0' || strcmp(name, "none") == 0 || is_point(writing->profile, name)) {
        return;
    }
    char *hint = nearest_point(writing->profile, name);
    profile_write_fault(writing, "read_back",
                        "names \"%.64s\"%s, wants the name of a point of this profile, or none",
                        name, hint);
    free(hint);
}

static void check_scale_from(const struct profile_writing *writing)
{
    const char *name = writing->write->scale_from;
    const struct profile_helper *helpers = writing->profile->helpers.items;
    for (size_t i = 0; i < writing->profile->helpers.count; i++) {
        if (strcmp(helpers[i].name, name) == 0) {
            return;
        }
    }
    if (name[0] != '\0') {
        profile_write_fault(writing, "scale_from", "names \"%.64s\", wants the name of a helper",
                            name);
    }
}

static void check_lapse(const struct profile_writing *writing)
{
    const struct profile_write *write = writing->write;
    if (write->lapse_after_ms > 0 && write->renew_ms >= write->lapse_after_ms) {
        profile_write_fault(writing, "renew_ms",
                            "is %" PRId64 ", wants less than lapse_after_ms, %" PRId64
                            ": the value would have fallen away",
                            write->renew_ms, write->lapse_after_ms);
    }
    if (write->lapse != LAPSE_FALLS_BACK && write->lapse_after_ms > 0) {
        profile_write_fault(writing, "lapse_after_ms", "is given, wants lapse = falls_back");
    }
    if (write->lapse != LAPSE_FALLS_BACK && !isnan(write->lapse_value)) {
        profile_write_fault(writing, "lapse_value", "is given, wants lapse = falls_back");
    }
    if (write->only_on_change && write->renew_ms > 0) {
        profile_write_fault(writing, "renew_ms",
                            "is %" PRId64 ", wants 0: only_on_change says that writing the same "
                            "again does harm",
                            write->renew_ms);
    }
}

static bool has_off(const struct profile_write *write)
{
    const struct profile_switch *switches = write->switches.items;
    for (size_t i = 0; i < write->switches.count; i++) {
        if (switches[i].off >= 0) {
            return true;
        }
    }
    return false;
}

static void check_release(const struct profile_writing *writing)
{
    const struct profile_write *write = writing->write;
    if (write->release == RELEASE_VALUE && isnan(write->release_value)) {
        profile_write_fault(writing, "release_value",
                            "is missing, wants the value that release = value writes");
    } else if (write->release != RELEASE_VALUE && !isnan(write->release_value)) {
        profile_write_fault(writing, "release_value", "is given, wants release = value");
    }
    if (write->release == RELEASE_SWITCH && !has_off(write)) {
        profile_write_fault(writing, "release", "is switch, wants a switch that has an off");
    }
    if (write->release == RELEASE_LAPSE && write->lapse != LAPSE_FALLS_BACK) {
        profile_write_fault(writing, "release", "is lapse, wants lapse = falls_back");
    }
}

static void check_write(const struct profile_writing *writing)
{
    const struct profile_write *write = writing->write;
    check_range(writing);
    check_held(writing, "min", write->min);
    check_held(writing, "max", write->max);
    check_held(writing, "pause", write->pause);
    check_held(writing, "release_value", write->release_value);
    check_read_back(writing);
    check_scale_from(writing);
    check_lapse(writing);
    check_release(writing);
}

static void check_name(const struct profile_checking *check, size_t index)
{
    const struct profile_setpoint *setpoints = check->profile->setpoints.items;
    const struct profile_setpoint *setpoint = &setpoints[index];
    bool is_double = is_point(check->profile, setpoint->name);
    for (size_t i = 0; i < index && !is_double; i++) {
        is_double = setpoints[i].name != NULL && strcmp(setpoints[i].name, setpoint->name) == 0;
    }
    if (is_double) {
        profile_fault(check->faults, setpoint->origin, "setpoints", index, "quantity",
                      "is %s, as a point or setpoint before it, wants another quantity or an index "
                      "of its own; a point that can be read gets a group write",
                      setpoint->name);
    }
}

void profile_check_writes(const struct profile_checking *check)
{
    for (size_t i = 0; i < check->profile->points.count; i++) {
        const struct profile_point *point = &check->points[i];
        if (point->registers > 0 && write_is_given(&point->write) && point->write.registers > 0) {
            check_write(
                &(struct profile_writing){check->profile, check->faults, point, i, &point->write});
        }
    }
    const struct profile_setpoint *setpoints = check->profile->setpoints.items;
    for (size_t i = 0; i < check->profile->setpoints.count; i++) {
        if (setpoints[i].name != NULL) {
            check_name(check, i);
        }
        if (setpoints[i].name != NULL && setpoints[i].write.registers > 0) {
            check_write(&(struct profile_writing){check->profile, check->faults, NULL, i,
                                                  &setpoints[i].write});
        }
    }
}
