/* SPDX-License-Identifier: Apache-2.0 */
/* test_line_writes: commands that name a device and its points. A write goes out once, whatever happens to its answer,
 * and comes back with what held before, what was sent and what holds afterwards. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "bench.h"

enum {
    SECOND = 1000000,
    MINUTE = 60 * SECOND,
    UNIT = 3,
    LIMIT = 40, /* registers of the profile */
    SWITCH = 41,
    HEARTBEAT = 42,
    POWER = 50,
    EXPONENT = 51,
    SETPOINT = 60,
    REGISTERS = 100,
};

static const int64_t noon_us = 1800000000LL * SECOND;

/* A charger with registers. */
enum habit {
    CONFIRMS,
    SWALLOWS,      /* does what it is told and does not say so */
    HANGS_UP,      /* does it and ends the connection */
    REFUSES,       /* exception 3 */
    ACKNOWLEDGES,  /* exception 5, and does it */
    BEHIND_A_WALL, /* exception 11 of its gateway, and does it */
    LIES,          /* confirms and does nothing */
};
static struct {
    enum habit habit;
    uint16_t registers[REGISTERS];
    unsigned writes;
    uint16_t last_address;
    uint8_t last_function;
} charger;

static void take_write(struct bench *bench, const struct ask *ask)
{
    uint8_t bytes[FRAME_SIZE_MAX];
    charger.writes++;
    charger.last_address = ask->address;
    charger.last_function = ask->function;
    if (charger.habit != REFUSES && charger.habit != LIES) {
        charger.registers[ask->address] = ask->function == 16 ? ask->written[0] : ask->quantity;
    }
    switch (charger.habit) {
    case SWALLOWS:
        return;
    case HANGS_UP:
        bench_hang_up(bench, 10000);
        return;
    case REFUSES:
    case ACKNOWLEDGES:
    case BEHIND_A_WALL:
        bench_arrive(bench, 10000, bytes,
                     bench_exception(bench, ask,
                                     charger.habit == REFUSES        ? 3
                                     : charger.habit == ACKNOWLEDGES ? 5
                                                                     : 11,
                                     bytes));
        return;
    default:
        bench_arrive(bench, 10000, bytes, bench_confirm(bench, ask, bytes));
    }
}

static void answer(struct bench *bench, const struct ask *ask)
{
    uint8_t bytes[FRAME_SIZE_MAX];
    if (bench->devices[ask->unit].is_silent) {
        return;
    }
    if (ask->function >= 5) {
        take_write(bench, ask);
        return;
    }
    assert_true(ask->address + ask->quantity <= REGISTERS);
    bench_arrive(bench, 10000, bytes,
                 bench_reply_words(bench, ask, &charger.registers[ask->address], bytes));
}

static void begin(struct bench *bench)
{
    memset(&charger, 0, sizeof(charger));
    charger.registers[LIMIT] = 160;
    charger.registers[POWER] = 5000;
    charger.registers[EXPONENT] = (uint16_t)-2;
    charger.registers[7] = 415;
    bench_init(bench, noon_us);
    bench->answer = answer;
    bench_add(bench, "set", UNIT, MINUTE / 1000, 10000);
    bench_start(bench);
    bench_run(bench, 15 * SECOND);
}

static struct command *finished(struct bench *bench, size_t index)
{
    assert_true(bench->done_count > index);
    return bench->done[index];
}

/* The id that the bench gives its only device. */
static const char *device_id(struct bench *bench)
{
    return bench_device_status(bench, UNIT).device->id;
}

static struct command *write_point(struct bench *bench, const char *point, double value)
{
    struct command *command = command_write(device_id(bench), point, WRITE_VALUE, 0, value);
    assert_true(bench_give(bench, command, MINUTE));
    return command;
}

static void a_write_tells_old_sent_and_new(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench);
    write_point(&bench, "charge_current_limit", 10.04);
    bench_run(&bench, SECOND);
    assert_int_equal(bench.done_count, 0); /* it settles */
    bench_run(&bench, 3 * SECOND);
    const struct command *done = finished(&bench, 0);
    assert_int_equal(done->error, 0);
    assert_int_equal(done->written.fate, WRITE_TAKEN);
    assert_true(done->written.old.value == 16);
    assert_true(done->written.sent == 10);
    assert_true(done->written.read_back.value == 10);
    assert_string_equal(done->written.read_back.name, "charge_current_limit");
    assert_int_equal(charger.writes, 1);
    assert_int_equal(charger.last_function, 16);
    assert_int_equal(charger.registers[LIMIT], 100);
    bench_finish(&bench);
}

/* A device that confirms and does nothing is found out. */
static void what_holds_is_read_and_not_believed(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench);
    charger.habit = LIES;
    write_point(&bench, "charge_current_limit", 10);
    bench_run(&bench, 5 * SECOND);
    const struct command *done = finished(&bench, 0);
    assert_int_equal(done->written.fate, WRITE_TAKEN);
    assert_true(done->written.sent == 10);
    assert_true(done->written.read_back.value == 16);
    bench_finish(&bench);
}

