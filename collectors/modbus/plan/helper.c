/* SPDX-License-Identifier: Apache-2.0 */
/* helper: registers that make sense of others, as numbers. */
#include "collectors/modbus/plan/helper.h"

#include <math.h>

#include "collectors/modbus/frame/raw.h"

enum { EXPONENT_MAX = 10 };

double helper_number(const struct profile_helper *helper, const uint16_t *registers)
{
    struct raw_layout layout = {
        .type = helper->type,
        .word_order = helper->word_order,
        .count = helper->registers,
    };
    if (helper->type == REGISTER_F32) {
        return raw_float(&layout, registers) * helper->scale;
    }
    int64_t count = 0;
    enum quality quality = raw_count(&layout, registers, &count);
    return quality == QUALITY_OK ? (double)count * helper->scale : (double)NAN;
}

double helper_power(double exponent)
{
    if (!(fabs(exponent) <= EXPONENT_MAX)) {
        return (double)NAN;
    }
    return exponent < 0 ? 1 / pow(10, -exponent) : pow(10, exponent);
}
