/* SPDX-License-Identifier: Apache-2.0 */
/* runner_round: what a runner does at every wake-up. Shared by runner.c, which owns the thread, and runner_round.c. */
#ifndef LINGTAN_SINKS_RUNNER_ROUND_H
#define LINGTAN_SINKS_RUNNER_ROUND_H

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>

#include "sinks/runner.h"
#include "sinks/runner_records.h"
#include "store/feed/consumer.h"
#include "store/feed/feed.h"
#include <lingtan/log.h>
#include <lingtan/mailbox.h>

enum {
    RUNNER_STEADY_US = 60000000,       /* a connection that lived shorter is a flap */
    RUNNER_FLAP_PERIOD_US = 600000000, /* one word of them in so long */
};

struct runner {
    const struct sink *sink;
    struct sink_instance *instance;
    struct store *store;
    struct consumer *consumer;
    const struct clock *clock;
    struct mailbox *mailbox; /* live batches; full: the oldest goes, the journal has it */
    int wake_fd;
    pthread_t thread;
    bool has_thread; /* main thread only */
    atomic_bool is_stopping;
    atomic_bool wants_journal; /* the thread sleeps until the store has committed more */
    _Atomic uint64_t newest;   /* highest position offered that has a number */
    _Atomic(const struct snapshot *) next_site; /* that the sink has not heard of; a reference */

    /* the sink's thread only */
    struct runner_records records;
    struct feed feed;
    const struct snapshot *site; /* that the sink follows; a reference, or NULL */
    uint64_t seen;               /* highest position taken from the mailbox */
    uint64_t handed; /* the last position given to the sink since the last rewind, 0 = none */
    uint64_t session;
    bool
        knows_cursor; /* the store could read its ledger; nothing is sent from the journal before */
    bool is_turning;  /* the feed is to go on elsewhere once all that was given is acknowledged */
    uint64_t cursor;
    uint64_t saved_cursor;
    int64_t next_save_us;
    int64_t next_intake_us;
    bool is_up;
    bool has_been_up;
    int64_t up_since_us; /* monotonic */
    bool is_down_reported;
    bool is_flap_held;   /* the outage is like those before it: no word, unless it lasts */
    uint64_t flaps_held; /* since the last word */
    struct log_limit flap_limit;
    char told[RUNNER_REASON_SIZE]; /* the reason in the last word */
    bool has_more;                 /* the last round stopped before the feed was empty */
    bool has_store_waiting;        /* batches wait for the store's next commit */
    int64_t next_peek_us;
    uint64_t peeked_cursor;
    struct log_limit journal_limit;
    uint64_t store_stands_at; /* durable, */
    int64_t store_stood_us;   /* monotonic: since when it is that although batches wait */

    pthread_mutex_t mutex;       /* guards what follows; the sink's thread alone writes it */
    struct runner_status status; /* without backlog */
    int64_t down_since_us;       /* monotonic: while it is not up, since when */
};

/* Asks the store where the sink stands, if the store knows. */
void runner_find_cursor(struct runner *runner);

enum { RUNNER_SINK_FDS = 8 };

/* What the thread waits for between two rounds. */
struct runner_sleep {
    struct pollfd fds[2 + RUNNER_SINK_FDS];
    size_t count;
    int64_t wait_us; /* -1 = no limit */
};

/* runner.c: before the sleep and after it. Apart from the thread so that a test can sleep by a clock of its own. */
void runner_plan_sleep(struct runner *runner, struct runner_sleep *sleep);
void runner_wake_up(struct runner *runner, const struct runner_sleep *sleep);

/* Everything that is due now. */
void runner_round(struct runner *runner);

/* The last round: what can be settled is, and the cursor is handed to the store. */
void runner_settle_last(struct runner *runner);

/* Positions between a cursor and the newest batch. Any thread. */
uint64_t runner_backlog(const struct runner *runner, uint64_t cursor);

#endif
