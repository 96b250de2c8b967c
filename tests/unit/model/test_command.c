/* SPDX-License-Identifier: Apache-2.0 */
/* command: making commands, and the box in which none that comes back is lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <lingtan/command.h>

enum { PLACES = 64, ROUNDS = 2000 };

static void a_write_says_what_and_nothing_else(void **state)
{
    (void)state;
    struct command *command = command_write("ev-1", "charge_current_limit", WRITE_SWITCH, 2, 16);
    assert_int_equal(command->kind, COMMAND_WRITE_POINT);
    assert_string_equal(command->device, "ev-1");
    assert_string_equal(command->points[0].name, "charge_current_limit");
    assert_int_equal(command->written.part, WRITE_SWITCH);
    assert_int_equal(command->written.number, 2);
    assert_int_equal(command->written.fate, WRITE_NOT_SENT);
    assert_true(command->written.value == 16);
    assert_true(isnan(command->written.sent));
    assert_true(isnan(command->written.read_back.value));
    free(command);
}

static void names_must_fit(void **state)
{
    (void)state;
    char longest[COMMAND_NAME_SIZE + 1];
    memset(longest, 'a', sizeof(longest));
    longest[COMMAND_NAME_SIZE] = '\0';
    const char *names[COMMAND_POINTS_MAX + 1];
    for (size_t i = 0; i < COMMAND_POINTS_MAX + 1; i++) {
        names[i] = "co2";
    }
    assert_null(command_write(longest, "co2", WRITE_VALUE, 0, 1));
    assert_null(command_write("ev-1", longest, WRITE_VALUE, 0, 1));
    assert_null(command_write("", "co2", WRITE_VALUE, 0, 1));
    assert_null(command_read_points("ev-1", names, COMMAND_POINTS_MAX + 1));
    assert_null(command_read_points("ev-1", names, 0));
    struct command *command = command_read_points("ev-1", names, COMMAND_POINTS_MAX);
    assert_int_equal(command->point_count, COMMAND_POINTS_MAX);
    free(command);
    longest[COMMAND_NAME_SIZE - 1] = '\0';
    command = command_write(longest, longest, WRITE_VALUE, 0, 1);
    assert_non_null(command);
    free(command);
}

static void nothing_is_expected_without_a_place(void **state)
{
    (void)state;
    struct command_box *box = command_box_create(2);
    struct command *commands[3];
    for (size_t i = 0; i < 3; i++) {
        commands[i] = command_write("ev-1", "co2", WRITE_VALUE, 0, (double)i);
    }
    assert_int_equal(command_box_expect(box, commands[0]), 0);
    assert_int_equal(command_box_expect(box, commands[1]), 0);
    assert_int_equal(command_box_expect(box, commands[2]), -ENOSPC);
    command_box_forget(box); /* the second was not taken */
    assert_int_equal(command_box_expect(box, commands[2]), 0);
    commands[2]->done(commands[2]);
    commands[0]->done(commands[0]);
    struct pollfd ready = {.fd = command_box_fd(box), .events = POLLIN};
    assert_int_equal(poll(&ready, 1, 0), 1);
    struct command *back[3];
    assert_int_equal(command_box_take(box, back, 3), 2);
    assert_ptr_equal(back[0], commands[2]);
    assert_ptr_equal(back[1], commands[0]);
    assert_int_equal(command_box_outstanding(box), 0);
    assert_int_equal(poll(&ready, 1, 0), 0);
    for (size_t i = 0; i < 3; i++) {
        free(commands[i]);
    }
    command_box_destroy(box);
}

/* Another thread gives all of them back at once, while the box is full and nobody looks. */
static void *give_back(void *argument)
{
    struct command **commands = argument;
    for (size_t i = 0; i < PLACES; i++) {
        commands[i]->done(commands[i]);
    }
    return NULL;
}

static void none_is_lost_however_late_it_is_looked_at(void **state)
{
    (void)state;
    struct command_box *box = command_box_create(PLACES);
    for (int round = 0; round < ROUNDS / PLACES; round++) {
        struct command *given[PLACES];
        for (size_t i = 0; i < PLACES; i++) {
            given[i] = command_write("ev-1", "co2", WRITE_VALUE, 0, (double)i);
            assert_int_equal(command_box_expect(box, given[i]), 0);
        }
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, give_back, given), 0);
        size_t taken = 0;
        while (taken < PLACES) {
            struct command *back[7];
            size_t count = command_box_take(box, back, 7);
            for (size_t i = 0; i < count; i++) {
                assert_true(back[i]->written.value == (double)(taken + i));
                free(back[i]);
            }
            taken += count;
        }
        pthread_join(thread, NULL);
    }
    command_box_destroy(box);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_write_says_what_and_nothing_else),
        cmocka_unit_test(names_must_fit),
        cmocka_unit_test(nothing_is_expected_without_a_place),
        cmocka_unit_test(none_is_lost_however_late_it_is_looked_at),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
