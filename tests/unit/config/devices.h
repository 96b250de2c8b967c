/* SPDX-License-Identifier: Apache-2.0 */
/* devices: small profiles for the tests of sites. Include it after bench.h. */
#ifndef LINGTAN_TESTS_CONFIG_DEVICES_H
#define LINGTAN_TESTS_CONFIG_DEVICES_H

#include "bench.h"

/* "meter-a" (unit 1), "meter-b" (unit 0, one point of each kind of value). */
struct profiles *devices_load(struct bench *bench);

#endif
