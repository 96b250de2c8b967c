/* SPDX-License-Identifier: Apache-2.0 */
/* runner: a sink's thread, its feed of batches and its cursor (see lingtan/sink.h).
 *
 * Order of life: stop before store_stop, so that the last cursor is written; create and destroy while there is a store,
 * started or not. */
#ifndef LINGTAN_SINKS_RUNNER_H
#define LINGTAN_SINKS_RUNNER_H

#include "site/snapshot.h"
#include "store/store.h"
#include <lingtan/sink.h>

struct runner;

int runner_create(const struct sink *sink, const struct sink_setup *setup, struct store *store,
                  struct runner **out) MUST_USE;
int runner_start(struct runner *runner) MUST_USE;
/* Drains nothing, the journal keeps it, and says goodbye. To stop several, tell all before the first is joined: each ends
 * within four seconds of being told. */
void runner_tell_stop(struct runner *runner);
void runner_stop(struct runner *runner); /* tells it, if nobody has, and joins */
void runner_destroy(struct runner *runner);

/* Offers a live batch (takes a reference of its own); the sink is not woken for it before runner_flush. Main thread,
 * never blocks. */
void runner_offer(struct runner *runner, const struct batch *batch);
void runner_flush(struct runner *runner);

/* From now on this is the site: the sink hears of it on its own thread, as soon as that has time. Main thread. */
void runner_follow(struct runner *runner, const struct snapshot *snapshot);

enum { RUNNER_REASON_SIZE = 300 };

struct runner_status {
    const char *name;
    enum sink_state state;
    char reason[RUNNER_REASON_SIZE]; /* why it is not up */
    uint64_t cursor;
    uint64_t backlog;  /* positions between the cursor and the newest */
    uint64_t sent;     /* batches, repeats included */
    uint64_t rejected; /* batches the far end will never take */
    uint64_t sessions;
    int64_t oldest_us; /* wall time of the batch the cursor waits for, 0 = none */
    int64_t down_us;   /* for how long it has not been up, 0 = it is */
};
struct runner_status runner_status(struct runner *runner); /* any thread */

#endif
