/* SPDX-License-Identifier: Apache-2.0 */
/* test_line_noise: a serial line that is never silent - noise, or a second master - and the time after it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "bench.h"

enum {
    SECOND = 1000000,
    MINUTE = 60 * SECOND,
    STEP_US = 20000,
    BURST_US = 2000,  /* less than the silence that ends a frame */
    PENDING_MAX = 32, /* what a port keeps of bytes that nobody reads */
};

static const int64_t noon_us = 1800000000LL * SECOND;

static void begin(struct bench *bench, unsigned count, int64_t period_ms)
{
    bench_init(bench, noon_us);
    bench->wire.frame = FRAME_RTU;
    bench->wire.needs_connect = false;
    bench->wire.char_ns = 1041667; /* 9600 8N1 */
    bench->wire.silence_us = 3646;
    bench->settings.response_timeout_us = SECOND;
    for (unsigned i = 1; i <= count; i++) {
        bench_add(bench, "one", (uint8_t)i, period_ms, 10000);
    }
}

static void lose_oldest(struct bench *bench)
{
    bench->arrival_count--;
    memmove(&bench->arrivals[0], &bench->arrivals[1],
            bench->arrival_count * sizeof(bench->arrivals[0]));
}

/* Requests and replies of another master, end to end, so that the wire is never free. */
static void disturb(struct bench *bench, int64_t duration_us)
{
    static const uint8_t bytes[] = {0x31, 0x03};
    int64_t end_us = bench->now_us + duration_us;
    while (bench->now_us < end_us) {
        for (int64_t at_us = 0; at_us < STEP_US; at_us += BURST_US) {
            if (bench->arrival_count == PENDING_MAX) {
                lose_oldest(bench);
            }
            bench_arrive(bench, at_us, bytes, sizeof(bytes));
        }
        bench_run(bench, STEP_US);
    }
}

static void is_read_again(struct bench *bench, unsigned count, int64_t within_us)
{
    size_t first = bench->post_count;
    bench_run(bench, within_us);
    for (unsigned unit = 1; unit <= count; unit++) {
        assert_true(bench_count(bench, (uint8_t)unit, QUALITY_OK, first) > 0);
        assert_int_equal(bench_device_status(bench, (uint8_t)unit).health, DEVICE_ONLINE);
    }
}

static void after_noise_everything_is_read(void **state)
{
    (void)state;
    static const int64_t lengths_us[] = {5 * SECOND, 15 * SECOND, 10LL * MINUTE};
    for (size_t i = 0; i < 3; i++) {
        for (unsigned count = 1; count <= 8; count++) {
            struct bench bench;
            begin(&bench, count, 1000);
            bench_start(&bench);
            bench_run(&bench, 20 * SECOND);
            disturb(&bench, lengths_us[i]);
            assert_int_equal(bench_line_status(&bench).state, LINE_DOWN);
            assert_string_equal(bench_line_status(&bench).last_error,
                                "its wire is never silent: noise, or a second master");
            is_read_again(&bench, count, 5 * SECOND);
            assert_int_equal(bench_line_status(&bench).state, LINE_UP);
            bench_finish(&bench);
        }
    }
}

/* From the first moment on: no device was ever heard. */
static void noise_at_the_start_is_survived(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench, 4, 1000);
    bench_start(&bench);
    disturb(&bench, 30 * SECOND);
    is_read_again(&bench, 4, 5 * SECOND);
    bench_finish(&bench);
}

/* A dead device among the living: its probes are those that wait for silence. */
static void noise_while_one_is_probed_is_survived(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench, 4, 1000);
    bench.devices[2].is_silent = true;
    bench_start(&bench);
    bench_run(&bench, 5 * MINUTE);
    disturb(&bench, MINUTE);
    bench.devices[2].is_silent = false;
    is_read_again(&bench, 4, 75 * SECOND); /* a minute, and ten seconds' wait for room */
    bench_finish(&bench);
}

/* The wire is looked at ever less often while it stays busy, ten times a second in the end. */
static void noise_wakes_nobody_for_nothing(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench, 4, 1000);
    bench_start(&bench);
    bench_run(&bench, 10 * SECOND);
    disturb(&bench, 2 * MINUTE);
    size_t runs = bench.runs;
    disturb(&bench, 10 * MINUTE);
    print_message("%zu wake-ups\n", bench.runs - runs);
    assert_true(bench.runs - runs < 7000);
    bench_finish(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(after_noise_everything_is_read),
        cmocka_unit_test(noise_at_the_start_is_survived),
        cmocka_unit_test(noise_while_one_is_probed_is_survived),
        cmocka_unit_test(noise_wakes_nobody_for_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
