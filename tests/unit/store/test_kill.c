/* SPDX-License-Identifier: Apache-2.0 */
/* kill -9 at any moment: what was durable is there, in order, and no position or number is given twice. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "support/support.h"
#include "unit/store/samples.h"

enum { ROUNDS = 14 };

/* What the killed child leaves behind. */
struct testament {
    atomic_uint_least64_t durable;
    atomic_uint_least64_t highest_seq;
    atomic_uint_least64_t cursor; /* handed in, not necessarily written */
};

static void note_durable(void *context, uint64_t durable)
{
    struct testament *testament = context;
    atomic_store(&testament->durable, durable);
}

/* Appends for ever, with days that pass, so that files are begun too while it is killed. */
static void run_child(const char *folder, struct testament *testament)
{
    struct store_options options = sample_options(folder);
    struct fake_clock fake;
    struct store *store = NULL;
    struct device *device = sample_device("meter-1");
    fake_clock_init(&fake, 0, start_us);
    if (store_open(&options, &fake.clock, &store) < 0) {
        _exit(2);
    }
    uint64_t position = store_next_position(store);
    uint64_t seq = store_first_seq(store);
    fake_clock_step_wall(&fake, (int64_t)position * 10000000);
    store_on_durable(store, note_durable, testament);
    if (store_start(store) < 0) {
        _exit(3);
    }
    for (;; position++, seq++) {
        struct batch *batch = sample_batch(device, position, seq, clock_wall_us(&fake.clock));
        atomic_store(&testament->highest_seq, seq);
        store_seq_used(store, seq);
        if (store_append(store, batch) < 0) {
            _exit(4);
        }
        batch_unref(batch);
        fake_clock_advance(&fake, 10000000);
        if (position % 16 == 0) {
            const uint64_t durable = store_durable(store);
            store_set_cursor(store, "mqtt", durable);
            atomic_store(&testament->cursor, durable);
            usleep(1000);
        }
    }
}

static bool has_committed(void *context)
{
    struct testament *testament = context;
    return atomic_load(&testament->durable) > 0;
}

static void kill_somewhen(const char *folder, struct testament *testament, uint64_t *random)
{
    atomic_store(&testament->durable, 0);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        run_child(folder, testament);
    }
    const bool has_begun = test_wait_until(has_committed, testament);
    usleep((useconds_t)(test_random(random) % 300000));
    assert_int_equal(kill(child, SIGKILL), 0);
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(has_begun);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void check_survivors(const char *folder, const struct testament *testament)
{
    const int64_t began_us = clock_mono_us(clock_real());
    struct store *store = open_store(folder, clock_real(), false);
    const int64_t took_us = clock_mono_us(clock_real()) - began_us;
    const uint64_t durable = atomic_load(&testament->durable);
    assert_true(took_us < 5000000);
    assert_int_equal(store_status(store).alarms, 0);
    assert_true(store_next_position(store) > durable);
    assert_true(store_first_seq(store) > atomic_load(&testament->highest_seq));
    const uint64_t cursor = store_cursor(store, "mqtt");
    assert_true(cursor <= store_durable(store));
    assert_true(cursor <= atomic_load(&testament->cursor));
    const struct drained drained = drain(store, 1);
    assert_true(drained.first == 1 && drained.last + 1 == store_next_position(store));
    assert_int_equal(drained.count, drained.last);
    store_destroy(store);
}

static void test_nothing_durable_is_lost(void **state)
{
    uint64_t random = 4711;
    char *folder = test_folder_create();
    struct testament *testament =
        mmap(NULL, sizeof(*testament), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    (void)state;
    assert_true(testament != MAP_FAILED);
    for (int round = 0; round < ROUNDS; round++) {
        kill_somewhen(folder, testament, &random);
        check_survivors(folder, testament);
    }
    print_message("%d kills, %llu batches, all that were durable are there\n", ROUNDS,
                  (unsigned long long)atomic_load(&testament->durable));
    munmap(testament, sizeof(*testament));
    test_folder_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_durable_is_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
