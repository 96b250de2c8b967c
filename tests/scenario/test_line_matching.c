/* SPDX-License-Identifier: Apache-2.0 */
/* test_line_matching: replies that are late, foreign, doubled, broken or not there at all never become a value and never
 * break the next poll. Every reply carries a value of its own, so a value tells which request it was the answer to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "bench.h"

enum { SECOND = 1000000 };

static const int64_t noon_us = 1800000000LL * SECOND;

/* Every value must be the answer to the last request that was sent before it was posted. */
static void check_values(const struct bench *bench)
{
    for (size_t i = 0; i < bench->post_count; i++) {
        const struct post *post = &bench->posts[i];
        const struct reading *reading = &post->batch->readings[0];
        if (reading->quality != QUALITY_OK) {
            continue;
        }
        size_t last = bench->ask_count;
        while (last > 0 && bench->asks[last - 1].at_us > post->at_us) {
            last--;
        }
        assert_int_equal(reading->count, bench->asks[last - 1].value);
    }
}

static void begin(struct bench *bench, bench_answer_fn answer)
{
    bench_init(bench, noon_us);
    bench_add(bench, "one", 1, 1000, 10000);
    bench->answer = answer;
    bench_start(bench);
}

static unsigned every(const struct bench *bench, unsigned count)
{
    return bench->ask_count % count == 0;
}

/* M4: the previous request's answer and this one's in one segment. */
static void answer_with_stale(struct bench *bench, const struct ask *ask)
{
    uint8_t bytes[2 * FRAME_SIZE_MAX];
    size_t size = 0;
    if (bench->ask_count > 1) {
        const struct ask *old = &bench->asks[bench->ask_count - 2];
        size = bench_reply(bench, old, old->value, bytes);
    }
    size += bench_reply(bench, ask, ask->value, bytes + size);
    bench_arrive(bench, 3000, bytes, size);
}

static void drops_a_stale_reply_in_front(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench, answer_with_stale);
    bench_run(&bench, 20 * SECOND - SECOND / 10);
    assert_int_equal(bench_count(&bench, 1, QUALITY_OK, 0), bench.ask_count);
    check_values(&bench);
    assert_int_equal(bench_line_status(&bench).errors.foreign, bench.ask_count - 1);
    assert_int_equal(bench.opens, 1);
    bench_finish(&bench);
}

/* M5: the gateway echoes id 0. */
static void answer_without_id(struct bench *bench, const struct ask *ask)
{
    struct ask blind = *ask;
    blind.transaction = 0;
    bench_answer(bench, &blind);
}

static void refuses_a_gateway_without_ids(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench, answer_without_id);
    bench_run(&bench, 20 * SECOND);
    assert_int_equal(bench_count(&bench, 1, QUALITY_OK, 0), 0);
    assert_true(bench_count(&bench, 1, QUALITY_TIMEOUT, 0) > 2);
    bench_finish(&bench);
}

static void takes_a_gateway_without_ids_when_told(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench, noon_us);
    bench.settings.ignore_transaction_id = true;
    bench_add(&bench, "one", 1, 1000, 10000);
    bench.answer = answer_without_id;
    bench_start(&bench);
    bench_run(&bench, 20 * SECOND);
    assert_int_equal(bench_count(&bench, 1, QUALITY_OK, 0), 20);
    check_values(&bench);
    bench_finish(&bench);
}

/* M6: from one timeout on, each answer is that of the request before; a new connection cures it. */
static size_t lagging_since;

static void answer_lagging(struct bench *bench, const struct ask *ask)
{
    bool lags = bench->opens == lagging_since;
    if (bench->ask_count == 5) {
        lagging_since = bench->opens;
        return;
    }
    bench_answer(bench, lags ? &bench->asks[bench->ask_count - 2] : ask);
}

static void reconnects_when_ids_lag(void **state)
{
    (void)state;
    struct bench bench;
    lagging_since = 0;
    begin(&bench, answer_lagging);
    bench_run(&bench, 40 * SECOND);
    check_values(&bench);
    assert_int_equal(bench.opens, 2);
    assert_int_equal(bench_last(&bench, 1)->quality, QUALITY_OK);
    assert_int_equal(bench_count(&bench, 1, QUALITY_TIMEOUT, 0), 2);
    assert_true(bench_count(&bench, 1, QUALITY_OK, 0) > 25);
    bench_finish(&bench);
}

