/* SPDX-License-Identifier: Apache-2.0 */
/* test_line_commands: commands, above all those to units that do not answer: the polls of the others keep their time,
 * and who is refused hears when to come again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "bench.h"

enum {
    SECOND = 1000000,
    MINUTE = 60 * SECOND,
    LIVING = 8,
    DEAD = 9,       /* a device of the line */
    STRANGE = 100,  /* this and those above: no device of the line */
    COMMAND = 9000, /* the register that commands ask for */
};

static const int64_t noon_us = 1800000000LL * SECOND;

enum wire { ON_TCP, ON_NO_ID, ON_CONVERTER, ON_SERIAL, WIRES };

static void set_wire(struct bench *bench, enum wire wire)
{
    bench->settings.response_timeout_us = SECOND;
    if (wire == ON_NO_ID || wire == ON_CONVERTER) {
        bench->wire.silence_us = 20000;
    }
    bench->settings.ignore_transaction_id = wire == ON_NO_ID;
    if (wire == ON_CONVERTER) {
        bench->wire.frame = FRAME_RTU;
        bench->wire.reopen_us = 500000;
    } else if (wire == ON_SERIAL) {
        bench->wire.frame = FRAME_RTU;
        bench->wire.silence_us = 3646;
        bench->wire.char_ns = 1041667; /* 9600 8N1 */
        bench->wire.needs_connect = false;
    }
}

static void begin(struct bench *bench, enum wire wire)
{
    bench_init(bench, noon_us);
    set_wire(bench, wire);
    for (unsigned unit = 1; unit <= LIVING; unit++) {
        bench_add(bench, "one", (uint8_t)unit, 1000, 10000);
    }
    for (unsigned unit = 0; unit < 256; unit++) {
        bench->devices[unit].is_silent = unit > LIVING;
    }
}

/* --- what does not answer --- */

static void command_silent(struct bench *bench, const struct ask *ask)
{
    if (ask->address != COMMAND) {
        bench_answer(bench, ask);
    }
}

static void command_silent_each_other(struct bench *bench, const struct ask *ask)
{
    if (ask->address != COMMAND || bench->value % 2 == 0) {
        bench_answer(bench, ask);
    }
}

static void dead_ends_connection(struct bench *bench, const struct ask *ask)
{
    if (ask->unit > LIVING) {
        bench_hang_up(bench, 500000);
    }
    bench_answer(bench, ask);
}

static void dead_is_reported(struct bench *bench, const struct ask *ask)
{
    bench->devices[ask->unit].is_silent = false;
    if (ask->unit > LIVING) {
        bench->devices[ask->unit].delay_us = 900000;
        bench->devices[ask->unit].exception = 0x0B;
    }
    bench_answer(bench, ask);
}

static void dead_answers_badly(struct bench *bench, const struct ask *ask)
{
    static const uint8_t bytes[] = {1, 2, 3};
    if (ask->unit > LIVING) {
        bench_arrive(bench, 800000, bytes, sizeof(bytes));
    }
    bench_answer(bench, ask);
}

struct habit {
    const char *name;
    bench_answer_fn answer;
    uint8_t first; /* of the units that commands go to */
    uint8_t count;
    uint8_t at_once;
};

static const struct habit habits[] = {
    {"no device of the line", NULL, STRANGE, 1, 1},
    {"fifty of them in turn", NULL, STRANGE, 50, 1},
    {"a dead device", NULL, DEAD, 1, 1},
    {"eight at once", NULL, STRANGE, 3, 8},
    {"a block that never answers", command_silent, 1, 1, 1},
    {"such a block on all", command_silent, 1, LIVING, 1},
    {"a block that answers each other time", command_silent_each_other, 1, 1, 2},
    {"ends the connection", dead_ends_connection, DEAD, 1, 1},
    {"the gateway says so", dead_is_reported, DEAD, 1, 1},
    {"garbage", dead_answers_badly, DEAD, 1, 1},
};

