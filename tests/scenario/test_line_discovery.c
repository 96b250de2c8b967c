/* SPDX-License-Identifier: Apache-2.0 */
/* test_line_discovery: a line and a device that lists its SunSpec models itself: found, lost, changed, silent, hostile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "bench.h"
#include "unit/sunspec/map.h"

enum { SECOND = 1000000, MINUTE = 60 * SECOND, UNIT = 7 };

static const int64_t hour_us = 60LL * MINUTE;

static const int64_t noon_us = 1800000000LL * SECOND;
static const int64_t period_ms[POLL_CLASS_COUNT] = {1000, 10000, 60000, 0};

static struct map map;
static struct bench bench;
static uint32_t deaf_from; /* registers from here on are not answered at all; 65536 = all are */
static uint8_t exception;  /* that every request gets, 0 = none */
static uint8_t lacking;    /* for registers that it lacks */
static uint16_t inverter;  /* where model 103 stands */

static const struct profile file = {
    .id = (char *)"sunspec",
    .device = (char *)"SunSpec device",
    .device_class = DEVICE_METER,
    .discovery = DISCOVERY_SUNSPEC,
    .link = {.unit = 1, .max_registers = 125},
};
static const struct site site = {.id = (char *)"site",
                                 .name = (char *)"",
                                 .fast_ms = 1000,
                                 .normal_ms = 10000,
                                 .slow_ms = 60000};
static const struct line_config line_config = {.id = (char *)"line"};
static const struct device_config config = {.id = (char *)"pv",
                                            .name = (char *)"",
                                            .profile = (char *)"sunspec",
                                            .node = (char *)"",
                                            .unit = UNIT,
                                            .ct_ratio = 1,
                                            .vt_ratio = 1,
                                            .pulse_weight = 1};
static const struct line_unknown unknown = {&site, &line_config, &config, &file};

static void answer(struct bench *at, const struct ask *ask)
{
    uint8_t bytes[FRAME_SIZE_MAX];
    bool is_written = true;
    if (ask->unit != UNIT) {
        bench_answer(at, ask);
        return;
    }
    if (at->devices[UNIT].is_silent || (uint32_t)ask->address + ask->quantity > deaf_from) {
        return;
    }
    for (uint32_t i = 0; i < ask->quantity; i++) {
        is_written = is_written && map.is_written[ask->address + i];
    }
    uint8_t code = exception != 0 ? exception : is_written ? 0 : lacking;
    size_t size = code != 0 ? bench_exception(at, ask, code, bytes)
                            : bench_reply_words(at, ask, &map.words[ask->address], bytes);
    bench_arrive(at, at->devices[UNIT].delay_us, bytes, size);
}

static void make_map(uint16_t base)
{
    memset(&map, 0, sizeof(map));
    map_begin(&map, base);
    map_text(&map, map_model(&map, 1, 66) + 50U, "SN-1");
    inverter = map_model(&map, 103, 50);
    map_set(&map, inverter + 14U, 4321);
    map_end(&map);
}

static int begin(void **state)
{
    (void)state;
    deaf_from = 65536;
    exception = 0;
    lacking = 2;
    make_map(40000);
    bench_init(&bench, noon_us);
    bench.answer = answer;
    bench_add_unknown(&bench, &unknown, period_ms);
    bench_start(&bench);
    return 0;
}

static int finish(void **state)
{
    (void)state;
    bench_finish(&bench);
    return 0;
}

/* The newest reading of that name; NULL when the newest batches do not have it. */
static const struct reading *newest(const char *name)
{
    for (size_t i = bench.post_count; i > 0; i--) {
        const struct batch *batch = bench.posts[i - 1].batch;
        for (size_t j = 0; j < batch->count && batch->device->unit == UNIT; j++) {
            if (strcmp(batch->device->points[batch->readings[j].point].name, name) == 0) {
                return &batch->readings[j];
            }
        }
    }
    return NULL;
}

static void assert_newest(const char *name, double value)
{
    const struct reading *reading = newest(name);
    assert_non_null(reading);
    assert_int_equal(reading->quality, QUALITY_OK);
    assert_true(reading->value == value);
}

