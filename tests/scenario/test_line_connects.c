/* SPDX-License-Identifier: Apache-2.0 */
/* test_line_connects: other ends that do not let a connection live. Whatever they do, a line connects less than once a
 * second, its devices fail when they are not read, and it comes back when the other end does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "bench.h"

enum { SECOND = 1000000, MINUTE = 60 * SECOND, DEVICES = 8 };

static const int64_t noon_us = 1800000000LL * SECOND;
static const char few_clients[] = "accepts and closes: does it allow few clients?";

static void begin(struct bench *bench, unsigned count, int64_t period_ms)
{
    bench_init(bench, noon_us);
    for (unsigned i = 1; i <= count; i++) {
        bench_add(bench, "one", (uint8_t)i, period_ms, 10000);
    }
}

/* --- bytes that come with the connection --- */

static void greet_with(struct bench *bench, int64_t delay_us, size_t size)
{
    uint8_t bytes[700];
    memset(bytes, 'a', sizeof(bytes));
    while (size > 0) {
        size_t piece = size < sizeof(bytes) ? size : sizeof(bytes);
        bench_arrive(bench, delay_us, bytes, piece);
        size -= piece;
    }
}

static void greet_at_once(struct bench *bench)
{
    greet_with(bench, 0, 9);
}

static void greet_late(struct bench *bench)
{
    greet_with(bench, SECOND, 9);
}

static void greet_twice(struct bench *bench)
{
    greet_with(bench, 0, 300);
    greet_with(bench, SECOND, 3);
}

static void bytes_before_the_first_request_are_dropped(void **state)
{
    (void)state;
    static void (*const greets[])(struct bench *) = {greet_at_once, greet_late, greet_twice};
    for (unsigned i = 0; i < 3; i++) {
        for (int kind = FRAME_TCP; kind <= FRAME_RTU; kind++) {
            struct bench bench;
            bench_init(&bench, noon_us);
            bench.wire.frame = (enum frame_kind)kind;
            bench.settings.connect_delay_us = i == 0 ? 0 : 2 * SECOND;
            bench.greet = greets[i];
            bench_add(&bench, "one", 1, 1000, 10000);
            bench_start(&bench);
            bench_run(&bench, MINUTE);
            assert_int_equal(bench.opens, 1);
            assert_in_range(bench_count(&bench, 1, QUALITY_OK, 0), 57, 61);
            assert_int_equal(bench_count(&bench, 1, QUALITY_BAD_REPLY, 0), 0);
            bench_finish(&bench);
        }
    }
}

static void greet_without_end(struct bench *bench)
{
    for (unsigned i = 0; i < 20; i++) {
        greet_with(bench, (int64_t)i * SECOND / 100, 300);
    }
}

static void a_flood_before_the_first_request_is_a_failed_connect(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench, noon_us);
    bench.settings.connect_delay_us = 2 * SECOND;
    bench.greet = greet_without_end;
    bench_add(&bench, "one", 1, 1000, 10000);
    bench_start(&bench);
    bench_run(&bench, 10 * MINUTE);
    struct line_status status = bench_line_status(&bench);
    assert_int_equal(status.state, LINE_DOWN);
    assert_string_equal(status.last_error, "sends without end, though nothing was asked");
    assert_int_equal(status.errors.connects, bench.opens);
    assert_in_range(bench.opens, 12, 25);
    assert_int_equal(bench_device_status(&bench, 1).health, DEVICE_OFFLINE);
    bench.greet = NULL;
    bench_run(&bench, 65 * SECOND);
    assert_int_equal(bench_last(&bench, 1)->quality, QUALITY_OK);
    bench_finish(&bench);
}

/* --- connections that are closed --- */

static void close_at_once(struct bench *bench)
{
    bench_hang_up(bench, 0);
}

static void close_soon(struct bench *bench)
{
    bench_hang_up(bench, 2000);
}

static void close_when_asked(struct bench *bench, const struct ask *ask)
{
    (void)ask;
    bench_hang_up(bench, 1000);
}

