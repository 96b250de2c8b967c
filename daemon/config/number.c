/* SPDX-License-Identifier: Apache-2.0 */
/* number: rounds products of decimals back to the decimal. */
#include "config/number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

double number_round(double value)
{
    /* Most factors are whole numbers, and a fleet has some hundred thousand of them. */
    if (fabs(value) < 1e15 && value == trunc(value)) {
        return value;
    }
    char decimal[40];
    (void)snprintf(decimal, sizeof(decimal), "%.15g", value);
    return strtod(decimal, NULL);
}
