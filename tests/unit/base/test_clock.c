/* SPDX-License-Identifier: Apache-2.0 */
/* clock: the machine's time goes on, the fake one only when told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <time.h>

#include <lingtan/clock.h>

static void test_real_follows_the_machine(void **state)
{
    (void)state;
    const struct clock *clock = clock_real();
    int64_t mono_us = clock_mono_us(clock);
    int64_t wall_us = clock_wall_us(clock);
    struct timespec wall;
    clock_gettime(CLOCK_REALTIME, &wall);
    assert_true(wall.tv_sec - wall_us / 1000000 <= 20);
    assert_true(wall.tv_sec >= wall_us / 1000000);
    nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
    assert_true(clock_mono_us(clock) >= mono_us + 2000);
}

static void test_fake_stands_still(void **state)
{
    (void)state;
    struct fake_clock fake;
    fake_clock_init(&fake, 1000, 1700000000000000);
    const struct clock *clock = &fake.clock;
    assert_int_equal(clock_mono_us(clock), 1000);
    assert_int_equal(clock_wall_us(clock), 1700000000000000);
    fake_clock_advance(&fake, 250);
    assert_int_equal(clock_mono_us(clock), 1250);
    assert_int_equal(clock_wall_us(clock), 1700000000000250);
}

static void test_step_moves_wall_alone(void **state)
{
    (void)state;
    struct fake_clock fake;
    fake_clock_init(&fake, 5, 1000000);
    fake_clock_step_wall(&fake, -400000);
    assert_int_equal(clock_mono_us(&fake.clock), 5);
    assert_int_equal(clock_wall_us(&fake.clock), 600000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_real_follows_the_machine),
        cmocka_unit_test(test_fake_stands_still),
        cmocka_unit_test(test_step_moves_wall_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