static size_t count_asks_of(uint16_t address, size_t first)
{
    size_t count = 0;
    for (size_t i = first; i < bench.ask_count; i++) {
        count += bench.asks[i].unit == UNIT && bench.asks[i].address == address;
    }
    return count;
}

static void a_device_is_found_and_read_at_once(void **state)
{
    (void)state;
    const struct device *before = bench_device_status(&bench, UNIT).device;
    assert_int_equal(before->point_count, 4);
    assert_int_equal(before->device_class, DEVICE_METER);
    bench_run(&bench, 5 * SECOND);
    assert_newest("active_power", 4.321);
    assert_string_equal(reading_text(bench.posts[0].batch, newest("serial_number")), "SN-1");
    const struct device *after = bench_device_status(&bench, UNIT).device;
    assert_int_equal(after->device_class, DEVICE_INVERTER);
    assert_true(after->point_count > 20);
    assert_int_equal(bench_device_status(&bench, UNIT).health, DEVICE_ONLINE);
    /* whoever looked before still can */
    assert_int_equal(before->point_count, 4);
    assert_string_equal(before->id, "pv");
    /* the walk: words, header, serial number, header, end; once */
    bench_run(&bench, MINUTE);
    assert_int_equal(count_asks_of(40000, 0), 1);
    assert_int_equal(count_asks_of(40002, 0), 1);
    assert_int_equal(bench_device_status(&bench, UNIT).errors.exceptions, 0);
    for (size_t i = 0; i < bench.post_count; i++) {
        assert_ptr_equal(bench.posts[i].batch->device, after);
    }
}

static void a_device_at_another_base_is_found_in_the_same_poll(void **state)
{
    (void)state;
    make_map(50000);
    bench_run(&bench, 12 * SECOND);
    assert_newest("active_power", 4.321);
    assert_int_equal(bench.asks[0].address, 40000);
    assert_int_equal(bench.asks[1].address, 0);
    assert_int_equal(bench.asks[2].address, 50000);
    /* a base that it lacks is no error of the device */
    assert_int_equal(bench_device_status(&bench, UNIT).errors.exceptions, 0);
}

/* Who does not answer for registers that it lacks is silent at two bases and found at the third all the same. */
static void a_device_that_is_silent_elsewhere_is_found(void **state)
{
    (void)state;
    make_map(0);
    deaf_from = 1000;
    bench_run(&bench, 3 * MINUTE);
    assert_newest("active_power", 4.321);
}

static void a_silent_device_is_data_and_backs_off(void **state)
{
    (void)state;
    bench.devices[UNIT].is_silent = true;
    bench_run(&bench, 20 * MINUTE);
    assert_int_equal(bench_device_status(&bench, UNIT).health, DEVICE_OFFLINE);
    assert_int_equal(newest("serial_number")->quality, QUALITY_TIMEOUT);
    assert_in_range(bench_asks(&bench, UNIT, 0), 20, 45);
    bench.devices[UNIT].is_silent = false;
    bench_run(&bench, 70 * SECOND);
    assert_newest("active_power", 4.321);
}

static void a_device_without_models_is_asked_less_and_less(void **state)
{
    (void)state;
    memset(&map, 0, sizeof(map));
    bench_run(&bench, 2 * hour_us);
    assert_int_equal(bench_device_status(&bench, UNIT).health, DEVICE_OFFLINE);
    assert_int_equal(newest("serial_number")->quality, QUALITY_NOT_IMPLEMENTED);
    /* three reads a walk, a walk every ten minutes in the end */
    assert_in_range(bench_asks(&bench, UNIT, 0), 3 * 12, 3 * 30);
    /* its batches go on meanwhile: every ten seconds */
    assert_in_range(bench_count(&bench, UNIT, QUALITY_NOT_IMPLEMENTED, 0), 700, 725);
    make_map(40000);
    bench_run(&bench, 13 * MINUTE);
    assert_newest("active_power", 4.321);
}

