/* SPDX-License-Identifier: Apache-2.0 */
/* scripted_sink: a sink that does as the test says, under a real runner with the fake store. */
#ifndef LINGTAN_TESTS_SCRIPTED_SINK_H
#define LINGTAN_TESTS_SCRIPTED_SINK_H

#include <pthread.h>
#include <stdatomic.h>

#include "sinks/runner.h"

enum { SENT_MAX = 100000 };

/* What the test wants (atomics) and what it saw. */
struct sink_instance {
    atomic_int state;
    _Atomic uint64_t session;
    _Atomic uint64_t acknowledge_to; /* highest position the far end confirms */
    atomic_size_t room;              /* batches it may still take */
    atomic_size_t works;
    atomic_size_t live;
    atomic_size_t live_before; /* of these when it was last told of another site, */
    atomic_size_t follows;     /* so often */
    atomic_size_t flushes;
    atomic_bool said_goodbye;
    struct fake_clock *clock;       /* work advances it so far, once, when it is not NULL */
    atomic_int_least64_t work_us;   /* as a sink that waits for its server does */
    atomic_int_least64_t silent_us; /* 0 = just now */
    atomic_bool is_destroyed;
    int wake_fd; /* the "socket" */
    uint64_t seen_session;
    uint64_t acknowledged;
    uint64_t last;
    pthread_mutex_t mutex; /* guards sent */
    uint64_t sent[SENT_MAX];
    size_t sent_count;
};

/* Of the rig that is set up. */
extern struct sink_instance *scripted_instance;

struct scripted_rig {
    struct device *device;
    struct store *store;
    struct runner *runner;
    uint64_t made;
};

/* The sink is up. As fake_store_create: next_position 0 = the store knows nothing yet. */
void scripted_init(struct scripted_rig *rig, uint64_t cursor, uint64_t next_position);
void scripted_init_at(struct scripted_rig *rig, uint64_t cursor, uint64_t next_position,
                      const struct clock *clock);
void scripted_finish(struct scripted_rig *rig);

/* So many more batches: in the journal, not durable, and live. */
void scripted_make(struct scripted_rig *rig, size_t count);

void scripted_poke(void);        /* something has come from the far end */
void scripted_wait_rounds(void); /* the runner has gone round at least twice since */

size_t scripted_sent_count(void);
void scripted_wait_sent(size_t count);
void scripted_assert_sent(size_t from_index, uint64_t from, uint64_t to); /* these, in order */

/* For test_wait_until. */
struct scripted_wanted {
    struct scripted_rig *rig;
    uint64_t cursor;
};

bool scripted_has_cursor(void *context);
void scripted_wait_cursor(struct scripted_rig *rig, uint64_t cursor);

#endif
