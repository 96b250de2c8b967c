/* SPDX-License-Identifier: Apache-2.0 */
/* test_twins: two units that are one device, two that are alike, and two that are not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "collectors/modbus/line/twins.h"

enum { SIZE = 4 };

static struct twins twins;

static int begin(void **state)
{
    (void)state;
    twins_init(&twins, SIZE);
    return 0;
}

static int finish(void **state)
{
    (void)state;
    twins_finish(&twins);
    return 0;
}

static enum twins_verdict take(bool is_other, uint16_t a, uint16_t b, uint16_t c, uint16_t d,
                               enum twins_counter counter)
{
    const uint16_t words[SIZE] = {a, b, c, d};
    return twins_take(&twins, is_other, words, counter);
}

/* Polls in which a voltage moves with each of them and a counter with each third round. */
static unsigned rounds_until(enum twins_verdict wanted, unsigned most, enum twins_counter counter)
{
    uint16_t moving = 0;
    for (unsigned i = 1; i <= most; i++) {
        uint16_t energy = (uint16_t)(100 + i / 3);
        enum twins_verdict verdict = take(false, ++moving, 7, energy, 0, counter);
        if (verdict != TWINS_UNSURE) {
            assert_int_equal(verdict, wanted);
            return i;
        }
        verdict = take(true, ++moving, 7, energy, 0, counter);
        assert_int_equal(verdict, TWINS_UNSURE);
    }
    return 0;
}

static void what_counts_in_both_is_one(void **state)
{
    (void)state;
    assert_in_range(rounds_until(TWINS_SAME, 100, TWINS_COUNTER_LOW), 9, 24);
}

static void without_a_counter_it_takes_longer(void **state)
{
    (void)state;
    assert_in_range(rounds_until(TWINS_SAME, 100, TWINS_COUNTER_NONE), 30, 70);
}

static void another_register_that_stands_is_another_device(void **state)
{
    (void)state;
    take(false, 1, 7, 100, 0, TWINS_COUNTER_HIGH);
    assert_int_equal(take(true, 2, 7, 101, 0, TWINS_COUNTER_HIGH), TWINS_UNSURE);
    assert_int_equal(take(false, 3, 7, 100, 0, TWINS_COUNTER_HIGH), TWINS_DIFFERENT);
}

static void what_moves_shows_nothing(void **state)
{
    (void)state;
    for (uint16_t i = 0; i < 119; i++) {
        uint16_t now = (uint16_t)(4 * i);
        assert_int_equal(take(false, now, now, now, now, TWINS_COUNTER_HIGH), TWINS_UNSURE);
        now++;
        assert_int_equal(take(true, now, now, now, now, TWINS_COUNTER_HIGH), TWINS_UNSURE);
    }
    take(false, 1, 1, 1, 1, TWINS_COUNTER_HIGH);
    assert_int_equal(take(true, 2, 2, 2, 2, TWINS_COUNTER_HIGH), TWINS_IDLE);
}

static void zeros_and_idle_twins_are_no_one(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 119; i++) {
        assert_int_equal(take(false, 2300, 0, 0, 5, i % 2 ? TWINS_COUNTER_LOW : TWINS_COUNTER_NONE),
                         TWINS_UNSURE);
        assert_int_equal(take(true, 2300, 0, 0, 5, TWINS_COUNTER_LOW), TWINS_UNSURE);
    }
}

/* A server whose registers never change, with a count that no two meters have by chance. */
static void a_high_count_that_stands_in_both_is_one(void **state)
{
    (void)state;
    enum twins_verdict verdict = TWINS_UNSURE;
    unsigned rounds = 0;
    for (; verdict == TWINS_UNSURE && rounds < 100; rounds++) {
        verdict = take(false, 2300, 1, 2, 5, TWINS_COUNTER_HIGH);
        take(true, 2300, 1, 2, 5, TWINS_COUNTER_HIGH);
    }
    assert_int_equal(verdict, TWINS_SAME);
    assert_in_range(rounds, 20, 22);
}

static void the_other_alone_shows_nothing(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 50; i++) {
        assert_int_equal(take(true, 1, 2, 3, 4, TWINS_COUNTER_HIGH), TWINS_UNSURE);
    }
    take(false, 1, 2, 3, 5, TWINS_COUNTER_HIGH);
    /* what the other said before the one was asked is too old */
    assert_int_equal(take(false, 1, 2, 3, 5, TWINS_COUNTER_HIGH), TWINS_UNSURE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_counts_in_both_is_one, begin, finish),
        cmocka_unit_test_setup_teardown(without_a_counter_it_takes_longer, begin, finish),
        cmocka_unit_test_setup_teardown(another_register_that_stands_is_another_device, begin,
                                        finish),
        cmocka_unit_test_setup_teardown(what_moves_shows_nothing, begin, finish),
        cmocka_unit_test_setup_teardown(zeros_and_idle_twins_are_no_one, begin, finish),
        cmocka_unit_test_setup_teardown(a_high_count_that_stands_in_both_is_one, begin, finish),
        cmocka_unit_test_setup_teardown(the_other_alone_shows_nothing, begin, finish),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