static void everything_is_offline(struct bench *bench, size_t first)
{
    struct line_status status = bench_line_status(bench);
    assert_int_equal(status.state, LINE_DOWN);
    assert_string_equal(status.last_error, few_clients);
    for (unsigned unit = 1; unit <= DEVICES; unit++) {
        assert_int_equal(bench_device_status(bench, (uint8_t)unit).health, DEVICE_OFFLINE);
        assert_true(bench_count(bench, (uint8_t)unit, QUALITY_TIMEOUT, first) >= 5);
        assert_int_equal(bench_count(bench, (uint8_t)unit, QUALITY_OK, first), 0);
        assert_int_equal(bench_count(bench, (uint8_t)unit, QUALITY_LATE, first), 0);
    }
}

static void everything_is_read(struct bench *bench)
{
    size_t first = bench->post_count;
    bench_run(bench, 80 * SECOND); /* a minute, and the wait of a probe for room */
    assert_int_equal(bench_line_status(bench).state, LINE_UP);
    assert_string_equal(bench_line_status(bench).last_error, "");
    for (unsigned unit = 1; unit <= DEVICES; unit++) {
        assert_int_equal(bench_device_status(bench, (uint8_t)unit).health, DEVICE_ONLINE);
        assert_true(bench_count(bench, (uint8_t)unit, QUALITY_OK, first) > 0);
    }
}

struct closing {
    void (*greet)(struct bench *bench);
    bench_answer_fn answer;
    int64_t delay_us; /* before the first request */
};

static const struct closing closings[] = {
    {.greet = close_at_once},
    {.greet = close_soon, .delay_us = SECOND / 10},
    {.answer = close_when_asked},
};

static void start_closing(struct bench *bench, const struct closing *closing)
{
    bench->greet = closing->greet;
    bench->answer = closing->answer;
}

/* As one that refuses to connect: the client limit of the other end is reached. */
static void what_accepts_and_closes_is_down(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(closings) / sizeof(closings[0]); i++) {
        struct bench bench;
        bench_init(&bench, noon_us);
        bench.settings.connect_delay_us = closings[i].delay_us;
        for (unsigned unit = 1; unit <= DEVICES; unit++) {
            bench_add(&bench, "one", (uint8_t)unit, 1000, 10000);
        }
        start_closing(&bench, &closings[i]);
        bench_start(&bench);
        bench_run(&bench, 15 * SECOND);
        assert_int_equal(bench_device_status(&bench, 1).health, DEVICE_OFFLINE);
        bench_run(&bench, 10 * MINUTE);
        everything_is_offline(&bench, 0);
        assert_true(bench.opens < 100);
        start_closing(&bench, &(struct closing){0});
        everything_is_read(&bench);
        /* and when it had worked */
        size_t first = bench.post_count;
        start_closing(&bench, &closings[i]);
        bench_hang_up(&bench, 0);
        bench_run(&bench, 15 * SECOND);
        assert_int_equal(bench_device_status(&bench, 1).health, DEVICE_OFFLINE);
        assert_int_equal(bench_device_status(&bench, DEVICES).health, DEVICE_OFFLINE);
        bench_run(&bench, 10 * MINUTE);
        everything_is_offline(&bench, first + DEVICES);
        bench_finish(&bench);
    }
}

/* --- whatever the other end does --- */

static bool once_in(const struct bench *bench, unsigned count)
{
    return bench->value % count == 0;
}

static void close_after_each(struct bench *bench, const struct ask *ask)
{
    bench_answer(bench, ask);
    bench_hang_up(bench, 4000);
}

static void close_instead_of_each_other(struct bench *bench, const struct ask *ask)
{
    if (once_in(bench, 2)) {
        bench_answer(bench, ask);
    } else {
        bench_hang_up(bench, 1000);
    }
}

static void answer_and_flood(struct bench *bench, const struct ask *ask)
{
    bench_answer(bench, ask);
    greet_with(bench, 4000, 6000);
}

static void answer_with_junk_behind(struct bench *bench, const struct ask *ask)
{
    bench_answer(bench, ask);
    greet_with(bench, 3000, 20);
}

static void answer_with_junk_later(struct bench *bench, const struct ask *ask)
{
    bench_answer(bench, ask);
    greet_with(bench, 5000, 20);
}

static void answer_with_junk(struct bench *bench, const struct ask *ask)
{
    (void)ask;
    greet_with(bench, 1000, 200);
}

static void answer_badly_and_close(struct bench *bench, const struct ask *ask)
{
    answer_with_junk(bench, ask);
    bench_hang_up(bench, 2000);
}

static void answer_slowly_and_close(struct bench *bench, const struct ask *ask)
{
    bench->devices[ask->unit].delay_us = 190000;
    bench_answer(bench, ask);
    bench_hang_up(bench, 190000);
}

