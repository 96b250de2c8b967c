/* SPDX-License-Identifier: Apache-2.0 */
/* number: rounds products of decimals back to the decimal. */
#include "config/number.h"

#include <stdio.h>
#include <stdlib.h>

double number_round(double value)
{
    char decimal[40];
    (void)snprintf(decimal, sizeof(decimal), "%.15g", value);
    return strtod(decimal, NULL);
}
