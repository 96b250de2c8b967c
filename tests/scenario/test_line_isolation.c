/* SPDX-License-Identifier: Apache-2.0 */
/* test_line_isolation: what a silent, refusing or busy device costs the others on its line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bench.h"

enum { SECOND = 1000000, MINUTE = 60 * SECOND };

static const int64_t noon_us = 1800000000LL * SECOND;

static void begin_with(struct bench *bench, unsigned count, int64_t period_ms, int64_t timeout_us)
{
    bench_init(bench, noon_us);
    bench->settings.response_timeout_us = timeout_us; /* taken over with the first device */
    for (unsigned i = 1; i <= count; i++) {
        bench_add(bench, "one", (uint8_t)i, period_ms, 10000);
    }
}

static void begin(struct bench *bench, unsigned count, int64_t period_ms)
{
    begin_with(bench, count, period_ms, SECOND / 5);
}

/* With the usual timeout. */
static void begin_patient(struct bench *bench, unsigned count, int64_t period_ms)
{
    begin_with(bench, count, period_ms, SECOND);
}

/* The longest time between two good values of a unit. */
static int64_t longest_gap_us(const struct bench *bench, uint8_t unit, int64_t since_us)
{
    int64_t last_us = since_us;
    int64_t longest_us = 0;
    for (size_t i = 0; i < bench->post_count; i++) {
        const struct post *post = &bench->posts[i];
        if (post->batch->device->unit == unit && post->at_us >= since_us &&
            post->batch->readings[0].quality == QUALITY_OK) {
            longest_us = post->at_us - last_us > longest_us ? post->at_us - last_us : longest_us;
            last_us = post->at_us;
        }
    }
    return longest_us;
}

static void a_silent_device_backs_off_alone(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench, 10, 1000);
    bench.devices[4].is_silent = true;
    bench_start(&bench);
    bench_run(&bench, 10 * MINUTE);
    for (uint8_t unit = 1; unit <= 10; unit++) {
        if (unit != 4) {
            assert_in_range(bench_count(&bench, unit, QUALITY_OK, 0), 598, 602);
            assert_int_equal(bench_count(&bench, unit, QUALITY_LATE, 0), 0);
            assert_true(longest_gap_us(&bench, unit, bench.posts[0].at_us + 2 * SECOND) < 1300000);
        }
    }
    struct device_status status = bench_device_status(&bench, 4);
    assert_int_equal(status.health, DEVICE_OFFLINE);
    assert_true(status.next_try_in_us <= MINUTE);
    /* 2 polls, then probes after about 2, 4, 8, ... s, each after waiting for room, then every minute */
    assert_in_range(bench_asks(&bench, 4, 0), 10, 20);
    assert_int_equal(bench_count(&bench, 4, QUALITY_TIMEOUT, 0), bench_asks(&bench, 4, 0));
    assert_int_equal(status.errors.timeouts, bench_asks(&bench, 4, 0));
    bench_finish(&bench);
}

static void probing_the_dead_costs_a_tenth_at_most(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench, noon_us);
    bench.settings.response_timeout_us = SECOND;
    for (unsigned unit = 1; unit <= 60; unit++) {
        bench_add(&bench, "one", (uint8_t)unit, 10000, 10000);
        bench.devices[unit].is_silent = unit <= 40;
    }
    bench_start(&bench);
    bench_run(&bench, 10 * MINUTE);
    size_t first = bench.ask_count;
    double load = 0;
    for (int minute = 0; minute < 60; minute++) {
        bench_run(&bench, MINUTE);
        load += bench_line_status(&bench).load / 60;
    }
    assert_true(load > 0.03 && load < 0.107); /* the living cost 0.6 % */
    for (uint8_t unit = 1; unit <= 40; unit++) {
        assert_true(bench_asks(&bench, unit, first) >= 10);
    }
    for (uint8_t unit = 41; unit <= 60; unit++) {
        assert_in_range(bench_asks(&bench, unit, first), 355, 361);
    }
    bench_finish(&bench);
}