static void stay_silent(struct bench *bench, const struct ask *ask)
{
    (void)bench;
    (void)ask;
}

static const bench_answer_fn habits[] = {
    close_after_each,        close_instead_of_each_other, answer_and_flood,
    answer_with_junk_behind, answer_with_junk_later,      answer_with_junk,
    answer_badly_and_close,  answer_slowly_and_close,     stay_silent,
};

static void no_habit_makes_a_storm(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(habits) / sizeof(habits[0]); i++) {
        for (unsigned greets = 0; greets < 2; greets++) {
            for (int kind = FRAME_TCP; kind <= FRAME_RTU; kind++) {
                struct bench bench;
                bench_init(&bench, noon_us);
                bench.wire.frame = (enum frame_kind)kind;
                bench.greet = greets == 1 ? greet_at_once : NULL;
                for (unsigned unit = 1; unit <= DEVICES; unit++) {
                    bench_add(&bench, "one", (uint8_t)unit, 100, 10000);
                }
                bench.answer = habits[i];
                bench_start(&bench);
                for (unsigned minute = 0; minute < 10; minute++) {
                    unsigned opens = bench.opens;
                    bench_run(&bench, MINUTE);
                    assert_true(bench.opens - opens < 60);
                }
                struct line_status status = bench_line_status(&bench);
                assert_int_equal(status.errors.connects + status.errors.closes +
                                     (bench.wire.fd >= 0 ? 1 : 0),
                                 bench.opens);
                bench.answer = NULL;
                bench.greet = NULL;
                everything_is_read(&bench);
                bench_finish(&bench);
            }
        }
    }
}

/* The first losses of a connection that worked cost nothing. */
static void a_connection_that_worked_is_replaced_at_once(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench, DEVICES, 1000);
    bench_start(&bench);
    bench_run(&bench, MINUTE);
    for (unsigned i = 0; i < 10; i++) {
        bench_hang_up(&bench, 0);
        bench_run(&bench, 10 * SECOND);
    }
    for (unsigned unit = 1; unit <= DEVICES; unit++) {
        assert_in_range(bench_count(&bench, (uint8_t)unit, QUALITY_OK, 0), 159, 161);
        assert_int_equal(bench_count(&bench, (uint8_t)unit, QUALITY_TIMEOUT, 0), 0);
    }
    assert_int_equal(bench_line_status(&bench).errors.closes, 10);
    assert_int_equal(bench_line_status(&bench).errors.connects, 0);
    bench_finish(&bench);
}

/* One that closes behind each answer is read as often as that allows. */
static void a_server_of_one_request_is_read(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench, 1, 2000);
    bench.answer = close_after_each;
    bench_start(&bench);
    bench_run(&bench, 10 * MINUTE);
    assert_in_range(bench_count(&bench, 1, QUALITY_OK, 0), 299, 301);
    assert_int_equal(bench_count(&bench, 1, QUALITY_LATE, 0), 0);
    assert_int_equal(bench_line_status(&bench).errors.connects, 0);
    bench_finish(&bench);
}

/* A port that hangs up behind each answer, as a bad plug does. */
static void a_port_that_hangs_up_makes_no_storm(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench, noon_us);
    bench.wire.frame = FRAME_RTU;
    bench.wire.needs_connect = false;
    bench.wire.char_ns = 1041667;
    bench.wire.silence_us = 3646;
    bench_add(&bench, "one", 1, 100, 10000);
    bench.answer = close_after_each;
    bench_start(&bench);
    bench_run(&bench, 10 * MINUTE);
    assert_true(bench.opens < 600);
    bench.answer = NULL;
    bench_run(&bench, 65 * SECOND);
    assert_int_equal(bench_last(&bench, 1)->quality, QUALITY_OK);
    bench_finish(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_before_the_first_request_are_dropped),
        cmocka_unit_test(a_flood_before_the_first_request_is_a_failed_connect),
        cmocka_unit_test(what_accepts_and_closes_is_down),
        cmocka_unit_test(no_habit_makes_a_storm),
        cmocka_unit_test(a_connection_that_worked_is_replaced_at_once),
        cmocka_unit_test(a_server_of_one_request_is_read),
        cmocka_unit_test(a_port_that_hangs_up_makes_no_storm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
