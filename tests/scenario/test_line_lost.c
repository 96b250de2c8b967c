/* SPDX-License-Identifier: Apache-2.0 */
/* test_line_lost: one value of a joined request that never comes, in every way in which a device can withhold it: the
 * others are read within a time, it keeps the quality of what the device said, and when it comes it is soon read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "base/mem.h"
#include "bench.h"

enum { SECOND = 1000000, MINUTE = 60 * SECOND, REFUSED = 12 };

static const int64_t noon_us = 1800000000LL * SECOND;

/* How a device withholds a register, for how long its others may be missing, and what the register shows. */
struct way {
    const char *name;
    uint8_t code;
    bool is_silent;
    bool is_short;
    int64_t within_us;
    enum quality quality;
};

static const struct way ways[] = {
    {"exception 1", .code = 1, .within_us = 20 * SECOND, .quality = QUALITY_EXCEPTION},
    {"exception 2", .code = 2, .within_us = 20 * SECOND, .quality = QUALITY_EXCEPTION},
    {"exception 3", .code = 3, .within_us = 20 * SECOND, .quality = QUALITY_EXCEPTION},
    {"exception 4", .code = 4, .within_us = 90 * SECOND, .quality = QUALITY_EXCEPTION},
    {"exception 5", .code = 5, .within_us = 14 * MINUTE, .quality = QUALITY_EXCEPTION},
    {"exception 6", .code = 6, .within_us = 14 * MINUTE, .quality = QUALITY_EXCEPTION},
    {"exception 7", .code = 7, .within_us = 90 * SECOND, .quality = QUALITY_EXCEPTION},
    {"exception 8", .code = 8, .within_us = 90 * SECOND, .quality = QUALITY_EXCEPTION},
    {"exception 12", .code = 12, .within_us = 90 * SECOND, .quality = QUALITY_EXCEPTION},
    {"exception 0xAB", .code = 0xAB, .within_us = 90 * SECOND, .quality = QUALITY_EXCEPTION},
    {"too short", .is_short = true, .within_us = 20 * SECOND, .quality = QUALITY_BAD_REPLY},
    {"silence", .is_silent = true, .within_us = 90 * SECOND, .quality = QUALITY_TIMEOUT},
    {"exception 0x0A", .code = 0x0A, .within_us = 90 * SECOND, .quality = QUALITY_TIMEOUT},
    {"exception 0x0B", .code = 0x0B, .within_us = 90 * SECOND, .quality = QUALITY_TIMEOUT},
};

static void withhold(struct bench *bench, const struct way *way, unsigned address)
{
    struct bench_device *device = &bench->devices[1];
    device->refused_first = device->refused_last = (uint16_t)address;
    device->refused_code = way->code;
    device->refuses_silently = way->is_silent;
    device->refuses_short = way->is_short;
}

/* A device of two requests, so that it is not dead when one of them is not answered. */
static void begin(struct bench *bench, enum frame_kind kind)
{
    static const struct bad_register apart = {
        .device = "device-1",
        .unit = 1,
        .function = 3,
        .quality = QUALITY_EXCEPTION,
        .exception = 2,
        .is_split = true,
        .first = 17,
        .last = 20,
        .next_try_us = INT64_MAX / 2,
    };
    struct bad_register row = apart;
    bench_init(bench, noon_us);
    bench->wire.frame = kind;
    bench->wire.silence_us = kind == FRAME_RTU ? 20000 : 0;
    bench_add(bench, "wide", 1, 1000, 1000);
    row.since_us = noon_us - 25 * 3600LL * SECOND;
    row.next_try_us = noon_us + 24 * 3600LL * SECOND;
    line_know_refused(bench->line, 0, &row, 1);
    bench_start(bench);
    bench_run(bench, 10 * SECOND + SECOND / 2);
}

static const struct batch *last_batch(const struct bench *bench)
{
    return bench->posts[bench->post_count - 1].batch;
}

static unsigned bad_points(const struct batch *batch)
{
    unsigned bad = 0;
    for (size_t i = 0; i < batch->count; i++) {
        bad |= batch->readings[i].quality != QUALITY_OK ? 1U << i : 0;
    }
    return bad;
}

static void check_one_is_missing(const struct bench *bench, const struct way *way, unsigned point)
{
    const struct batch *batch = last_batch(bench);
    assert_int_equal(batch->count, 14);
    if (bad_points(batch) != 1U << point) {
        fail_msg("%s: points %#x are bad", way->name, bad_points(batch));
    }
    assert_int_equal(batch->readings[point].quality, way->quality);
    assert_int_equal(batch->readings[point].exception,
                     way->quality == QUALITY_EXCEPTION ? way->code : 0);
}

