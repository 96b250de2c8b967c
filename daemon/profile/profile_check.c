/* SPDX-License-Identifier: Apache-2.0 */
/* profile_check: whether the options of a profile fit one another. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "config/option.h"
#include "profile/profile_parts.h"

static void check_type(const struct profile_checking *check, size_t index)
{
    const struct profile_point *point = &check->points[index];
    const char *type = register_type_words[point->type];
    bool is_text = point->row->kind == QUANTITY_TEXT;
    if (is_text != (point->type == REGISTER_STRING)) {
        profile_point_fault(check, index, "type", "is %s, wants %s: %s is a %s", type,
                            is_text ? "string" : "a number", point->quantity,
                            quantity_kind_word(point->row->kind));
    } else if (profile_reads_bits(point) && point->type != REGISTER_BITS) {
        profile_point_fault(check, index, "type",
                            "is %s, wants bits: function %" PRId64 " reads single bits", type,
                            point->function);
    }
    bool wants_mask = point->type == REGISTER_BITS && !profile_reads_bits(point);
    if (wants_mask && point->bit_mask == 0) {
        profile_point_fault(check, index, "bit_mask",
                            "is 0, wants the bits of the register that count, 1..65535");
    } else if (!wants_mask && point->bit_mask != 0) {
        profile_point_fault(check, index, "bit_mask",
                            "is %" PRId64 ", wants 0: only type bits in a register has a mask",
                            point->bit_mask);
    }
    if (point->row->kind == QUANTITY_COUNTER && profile_is_float(point) && point->resolution <= 0) {
        profile_point_fault(
            check, index, "resolution",
            "is 0, wants what the meter's last digit is worth: a counter of type %s has no "
            "other count",
            type);
    }
}

/* What only numbers have, or only some of them. */
static void check_number(const struct profile_checking *check, size_t index)
{
    const struct profile_point *point = &check->points[index];
    bool has_resolution = point->row->kind == QUANTITY_COUNTER && profile_is_float(point);
    if (point->resolution > 0 && !has_resolution) {
        profile_point_fault(
            check, index, "resolution",
            "is %.15g, wants none: only a counter that comes as a float has one beside its "
            "scale",
            point->resolution);
    }
    if (point->type != REGISTER_STRING) {
        return;
    }
    const struct {
        const char *option;
        bool is_given;
    } numbers[] = {
        {"scale", point->scale != 1},
        {"offset", point->offset != 0},
        {"ratio", point->ratio[0] != '\0'},
        {"scale_from", point->scale_from[0] != '\0'},
        {"scale_by", point->scale_by.count > 0},
        {"min", !isnan(point->min)},
        {"max", !isnan(point->max)},
    };
    for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
        if (numbers[i].is_given) {
            profile_point_fault(check, index, numbers[i].option,
                                "is given, wants none: type string is no number");
        }
    }
}

/* Counts that the registers of a point can tell apart, 0 = as many as anyone may want. */
static int64_t most_counts(const struct profile_point *point)
{
    int64_t counts = 1;
    switch (point->type) {
    case REGISTER_U16:
    case REGISTER_BITS:
        return INT64_C(1) << 16;
    case REGISTER_I16:
        return INT64_C(1) << 15;
    case REGISTER_U32:
        return INT64_C(1) << 32;
    case REGISTER_I32:
        return INT64_C(1) << 31;
    case REGISTER_BCD:
    case REGISTER_MOD10K:
        for (int i = 0; i < point->registers; i++) {
            counts *= 10000;
        }
        return counts;
    default:
        return 0;
    }
}

static void check_modulus(const struct profile_checking *check, size_t index)
{
    const struct profile_point *point = &check->points[index];
    int64_t most = most_counts(point);
    if (most > 0 && point->modulus_count > most) {
        profile_point_fault(check, index, "modulus",
                            "is %" PRId64 ", wants at most %" PRId64 ": type %s counts no further",
                            point->modulus_count, most, register_type_words[point->type]);
    }
}

static void check_range(const struct profile_checking *check, size_t index)
{
    const struct profile_point *point = &check->points[index];
    double lowest = isnan(point->min) ? point->row->lowest : point->min;
    double highest = isnan(point->max) ? point->row->highest : point->max;
    bool is_given = !isnan(point->min) || !isnan(point->max);
    if (is_given && lowest >= highest) {
        profile_point_fault(
            check, index, isnan(point->min) ? "max" : "min",
            "leaves no value plausible: min is %.15g, max is %.15g, wants min below max", lowest,
            highest);
    }
}

/* Such as what the words of a fault name. */
static const char *sentinel_example(const struct profile_point *point)
{
    static const char *const patterns[] = {"\"0x8000\"", "\"0x80000000\"", "\"0x800000000000\"",
                                           "\"0x8000000000000000\""};
    switch ((enum register_type)point->type) {
    case REGISTER_F32:
        return "\"-9999.9\" or the bits, \"0x7FC00000\"";
    case REGISTER_F64:
        return "\"-9999.9\" or the bits, \"0x7FF8000000000000\"";
    case REGISTER_BCD:
    case REGISTER_MOD10K:
        return "the number \"9999\" or the registers, \"0xFFFF\"";
    default:
        return patterns[point->registers > 4 ? 3 : point->registers - 1];
    }
}