/* Ten devices at a second, one of them silent, and the usual timeout of a second: most probes give up early, so that the
 * others' readings come when they should. */
static void most_probes_hold_nobody_up(void **state)
{
    (void)state;
    struct bench bench;
    begin_patient(&bench, 10, 1000);
    bench.devices[4].is_silent = true;
    bench_start(&bench);
    bench_run(&bench, MINUTE);
    size_t first = bench.post_count;
    bench_run(&bench, 30 * MINUTE);
    size_t late = 0;
    size_t good = 0;
    int64_t last_us = 0;
    for (size_t i = first; i < bench.post_count; i++) {
        const struct post *post = &bench.posts[i];
        if (post->batch->device->unit == 7 && post->batch->readings[0].quality == QUALITY_OK) {
            late += last_us > 0 && post->at_us - last_us > 1100000;
            good++;
            last_us = post->at_us;
        }
    }
    assert_in_range(good, 1798, 1801);
    assert_int_equal(late, 0);
    bench_finish(&bench);
}

/* It answers only after most of the timeout, as some do after a restart: its late reply is heard, no value, and the next
 * probe waits for it. */
static void a_device_that_comes_back_slow_is_found(void **state)
{
    (void)state;
    struct bench bench;
    begin_patient(&bench, 10, 1000);
    bench.devices[4].is_silent = true;
    bench_start(&bench);
    bench_run(&bench, 5 * MINUTE);
    bench.devices[4] = (struct bench_device){.delay_us = 800000};
    size_t first = bench.post_count;
    bench_run(&bench, 75 * SECOND);
    assert_int_equal(bench_count(&bench, 7, QUALITY_BAD_REPLY, first), 0);
    assert_int_equal(bench_device_status(&bench, 4).health, DEVICE_ONLINE);
    bench_finish(&bench);
}

/* The same without transaction ids, where a late reply could be anybody's: one probe in four waits. */
static void without_ids_one_probe_in_four_is_patient(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench, noon_us);
    bench.settings.response_timeout_us = SECOND;
    bench.settings.ignore_transaction_id = true;
    for (unsigned i = 1; i <= 5; i++) {
        bench_add(&bench, "one", (uint8_t)i, 10000, 10000);
    }
    bench.devices[4].is_silent = true;
    bench_start(&bench);
    bench_run(&bench, 5 * MINUTE);
    bench.devices[4] = (struct bench_device){.delay_us = 800000};
    bench_run(&bench, 8 * MINUTE);
    assert_int_equal(bench_device_status(&bench, 4).health, DEVICE_ONLINE);
    bench_finish(&bench);
}

/* A gateway that says which device is dead is busy until it does: nothing is sent into its wait. */
static void a_gateway_that_reports_the_dead_is_waited_for(void **state)
{
    (void)state;
    struct bench bench;
    begin_patient(&bench, 3, 10000);
    bench.devices[2] = (struct bench_device){.exception = 0x0B, .delay_us = 700000};
    bench_start(&bench);
    bench_run(&bench, 20 * MINUTE);
    assert_int_equal(bench_line_status(&bench).errors.timeouts, 0);
    assert_int_equal(bench_line_status(&bench).errors.foreign, 0);
    assert_int_equal(bench_device_status(&bench, 2).health, DEVICE_OFFLINE);
    bench_finish(&bench);
}

/* Where there is room between the polls, a probe delays none of them. */
static void probes_wait_for_room(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench, noon_us);
    bench.settings.response_timeout_us = SECOND;
    for (unsigned unit = 1; unit <= 20; unit++) {
        bench_add(&bench, "one", (uint8_t)unit, 10000, 10000);
        bench.devices[unit].is_silent = unit <= 3;
    }
    bench_start(&bench);
    bench_run(&bench, 5 * MINUTE);
    size_t first = bench.ask_count;
    bench_run(&bench, 10 * MINUTE);
    assert_true(bench_asks(&bench, 1, first) >= 8);
    assert_true(bench_line_status(&bench).poll_jitter_p99_us < 20000);
    assert_int_equal(bench_line_status(&bench).errors.skipped, 0);
    bench_finish(&bench);
}