static void an_answer_that_is_lost_is_unknown_and_never_sent_again(void **state)
{
    (void)state;
    static const struct {
        enum habit habit;
        int error;
    } losses[] = {{SWALLOWS, -ETIMEDOUT}, {HANGS_UP, -ETIMEDOUT}, {BEHIND_A_WALL, -EREMOTEIO}};
    for (size_t i = 0; i < ARRAY_SIZE(losses); i++) {
        struct bench bench;
        begin(&bench);
        charger.habit = losses[i].habit;
        write_point(&bench, "charge_current_limit", 10);
        bench_run(&bench, 20 * SECOND);
        const struct command *done = finished(&bench, 0);
        assert_int_equal(charger.writes, 1);
        assert_int_equal(done->written.fate, WRITE_UNKNOWN);
        assert_int_equal(done->error, losses[i].error);
        assert_true(done->written.old.value == 16);
        assert_true(done->written.read_back.value == 10); /* which tells */
        bench_finish(&bench);
    }
}

/* The send itself fails: bytes may have left all the same. */
static void a_send_that_fails_is_not_tried_again(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench);
    struct command *command = write_point(&bench, "charge_power_limit", 11);
    bench.send_error = -EPIPE;
    bench_run(&bench, 10 * SECOND);
    assert_ptr_equal(finished(&bench, 0), command);
    assert_int_equal(charger.writes, 0);
    assert_int_equal(command->written.fate, WRITE_UNKNOWN);
    bench_finish(&bench);
}

static void a_refusal_is_told_with_its_exception(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench);
    charger.habit = REFUSES;
    write_point(&bench, "charge_current_limit", 10);
    bench_run(&bench, SECOND);
    assert_int_equal(finished(&bench, 0)->error, -EREMOTEIO);
    assert_int_equal(finished(&bench, 0)->exception, 3);
    assert_int_equal(finished(&bench, 0)->written.fate, WRITE_REFUSED);
    charger.habit = ACKNOWLEDGES;
    write_point(&bench, "charge_current_limit", 10);
    bench_run(&bench, 5 * SECOND);
    assert_int_equal(finished(&bench, 1)->error, 0);
    assert_int_equal(finished(&bench, 1)->written.fate, WRITE_TAKEN);
    bench_finish(&bench);
}

static void what_the_profile_forbids_never_leaves(void **state)
{
    (void)state;
    static const struct {
        const char *point;
        double value;
        int error;
        const char *why; /* behind the id of the device, if it begins with one */
    } cases[] = {
        {"charge_current_limit", 5, -ERANGE,
         "charge_current_limit is 5 A, wants 6..32, or 0 to pause"},
        {"charge_current_limit", 33, -ERANGE,
         "charge_current_limit is 33 A, wants 6..32, or 0 to pause"},
        {"charge_current_limit", NAN, -ERANGE, "charge_current_limit is nan A, wants a number"},
        {"co2", 1, -EPERM, "is read only, wants a point whose profile has a group write"},
        {"voltage_a", 1, -ENOENT, "has no voltage_a, wants a point of its profile"},
    };
    struct bench bench;
    begin(&bench);
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        write_point(&bench, cases[i].point, cases[i].value);
        bench_run(&bench, SECOND);
        const struct command *done = finished(&bench, i);
        assert_int_equal(done->error, cases[i].error);
        assert_non_null(strstr(done->why, cases[i].why));
        assert_int_equal(done->written.fate, WRITE_NOT_SENT);
    }
    assert_true(bench_give(&bench, command_write("nobody", "co2", WRITE_VALUE, 0, 1), MINUTE));
    assert_int_equal(finished(&bench, ARRAY_SIZE(cases))->error, -ENOENT);
    assert_int_equal(charger.writes, 0);
    bench_finish(&bench);
}

static void a_scale_that_is_a_register_is_read_first(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench);
    write_point(&bench, "power_limit", 12.34);
    bench_run(&bench, SECOND);
    assert_int_equal(charger.registers[POWER], 1234);
    assert_true(finished(&bench, 0)->written.old.value == 50);
    assert_true(finished(&bench, 0)->written.read_back.value == 12.34);
    charger.registers[EXPONENT] = (uint16_t)-1;
    write_point(&bench, "power_limit", 12.34);
    bench_run(&bench, SECOND);
    assert_int_equal(charger.registers[POWER], 123);
    charger.registers[EXPONENT] = 0x8000;
    write_point(&bench, "power_limit", 12);
    bench_run(&bench, SECOND);
    assert_int_equal(finished(&bench, 2)->error, -ERANGE);
    assert_int_equal(charger.writes, 2);
    bench_finish(&bench);
}

