/* SPDX-License-Identifier: Apache-2.0 */
/* histogram: counts of whole numbers from 0, exact below 256 and to 0.8 % above. Plain memory, all-zero is empty. */
#ifndef LINGTAN_SIM_HISTOGRAM_H
#define LINGTAN_SIM_HISTOGRAM_H

#include <stdint.h>

enum { HISTOGRAM_BUCKETS = 7424 };

struct histogram {
    uint64_t count;
    int64_t highest;
    uint32_t buckets[HISTOGRAM_BUCKETS];
};

void histogram_add(struct histogram *histogram, int64_t value); /* below 0 counts as 0 */

/* The value that the share (0..1) of all does not exceed; 0 when there is none. */
int64_t histogram_at(const struct histogram *histogram, double share);

#endif