static void play(const struct way *way, enum frame_kind kind)
{
    struct bench bench;
    begin(&bench, kind);
    assert_int_equal(bad_points(last_batch(&bench)), 0);
    withhold(&bench, way, REFUSED);
    bench_run(&bench, way->within_us);
    check_one_is_missing(&bench, way, 2);
    assert_int_equal(bench_device_status(&bench, 1).health, DEVICE_ONLINE);
    size_t first = bench.ask_count;
    size_t opens = bench.opens;
    bench_run(&bench, 20 * SECOND);
    assert_in_range(bench.ask_count - first, 60, 61);
    assert_in_range(bench.opens, opens, opens + 1);
    check_one_is_missing(&bench, way, 2);
    bench.devices[1].refused_last = 0;
    bench_run(&bench, 2 * way->within_us + 3 * MINUTE);
    if (bad_points(last_batch(&bench)) != 0) {
        fail_msg("%s: points %#x are not read again", way->name, bad_points(last_batch(&bench)));
    }
    bench_finish(&bench);
}

static void one_value_does_not_take_the_others_along(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
        play(&ways[i], FRAME_TCP);
        play(&ways[i], FRAME_RTU);
    }
}

/* The same after a restart: what was found is kept with what the device said. */
static void the_finding_outlives_a_restart(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
        struct bench bench;
        begin(&bench, FRAME_TCP);
        withhold(&bench, &ways[i], REFUSED);
        bench_run(&bench, ways[i].within_us);
        struct bad_register row = bench.notes[bench.note_count - 1].row;
        assert_int_equal(row.first, REFUSED);
        assert_int_equal(row.quality, ways[i].quality);
        bench_finish(&bench);
        row.next_try_us = noon_us + 3600LL * SECOND;
        bench_init(&bench, noon_us);
        bench_add(&bench, "wide", 1, 1000, 1000);
        line_know_refused(bench.line, 0, &row, 1);
        withhold(&bench, &ways[i], REFUSED);
        bench_start(&bench);
        bench_run(&bench, 10 * SECOND);
        check_one_is_missing(&bench, &ways[i], 2);
        assert_int_equal(bench_device_status(&bench, 1).errors.exceptions, 0);
        assert_int_equal(bench_device_status(&bench, 1).errors.timeouts, 0);
        bench_finish(&bench);
    }
}

/* Rows that are new, from that note on. */
static size_t count_found(const struct bench *bench, size_t first)
{
    size_t count = 0;
    for (size_t i = first; i < bench->note_count; i++) {
        count += !bench->notes[i].is_gone && bench->notes[i].row.since_us > noon_us;
    }
    return count;
}

/* 4 is what a device says to all while it starts: nothing is held against it then. */
static void a_device_that_starts_is_given_a_minute(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench, FRAME_TCP);
    size_t notes = bench.note_count;
    bench.devices[1].exception = 4;
    bench_run(&bench, 50 * SECOND);
    bench.devices[1].exception = 0;
    bench_run(&bench, 2 * SECOND);
    assert_int_equal(bad_points(last_batch(&bench)), 0);
    assert_int_equal(count_found(&bench, notes), 0);
    bench_finish(&bench);
}

/* Busy with everything is busy, for however long. */
static void a_busy_device_is_not_searched(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench, FRAME_TCP);
    size_t notes = bench.note_count;
    bench.devices[1].exception = 6;
    bench_run(&bench, 60 * (int64_t)MINUTE);
    bench.devices[1].exception = 0;
    bench_run(&bench, 65 * SECOND);
    assert_int_equal(bad_points(last_batch(&bench)), 0);
    assert_int_equal(count_found(&bench, notes), 0);
    bench_finish(&bench);
}

/* What is read every quarter of an hour is not searched for at that pace. */
static void what_is_read_seldom_is_searched_for_at_once(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct bench bench;
        bench_init(&bench, noon_us);
        bench_add(&bench, "wide", 1, 900000, 900000);
        withhold(&bench, &ways[i], REFUSED);
        bench_start(&bench);
        bench_run(&bench, 7 * (int64_t)MINUTE);
        check_one_is_missing(&bench, &ways[i], 2);
        size_t first = bench.ask_count;
        bench_run(&bench, 61 * (int64_t)MINUTE);
        assert_int_equal(bench.ask_count - first, 8); /* two requests, and its own pace again */
        bench_finish(&bench);
    }
}

/* A reply in five that is lost is no register that is not there. */
static void answer_four_of_five(struct bench *bench, const struct ask *ask)
{
    static unsigned chance = 1;
    chance = chance * 1103515245 + 12345;
    if ((chance >> 16) % 5 != 0) {
        bench_answer(bench, ask);
    }
}

static void a_lossy_wire_is_not_searched(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench, FRAME_TCP);
    size_t notes = bench.note_count;
    bench.answer = answer_four_of_five;
    bench_run(&bench, 60 * (int64_t)MINUTE);
    assert_in_range(count_found(&bench, notes), 0, 2);
    bench.answer = NULL;
    bench_run(&bench, 5 * MINUTE);
    assert_int_equal(bad_points(last_batch(&bench)), 0);
    bench_finish(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_value_does_not_take_the_others_along),
        cmocka_unit_test(the_finding_outlives_a_restart),
        cmocka_unit_test(a_device_that_starts_is_given_a_minute),
        cmocka_unit_test(a_busy_device_is_not_searched),
        cmocka_unit_test(what_is_read_seldom_is_searched_for_at_once),
        cmocka_unit_test(a_lossy_wire_is_not_searched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