/* M7: a second answer when the first was given up: every fourth reply comes after the timeout. */
static void answer_late(struct bench *bench, const struct ask *ask)
{
    bench->devices[ask->unit].delay_us = every(bench, 4) ? 240000 : 3000;
    bench_answer(bench, ask);
}

static void late_replies_are_no_values_on_tcp(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench, answer_late);
    bench_run(&bench, 40 * SECOND);
    check_values(&bench);
    assert_int_equal(bench_count(&bench, 1, QUALITY_TIMEOUT, 0), 10);
    assert_int_equal(bench_count(&bench, 1, QUALITY_OK, 0), 30);
    assert_int_equal(bench.opens, 1);
    assert_int_equal(bench_line_status(&bench).errors.foreign, 10);
    bench_finish(&bench);
}

static void begin_rtu(struct bench *bench)
{
    bench_init(bench, noon_us);
    bench->wire.frame = FRAME_RTU;
    bench->wire.char_ns = 1041667; /* 9600 8N1 */
    bench->wire.silence_us = 3646;
}

static void answer_just_late(struct bench *bench, const struct ask *ask)
{
    bench->devices[ask->unit].delay_us = every(bench, 4) ? 225000 : 20000;
    bench_answer(bench, ask);
}

/* To the same unit, function and count: nothing but waiting tells a late reply from the right one. The other device
 * meets none of it. */
static void late_replies_are_no_values_on_rtu(void **state)
{
    (void)state;
    struct bench bench;
    begin_rtu(&bench);
    bench_add(&bench, "one", 1, 500, 10000);
    bench_add(&bench, "one", 2, 500, 10000);
    bench_add(&bench, "one", 3, 500, 10000);
    bench.answer = answer_just_late;
    bench_start(&bench);
    bench_run(&bench, 60 * SECOND);
    check_values(&bench);
    assert_true(bench_count(&bench, 1, QUALITY_OK, 0) > 20);
    assert_true(bench_count(&bench, 2, QUALITY_OK, 0) > 20);
    assert_int_equal(bench_line_status(&bench).errors.bad_replies, 0);
    assert_int_equal(bench_line_status(&bench).errors.skipped, 0);
    bench_finish(&bench);
}

/* libmodbus' own case: half a second late with a timeout of a fifth. */
static void answer_very_late(struct bench *bench, const struct ask *ask)
{
    bench->devices[ask->unit].delay_us = every(bench, 4) ? 500000 : 3000;
    bench_answer(bench, ask);
}

static void very_late_replies_are_no_values_on_rtu(void **state)
{
    (void)state;
    struct bench bench;
    begin_rtu(&bench);
    bench_add(&bench, "one", 1, 100, 10000);
    bench.answer = answer_very_late;
    bench_start(&bench);
    bench_run(&bench, 60 * SECOND);
    check_values(&bench);
    assert_true(bench_count(&bench, 1, QUALITY_OK, 0) > 60);
    assert_int_equal(bench_line_status(&bench).errors.bad_replies, 0);
    bench_finish(&bench);
}

static void answer_twice(struct bench *bench, const struct ask *ask)
{
    bench_answer(bench, ask);
    if (every(bench, 4)) {
        bench->devices[ask->unit].delay_us += 40000;
        bench_answer(bench, ask);
        bench->devices[ask->unit].delay_us -= 40000;
    }
}

static void doubled_replies_are_dropped(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench, answer_twice);
    bench_run(&bench, 40 * SECOND);
    check_values(&bench);
    assert_int_equal(bench_count(&bench, 1, QUALITY_OK, 0), 40);
    assert_int_equal(bench_line_status(&bench).errors.foreign, 10);
    assert_int_equal(bench.opens, 1);
    bench_finish(&bench);
}

/* The tail of a doubled reply comes after the next request is out: the stream must not lose step. */
static void answer_with_torn_double(struct bench *bench, const struct ask *ask)
{
    uint8_t bytes[2 * FRAME_SIZE_MAX];
    size_t size = bench_reply(bench, ask, ask->value, bytes);
    memcpy(bytes + size, bytes, 5);
    bench_arrive(bench, 3000, bytes, size + 5);
    bench_arrive(bench, 1001000, bytes + 5, size - 5);
}