/* A common model that says 15 and has 13 registers, of which nothing can be read. */
static void a_broken_chain_is_a_bad_reply(void **state)
{
    (void)state;
    memset(&map, 0, sizeof(map));
    map_begin(&map, 40000);
    map_model(&map, 1, 13);
    map_set(&map, 40003, 15);
    bench_run(&bench, 10 * MINUTE);
    assert_int_equal(newest("serial_number")->quality, QUALITY_BAD_REPLY);
    assert_in_range(bench_count(&bench, UNIT, QUALITY_BAD_REPLY, 0), 55, 61);
    make_map(40000);
    bench_run(&bench, 13 * MINUTE);
    assert_newest("active_power", 4.321);
}

/* And read when it has its length, as in the morning, at the latest after an hour. */
static void an_empty_model_is_stepped_over(void **state)
{
    (void)state;
    map.at = 40002 + 68;
    map_model(&map, 103, 0);
    uint16_t meter = map_model(&map, 203, 105);
    map_set(&map, meter + 18U, 1111);
    map_end(&map);
    bench_run(&bench, 15 * SECOND);
    assert_newest("active_power", 1.111);
    make_map(40000);
    bench_run(&bench, hour_us + MINUTE);
    assert_newest("active_power", 4.321);
}

static void a_list_that_ends_in_silence_is_found(void **state)
{
    (void)state;
    deaf_from = map.at;
    bench_run(&bench, 3 * MINUTE);
    assert_newest("active_power", 4.321);
    assert_int_equal(bench_device_status(&bench, UNIT).health, DEVICE_ONLINE);
    size_t first = bench.post_count;
    bench_run(&bench, 10 * MINUTE);
    assert_int_equal(bench_count(&bench, UNIT, QUALITY_TIMEOUT, first), 0);
    assert_int_equal(bench_device_status(&bench, UNIT).health, DEVICE_ONLINE);
    deaf_from = 65536;
    map_model(&map, 160, 28);
    map_end(&map);
    bench_run(&bench, hour_us);
    assert_non_null(newest("dc_current_1"));
}

/* Some say exception 4 for registers that they lack. */
static void a_list_that_ends_in_another_exception_is_found(void **state)
{
    (void)state;
    lacking = 4;
    map.is_written[map.at] = false;
    bench_run(&bench, 3 * MINUTE);
    assert_newest("active_power", 4.321);
}

static void a_busy_device_is_not_taken_for_one_without_models(void **state)
{
    (void)state;
    exception = 6;
    bench_run(&bench, MINUTE);
    assert_int_equal(newest("serial_number")->quality, QUALITY_EXCEPTION);
    assert_int_equal(newest("serial_number")->exception, 6);
    exception = 0;
    bench_run(&bench, 2 * MINUTE);
    assert_newest("active_power", 4.321);
}

static void lose_for(int64_t duration_us)
{
    bench.devices[UNIT].is_silent = true;
    bench_run(&bench, duration_us);
    assert_int_equal(bench_device_status(&bench, UNIT).health, DEVICE_OFFLINE);
    bench.devices[UNIT].is_silent = false;
}

static void a_device_that_returns_is_looked_after(void **state)
{
    (void)state;
    bench_run(&bench, 30 * SECOND);
    const struct device *before = bench_device_status(&bench, UNIT).device;
    lose_for(3 * MINUTE);
    size_t first = bench.ask_count;
    bench_run(&bench, 2 * MINUTE);
    assert_int_equal(count_asks_of(40000, first), 1);
    assert_int_equal(count_asks_of(40002 + 50, first), 1);
    assert_int_equal(count_asks_of((uint16_t)map.at, first), 1);
    assert_int_equal(count_asks_of(inverter, first), 0);
    assert_ptr_equal(bench_device_status(&bench, UNIT).device, before);
    assert_newest("active_power", 4.321);
}

