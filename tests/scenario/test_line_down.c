/* SPDX-License-Identifier: Apache-2.0 */
/* test_line_down: lines that die and return, connections that are closed behind our back, and commands. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "bench.h"

enum { SECOND = 1000000, MINUTE = 60 * SECOND };

static const int64_t noon_us = 1800000000LL * SECOND;

static void begin(struct bench *bench, unsigned count, int64_t period_ms)
{
    bench_init(bench, noon_us);
    for (unsigned i = 1; i <= count; i++) {
        bench_add(bench, "one", (uint8_t)i, period_ms, 10000);
    }
}

static void a_dead_line_backs_off_and_returns_without_a_burst(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench, 10, 1000);
    bench_add(&bench, "two", 20, 900000, 900000);
    bench_start(&bench);
    bench_run(&bench, 10 * SECOND);
    assert_int_equal(bench_line_status(&bench).state, LINE_UP);
    bench.open_error = -ECONNREFUSED;
    bench_hang_up(&bench, 0);
    bench_run(&bench, 20 * MINUTE);
    struct line_status status = bench_line_status(&bench);
    assert_int_equal(status.state, LINE_DOWN);
    assert_string_equal(status.last_error, "Connection refused");
    assert_in_range(status.errors.connects, 22, 45);
    assert_int_equal(status.errors.skipped, 0);
    assert_int_equal(bench_device_status(&bench, 1).health, DEVICE_OFFLINE);
    size_t timeouts = bench_count(&bench, 1, QUALITY_TIMEOUT, 0);
    assert_in_range(timeouts, 15, status.errors.connects);
    size_t first_ask = bench.ask_count;
    size_t first_post = bench.post_count;
    bench.open_error = 0;
    bench_run(&bench, 61 * SECOND);
    assert_int_equal(bench_line_status(&bench).state, LINE_UP);
    assert_string_equal(bench_line_status(&bench).last_error, "");
    int64_t back_us = bench.asks[first_ask].at_us;
    size_t in_first_second = 0;
    for (size_t i = first_ask; i < bench.ask_count; i++) {
        in_first_second += bench.asks[i].at_us < back_us + SECOND;
    }
    assert_in_range(in_first_second, 8, 22);
    /* what is read every quarter of an hour does not wait for the next one */
    assert_int_equal(bench_count(&bench, 20, QUALITY_OK, first_post), 1);
    assert_int_equal(bench_count(&bench, 3, QUALITY_LATE, first_post), 0);
    assert_int_equal(bench_device_status(&bench, 1).health, DEVICE_ONLINE);
    /* its pauses begin anew */
    bench.open_error = -ECONNREFUSED;
    bench_hang_up(&bench, 0);
    unsigned opens = bench.opens;
    bench_run(&bench, 8 * SECOND);
    assert_in_range(bench.opens - opens, 3, 5);
    bench_finish(&bench);
}

static void a_line_that_is_absent_at_start_comes_later(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench, 1, 1000);
    bench.open_error = -ENOENT;
    bench_start(&bench);
    bench_run(&bench, 5 * MINUTE);
    assert_int_equal(bench_line_status(&bench).state, LINE_DOWN);
    assert_int_equal(bench.ask_count, 0);
    assert_true(bench_count(&bench, 1, QUALITY_TIMEOUT, 0) >= 5);
    bench.open_error = 0;
    bench_run(&bench, 62 * SECOND);
    assert_int_equal(bench_last(&bench, 1)->quality, QUALITY_OK);
    bench_finish(&bench);
}

/* However many classes are due when the line goes down, one batch of the device says so. */
static void a_lost_line_is_one_batch_a_device(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench, noon_us);
    bench_add(&bench, "full", 1, 1000, 10000);
    bench_add(&bench, "full", 2, 1000, 10000);
    bench.open_error = -ENOENT;
    bench_start(&bench);
    bench_run(&bench, 5 * MINUTE);
    assert_true(bench.post_count > 5);
    int64_t last_us[3] = {0};
    for (size_t i = 0; i < bench.post_count; i++) {
        const struct post *post = &bench.posts[i];
        uint16_t unit = post->batch->device->unit;
        assert_true(post->at_us > last_us[unit]);
        assert_int_equal(post->batch->readings[0].quality, QUALITY_TIMEOUT);
        last_us[unit] = post->at_us;
    }
    bench_finish(&bench);
}

