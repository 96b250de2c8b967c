/* SPDX-License-Identifier: Apache-2.0 */
/* reading: words of quality, and values that keep the decimals of the device: a register of 2301 tenths is 230.1, not
 * 230.10000000000002. */
#include <lingtan/reading.h>

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

enum { DECIMALS_MAX = 12 };

static const double steps_max =
    1e9; /* of a resolution; beyond it is no decimal that anyone wrote */
static const double state_max = 9.0e18; /* fits an int64 */

static const double powers[DECIMALS_MAX + 1] = {
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12,
};

static const char *const quality_words[] = {
    [QUALITY_OK] = "ok",
    [QUALITY_TIMEOUT] = "timeout",
    [QUALITY_EXCEPTION] = "exception",
    [QUALITY_BAD_REPLY] = "bad_reply",
    [QUALITY_NOT_IMPLEMENTED] = "not_implemented",
    [QUALITY_IMPLAUSIBLE] = "implausible",
    [QUALITY_STALE] = "stale",
    [QUALITY_LATE] = "late",
    [QUALITY_ESTIMATED] = "estimated",
};

/* A number that is an integer count of 10^-decimals. */
struct decimal {
    int64_t count;
    int decimals;
};

/* Is value * scale an integer, but for the rounding of a product or two? */
static bool is_whole(double value, double scale, int64_t *whole)
{
    double scaled = value * scale;
    if (!(fabs(scaled) <= steps_max)) {
        return false;
    }
    int64_t nearest = (int64_t)(scaled + copysign(0.5, scaled));
    if (fabs(scaled - (double)nearest) > fabs(scaled) * 1e-12) {
        return false;
    }
    *whole = nearest;
    return true;
}

/* By far the most resolutions are one of these to the bit. */
static int find_unit(double resolution)
{
    static const double units[SINGLE_DECIMALS_MAX + 1] = {1e0, 1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6};
    for (int i = 0; i <= SINGLE_DECIMALS_MAX; i++) {
        if (resolution == units[i]) {
            return i;
        }
    }
    return -1;
}

/* count * resolution + offset as a decimal, with as few decimals as resolution and offset have. */
static bool find_decimal(int64_t count, double resolution, double offset, struct decimal *out)
{
    const int unit = offset == 0 ? find_unit(resolution) : -1;
    if (unit >= 0) {
        *out = (struct decimal){.count = count, .decimals = unit};
        return true;
    }
    int64_t step = 0;
    int64_t shift = 0;
    for (int i = 0; i <= DECIMALS_MAX; i++) {
        if (!is_whole(resolution, powers[i], &step) || !is_whole(offset, powers[i], &shift)) {
            continue;
        }
        int64_t total = 0;
        if (step == 0 || __builtin_mul_overflow(count, step, &total) ||
            __builtin_add_overflow(total, shift, &total)) {
            return false;
        }
        *out = (struct decimal){.count = total, .decimals = i};
        return true;
    }
    return false;
}

/* Both are exact below 2^53, so the quotient is the double nearest to the decimal. */
static double decimal_value(const struct decimal *decimal)
{
    return (double)decimal->count / powers[decimal->decimals];
}

const char *quality_word(enum quality quality)
{
    return (unsigned)quality < QUALITY_COUNT ? quality_words[quality] : "unknown";
}

int quality_parse(const char *word, enum quality *out)
{
    for (size_t i = 0; i < ARRAY_SIZE(quality_words); i++) {
        if (strcmp(word, quality_words[i]) == 0) {
            *out = (enum quality)i;
            return 0;
        }
    }
    return -EINVAL;
}

enum quality reading_quality(const struct point *point, const struct reading *reading)
{
    if (reading->quality != QUALITY_OK || point->quantity->kind == QUANTITY_TEXT) {
        return (enum quality)reading->quality;
    }
    if (!isfinite(reading->value)) {
        return QUALITY_IMPLAUSIBLE;
    }
    if (point->quantity->kind == QUANTITY_STATE && fabs(reading->value) > state_max) {
        return QUALITY_IMPLAUSIBLE;
    }
    return QUALITY_OK;
}