static void switches_heartbeats_and_setpoints(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench);
    static const struct {
        const char *point;
        enum write_part part;
        unsigned number;
        uint16_t address;
        uint16_t value;
    } parts[] = {
        {"charge_current_limit", WRITE_SWITCH, 0, SWITCH, 170},
        {"charge_current_limit", WRITE_UNSWITCH, 0, SWITCH, 85},
        {"charge_current_limit", WRITE_HEARTBEAT, 0, HEARTBEAT, 1},
        {"charge_power_limit", WRITE_VALUE, 0, SETPOINT, 11},
    };
    for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
        bench_give(
            &bench,
            command_write(device_id(&bench), parts[i].point, parts[i].part, parts[i].number, 11),
            MINUTE);
        bench_run(&bench, SECOND);
        const struct command *done = finished(&bench, i);
        assert_int_equal(done->error, 0);
        assert_int_equal(charger.last_address, parts[i].address);
        assert_int_equal(charger.registers[parts[i].address], parts[i].value);
        assert_string_equal(done->written.read_back.name, "");
        assert_true(isnan(done->written.read_back.value));
    }
    bench_give(&bench, command_write(device_id(&bench), "charge_current_limit", WRITE_SWITCH, 1, 0),
               MINUTE);
    bench_run(&bench, SECOND);
    assert_int_equal(finished(&bench, 4)->error, -ENOENT);
    bench_finish(&bench);
}

static void points_are_read_by_name(void **state)
{
    (void)state;
    static const char *const names[] = {"co2", "power_limit", "charge_current_limit"};
    struct bench bench;
    begin(&bench);
    charger.registers[7] = 500;
    bench_give(&bench, command_read_points(device_id(&bench), names, 3), MINUTE);
    bench_run(&bench, SECOND);
    const struct command *done = finished(&bench, 0);
    assert_int_equal(done->error, 0);
    assert_true(done->points[0].value == 500);
    assert_true(done->points[1].value == 50);
    assert_true(done->points[2].value == 16);
    assert_int_equal(done->points[2].quality, QUALITY_OK);
    static const char *const wrong[] = {"co2", "level"};
    bench_give(&bench, command_read_points(device_id(&bench), wrong, 2), MINUTE);
    assert_int_equal(finished(&bench, 1)->error, -ENOENT);
    bench_finish(&bench);
}

/* A device that does not answer costs no more than the budget for commands, and is not written to. */
static void what_does_not_answer_is_not_written_to(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench);
    bench.devices[UNIT].is_silent = true;
    bench_run(&bench, MINUTE);
    for (int i = 0; i < 5; i++) {
        write_point(&bench, "charge_current_limit", 10);
        bench_run(&bench, SECOND);
    }
    assert_int_equal(bench.done_count, 5);
    for (size_t i = 0; i < 5; i++) {
        int error = finished(&bench, i)->error;
        assert_true(error == -ETIMEDOUT || error == -EAGAIN || error == -ENOTCONN);
        assert_int_equal(finished(&bench, i)->written.fate, WRITE_NOT_SENT);
    }
    assert_int_equal(charger.writes, 0);
    bench_finish(&bench);
}

/* Every command comes back: from a full queue, and with its fate at the end. */
static void no_command_is_lost(void **state)
{
    (void)state;
    struct bench bench;
    begin(&bench);
    charger.habit = SWALLOWS;
    size_t given = 0;
    struct command *command = NULL;
    do {
        command = command_write(device_id(&bench), "charge_current_limit", WRITE_VALUE, 0, 10);
        given += 1;
    } while (bench_give(&bench, command, MINUTE));
    free(command);
    given--;
    assert_int_equal(given, LINE_COMMANDS_MAX);
    bench_run(&bench, 250000); /* the first is on the wire */
    assert_true(charger.writes >= 1);
    line_stop(bench.line);
    assert_int_equal(bench.done_count, LINE_COMMANDS_MAX);
    unsigned unknown = 0;
    for (size_t i = 0; i < bench.done_count; i++) {
        unknown += bench.done[i]->written.fate == WRITE_UNKNOWN;
        assert_int_not_equal(bench.done[i]->error, 0);
    }
    assert_int_equal(unknown, charger.writes);
    bench_finish(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_write_tells_old_sent_and_new),
        cmocka_unit_test(what_holds_is_read_and_not_believed),
        cmocka_unit_test(an_answer_that_is_lost_is_unknown_and_never_sent_again),
        cmocka_unit_test(a_send_that_fails_is_not_tried_again),
        cmocka_unit_test(a_refusal_is_told_with_its_exception),
        cmocka_unit_test(what_the_profile_forbids_never_leaves),
        cmocka_unit_test(a_scale_that_is_a_register_is_read_first),
        cmocka_unit_test(switches_heartbeats_and_setpoints),
        cmocka_unit_test(points_are_read_by_name),
        cmocka_unit_test(what_does_not_answer_is_not_written_to),
        cmocka_unit_test(no_command_is_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
