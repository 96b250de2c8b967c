/* SPDX-License-Identifier: Apache-2.0 */
/* test_line_schedule: polls on the grid of the wall clock, whatever the clock or the load does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "base/mem.h"
#include "bench.h"

enum { SECOND = 1000000, MINUTE = 60 * SECOND };

static const int64_t HOUR = 60LL * MINUTE;
static const int64_t QUARTER = 15LL * MINUTE;
static const int64_t noon_us = 1800000000LL * SECOND;

static int64_t wall_of(const struct bench *bench, int64_t mono_us)
{
    return mono_us + clock_wall_us(&bench->clock.clock) - bench->now_us;
}

static void polls_stand_on_the_grid(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench, noon_us + 1234567);
    bench_add(&bench, "one", 1, 10000, 10000);
    bench_add(&bench, "one", 2, 10000, 10000);
    bench_start(&bench);
    bench_run(&bench, 10 * MINUTE);
    for (uint8_t unit = 1; unit <= 2; unit++) {
        int64_t phase_us = -1;
        for (size_t i = 4; i < bench.ask_count; i++) {
            if (bench.asks[i].unit == unit) {
                int64_t now_us = wall_of(&bench, bench.asks[i].at_us) % (10 * SECOND);
                assert_in_range(now_us, 0, 4 * SECOND + 5000);
                assert_true(phase_us < 0 || phase_us == now_us);
                phase_us = now_us;
            }
        }
    }
    assert_in_range(bench_count(&bench, 1, QUALITY_OK, 0), 60, 62);
    bench_finish(&bench);
}

/* Every counter is read within 5 s of every quarter hour, with periods that a site may have. */
static void quarter_hours_are_met(void **state)
{
    (void)state;
    static const int64_t periods_ms[] = {1000,   5000,   10000,  60000,   120000,  150000,  300000,
                                         720000, 900000, 960000, 1200000, 7200000, 86400000};
    enum { UNITS = ARRAY_SIZE(periods_ms) };
    struct bench bench;
    bench_init(&bench, noon_us + 77 * SECOND);
    for (uint8_t i = 0; i < UNITS; i++) {
        bench_add(&bench, "counted", (uint8_t)(i + 1), 1000, periods_ms[i]);
    }
    bench_start(&bench);
    bench_run(&bench, HOUR + 10 * SECOND);
    for (uint8_t unit = 1; unit <= UNITS; unit++) {
        unsigned met = 0;
        for (unsigned quarter = 1; quarter <= 4; quarter++) {
            int64_t boundary_us = (noon_us / QUARTER + quarter) * QUARTER;
            for (size_t i = 0; i < bench.post_count; i++) {
                const struct batch *batch = bench.posts[i].batch;
                int64_t off_us = batch->time_us - boundary_us;
                if (batch->device->unit == unit && off_us >= 0 && off_us <= 5 * SECOND) {
                    met++;
                    break;
                }
            }
        }
        assert_int_equal(met, 4);
    }
    bench_finish(&bench);
}

/* What is no counter keeps to its period. */
static void only_counters_are_read_besides(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench, noon_us);
    bench_add(&bench, "two", 1, 1000, 7200000);
    bench_start(&bench);
    bench_run(&bench, 2 * HOUR - 10 * SECOND);
    assert_int_equal(bench_count(&bench, 1, QUALITY_OK, 0), 1);
    bench_finish(&bench);
}

static void the_first_polls_come_soon(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench, noon_us + 77 * SECOND);
    for (uint8_t unit = 1; unit <= 20; unit++) {
        bench_add(&bench, "two", unit, 900000, 900000);
    }
    bench_start(&bench);
    bench_run(&bench, 5 * SECOND);
    for (uint8_t unit = 1; unit <= 20; unit++) {
        assert_int_equal(bench_count(&bench, unit, QUALITY_OK, 0), 1);
    }
    bench_finish(&bench);
}