static void a_dead_device_says_so_in_all_classes(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench, noon_us);
    bench_add(&bench, "full", 1, 1000, 10000);
    bench.devices[1].is_silent = true;
    bench_start(&bench);
    bench_run(&bench, 10 * MINUTE);
    size_t normal = 0;
    for (size_t i = 0; i < bench.post_count; i++) {
        const struct batch *batch = bench.posts[i].batch;
        assert_true(i == 0 || bench.posts[i].at_us > bench.posts[i - 1].at_us);
        for (size_t j = 0; j < batch->count; j++) {
            assert_int_equal(batch->readings[j].quality, QUALITY_TIMEOUT);
            normal += batch->readings[j].point == 1;
        }
    }
    assert_in_range(normal, 8, 60);
    bench_finish(&bench);
}

static void a_returning_device_is_online_at_once(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench, noon_us);
    bench_add(&bench, "full", 1, 1000, 900000);
    bench_start(&bench);
    bench_run(&bench, 30 * SECOND);
    assert_int_equal(bench_device_status(&bench, 1).health, DEVICE_ONLINE);
    size_t identity = 0;
    for (size_t i = 0; i < bench.ask_count; i++) {
        identity += bench.asks[i].address == 300;
    }
    assert_int_equal(identity, 1);
    bench.devices[1].is_silent = true;
    bench_run(&bench, 100 * SECOND);
    assert_int_equal(bench_device_status(&bench, 1).health, DEVICE_OFFLINE);
    size_t first_ask = bench.ask_count;
    bench.devices[1].is_silent = false;
    bench_run(&bench, 61 * SECOND);
    assert_int_equal(bench_device_status(&bench, 1).health, DEVICE_ONLINE);
    assert_int_equal(bench_device_status(&bench, 1).failed_polls, 0);
    /* one probe, then everything at once, who it is as well */
    assert_true(bench.ask_count >= first_ask + 4);
    unsigned sum = 0;
    for (size_t i = first_ask + 1; i <= first_ask + 3; i++) {
        sum += bench.asks[i].address;
    }
    assert_int_equal(sum, 7 + 100 + 300);
    assert_true(bench.asks[first_ask + 3].at_us - bench.asks[first_ask].at_us < 100000);
    /* its pauses begin anew */
    bench.devices[1].is_silent = true;
    bench_run(&bench, 4 * SECOND);
    assert_int_equal(bench_device_status(&bench, 1).health, DEVICE_OFFLINE);
    assert_in_range(bench_device_status(&bench, 1).next_try_in_us, 0, 4 * SECOND);
    bench_finish(&bench);
}

static void classes_of_a_dead_device_cost_one_timeout(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench, noon_us);
    bench_add(&bench, "full", 1, 10000, 10000);
    bench.devices[1].is_silent = true;
    bench_start(&bench);
    bench_run(&bench, 5 * SECOND);
    assert_int_equal(bench.ask_count, 1);
    assert_int_equal(bench.post_count, 1);
    assert_int_equal(bench.posts[0].batch->count, 2);
    assert_int_equal(bench_count(&bench, 1, QUALITY_TIMEOUT, 0), 1);
    bench_finish(&bench);
}

/* The block at 100 never answers. */
static void answer_one_block(struct bench *bench, const struct ask *ask)
{
    if (ask->address != 100) {
        bench_answer(bench, ask);
    }
}