/* A second, and the commands that come with it. */
static void pass_second(struct bench *bench, const struct habit *habit, unsigned *turn)
{
    for (unsigned i = 0; i < habit->at_once; i++) {
        uint8_t unit = (uint8_t)(habit->first + *turn % habit->count);
        *turn += bench_command(bench, unit, 5 * SECOND) != NULL ? 1 : 0;
    }
    line_run(bench->line, false);
    bench_run(bench, SECOND);
}

static bool lasts_too_long(const struct habit *habit, enum wire wire)
{
    return wire == ON_SERIAL && habit->answer == dead_ends_connection;
}

static void polls_keep_their_time(const struct habit *habit, enum wire wire, bool has_dead)
{
    struct bench bench;
    begin(&bench, wire);
    if (has_dead) {
        bench_add(&bench, "one", DEAD, 1000, 10000);
    }
    bench.answer = habit->answer;
    bench_start(&bench);
    bench_run(&bench, MINUTE);
    size_t first = bench.post_count;
    unsigned turn = 0;
    for (unsigned second = 0; second < 50; second++) {
        pass_second(&bench, habit, &turn);
    }
    size_t good = 0;
    for (unsigned unit = 1; unit <= LIVING; unit++) {
        good += bench_count(&bench, (uint8_t)unit, QUALITY_OK, first);
    }
    print_message("%s, wire %d: %zu of 400, %zu commands back\n", habit->name, (int)wire, good,
                  bench.done_count);
    assert_true(good >= 380);
    bench_finish(&bench);
}

static void the_silent_do_not_crowd_out_the_polls(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(habits) / sizeof(habits[0]); i++) {
        for (int wire = 0; wire < WIRES; wire++) {
            if (!lasts_too_long(&habits[i], (enum wire)wire)) {
                polls_keep_their_time(&habits[i], (enum wire)wire, habits[i].first == DEAD);
            }
        }
    }
}

static void dead_ends_it_at_once(struct bench *bench, const struct ask *ask)
{
    if (ask->unit == DEAD) {
        bench_hang_up(bench, 1000);
    }
    bench_answer(bench, ask);
}

/* There is room for the command, but not for the connection that it costs. */
static void lost_connections_are_no_room(void **state)
{
    (void)state;
    for (int wire = 0; wire < ON_SERIAL; wire++) {
        struct bench bench;
        bench_init(&bench, noon_us);
        set_wire(&bench, (enum wire)wire);
        bench.settings.response_timeout_us = SECOND / 5;
        bench.devices[DEAD].is_silent = true;
        bench_add(&bench, "one", 1, 1000, 10000);
        bench.answer = dead_ends_it_at_once;
        bench_start(&bench);
        bench_run(&bench, MINUTE);
        size_t first = bench.post_count;
        const struct habit habit = {.first = DEAD, .count = 1, .at_once = 3};
        unsigned turn = 0;
        for (unsigned second = 0; second < 50; second++) {
            pass_second(&bench, &habit, &turn);
        }
        size_t good = bench_count(&bench, 1, QUALITY_OK, first);
        print_message("wire %d: %zu of 50\n", wire, good);
        assert_true(good >= 47);
        bench_finish(&bench);
    }
}

/* There is room for several between two polls, but their silence is no reason for another connection. */
static void silent_commands_end_no_connection(void **state)
{
    (void)state;
    for (int wire = 0; wire < ON_SERIAL; wire++) {
        struct bench bench;
        bench_init(&bench, noon_us);
        set_wire(&bench, (enum wire)wire);
        bench.settings.response_timeout_us = SECOND / 20;
        bench.devices[STRANGE].is_silent = true;
        bench_add(&bench, "one", 1, 1000, 10000);
        bench_start(&bench);
        bench_run(&bench, MINUTE);
        unsigned opens = bench.opens;
        size_t first = bench.post_count;
        for (unsigned i = 0; i < 500; i++) {
            (void)bench_command(&bench, STRANGE, 5 * SECOND);
            line_run(bench.line, false);
            bench_run(&bench, SECOND / 10);
        }
        assert_int_equal(bench.opens, opens);
        assert_true(bench_count(&bench, 1, QUALITY_OK, first) >= 49);
        bench_finish(&bench);
    }
}

