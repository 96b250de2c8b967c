/* SPDX-License-Identifier: Apache-2.0 */
/* runner: its thread, rewinds, cursor and stop, with a sink that does as it is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sinks/runner.h"
#include "support/support.h"
#include "unit/sinks/fake_store.h"
#include "unit/sinks/samples.h"
#include "unit/sinks/scripted_sink.h"

static void test_live_and_cursor(void **state)
{
    (void)state;
    struct scripted_rig rig;
    scripted_init(&rig, 0, 1);
    scripted_make(&rig, 10);
    scripted_wait_sent(10);
    scripted_assert_sent(0, 1, 10);
    scripted_wait_rounds();
    /* Acknowledged, but nothing is durable: the cursor stays. */
    assert_int_equal(store_cursor(rig.store, "scripted"), 0);
    fake_store_commit(rig.store, 7);
    scripted_wait_cursor(&rig, 7);
    assert_int_equal(store_cursor(rig.store, "scripted"), 7);
    /* Durable, but not acknowledged. */
    scripted_instance->acknowledge_to = 8;
    fake_store_commit(rig.store, 10);
    scripted_wait_cursor(&rig, 8);
    scripted_wait_rounds();
    assert_int_equal(store_cursor(rig.store, "scripted"), 8);
    struct runner_status status = runner_status(rig.runner);
    assert_string_equal(status.name, "scripted");
    assert_int_equal(status.state, SINK_UP);
    assert_int_equal(status.cursor, 8);
    assert_int_equal(status.backlog, 2);
    assert_int_equal(status.sent, 10);
    assert_int_equal(status.rejected, 42);
    assert_int_equal(scripted_instance->live, 10);
    runner_stop(rig.runner);
    assert_true(scripted_instance->said_goodbye);
    scripted_finish(&rig);
}

static void test_drains_from_the_cursor(void **state)
{
    (void)state;
    struct scripted_rig rig;
    scripted_init(&rig, 100, 101);
    scripted_instance->room = 0;
    scripted_make(&rig, 3000);
    fake_store_commit(rig.store, 2000);
    scripted_instance->room = SIZE_MAX / 2;
    scripted_poke();
    scripted_wait_sent(1900);
    fake_store_commit(rig.store, 3100);
    scripted_wait_sent(3000);
    scripted_assert_sent(0, 101, 3100);
    scripted_wait_cursor(&rig, 3100);
    scripted_finish(&rig);
}

static void test_window(void **state)
{
    (void)state;
    struct scripted_rig rig;
    scripted_init(&rig, 0, 1);
    scripted_instance->room = 3;
    scripted_make(&rig, 10);
    scripted_wait_sent(3);
    scripted_wait_rounds();
    assert_int_equal(scripted_sent_count(), 3);
    scripted_instance->room = 4;
    scripted_poke();
    scripted_wait_sent(7);
    scripted_wait_rounds();
    assert_int_equal(scripted_sent_count(), 7);
    scripted_finish(&rig);
}

static void test_new_session_goes_back(void **state)
{
    (void)state;
    struct scripted_rig rig;
    scripted_init(&rig, 0, 1);
    scripted_instance->acknowledge_to = 4;
    scripted_make(&rig, 10);
    scripted_wait_sent(10);
    fake_store_commit(rig.store, 10);
    scripted_wait_rounds();
    scripted_wait_cursor(&rig, 4);
    scripted_instance->state = SINK_DOWN;
    scripted_wait_rounds();
    scripted_make(&rig, 5);
    struct runner_status status = runner_status(rig.runner);
    assert_int_equal(status.state, SINK_DOWN);
    assert_string_equal(status.reason, "told to be down");
    assert_int_equal(status.backlog, 11);
    fake_store_commit(rig.store, 15);
    scripted_wait_rounds();
    assert_int_equal(scripted_sent_count(), 10);
    scripted_instance->acknowledge_to = UINT64_MAX;
    scripted_instance->session = 2;
    scripted_instance->state = SINK_UP;
    scripted_poke();
    scripted_wait_sent(10 + 11);
    scripted_assert_sent(10, 5, 15);
    scripted_wait_cursor(&rig, 15);
    assert_int_equal(scripted_instance->live, 15);
    scripted_finish(&rig);
}

static bool has_no_backlog(void *context)
{
    return runner_status(((struct scripted_rig *)context)->runner).backlog == 0;
}

