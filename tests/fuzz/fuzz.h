/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz: what the fuzz targets share. A target is one file with LLVMFuzzerTestOneInput; libFuzzer or replay.c calls it
 * with bytes that may be anything. One thread. */
#ifndef LINGTAN_TESTS_FUZZ_H
#define LINGTAN_TESTS_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "site/site.h"
#include <lingtan/reading.h>

/* 0 always: libFuzzer wants that. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the process when a promise of the code under test does not hold; says which. */
void fuzz_require(bool holds, const char *promise);

/* The input, eaten from the front; zeros behind its end. */
struct food {
    const uint8_t *at;
    size_t left;
};

uint8_t food_u8(struct food *food);
uint16_t food_u16(struct food *food); /* high byte first */
uint64_t food_u64(struct food *food);

/* Puts the bytes into the one file of this process that only lives in memory, and returns its path. */
const char *file_put(const void *bytes, size_t size);

FILE *null_file(void); /* takes what nobody reads; never closed */

/* What config_print writes of a struct without faults must load without faults and print the same again. */
void check_print(const struct option_table *table, const void *value);

/* Plans the device of a profile without faults, decodes zeros and ones as its answers. */
void use_profile(const struct profile *profile, const struct device_config *config,
                 const struct device *device);

/* The project's own profiles, loaded once. */
const struct profiles *real_profiles(void);

/* The device of a profile as a site would have it; one reference. */
struct device *make_device(const struct profile *profile, const struct device_config *config);

/* Judges a batch from decode_batch by the promises of reading.h and decode.h. */
void check_batch(const struct batch *batch);

#endif
