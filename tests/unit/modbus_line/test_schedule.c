/* SPDX-License-Identifier: Apache-2.0 */
/* test_schedule: the grid, its phases and slots, and the pauses of what has failed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>

#include "collectors/modbus/line/line_backoff.h"
#include "collectors/modbus/line/schedule.h"

enum { SECOND = 1000000 };

static void phases_fill_the_period_evenly(void **state)
{
    (void)state;
    enum { DEVICES = 500, TENTHS = 10 };
    unsigned counts[TENTHS] = {0};
    for (uint32_t i = 0; i < DEVICES; i++) {
        int64_t phase_us = schedule_phase(i, SECOND, SECOND);
        assert_in_range(phase_us, 0, SECOND - 1);
        counts[phase_us / (SECOND / TENTHS)]++;
    }
    for (unsigned i = 0; i < TENTHS; i++) {
        assert_in_range(counts[i], 45, 55);
    }
}

/* Ten neighbours, as on one line, are no nearer than half of what would be even. */
static void neighbours_lie_apart(void **state)
{
    (void)state;
    for (uint32_t first = 0; first < 200; first += 10) {
        for (uint32_t i = first; i < first + 10; i++) {
            for (uint32_t j = first; j < i; j++) {
                int64_t apart_us =
                    schedule_phase(i, SECOND, SECOND) - schedule_phase(j, SECOND, SECOND);
                assert_true(apart_us > 50000 || apart_us < -50000);
            }
        }
    }
}

static void classes_of_a_device_coincide(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 100; i++) {
        int64_t fast_us = schedule_phase(i, SECOND, SECOND);
        int64_t normal_us = schedule_phase(i, SECOND, 10 * SECOND);
        int64_t slow_us = schedule_phase(i, SECOND, 900LL * SECOND);
        assert_int_equal(normal_us % SECOND, fast_us);
        assert_int_equal(slow_us, normal_us);
        assert_in_range(slow_us, 0, SCHEDULE_SPREAD_US - 1);
    }
}

static struct schedule schedule_of(int64_t period_us, int64_t phase_us)
{
    return (struct schedule){
        .period_us = period_us, .phase_us = phase_us, .due_us = SCHEDULE_NEVER};
}

static void dates_are_rounded_to_slots(void **state)
{
    (void)state;
    const struct timeline timeline = {.offset_us = 123456789, .slot_us = 5000};
    struct schedule schedule = schedule_of(SECOND, 1234);
    schedule_begin(&schedule, 10 * SECOND + 1, &timeline);
    for (unsigned i = 0; i < 100; i++) {
        int64_t due_us = schedule.due_us;
        assert_int_equal(due_us % 5000, 0);
        assert_true(i == 0 || (due_us + timeline.offset_us - 1234) % SECOND < 5000);
        schedule_advance(&schedule, due_us + 700, &timeline);
        assert_true(i == 0 || schedule.due_us == due_us + SECOND);
    }
}

/* A day of dates of a period: on its own grid, and with counters on every quarter hour too. */
static void walk_a_day(int64_t period_us, int64_t phase_us, bool has_counters)
{
    const int64_t quarter_us = 900LL * SECOND;
    const int64_t day_us = 96 * quarter_us;
    const struct timeline timeline = {.offset_us = 20000 * day_us, .slot_us = 5000};
    struct schedule schedule = schedule_of(period_us, phase_us);
    schedule.quarter_us = has_counters ? schedule_quarter(period_us) : 0;
    schedule_begin(&schedule, 0, &timeline);
    int64_t quarters = 0;
    int64_t own = 0;
    while (schedule.due_us < day_us) {
        const int64_t due_us = schedule.due_us;
        const int64_t wall_us = due_us - phase_us;
        const bool is_quarter = wall_us % quarter_us < 5000;
        const bool is_own = wall_us % period_us < 5000;
        assert_true(due_us < phase_us || is_own || (is_quarter && has_counters));
        quarters += is_quarter;
        own += is_own;
        assert_int_equal(schedule_skip(&schedule, due_us + 1000), 0);
        schedule_advance(&schedule, due_us + 1000, &timeline);
        assert_true(schedule.due_us > due_us);
    }
    assert_in_range(own, day_us / period_us, day_us / period_us + 1);
    if (has_counters) {
        assert_in_range(quarters, 96, 97);
    }
}

static void any_period_of_the_day_meets_the_quarters(void **state)
{
    (void)state;
    static const int64_t periods_s[] = {1,    60,   75,   120,  144,   150,   200,
                                        240,  360,  400,  480,  900,   1200,  1440,
                                        1800, 2400, 3600, 7200, 10800, 28800, 86400};
    for (size_t i = 0; i < sizeof(periods_s) / sizeof(periods_s[0]); i++) {
        walk_a_day(periods_s[i] * SECOND, 0, true);
        walk_a_day(periods_s[i] * SECOND, 0, false);
        walk_a_day(periods_s[i] * SECOND, 900000, true);
    }
    assert_int_equal(schedule_quarter(60LL * SECOND), 0); /* which has them anyway */
    assert_int_equal(schedule_quarter(120LL * SECOND), 900LL * SECOND);
}

