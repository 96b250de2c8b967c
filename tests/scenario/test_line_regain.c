/* SPDX-License-Identifier: Apache-2.0 */
/* test_line_regain: registers that a device gave, refused for a while and gives again: how soon they are read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "bench.h"

enum { SECOND = 1000000, MINUTE = 60 * SECOND, RETRIES_MAX = 64 };

static const int64_t HOUR = 60LL * MINUTE;
static const int64_t noon_us = 1800000000LL * SECOND;

static void begin(struct bench *bench, int64_t period_ms)
{
    bench_init(bench, noon_us);
    bench_add(bench, "wide", 1, period_ms, period_ms);
}

static void refuse(struct bench *bench, bool is_refused)
{
    bench->devices[1].refused_first = 13;
    bench->devices[1].refused_last = is_refused ? 13 : 0;
}

/* The register 13 was given for ten seconds and is refused from then on. */
static void begin_refused(struct bench *bench, int64_t period_ms)
{
    begin(bench, period_ms);
    bench_start(bench);
    bench_run(bench, 10 * SECOND - SECOND / 2);
    refuse(bench, true);
}

/* When requests touched it, from the from-th on. */
static size_t tries_of(const struct bench *bench, size_t from, int64_t at_us[RETRIES_MAX])
{
    size_t count = 0;
    for (size_t i = from; i < bench->ask_count; i++) {
        const struct ask *ask = &bench->asks[i];
        if (ask->address <= 13 && ask->address + ask->quantity > 13) {
            assert_true(count < RETRIES_MAX);
            at_us[count++] = ask->at_us;
        }
    }
    return count;
}

static size_t count_tries(const struct bench *bench, size_t from)
{
    int64_t at_us[RETRIES_MAX];
    return tries_of(bench, from, at_us);
}

static bool is_all_good(const struct bench *bench)
{
    const struct batch *batch = bench->posts[bench->post_count - 1].batch;
    for (size_t i = 0; i < batch->count; i++) {
        if (batch->readings[i].quality != QUALITY_OK) {
            return false;
        }
    }
    return batch->count == 14;
}

static void what_was_refused_for_seven_polls_is_soon_read(void **state)
{
    (void)state;
    struct bench bench;
    begin_refused(&bench, 1000);
    bench_run(&bench, 7 * SECOND);
    refuse(&bench, false);
    bench_run(&bench, 3 * MINUTE);
    assert_true(is_all_good(&bench));
    assert_int_equal(bench_device_status(&bench, 1).bad_registers, 0);
    bench_finish(&bench);
}

/* 1, 2, 4 minutes, and so on up to a day. */
static void its_pauses_grow_to_a_day(void **state)
{
    (void)state;
    struct bench bench;
    begin_refused(&bench, 20000);
    bench_run(&bench, 4 * MINUTE);
    int64_t at_us[RETRIES_MAX];
    int64_t since_us = bench.notes[0].row.since_us - noon_us + 777000000LL;
    size_t first = bench.ask_count;
    bench_run(&bench, 98 * HOUR);
    size_t count = tries_of(&bench, first, at_us);
    assert_in_range(count, 12, 14);
    int64_t before_us = at_us[0];
    for (size_t i = 1; i < count; i++) {
        int64_t pause_us = at_us[i] - before_us;
        int64_t wanted_us = before_us - since_us + MINUTE;
        wanted_us = wanted_us < 24 * HOUR ? wanted_us : 24 * HOUR;
        assert_in_range(pause_us, wanted_us, wanted_us + HOUR + MINUTE);
        assert_true(wanted_us == 24 * HOUR || pause_us < wanted_us + 21 * SECOND);
        before_us = at_us[i];
    }
    refuse(&bench, false);
    bench_run(&bench, 26 * HOUR);
    assert_true(is_all_good(&bench));
    bench_finish(&bench);
}

/* What was learned of the pause is in the row that is kept. */
static void its_pause_outlives_a_restart(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench, 1000);
    refuse(&bench, true);
    const struct bad_register row = {
        .device = "device-1",
        .unit = 1,
        .function = 3,
        .quality = QUALITY_EXCEPTION,
        .exception = 2,
        .first = 13,
        .last = 13,
        .since_us = noon_us - 7LL * MINUTE,
        .next_try_us = noon_us + 30 * SECOND,
    };
    line_know_refused(bench.line, 0, &row, 1);
    bench_start(&bench);
    bench_run(&bench, 29 * SECOND);
    assert_int_equal(count_tries(&bench, 0), 0);
    bench_run(&bench, 3 * SECOND);
    assert_int_equal(count_tries(&bench, 0), 1);
    assert_int_equal(bench.notes[0].row.since_us, row.since_us);
    assert_in_range(bench.notes[0].row.next_try_us - noon_us, 8 * MINUTE, 10 * MINUTE);
    bench_run(&bench, 8 * MINUTE);
    assert_int_equal(count_tries(&bench, 0), 1);
    bench_run(&bench, 2 * MINUTE);
    assert_int_equal(count_tries(&bench, 0), 2);
    bench_finish(&bench);
}