/* The commit itself wakes a runner that waits for it; the second that it would sleep otherwise is a safety net. */
static void test_commit_wakes(void **state)
{
    (void)state;
    struct scripted_rig rig;
    scripted_init(&rig, 0, 1);
    int64_t quickest_us = INT64_MAX;
    for (uint64_t round = 1; round <= 4; round++) {
        scripted_instance->state =
            SINK_DOWN; /* the live batch is dropped: only the journal has it */
        scripted_wait_rounds();
        scripted_make(&rig, 1);
        size_t want = (size_t)round;
        for (int i = 0; i < 1000 && scripted_instance->live < want; i++) {
            usleep(10000);
        }
        scripted_instance->session++;
        scripted_instance->state = SINK_UP;
        scripted_wait_rounds();
        int64_t start_us = clock_mono_us(clock_real());
        fake_store_commit(rig.store, rig.made);
        scripted_wait_sent((size_t)round);
        int64_t took_us = clock_mono_us(clock_real()) - start_us;
        quickest_us = took_us < quickest_us ? took_us : quickest_us;
    }
    assert_true(quickest_us < 500000);
    scripted_finish(&rig);
}

/* A sink that is down costs nothing but disk: live batches are not kept. */
static void test_down_keeps_nothing(void **state)
{
    (void)state;
    struct scripted_rig rig;
    scripted_init(&rig, 0, 1);
    scripted_instance->state = SINK_DOWN;
    scripted_wait_rounds();
    for (int i = 0; i < 20; i++) {
        struct batch *batch = sample_batch(rig.device, ++rig.made); /* not kept by the fake store */
        runner_offer(rig.runner, batch);
        batch_unref(batch);
    }
    runner_flush(rig.runner);
    size_t want = 20;
    for (int i = 0; i < 1000 && scripted_instance->live < want; i++) {
        usleep(10000);
    }
    assert_int_equal(scripted_instance->live, 20);
    scripted_wait_rounds();
    assert_int_equal(atomic_load(&rig.device->references), 1);
    scripted_instance->state = SINK_UP;
    scripted_instance->session = 2;
    fake_store_commit(rig.store, 20); /* all lost */
    scripted_poke();
    assert_true(test_wait_until(has_no_backlog, &rig));
    scripted_make(&rig, 1);
    scripted_wait_sent(1);
    scripted_assert_sent(0, 21, 21);
    scripted_finish(&rig);
}

static void test_oldest(void **state)
{
    (void)state;
    struct scripted_rig rig;
    scripted_init(&rig, 0, 1);
    scripted_instance->state = SINK_DOWN;
    scripted_wait_rounds();
    scripted_make(&rig, 10);
    fake_store_commit(rig.store, 10);
    int64_t oldest_us = 0;
    for (int i = 0; i < 1000 && oldest_us == 0; i++) {
        scripted_poke();
        usleep(10000);
        oldest_us = runner_status(rig.runner).oldest_us;
    }
    assert_int_equal(oldest_us, ((int64_t)SAMPLE_START_S + 1) * 1000000);
    scripted_finish(&rig);
}

/* The ledger survived, the journal did not: the cursor is beyond the end. */
static void test_cursor_beyond_the_journal(void **state)
{
    (void)state;
    struct scripted_rig rig;
    scripted_init(&rig, 5000, 11);
    scripted_make(&rig, 3);
    scripted_wait_sent(3);
    scripted_assert_sent(0, 11, 13);
    scripted_finish(&rig);
}

/* The sink stalls for ten seconds before it knows that the server is away, and for seven within the try that finds it
 * back: what is said of the outage is true. One that comes and goes all the time does not fill the log. */
static void test_times_of_an_outage(void **state)
{
    (void)state;
    struct scripted_rig rig;
    struct fake_clock clock;
    fake_clock_init(&clock, 100000000, 1000000);
    scripted_init_at(&rig, 0, 1, &clock.clock);
    scripted_instance->clock = &clock;
    char *folder = test_folder_create();
    char path[256];
    snprintf(path, sizeof(path), "%s/log", folder);
    int old = dup(STDERR_FILENO);
    int log = open(path, O_WRONLY | O_CREAT, 0640);
    dup2(log, STDERR_FILENO);
    fake_clock_advance(&clock, 10000000);
    scripted_instance->silent_us = 100000000;
    scripted_instance->state = SINK_DOWN;
    scripted_wait_rounds();
    struct runner_status status = runner_status(rig.runner);
    assert_int_equal(status.down_us, 10000000);
    scripted_instance->work_us = 7000000;
    scripted_wait_rounds();
    assert_int_equal(runner_status(rig.runner).down_us, 0);
    scripted_instance->silent_us = 0;
    for (int i = 0; i < 30;
         i++) { /* comes and goes every half a minute, as for two with one client id */
        fake_clock_advance(&clock, 25000000);
        scripted_instance->state = SINK_DOWN;
        scripted_wait_rounds();
        fake_clock_advance(&clock, 5000000);
        scripted_instance->state = SINK_UP;
        scripted_wait_rounds();
    }
    scripted_instance->state = SINK_DOWN; /* and stays away */
    scripted_wait_rounds();
    fake_clock_advance(&clock, 61000000);
    scripted_wait_rounds();
    dup2(old, STDERR_FILENO);
    close(old);
    close(log);
    char said[2000] = "";
    FILE *file = fopen(path, "r");
    assert_true(fread(said, 1, sizeof(said) - 1, file) > 0);
    fclose(file);
    assert_non_null(strstr(said, "scripted: down for 10 s: told to be down"));
    assert_non_null(strstr(said, "scripted: up again after 17 s"));
    assert_non_null(strstr(said, "scripted: down, as 19 times since that was said last: told"));
    assert_non_null(strstr(said, "scripted: down for 61 s: told"));
    size_t lines = 0;
    for (const char *at = said; (at = strchr(at, '\n')); at++) {
        lines++;
    }
    assert_int_equal(lines, 7);
    test_folder_remove(folder);
    scripted_finish(&rig);
}