/* Every command comes back, with an answer, a silence or a time; and that time is kept. */
static void who_is_refused_hears_when_to_come_again(void **state)
{
    (void)state;
    for (int wire = 0; wire < WIRES; wire++) {
        struct bench bench;
        begin(&bench, (enum wire)wire);
        bench_start(&bench);
        bench_run(&bench, MINUTE);
        struct command *first = bench_command(&bench, STRANGE, 30 * SECOND);
        bench_run(&bench, 3 * SECOND);
        assert_int_equal(bench.done_count, 1);
        assert_int_equal(first->error, -ETIMEDOUT);
        size_t asks = bench_asks(&bench, STRANGE, 0);
        struct command *second = bench_command(&bench, STRANGE, 30 * SECOND);
        struct command *other = bench_command(&bench, STRANGE + 1, 30 * SECOND);
        line_run(bench.line, false);
        bench_run(&bench, SECOND / 5);
        assert_int_equal(bench.done_count, 3);
        assert_int_equal(second->error, -EAGAIN);
        assert_int_equal(other->error, -EAGAIN);
        assert_in_range(second->retry_in_us, 10 * SECOND, MINUTE);
        assert_int_equal(bench_asks(&bench, STRANGE, 0), asks);
        /* meanwhile the living answer */
        struct command *living = bench_command(&bench, 3, SECOND);
        line_run(bench.line, false);
        bench_run(&bench, second->retry_in_us);
        assert_int_equal(living->error, 0);
        bench.devices[STRANGE].is_silent = false;
        struct command *third = bench_command(&bench, STRANGE, 30 * SECOND);
        line_run(bench.line, false);
        bench_run(&bench, SECOND);
        assert_int_equal(third->error, 0);
        bench_finish(&bench);
    }
}

/* Where it fits between two polls it holds up nobody. */
static void where_there_is_room_nobody_is_refused(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench, noon_us);
    bench.settings.response_timeout_us = SECOND;
    bench_add(&bench, "one", 1, MINUTE / 1000, MINUTE / 1000);
    bench.devices[STRANGE].is_silent = true;
    bench_start(&bench);
    bench_run(&bench, 5 * SECOND);
    for (unsigned i = 0; i < 5; i++) {
        struct command *command = bench_command(&bench, STRANGE, 5 * SECOND);
        line_run(bench.line, false);
        bench_run(&bench, 2 * SECOND);
        assert_int_equal(command->error, -ETIMEDOUT);
    }
    bench_finish(&bench);
}

/* --- what answers --- */

/* The queue is never empty, and each answer takes a while. */
static void commands_without_end_leave_the_polls_their_turn(void **state)
{
    (void)state;
    for (int wire = 0; wire < WIRES; wire++) {
        struct bench bench;
        begin(&bench, (enum wire)wire);
        bench_start(&bench);
        bench_run(&bench, 10 * SECOND);
        size_t first = bench.post_count;
        for (unsigned step = 0; step < 3000; step++) {
            (void)bench_command(&bench, 1 + step % LIVING, 2 * SECOND);
            line_run(bench.line, false);
            bench_run(&bench, SECOND / 100);
        }
        for (unsigned unit = 1; unit <= LIVING; unit++) {
            assert_true(bench_count(&bench, (uint8_t)unit, QUALITY_OK, first) >= 28);
        }
        assert_true(bench.done_count > 500);
        bench_finish(&bench);
    }
}

static void answer_commands_late(struct bench *bench, const struct ask *ask)
{
    struct bench_device kept = bench->devices[ask->unit];
    bench->devices[ask->unit].delay_us = ask->address == COMMAND ? 900000 : 3000;
    bench_answer(bench, ask);
    bench->devices[ask->unit] = kept;
}

