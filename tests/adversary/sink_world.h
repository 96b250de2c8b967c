/* SPDX-License-Identifier: Apache-2.0 */
/* sink_world: the daemon in small - hub, store, runner - and its far end on a clock that stands still; shared by the
 * files that move it (sink_play.c), trouble it (sink_trouble.c) and judge it (sink_judge.c). */
#ifndef TESTS_ADVERSARY_SINK_WORLD_H
#define TESTS_ADVERSARY_SINK_WORLD_H

#include "adversary/chance.h"
#include "adversary/disk.h"
#include "adversary/far_end.h"
#include "adversary/sink_play.h"
#include "sinks/runner_round.h"

struct world {
    const struct sink_script *script;
    struct sink_outcome *outcome;
    struct fake_clock clock;
    int64_t now_us;
    int64_t start_us;
    struct chance chance;
    struct device *device;
    struct disk disk;
    struct store *store;
    struct runner *runner;
    struct far_end far_end;
    struct runner_sleep sleep;
    int64_t wake_us;
    /* the hub */
    uint64_t next_position; /* 0 = the store has no numbers yet */
    uint64_t unnumbered;
    uint64_t next_seq;
    /* dates */
    int64_t batch_at_us;
    int64_t commit_at_us;
    int64_t ledger_at_us;
    int64_t blocked_until_us;
    int64_t next_us[SINK_TROUBLES_MAX];
    bool is_begun[SINK_TROUBLES_MAX];
    bool is_hanging;
    bool is_failing;
    unsigned fail_percent;
    bool is_folder_away;
    /* judged */
    size_t checked;         /* rows of the journal the cursor has passed */
    uint64_t last_position; /* given in this session */
    uint64_t last_session;
    int64_t minute_us;
    uint64_t rounds;
    uint64_t events;
    uint64_t starts;
    uint64_t logs_before;
    size_t unsettled; /* rows of the journal before it are acknowledged */
};

/* sink_play.c */
void world_give_batches(struct world *world, uint64_t count);
void world_restart(struct world *world, bool is_killed);

/* sink_trouble.c: what is due of the index-th trouble. */
void world_step_trouble(struct world *world, size_t index);

/* sink_judge.c: the first fault stands. */
void world_blame(struct world *world, enum sink_fault fault, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void world_judge_send(void *context, const struct batch *batch, bool is_again);
void world_check_cursor(struct world *world, uint64_t cursor);
void world_check_words(struct world *world);
void world_check_minute(struct world *world);

#endif
