/* SPDX-License-Identifier: Apache-2.0 */
/* known: every type in every order at every place, scaled until it fits. */
#include "cli/field/known.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "collectors/modbus/frame/raw.h"

struct shape {
    const char *word;
    int type;
    uint16_t registers;
    bool is_negative; /* a signed integer, looked at when the value is below zero */
};

static const struct shape shapes[] = {
    {"f32", REGISTER_F32, 2, false},       {"u16", REGISTER_U16, 1, false},
    {"i16", REGISTER_I16, 1, true},        {"u32", REGISTER_U32, 2, false},
    {"i32", REGISTER_I32, 2, true},        {"f64", REGISTER_F64, 4, false},
    {"u64", REGISTER_U64, 4, false},       {"i64", REGISTER_I64, 4, true},
    {"bcd", REGISTER_BCD, 2, false},       {"mod10k", REGISTER_MOD10K, 2, false},
    {"mod10k", REGISTER_MOD10K, 3, false},
};

static const struct {
    int words;
    int bytes;
    const char *name[5]; /* by registers */
} orders[] = {
    {WORDS_HIGH_FIRST, BYTES_HIGH_FIRST, {"", "AB", "ABCD", "", "ABCDEFGH"}},
    {WORDS_LOW_FIRST, BYTES_HIGH_FIRST, {"", "", "CDAB", "", "GHEFCDAB"}},
    {WORDS_HIGH_FIRST, BYTES_LOW_FIRST, {"", "BA", "BADC", "", "BADCFEHG"}},
    {WORDS_LOW_FIRST, BYTES_LOW_FIRST, {"", "", "DCBA", "", "HGFEDCBA"}},
};

/* Primary amperes by 5. */
static const double ratios[] = {6,  8,   10,  12,  15,  20,  30,  40,  50,  60,
                                80, 100, 120, 160, 200, 240, 300, 400, 500, 600};

enum {
    TEN_LOWEST = -4,
    TEN_HIGHEST = 3,
    RATIO_COUNTS_MIN = 100, /* a few counts times one of many ratios make any value */
};

struct search {
    double value;
    double tolerance;
    struct known_match *matches;
    size_t count;
};

bool known_parse(const char *text, double *value, double *tolerance)
{
    char *end = NULL;
    *value = strtod(text, &end);
    if (end == text || *end != '\0' || !isfinite(*value) || fabs(*value) <= 0) {
        return false;
    }
    const char *point = strchr(text, '.');
    size_t decimals = point ? strspn(point + 1, "0123456789") : 0;
    /* A little more than half a digit: displays cut off as well as round. */
    *tolerance = 0.501 * pow(10, -(double)decimals);
    return true;
}

/* How far from the known value, in its tolerance. */
static double distance(const struct search *search, const struct known_match *match)
{
    return fabs(match->value - search->value) / search->tolerance;
}

static bool is_better(const struct search *search, const struct known_match *one,
                      const struct known_match *other)
{
    if (one->fit != other->fit) {
        return one->fit < other->fit;
    }
    return distance(search, one) < distance(search, other) - 1e-9;
}

/* Equal ones keep the order of the search: by address, then by how usual the type is. */
static void keep(struct search *search, struct known_match match)
{
    size_t place = search->count;
    while (place > 0 && is_better(search, &match, &search->matches[place - 1])) {
        place--;
    }
    if (place == KNOWN_MATCHES_MAX) {
        return;
    }
    if (search->count < KNOWN_MATCHES_MAX) {
        search->count++;
    }
    memmove(&search->matches[place + 1], &search->matches[place],
            (search->count - 1 - place) * sizeof(match));
    search->matches[place] = match;
}

static bool fits(const struct search *search, double value)
{
    return fabs(value - search->value) <= search->tolerance;
}

static bool is_near(const struct search *search, double value)
{
    return fabs(value - search->value) <= 0.01 * fabs(search->value);
}

