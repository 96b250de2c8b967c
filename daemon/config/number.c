/* SPDX-License-Identifier: Apache-2.0 */
/* number: rounds products of decimals back to the decimal. */
#include "config/number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"

enum { ROUND_DIGITS = 15 };

double number_round(double value)
{
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    if (value == 0 || !isfinite(value)) {
        return value;
    }
    int digits = ROUND_DIGITS - 1 - (int)floor(log10(fabs(value)));
    if (digits >= 0 && digits < (int)ARRAY_SIZE(powers)) {
        /* Both sides of the division are exact, so its result is the double nearest to the decimal. */
        return nearbyint(value * powers[digits]) / powers[digits];
    }
    char decimal[40];
    snprintf(decimal, sizeof(decimal), "%.*g", ROUND_DIGITS, value);
    return strtod(decimal, NULL);
}
