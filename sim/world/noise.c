/* SPDX-License-Identifier: Apache-2.0 */
/* noise: chance as a pure function of seed and key, by the finaliser of SplitMix64 (Steele, Lea, Flood 2014). */
#include "sim/world/noise.h"

static uint64_t mix(uint64_t x)
{
    x += 0x9E3779B97F4A7C15U;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9U;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBU;
    return x ^ (x >> 31);
}

uint64_t noise_hash(uint64_t seed, uint64_t key)
{
    return mix(seed ^ mix(key));
}

double noise_unit(uint64_t seed, uint64_t key)
{
    return (double)(noise_hash(seed, key) >> 11) * 0x1p-53;
}

double noise_wave(uint64_t seed, int64_t time_s, int64_t period_s)
{
    int64_t place = time_s / period_s;
    double along = (double)(time_s - place * period_s) / (double)period_s;
    double ease = along * along * (3.0 - 2.0 * along);
    double from = noise_unit(seed, (uint64_t)place);
    double to = noise_unit(seed, (uint64_t)place + 1);
    return from + (to - from) * ease;
}

uint64_t noise_seed(uint64_t seed, const char *name)
{
    uint64_t sum = seed;
    for (const char *at = name; *at != '\0'; at++) {
        sum = noise_hash(sum, (unsigned char)*at);
    }
    return sum;
}
