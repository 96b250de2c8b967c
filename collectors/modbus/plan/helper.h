/* SPDX-License-Identifier: Apache-2.0 */
/* helper: registers that make sense of others, as numbers. Pure. */
#ifndef LINGTAN_MODBUS_HELPER_H
#define LINGTAN_MODBUS_HELPER_H

#include <stdint.h>

#include <lingtan/profile.h>

/* Its value; NaN when the registers hold none. */
double helper_number(const struct profile_helper *helper, const uint16_t *registers);

/* 10 to the power of an exponent register; NaN beyond 10, as SunSpec's 0x8000 is, which voids the points. */
double helper_power(double exponent);

#endif