/* The best that a power of ten makes of the number. */
static bool scale_by_ten(const struct search *search, double number, struct known_match *match)
{
    bool is_found = false;
    for (int ten = TEN_LOWEST; ten <= TEN_HIGHEST; ten++) {
        double scale = pow(10, ten);
        double value = number * scale;
        bool is_same = fits(search, value);
        if (is_same || is_near(search, value)) {
            match->scale = scale;
            match->ratio = 1;
            match->value = value;
            match->fit = is_same ? (ten == 0 ? KNOWN_SAME : KNOWN_TEN)
                                 : (ten == 0 ? KNOWN_NEAR : KNOWN_NEAR_TEN);
            is_found = true;
        }
    }
    return is_found;
}

static void scale_by_ratio(struct search *search, double number, struct known_match match)
{
    for (size_t i = 0; i < ARRAY_SIZE(ratios); i++) {
        for (int ten = TEN_LOWEST; ten <= 0; ten++) {
            double value = number * ratios[i] * pow(10, ten);
            if (fits(search, value)) {
                match.fit = KNOWN_TRANSFORMER;
                match.scale = pow(10, ten);
                match.ratio = ratios[i];
                match.value = value;
                keep(search, match);
            }
        }
    }
}

static void judge(struct search *search, double number, struct known_match match)
{
    if (!isfinite(number) || fabs(number) <= 0) {
        return;
    }
    if (scale_by_ten(search, number, &match)) {
        keep(search, match);
    } else if (fabs(number) >= RATIO_COUNTS_MIN) {
        scale_by_ratio(search, number, match);
    }
}

static double number_of(const struct raw_layout *layout, const uint16_t *words)
{
    int64_t count = 0;
    bool is_decimal = layout->type == REGISTER_BCD || layout->type == REGISTER_MOD10K;
    if (is_decimal && words[0] == 0) {
        return (double)NAN; /* says no more than the registers behind it */
    }
    if (layout->type == REGISTER_F32 || layout->type == REGISTER_F64) {
        return raw_float(layout, words);
    }
    return raw_count(layout, words, &count) == QUALITY_OK ? (double)count : (double)NAN;
}

static void try_shape(struct search *search, const struct shape *shape, uint16_t address,
                      const uint16_t *words)
{
    for (size_t i = 0; i < ARRAY_SIZE(orders); i++) {
        const char *name = shape->registers < 5 ? orders[i].name[shape->registers] : "";
        bool is_decimal = shape->type == REGISTER_BCD || shape->type == REGISTER_MOD10K;
        if (i > 0 && (is_decimal || name[0] == '\0')) {
            continue;
        }
        const struct raw_layout layout = {
            .type = shape->type,
            .word_order = orders[i].words,
            .byte_order = orders[i].bytes,
            .count = shape->registers,
        };
        const struct known_match match = {
            .address = address,
            .registers = shape->registers,
            .type = shape->word,
            .order = is_decimal ? "" : name,
        };
        double number = number_of(&layout, words);
        /* An integer with its sign bit set says something else than the same bits without. */
        if (!shape->is_negative || number < 0) {
            judge(search, number, match);
        }
    }
}

static bool all_known(const struct capture *capture, size_t at, size_t registers)
{
    for (size_t i = 0; i < registers; i++) {
        if (at + i >= capture->count || !capture->is_known[at + i]) {
            return false;
        }
    }
    return true;
}

size_t known_search(const struct capture *capture, double value, double tolerance,
                    struct known_match matches[static KNOWN_MATCHES_MAX])
{
    struct search search = {value, tolerance, matches, 0};
    for (size_t at = 0; at < capture->count; at++) {
        for (size_t i = 0; i < ARRAY_SIZE(shapes); i++) {
            if (all_known(capture, at, shapes[i].registers)) {
                try_shape(&search, &shapes[i], (uint16_t)(capture->first + at),
                          capture->words + at);
            }
        }
    }
    return search.count;
}