static void a_silent_block_is_left_alone_by_itself(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench, noon_us);
    bench_add(&bench, "two", 1, 1000, 1000);
    bench.answer = answer_one_block;
    bench_start(&bench);
    bench_run(&bench, 10 * MINUTE);
    size_t silent = 0;
    for (size_t i = 0; i < bench.ask_count; i++) {
        silent += bench.asks[i].address == 100;
    }
    assert_in_range(silent, 5, 14);
    assert_int_equal(bench_device_status(&bench, 1).health, DEVICE_ONLINE);
    assert_in_range(bench_count(&bench, 1, QUALITY_OK, 0), 595, 601);
    assert_int_equal(bench.posts[bench.post_count - 1].batch->readings[1].quality, QUALITY_TIMEOUT);
    bench_finish(&bench);
}

/* The block that never answers comes first, and the other is due ten times less often. */
static void answer_other_block(struct bench *bench, const struct ask *ask)
{
    if (ask->address != 7) {
        bench_answer(bench, ask);
    }
}

static void a_silent_first_block_hides_nothing(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench, noon_us);
    bench_add(&bench, "two", 1, 1000, 1000);
    bench.answer = answer_other_block;
    bench_start(&bench);
    bench_run(&bench, MINUTE);
    for (size_t i = 1; i < bench.post_count; i++) {
        assert_int_equal(bench.posts[i].batch->readings[0].quality, QUALITY_TIMEOUT);
        assert_int_equal(bench.posts[i].batch->readings[1].quality, QUALITY_OK);
    }
    assert_true(bench.post_count >= 60);
    bench_finish(&bench);
}

static void a_silent_class_does_not_hide_the_device(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench, noon_us);
    bench_add(&bench, "full", 1, 1000, 10000);
    bench.answer = answer_other_block;
    bench_start(&bench);
    bench_run(&bench, 10 * MINUTE);
    assert_int_equal(bench_device_status(&bench, 1).health, DEVICE_ONLINE);
    size_t first = bench.post_count;
    size_t first_ask = bench.ask_count;
    bench_run(&bench, 10 * MINUTE);
    assert_int_equal(bench_device_status(&bench, 1).health, DEVICE_ONLINE);
    size_t good = 0;
    for (size_t i = first; i < bench.post_count; i++) {
        const struct batch *batch = bench.posts[i].batch;
        const struct reading *last = &batch->readings[batch->count - 1];
        assert_int_equal(last->quality, last->point == 1 ? QUALITY_OK : QUALITY_TIMEOUT);
        good += last->point == 1;
    }
    assert_in_range(good, 58, 62);
    assert_in_range(bench.ask_count - first_ask, 59, 66);
    bench_finish(&bench);
}

static void an_exception_is_an_answer_but_no_value(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench, 1, 1000);
    bench.devices[1].exception = 2;
    bench_start(&bench);
    bench_run(&bench, MINUTE - SECOND / 2);
    assert_int_equal(bench.ask_count, 60);
    assert_int_equal(bench_count(&bench, 1, QUALITY_EXCEPTION, 0), 60);
    assert_int_equal(bench_last(&bench, 1)->exception, 2);
    struct device_status status = bench_device_status(&bench, 1);
    assert_int_equal(status.health, DEVICE_OFFLINE);
    assert_int_equal(status.errors.exceptions, 60);
    assert_int_equal(status.last_good_wall_us, 0);
    bench_finish(&bench);
}

static void a_busy_device_is_given_time(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench, 1, 1000);
    bench.devices[1].exception = 6;
    bench_start(&bench);
    bench_run(&bench, 5 * MINUTE);
    assert_in_range(bench.ask_count, 6, 14);
    assert_in_range(bench_count(&bench, 1, QUALITY_EXCEPTION, 0), 299, 301);
    assert_int_equal(bench_last(&bench, 1)->exception, 6);
    assert_int_not_equal(bench_device_status(&bench, 1).health, DEVICE_ONLINE);
    bench.devices[1].exception = 0;
    bench_run(&bench, MINUTE + SECOND);
    assert_int_equal(bench_last(&bench, 1)->quality, QUALITY_OK);
    bench_finish(&bench);
}

