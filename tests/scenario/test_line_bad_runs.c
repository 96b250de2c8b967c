/* SPDX-License-Identifier: Apache-2.0 */
/* test_line_bad_runs: devices that refuse registers: what is read all the same, what the search costs, what is remembered
 * and when it is asked again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "bench.h"

enum { SECOND = 1000000, MINUTE = 60 * SECOND };

static const int64_t HOUR = 60LL * MINUTE;
static const int64_t noon_us = 1800000000LL * SECOND;

static void begin(struct bench *bench, int64_t period_ms)
{
    bench_init(bench, noon_us);
    bench_add(bench, "wide", 1, period_ms, period_ms);
}

static bool touches(const struct ask *ask, unsigned first, unsigned last)
{
    return ask->address <= last && ask->address + ask->quantity > first;
}

static size_t count_touching(const struct bench *bench, size_t from, unsigned first, unsigned last)
{
    size_t count = 0;
    for (size_t i = from; i < bench->ask_count; i++) {
        count += touches(&bench->asks[i], first, last);
    }
    return count;
}

/* The most requests between two batches: what a poll cost. */
static size_t dearest_poll(const struct bench *bench)
{
    size_t most = 0;
    size_t ask = 0;
    for (size_t i = 0; i < bench->post_count; i++) {
        size_t own = 0;
        for (; ask < bench->ask_count && bench->asks[ask].at_us < bench->posts[i].at_us; ask++) {
            own++;
        }
        most = own > most ? own : most;
    }
    return most;
}

/* Nothing but whole values, and the u32 never without the value that belongs to it. */
static void check_borders(const struct bench *bench)
{
    for (size_t i = 0; i < bench->ask_count; i++) {
        const struct ask *ask = &bench->asks[i];
        unsigned end = ask->address + ask->quantity;
        assert_true(ask->address < 18 || ask->address > 19);
        assert_true(end - 1 < 18 || end - 1 > 19);
        assert_int_not_equal(ask->address, 23);
        assert_int_not_equal(end, 23);
        bool has_one = ask->address <= 22 && end > 22;
        bool has_other = ask->address <= 25 && end > 25;
        assert_true(has_other || !has_one);
    }
}

static const struct batch *last_batch(const struct bench *bench)
{
    return bench->posts[bench->post_count - 1].batch;
}

/* Every point is good, but those of the mask, which carry the exception. */
static void check_last(const struct bench *bench, unsigned refused, uint8_t exception)
{
    const struct batch *batch = last_batch(bench);
    assert_int_equal(batch->count, 14);
    for (size_t i = 0; i < batch->count; i++) {
        bool is_refused = (refused & 1U << i) != 0;
        assert_int_equal(batch->readings[i].quality, is_refused ? QUALITY_EXCEPTION : QUALITY_OK);
        assert_int_equal(batch->readings[i].exception, is_refused ? exception : 0);
    }
}

static void a_refused_register_is_left_out(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench, 1000);
    bench.devices[1].refused_first = bench.devices[1].refused_last = 13;
    bench_start(&bench);
    bench_run(&bench, 20 * SECOND);
    check_last(&bench, 1U << 3, 2);
    check_borders(&bench);
    assert_in_range(dearest_poll(&bench), 2, 6);
    assert_int_equal(bench.note_count, 1);
    const struct bad_register *row = &bench.notes[0].row;
    assert_string_equal(row->device, "device-1");
    assert_int_equal(row->unit, 1);
    assert_int_equal(row->function, 3);
    assert_int_equal(row->first, 13);
    assert_int_equal(row->last, 13);
    assert_int_equal(row->first_printed, 13);
    assert_int_equal(row->exception, 2);
    assert_false(row->is_split);
    assert_in_range(row->since_us - noon_us, SECOND, 20 * SECOND);
    assert_in_range(row->next_try_us - row->since_us, 24 * HOUR, 25 * HOUR);
    assert_int_equal(bench_device_status(&bench, 1).bad_registers, 1);
    /* the blocks on both sides are whole again */
    size_t first = bench.ask_count;
    bench_run(&bench, MINUTE);
    assert_int_equal(bench.ask_count - first, 120);
    assert_int_equal(count_touching(&bench, first, 13, 13), 0);
    bench_finish(&bench);
}

