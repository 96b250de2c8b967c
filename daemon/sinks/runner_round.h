/* SPDX-License-Identifier: Apache-2.0 */
/* runner_round: what a runner does at every wake-up. Shared by runner.c, which owns the thread, and runner_round.c. */
#ifndef LINGTAN_SINKS_RUNNER_ROUND_H
#define LINGTAN_SINKS_RUNNER_ROUND_H

#include <pthread.h>
#include <stdatomic.h>

#include "sinks/feed.h"
#include "sinks/runner.h"
#include <lingtan/log.h>
#include <lingtan/mailbox.h>

struct runner {
    const struct sink *sink;
    struct sink_instance *instance;
    struct store *store;
    const struct clock *clock;
    struct mailbox *mailbox; /* live batches; full: the oldest goes, the journal has it */
    int wake_fd;
    pthread_t thread;
    bool has_thread; /* main thread only */
    atomic_bool is_stopping;
    atomic_bool wants_journal; /* the thread sleeps until the store has committed more */
    _Atomic uint64_t newest;   /* highest position offered */

    /* the sink's thread only */
    struct feed feed;
    uint64_t seen;   /* highest position taken from the mailbox */
    uint64_t handed; /* the last position given to the sink since the last rewind, 0 = none */
    uint64_t session;
    uint64_t cursor;
    uint64_t saved_cursor;
    int64_t next_save_us;
    int64_t next_intake_us;
    bool is_up;
    bool is_down_reported;
    bool has_more;         /* the last round stopped before the feed was empty */
    int64_t down_since_us; /* monotonic: when it was last not up */
    int64_t next_peek_us;
    uint64_t peeked_cursor;
    struct log_limit journal_limit;

    pthread_mutex_t mutex;       /* guards status */
    struct runner_status status; /* without backlog */
};

/* Everything that is due now. */
void runner_round(struct runner *runner);

/* The last round: what can be settled is, and the cursor is handed to the store. */
void runner_settle_last(struct runner *runner);

/* Positions between a cursor and the newest batch. Any thread. */
uint64_t runner_backlog(const struct runner *runner, uint64_t cursor);

#endif
