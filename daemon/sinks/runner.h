/* SPDX-License-Identifier: Apache-2.0 */
/* runner: a sink's thread, its feed of batches and its cursor (see lingtan/sink.h).
 *
 * Order of life: create before store_start, stop before store_stop, destroy after it, because the store's thread wakes
 * the runner after its commits. */
#ifndef LINGTAN_SINKS_RUNNER_H
#define LINGTAN_SINKS_RUNNER_H

#include "store/store.h"
#include <lingtan/sink.h>

struct runner;

int runner_create(const struct sink *sink, const struct sink_setup *setup, struct store *store,
                  struct runner **out) MUST_USE;
int runner_start(struct runner *runner) MUST_USE;
void runner_stop(
    struct runner
        *runner); /* drains nothing: the journal keeps it; says goodbye; joins within 15 s */
void runner_destroy(struct runner *runner);

/* Offers a live batch (takes a reference of its own); the sink is not woken for it before runner_flush. Main thread,
 * never blocks. */
void runner_offer(struct runner *runner, const struct batch *batch);
void runner_flush(struct runner *runner);

struct runner_status {
    const char *name;
    enum sink_state state;
    char reason[160]; /* why it is not up */
    uint64_t cursor;
    uint64_t backlog;  /* positions between the cursor and the newest */
    uint64_t sent;     /* batches, repeats included */
    uint64_t rejected; /* batches the far end will never take */
    uint64_t sessions;
    int64_t oldest_us; /* wall time of the batch the cursor waits for, 0 = none */
};
struct runner_status runner_status(struct runner *runner); /* any thread */

#endif
