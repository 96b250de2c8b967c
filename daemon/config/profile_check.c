/* SPDX-License-Identifier: Apache-2.0 */
/* profile_check: whether the options of a profile fit one another. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "config/option.h"
#include "config/profile_parts.h"

enum {
    BITS_MAX = 2000, /* of one request by functions 1 and 2 */
};

struct check {
    const struct profile *profile;
    const struct profile_point *points;
    struct faults *faults;
};

static void point_fault(const struct check *check, size_t index, const char *option,
                        const char *format, ...) PRINTF_LIKE(4, 5);

static void point_fault(const struct check *check, size_t index, const char *option,
                        const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *what = mem_format_args(format, args);
    va_end(args);
    profile_fault(check->faults, check->points[index].origin, "points", index, option, "%s", what);
    free(what);
}

static void check_type(const struct check *check, size_t index)
{
    const struct profile_point *point = &check->points[index];
    const char *type = register_type_words[point->type];
    bool is_text = point->row->kind == QUANTITY_TEXT;
    if (is_text != (point->type == REGISTER_STRING)) {
        point_fault(check, index, "type", "is %s, wants %s: %s is a %s", type,
                    is_text ? "string" : "a number", point->quantity,
                    quantity_kind_word(point->row->kind));
    } else if (profile_reads_bits(point) && point->type != REGISTER_BITS) {
        point_fault(check, index, "type",
                    "is %s, wants bits: function %" PRId64 " reads single bits", type,
                    point->function);
    }
    bool wants_mask = point->type == REGISTER_BITS && !profile_reads_bits(point);
    if (wants_mask && point->bit_mask == 0) {
        point_fault(check, index, "bit_mask",
                    "is 0, wants the bits of the register that count, 1..65535");
    } else if (!wants_mask && point->bit_mask != 0) {
        point_fault(check, index, "bit_mask",
                    "is %" PRId64 ", wants 0: only type bits in a register has a mask",
                    point->bit_mask);
    }
    if (point->row->kind == QUANTITY_COUNTER && profile_is_float(point) && point->resolution <= 0) {
        point_fault(check, index, "resolution",
                    "is 0, wants what the meter's last digit is worth: a counter of type %s has no "
                    "other count",
                    type);
    }
}

static void check_range(const struct check *check, size_t index)
{
    const struct profile_point *point = &check->points[index];
    double lowest = isnan(point->min) ? point->row->lowest : point->min;
    double highest = isnan(point->max) ? point->row->highest : point->max;
    bool is_given = !isnan(point->min) || !isnan(point->max);
    if (is_given && lowest >= highest) {
        point_fault(check, index, isnan(point->min) ? "max" : "min",
                    "leaves no value plausible: min is %.15g, max is %.15g, wants min below max",
                    lowest, highest);
    }
}

static bool parse_sentinel(const struct profile_point *point, const char *string)
{
    unsigned bits = point->registers * 16U;
    bool is_signed =
        point->type == REGISTER_I16 || point->type == REGISTER_I32 || point->type == REGISTER_I64;
    char *end = NULL;
    errno = 0;
    if (string[0] == '-') {
        long long value = strtoll(string, &end, 0);
        return !errno && end != string && !*end && is_signed && value >= INT64_MIN >> (64 - bits);
    }
    if (string[0] < '0' || string[0] > '9') {
        return false;
    }
    unsigned long long value = strtoull(string, &end, 0);
    return !errno && !*end && (bits >= 64 || value >> bits == 0);
}

static void check_sentinels(const struct check *check, size_t index)
{
    const struct profile_point *point = &check->points[index];
    for (size_t i = 0; i < point->not_implemented.count; i++) {
        const char *string = point->not_implemented.items[i];
        if (point->type != REGISTER_STRING && !parse_sentinel(point, string)) {
            point_fault(check, index, "not_implemented",
                        "holds \"%.40s\", wants raw values that fit type %s, such as \"0x%.*s\"",
                        string, register_type_words[point->type],
                        point->registers > 4 ? 16 : point->registers * 4, "8000000000000000");
        }
    }
}

static void check_ratio(const struct check *check, size_t index)
{
    static const char *const words[] = {"ct", "vt", "ct*vt", "pulse", NULL};
    const char *ratio = check->points[index].ratio;
    if (ratio[0] && option_find_word(words, ratio) < 0) {
        char *hint = profile_hint(ratio, words);
        point_fault(check, index, "ratio", "is \"%.40s\"%s, wants one of ct, vt, ct*vt, pulse",
                    ratio, hint);
        free(hint);
    }
}

static void check_helper_name(const struct check *check, size_t index, const char *option,
                              const char *name, const char *const *names)
{
    if (option_find_word(names, name) < 0) {
        char *hint = profile_hint(name, names);
        point_fault(check, index, option, "names \"%.64s\"%s, wants the name of a helper", name,
                    hint);
        free(hint);
    }
}

static void check_helper_names(const struct check *check, size_t index, const char *const *names)
{
    const struct profile_point *point = &check->points[index];
    if (point->scale_from[0]) {
        check_helper_name(check, index, "scale_from", point->scale_from, names);
    }
    for (size_t i = 0; i < point->scale_by.count; i++) {
        check_helper_name(check, index, "scale_by", point->scale_by.items[i], names);
    }
}

static int64_t block_size(const struct check *check, const struct profile_point *point)
{
    return profile_reads_bits(point) ? BITS_MAX : check->profile->link.max_registers;
}