/* Two hours with counters: what is left out are quarter hours. */
static void late_quarters_are_counted(void **state)
{
    (void)state;
    const struct timeline timeline = {.offset_us = 0};
    struct schedule schedule = schedule_of(7200LL * SECOND, 0);
    schedule.quarter_us = schedule_quarter(schedule.period_us);
    schedule_begin(&schedule, 7200LL * SECOND, &timeline);
    assert_int_equal(schedule_skip(&schedule, (7200LL + 899) * SECOND), 0);
    assert_int_equal(schedule_skip(&schedule, (7200LL + 2000) * SECOND), 2);
    schedule_advance(&schedule, (7200LL + 2000) * SECOND, &timeline);
    assert_int_equal(schedule.due_us, (7200LL + 2700) * SECOND);
}

static void late_polls_skip_whole_periods(void **state)
{
    (void)state;
    const struct timeline timeline = {.offset_us = 0, .slot_us = 0};
    struct schedule schedule = schedule_of(SECOND, 0);
    schedule_begin(&schedule, 10 * SECOND, &timeline);
    assert_int_equal(schedule.due_us, 10 * SECOND);
    assert_int_equal(schedule_skip(&schedule, 10 * SECOND + 999999), 0);
    assert_int_equal(schedule_skip(&schedule, 13 * SECOND + 200000), 3);
    assert_int_equal(schedule.due_us, 13 * SECOND);
    schedule_advance(&schedule, 13 * SECOND + 200000, &timeline);
    assert_int_equal(schedule.due_us, 14 * SECOND);
}

static void times_before_1970_have_a_grid_too(void **state)
{
    (void)state;
    const struct timeline timeline = {.offset_us = -1000LL * SECOND - 1, .slot_us = 0};
    struct schedule schedule = schedule_of(10 * SECOND, 0);
    schedule_begin(&schedule, 15 * SECOND, &timeline);
    schedule_advance(&schedule, schedule.due_us, &timeline);
    assert_int_equal((schedule.due_us + timeline.offset_us) % (10 * SECOND), 0);
    assert_true(schedule.due_us > 15 * SECOND);
}

static void nothing_to_read_is_never_due(void **state)
{
    (void)state;
    const struct timeline timeline = {.slot_us = 5000};
    struct schedule schedule = schedule_of(0, 0);
    schedule_begin(&schedule, SECOND, &timeline);
    schedule_demand(&schedule, SECOND);
    schedule_realign(&schedule, SECOND, &timeline);
    assert_true(schedule.due_us == SCHEDULE_NEVER);
}

static void pauses_double_up_to_the_cap(void **state)
{
    (void)state;
    uint32_t chance = 99;
    struct line_backoff backoff = {.first_us = 2 * SECOND, .cap_us = 60 * SECOND};
    const int64_t full_s[] = {2, 4, 8, 16, 32, 60, 60, 60};
    for (unsigned round = 0; round < 2; round++) {
        for (unsigned i = 0; i < 8; i++) {
            int64_t wait_us = line_backoff_next(&backoff, &chance);
            assert_in_range(wait_us, full_s[i] * SECOND * 3 / 4, full_s[i] * SECOND);
        }
        line_backoff_reset(&backoff);
    }
    for (unsigned i = 0; i < 1000; i++) {
        assert_in_range(line_backoff_next(&backoff, &chance), SECOND, 60 * SECOND);
    }
}

static void pauses_differ(void **state)
{
    (void)state;
    uint32_t one = 1;
    uint32_t other = 2;
    struct line_backoff first = {.first_us = SECOND, .cap_us = 60 * SECOND};
    struct line_backoff second = first;
    unsigned equal = 0;
    for (unsigned i = 0; i < 20; i++) {
        equal += line_backoff_next(&first, &one) == line_backoff_next(&second, &other);
    }
    assert_in_range(equal, 0, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(phases_fill_the_period_evenly),
        cmocka_unit_test(neighbours_lie_apart),
        cmocka_unit_test(classes_of_a_device_coincide),
        cmocka_unit_test(dates_are_rounded_to_slots),
        cmocka_unit_test(any_period_of_the_day_meets_the_quarters),
        cmocka_unit_test(late_quarters_are_counted),
        cmocka_unit_test(late_polls_skip_whole_periods),
        cmocka_unit_test(times_before_1970_have_a_grid_too),
        cmocka_unit_test(nothing_to_read_is_never_due),
        cmocka_unit_test(pauses_double_up_to_the_cap),
        cmocka_unit_test(pauses_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