static void a_device_that_returns_changed_gets_its_new_points(void **state)
{
    (void)state;
    bench_run(&bench, 30 * SECOND);
    const struct device *before = bench_device_status(&bench, UNIT).device;
    lose_for(3 * MINUTE);
    map.at = inverter;
    map_model(&map, 120, 26);
    inverter = map_model(&map, 103, 50);
    map_set(&map, inverter + 14U, 8765);
    uint16_t meter = map_model(&map, 203, 105);
    map_set(&map, meter + 18U, 1111);
    map_end(&map);
    bench_run(&bench, 2 * MINUTE);
    assert_newest("active_power", 8.765);
    assert_newest("active_power_2", 1.111);
    assert_ptr_not_equal(bench_device_status(&bench, UNIT).device, before);
    assert_true(before->point_count > 20);
    /* and once more, with its meter taken away */
    lose_for(3 * MINUTE);
    make_map(0);
    bench_run(&bench, 2 * MINUTE);
    assert_newest("active_power", 4.321);
    assert_null(device_find_point(bench_device_status(&bench, UNIT).device, "active_power_2"));
}

/* New firmware on a device that never was away. */
static void a_refused_register_is_walked_for_after_an_hour(void **state)
{
    (void)state;
    map.at = inverter;
    uint16_t meter = map_model(&map, 203, 105);
    map_set(&map, meter + 18U, 2500);
    map_end(&map);
    bench_run(&bench, 30 * SECOND);
    assert_newest("active_power", 2.5);
    size_t first = bench.ask_count;
    make_map(40000);
    for (uint32_t i = map.at + 2; i < 40300; i++) {
        map.is_written[i] = false; /* the longer meter's registers are no more */
    }
    bench_run(&bench, hour_us - MINUTE);
    assert_int_equal(count_asks_of(40000, first), 0);
    assert_int_equal(newest("alarm_word_1")->quality, QUALITY_EXCEPTION);
    assert_int_equal(bench_device_status(&bench, UNIT).bad_registers, 2);
    /* one look, whose end differs, and a walk */
    bench_run(&bench, 3 * hour_us);
    assert_newest("active_power", 4.321);
    assert_int_equal(count_asks_of(40000, first), 2);
    assert_int_equal(bench_device_status(&bench, UNIT).bad_registers, 0);
}

static int begin_serial(void **state)
{
    (void)state;
    deaf_from = 65536;
    exception = 0;
    lacking = 2;
    make_map(50000);
    bench_init(&bench, noon_us);
    bench.answer = answer;
    bench.wire.frame = FRAME_RTU;
    bench.wire.char_ns = 1041667; /* 9600 8N1 */
    bench.wire.silence_us = 4000;
    bench.devices[UNIT].delay_us = 200000; /* behind the last character of the largest reply */
    bench.settings.response_timeout_us = 500000;
    bench_add_unknown(&bench, &unknown, period_ms);
    bench_start(&bench);
    return 0;
}

static void a_device_on_a_serial_line_is_found(void **state)
{
    (void)state;
    bench_run(&bench, 30 * SECOND);
    assert_newest("active_power", 4.321);
    assert_int_equal(count_asks_of(50000, 0), 1);
    assert_int_equal(bench_device_status(&bench, UNIT).errors.timeouts, 0);
}

static int begin_knowing(void **state)
{
    (void)state;
    deaf_from = 65536;
    exception = 0;
    lacking = 2;
    make_map(40000);
    map.is_written[inverter + 38] = false;
    struct bad_register row = {
        .device = "pv",
        .unit = UNIT,
        .function = 3,
        .quality = QUALITY_EXCEPTION,
        .exception = 2,
        .first = (uint16_t)(inverter + 38),
        .last = (uint16_t)(inverter + 38),
        .since_us = noon_us,
        .next_try_us = noon_us + 24 * hour_us,
    };
    bench_init(&bench, noon_us);
    bench.answer = answer;
    bench_add_unknown(&bench, &unknown, period_ms);
    line_know_refused(bench.line, 0, &row, 1);
    bench_start(&bench);
    return 0;
}

