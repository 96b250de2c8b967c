/* SPDX-License-Identifier: Apache-2.0 */
/* test_line_twins: devices of a line that are one device under two unit ids are told, once; idle ones of one model, dead
 * ones and others are not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bench.h"

enum { SECOND = 1000000 };

static const int64_t MINUTE = 60LL * SECOND;

static const int64_t noon_us = 1800000000LL * SECOND;

static struct bench bench;
static bool minds_units;
static uint32_t energy[8];         /* counts, by unit */
static uint32_t seconds_per_count; /* 0 = they stand */
static uint16_t voltage;           /* 0 = it moves with every request */

static void answer(struct bench *at, const struct ask *ask)
{
    uint8_t bytes[FRAME_SIZE_MAX];
    uint8_t unit = minds_units ? ask->unit : 1;
    uint32_t count = energy[unit];
    if (at->devices[ask->unit].is_silent) {
        return;
    }
    if (seconds_per_count > 0) {
        count += (uint32_t)(at->now_us / SECOND / seconds_per_count);
    }
    const uint16_t words[] = {voltage > 0 ? voltage : (uint16_t)(2300 + ask->value % 9), 0,
                              (uint16_t)(count >> 16), (uint16_t)count};
    bench_arrive(at, 3000, bytes, bench_reply_words(at, ask, &words[ask->address], bytes));
}

static int begin(void **state)
{
    (void)state;
    minds_units = false;
    seconds_per_count = 60;
    voltage = 0;
    for (uint32_t i = 0; i < 8; i++) {
        energy[i] = 5;
    }
    bench_init(&bench, noon_us);
    bench.answer = answer;
    return 0;
}

static int finish(void **state)
{
    (void)state;
    bench_finish(&bench);
    return 0;
}

static void start(unsigned meters)
{
    for (unsigned i = 1; i <= meters; i++) {
        bench_add(&bench, "meter", (uint8_t)i, 10000, 10000);
    }
    bench_start(&bench);
}

static void one_device_under_two_units_is_told_once(void **state)
{
    (void)state;
    start(2);
    bench_run(&bench, 15 * MINUTE);
    assert_int_equal(line_twin_count(bench.line), 1);
    bench_run(&bench, 26 * 60 * MINUTE);
    assert_int_equal(line_twin_count(bench.line), 1);
}

static void each_further_number_of_it_is_told(void **state)
{
    (void)state;
    start(4);
    bench_run(&bench, 60 * MINUTE);
    assert_int_equal(line_twin_count(bench.line), 3);
}

static void a_server_of_registers_that_stand_is_told(void **state)
{
    (void)state;
    seconds_per_count = 0;
    voltage = 2300;
    energy[1] = 123456;
    start(2);
    bench_run(&bench, 5 * MINUTE);
    assert_int_equal(line_twin_count(bench.line), 1);
}

static void idle_meters_of_one_model_are_two(void **state)
{
    (void)state;
    minds_units = true;
    seconds_per_count = 0;
    voltage = 2300;
    start(3); /* all have counted 0.05 kWh */
    bench_run(&bench, 26 * 60 * MINUTE);
    assert_int_equal(line_twin_count(bench.line), 0);
}

static void zeros_are_said_nothing_of(void **state)
{
    (void)state;
    seconds_per_count = 0;
    voltage = 1;
    energy[1] = 0;
    start(2);
    bench_run(&bench, 60 * MINUTE);
    assert_int_equal(line_twin_count(bench.line), 0);
}

static void meters_that_differ_are_two(void **state)
{
    (void)state;
    minds_units = true;
    energy[2] = 6;
    energy[3] = 7;
    start(3);
    bench_run(&bench, 26 * 60 * MINUTE);
    assert_int_equal(line_twin_count(bench.line), 0);
}

/* Units 1 and 4 are a pair behind two that are not, of which one is dead. */
static void a_pair_behind_others_is_found(void **state)
{
    (void)state;
    minds_units = true;
    energy[2] = 777;
    energy[3] = 888;
    bench.devices[2].is_silent = true;
    start(4);
    bench_run(&bench, 3 * 60 * MINUTE);
    assert_int_equal(line_twin_count(bench.line), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_device_under_two_units_is_told_once, begin, finish),
        cmocka_unit_test_setup_teardown(each_further_number_of_it_is_told, begin, finish),
        cmocka_unit_test_setup_teardown(a_server_of_registers_that_stand_is_told, begin, finish),
        cmocka_unit_test_setup_teardown(idle_meters_of_one_model_are_two, begin, finish),
        cmocka_unit_test_setup_teardown(zeros_are_said_nothing_of, begin, finish),
        cmocka_unit_test_setup_teardown(meters_that_differ_are_two, begin, finish),
        cmocka_unit_test_setup_teardown(a_pair_behind_others_is_found, begin, finish),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
