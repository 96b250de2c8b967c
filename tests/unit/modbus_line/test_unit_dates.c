/* SPDX-License-Identifier: Apache-2.0 */
/* unit_dates: a few units, and all when there are more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "collectors/modbus/line/unit_dates.h"

static bool is_true(const struct unit_dates *dates, uint8_t unit, int64_t time_us)
{
    return unit_dates_until_us(dates, unit, time_us) > time_us;
}

static void is_empty_at_first(void **state)
{
    (void)state;
    struct unit_dates dates = {0};
    for (unsigned unit = 0; unit < 256; unit++) {
        assert_false(is_true(&dates, (uint8_t)unit, 0));
        assert_false(is_true(&dates, (uint8_t)unit, 1000));
    }
}

static void is_true_of_one_until_then(void **state)
{
    (void)state;
    struct unit_dates dates = {0};
    unit_dates_set(&dates, 0, 200, 100);
    unit_dates_set(&dates, 7, 300, 100);
    assert_true(is_true(&dates, 0, 199));
    assert_false(is_true(&dates, 0, 200));
    assert_true(is_true(&dates, 7, 299));
    assert_false(is_true(&dates, 7, 300));
    assert_false(is_true(&dates, 8, 150));
    unit_dates_set(&dates, 7, 250, 150); /* what was said before still holds */
    assert_int_equal(unit_dates_until_us(&dates, 7, 160), 300);
}

static void one_that_is_over_leaves_the_others(void **state)
{
    (void)state;
    struct unit_dates dates = {0};
    unit_dates_set(&dates, 3, 200, 100);
    unit_dates_set(&dates, 7, 300, 100);
    unit_dates_clear(&dates, 3);
    unit_dates_clear(&dates, 9);
    assert_false(is_true(&dates, 3, 150));
    assert_true(is_true(&dates, 7, 150));
    unit_dates_set(&dates, 3, 250, 150);
    assert_true(is_true(&dates, 3, 249));
}

static void places_are_used_again(void **state)
{
    (void)state;
    struct unit_dates dates = {0};
    for (unsigned i = 0; i < 1000; i++) {
        unit_dates_set(&dates, (uint8_t)i, 100 * i + 90, 100 * i);
        assert_true(is_true(&dates, (uint8_t)i, 100 * i + 80));
        assert_false(is_true(&dates, (uint8_t)(i + 1), 100 * i + 80));
    }
}

static void of_too_many_it_is_true_of_all(void **state)
{
    (void)state;
    struct unit_dates dates = {0};
    for (unsigned i = 0; i <= UNIT_DATES_MAX; i++) {
        unit_dates_set(&dates, (uint8_t)(10 + i), 200 + i, 100);
    }
    for (unsigned i = 0; i <= UNIT_DATES_MAX; i++) {
        assert_true(is_true(&dates, (uint8_t)(10 + i), 199 + i));
    }
    assert_true(is_true(&dates, 99, 200 + UNIT_DATES_MAX - 1));
    assert_false(is_true(&dates, 99, 200 + UNIT_DATES_MAX));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_empty_at_first),
        cmocka_unit_test(is_true_of_one_until_then),
        cmocka_unit_test(one_that_is_over_leaves_the_others),
        cmocka_unit_test(places_are_used_again),
        cmocka_unit_test(of_too_many_it_is_true_of_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