static void a_stepped_clock_moves_the_grid(struct bench *bench, int64_t step_us)
{
    bench_run(bench, 5 * MINUTE + SECOND / 3);
    size_t before = bench->ask_count;
    bench_step_wall(bench, step_us);
    size_t at_step = bench->ask_count;
    assert_true(at_step - before <= 1);
    bench_run(bench, 5 * MINUTE);
    /* ten devices each ten seconds: neither a burst nor a stop */
    assert_in_range(bench->ask_count - before, 290, 311);
    for (uint8_t unit = 1; unit <= 10; unit++) {
        int64_t phase_us = -1;
        int64_t last_us = 0;
        for (size_t i = at_step; i < bench->ask_count; i++) {
            if (bench->asks[i].unit != unit) {
                continue;
            }
            int64_t now_us = wall_of(bench, bench->asks[i].at_us) % (10 * SECOND);
            assert_in_range(now_us, 0, 4 * SECOND + 20000);
            assert_true(phase_us < 0 || llabs(phase_us - now_us) < 20000);
            assert_true(last_us == 0 || bench->asks[i].at_us - last_us > 9 * SECOND);
            phase_us = now_us;
            last_us = bench->asks[i].at_us;
        }
    }
}

static void begin_ten(struct bench *bench)
{
    bench_init(bench, noon_us);
    for (uint8_t unit = 1; unit <= 10; unit++) {
        bench_add(bench, "one", unit, 10000, 10000);
    }
    bench_start(bench);
}

static void clock_steps_neither_stop_nor_burst(void **state)
{
    (void)state;
    const int64_t steps_us[] = {HOUR, -HOUR, HOUR + 7 * SECOND, 3 * SECOND, -3 * SECOND};
    for (size_t i = 0; i < 5; i++) {
        struct bench bench;
        begin_ten(&bench);
        a_stepped_clock_moves_the_grid(&bench, steps_us[i]);
        assert_int_equal(bench_line_status(&bench).errors.skipped, 0);
        bench_finish(&bench);
    }
}

static void a_clock_that_never_rests_stops_nothing(void **state)
{
    (void)state;
    struct bench bench;
    begin_ten(&bench);
    bench_run(&bench, MINUTE);
    size_t before = bench.ask_count;
    for (unsigned i = 0; i < 75; i++) {
        bench_step_wall(&bench, i % 2 == 0 ? 5 * SECOND : -5 * SECOND);
        bench_run(&bench, 4 * SECOND);
    }
    assert_in_range(bench.ask_count - before, 150, 450);
    bench_finish(&bench);
}

/* Wall time stands still: the grid points never come. */
static void a_clock_that_is_held_stops_nothing(void **state)
{
    (void)state;
    struct bench bench;
    begin_ten(&bench);
    bench_run(&bench, MINUTE);
    size_t before = bench.ask_count;
    for (unsigned i = 0; i < 600; i++) {
        bench_step_wall(&bench, -SECOND / 2);
        bench_run(&bench, SECOND / 2);
    }
    /* every 20 s at the least; the one whose grid point is just now comes once a second */
    for (uint8_t unit = 1; unit <= 10; unit++) {
        assert_in_range(bench_asks(&bench, unit, before), 14, 301);
    }
    bench_finish(&bench);
}

static void an_overloaded_line_skips_and_says_so(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench, noon_us);
    for (uint8_t unit = 1; unit <= 10; unit++) {
        bench_add(&bench, "one", unit, 1000, 10000);
        bench.devices[unit].delay_us = 190000;
    }
    bench_start(&bench);
    bench_run(&bench, 5 * MINUTE);
    for (uint8_t unit = 1; unit <= 10; unit++) {
        size_t good = bench_count(&bench, unit, QUALITY_OK, 0);
        size_t late = bench_count(&bench, unit, QUALITY_LATE, 0);
        uint64_t skipped = bench_device_status(&bench, unit).errors.skipped;
        assert_in_range(good, 140, 165); /* its fair share */
        assert_true(late > 100 && late <= skipped);
        assert_in_range(good + skipped, 296, 304);
    }
    assert_true(bench_line_status(&bench).load > 0.98);
    assert_true(bench_line_status(&bench).poll_jitter_p99_us > 500000);
    bench_finish(&bench);
}