static void a_gateway_that_finds_no_target_is_a_timeout(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench, 2, 1000);
    bench.devices[1].exception = 0x0B;
    bench_start(&bench);
    bench_run(&bench, 5 * MINUTE);
    assert_int_equal(bench_device_status(&bench, 1).health, DEVICE_OFFLINE);
    assert_int_equal(bench_count(&bench, 1, QUALITY_EXCEPTION, 0), 0);
    assert_true(bench_count(&bench, 1, QUALITY_TIMEOUT, 0) >= 5);
    assert_in_range(bench_count(&bench, 2, QUALITY_OK, 0), 299, 301);
    bench_finish(&bench);
}

static void one_failed_poll_is_not_offline(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench, 1, 1000);
    bench_start(&bench);
    bench_run(&bench, 5 * SECOND + SECOND / 2);
    bench.devices[1].is_silent = true;
    bench_run(&bench, SECOND);
    bench.devices[1].is_silent = false;
    bench_run(&bench, 5 * SECOND);
    assert_int_equal(bench_count(&bench, 1, QUALITY_TIMEOUT, 0), 1);
    assert_int_equal(bench_count(&bench, 1, QUALITY_OK, 0), 11);
    assert_int_equal(bench_device_status(&bench, 1).health, DEVICE_ONLINE);
    bench_finish(&bench);
}

/* The gateway ends the connection whenever unit 4 is asked, as some do when a device behind them is dead. */
static void answer_by_hanging_up(struct bench *bench, const struct ask *ask)
{
    if (bench->devices[ask->unit].is_silent) {
        bench_hang_up(bench, 3000);
    } else {
        bench_answer(bench, ask);
    }
}

static void a_unit_that_ends_connections_is_alone(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench, 10, 1000);
    bench.answer = answer_by_hanging_up;
    bench.devices[4].is_silent = true;
    bench.devices[5].is_silent = true;
    bench_start(&bench);
    bench_run(&bench, 10 * MINUTE);
    for (uint8_t unit = 1; unit <= 10; unit++) {
        if (unit != 4 && unit != 5) {
            assert_in_range(bench_count(&bench, unit, QUALITY_OK, 0), 598, 602);
            assert_int_equal(bench_count(&bench, unit, QUALITY_LATE, 0), 0);
            assert_true(longest_gap_us(&bench, unit, bench.posts[0].at_us + 2 * SECOND) < 1300000);
        }
    }
    assert_int_equal(bench_device_status(&bench, 4).health, DEVICE_OFFLINE);
    assert_int_equal(bench_device_status(&bench, 5).health, DEVICE_OFFLINE);
    assert_in_range(bench_asks(&bench, 4, 0), 10, 40);
    bench_finish(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_silent_device_backs_off_alone),
        cmocka_unit_test(probing_the_dead_costs_a_tenth_at_most),
        cmocka_unit_test(probes_wait_for_room),
        cmocka_unit_test(most_probes_hold_nobody_up),
        cmocka_unit_test(a_device_that_comes_back_slow_is_found),
        cmocka_unit_test(without_ids_one_probe_in_four_is_patient),
        cmocka_unit_test(a_gateway_that_reports_the_dead_is_waited_for),
        cmocka_unit_test(a_dead_device_says_so_in_all_classes),
        cmocka_unit_test(a_returning_device_is_online_at_once),
        cmocka_unit_test(classes_of_a_dead_device_cost_one_timeout),
        cmocka_unit_test(a_silent_block_is_left_alone_by_itself),
        cmocka_unit_test(a_silent_first_block_hides_nothing),
        cmocka_unit_test(a_silent_class_does_not_hide_the_device),
        cmocka_unit_test(an_exception_is_an_answer_but_no_value),
        cmocka_unit_test(a_busy_device_is_given_time),
        cmocka_unit_test(a_gateway_that_finds_no_target_is_a_timeout),
        cmocka_unit_test(one_failed_poll_is_not_offline),
        cmocka_unit_test(a_unit_that_ends_connections_is_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
