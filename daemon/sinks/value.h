/* SPDX-License-Identifier: Apache-2.0 */
/* value: what of a reading may leave the house, the same for every sink. */
#ifndef LINGTAN_SINKS_VALUE_H
#define LINGTAN_SINKS_VALUE_H

#include <lingtan/reading.h>

/* The quality a sink shows. A number that cannot be written (NaN, infinite, a state beyond 64 bits) is implausible
 * whatever its maker said. */
enum quality value_quality(const struct point *point, const struct reading *reading);

/* A state as the integer it is. Only when value_quality is ok. */
int64_t value_state(const struct point *point, const struct reading *reading);

#endif