/* What was dead before is so now, and says it. */
static void the_dead_are_told_while_the_line_is_down(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench, 2, 1000);
    bench.devices[2].is_silent = true;
    bench_start(&bench);
    bench_run(&bench, MINUTE);
    assert_int_equal(bench_device_status(&bench, 2).health, DEVICE_OFFLINE);
    bench.open_error = -ECONNREFUSED;
    bench_hang_up(&bench, 0);
    size_t first = bench.post_count;
    bench_run(&bench, 10 * MINUTE);
    assert_true(bench_count(&bench, 2, QUALITY_TIMEOUT, first) >= 10);
    bench_finish(&bench);
}

static void a_connect_has_a_deadline(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench, 1, 1000);
    bench.open_us = 3600LL * SECOND;
    bench_start(&bench);
    bench_run(&bench, SECOND + SECOND / 10);
    assert_int_equal(bench_line_status(&bench).state, LINE_DOWN);
    assert_string_equal(bench_line_status(&bench).last_error, "Connection timed out");
    assert_int_equal(bench.gate.in_flight, 0);
    bench_finish(&bench);
}

/* Timeouts of a microsecond and of nothing: every poll fails cleanly, nothing spins, no late reply is a value. */
static void timeouts_of_nothing_fail_cleanly(void **state)
{
    (void)state;
    for (int64_t timeout_us = 0; timeout_us <= 1; timeout_us++) {
        for (int kind = FRAME_TCP; kind <= FRAME_RTU; kind++) {
            struct bench bench;
            bench_init(&bench, noon_us);
            bench.wire.frame = (enum frame_kind)kind;
            bench.settings.response_timeout_us = timeout_us;
            bench_add(&bench, "one", 1, 1000, 10000);
            bench_start(&bench);
            bench_run(&bench, MINUTE);
            assert_int_equal(bench_count(&bench, 1, QUALITY_OK, 0), 0);
            assert_true(bench_count(&bench, 1, QUALITY_TIMEOUT, 0) >= 5);
            assert_true(bench.runs < 500);
            bench_finish(&bench);
        }
    }
}

static void a_connect_timeout_of_nothing_fails_cleanly(void **state)
{
    (void)state;
    for (int64_t timeout_us = 0; timeout_us <= 1; timeout_us++) {
        struct bench bench;
        bench_init(&bench, noon_us);
        bench.settings.connect_timeout_us = timeout_us;
        bench.open_us = 1000;
        bench_add(&bench, "one", 1, 1000, 10000);
        bench_start(&bench);
        bench_run(&bench, MINUTE);
        assert_int_equal(bench_line_status(&bench).state, LINE_DOWN);
        assert_int_equal(bench.ask_count, 0);
        assert_in_range(bench.opens, 4, 12);
        bench_finish(&bench);
    }
}

static void an_idle_connection_may_be_closed(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench, 1, 60000);
    bench_start(&bench);
    for (unsigned i = 0; i < 10; i++) {
        bench_run(&bench, 30 * SECOND);
        bench_hang_up(&bench, 0);
        bench_run(&bench, 30 * SECOND);
    }
    assert_int_equal(bench_line_status(&bench).errors.connects, 0);
    assert_in_range(bench_count(&bench, 1, QUALITY_OK, 0), 10, 11);
    assert_int_equal(bench_count(&bench, 1, QUALITY_TIMEOUT, 0), 0);
    bench_finish(&bench);
}

/* The end of the connection is met only by the request. */
static void answer_once_a_connection(struct bench *bench, const struct ask *ask)
{
    if (bench->ask_count > 1 && bench->asks[bench->ask_count - 2].value + 1 == ask->value &&
        bench->opens == bench->closes + 1 && bench->value % 2 == 0) {
        bench_hang_up(bench, 1000);
        return;
    }
    bench_answer(bench, ask);
}

