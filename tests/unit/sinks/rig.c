/* SPDX-License-Identifier: Apache-2.0 */
/* rig: see the header. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/sinks/rig.h"

#include <stdio.h>
#include <unistd.h>

#include "base/mem.h"
#include "support/support.h"
#include "unit/sinks/samples.h"

void rig_init(struct rig *rig, const struct sink *sink, void *options)
{
    *rig = (struct rig){.folder = test_folder_create(),
                        .site = {.id = "hq", .name = "Headquarters"},
                        .memory = config_memory_create(),
                        .first_us = clock_wall_us(clock_real()) / 1000 * 1000 - 600000000,
                        .sink = sink,
                        .options = options};
    config_defaults(sink->options, options, rig->memory);
    config_defaults(&store_table, &rig->store_options, rig->memory);
    rig->store_options.folder = rig->folder;
    rig->store_options.min_free_mb = 0;
    rig->store_options.commit_ms = 100;
    for (size_t i = 0; i < ARRAY_SIZE(rig->devices); i++) {
        char id[8];
        snprintf(id, sizeof(id), "m%zu", i);
        rig->devices[i] = sample_device(id);
    }
}

void rig_start_runner(struct rig *rig)
{
    const struct sink_setup setup = {.options = rig->options,
                                     .site = &rig->site,
                                     .clock = clock_real(),
                                     .data_folder = rig->folder};
    assert_int_equal(runner_create(rig->sink, &setup, rig->store, &rig->runner), 0);
    assert_int_equal(runner_start(rig->runner), 0);
}

void rig_start(struct rig *rig, bool with_runner)
{
    assert_int_equal(store_open(&rig->store_options, clock_real(), &rig->store), 0);
    rig->position = store_next_position(rig->store) - 1;
    if (with_runner) {
        rig_start_runner(rig);
    }
    assert_int_equal(store_start(rig->store), 0);
}

void rig_stop(struct rig *rig)
{
    if (rig->runner) {
        runner_stop(rig->runner);
    }
    store_stop(rig->store);
    runner_destroy(rig->runner);
    store_destroy(rig->store);
    rig->runner = NULL;
    rig->store = NULL;
}

void rig_finish(struct rig *rig)
{
    if (rig->store) {
        rig_stop(rig);
    }
    for (size_t i = 0; i < ARRAY_SIZE(rig->devices); i++) {
        assert_int_equal(atomic_load(&rig->devices[i]->references), 1);
        device_unref(rig->devices[i]);
    }
    config_memory_destroy(rig->memory);
    test_folder_remove(rig->folder);
}

void rig_give(struct rig *rig, struct batch *take_batch)
{
    take_batch->position = ++rig->position;
    while (store_append(rig->store, take_batch) == -ENOSPC) {
        usleep(1000);
    }
    if (rig->runner) {
        runner_offer(rig->runner, take_batch);
        runner_flush(rig->runner);
    }
    batch_unref(take_batch);
}

int64_t rig_time_us(const struct rig *rig, uint64_t position)
{
    return rig->first_us + (int64_t)position * 1000;
}

struct batch *rig_batch(struct rig *rig, const struct device *device)
{
    struct batch *batch = sample_batch(device, rig->position + 1);
    batch->time_us = rig_time_us(rig, rig->position + 1);
    batch->received_mono_us = clock_mono_us(clock_real());
    for (size_t i = 0; i < batch->count; i++) {
        batch->readings[i].time_us = batch->time_us + (int64_t)i;
    }
    return batch;
}

void rig_make(struct rig *rig, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct device *device = rig->devices[(rig->position + 1) % 4];
        rig_give(rig, rig_batch(rig, device));
    }
}

struct wanted {
    struct rig *rig;
    uint64_t cursor;
    enum sink_state state;
};

static bool is_durable(void *context)
{
    const struct rig *rig = context;
    return store_durable(rig->store) >= rig->position;
}

void rig_wait_durable(struct rig *rig)
{
    assert_true(test_wait_until(is_durable, rig));
}

static bool has_cursor(void *context)
{
    const struct wanted *wanted = context;
    return runner_status(wanted->rig->runner).cursor >= wanted->cursor;
}

void rig_wait_cursor(struct rig *rig, uint64_t cursor)
{
    struct wanted wanted = {.rig = rig, .cursor = cursor};
    if (!test_wait_until(has_cursor, &wanted) && !test_wait_until(has_cursor, &wanted)) {
        struct runner_status status = runner_status(rig->runner);
        fail_msg("cursor %lu, not %lu; %s", (unsigned long)status.cursor, (unsigned long)cursor,
                 status.reason);
    }
}

static bool has_state(void *context)
{
    const struct wanted *wanted = context;
    return runner_status(wanted->rig->runner).state == wanted->state;
}

void rig_wait_state(struct rig *rig, enum sink_state state)
{
    struct wanted wanted = {.rig = rig, .state = state};
    if (!test_wait_until(has_state, &wanted) && !test_wait_until(has_state, &wanted)) {
        fail_msg("not %s: %s", sink_state_words[state], runner_status(rig->runner).reason);
    }
}
