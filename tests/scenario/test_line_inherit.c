/* SPDX-License-Identifier: Apache-2.0 */
/* A line that takes over from another: what goes on, what begins, what comes back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>

#include "base/mem.h"
#include "bench.h"

static const int64_t second_us = 1000000;
static const int64_t morning_us = 1767225600000000;

/* The bench's line becomes the former one; its heir is to be given its devices. */
static struct line *leave(struct bench *bench)
{
    struct line *from = bench->line;
    bench->line = NULL;
    bench->device_count = 0;
    return from;
}

static void take_over(struct bench *bench, struct line *take_from,
                      const struct line_heritage *heritage)
{
    line_retire(take_from, 0);
    bench_start(bench);
    line_inherit(bench->line, take_from, heritage);
    line_destroy(take_from);
}

/* Units 1 and 2 in the other order, and a third. Unit 2 was offline. */
static void give_three(struct bench *bench, bool is_elsewhere)
{
    static const struct line_origin origins[] = {
        {.place = 1, .is_same = true}, {.place = 0, .is_same = true}, {.place = LINE_NOWHERE}};
    struct line *from = leave(bench);
    bench_add(bench, "one", 2, 1000, 1000);
    bench_add(bench, "one", 1, 1000, 1000);
    bench_add(bench, "one", 3, 1000, 1000);
    take_over(bench, from,
              &(struct line_heritage){.origins = origins, .is_elsewhere = is_elsewhere});
}

static void begin_with_one_dead(struct bench *bench)
{
    bench_init(bench, morning_us);
    bench->devices[2].is_silent = true;
    bench_add(bench, "one", 1, 1000, 1000);
    bench_add(bench, "one", 2, 1000, 1000);
    bench_start(bench);
    bench_run(bench, 300 * second_us);
    assert_int_equal(bench_device_status(bench, 2).health, DEVICE_OFFLINE);
}

static void what_stays_goes_on(void **state)
{
    (void)state;
    struct bench bench;
    begin_with_one_dead(&bench);
    const struct line_status line = bench_line_status(&bench);
    const struct device_status living = bench_device_status(&bench, 1);
    const struct device_status dead = bench_device_status(&bench, 2);
    const size_t posts = bench.post_count;
    give_three(&bench, false);
    assert_int_equal(bench_line_status(&bench).requests, line.requests);
    assert_int_equal(bench_device_status(&bench, 1).polls, living.polls);
    assert_int_equal(bench_device_status(&bench, 1).health, DEVICE_ONLINE);
    assert_int_equal(bench_device_status(&bench, 2).failed_polls, dead.failed_polls);
    assert_int_equal(bench_device_status(&bench, 2).errors.timeouts, dead.errors.timeouts);
    assert_int_equal(bench_device_status(&bench, 2).next_try_in_us, dead.next_try_in_us);
    bench_run(&bench, 10 * second_us);
    assert_true(bench_count(&bench, 1, QUALITY_OK, posts) >= 9);
    assert_true(bench_count(&bench, 3, QUALITY_OK, posts) >= 9);
    assert_int_equal(bench_device_status(&bench, 3).health, DEVICE_ONLINE);
    assert_int_equal(bench_device_status(&bench, 2).health, DEVICE_OFFLINE);
    bench_finish(&bench);
}

/* The pause was for a far end that it does not lead to any more. */
static void elsewhere_nobody_is_left_alone(void **state)
{
    (void)state;
    struct bench bench;
    begin_with_one_dead(&bench);
    bench.devices[2].is_silent = false;
    give_three(&bench, true);
    assert_int_equal(bench_line_status(&bench).state, LINE_CONNECTING);
    bench_run(&bench, 5 * second_us);
    assert_int_equal(bench_device_status(&bench, 2).health, DEVICE_ONLINE);
    bench_finish(&bench);
}

/* What it refuses is not asked again by the heir. */
static void bad_registers_are_kept(void **state)
{
    (void)state;
    static const struct line_origin origins[] = {{.place = 0, .is_same = true}};
    struct bench bench;
    bench_init(&bench, morning_us);
    bench.devices[1].refused_first = 16;
    bench.devices[1].refused_last = 16;
    bench_add(&bench, "wide", 1, 1000, 1000);
    bench_start(&bench);
    bench_run(&bench, 30 * second_us);
    assert_int_equal(bench_device_status(&bench, 1).bad_registers, 1);
    struct line *from = leave(&bench);
    bench_add(&bench, "wide", 1, 1000, 1000);
    const size_t asks = bench.ask_count;
    take_over(&bench, from, &(struct line_heritage){.origins = origins});
    assert_int_equal(bench_device_status(&bench, 1).bad_registers, 1);
    bench_run(&bench, 10 * second_us);
    for (size_t i = asks; i < bench.ask_count; i++) {
        const struct ask *ask = &bench.asks[i];
        assert_false(ask->address <= 16 && ask->address + ask->quantity > 16);
    }
    assert_true(bench.ask_count > asks);
    bench_finish(&bench);
}