static void half_a_stray_frame_keeps_the_stream_in_step(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench, answer_with_torn_double);
    bench_run(&bench, 20 * SECOND);
    check_values(&bench);
    assert_int_equal(bench_count(&bench, 1, QUALITY_OK, 0), 20);
    assert_int_equal(bench.opens, 1);
    bench_finish(&bench);
}

/* A byte every 10 ms: longer than the pieces, shorter than the timeout. */
static void answer_in_bytes(struct bench *bench, const struct ask *ask)
{
    uint8_t bytes[FRAME_SIZE_MAX];
    size_t size = bench_reply(bench, ask, ask->value, bytes);
    for (size_t i = 0; i < size; i++) {
        bench_arrive(bench, 10000 * (int64_t)(i + 1), bytes + i, 1);
    }
}

static void takes_replies_in_pieces(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench, answer_in_bytes);
    bench_run(&bench, 20 * SECOND);
    check_values(&bench);
    assert_int_equal(bench_count(&bench, 1, QUALITY_OK, 0), 20);
    bench_finish(&bench);
}

static void answer_half(struct bench *bench, const struct ask *ask)
{
    uint8_t bytes[FRAME_SIZE_MAX];
    size_t size = bench_reply(bench, ask, ask->value, bytes);
    bench_arrive(bench, 3000, bytes, every(bench, 4) ? size / 2 : size);
}

static void half_a_frame_means_a_new_connection(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench, answer_half);
    bench_run(&bench, 40 * SECOND);
    check_values(&bench);
    assert_int_equal(bench_count(&bench, 1, QUALITY_OK, 0), 30);
    assert_int_equal(bench_count(&bench, 1, QUALITY_BAD_REPLY, 0), 10);
    assert_in_range(bench.opens, 10, 11);
    bench_finish(&bench);
}

/* M8, M9, M10 and the like: bytes that are no reply to this request. */
static void answer_spoiled(struct bench *bench, const struct ask *ask)
{
    uint8_t bytes[FRAME_SIZE_MAX];
    size_t size = bench_reply(bench, ask, ask->value, bytes);
    bool is_tcp = bench->wire.frame == FRAME_TCP;
    if (every(bench, 4)) {
        switch (bench->ask_count / 4 % 4) {
        case 0: /* a length that cannot be; a bad sum */
            bytes[is_tcp ? 4 : size - 1] ^= 0x5A;
            break;
        case 1: /* another unit */
            bytes[is_tcp ? 6 : 0] ^= 0x02;
            break;
        case 2: /* more than was asked for */
            bytes[is_tcp ? 8 : 2] += 2;
            break;
        default: /* another function */
            bytes[is_tcp ? 7 : 1] ^= 0x01;
        }
    }
    bench_arrive(bench, 3000, bytes, size);
}

static void spoiled_replies_cost_one_poll_on_tcp(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench, answer_spoiled);
    bench_run(&bench, 40 * SECOND);
    check_values(&bench);
    assert_int_equal(bench_count(&bench, 1, QUALITY_OK, 0), 30);
    assert_int_equal(bench_device_status(&bench, 1).health, DEVICE_ONLINE);
    bench_finish(&bench);
}

static void spoiled_replies_cost_one_poll_on_rtu(void **state)
{
    (void)state;
    struct bench bench;
    begin_rtu(&bench);
    bench_add(&bench, "one", 1, 1000, 10000);
    bench.answer = answer_spoiled;
    bench_start(&bench);
    bench_run(&bench, 40 * SECOND);
    check_values(&bench);
    assert_int_equal(bench_count(&bench, 1, QUALITY_OK, 0), 30);
    assert_int_equal(bench_count(&bench, 1, QUALITY_BAD_REPLY, 0), 10);
    assert_int_equal(bench.opens, 1);
    bench_finish(&bench);
}

/* Bytes of somebody else on the wire just before our request. */
static void answer_then_chatter(struct bench *bench, const struct ask *ask)
{
    static const uint8_t noise[] = {1, 3, 2, 0x11, 0x22, 0x33, 0x44};
    bench_answer(bench, ask);
    bench_arrive(bench, 990000, noise, sizeof(noise));
}

