/* SPDX-License-Identifier: Apache-2.0 */
/* noise: chance without state. Every draw is a pure function of the seed and a key (mostly a time), so that the model
 * gives the same answer whenever and however often it is asked. Any thread. */
#ifndef LINGTAN_SIM_NOISE_H
#define LINGTAN_SIM_NOISE_H

#include <stdint.h>

/* A well mixed number of two. */
uint64_t noise_hash(uint64_t seed, uint64_t key);

/* Evenly spread over [0, 1). */
double noise_unit(uint64_t seed, uint64_t key);

/* A smooth curve through even draws, one every period_s; in [0, 1), mean 0.5. */
double noise_wave(uint64_t seed, int64_t time_s, int64_t period_s);

/* A seed for the part called name. */
uint64_t noise_seed(uint64_t seed, const char *name);

#endif