static const struct command *done_of(const struct bench *bench, uint16_t unit)
{
    for (size_t i = 0; i < bench->done_count; i++) {
        if (bench->done[i]->unit == unit) {
            return bench->done[i];
        }
    }
    return NULL;
}

/* The first is in flight, the others wait: for a unit that goes, one that stays, and one that nobody has. */
static void commands_move_or_come_back(void **state)
{
    (void)state;
    static const struct line_origin origins[] = {{.place = 0, .is_same = true}};
    struct bench bench;
    bench_init(&bench, morning_us);
    bench_add(&bench, "one", 1, 10000, 10000);
    bench_add(&bench, "one", 2, 10000, 10000);
    bench_start(&bench);
    bench_run(&bench, 12 * second_us);
    const size_t asks = bench.ask_count;
    (void)bench_command(&bench, 9, 10 * second_us);
    bench_run(&bench, 1000);
    assert_int_equal(bench.ask_count, asks + 1);
    (void)bench_command(&bench, 2, 10 * second_us);
    (void)bench_command(&bench, 1, 10 * second_us);
    (void)bench_command(&bench, 7, 10 * second_us);
    struct line *from = leave(&bench);
    bench_add(&bench, "one", 1, 10000, 10000);
    take_over(&bench, from, &(struct line_heritage){.origins = origins});
    assert_int_equal(bench.done_count, 2);
    assert_int_equal(done_of(&bench, 9)->error, -ERESTART);
    assert_int_equal(done_of(&bench, 2)->error, -ENODEV);
    bench_run(&bench, 5 * second_us);
    assert_int_equal(bench.done_count, 4);
    assert_int_equal(done_of(&bench, 1)->error, 0);
    assert_int_equal(done_of(&bench, 7)->error, 0);
    bench_finish(&bench);
}

/* A read by name begins anew by what the heir knows of the device. */
static void a_read_of_points_moves(void **state)
{
    (void)state;
    static const struct line_origin origins[] = {{.place = LINE_NOWHERE},
                                                 {.place = 0, .is_same = true}};
    static const char *const names[] = {"co2"};
    struct bench bench;
    bench_init(&bench, morning_us);
    bench_add(&bench, "set", 1, 10000, 10000);
    bench_start(&bench);
    bench_run(&bench, 12 * second_us);
    (void)bench_command(&bench, 1, 10 * second_us);
    bench_run(&bench, 1000);
    assert_true(bench_give(&bench, command_read_points("device-1", names, 1), 10 * second_us));
    struct line *from = leave(&bench);
    bench_add(&bench, "one", 2, 10000, 10000);
    bench_add(&bench, "set", 1, 10000, 10000);
    take_over(&bench, from, &(struct line_heritage){.origins = origins});
    bench_run(&bench, 5 * second_us);
    assert_int_equal(bench.done_count, 2);
    assert_int_equal(bench.done[1]->error, 0);
    assert_int_equal(bench.done[1]->points[0].quality, QUALITY_OK);
    bench_finish(&bench);
}

/* A line that is down stays so, and is tried when it would have been. */
static void the_pause_of_a_line_goes_on(void **state)
{
    (void)state;
    static const struct line_origin origins[] = {{.place = 0, .is_same = true}};
    struct bench bench;
    bench_init(&bench, morning_us);
    bench.open_error = -ECONNREFUSED;
    bench_add(&bench, "one", 1, 1000, 1000);
    bench_start(&bench);
    bench_run(&bench, 300 * second_us);
    assert_int_equal(bench_line_status(&bench).state, LINE_DOWN);
    const int64_t next_us = line_next_us(bench.line);
    const unsigned opens = bench.opens;
    struct line *from = leave(&bench);
    bench_add(&bench, "one", 1, 1000, 1000);
    take_over(&bench, from, &(struct line_heritage){.origins = origins});
    assert_int_equal(bench_line_status(&bench).state, LINE_DOWN);
    assert_string_equal(bench_line_status(&bench).last_error, "Connection refused");
    assert_int_equal(line_next_us(bench.line), next_us);
    bench_run(&bench, (next_us - bench.now_us) / 2);
    assert_int_equal(bench.opens, opens);
    bench_finish(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_stays_goes_on),     cmocka_unit_test(elsewhere_nobody_is_left_alone),
        cmocka_unit_test(bad_registers_are_kept), cmocka_unit_test(commands_move_or_come_back),
        cmocka_unit_test(a_read_of_points_moves), cmocka_unit_test(the_pause_of_a_line_goes_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
