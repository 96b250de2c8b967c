/* SPDX-License-Identifier: Apache-2.0 */
/* text_number: numbers as programs read them back exactly. Called once per value and sink, so the usual cases - counts
 * and floats with few decimals - stay clear of printf. */
#include <assert.h>
#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"

enum {
    DIGITS_MAX = 20, /* of a 64-bit number */
    DECIMALS_MAX = 18,
    FLOAT_DECIMALS_MAX = 9, /* a 24-bit mantissa times 10^9 is still exact in a double */
    DOUBLE_DECIMALS_MAX = 15,
};

static const double powers[DOUBLE_DECIMALS_MAX + 1] = {
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
};

/* Writes the digits so that they end at end; returns where they start. */
static char *digits_before(char *end, uint64_t value)
{
    do {
        *--end = (char)('0' + (int)(value % 10));
        value /= 10;
    } while (value != 0);
    return end;
}

static uint64_t magnitude(int64_t value)
{
    return value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
}

/* The fewest decimals whose rounding reads back as value. Works where the scaled value is a count of at most 15 digits:
 * then count / 10^decimals is the correctly rounded double of that decimal, as strtod would give. Rounding that on to
 * single gives what strtof would: the decimals tried come no nearer to the middle of two singles than 2^-46 of
 * themselves, unless they are it, so the first rounding (2^-53) does not take them across. */
static bool find_decimal(double value, bool is_single, int64_t *count, int *decimals)
{
    static const double limits[2] = {1e15, 1e7};
    const int most = is_single ? FLOAT_DECIMALS_MAX : DOUBLE_DECIMALS_MAX;
    if (!(fabs(value) < limits[is_single]) || fabs(value) < 1e-5) {
        return false;
    }
    for (int i = 0; i <= most; i++) {
        double scaled = rint(value * powers[i]);
        double back = scaled / powers[i];
        if (fabs(scaled) >= 1e15) {
            return false;
        }
        if ((is_single ? (double)(float)back : back) == value) {
            *count = (int64_t)scaled;
            *decimals = i;
            return true;
        }
    }
    return false;
}

/* Any value of 15 (6) digits survives the way to a normal double (float) and back; the smallest numbers have less. */
static int fewest_digits(double value, bool is_single)
{
    if (fabs(value) < (is_single ? (double)FLT_MIN : DBL_MIN)) {
        return 1;
    }
    return is_single ? FLT_DIG : DBL_DIG;
}

static void add_float_slowly(struct text *text, double value, bool is_single)
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
    text_add_string(text, buffer);
}

void text_add_int(struct text *text, int64_t value)
{
    char buffer[DIGITS_MAX + 1];
    char *end = buffer + sizeof(buffer);
    char *start = digits_before(end, magnitude(value));
    if (value < 0) {
        *--start = '-';
    }
    text_add(text, start, (size_t)(end - start));
}

void text_add_decimal(struct text *text, int64_t count, int decimals)
{
    char buffer[DIGITS_MAX + DECIMALS_MAX + 3];
    char *end = buffer + sizeof(buffer);
    uint64_t value = magnitude(count);
    assert(decimals >= 0 && decimals <= DECIMALS_MAX);
    while (decimals > 0 && value % 10 == 0) {
        value /= 10;
        decimals--;
    }
    char *start = digits_before(end, value);
    while (end - start <= decimals) {
        *--start = '0';
    }
    if (count < 0) {
        text_add_char(text, '-');
    }
    text_add(text, start, (size_t)(end - start - decimals));
    if (decimals > 0) {
        text_add_char(text, '.');
        text_add(text, end - decimals, (size_t)decimals);
    }
}

void text_add_float(struct text *text, double value, int single)
{
    const bool is_single = single != 0;
    double exact = is_single ? (double)(float)value : value;
    int64_t count = 0;
    int decimals = 0;
    if (exact == 0) {
        text_add_string(text, signbit(exact) ? "-0" : "0");
    } else if (find_decimal(exact, is_single, &count, &decimals)) {
        text_add_decimal(text, count, decimals);
    } else {
        add_float_slowly(text, exact, is_single);
    }
}