static void an_easy_line_has_no_jitter(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench, noon_us);
    bench_add(&bench, "one", 1, 1000, 10000);
    bench_start(&bench);
    bench_run(&bench, 5 * MINUTE);
    struct line_status status = bench_line_status(&bench);
    assert_true(status.poll_jitter_p99_us < 100);
    assert_in_range(status.round_trip_p50_us, 2600, 3400);
    assert_in_range(status.round_trip_p99_us, 2600, 3400);
    assert_true(status.load > 0.002 && status.load < 0.004);
    assert_int_equal(status.requests, status.replies);
    assert_int_equal(status.state, LINE_UP);
    bench_finish(&bench);
}

static void gaps_and_the_connect_delay_are_kept(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench, noon_us);
    bench.settings.connect_delay_us = 1500000;
    bench.settings.gap_us = 400000;
    bench.open_us = 100000;
    bench_add(&bench, "two", 1, 1000, 1000);
    bench_start(&bench);
    bench_run(&bench, MINUTE);
    assert_int_equal(bench.asks[0].at_us - bench.opened_at_us, 1500000);
    for (size_t i = 1; i < bench.ask_count; i++) {
        assert_true(bench.asks[i].at_us - bench.asks[i - 1].at_us >= 403000);
    }
    assert_true(bench.ask_count > 110);
    assert_int_equal(bench_line_status(&bench).errors.skipped, 0);
    bench_finish(&bench);
}

/* What the last request of a poll brings is posted with it, not after the gap. */
static void values_do_not_wait_for_the_gap(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench, noon_us);
    bench.settings.gap_us = 850000;
    bench_add(&bench, "one", 1, 1000, 1000);
    bench_start(&bench);
    bench_run(&bench, 10 * SECOND - SECOND / 2);
    assert_int_equal(bench.post_count, 10);
    for (size_t i = 0; i < bench.post_count; i++) {
        assert_int_equal(bench.posts[i].at_us - bench.asks[i].at_us, 3000);
        assert_int_equal(bench.posts[i].batch->time_us,
                         wall_of(&bench, bench.asks[i].at_us) + 1500);
        assert_int_equal(bench.posts[i].batch->received_mono_us, bench.posts[i].at_us);
    }
    bench_finish(&bench);
}

static void classes_that_coincide_go_together(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench, noon_us);
    for (uint8_t unit = 1; unit <= 5; unit++) {
        bench_add(&bench, "full", unit, 1000, 10000);
    }
    bench_start(&bench);
    bench_run(&bench, 20 * SECOND);
    size_t first = bench.ask_count;
    bench_run(&bench, 10 * SECOND);
    unsigned normal = 0;
    for (size_t i = first; i < bench.ask_count; i++) {
        if (bench.asks[i].address == 100) {
            assert_int_equal(bench.asks[i - 1].address, 7);
            assert_int_equal(bench.asks[i - 1].unit, bench.asks[i].unit);
            assert_int_equal(bench.asks[i].at_us - bench.asks[i - 1].at_us, 3000);
            normal++;
        }
    }
    assert_int_equal(normal, 5);
    bench_finish(&bench);
}

/* What a device owes at one moment is one batch, in the order of its points, and counts as one poll. */
static void classes_that_coincide_are_one_batch(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench, noon_us);
    bench_add(&bench, "full", 1, 1000, 10000);
    bench_start(&bench);
    bench_run(&bench, 95 * SECOND);
    size_t first = bench.post_count;
    uint64_t polls = bench_device_status(&bench, 1).polls;
    bench_run(&bench, 10 * SECOND);
    unsigned joined = 0;
    for (size_t i = first; i < bench.post_count; i++) {
        const struct batch *batch = bench.posts[i].batch;
        assert_int_equal(batch->readings[0].point, 0);
        joined += batch->count == 2 && batch->readings[1].point == 1;
    }
    assert_int_equal(bench.post_count - first, 10);
    assert_int_equal(joined, 1);
    assert_int_equal(bench_device_status(&bench, 1).polls - polls, 10);
    assert_true(bench_line_status(&bench).poll_jitter_p99_us < 100);
    bench_finish(&bench);
}

