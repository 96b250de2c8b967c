/* SPDX-License-Identifier: Apache-2.0 */
/* line_stats: counts, and log-bucket histograms in slices of twenty seconds. */
#include "collectors/modbus/line/line_stats.h"

#include <stdio.h>
#include <string.h>

enum {
    OCTAVE_FIRST = 4, /* the first bucket ends at 2^4 us */
    PER_OCTAVE = 4,
};

static unsigned bucket_of(int64_t value_us)
{
    if (value_us < 1 << OCTAVE_FIRST) {
        return 0;
    }
    unsigned octave = 63U - (unsigned)__builtin_clzll((unsigned long long)value_us);
    unsigned quarter = (unsigned)(value_us >> (octave - 2)) & 3U;
    unsigned bucket = (octave - OCTAVE_FIRST) * PER_OCTAVE + quarter + 1;
    return bucket < STATS_BUCKETS ? bucket : STATS_BUCKETS - 1;
}

/* The middle of a bucket: within an eighth of every value in it. */
static int64_t bucket_value(unsigned bucket)
{
    if (bucket == 0) {
        return 1 << (OCTAVE_FIRST - 1);
    }
    unsigned octave = (bucket - 1) / PER_OCTAVE + OCTAVE_FIRST;
    unsigned quarter = (bucket - 1) % PER_OCTAVE;
    return ((int64_t)(2 * (PER_OCTAVE + quarter) + 1) << octave) / (2 * PER_OCTAVE);
}

static void count_value(struct histogram *histogram, unsigned slice, int64_t value_us)
{
    uint16_t *cell = &histogram->slices[slice][bucket_of(value_us)];
    if (*cell < UINT16_MAX) {
        (*cell)++;
    }
}

/* The value below which a share of per_mille lies, 0 when there is none. */
static int64_t percentile(const struct histogram *histogram, unsigned per_mille)
{
    uint32_t sums[STATS_BUCKETS] = {0};
    uint64_t total = 0;
    for (unsigned slice = 0; slice < STATS_SLICES; slice++) {
        for (unsigned i = 0; i < STATS_BUCKETS; i++) {
            sums[i] += histogram->slices[slice][i];
            total += histogram->slices[slice][i];
        }
    }
    uint64_t rank = (total * per_mille + 999) / 1000;
    uint64_t below = 0;
    for (unsigned i = 0; i < STATS_BUCKETS && total > 0; i++) {
        below += sums[i];
        if (below >= rank) {
            return bucket_value(i);
        }
    }
    return 0;
}

static void empty_slice(struct line_stats *stats, unsigned slice)
{
    memset(stats->round_trips.slices[slice], 0, sizeof(stats->round_trips.slices[slice]));
    memset(stats->jitter.slices[slice], 0, sizeof(stats->jitter.slices[slice]));
    stats->busy_us[slice] = 0;
}

/* Moves on to the slice of now; a line that was asleep for long has nothing left of the last minute. */
static void turn_slices(struct line_stats *stats, int64_t now_us)
{
    for (unsigned i = 0; i < STATS_SLICES && stats->slice_end_us <= now_us; i++) {
        stats->slice = (stats->slice + 1) % STATS_SLICES;
        empty_slice(stats, stats->slice);
        stats->slice_end_us += STATS_SLICE_US;
        if (stats->full_slices < STATS_SLICES - 1) {
            stats->full_slices++;
        }
    }
    if (stats->slice_end_us <= now_us) {
        stats->slice_end_us = now_us + STATS_SLICE_US;
    }
}

static double load_now(const struct line_stats *stats, int64_t now_us)
{
    int64_t seen_us =
        (int64_t)(stats->full_slices + 1) * STATS_SLICE_US - (stats->slice_end_us - now_us);
    int64_t busy_us = 0;
    for (unsigned i = 0; i < STATS_SLICES; i++) {
        busy_us += stats->busy_us[i];
    }
    if (seen_us <= 0 || busy_us >= seen_us) {
        return busy_us > 0 ? 1.0 : 0.0;
    }
    return (double)busy_us / (double)seen_us;
}

void line_stats_init(struct line_stats *stats, int64_t now_us)
{
    *stats = (struct line_stats){.slice_end_us = now_us + STATS_SLICE_US};
    pthread_mutex_init(&stats->mutex, NULL);
}

void line_stats_finish(struct line_stats *stats)
{
    pthread_mutex_destroy(&stats->mutex);
}

static void add_error(struct error_counts *errors, size_t offset, uint64_t count)
{
    uint64_t *counter = (uint64_t *)(void *)((char *)errors + offset);
    *counter += count;
}

void line_stats_error(struct line_stats *stats, struct device_tally *tally, size_t offset,
                      uint64_t count)
{
    pthread_mutex_lock(&stats->mutex);
    add_error(&stats->errors, offset, count);
    if (tally != NULL) {
        add_error(&tally->errors, offset, count);
    }
    pthread_mutex_unlock(&stats->mutex);
}

void line_stats_busy(struct line_stats *stats, int64_t now_us, int64_t busy_us)
{
    pthread_mutex_lock(&stats->mutex);
    turn_slices(stats, now_us);
    stats->requests++;
    stats->busy_us[stats->slice] += busy_us;
    pthread_mutex_unlock(&stats->mutex);
}

