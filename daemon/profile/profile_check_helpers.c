/* SPDX-License-Identifier: Apache-2.0 */
/* profile_check_helpers: whether the helpers of a profile can be read, and stand where its points leave room. */
#include <inttypes.h>
#include <string.h>

#include "profile/profile_parts.h"

static const struct profile_helper *helper_at(const struct profile_checking *check, size_t index)
{
    return (const struct profile_helper *)check->profile->helpers.items + index;
}

static void check_name(const struct profile_checking *check, size_t index)
{
    const struct profile_helper *helper = helper_at(check, index);
    for (size_t i = 0; i < index && helper->name[0]; i++) {
        if (!strcmp(helper->name, helper_at(check, i)->name)) {
            profile_fault(check->faults, helper->origin, "helpers", index, "name",
                          "is \"%s\", as on line %d, wants a name of its own", helper->name,
                          helper_at(check, i)->origin.line);
            return;
        }
    }
}

static void check_place(const struct profile_checking *check, size_t index)
{
    const struct profile_helper *helper = helper_at(check, index);
    int64_t most = check->profile->link.max_registers;
    if (helper->registers > most) {
        profile_fault(check->faults, helper->origin, "helpers", index, "type",
                      "is %u registers in all, wants at most link.max_registers, %" PRId64,
                      helper->registers, most);
    }
    const struct profile_barrier *barrier =
        profile_find_barrier(check->profile, helper->function, helper->address0,
                             (int64_t)helper->address0 + helper->registers);
    if (barrier) {
        profile_fault(check->faults, helper->origin, "helpers", index, "address",
                      "is %" PRId64 ", inside the barrier %" PRId64 "..%" PRId64
                      " of line %d, wants a register outside",
                      helper->address, barrier->first, barrier->last, barrier->origin.line);
    }
}

/* Whether two values share registers without being the same value twice. */
static bool conflict(const struct profile_helper *helper, int64_t function, int64_t first,
                     int64_t registers, int type, int word_order)
{
    if (function != helper->function || first >= helper->address0 + helper->registers ||
        first + registers <= helper->address0) {
        return false;
    }
    bool is_longer = helper->registers > 1;
    return first != helper->address0 || type != helper->type ||
           (is_longer && word_order != helper->word_order);
}

static void overlap_fault(const struct profile_checking *check, size_t index, const char *name,
                          int line)
{
    const struct profile_helper *helper = helper_at(check, index);
    profile_fault(check->faults, helper->origin, "helpers", index, "address",
                  "is %" PRId64
                  ", where %s of line %d has its registers, wants others, or the same with its "
                  "type",
                  helper->address, name, line);
}

/* A helper may be published as a point as well; parts of a status word may be read from any value. */
static void check_overlaps(const struct profile_checking *check, size_t index)
{
    const struct profile_helper *helper = helper_at(check, index);
    for (size_t i = 0; i < check->profile->points.count; i++) {
        const struct profile_point *point = &check->points[i];
        bool is_value =
            point->registers > 0 && point->unit_override < 0 && point->type != REGISTER_BITS;
        if (is_value && conflict(helper, point->function, point->address0, point->registers,
                                 point->type, point->word_order)) {
            overlap_fault(check, index, point->name, point->origin.line);
            return;
        }
    }
    for (size_t i = 0; i < index; i++) {
        const struct profile_helper *other = helper_at(check, i);
        if (other->registers > 0 && conflict(helper, other->function, other->address0,
                                             other->registers, other->type, other->word_order)) {
            overlap_fault(check, index, other->name, other->origin.line);
            return;
        }
    }
}

void profile_check_helpers(const struct profile_checking *check)
{
    for (size_t i = 0; i < check->profile->helpers.count; i++) {
        const struct profile_helper *helper = helper_at(check, i);
        check_name(check, i);
        if (helper->scale == 0) {
            profile_fault(check->faults, helper->origin, "helpers", i, "scale",
                          "is 0, wants any other number: it would say the same of every value");
        }
        if (helper->registers > 0) {
            check_place(check, i);
            check_overlaps(check, i);
        }
    }
}