static void what_was_refused_before_the_start_is_not_asked(void **state)
{
    (void)state;
    bench_run(&bench, MINUTE);
    assert_newest("active_power", 4.321);
    assert_int_equal(newest("inverter_state")->quality, QUALITY_EXCEPTION);
    assert_int_equal(newest("inverter_state")->exception, 2);
    for (size_t i = 0; i < bench.ask_count; i++) {
        const struct ask *ask = &bench.asks[i];
        assert_false(ask->address <= inverter + 38 && inverter + 38 < ask->address + ask->quantity);
    }
    assert_int_equal(bench_device_status(&bench, UNIT).bad_registers, 1);
}

static void walks_leave_room_for_others(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 65536; i++) {
        map_set(&map, i, 1); /* models of one register without an end */
    }
    map_begin(&map, 40000);
    map_begin(&map, 0);
    map_begin(&map, 50000);
    bench_add(&bench, "one", 9, 1000, 10000);
    bench_run(&bench, 10 * MINUTE);
    assert_in_range(bench_asks(&bench, UNIT, 0), 100, 6 * 128);
    assert_true(bench_count(&bench, 9, QUALITY_OK, 0) > 590);
    assert_int_equal(bench_count(&bench, 9, QUALITY_LATE, 0), 0);
}

/* What the device has listed goes with it to the line that takes over, and a command that waits for a point of it. */
static void a_command_waits_across_a_reload(void **state)
{
    (void)state;
    const struct line_origin same = {.place = 0, .is_same = true};
    static const char *const names[] = {"active_power"};
    bench_run(&bench, 5 * SECOND);
    bench.devices[UNIT].is_silent = true;
    bench_run(&bench, SECOND + SECOND / 10); /* a poll waits for its reply */
    assert_true(bench_give(&bench, command_read_points("pv", names, 1), 10 * SECOND));
    bench.devices[UNIT].is_silent = false;
    struct line *former = bench_begin_reload(&bench);
    bench_add_unknown(&bench, &unknown, period_ms);
    bench_reload(&bench, former, &same);
    bench_run(&bench, 5 * SECOND);
    assert_int_equal(bench.done_count, 1);
    assert_string_equal(bench.done[0]->why, "");
    assert_int_equal(bench.done[0]->error, 0);
    assert_true(bench.done[0]->points[0].value != 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_device_is_found_and_read_at_once, begin, finish),
        cmocka_unit_test_setup_teardown(a_device_at_another_base_is_found_in_the_same_poll, begin,
                                        finish),
        cmocka_unit_test_setup_teardown(a_device_that_is_silent_elsewhere_is_found, begin, finish),
        cmocka_unit_test_setup_teardown(a_silent_device_is_data_and_backs_off, begin, finish),
        cmocka_unit_test_setup_teardown(a_device_without_models_is_asked_less_and_less, begin,
                                        finish),
        cmocka_unit_test_setup_teardown(a_broken_chain_is_a_bad_reply, begin, finish),
        cmocka_unit_test_setup_teardown(an_empty_model_is_stepped_over, begin, finish),
        cmocka_unit_test_setup_teardown(a_list_that_ends_in_silence_is_found, begin, finish),
        cmocka_unit_test_setup_teardown(a_list_that_ends_in_another_exception_is_found, begin,
                                        finish),
        cmocka_unit_test_setup_teardown(a_busy_device_is_not_taken_for_one_without_models, begin,
                                        finish),
        cmocka_unit_test_setup_teardown(a_device_that_returns_is_looked_after, begin, finish),
        cmocka_unit_test_setup_teardown(a_device_that_returns_changed_gets_its_new_points, begin,
                                        finish),
        cmocka_unit_test_setup_teardown(a_refused_register_is_walked_for_after_an_hour, begin,
                                        finish),
        cmocka_unit_test_setup_teardown(a_device_on_a_serial_line_is_found, begin_serial, finish),
        cmocka_unit_test_setup_teardown(what_was_refused_before_the_start_is_not_asked,
                                        begin_knowing, finish),
        cmocka_unit_test_setup_teardown(walks_leave_room_for_others, begin, finish),
        cmocka_unit_test_setup_teardown(a_command_waits_across_a_reload, begin, finish),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