static void drains_before_each_request_on_rtu(void **state)
{
    (void)state;
    struct bench bench;
    begin_rtu(&bench);
    bench_add(&bench, "one", 1, 1000, 10000);
    bench.answer = answer_then_chatter;
    bench_start(&bench);
    bench_run(&bench, 20 * SECOND);
    check_values(&bench);
    assert_int_equal(bench_count(&bench, 1, QUALITY_OK, 0), 20);
    bench_finish(&bench);
}

static void answer_nothing(struct bench *bench, const struct ask *ask)
{
    (void)bench;
    (void)ask;
}

static void reconnects_rtu_over_tcp_after_two_timeouts(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench, noon_us);
    bench.wire.frame = FRAME_RTU;
    bench.wire.silence_us = 20000;
    bench.wire.reopen_us = 500000;
    bench_add(&bench, "one", 1, 1000, 10000);
    bench.answer = answer_nothing;
    bench_start(&bench);
    while (bench.opens < 2 && bench.now_us < 900 * (int64_t)SECOND) {
        bench_run(&bench, 10000);
    }
    assert_int_equal(bench.ask_count, 2);
    /* the timeout ended the old connection; the new one waits for the far end to see it */
    assert_in_range(bench.now_us - bench.asks[1].at_us, 690000, 720000);
    bench_finish(&bench);
}

/* On a serial line the device answers with the speed of the wire; the line learns when to look. */
static void answer_after(struct bench *bench, const struct ask *ask, int64_t turnaround_us)
{
    uint8_t bytes[FRAME_SIZE_MAX];
    size_t size = bench_reply(bench, ask, ask->value, bytes);
    int64_t start_us = 8 * bench->wire.char_ns / 1000 + turnaround_us;
    for (size_t i = 0; i < size; i++) {
        int64_t end_us = start_us + (int64_t)(i + 1) * bench->wire.char_ns / 1000;
        bench_arrive(bench, end_us, bytes + i, 1);
    }
}

static void answer_at_wire_speed(struct bench *bench, const struct ask *ask)
{
    answer_after(bench, ask, 20000);
}

/* Once it takes long. */
static void answer_with_a_hitch(struct bench *bench, const struct ask *ask)
{
    answer_after(bench, ask, bench->ask_count == 51 ? 120000 : 20000);
}

/* One reply that was held up does not make the line look late for the next ones. */
static void a_hitch_is_not_learned(void **state)
{
    (void)state;
    struct bench bench;
    begin_rtu(&bench);
    bench_add(&bench, "one", 1, 1000, 10000);
    bench.answer = answer_with_a_hitch;
    bench_start(&bench);
    bench_run(&bench, 60 * SECOND);
    check_values(&bench);
    assert_true(bench.ask_count > 55);
    assert_in_range(bench_device_status(&bench, 1).round_trip_us, 35600, 50000);
    bench_finish(&bench);
}

static void learns_the_turnaround_of_a_serial_device(void **state)
{
    (void)state;
    struct bench bench;
    begin_rtu(&bench);
    bench_add(&bench, "one", 1, 1000, 10000);
    bench.answer = answer_at_wire_speed;
    bench_start(&bench);
    bench_run(&bench, 60 * SECOND);
    check_values(&bench);
    assert_int_equal(bench_count(&bench, 1, QUALITY_OK, 0), 60);
    /* 8 + 7 characters and 20 ms: 35.6 ms */
    assert_in_range(bench_device_status(&bench, 1).round_trip_us, 35600, 38000);
    bench_finish(&bench);
}

/* A dead device on a serial line does not keep the processor busy. */
static void waiting_costs_few_wake_ups(void **state)
{
    (void)state;
    struct bench bench;
    begin_rtu(&bench);
    bench_add(&bench, "one", 1, 1000, 10000);
    bench.devices[1].is_silent = true;
    bench_start(&bench);
    bench_run(&bench, 100 * SECOND);
    assert_true(bench.ask_count >= 5);
    assert_true(bench.runs < bench.ask_count * 6);
    bench_finish(&bench);
}

/* Well-formed frames that nobody asked for, without end: 40 KB after the reply, or in its place. */
static bool is_in_place;