static void a_refused_hole_leaves_every_value_good(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench, 1000);
    bench.devices[1].refused_first = bench.devices[1].refused_last = 18;
    bench_start(&bench);
    bench_run(&bench, 30 * SECOND);
    check_last(&bench, 0, 0);
    check_borders(&bench);
    assert_int_equal(bench.note_count, 1);
    assert_true(bench.notes[0].row.is_split);
    assert_int_equal(bench.notes[0].row.first, 17);
    assert_int_equal(bench.notes[0].row.last, 20);
    size_t first = bench.ask_count;
    bench_run(&bench, MINUTE);
    assert_int_equal(bench.ask_count - first, 120);
    assert_int_equal(count_touching(&bench, first, 18, 18), 0);
    bench_finish(&bench);
}

static void two_culprits_are_both_found(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench, 1000);
    bench.devices[1].refused_first = 11;
    bench.devices[1].refused_last = 18;
    bench_start(&bench);
    bench_run(&bench, 90 * SECOND);
    check_last(&bench, 0xfe, 2);
    size_t first = bench.ask_count;
    bench_run(&bench, MINUTE);
    assert_int_equal(bench.ask_count - first, 120);
    assert_int_equal(count_touching(&bench, first, 11, 18), 0);
    bench_finish(&bench);
}

/* The profile allows longer requests than the device does. */
static void a_length_that_is_refused_is_halved(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench, 10000);
    bench.devices[1].quantity_max = 8;
    bench_start(&bench);
    bench_run(&bench, 3 * MINUTE);
    check_last(&bench, 0, 0);
    check_borders(&bench);
    size_t first = bench.ask_count;
    bench_run(&bench, MINUTE);
    assert_int_equal(bench.ask_count - first, 18);
    bench_run(&bench, 26 * HOUR);
    check_last(&bench, 0, 0);
    bench_finish(&bench);
}

static void what_belongs_together_is_never_cut(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench, 1000);
    bench.devices[1].refused_first = bench.devices[1].refused_last = 25;
    bench_start(&bench);
    bench_run(&bench, 30 * SECOND);
    check_borders(&bench);
    check_last(&bench, 1U << 10 | 1U << 11, 2); /* 24 lies between them and is read by itself */
    bench_finish(&bench);
}

static void one_refusal_is_no_search(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench, 1000);
    bench_start(&bench);
    bench_run(&bench, SECOND / 2);
    for (unsigned i = 0; i < 10; i++) {
        bench.devices[1].exception = 2;
        bench_run(&bench, SECOND);
        bench.devices[1].exception = 0;
        bench_run(&bench, SECOND);
    }
    assert_int_equal(bench.ask_count, bench.post_count);
    assert_int_equal(bench.note_count, 0);
    bench_finish(&bench);
}

/* Refuses everything while it or its gateway starts; what was found of that is not held against it for a day. */
static void a_device_that_starts_is_forgiven(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench, 1000);
    bench.devices[1].exception = 2;
    bench_start(&bench);
    bench_run(&bench, 15 * SECOND + SECOND / 2);
    assert_true(bench.note_count > 0);
    assert_true(bench_device_status(&bench, 1).bad_registers < 13);
    bench.devices[1].exception = 0;
    bench.devices[1].refused_first = bench.devices[1].refused_last = 13;
    bench_run(&bench, 30 * SECOND);
    check_last(&bench, 1U << 3, 2);
    assert_int_equal(bench_device_status(&bench, 1).bad_registers, 1);
    /* the same two hours later, but what it refused before stays */
    bench_run(&bench, 2 * HOUR);
    bench.devices[1].exception = 2;
    bench_run(&bench, 15 * SECOND);
    assert_in_range(bench_device_status(&bench, 1).bad_registers, 2, 12);
    bench.devices[1].exception = 0;
    size_t first = bench.ask_count;
    bench_run(&bench, 30 * SECOND);
    check_last(&bench, 1U << 3, 2);
    assert_int_equal(bench_device_status(&bench, 1).bad_registers, 1);
    assert_in_range(count_touching(&bench, first, 13, 13), 0, 1);
    bench_finish(&bench);
}

/* One class is refused for good, the other given every 10 s: the doubt ends. */
static void doubt_is_no_circle(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench, noon_us);
    bench_add(&bench, "full", 1, 1000, 10000);
    bench.devices[1].exception = 2;
    bench_start(&bench);
    bench_run(&bench, 4 * SECOND);
    bench.devices[1].exception = 0;
    bench.devices[1].refused_first = bench.devices[1].refused_last = 7;
    bench_run(&bench, MINUTE);
    size_t first = bench.ask_count;
    bench_run(&bench, HOUR);
    assert_int_equal(count_touching(&bench, first, 7, 7), 0);
    assert_int_equal(bench.ask_count - first, 360);
    assert_int_equal(bench_device_status(&bench, 1).bad_registers, 1);
    bench_finish(&bench);
}

