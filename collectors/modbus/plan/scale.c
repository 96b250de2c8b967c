/* SPDX-License-Identifier: Apache-2.0 */
/* scale: floats to decimals. What is worked back is worked back in long double, so that no rounding of ours decides. */
#include "collectors/modbus/plan/scale.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "base/mem.h"

enum {
    /* A decimal of up to 6 (15) digits always survives the way to a float (double) and back: if one of those is meant,
     * it is found with all of them. */
    SINGLE_DIGITS_MIN = FLT_DIG,
    SINGLE_DIGITS_MAX = FLT_DECIMAL_DIG,
    DOUBLE_DIGITS = DBL_DIG,
};

/* All exact. */
static const long double powers[] = {
    1e0L,  1e1L,  1e2L,  1e3L,  1e4L,  1e5L,  1e6L,  1e7L,  1e8L,  1e9L,  1e10L, 1e11L,
    1e12L, 1e13L, 1e14L, 1e15L, 1e16L, 1e17L, 1e18L, 1e19L, 1e20L, 1e21L, 1e22L,
};

/* count / 10^places, both of which a double holds. */
struct decimal {
    double count;
    int places;
};

/* The decimal of so many digits nearest to value; value itself where there is none. */
static struct decimal decimal_of(double value, int digits)
{
    if (value == 0 || !isfinite(value)) {
        return (struct decimal){.count = value};
    }
    const int places = digits - 1 - (int)floor(log10(fabs(value)));
    if (abs(places) >= (int)ARRAY_SIZE(powers)) {
        return (struct decimal){.count = value};
    }
    const long double count = places >= 0 ? value * powers[places] : value / powers[-places];
    return (struct decimal){.count = (double)rintl(count), .places = places};
}

static long double exact(struct decimal decimal)
{
    return decimal.places >= 0 ? decimal.count / powers[decimal.places]
                               : decimal.count * powers[-decimal.places];
}

/* The nearest double: rounded once, and not by way of a long double. */
static double nearest(struct decimal decimal)
{
    return decimal.places >= 0 ? decimal.count / (double)powers[decimal.places]
                               : decimal.count * (double)powers[-decimal.places];
}

static bool reads_back(const struct float_scale *scale, double raw, bool is_single,
                       struct decimal decimal)
{
    const long double scaled = exact(decimal) - exact(decimal_of(scale->offset, DOUBLE_DIGITS));
    const long double back = scale->divisor > 0
                                 ? scaled * scale->divisor
                                 : scaled / exact(decimal_of(scale->scale, DOUBLE_DIGITS));
    return is_single ? (float)back == (float)raw : (double)back == raw;
}

/* An offset may put digits in front of those of the float, or take them away. */
static double shorten(const struct float_scale *scale, double raw, bool is_single, double value)
{
    const bool is_shifted = scale->offset != 0;
    const int least = is_single ? (is_shifted ? 1 : SINGLE_DIGITS_MIN) : DOUBLE_DIGITS;
    const int most = is_single && !is_shifted ? SINGLE_DIGITS_MAX : DOUBLE_DIGITS;
    for (int digits = least; digits <= most; digits++) {
        const struct decimal decimal = decimal_of(value, digits);
        if (reads_back(scale, raw, is_single, decimal)) {
            return nearest(decimal);
        }
    }
    return value;
}

double scale_float(const struct float_scale *scale, double raw, bool is_single)
{
    if (scale->scale == 1 && scale->offset == 0) {
        return raw;
    }
    const double scaled = scale->divisor > 0 ? raw / scale->divisor : raw * scale->scale;
    return shorten(scale, raw, is_single, scaled + scale->offset);
}