static void answer_with_flood(struct bench *bench, const struct ask *ask)
{
    uint8_t frames[480];
    struct ask other = *ask;
    other.transaction ^= 0x8000;
    other.unit = bench->wire.frame == FRAME_TCP ? ask->unit : 77;
    for (size_t at = 0; at < sizeof(frames);) {
        size_t size = bench_reply(bench, &other, 5, frames + at);
        at = at + size + 11 > sizeof(frames) ? sizeof(frames) : at + size;
    }
    if (!is_in_place) {
        bench_answer(bench, ask);
    }
    for (int64_t i = 0; i < 60; i++) {
        bench_arrive(bench, 4000 + 1000 * i, frames, bench->wire.frame == FRAME_TCP ? 473 : 480);
    }
}

static void a_flood_ends_its_connection(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        struct bench bench;
        is_in_place = i % 2 != 0;
        bench_init(&bench, noon_us);
        if (i >= 2) {
            bench.wire.frame = FRAME_RTU;
            bench.wire.silence_us = 20000;
        }
        bench_add(&bench, "one", 1, 1000, 10000);
        bench.answer = answer_with_flood;
        bench_start(&bench);
        bench_run(&bench, 20 * SECOND);
        check_values(&bench);
        assert_true(is_in_place || bench_count(&bench, 1, QUALITY_OK, 0) == 20);
        assert_in_range(bench.closes, bench.ask_count - 1, bench.ask_count);
        assert_true(bench.runs < 20 * bench.ask_count);
        bench_finish(&bench);
    }
}

/* Somebody else on the wire of a converter, never silent for long enough to send. */
static void answer_then_prattle(struct bench *bench, const struct ask *ask)
{
    static const uint8_t noise[] = {0x11, 0x22};
    bench_answer(bench, ask);
    for (int64_t i = 0; bench->ask_count == 3 && i < 60; i++) {
        bench_arrive(bench, 990000 + 19000 * i, noise, sizeof(noise));
    }
}

static void a_wire_that_is_never_silent_gets_a_new_connection(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench, noon_us);
    bench.wire.frame = FRAME_RTU;
    bench.wire.silence_us = 20000;
    bench_add(&bench, "one", 1, 1000, 10000);
    bench.answer = answer_then_prattle;
    bench_start(&bench);
    bench_run(&bench, 20 * SECOND);
    check_values(&bench);
    assert_int_equal(bench.opens, 2);
    assert_int_equal(bench_count(&bench, 1, QUALITY_BAD_REPLY, 0), 1);
    assert_int_equal(bench_line_status(&bench).errors.bad_replies, 1);
    assert_in_range(bench_count(&bench, 1, QUALITY_OK, 0), 17, 19);
    bench_finish(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(drops_a_stale_reply_in_front),
        cmocka_unit_test(refuses_a_gateway_without_ids),
        cmocka_unit_test(takes_a_gateway_without_ids_when_told),
        cmocka_unit_test(reconnects_when_ids_lag),
        cmocka_unit_test(late_replies_are_no_values_on_tcp),
        cmocka_unit_test(late_replies_are_no_values_on_rtu),
        cmocka_unit_test(very_late_replies_are_no_values_on_rtu),
        cmocka_unit_test(doubled_replies_are_dropped),
        cmocka_unit_test(half_a_stray_frame_keeps_the_stream_in_step),
        cmocka_unit_test(takes_replies_in_pieces),
        cmocka_unit_test(half_a_frame_means_a_new_connection),
        cmocka_unit_test(spoiled_replies_cost_one_poll_on_tcp),
        cmocka_unit_test(spoiled_replies_cost_one_poll_on_rtu),
        cmocka_unit_test(drains_before_each_request_on_rtu),
        cmocka_unit_test(reconnects_rtu_over_tcp_after_two_timeouts),
        cmocka_unit_test(waiting_costs_few_wake_ups),
        cmocka_unit_test(a_flood_ends_its_connection),
        cmocka_unit_test(a_wire_that_is_never_silent_gets_a_new_connection),
        cmocka_unit_test(learns_the_turnaround_of_a_serial_device),
        cmocka_unit_test(a_hitch_is_not_learned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