static void a_request_on_a_dead_connection_is_sent_again(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench, 1, 1000);
    bench.answer = answer_once_a_connection;
    bench_start(&bench);
    bench_run(&bench, 20 * SECOND - SECOND / 2);
    assert_int_equal(bench_count(&bench, 1, QUALITY_OK, 0), 20);
    assert_int_equal(bench_count(&bench, 1, QUALITY_TIMEOUT, 0), 0);
    assert_true(bench.opens > 10);
    assert_int_equal(bench_line_status(&bench).errors.connects, 0);
    bench.send_error = -EPIPE;
    bench_run(&bench, 2 * SECOND);
    assert_int_equal(bench_last(&bench, 1)->quality, QUALITY_OK);
    bench_finish(&bench);
}

static void answer_by_hanging_up(struct bench *bench, const struct ask *ask)
{
    (void)ask;
    bench_hang_up(bench, 1000);
}

static void a_server_that_always_hangs_up_is_down(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench, 1, 1000);
    bench.answer = answer_by_hanging_up;
    bench_start(&bench);
    bench_run(&bench, 10 * MINUTE);
    assert_int_equal(bench_line_status(&bench).state, LINE_DOWN);
    assert_in_range(bench.opens, 12, 30);
    assert_true(bench_count(&bench, 1, QUALITY_TIMEOUT, 0) > 10);
    bench_finish(&bench);
}

static void the_line_closes_when_it_is_idle(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench, noon_us);
    bench.settings.idle_close_us = 5 * SECOND;
    bench_add(&bench, "one", 1, 60000, 60000);
    bench_start(&bench);
    bench_run(&bench, 30 * SECOND);
    assert_int_equal(bench_line_status(&bench).state, LINE_IDLE);
    bench_run(&bench, 260 * SECOND);
    assert_int_equal(bench.opens, bench_count(&bench, 1, QUALITY_OK, 0));
    assert_int_equal(bench.closes, bench.opens - (bench.wire.fd >= 0));
    assert_true(bench.opens >= 5);
    bench_finish(&bench);
}

static void a_silent_gateway_gets_a_new_connection(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench, 4, 1000);
    for (unsigned unit = 1; unit <= 4; unit++) {
        bench.devices[unit].is_silent = true;
    }
    bench_start(&bench);
    bench_run(&bench, 10 * SECOND);
    assert_true(bench.opens >= 2);
    assert_int_equal(bench_line_status(&bench).state, LINE_UP);
    bench_finish(&bench);
}

static void commands_go_before_polls(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench, 10, 100);
    for (unsigned unit = 1; unit <= 10; unit++) {
        bench.devices[unit].delay_us = 50000;
    }
    bench_start(&bench);
    bench_run(&bench, 5 * SECOND);
    size_t first = bench.ask_count;
    struct command *command = bench_command(&bench, 3, SECOND);
    line_run(bench.line, false);
    bench_run(&bench, 101000);
    assert_int_equal(bench.asks[first].address, 9000);
    assert_int_equal(bench.done_count, 1);
    assert_ptr_equal(bench.done[0], command);
    assert_int_equal(command->error, 0);
    assert_int_equal(command->registers[0], bench.asks[first].value);
    assert_int_equal(command->round_trip_us, 50000);
    bench_finish(&bench);
}

static void commands_come_back_once(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench, 2, 1000);
    bench.devices[9].is_silent = true;
    bench.devices[8].exception = 2;
    bench_start(&bench);
    bench_run(&bench, SECOND);
    struct command *good = bench_command(&bench, 1, SECOND);
    struct command *silent = bench_command(&bench, 9, SECOND);
    struct command *expired = bench_command(&bench, 1, 100000);
    struct command *refused = bench_command(&bench, 8, SECOND);
    line_run(bench.line, false);
    bench_run(&bench, 2 * SECOND);
    assert_int_equal(bench.done_count, 4);
    assert_int_equal(good->error, 0);
    assert_int_equal(silent->error, -ETIMEDOUT);
    assert_int_equal(expired->error, -ETIMEDOUT);
    assert_int_equal(refused->error, -EREMOTEIO);
    assert_int_equal(refused->exception, 2);
    assert_int_equal(bench_device_status(&bench, 1).health, DEVICE_ONLINE);
    bench_finish(&bench);
}