static void a_wrong_model_ends_at_one_request_a_poll(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench, 1000);
    bench.devices[1].exception = 2;
    bench_start(&bench);
    bench_run(&bench, 2 * MINUTE);
    check_last(&bench, 0x3fff, 2);
    check_borders(&bench);
    assert_in_range(dearest_poll(&bench), 2, 6);
    size_t first = bench.ask_count;
    size_t notes = bench.note_count;
    bench_run(&bench, 48 * HOUR / 100);
    assert_int_equal(bench.ask_count - first, 48 * 36);
    assert_int_equal(bench.note_count, notes);
    struct device_status status = bench_device_status(&bench, 1);
    assert_int_equal(status.health, DEVICE_OFFLINE);
    assert_int_equal(status.bad_registers, 13); /* the pair is one */
    /* the right one is put in its place */
    bench.devices[1].exception = 0;
    bench_run(&bench, 3 * SECOND);
    check_last(&bench, 0, 0);
    assert_int_equal(bench.note_count, 2 * notes);
    assert_true(bench.notes[bench.note_count - 1].is_gone);
    assert_int_equal(bench_device_status(&bench, 1).bad_registers, 0);
    bench_finish(&bench);
}

static void a_wrong_model_that_falls_silent_is_offline(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench, 1000);
    bench.devices[1].exception = 2;
    bench_start(&bench);
    bench_run(&bench, 2 * MINUTE);
    bench.devices[1].is_silent = true;
    bench_run(&bench, 10 * SECOND);
    assert_int_equal(bench_device_status(&bench, 1).health, DEVICE_OFFLINE);
    assert_int_equal(bench_last(&bench, 1)->quality, QUALITY_TIMEOUT);
    bench.devices[1] = (struct bench_device){.delay_us = 3000};
    bench_run(&bench, 65 * SECOND);
    assert_int_equal(bench_device_status(&bench, 1).health, DEVICE_ONLINE);
    check_last(&bench, 0, 0);
    bench_finish(&bench);
}

static void it_is_tried_once_a_day(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench, 10000);
    bench.devices[1].refused_first = bench.devices[1].refused_last = 13;
    bench_start(&bench);
    bench_run(&bench, 3 * MINUTE);
    size_t first = bench.ask_count;
    bench_run(&bench, 23 * HOUR);
    assert_int_equal(count_touching(&bench, first, 13, 13), 0);
    bench_run(&bench, 2 * HOUR);
    assert_int_equal(count_touching(&bench, first, 13, 13), 1);
    assert_int_equal(bench_count(&bench, 1, QUALITY_EXCEPTION, 30), 0);
    assert_int_equal(bench.note_count, 2); /* the next date */
    assert_in_range(bench.notes[1].row.next_try_us - noon_us, 48 * HOUR, 51 * HOUR);
    bench.devices[1].refused_last = 0;
    bench_run(&bench, 26 * HOUR);
    assert_true(bench.notes[bench.note_count - 1].is_gone);
    assert_int_equal(bench.notes[bench.note_count - 1].row.first, 13);
    check_last(&bench, 0, 0);
    first = bench.ask_count;
    bench_run(&bench, MINUTE);
    assert_int_equal(bench.ask_count - first, 6);
    bench_finish(&bench);
}

static void a_hole_that_is_given_joins_the_blocks(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench, 10000);
    bench.devices[1].refused_first = bench.devices[1].refused_last = 18;
    bench_start(&bench);
    bench_run(&bench, 26 * HOUR);
    check_last(&bench, 0, 0);
    assert_int_equal(bench.note_count, 2);
    bench.devices[1].refused_last = 0;
    bench_run(&bench, 26 * HOUR);
    size_t first = bench.ask_count;
    bench_run(&bench, MINUTE);
    assert_int_equal(bench.ask_count - first, 6);
    assert_true(bench.notes[bench.note_count - 1].is_gone);
    bench_finish(&bench);
}