static bool has_value(enum quality quality)
{
    return quality == QUALITY_OK || quality == QUALITY_IMPLAUSIBLE || quality == QUALITY_ESTIMATED;
}

enum quality quality_now(enum quality quality, int64_t age_us, int64_t period_ms)
{
    /* 2.5 periods, in microseconds */
    bool is_old = period_ms > 0 && age_us > period_ms * 2500;
    return is_old && has_value(quality) ? QUALITY_STALE : quality;
}

enum quality reading_quality_now(const struct point *point, const struct reading *reading,
                                 int64_t age_us)
{
    if (reading->time_us == 0) {
        return QUALITY_STALE;
    }
    return quality_now(reading_quality(point, reading), age_us, point->period_ms);
}

int64_t reading_state(const struct point *point, const struct reading *reading)
{
    bool is_exact = point->source == POINT_INTEGER && reading->resolution == 1.0;
    return is_exact && point->offset == 0.0 ? reading->count : llround(reading->value);
}

double reading_value_of_count(int64_t count, double resolution, double offset)
{
    struct decimal decimal;
    if (find_decimal(count, resolution, offset, &decimal)) {
        return decimal_value(&decimal);
    }
    return (double)count * resolution + offset;
}

int resolution_decimals(double resolution)
{
    int64_t step = 0;
    for (int i = 0; i <= DECIMALS_MAX; i++) {
        if (is_whole(resolution, powers[i], &step)) {
            return step == 1 ? i : -1;
        }
    }
    return -1;
}

/* A single-precision number / 10^decimals. */
struct single {
    float value;
    int decimals;
};

static bool is_single(double value, int decimals, struct single *out)
{
    *out = (struct single){.value = (float)(value * powers[decimals]), .decimals = decimals};
    return (double)out->value / powers[decimals] == value;
}

static uint32_t mantissa_of(float value)
{
    uint32_t bits = 0;
    memcpy(&bits, &value, sizeof(bits));
    return bits & 0x7FFFFF;
}

/* A counter's resolution does not tell its scale. Where several fit, the one with the largest mantissa has the nearest
 * neighbours: digits that tell it from them do so for all. */
static bool guess_single(double value, struct single *out)
{
    bool is_found = false;
    for (int i = 0; i <= SINGLE_DECIMALS_MAX; i++) {
        struct single candidate;
        if (is_single(value, i, &candidate) &&
            (!is_found || mantissa_of(candidate.value) > mantissa_of(out->value))) {
            *out = candidate;
            is_found = true;
        }
    }
    return is_found;
}

/* The register behind a value of source POINT_FLOAT32. */
static bool find_single(const struct point *point, double value, struct single *out)
{
    const int decimals = find_unit(point->resolution);
    if (point->quantity->kind == QUANTITY_COUNTER || decimals < 0) {
        return guess_single(value, out);
    }
    return is_single(value, decimals, out);
}

static void add_float(struct text *text, const struct point *point, double value)
{
    struct single single = {0};
    if (point->source == POINT_FLOAT32 && find_single(point, value, &single)) {
        text_add_single(text, single.value, single.decimals);
    } else {
        text_add_float(text, value, 0);
    }
}

void reading_add_value(struct text *text, const struct point *point, const struct reading *reading)
{
    struct decimal decimal;
    const double value = reading->value;
    /* A counter that came as a float has a count too, but its value is the float: then the two differ. */
    if (reading->resolution != 0 &&
        find_decimal(reading->count, reading->resolution, point->offset, &decimal) &&
        decimal_value(&decimal) == value) {
        text_add_decimal(text, decimal.count, decimal.decimals);
    } else if (point->quantity->kind == QUANTITY_STATE) {
        text_add_int(text, llrint(value));
    } else {
        add_float(text, point, value);
    }
}