static void the_queue_of_commands_is_bounded(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench, 1, 1000);
    bench.devices[9].is_silent = true;
    bench_start(&bench);
    bench_run(&bench, SECOND);
    for (unsigned i = 0; i < LINE_COMMANDS_MAX; i++) {
        assert_non_null(bench_command(&bench, 9, 100 * SECOND));
    }
    assert_null(bench_command(&bench, 9, SECOND));
    line_run(bench.line, false);
    bench_run(&bench, 300000);
    assert_int_equal(bench.done_count, 1);
    assert_non_null(bench_command(&bench, 9, 100 * SECOND));
    line_stop(bench.line);
    assert_int_equal(bench.done_count, LINE_COMMANDS_MAX + 1);
    for (unsigned i = 1; i <= LINE_COMMANDS_MAX; i++) {
        assert_int_equal(bench.done[i]->error, -ECANCELED);
    }
    bench_finish(&bench);
}

static void commands_do_not_wait_for_a_dead_line(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench, 1, 1000);
    bench.open_error = -ECONNREFUSED;
    bench_start(&bench);
    bench_run(&bench, 10 * SECOND);
    struct command *command = bench_command(&bench, 1, MINUTE);
    line_run(bench.line, false);
    assert_int_equal(bench.done_count, 1);
    assert_int_equal(command->error, -ENOTCONN);
    bench_finish(&bench);
}

static void connects_in_flight_are_counted(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench, 1, 1000);
    bench.gate.in_flight = bench.gate.limit;
    bench_start(&bench);
    bench_run(&bench, 10 * SECOND);
    assert_int_equal(bench.opens, 0);
    assert_null(gate_admit(&bench.gate));
    bench.gate.in_flight--;
    assert_ptr_equal(gate_admit(&bench.gate), bench.line);
    assert_null(gate_admit(&bench.gate));
    line_run(bench.line, false);
    bench_run(&bench, 10 * SECOND);
    assert_int_equal(bench.opens, 1);
    assert_int_equal(bench.gate.in_flight, bench.gate.limit - 1);
    assert_int_equal(bench_last(&bench, 1)->quality, QUALITY_OK);
    bench_finish(&bench);
}

/* The server closes what is idle, or we do: no connection is needed between the polls. */
static void an_idle_line_is_well(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench, noon_us);
    bench.settings.idle_close_us = 2 * SECOND;
    bench_add(&bench, "one", 1, 30000, 60000);
    bench_start(&bench);
    bench_run(&bench, 40 * SECOND);
    struct line_status status = bench_line_status(&bench);
    assert_int_equal(status.state, LINE_IDLE);
    assert_true(line_is_well(&status));
    bench.open_error = -ECONNREFUSED;
    bench_run(&bench, 60 * SECOND);
    status = bench_line_status(&bench);
    assert_int_equal(status.state, LINE_DOWN);
    assert_false(line_is_well(&status));
    bench_finish(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_idle_line_is_well),
        cmocka_unit_test(a_dead_line_backs_off_and_returns_without_a_burst),
        cmocka_unit_test(a_line_that_is_absent_at_start_comes_later),
        cmocka_unit_test(a_lost_line_is_one_batch_a_device),
        cmocka_unit_test(the_dead_are_told_while_the_line_is_down),
        cmocka_unit_test(a_connect_has_a_deadline),
        cmocka_unit_test(timeouts_of_nothing_fail_cleanly),
        cmocka_unit_test(a_connect_timeout_of_nothing_fails_cleanly),
        cmocka_unit_test(an_idle_connection_may_be_closed),
        cmocka_unit_test(a_request_on_a_dead_connection_is_sent_again),
        cmocka_unit_test(a_server_that_always_hangs_up_is_down),
        cmocka_unit_test(the_line_closes_when_it_is_idle),
        cmocka_unit_test(a_silent_gateway_gets_a_new_connection),
        cmocka_unit_test(commands_go_before_polls),
        cmocka_unit_test(commands_come_back_once),
        cmocka_unit_test(the_queue_of_commands_is_bounded),
        cmocka_unit_test(commands_do_not_wait_for_a_dead_line),
        cmocka_unit_test(connects_in_flight_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
