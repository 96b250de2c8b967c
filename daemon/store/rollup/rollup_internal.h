/* SPDX-License-Identifier: Apache-2.0 */
/* rollup_internal: the state of the roll-ups, for the files of this folder and its tests. */
#ifndef LINGTAN_STORE_ROLLUP_INTERNAL_H
#define LINGTAN_STORE_ROLLUP_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "store/alarms.h"
#include "store/feed/consumer.h"
#include "store/rollup/rollup.h"
#include "store/rollup/tail.h"
#include "store/rollup/tier.h"

struct rollups {
    struct store *store;
    const struct clock *clock;
    struct alarms *alarms;
    char *folder;
    int64_t minute_days; /* to keep */
    int64_t hour_days;
    _Atomic int64_t flush_us; /* between two writings, at most; tests hurry both while it runs */
    _Atomic size_t bytes_max; /* of deltas in memory: then they are written */
    pthread_t thread;

    pthread_mutex_t mutex; /* guards all from here to is_writing */
    pthread_cond_t changed;
    struct hot hot;
    uint64_t next;    /* the position behind the last one in hot */
    uint64_t offered; /* the last position that the store's thread has committed */
    uint64_t serial;  /* of the last writing */
    struct tail_news writing;
    uint64_t settles_wanted; /* rollups_settle counts up, the thread follows */
    uint64_t settles_done;
    int settle_error;
    bool is_stopping;
    bool is_live;    /* what is offered follows what is in hot */
    bool is_writing; /* `writing` is on its way to the tail, as serial + 1 */

    bool is_started;
    atomic_uint trouble; /* enum store_alarm */

    /* The thread's own. */
    bool was_checked; /* all files of minutes were looked at for hours to be worked out */
    struct consumer *consumer;
    struct tail *tail; /* NULL: not opened yet, or it failed */
    int64_t merged_hour;
    int64_t next_flush_us; /* monotonic, by the machine's clock */
};

/* rollup_files.c: paths, what to make of errors, and what goes when there is too much. */
char *rollups_path(const struct rollups *rollups, const char *name); /* the caller frees */
void rollups_set_aside(struct rollups *rollups, const char *path);
void rollups_shed(struct rollups *rollups);      /* keeps minute_days and hour_days */
bool rollups_make_room(struct rollups *rollups); /* the disk is full: the oldest minutes go */
/* The highest number of that name in all files of minutes: 0 = none. */
uint64_t rollups_highest(struct rollups *rollups, const char *name);

struct rollup_file {
    char name[TIER_NAME_SIZE];
    int64_t first; /* hours since 1970, [first, end) */
    int64_t end;
};
/* Oldest first; the caller frees. */
size_t rollups_list(const struct rollups *rollups, enum tier_kind kind, struct rollup_file **out);

/* rollup_merge.c: the tail into the minutes, the minutes into hours. The thread. */
int rollups_merge(struct rollups *rollups) MUST_USE;

/* Merges a cell into one that is counted in other steps. */
void rollup_merge_cell(struct cell *cell, const struct cell_scale *scale, struct cell later,
                       const struct cell_scale *later_scale, uint32_t shift_ms);

#endif