/* Held up by a slow neighbour for many periods: one batch tells that all classes are late, one has the values. */
static void lateness_of_all_classes_is_one_batch(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench, noon_us);
    bench.settings.response_timeout_us = 30 * SECOND;
    bench_add(&bench, "full", 1, 1000, 2000);
    bench_add(&bench, "one", 2, 60000, 60000);
    bench_start(&bench);
    bench_run(&bench, 70 * SECOND);
    size_t first = bench.post_count;
    bench.devices[2].delay_us = 20 * SECOND;
    bench_run(&bench, 90 * SECOND);
    size_t late = 0;
    for (size_t i = first; i < bench.post_count; i++) {
        const struct batch *batch = bench.posts[i].batch;
        if (batch->readings[0].quality == QUALITY_LATE) {
            late++;
            assert_int_equal(batch->count, 2);
            assert_int_equal(batch->readings[1].quality, QUALITY_LATE);
            assert_int_equal(bench.posts[i + 1].batch->count, 2);
            assert_int_equal(bench.posts[i + 1].batch->readings[1].quality, QUALITY_OK);
        }
    }
    assert_int_equal(late, 1);
    assert_in_range(bench_device_status(&bench, 1).errors.skipped, 27, 31);
    bench_finish(&bench);
}

static void identity_is_read_daily(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench, noon_us);
    bench_add(&bench, "full", 1, 60000, 60000);
    bench_start(&bench);
    bench_run(&bench, 73 * HOUR);
    unsigned identity = 0;
    for (size_t i = 0; i < bench.ask_count; i++) {
        identity += bench.asks[i].address == 300;
    }
    assert_in_range(identity, 4, 5);
    bench_finish(&bench);
}

/* The last good reply is as old as it is, whatever was done to the clock since. */
static void a_step_makes_no_reply_older(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench, noon_us);
    bench_add(&bench, "one", 1, 1000, 60000);
    bench_start(&bench);
    bench_run(&bench, 10 * SECOND);
    bench.devices[1].is_silent = true;
    bench_step_wall(&bench, -3600 * (int64_t)SECOND);
    bench_run(&bench, 20 * SECOND);
    int64_t age_us =
        clock_wall_us(&bench.clock.clock) - bench_device_status(&bench, 1).last_good_wall_us;
    assert_in_range(age_us, 19 * SECOND, 22 * SECOND);
    age_us = clock_wall_us(&bench.clock.clock) - bench_line_status(&bench).last_good_wall_us;
    assert_in_range(age_us, 19 * SECOND, 22 * SECOND);
    bench_finish(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_step_makes_no_reply_older),
        cmocka_unit_test(polls_stand_on_the_grid),
        cmocka_unit_test(quarter_hours_are_met),
        cmocka_unit_test(only_counters_are_read_besides),
        cmocka_unit_test(the_first_polls_come_soon),
        cmocka_unit_test(clock_steps_neither_stop_nor_burst),
        cmocka_unit_test(a_clock_that_never_rests_stops_nothing),
        cmocka_unit_test(a_clock_that_is_held_stops_nothing),
        cmocka_unit_test(an_overloaded_line_skips_and_says_so),
        cmocka_unit_test(an_easy_line_has_no_jitter),
        cmocka_unit_test(gaps_and_the_connect_delay_are_kept),
        cmocka_unit_test(values_do_not_wait_for_the_gap),
        cmocka_unit_test(classes_that_coincide_go_together),
        cmocka_unit_test(classes_that_coincide_are_one_batch),
        cmocka_unit_test(lateness_of_all_classes_is_one_batch),
        cmocka_unit_test(identity_is_read_daily),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
