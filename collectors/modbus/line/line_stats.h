/* SPDX-License-Identifier: Apache-2.0 */
/* line_stats: what a line and its devices tell people: counts since the start; load, round trips and poll jitter of the
 * last minute. Written by the line's thread, copied by others: every function takes the lock itself, apart from
 * those that get a pointer obtained under it. */
#ifndef LINGTAN_MODBUS_LINE_STATS_H
#define LINGTAN_MODBUS_LINE_STATS_H

#include <pthread.h>

#include "collectors/modbus/frame/trouble.h"
#include <lingtan/collector.h>

enum {
    STATS_SLICES = 4,
    STATS_SLICE_US =
        20000000,       /* the oldest of four goes while the newest fills: 60 to 80 s are seen */
    STATS_BUCKETS = 72, /* four an octave, from 16 us to 4 s; what is longer falls into the last */
};

struct histogram {
    uint16_t slices[STATS_SLICES][STATS_BUCKETS];
};

struct tally_health {
    enum device_health health;
    uint32_t failed_polls;
    int64_t retry_us; /* monotonic, while offline */
    struct trouble trouble;
};

struct device_tally {
    const struct device *device; /* borrowed; those shown once live as long as the line */
    struct tally_health health;
    int64_t last_good_wall_us;
    int64_t last_good_us; /* the same, monotonic */
    int64_t round_trip_us;
    uint64_t polls;
    uint32_t bad_registers;
    struct error_counts errors;
};

struct line_stats {
    pthread_mutex_t mutex; /* guards all below, and the tallies of the line's devices */
    enum line_state state;
    char last_error[96];
    int64_t last_good_wall_us;
    int64_t last_good_us; /* the same, monotonic */
    uint64_t requests;
    uint64_t replies;
    struct error_counts errors;
    struct histogram round_trips;
    struct histogram jitter;
    int64_t busy_us[STATS_SLICES];
    int64_t slice_end_us;
    unsigned slice;
    unsigned full_slices;
};

void line_stats_init(struct line_stats *stats, int64_t now_us);
void line_stats_finish(struct line_stats *stats);

/* One kind of error, counted for the line and for the device unless that is NULL. */
void line_stats_error(struct line_stats *stats, struct device_tally *tally, size_t offset,
                      uint64_t count);

/* The line was busy with one request that ended now. */
void line_stats_busy(struct line_stats *stats, int64_t now_us, int64_t busy_us);

/* A reply came; wall_us is 0 when it was an exception, which is no good one. */
void line_stats_reply(struct line_stats *stats, struct device_tally *tally, int64_t now_us,
                      int64_t wall_us, int64_t round_trip_us);

/* A poll began so long after its date. */
void line_stats_poll(struct line_stats *stats, struct device_tally *tally, int64_t now_us,
                     int64_t late_us);
void line_stats_state(struct line_stats *stats, enum line_state state, const char *error);
void line_stats_health(struct line_stats *stats, struct device_tally *tally,
                       const struct tally_health *health);

void line_stats_bad_registers(struct line_stats *stats, struct device_tally *tally, uint32_t count);
void line_stats_device(struct line_stats *stats, struct device_tally *tally,
                       const struct device *device);

/* Goes on with the counts of another line, which has ended; with its state too when is_state. */
void line_stats_inherit(struct line_stats *stats, struct line_stats *from, bool is_state);

/* Fills what stats know of the rows, not ids and endpoints. */
/* offset_us: wall minus monotonic time now. A last good reply is told at the wall time that its age makes it, so that a
 * clock that was set since makes nothing older or younger. */
void line_stats_copy(struct line_stats *stats, int64_t now_us, int64_t offset_us,
                     struct line_status *out);
void line_stats_copy_device(struct line_stats *stats, const struct device_tally *tally,
                            int64_t now_us, int64_t offset_us, struct device_status *out);

#endif