/* The barrier of the function that lies in the range of wire addresses, NULL when none does. */
static const struct profile_barrier *find_barrier(const struct profile *profile, int64_t function,
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

static void check_size(const struct check *check, size_t index)
{
    const struct profile_point *point = &check->points[index];
    int64_t most = block_size(check, point);
    if (point->registers > most) {
        point_fault(check, index, "count",
                    "is %u registers in all, wants at most link.max_registers, %" PRId64,
                    point->registers, most);
    }
    const struct profile_barrier *barrier =
        find_barrier(check->profile, point->function, point->address0,
                     (int64_t)point->address0 + point->registers);
    if (barrier) {
        point_fault(check, index, "address",
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

static void check_against_earlier(const struct check *check, size_t index)
{
    const struct profile_point *point = &check->points[index];
    for (size_t i = 0; i < index; i++) {
        const struct profile_point *other = &check->points[i];
        if (other->registers == 0) {
            continue;
        }
        if (!strcmp(point->name, other->name)) {
            point_fault(check, index, "quantity",
                        "is %s, as on line %d, wants another quantity or an index of its own",
                        point->name, other->origin.line);
            return;
        }
        if (overlap(point, other) && !may_overlap(point, other)) {
            point_fault(check, index, "address",
                        "is %" PRId64 ", where %s of line %d has its registers, wants others",
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
static struct span group_span(const struct check *check, size_t index)
{
    const struct profile_point *first = &check->points[index];
    struct span span = {.first = first->address0, .end = first->address0 + first->registers};
    for (size_t i = index + 1; i < check->profile->points.count; i++) {
        const struct profile_point *point = &check->points[i];
        if (point->registers == 0 || strcmp(point->together, first->together) != 0) {
            continue;
        }
        if (!same_request_is_possible(first, point)) {
            point_fault(check, i, "together",
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

static bool begins_group(const struct check *check, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (check->points[i].registers > 0 &&
            !strcmp(check->points[i].together, check->points[index].together)) {
            return false;
        }
    }
    return check->points[index].together[0] != '\0';
}

static void check_group(const struct check *check, size_t index)
{
    const struct profile_point *point = &check->points[index];
    struct span span = group_span(check, index);
    int64_t most = block_size(check, point);
    if (span.end - span.first > most) {
        point_fault(check, index, "together",
                    "is \"%.40s\", whose points span %" PRId64
                    " registers, wants at most link.max_registers, %" PRId64,
                    point->together, span.end - span.first, most);
    }
    const struct profile_barrier *barrier =
        find_barrier(check->profile, point->function, span.first, span.end);
    if (barrier) {
        point_fault(check, index, "together",
                    "is \"%.40s\", whose points lie on both sides of the barrier %" PRId64
                    "..%" PRId64 " of line %d, wants them on one side",
                    point->together, barrier->first, barrier->last, barrier->origin.line);
    }
}

static void check_point(const struct check *check, size_t index, const char *const *helper_names)
{
    check_type(check, index);
    check_range(check, index);
    check_sentinels(check, index);
    check_ratio(check, index);
    check_helper_names(check, index, helper_names);
    check_size(check, index);
    check_against_earlier(check, index);
    if (begins_group(check, index)) {
        check_group(check, index);
    }
}

static const char **list_helpers(const struct check *check)
{
    const struct profile_helper *helpers = check->profile->helpers.items;
    size_t count = check->profile->helpers.count;
    const char **names = mem_alloc_array(count + 1, sizeof(*names));
    for (size_t i = 0; i < count; i++) {
        names[i] = helpers[i].name;
        for (size_t j = 0; j < i; j++) {
            if (names[i][0] && !strcmp(names[i], names[j])) {
                profile_fault(check->faults, helpers[i].origin, "helpers", i, "name",
                              "is \"%s\", as on line %d, wants a name of its own", names[i],
                              helpers[j].origin.line);
                break;
            }
        }
    }
    return names;
}

static void check_head(const struct profile *profile, struct origin origin, struct faults *faults)
{
    static const char *const confidences[] = {"high", "medium", "low", NULL};
    if (option_find_word(confidences, profile->confidence) < 0) {
        char *hint = profile_hint(profile->confidence, confidences);
        faults_add(faults, origin, "confidence", "is \"%.40s\"%s, wants one of high, medium, low",
                   profile->confidence, hint);
        free(hint);
    }
    const char *frame = profile->link.frame;
    if (!strchr("78", frame[0]) || !strchr("NEO", frame[1]) || !strchr("12", frame[2])) {
        faults_add(faults, origin, "link.frame",
                   "is \"%s\", wants 7 or 8, N, E or O, 1 or 2, such as 8N1", frame);
    }
}

static void check_discovery(const struct profile *profile, struct origin origin,
                            struct faults *faults)
{
    size_t count = profile->points.count + profile->helpers.count + profile->barriers.count;
    if (profile->discovery != DISCOVERY_NONE && count > 0) {
        faults_add(faults, origin, "discovery",
                   "is %s, wants no points, helpers and barriers beside it: the device lists what "
                   "it has",
                   profile_discovery_words[profile->discovery]);
    }
}

void profile_check(const struct profile *profile, const char *path, struct faults *faults)
{
    struct check check = {.profile = profile, .points = profile->points.items, .faults = faults};
    const char **helper_names = list_helpers(&check);
    for (size_t i = 0; i < profile->points.count; i++) {
        if (check.points[i].registers > 0) {
            check_point(&check, i, helper_names);
        }
    }
    free(helper_names);
    check_head(profile, (struct origin){.file = path}, faults);
    check_discovery(profile, (struct origin){.file = path}, faults);
}
