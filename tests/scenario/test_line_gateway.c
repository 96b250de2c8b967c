/* SPDX-License-Identifier: Apache-2.0 */
/* test_line_gateway: ten units behind a gateway that serves one after the other, so that what it waits for a dead unit
 * holds up everybody. What that may cost, in numbers: probing a tenth of the line's time, the others' readings not a
 * tenth of a period later than on a healthy line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "bench.h"

enum {
    SECOND = 1000000,
    MINUTE = 60 * SECOND,
    UNITS = 10,
    WIRE_US = 20000, /* that one request takes behind the gateway */
    GAPS_MAX = 40000,
};

static const int64_t noon_us = 1800000000LL * SECOND;

/* The gateway: busy with one request until then; patience for a dead unit, and what it says then. */
static struct {
    int64_t free_us;
    int64_t patience_us;
    uint8_t exception; /* 0 = nothing */
    int64_t wasted_us; /* on dead units */
} gateway;

static void answer(struct bench *bench, const struct ask *ask)
{
    struct bench_device *device = &bench->devices[ask->unit];
    int64_t takes_us = device->is_silent ? gateway.patience_us : WIRE_US;
    int64_t start_us = gateway.free_us > bench->now_us ? gateway.free_us : bench->now_us;
    gateway.free_us = start_us + takes_us;
    gateway.wasted_us += device->is_silent ? takes_us : 0;
    struct bench_device said = {.delay_us = gateway.free_us - bench->now_us,
                                .is_silent = device->is_silent && gateway.exception == 0,
                                .exception = device->is_silent ? gateway.exception : 0};
    struct bench_device kept = *device;
    *device = said;
    bench_answer(bench, ask);
    *device = kept;
}

struct freshness {
    size_t polls;
    size_t bad; /* polls of living units without a value */
    int64_t p99_us;
    int64_t longest_us;
    double wasted; /* of the line's time */
};

static int compare(const void *one, const void *other)
{
    int64_t a = *(const int64_t *)one;
    int64_t b = *(const int64_t *)other;
    return (a > b) - (a < b);
}

static struct freshness measure(const struct bench *bench, size_t first, unsigned living)
{
    static int64_t gaps[GAPS_MAX];
    struct freshness seen = {0};
    int64_t last_us[UNITS + 1] = {0};
    for (size_t i = first; i < bench->post_count; i++) {
        const struct post *post = &bench->posts[i];
        int64_t unit = post->batch->device->unit;
        if (unit > living) {
            continue;
        }
        if (post->batch->readings[0].quality != QUALITY_OK) {
            seen.bad++;
            continue;
        }
        if (last_us[unit] > 0) {
            gaps[seen.polls++] = post->at_us - last_us[unit];
        }
        last_us[unit] = post->at_us;
    }
    qsort(gaps, seen.polls, sizeof(gaps[0]), compare);
    seen.p99_us = gaps[seen.polls * 99 / 100];
    seen.longest_us = gaps[seen.polls - 1];
    return seen;
}

static void begin(struct bench *bench, unsigned dead, uint8_t exception, int64_t patience_us)
{
    gateway.free_us = 0;
    gateway.patience_us = patience_us;
    gateway.exception = exception;
    bench_init(bench, noon_us);
    bench->settings.response_timeout_us = SECOND;
    for (unsigned unit = 1; unit <= UNITS; unit++) {
        bench_add(bench, "one", (uint8_t)unit, 1000, 10000);
        bench->devices[unit].is_silent = unit > UNITS - dead;
    }
    bench->answer = answer;
    bench_start(bench);
}

/* Half an hour with so many dead, after five minutes. */
static struct freshness play(unsigned dead, uint8_t exception, int64_t patience_us)
{
    struct bench bench;
    begin(&bench, dead, exception, patience_us);
    bench_run(&bench, 5 * MINUTE);
    size_t first = bench.post_count;
    gateway.wasted_us = 0;
    bench_run(&bench, 30 * MINUTE);
    struct freshness seen = measure(&bench, first, UNITS - dead);
    seen.wasted = (double)gateway.wasted_us / (30.0 * MINUTE);
    bench_finish(&bench);
    print_message("%u dead, exception %u after %lld ms: %zu polls, %zu bad, p99 %lld, longest %lld "
                  "us, %.2f %% wasted\n",
                  dead, exception, (long long)patience_us / 1000, seen.polls, seen.bad,
                  (long long)seen.p99_us, (long long)seen.longest_us, 100 * seen.wasted);
    return seen;
}

