/* SPDX-License-Identifier: Apache-2.0 */
/* test_line_return: devices that come back: how soon they are read as before, and how much is said of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "adversary/log_tap.h"
#include "bench.h"

enum { SECOND = 1000000, MINUTE = 60 * SECOND };

static const int64_t noon_us = 1800000000LL * SECOND;

static void set_serial(struct bench *bench)
{
    bench->wire.frame = FRAME_RTU;
    bench->wire.silence_us = 3646;
    bench->wire.char_ns = 1041667; /* 9600 8N1 */
    bench->wire.needs_connect = false;
}

static int64_t last_ok_us(const struct bench *bench, uint8_t unit)
{
    for (size_t i = bench->post_count; i > 0; i--) {
        const struct batch *batch = bench->posts[i - 1].batch;
        if (batch->device->unit == unit && batch->readings[0].quality == QUALITY_OK) {
            return bench->posts[i - 1].at_us;
        }
    }
    return 0;
}

/* Until the first reading is good again. */
static int64_t back_after_us(struct bench *bench, uint8_t unit)
{
    int64_t start_us = bench->now_us;
    while (last_ok_us(bench, unit) < start_us && bench->now_us < start_us + 30LL * MINUTE) {
        bench_run(bench, SECOND);
    }
    return bench->now_us - start_us;
}

/* --- words --- */

static void flicker(struct bench *bench, int64_t duration_us)
{
    for (int64_t end_us = bench->now_us + duration_us; bench->now_us < end_us;) {
        bench->devices[1].is_silent = true;
        bench_run(bench, 4 * SECOND);
        bench->devices[1].is_silent = false;
        bench_run(bench, 16 * SECOND);
    }
}

/* After a minute, then ever less often. */
static void a_device_that_comes_and_goes_fills_no_log(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench, noon_us);
    bench_add(&bench, "one", 1, 1000, 10000);
    bench_add(&bench, "one", 2, 1000, 10000);
    bench_start(&bench);
    log_tap_reset();
    flicker(&bench, 30LL * MINUTE);
    assert_in_range(log_tap_count(), 2, 14);
    bench_finish(&bench);
}

static void an_outage_that_stays_is_told(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench, noon_us);
    bench_add(&bench, "one", 1, 1000, 10000);
    bench_add(&bench, "one", 2, 1000, 10000);
    bench_start(&bench);
    flicker(&bench, 30LL * MINUTE);
    log_tap_reset();
    bench.devices[1].is_silent = true;
    bench_run(&bench, 12LL * MINUTE);
    assert_int_equal(log_tap_count(), 1);
    bench.devices[1].is_silent = false;
    bench_run(&bench, 2 * MINUTE);
    assert_int_equal(log_tap_count(), 2);
    bench_finish(&bench);
}

static void a_second_outage_an_hour_later_is_told_at_once(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench, noon_us);
    bench_add(&bench, "one", 1, 1000, 10000);
    bench_start(&bench);
    flicker(&bench, 30LL * MINUTE);
    bench_run(&bench, 60LL * MINUTE);
    log_tap_reset();
    bench.devices[1].is_silent = true;
    bench_run(&bench, 5 * SECOND);
    assert_int_equal(log_tap_count(), 1);
    bench_finish(&bench);
}

/* --- time --- */

/* A device that was slow for a while is soon looked at in time again. */
static void slow_replies_on_a_wire_are_unlearned(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench, noon_us);
    set_serial(&bench);
    bench.settings.response_timeout_us = SECOND;
    bench_add(&bench, "one", 1, 2000, 10000);
    bench.devices[1].delay_us = 900000;
    bench_start(&bench);
    bench_run(&bench, 2 * MINUTE);
    assert_true(last_ok_us(&bench, 1) > 0);
    bench.devices[1].delay_us = 5000;
    bench_run(&bench, 30 * SECOND);
    const struct post *post = &bench.posts[bench.post_count - 1];
    assert_int_equal(post->batch->readings[0].quality, QUALITY_OK);
    size_t ask = bench.ask_count - 1;
    ask -= bench.asks[ask].at_us > post->at_us;
    assert_in_range(post->at_us - bench.asks[ask].at_us, 15000, 40000);
    bench_finish(&bench);
}

static void garbled_block(struct bench *bench, const struct ask *ask)
{
    static const uint8_t bytes[] = {1, 3, 2, 0, 0, 0, 0};
    if (ask->address == 7 && bench->devices[1].quantity_max == 1) {
        bench_arrive(bench, 30000, bytes, sizeof(bytes));
    } else {
        bench_answer(bench, ask);
    }
}

/* One request of several, that was answered before. */
static void a_block_that_was_given_is_soon_read_again(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench, noon_us);
    set_serial(&bench);
    bench_add(&bench, "two", 1, 1000, 1000);
    bench.answer = garbled_block;
    bench_start(&bench);
    bench_run(&bench, MINUTE);
    bench.devices[1].quantity_max = 1;
    bench_run(&bench, 60LL * MINUTE);
    bench.devices[1].quantity_max = 0;
    assert_in_range(back_after_us(&bench, 1), 0, 62 * SECOND);
    bench_finish(&bench);
}

/* Without transaction ids a probe waits no longer than a device of the line would take, but this one is slower. */
static void a_slow_device_among_quick_ones_is_found(void **state)
{
    (void)state;
    for (int64_t away_s = 100; away_s < 1000; away_s += 130) {
        struct bench bench;
        bench_init(&bench, noon_us);
        bench.settings.ignore_transaction_id = true;
        bench.wire.silence_us = 20000;
        bench.settings.response_timeout_us = SECOND / 2;
        bench_add(&bench, "one", 1, 10000, 10000);
        bench_add(&bench, "one", 2, 1000, 10000);
        bench.devices[1].delay_us = 120000;
        bench.devices[2].delay_us = 2000;
        bench_start(&bench);
        bench_run(&bench, 30LL * MINUTE);
        bench.devices[1].is_silent = true;
        bench_run(&bench, away_s * SECOND);
        bench.devices[1].is_silent = false;
        assert_in_range(back_after_us(&bench, 1), 0, 75 * SECOND);
        bench_finish(&bench);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_device_that_comes_and_goes_fills_no_log),
        cmocka_unit_test(an_outage_that_stays_is_told),
        cmocka_unit_test(a_second_outage_an_hour_later_is_told_at_once),
        cmocka_unit_test(slow_replies_on_a_wire_are_unlearned),
        cmocka_unit_test(a_block_that_was_given_is_soon_read_again),
        cmocka_unit_test(a_slow_device_among_quick_ones_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
