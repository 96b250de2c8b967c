/* SPDX-License-Identifier: Apache-2.0 */
/* histogram: 128 buckets for each doubling. */
#include "sim/server/histogram.h"

#include <math.h>
#include <stddef.h>

enum {
    SUB_BITS = 7,
    EXACT = 2 << SUB_BITS,
};

static size_t bucket_of(int64_t value)
{
    if (value < EXACT) {
        return (size_t)value;
    }
    int shift = 63 - __builtin_clzll((unsigned long long)value) - SUB_BITS;
    return ((size_t)shift << SUB_BITS) + (size_t)(value >> shift);
}

/* The middle of what the bucket holds. */
static int64_t value_of(size_t bucket)
{
    if (bucket < EXACT) {
        return (int64_t)bucket;
    }
    int shift = (int)(bucket >> SUB_BITS) - 1;
    int64_t lowest = (int64_t)(bucket - ((size_t)shift << SUB_BITS)) << shift;
    return lowest + ((int64_t)1 << shift >> 1);
}

void histogram_add(struct histogram *histogram, int64_t value)
{
    int64_t counted = value > 0 ? value : 0;
    histogram->buckets[bucket_of(counted)]++;
    histogram->count++;
    histogram->highest = counted > histogram->highest ? counted : histogram->highest;
}

int64_t histogram_at(const struct histogram *histogram, double share)
{
    uint64_t wanted = (uint64_t)ceil(share * (double)histogram->count);
    uint64_t seen = 0;
    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
        seen += histogram->buckets[i];
        if (seen >= wanted && seen > 0) {
            int64_t value = value_of(i);
            return value < histogram->highest ? value : histogram->highest;
        }
    }
    return histogram->highest;
}
