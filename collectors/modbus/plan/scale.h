/* SPDX-License-Identifier: Apache-2.0 */
/* scale: from a float register to the point's unit, keeping the number that the device means. Pure. */
#ifndef LINGTAN_MODBUS_SCALE_H
#define LINGTAN_MODBUS_SCALE_H

#include <stdbool.h>

struct float_scale {
    double scale;
    double divisor; /* plan_divisor of the scale */
    double offset;  /* added after the scale */
};

/* raw * scale + offset, raw being finite. A float that means 5.1 is 5.0999999: times 40 its value is 204 and not
 * 203.99999618530273. Of the decimals nearby it is the one of the fewest digits from which the register's own bits are
 * worked back; of doubles those of more than 15 digits are left alone. */
double scale_float(const struct float_scale *scale, double raw, bool is_single);

#endif