/* Both kinds: that report the dead unit, and that say nothing. */
static void the_dead_leave_the_others_fresh(void **state)
{
    (void)state;
    static const int64_t patiences_us[] = {200000, 600000, 900000};
    for (size_t i = 0; i < 3; i++) {
        for (unsigned dead = 1; dead <= 2; dead++) {
            for (int is_told = 0; is_told <= 1; is_told++) {
                struct freshness seen = play(dead, is_told ? 0x0B : 0, patiences_us[i]);
                assert_int_equal(seen.bad, 0);
                assert_in_range(seen.polls, (UNITS - dead) * 1795, (UNITS - dead) * 1800);
                assert_in_range(seen.p99_us, SECOND, SECOND + SECOND / 10);
                assert_in_range(seen.longest_us, SECOND, 2 * SECOND + SECOND / 10);
                assert_true(seen.wasted < 0.01);
            }
        }
    }
}

static void a_healthy_gateway_is_on_time(void **state)
{
    (void)state;
    struct freshness seen = play(0, 0, 0);
    assert_int_equal(seen.bad, 0);
    assert_int_equal(seen.longest_us, SECOND);
}

static void half_dead_costs_a_tenth_at_most(void **state)
{
    (void)state;
    struct freshness seen = play(UNITS / 2, 0, 900000);
    assert_int_equal(seen.bad, 0);
    assert_true(seen.wasted < 0.1);
}

/* They are still found: within ten minutes where no probe has room. */
static void the_dead_are_found_when_they_return(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench, 2, 0x0B, 900000);
    bench_run(&bench, 30 * MINUTE);
    assert_int_equal(bench_device_status(&bench, UNITS).health, DEVICE_OFFLINE);
    bench.devices[UNITS].is_silent = false;
    bench.devices[UNITS - 1].is_silent = false;
    bench_run(&bench, 5 * MINUTE);
    assert_int_equal(bench_device_status(&bench, UNITS).health, DEVICE_ONLINE);
    assert_int_equal(bench_device_status(&bench, UNITS - 1).health, DEVICE_ONLINE);
    bench_finish(&bench);
}

/* Half of the units: a probe must wait minutes for its turn, their silence need not. */
static void the_dead_are_told_once_a_minute(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench, UNITS / 2, 0x0B, 900000);
    bench_run(&bench, 5 * MINUTE);
    size_t first = bench.post_count;
    int64_t last_us[UNITS + 1] = {0};
    bench_run(&bench, 30 * MINUTE);
    for (size_t i = first; i < bench.post_count; i++) {
        int64_t unit = bench.posts[i].batch->device->unit;
        int64_t at_us = bench.posts[i].at_us;
        assert_true(last_us[unit] == 0 || at_us - last_us[unit] < 63LL * SECOND);
        last_us[unit] = at_us;
    }
    bench_finish(&bench);
}

/* The first that is found shows that the rest is worth asking. */
static void what_fell_together_returns_together(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench, UNITS - 1, 0x0B, 900000);
    bench_run(&bench, 30 * MINUTE);
    for (unsigned unit = 2; unit <= UNITS; unit++) {
        assert_int_equal(bench_device_status(&bench, (uint8_t)unit).health, DEVICE_OFFLINE);
        bench.devices[unit].is_silent = false;
    }
    bench_run(&bench, 150LL * SECOND);
    for (unsigned unit = 2; unit <= UNITS; unit++) {
        assert_int_equal(bench_device_status(&bench, (uint8_t)unit).health, DEVICE_ONLINE);
    }
    bench_finish(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_healthy_gateway_is_on_time),
        cmocka_unit_test(the_dead_leave_the_others_fresh),
        cmocka_unit_test(half_dead_costs_a_tenth_at_most),
        cmocka_unit_test(the_dead_are_found_when_they_return),
        cmocka_unit_test(the_dead_are_told_once_a_minute),
        cmocka_unit_test(what_fell_together_returns_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
