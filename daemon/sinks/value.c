/* SPDX-License-Identifier: Apache-2.0 */
/* value: the last check before a number is printed. */
#include "sinks/value.h"

#include <math.h>

static const double state_max = 9.0e18; /* fits an int64 */

enum quality value_quality(const struct point *point, const struct reading *reading)
{
    if (reading->quality != QUALITY_OK || point->quantity->kind == QUANTITY_TEXT) {
        return reading->quality;
    }
    if (!isfinite(reading->value)) {
        return QUALITY_IMPLAUSIBLE;
    }
    if (point->quantity->kind == QUANTITY_STATE && fabs(reading->value) > state_max) {
        return QUALITY_IMPLAUSIBLE;
    }
    return QUALITY_OK;
}

int64_t value_state(const struct point *point, const struct reading *reading)
{
    bool is_exact = point->source == POINT_INTEGER && reading->resolution == 1.0;
    return is_exact && point->offset == 0.0 ? reading->count : llround(reading->value);
}
