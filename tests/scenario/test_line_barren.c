/* SPDX-License-Identifier: Apache-2.0 */
/* test_line_barren: units that answer and give nothing. Many servers and gateways answer so for a unit that they do not
 * have, each by another exception: it must not look alive. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/mem.h"
#include "bench.h"

enum { SECOND = 1000000, MINUTE = 60 * SECOND };

static const int64_t noon_us = 1800000000LL * SECOND;

/* How it answers everything, in how long it is known to be no good, and how soon it is known to be back. */
struct manner {
    const char *words; /* of its last error */
    uint8_t exception;
    bool is_short;
    int64_t within_us;
    int64_t back_us;
};

static const struct manner manners[] = {
    {"exception 1", .exception = 1, .within_us = 15 * SECOND, .back_us = 3 * SECOND},
    {"exception 2", .exception = 2, .within_us = 15 * SECOND, .back_us = 3 * SECOND},
    {"exception 3", .exception = 3, .within_us = 15 * SECOND, .back_us = 3 * SECOND},
    {"exception 4", .exception = 4, .within_us = 15 * SECOND, .back_us = 3 * SECOND},
    {"exception 5", .exception = 5, .within_us = 6 * MINUTE, .back_us = 63 * SECOND},
    {"exception 6", .exception = 6, .within_us = 6 * MINUTE, .back_us = 63 * SECOND},
    {"exception 8", .exception = 8, .within_us = 15 * SECOND, .back_us = 3 * SECOND},
    {"exception 12", .exception = 12, .within_us = 15 * SECOND, .back_us = 3 * SECOND},
    {"registers", .is_short = true, .within_us = 15 * SECOND, .back_us = 3 * SECOND},
};

static void spoil(struct bench *bench, const struct manner *manner)
{
    struct bench_device *device = &bench->devices[1];
    device->exception = manner->exception;
    device->refused_first = 0;
    device->refused_last = manner->is_short ? UINT16_MAX : 0;
    device->refuses_short = manner->is_short;
}

static void mend(struct bench *bench)
{
    bench->devices[1] = (struct bench_device){.delay_us = 3000};
}

static void begin(struct bench *bench, const char *profile, int64_t period_ms)
{
    bench_init(bench, noon_us);
    bool is_slow = strcmp(profile, "full") == 0;
    bench_add(bench, profile, 1, period_ms, is_slow ? 10 * period_ms : period_ms);
    bench_add(bench, "one", 2, period_ms, 10000);
}

/* The other states would say that it is well. */
static void run_without_being_online(struct bench *bench, int64_t duration_us)
{
    for (int64_t at_us = 0; at_us < duration_us; at_us += SECOND) {
        bench_run(bench, SECOND);
        assert_int_not_equal(bench_device_status(bench, 1).health, DEVICE_ONLINE);
    }
}

static void check_offline(struct bench *bench, const struct manner *manner)
{
    struct device_status status = bench_device_status(bench, 1);
    assert_int_equal(status.health, DEVICE_OFFLINE);
    if (strstr(status.last_error, manner->words) == NULL) {
        fail_msg("%s: %s", manner->words, status.last_error);
    }
    assert_true(status.failed_polls >= 5);
    assert_int_equal(status.last_good_wall_us, 0);
    assert_int_equal(status.next_try_in_us, 0); /* it is polled as usual */
}

static void check_online(struct bench *bench)
{
    struct device_status status = bench_device_status(bench, 1);
    assert_int_equal(status.health, DEVICE_ONLINE);
    assert_int_equal(status.failed_polls, 0);
    assert_string_equal(status.last_error, "");
    assert_true(status.last_good_wall_us > 0);
}

static void a_unit_that_gives_nothing_is_not_online(void **state)
{
    (void)state;
    static const char *const profiles[] = {"one", "two", "full", "wide"};
    for (size_t i = 0; i < ARRAY_SIZE(manners); i++) {
        for (size_t j = 0; j < ARRAY_SIZE(profiles); j++) {
            struct bench bench;
            begin(&bench, profiles[j], 1000);
            spoil(&bench, &manners[i]);
            bench_start(&bench);
            run_without_being_online(&bench, manners[i].within_us);
            check_offline(&bench, &manners[i]);
            run_without_being_online(&bench, 3 * MINUTE);
            check_offline(&bench, &manners[i]);
            mend(&bench);
            bench_run(&bench, manners[i].back_us);
            check_online(&bench);
            assert_int_equal(bench_last(&bench, 1)->quality, QUALITY_OK);
            assert_true(bench_count(&bench, 2, QUALITY_OK, 0) >= 194);
            bench_finish(&bench);
        }
    }
}

