/* SPDX-License-Identifier: Apache-2.0 */
/* samples: devices and batches for the store's tests. Include it after <cmocka.h>. */
#ifndef LINGTAN_TESTS_STORE_SAMPLES_H
#define LINGTAN_TESTS_STORE_SAMPLES_H

#include "store/store_internal.h"

enum { SAMPLE_POINTS = 20 };

static const int64_t start_us = 1795420800LL * 1000000; /* 2026-11-23T08:00:00Z */
static const int64_t hour_us = 3600LL * 1000000;
static const int64_t day_us = 86400LL * 1000000;

/* What each test begins with; fixtures of cmocka. */
struct scene {
    char *folder;
    char *journal; /* its folder */
    struct fake_clock fake;
    const struct clock *clock;
    struct device *device;
    bool is_mounted; /* a disk of its own at folder */
};
int scene_set_up(void **state);
int scene_tear_down(void **state);

/* An electricity meter of 20 points, 16-bit measured values and 32-bit counters. One reference. */
struct device *sample_device(const char *id);

/* What such a meter says at that time: every value follows from the position, so that sample_check can tell. */
struct batch *sample_batch(const struct device *device, uint64_t position, uint64_t seq,
                           int64_t time_us);
void sample_check(const struct batch *batch);

/* A noisy meter: what real ones look like to a compressor. */
struct batch *noisy_batch(const struct device *device, uint64_t position, uint64_t seq,
                          int64_t time_us, uint64_t *random);

/* Anything the contract allows, and some that it does not. */
struct device *random_device(const char *id, uint64_t *random);
struct batch *random_batch(const struct device *device, uint64_t position, uint64_t *random);

/* Fails the test unless they are the same to the last bit, layout included. */
void assert_same_batch(const struct batch *one, const struct batch *other);

/* A store on folder with the limits of an idle machine; start: also its thread. */
struct store *open_store(const char *folder, const struct clock *clock, bool start);
struct store *open_store_with(const struct store_options *options, const struct clock *clock,
                              bool start);
struct store_options sample_options(const char *folder);

void append_samples(struct store *store, const struct device *device, uint64_t first, size_t count,
                    int64_t time_us);
void wait_durable(struct store *store, uint64_t position);
void wait_alarm(struct store *store, unsigned alarm);
void wait_no_alarm(struct store *store, unsigned alarm);

/* Reads all from a position; checks order and samples; returns how many and the first and last position. */
struct drained {
    size_t count;
    uint64_t first;
    uint64_t last;
    uint64_t highest_seq;
};
struct drained drain(struct store *store, uint64_t from);

/* The only file in folder whose name ends so; the caller frees. NULL when there is none. */
char *find_file(const char *folder, const char *ending);
size_t count_files(const char *folder, const char *part);

/* A journal of `days` days with `count` batches each, from position 1 up, closed in order; mqtt has the first 10. */
void write_days(struct scene *scene, size_t days, size_t count);

#endif
