/* SPDX-License-Identifier: Apache-2.0 */
/* text_number: numbers as programs read them back exactly. Called once per value and sink, so all that meters send stays
 * clear of printf. */
#include <assert.h>
#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

enum {
    DIGITS_MAX = 20, /* of a 64-bit number */
    COUNT_DECIMALS_MAX = 18,
    SHIFT_MAX = 6,                 /* places by which a float's point is moved */
    DECIMALS_MAX = 21 + SHIFT_MAX, /* of a float */
    MANTISSA_BITS = 52,
    EXPONENT_BIAS = 1023,
    EXPONENT_MASK = 0x7FF,
    /* Within 2^-16 .. 2^50 the exact search below fits 128 bits, and no exponent is wanted in the text. */
    EXPONENT_MIN = -16,
    EXPONENT_MAX = 49,
    SINGLE_SHIFT = DBL_MANT_DIG - FLT_MANT_DIG,
};

__extension__ typedef unsigned __int128 uint128_t;

static const uint64_t powers[DIGITS_MAX] = {
    1u,
    10u,
    100u,
    1000u,
    10000u,
    100000u,
    1000000u,
    10000000u,
    100000000u,
    1000000000u,
    10000000000u,
    100000000000u,
    1000000000000u,
    10000000000000u,
    100000000000000u,
    1000000000000000u,
    10000000000000000u,
    100000000000000000u,
    1000000000000000000u,
    10000000000000000000u,
};

static const char pairs[] = "00010203040506070809101112131415161718192021222324"
                            "25262728293031323334353637383940414243444546474849"
                            "50515253545556575859606162636465666768697071727374"
                            "75767778798081828384858687888990919293949596979899";

/* digits / 10^decimals, without a sign. Negative decimals are zeros before the point. */
struct decimal {
    uint64_t digits;
    int decimals;
};

/* All decimals of `decimals` places that read back as one float: low .. high. */
struct interval {
    uint64_t low;
    uint64_t high;
    uint64_t quarters; /* the float itself in quarters of a place; the last bit tells of any rest */
    int decimals;
};

/* Writes the digits so that they end at end; returns where they start. */
static char *digits_before(char *end, uint64_t value)
{
    while (value >= 100) {
        end -= 2;
        memcpy(end, pairs + 2 * (value % 100), 2);
        value /= 100;
    }
    if (value >= 10) {
        end -= 2;
        memcpy(end, pairs + 2 * value, 2);
    } else {
        *--end = (char)('0' + (int)value);
    }
    return end;
}

static uint64_t magnitude(int64_t value)
{
    return value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
}

static void add_decimal(struct text *text, bool is_negative, struct decimal decimal)
{
    char buffer[1 + 1 + DIGITS_MAX + DECIMALS_MAX + 1];
    char *end = buffer + sizeof(buffer);
    char *start = NULL;
    if (decimal.decimals > 0) {
        start = digits_before(end, decimal.digits);
        while (end - start <= decimal.decimals) {
            *--start = '0';
        }
        /* Makes room for the point in front of the decimals. */
        size_t whole = (size_t)(end - start - decimal.decimals);
        memmove(start - 1, start, whole);
        start--;
        start[whole] = '.';
    } else {
        start = digits_before(end, decimal.digits * powers[-decimal.decimals]);
    }
    if (is_negative) {
        *--start = '-';
    }
    text_add(text, start, (size_t)(end - start));
}

/* 10^exponent, up to 10^21 < 2^70. */
static uint128_t power_of_ten(int exponent)
{
    return exponent < DIGITS_MAX
               ? powers[exponent]
               : (uint128_t)powers[DIGITS_MAX - 1] * powers[exponent - DIGITS_MAX + 1];
}

/* Exact, in quarters of the distance to the next float: mantissa * 2^-shift lies in the middle between its neighbours,
 * but just above a power of two the lower one is half as far. With 17 places or more at least one decimal lies within.
 * The ends themselves read back as the float with the even mantissa. */
static struct interval find_interval(uint64_t mantissa, int exponent, bool is_single)
{
    const int shift = MANTISSA_BITS - exponent + 2;
    const int unit_shift = is_single ? SINGLE_SHIFT : 0;
    const bool is_lowest = (mantissa & (mantissa - 1)) == 0;
    const uint64_t up = UINT64_C(2) << unit_shift;
    const uint64_t down = is_lowest ? up / 2 : up;
    /* A little less than the decimal logarithm, so that the float has 17 places, or 18. */
    const int decimals = 16 - ((exponent * 1233) >> 12);
    const uint128_t scale = power_of_ten(decimals);
    const uint128_t below_one = ((uint128_t)1 << shift) - 1;
    const uint128_t middle = 4 * mantissa * scale;
    const uint128_t high = (4 * mantissa + up) * scale;
    const uint128_t low = (4 * mantissa - down) * scale;
    const bool is_odd = (mantissa >> unit_shift) & 1;
    return (struct interval){
        .low = (uint64_t)((low + below_one) >> shift) + (is_odd && (low & below_one) == 0),
        .high = (uint64_t)(high >> shift) - (is_odd && (high & below_one) == 0),
        .quarters = (uint64_t)(middle >> (shift - 2)) | ((middle & (below_one >> 2)) != 0),
        .decimals = decimals,
    };
}

