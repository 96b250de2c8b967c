/* SPDX-License-Identifier: Apache-2.0 */
/* slot: wide for few devices, narrow for many, never against a period. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "collectors/modbus/slot.h"

enum { MANY = 10000 };

static int64_t choose(size_t count, int64_t period_ms)
{
    static int64_t periods_ms[MANY];
    for (size_t i = 0; i < count; i++) {
        periods_ms[i] = period_ms;
    }
    return slot_choose_us(periods_ms, count);
}

static void narrows_with_the_number_of_polls(void **state)
{
    (void)state;
    assert_int_equal(choose(0, 1000), 50000);
    assert_int_equal(choose(10, 1000), 50000);
    assert_int_equal(choose(500, 1000), 50000);
    assert_int_equal(choose(600, 1000), 25000);
    assert_int_equal(choose(1000, 1000), 25000);
    assert_int_equal(choose(2500, 1000), 10000);
    assert_int_equal(choose(MANY, 1000), 5000);
    assert_int_equal(choose(5000, 10000), 50000);
}

static void keeps_every_period_exact(void **state)
{
    (void)state;
    assert_int_equal(choose(1, 200), 50000);
    assert_int_equal(choose(1, 100), 25000);
    assert_int_equal(choose(1, 1020), 20000);
    assert_int_equal(choose(1, 20), 5000);
    assert_int_equal(choose(1, 10), 0);
    assert_int_equal(choose(1, 333), 0);
    const int64_t mixed_ms[] = {1000, 60000, 150};
    assert_int_equal(slot_choose_us(mixed_ms, 3), 25000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(narrows_with_the_number_of_polls),
        cmocka_unit_test(keeps_every_period_exact),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