static size_t tries_with_steps(int64_t step_us, int64_t *at_us)
{
    struct bench bench;
    begin_refused(&bench, 10000);
    bench_run(&bench, 4 * MINUTE);
    size_t first = bench.ask_count;
    bench_run(&bench, 30 * MINUTE);
    bench_step_wall(&bench, step_us);
    bench_run(&bench, 5 * HOUR);
    bench_step_wall(&bench, -step_us);
    bench_run(&bench, 20 * HOUR);
    size_t count = tries_of(&bench, first, at_us);
    bench_finish(&bench);
    return count;
}

/* A clock that is years ahead or behind, and set right, makes no pause longer or shorter; but polls stand on its grid. */
static void a_step_of_the_clock_is_no_pause(void **state)
{
    (void)state;
    static const int64_t steps_us[] = {365 * 24 * HOUR, -365 * 24 * HOUR, HOUR, -HOUR};
    int64_t wanted_us[RETRIES_MAX];
    size_t wanted = tries_with_steps(0, wanted_us);
    assert_in_range(wanted, 6, 12);
    for (size_t i = 0; i < ARRAY_SIZE(steps_us); i++) {
        int64_t at_us[RETRIES_MAX];
        size_t count = tries_with_steps(steps_us[i], at_us);
        assert_int_equal(count, wanted);
        for (size_t j = 0; j < count; j++) {
            assert_in_range(at_us[j] - wanted_us[j] + 2 * MINUTE, 0, 4 * MINUTE);
        }
    }
}

/* A row that was written by a clock years ahead. */
static void a_date_to_come_is_no_endless_pause(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench, 1000);
    refuse(&bench, true);
    const struct bad_register row = {
        .device = "device-1",
        .unit = 1,
        .function = 3,
        .quality = QUALITY_EXCEPTION,
        .exception = 2,
        .first = 13,
        .last = 13,
        .since_us = noon_us + 9 * 365 * 24 * HOUR,
        .next_try_us = noon_us + 9 * 365 * 24 * HOUR + MINUTE,
    };
    line_know_refused(bench.line, 0, &row, 1);
    bench_start(&bench);
    bench_run(&bench, 5 * MINUTE);
    assert_in_range(count_tries(&bench, 0), 2, 4);
    bench_finish(&bench);
}

static void a_device_that_returns_is_asked_at_once(void **state)
{
    (void)state;
    struct bench bench;
    begin_refused(&bench, 1000);
    bench_run(&bench, 3 * HOUR);
    bench.devices[1].is_silent = true;
    bench_run(&bench, 20 * SECOND);
    assert_int_equal(bench_device_status(&bench, 1).health, DEVICE_OFFLINE);
    bench.devices[1].is_silent = false;
    refuse(&bench, false);
    bench_run(&bench, 65 * SECOND);
    assert_true(is_all_good(&bench));
    bench_finish(&bench);
}

static void a_line_that_returns_is_asked_at_once(void **state)
{
    (void)state;
    struct bench bench;
    begin_refused(&bench, 1000);
    bench_run(&bench, 3 * HOUR);
    bench.open_error = -ECONNREFUSED;
    bench_hang_up(&bench, 0);
    bench_run(&bench, 20 * SECOND);
    assert_int_equal(bench_line_status(&bench).state, LINE_DOWN);
    bench.open_error = 0;
    refuse(&bench, false);
    bench_run(&bench, 65 * SECOND);
    assert_true(is_all_good(&bench));
    bench_finish(&bench);
}

/* Nobody missed a poll; but an end while nothing is asked tells nothing. */
static void a_connection_that_failed_is_reason_to_ask(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct bench bench;
        bool is_idle = i == 0;
        begin_refused(&bench, 1000);
        bench_run(&bench, 3 * HOUR);
        size_t first = bench.ask_count;
        refuse(&bench, false);
        bench.send_error = is_idle ? 0 : -EPIPE;
        if (is_idle) {
            bench_hang_up(&bench, 0);
        }
        bench_run(&bench, 5 * SECOND);
        assert_int_equal(bench.opens, 2);
        assert_int_equal(bench_device_status(&bench, 1).failed_polls, 0);
        assert_int_equal(count_tries(&bench, first) > 0, !is_idle);
        assert_int_equal(is_all_good(&bench), !is_idle);
        bench_finish(&bench);
    }
}

/* One a poll, and not each time that it comes and goes. */
static void a_device_that_flickers_is_not_flooded(void **state)
{
    (void)state;
    struct bench bench;
    begin_refused(&bench, 1000);
    bench_run(&bench, 3 * HOUR);
    size_t first = bench.ask_count;
    size_t posts = bench.post_count;
    for (unsigned i = 0; i < 60; i++) {
        bench.devices[1].is_silent = i % 2 != 0;
        bench_run(&bench, 10 * SECOND);
    }
    assert_in_range(count_tries(&bench, first), 2, 11);
    assert_true(bench_count(&bench, 1, QUALITY_OK, posts) > 100);
    bench_finish(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_refused_for_seven_polls_is_soon_read),
        cmocka_unit_test(its_pauses_grow_to_a_day),
        cmocka_unit_test(its_pause_outlives_a_restart),
        cmocka_unit_test(a_step_of_the_clock_is_no_pause),
        cmocka_unit_test(a_date_to_come_is_no_endless_pause),
        cmocka_unit_test(a_device_that_returns_is_asked_at_once),
        cmocka_unit_test(a_line_that_returns_is_asked_at_once),
        cmocka_unit_test(a_connection_that_failed_is_reason_to_ask),
        cmocka_unit_test(a_device_that_flickers_is_not_flooded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