/* Drops the last places, as many as `step` has zeros, as long as a decimal remains within. */
static int drop_places(struct interval *interval, uint64_t step, int places)
{
    int dropped = 0;
    for (;;) {
        uint64_t high = interval->high / step;
        uint64_t low = (interval->low + (step - 1)) / step;
        if (low > high) {
            return dropped;
        }
        interval->high = high;
        interval->low = low;
        dropped += places;
    }
}

/* The decimal of the fewest digits within, of several the nearest to the float; of two as near the even one, as printf
 * has it. */
static struct decimal find_shortest(struct interval interval)
{
    int dropped = drop_places(&interval, 100000000, 8);
    dropped += drop_places(&interval, 1000, 3);
    dropped += drop_places(&interval, 10, 1);
    uint64_t digits = interval.low;
    if (interval.low < interval.high) {
        const uint64_t step = 4 * powers[dropped];
        digits = interval.quarters / step;
        const uint64_t rest = interval.quarters % step;
        digits += rest > step / 2 || (rest == step / 2 && digits % 2 == 1);
        digits = digits < interval.low ? interval.low : digits;
        digits = digits > interval.high ? interval.high : digits;
    }
    return (struct decimal){.digits = digits, .decimals = interval.decimals - dropped};
}

/* Any value of 15 (6) digits survives the way to a normal double (float) and back; the smallest numbers have less. */
static int fewest_digits(double value, bool is_single)
{
    if (fabs(value) < (is_single ? (double)FLT_MIN : DBL_MIN)) {
        return 1;
    }
    return is_single ? FLT_DIG : DBL_DIG;
}

/* "1.5e-07" with the point moved: "1.5e-10". */
static void add_moved(struct text *text, const char *number, int decimals)
{
    const char *exponent = strchr(number, 'e');
    const size_t length = exponent != NULL ? (size_t)(exponent - number) : strlen(number);
    const long power = exponent != NULL ? strtol(exponent + 1, NULL, 10) : 0;
    text_add(text, number, length);
    text_add_format(text, "e%ld", power - decimals);
}

static void add_float_slowly(struct text *text, double value, bool is_single, int decimals)
{
    char buffer[40];
    const int most = is_single ? FLT_DECIMAL_DIG : DBL_DECIMAL_DIG;
    for (int digits = fewest_digits(value, is_single); digits <= most; digits++) {
        snprintf(buffer, sizeof(buffer), "%.*g", digits, value);
        double back = is_single ? (double)strtof(buffer, NULL) : strtod(buffer, NULL);
        if (back == value) {
            break;
        }
    }
    if (decimals == 0) {
        text_add_string(text, buffer);
    } else {
        add_moved(text, buffer, decimals);
    }
}

void text_add_int(struct text *text, int64_t value)
{
    add_decimal(text, value < 0, (struct decimal){.digits = magnitude(value)});
}

void text_add_decimal(struct text *text, int64_t count, int decimals)
{
    assert(decimals >= 0 && decimals <= COUNT_DECIMALS_MAX);
    uint64_t digits = magnitude(count);
    while (decimals > 0 && digits % 10 == 0) {
        digits /= 10;
        decimals--;
    }
    add_decimal(text, count < 0, (struct decimal){.digits = digits, .decimals = decimals});
}

static void add_float(struct text *text, double exact, bool is_single, int decimals)
{
    uint64_t bits = 0;
    memcpy(&bits, &exact, sizeof(bits));
    const int exponent = (int)(bits >> MANTISSA_BITS & EXPONENT_MASK) - EXPONENT_BIAS;
    if (exponent >= EXPONENT_MIN && exponent <= EXPONENT_MAX) {
        const uint64_t one = UINT64_C(1) << MANTISSA_BITS;
        struct interval interval = find_interval((bits & (one - 1)) | one, exponent, is_single);
        struct decimal decimal = find_shortest(interval);
        decimal.decimals += decimals;
        add_decimal(text, exact < 0, decimal);
    } else if (exact == 0) {
        text_add_string(text, signbit(exact) ? "-0" : "0");
    } else {
        add_float_slowly(text, exact, is_single, decimals);
    }
}

void text_add_float(struct text *text, double value, int single)
{
    const bool is_single = single != 0;
    add_float(text, is_single ? (double)(float)value : value, is_single, 0);
}

void text_add_single(struct text *text, float value, int decimals)
{
    assert(decimals >= 0 && decimals <= SHIFT_MAX);
    add_float(text, (double)value, true, decimals);
}
