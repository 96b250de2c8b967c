/* SPDX-License-Identifier: Apache-2.0 */
/* profile_check_registers: whether the points of a profile have registers of their own that requests can hold. */
#include <inttypes.h>
#include <string.h>

#include "profile/profile_parts.h"

enum {
    BITS_MAX = 2000, /* of one request by functions 1 and 2 */
};

const struct profile_barrier *profile_find_barrier(const struct profile *profile, int64_t function,
                                                   int64_t first, int64_t end)
{
    const struct profile_barrier *barriers = profile->barriers.items;
    for (size_t i = 0; i < profile->barriers.count; i++) {
        int64_t barrier_first = barriers[i].first - profile->address_base;
        int64_t barrier_last = barriers[i].last - profile->address_base;
        if (barriers[i].function == function && barrier_first < end && barrier_last >= first) {
            return &barriers[i];
        }
    }
    return NULL;
}

static int64_t block_size(const struct profile_checking *check, const struct profile_point *point)
{
    return profile_reads_bits(point) ? BITS_MAX : check->profile->link.max_registers;
}

static void check_size(const struct profile_checking *check, size_t index)
{
    const struct profile_point *point = &check->points[index];
    int64_t most = block_size(check, point);
    if (point->registers > most) {
        profile_point_fault(check, index, "count",
                            "is %u registers in all, wants at most link.max_registers, %" PRId64,
                            point->registers, most);
    }
    const struct profile_barrier *barrier =
        profile_find_barrier(check->profile, point->function, point->address0,
                             (int64_t)point->address0 + point->registers);
    if (barrier) {
        profile_point_fault(check, index, "address",
                            "is %" PRId64 ", inside the barrier %" PRId64 "..%" PRId64
                            " of line %d, wants a register outside",
                            point->address, barrier->first, barrier->last, barrier->origin.line);
    }
}

static bool overlap(const struct profile_point *one, const struct profile_point *other)
{
    return one->function == other->function && one->unit_override == other->unit_override &&
           one->address0 < other->address0 + other->registers &&
           other->address0 < one->address0 + one->registers;
}

/* Parts of a status word, or the whole word beside its parts, are different values of one register. */
static bool may_overlap(const struct profile_point *one, const struct profile_point *other)
{
    bool one_is_bits = one->type == REGISTER_BITS && !profile_reads_bits(one);
    bool other_is_bits = other->type == REGISTER_BITS && !profile_reads_bits(other);
    if (one_is_bits && other_is_bits) {
        return (one->bit_mask & other->bit_mask) == 0;
    }
    return one_is_bits || other_is_bits;
}

static void check_against_earlier(const struct profile_checking *check, size_t index)
{
    const struct profile_point *point = &check->points[index];
    for (size_t i = 0; i < index; i++) {
        const struct profile_point *other = &check->points[i];
        if (other->registers == 0) {
            continue;
        }
        if (!strcmp(point->name, other->name)) {
            profile_point_fault(
                check, index, "quantity",
                "is %s, as on line %d, wants another quantity or an index of its own", point->name,
                other->origin.line);
            return;
        }
        if (overlap(point, other) && !may_overlap(point, other)) {
            profile_point_fault(check, index, "address",
                                "is %" PRId64
                                ", where %s of line %d has its registers, wants others",
                                point->address, other->name, other->origin.line);
            return;
        }
    }
}

struct span {
    int64_t first;
    int64_t end;
};

static bool same_request_is_possible(const struct profile_point *one,
                                     const struct profile_point *other)
{
    return one->function == other->function && one->unit_override == other->unit_override &&
           one->poll == other->poll;
}

/* The registers of the group that begins at index; faults for the members that can't be in one request with it. */
static struct span group_span(const struct profile_checking *check, size_t index)
{
    const struct profile_point *first = &check->points[index];
    struct span span = {.first = first->address0, .end = first->address0 + first->registers};
    for (size_t i = index + 1; i < check->profile->points.count; i++) {
        const struct profile_point *point = &check->points[i];
        if (point->registers == 0 || strcmp(point->together, first->together) != 0) {
            continue;
        }
        if (!same_request_is_possible(first, point)) {
            profile_point_fault(
                check, i, "together",
                "is \"%.40s\", wants the function, unit_override and poll of %s on line %d",
                point->together, first->name, first->origin.line);
            continue;
        }
        int64_t end = (int64_t)point->address0 + point->registers;
        span.first = point->address0 < span.first ? point->address0 : span.first;
        span.end = end > span.end ? end : span.end;
    }
    return span;
}

static bool begins_group(const struct profile_checking *check, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (check->points[i].registers > 0 &&
            !strcmp(check->points[i].together, check->points[index].together)) {
            return false;
        }
    }
    return check->points[index].together[0] != '\0';
}

static void check_group(const struct profile_checking *check, size_t index)
{
    const struct profile_point *point = &check->points[index];
    struct span span = group_span(check, index);
    int64_t most = block_size(check, point);
    if (span.end - span.first > most) {
        profile_point_fault(check, index, "together",
                            "is \"%.40s\", whose points span %" PRId64
                            " registers, wants at most link.max_registers, %" PRId64,
                            point->together, span.end - span.first, most);
    }
    const struct profile_barrier *barrier =
        profile_find_barrier(check->profile, point->function, span.first, span.end);
    if (barrier) {
        profile_point_fault(check, index, "together",
                            "is \"%.40s\", whose points lie on both sides of the barrier %" PRId64
                            "..%" PRId64 " of line %d, wants them on one side",
                            point->together, barrier->first, barrier->last, barrier->origin.line);
    }
}

void profile_check_registers(const struct profile_checking *check)
{
    for (size_t i = 0; i < check->profile->points.count; i++) {
        if (check->points[i].registers == 0) {
            continue;
        }
        check_size(check, i);
        check_against_earlier(check, i);
        if (begins_group(check, i)) {
            check_group(check, i);
        }
    }
}
