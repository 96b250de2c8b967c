/* SPDX-License-Identifier: Apache-2.0 */
/* rig: a sink under its runner with the real store, and a hub's part played by the test. */
#ifndef LINGTAN_TESTS_SINK_RIG_H
#define LINGTAN_TESTS_SINK_RIG_H

#include "config/config.h"
#include "sinks/runner.h"
#include "site/site.h"

struct rig {
    char *folder;
    struct site site;
    struct config_memory *memory;
    struct store_options store_options;
    const struct sink *sink;
    const void *options;
    struct store *store;
    struct runner *runner;
    struct device *devices[4]; /* "m0" ... "m3" */
    uint64_t position;
    int64_t first_us;
};

/* Fills options with the defaults of the sink's table; strings live as long as the rig. Nothing runs yet. */
void rig_init(struct rig *rig, const struct sink *sink, void *options);

/* Opens the store and, if with_runner, starts the runner. */
void rig_start(struct rig *rig, bool with_runner);
void rig_start_runner(struct rig *rig); /* of a store opened without: only before it is started */
void rig_stop(struct rig *rig);         /* may be started again: a restart of the daemon */
void rig_finish(struct rig *rig);

/* One batch of each device in turn: journal, then live. */
void rig_make(struct rig *rig, size_t count);
struct batch *rig_batch(struct rig *rig,
                        const struct device *device);          /* to be changed, then given */
int64_t rig_time_us(const struct rig *rig, uint64_t position); /* ten minutes ago, 1 ms a batch */
void rig_give(struct rig *rig, struct batch *take_batch);      /* gets its position */

/* Fail the test when it does not come true in time. */
void rig_wait_durable(struct rig *rig);
void rig_wait_cursor(struct rig *rig, uint64_t cursor);
void rig_wait_state(struct rig *rig, enum sink_state state);

#endif