static bool is_of_a_poll(const struct bench *bench, const struct reading *reading)
{
    for (size_t i = 0; i < bench->ask_count && reading->quality == QUALITY_OK; i++) {
        if (bench->asks[i].value == (uint16_t)reading->value) {
            return bench->asks[i].address != COMMAND;
        }
    }
    return reading->quality != QUALITY_OK;
}

/* All their replies come after the timeout, so none is an answer, least of all to the next one. */
static void late_replies_answer_no_other_command(void **state)
{
    (void)state;
    for (int wire = ON_NO_ID; wire < WIRES; wire++) {
        struct bench bench;
        bench_init(&bench, noon_us);
        set_wire(&bench, (enum wire)wire);
        bench.settings.response_timeout_us = SECOND / 10;
        for (unsigned unit = 1; unit <= 3; unit++) {
            bench_add(&bench, "one", (uint8_t)unit, 1000, 10000);
        }
        bench.answer = answer_commands_late;
        bench_start(&bench);
        bench_run(&bench, 10 * SECOND);
        for (unsigned step = 0; step < 1000; step++) {
            (void)bench_command(&bench, (uint8_t)(1 + step % 3), 2 * SECOND);
            line_run(bench.line, false);
            bench_run(&bench, 70000);
        }
        for (size_t i = 0; i < bench.done_count; i++) {
            assert_int_not_equal(bench.done[i]->error, 0);
        }
        for (size_t i = 0; i < bench.post_count; i++) {
            assert_true(is_of_a_poll(&bench, &bench.posts[i].batch->readings[0]));
        }
        bench_finish(&bench);
    }
}

/* A unit whose late reply is waited out is asked neither by polls nor by commands; then the polls have their turn. */
static void commands_to_a_held_unit_leave_its_polls_their_turn(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench, noon_us);
    set_wire(&bench, ON_CONVERTER);
    bench.settings.response_timeout_us = SECOND / 5;
    bench_add(&bench, "one", 1, 1000, 10000);
    bench.answer = command_silent;
    bench_start(&bench);
    bench_run(&bench, 10 * SECOND);
    size_t first = bench.post_count;
    for (unsigned step = 0; step < 1200; step++) {
        (void)bench_command(&bench, 1, 2 * SECOND);
        line_run(bench.line, false);
        bench_run(&bench, SECOND / 10);
    }
    assert_true(bench_count(&bench, 1, QUALITY_OK, first) >= 60);
    bench_finish(&bench);
}

/* A person has mended it and asks: the polls need not wait for their pause. */
static void a_device_that_answers_a_command_is_back(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench, ON_TCP);
    bench_add(&bench, "one", DEAD, 1000, 10000);
    bench_start(&bench);
    bench_run(&bench, 30 * MINUTE);
    while (bench_device_status(&bench, DEAD).next_try_in_us < 20 * SECOND) {
        bench_run(&bench, SECOND);
    }
    bench.devices[DEAD].is_silent = false;
    struct command *command = bench_command(&bench, DEAD, SECOND);
    line_run(bench.line, false);
    bench_run(&bench, 12 * SECOND); /* a probe may wait ten for room */
    assert_int_equal(command->error, 0);
    assert_int_equal(bench_device_status(&bench, DEAD).health, DEVICE_ONLINE);
    bench_finish(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_silent_do_not_crowd_out_the_polls),
        cmocka_unit_test(lost_connections_are_no_room),
        cmocka_unit_test(silent_commands_end_no_connection),
        cmocka_unit_test(who_is_refused_hears_when_to_come_again),
        cmocka_unit_test(where_there_is_room_nobody_is_refused),
        cmocka_unit_test(commands_without_end_leave_the_polls_their_turn),
        cmocka_unit_test(late_replies_answer_no_other_command),
        cmocka_unit_test(commands_to_a_held_unit_leave_its_polls_their_turn),
        cmocka_unit_test(a_device_that_answers_a_command_is_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