void line_stats_reply(struct line_stats *stats, struct device_tally *tally, int64_t now_us,
                      int64_t wall_us, int64_t round_trip_us)
{
    pthread_mutex_lock(&stats->mutex);
    turn_slices(stats, now_us);
    stats->replies++;
    if (wall_us != 0) {
        stats->last_good_wall_us = wall_us;
        stats->last_good_us = now_us;
    }
    count_value(&stats->round_trips, stats->slice, round_trip_us);
    if (tally != NULL) {
        tally->last_good_wall_us = wall_us;
        tally->last_good_us = now_us;
        tally->round_trip_us = round_trip_us;
    }
    pthread_mutex_unlock(&stats->mutex);
}

void line_stats_poll(struct line_stats *stats, struct device_tally *tally, int64_t now_us,
                     int64_t late_us)
{
    pthread_mutex_lock(&stats->mutex);
    turn_slices(stats, now_us);
    count_value(&stats->jitter, stats->slice, late_us);
    tally->polls++;
    pthread_mutex_unlock(&stats->mutex);
}

void line_stats_state(struct line_stats *stats, enum line_state state, const char *error)
{
    pthread_mutex_lock(&stats->mutex);
    stats->state = state;
    snprintf(stats->last_error, sizeof(stats->last_error), "%s", error);
    pthread_mutex_unlock(&stats->mutex);
}

static void copy_counts(struct line_stats *stats, const struct line_stats *from)
{
    stats->last_good_wall_us = from->last_good_wall_us;
    stats->last_good_us = from->last_good_us;
    stats->requests = from->requests;
    stats->replies = from->replies;
    stats->errors = from->errors;
    stats->round_trips = from->round_trips;
    stats->jitter = from->jitter;
    memcpy(stats->busy_us, from->busy_us, sizeof(stats->busy_us));
    stats->slice_end_us = from->slice_end_us;
    stats->slice = from->slice;
    stats->full_slices = from->full_slices;
}

void line_stats_inherit(struct line_stats *stats, struct line_stats *from, bool is_state)
{
    pthread_mutex_lock(&from->mutex);
    pthread_mutex_lock(&stats->mutex);
    copy_counts(stats, from);
    if (is_state) {
        stats->state = from->state;
        memcpy(stats->last_error, from->last_error, sizeof(stats->last_error));
    }
    pthread_mutex_unlock(&stats->mutex);
    pthread_mutex_unlock(&from->mutex);
}

void line_stats_device(struct line_stats *stats, struct device_tally *tally,
                       const struct device *device)
{
    pthread_mutex_lock(&stats->mutex);
    tally->device = device;
    pthread_mutex_unlock(&stats->mutex);
}

void line_stats_health(struct line_stats *stats, struct device_tally *tally,
                       const struct tally_health *health)
{
    pthread_mutex_lock(&stats->mutex);
    tally->health = *health;
    pthread_mutex_unlock(&stats->mutex);
}

void line_stats_bad_registers(struct line_stats *stats, struct device_tally *tally, uint32_t count)
{
    pthread_mutex_lock(&stats->mutex);
    tally->bad_registers = count;
    pthread_mutex_unlock(&stats->mutex);
}

/* By its age, unless that says the same but for the time between two calls of the clock. */
static int64_t wall_by_age(int64_t wall_us, int64_t mono_us, int64_t offset_us)
{
    int64_t by_age_us = mono_us + offset_us;
    int64_t drift_us = by_age_us - wall_us;
    bool is_same = drift_us < CLOCK_STEP_US && drift_us > -CLOCK_STEP_US;
    return wall_us == 0 || is_same ? wall_us : by_age_us;
}

void line_stats_copy(struct line_stats *stats, int64_t now_us, int64_t offset_us,
                     struct line_status *out)
{
    pthread_mutex_lock(&stats->mutex);
    turn_slices(stats, now_us);
    out->state = stats->state;
    memcpy(out->last_error, stats->last_error, sizeof(out->last_error));
    out->last_good_wall_us = wall_by_age(stats->last_good_wall_us, stats->last_good_us, offset_us);
    out->load = load_now(stats, now_us);
    out->round_trip_p50_us = percentile(&stats->round_trips, 500);
    out->round_trip_p99_us = percentile(&stats->round_trips, 990);
    out->poll_jitter_p99_us = percentile(&stats->jitter, 990);
    out->requests = stats->requests;
    out->replies = stats->replies;
    out->errors = stats->errors;
    pthread_mutex_unlock(&stats->mutex);
}

void line_stats_copy_device(struct line_stats *stats, const struct device_tally *tally,
                            int64_t now_us, int64_t offset_us, struct device_status *out)
{
    pthread_mutex_lock(&stats->mutex);
    out->device = tally->device;
    const struct tally_health *health = &tally->health;
    bool is_pausing = health->health == DEVICE_OFFLINE && health->retry_us > now_us;
    out->health = health->health;
    out->failed_polls = health->failed_polls;
    out->next_try_in_us = is_pausing ? health->retry_us - now_us : 0;
    out->last_error[0] = '\0';
    if (health->health != DEVICE_ONLINE) {
        trouble_say(&health->trouble, out->last_error, sizeof(out->last_error));
    }
    out->last_good_wall_us = wall_by_age(tally->last_good_wall_us, tally->last_good_us, offset_us);
    out->round_trip_us = tally->round_trip_us;
    out->polls = tally->polls;
    out->bad_registers = tally->bad_registers;
    out->errors = tally->errors;
    pthread_mutex_unlock(&stats->mutex);
}