static void it_is_tried_at_once_when_asked_for(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench, 1000);
    bench.devices[1].refused_first = bench.devices[1].refused_last = 13;
    bench_start(&bench);
    bench_run(&bench, MINUTE);
    bench.devices[1].refused_last = 0;
    line_retry_refused(bench.line, 0);
    bench_run(&bench, 3 * SECOND);
    check_last(&bench, 0, 0);
    bench_finish(&bench);
}

static const struct bad_register known[] = {
    {.device = "device-1",
     .unit = 1,
     .function = 3,
     .quality = QUALITY_EXCEPTION,
     .exception = 2,
     .first = 13,
     .last = 13},
    {.device = "device-2",
     .unit = 1,
     .function = 3,
     .quality = QUALITY_EXCEPTION,
     .exception = 2,
     .first = 14,
     .last = 14},
    {.device = "device-1",
     .unit = 1,
     .function = 3,
     .quality = QUALITY_EXCEPTION,
     .exception = 2,
     .is_split = true,
     .first = 17,
     .last = 20},
    /* of another profile, of another unit, torn */
    {.device = "device-1",
     .unit = 1,
     .function = 3,
     .quality = QUALITY_EXCEPTION,
     .exception = 2,
     .first = 22,
     .last = 22},
    {.device = "device-1",
     .unit = 5,
     .function = 3,
     .quality = QUALITY_EXCEPTION,
     .exception = 2,
     .first = 10,
     .last = 10},
    {.device = "device-1",
     .unit = 1,
     .function = 3,
     .quality = QUALITY_EXCEPTION,
     .exception = 2,
     .first = 17,
     .last = 10},
};

static void what_is_known_is_not_asked(void **state)
{
    (void)state;
    struct bad_register rows[6];
    memcpy(rows, known, sizeof(rows));
    for (size_t i = 0; i < 6; i++) {
        rows[i].next_try_us = noon_us + HOUR;
    }
    struct bench bench;
    begin(&bench, 1000);
    bench.devices[1].refused_first = bench.devices[1].refused_last = 13;
    line_know_refused(bench.line, 0, rows, 6);
    assert_int_equal(bench.note_count, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_true(bench.notes[i].is_gone);
        assert_int_equal(bench.notes[i].row.first, rows[i + 3].first);
    }
    assert_int_equal(bench_device_status(&bench, 1).bad_registers, 2);
    bench_start(&bench);
    bench_run(&bench, MINUTE - SECOND / 2);
    check_last(&bench, 1U << 3, 2);
    assert_int_equal(count_touching(&bench, 0, 13, 13), 0);
    assert_int_equal(count_touching(&bench, 0, 18, 18), 0);
    assert_int_equal(count_touching(&bench, 0, 14, 14), bench.post_count);
    assert_int_equal(bench.ask_count, 3 * bench.post_count);
    assert_int_equal(bench_device_status(&bench, 1).errors.exceptions, 0);
    bench_finish(&bench);
}

/* What the device refuses does not lose its lateness, nor the silence of the device. */
static void other_qualities_win(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench, 1000);
    bench.devices[1].refused_first = bench.devices[1].refused_last = 13;
    bench_start(&bench);
    bench_run(&bench, MINUTE);
    bench.devices[1].is_silent = true;
    bench_run(&bench, 10 * SECOND);
    const struct batch *batch = last_batch(&bench);
    for (size_t i = 0; i < batch->count; i++) {
        assert_int_equal(batch->readings[i].quality, QUALITY_TIMEOUT);
        assert_int_equal(batch->readings[i].exception, 0);
    }
    bench_finish(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_refused_register_is_left_out),
        cmocka_unit_test(a_refused_hole_leaves_every_value_good),
        cmocka_unit_test(two_culprits_are_both_found),
        cmocka_unit_test(a_length_that_is_refused_is_halved),
        cmocka_unit_test(what_belongs_together_is_never_cut),
        cmocka_unit_test(one_refusal_is_no_search),
        cmocka_unit_test(a_device_that_starts_is_forgiven),
        cmocka_unit_test(doubt_is_no_circle),
        cmocka_unit_test(a_wrong_model_ends_at_one_request_a_poll),
        cmocka_unit_test(a_wrong_model_that_falls_silent_is_offline),
        cmocka_unit_test(it_is_tried_once_a_day),
        cmocka_unit_test(a_hole_that_is_given_joins_the_blocks),
        cmocka_unit_test(it_is_tried_at_once_when_asked_for),
        cmocka_unit_test(what_is_known_is_not_asked),
        cmocka_unit_test(other_qualities_win),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