/* The same of one that was well: it was, until all its requests have failed for a while. */
static void a_unit_that_ceases_to_give_goes_offline(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(manners); i++) {
        struct bench bench;
        begin(&bench, "wide", 1000);
        bench_start(&bench);
        bench_run(&bench, 10 * SECOND);
        check_online(&bench);
        spoil(&bench, &manners[i]);
        bench_run(&bench, manners[i].within_us + 5 * SECOND);
        assert_int_equal(bench_device_status(&bench, 1).health, DEVICE_OFFLINE);
        mend(&bench);
        bench_run(&bench, manners[i].back_us);
        check_online(&bench);
        bench_finish(&bench);
    }
}

/* What it costs: no more than a device that is well, and in the end one request a poll. */
static void it_is_not_hammered(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(manners); i++) {
        struct bench bench;
        begin(&bench, "wide", 1000);
        spoil(&bench, &manners[i]);
        bench_start(&bench);
        bench_run(&bench, 5 * MINUTE);
        size_t first = bench.ask_count;
        bench_run(&bench, MINUTE);
        assert_in_range(bench_asks(&bench, 1, first), 1, 61);
        bench_finish(&bench);
    }
}

/* One register that it does not have, in its only request: it is searched for, and nothing is said of the device. */
static void a_hole_is_no_dead_device(void **state)
{
    (void)state;
    for (unsigned address = 10; address <= 26; address++) {
        struct bench bench;
        begin(&bench, "wide", 1000);
        bench.devices[1].refused_first = bench.devices[1].refused_last = (uint16_t)address;
        bench_start(&bench);
        for (unsigned second = 0; second < 60; second++) {
            bench_run(&bench, SECOND);
            assert_int_not_equal(bench_device_status(&bench, 1).health, DEVICE_OFFLINE);
        }
        check_online(&bench);
        bench_finish(&bench);
    }
}

/* A class that it refuses every second, and one that it gives every ten. */
static void one_class_is_enough(void **state)
{
    (void)state;
    for (unsigned code = 1; code <= 4; code++) {
        struct bench bench;
        begin(&bench, "full", 1000);
        bench.devices[1].refused_first = bench.devices[1].refused_last = 7;
        bench.devices[1].refused_code = (uint8_t)code;
        bench_start(&bench);
        bench_run(&bench, 6 * SECOND);
        for (unsigned second = 0; second < 100; second++) {
            bench_run(&bench, SECOND);
            assert_int_equal(bench_device_status(&bench, 1).health, DEVICE_ONLINE);
        }
        bench_finish(&bench);
    }
}

/* Silent, then refusing while it starts, then well. */
static void a_restart_is_one_outage(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench, "wide", 1000);
    bench_start(&bench);
    bench_run(&bench, 10 * SECOND);
    bench.devices[1].is_silent = true;
    bench_run(&bench, 20 * SECOND);
    assert_string_equal(bench_device_status(&bench, 1).last_error, "does not answer");
    mend(&bench);
    bench.devices[1].exception = 4;
    run_without_being_online(&bench, 40 * SECOND);
    assert_non_null(strstr(bench_device_status(&bench, 1).last_error, "exception 4"));
    mend(&bench);
    bench_run(&bench, 3 * SECOND);
    check_online(&bench);
    bench_finish(&bench);
}

static void a_line_that_returns_to_it_does_not_make_it_well(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench, "wide", 1000);
    bench.devices[1].exception = 4;
    bench_start(&bench);
    bench_run(&bench, 20 * SECOND);
    bench.open_error = -ECONNREFUSED;
    bench_hang_up(&bench, 0);
    bench_run(&bench, 30 * SECOND);
    bench.open_error = 0;
    run_without_being_online(&bench, 2 * MINUTE);
    assert_int_equal(bench_device_status(&bench, 1).health, DEVICE_OFFLINE);
    assert_int_equal(bench_device_status(&bench, 2).health, DEVICE_ONLINE);
    mend(&bench);
    bench_run(&bench, 3 * SECOND);
    check_online(&bench);
    bench_finish(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_unit_that_gives_nothing_is_not_online),
        cmocka_unit_test(a_unit_that_ceases_to_give_goes_offline),
        cmocka_unit_test(it_is_not_hammered),
        cmocka_unit_test(a_hole_is_no_dead_device),
        cmocka_unit_test(one_class_is_enough),
        cmocka_unit_test(a_restart_is_one_outage),
        cmocka_unit_test(a_line_that_returns_to_it_does_not_make_it_well),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