static void check_sentinels(const struct profile_checking *check, size_t index)
{
    const struct profile_point *point = &check->points[index];
    uint64_t bits = 0;
    if (point->not_implemented.count > 0 && point->type == REGISTER_STRING) {
        profile_point_fault(check, index, "not_implemented",
                            "is given, wants none: a string that is empty says that there is none");
        return;
    }
    if (point->not_implemented.count > 0 && profile_reads_bits(point)) {
        profile_point_fault(check, index, "not_implemented",
                            "is given, wants none: a single bit has no value to spare");
        return;
    }
    for (size_t i = 0; i < point->not_implemented.count; i++) {
        const char *word = point->not_implemented.items[i];
        if (profile_sentinel(point, word, &bits) < 0) {
            profile_point_fault(check, index, "not_implemented",
                                "holds \"%.40s\", wants raw values that fit type %s, such as %s",
                                word, register_type_words[point->type], sentinel_example(point));
        }
    }
}

static void check_ratio(const struct profile_checking *check, size_t index)
{
    static const char *const words[] = {"ct", "vt", "ct*vt", "pulse", NULL};
    const char *ratio = check->points[index].ratio;
    if (ratio[0] && option_find_word(words, ratio) < 0) {
        char *hint = profile_hint(ratio, words);
        profile_point_fault(check, index, "ratio",
                            "is \"%.40s\"%s, wants one of ct, vt, ct*vt, pulse", ratio, hint);
        free(hint);
    }
}

/* The number of the helper, -1 after a fault. */
static int check_helper_name(const struct profile_checking *check, size_t index, const char *option,
                             const char *name, const char *const *names)
{
    int number = option_find_word(names, name);
    if (number < 0) {
        char *hint = profile_hint(name, names);
        profile_point_fault(check, index, option, "names \"%.64s\"%s, wants the name of a helper",
                            name, hint);
        free(hint);
    }
    return number;
}

static void check_helper_names(const struct profile_checking *check, size_t index,
                               const char *const *names)
{
    const struct profile_point *point = &check->points[index];
    const struct profile_helper *helpers = check->profile->helpers.items;
    if (point->scale_from[0]) {
        int number = check_helper_name(check, index, "scale_from", point->scale_from, names);
        if (number >= 0 && helpers[number].type == REGISTER_F32) {
            profile_point_fault(
                check, index, "scale_from",
                "names \"%s\" of type f32, wants a helper of an integer type: it is an "
                "exponent of 10",
                point->scale_from);
        }
    }
    for (size_t i = 0; i < point->scale_by.count; i++) {
        (void)check_helper_name(check, index, "scale_by", point->scale_by.items[i], names);
    }
}

static void check_point(const struct profile_checking *check, size_t index,
                        const char *const *helper_names)
{
    check_type(check, index);
    check_number(check, index);
    check_modulus(check, index);
    check_range(check, index);
    check_sentinels(check, index);
    check_ratio(check, index);
    check_helper_names(check, index, helper_names);
    profile_check_words(check, index);
}

static const char **list_helpers(const struct profile_checking *check)
{
    const struct profile_helper *helpers = check->profile->helpers.items;
    size_t count = check->profile->helpers.count;
    const char **names = mem_alloc_array(count + 1, sizeof(*names));
    for (size_t i = 0; i < count; i++) {
        names[i] = helpers[i].name;
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
    if (profile->link.max_hole > 0 && profile->link.max_hole + 2 > profile->link.max_registers) {
        faults_add(faults, origin, "link.max_hole",
                   "is %" PRId64 ", wants at most %" PRId64
                   ": a request of link.max_registers, %" PRId64
                   ", must hold a value on either side of it",
                   profile->link.max_hole,
                   profile->link.max_registers > 2 ? profile->link.max_registers - 2 : 0,
                   profile->link.max_registers);
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
    size_t count = profile->points.count + profile->setpoints.count + profile->helpers.count +
                   profile->barriers.count;
    if (profile->discovery != DISCOVERY_NONE && count > 0) {
        faults_add(faults, origin, "discovery",
                   "is %s, wants no points, setpoints, helpers and barriers beside it: the device "
                   "lists what "
                   "it has",
                   profile_discovery_words[profile->discovery]);
    }
}

void profile_check(const struct profile *profile, const char *path, struct faults *faults)
{
    struct profile_checking check = {
        .profile = profile, .points = profile->points.items, .faults = faults};
    const char **helper_names = list_helpers(&check);
    for (size_t i = 0; i < profile->points.count; i++) {
        if (check.points[i].registers > 0) {
            check_point(&check, i, helper_names);
        }
    }
    free(helper_names);
    profile_check_registers(&check);
    profile_check_helpers(&check);
    profile_check_writes(&check);
    check_head(profile, (struct origin){.file = path}, faults);
    check_discovery(profile, (struct origin){.file = path}, faults);
}