/* Cursors are saved a few times a second, not for every batch. */
static void test_cursor_is_coalesced(void **state)
{
    (void)state;
    struct scripted_rig rig;
    scripted_init(&rig, 0, 1);
    int64_t start_us = clock_mono_us(clock_real());
    for (int i = 0; i < 300; i++) {
        scripted_make(&rig, 1);
        fake_store_commit(rig.store, rig.made);
        usleep(1000);
    }
    scripted_wait_cursor(&rig, 300);
    int64_t took_us = clock_mono_us(clock_real()) - start_us;
    assert_true(fake_store_saves(rig.store) <= (size_t)(took_us / 200000) + 2);
    scripted_finish(&rig);
}

static void test_stop_saves_the_cursor(void **state)
{
    (void)state;
    struct scripted_rig rig;
    scripted_init(&rig, 0, 1);
    scripted_make(&rig, 1000);
    scripted_wait_sent(1000);
    fake_store_commit(rig.store, 1000);
    int64_t start_us = clock_mono_us(clock_real());
    runner_stop(rig.runner);
    assert_true(clock_mono_us(clock_real()) - start_us < 5000000);
    assert_int_equal(store_cursor(rig.store, "scripted"), 1000);
    runner_stop(rig.runner); /* again: nothing */
    runner_destroy(NULL);
    scripted_finish(&rig);
}

/* An idle runner sleeps. */
static void test_idle(void **state)
{
    (void)state;
    struct scripted_rig rig;
    scripted_init(&rig, 0, 1);
    scripted_make(&rig, 5);
    fake_store_commit(rig.store, 5);
    scripted_wait_cursor(&rig, 5);
    scripted_wait_rounds();
    usleep(100000);
    size_t before = scripted_instance->works;
    usleep(1500000);
    assert_true(scripted_instance->works - before <= 3);
    scripted_finish(&rig);
}

static bool has_followed(void *context)
{
    (void)context;
    return scripted_instance->follows > 0;
}

/* Else a batch of a device that a reload removes brings it back. */
static void test_what_came_before_a_reload_is_taken_before_it(void **state)
{
    (void)state;
    struct scripted_rig rig;
    static struct snapshot later = {.references = 1};
    scripted_init(&rig, 0, 1);
    scripted_instance->state = SINK_DOWN;
    scripted_wait_rounds();
    scripted_make(&rig, 1);
    scripted_wait_rounds();
    scripted_make(&rig, 300); /* they linger, since the sink is down */
    runner_follow(rig.runner, &later);
    assert_true(test_wait_until(has_followed, NULL));
    assert_int_equal(scripted_instance->live_before, 301);
    scripted_finish(&rig);
    assert_int_equal(later.references, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_live_and_cursor),
        cmocka_unit_test(test_drains_from_the_cursor),
        cmocka_unit_test(test_window),
        cmocka_unit_test(test_new_session_goes_back),
        cmocka_unit_test(test_commit_wakes),
        cmocka_unit_test(test_down_keeps_nothing),
        cmocka_unit_test(test_oldest),
        cmocka_unit_test(test_cursor_beyond_the_journal),
        cmocka_unit_test(test_times_of_an_outage),
        cmocka_unit_test(test_cursor_is_coalesced),
        cmocka_unit_test(test_stop_saves_the_cursor),
        cmocka_unit_test(test_idle),
        cmocka_unit_test(test_what_came_before_a_reload_is_taken_before_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
