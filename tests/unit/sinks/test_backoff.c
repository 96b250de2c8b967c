/* SPDX-License-Identifier: Apache-2.0 */
/* backoff: grows, has an upper end, and is never longer than it says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sinks/backoff.h"

static void test_doubles_up_to_half_a_minute(void **state)
{
    (void)state;
    static const int64_t expected_s[] = {1, 2, 4, 8, 16, 30, 30};
    struct backoff backoff = {0};
    int64_t now_us = 5000000;
    for (size_t i = 0; i < 7; i++) {
        backoff_fail(&backoff, now_us);
        int64_t wait_us = backoff.until_us - now_us;
        assert_in_range(wait_us, expected_s[i] * 750000, expected_s[i] * 1000000);
        now_us = backoff.until_us;
    }
    backoff_reset(&backoff);
    assert_int_equal(backoff.until_us, 0);
    backoff_fail(&backoff, now_us);
    assert_in_range(backoff.until_us - now_us, 750000, 1000000);
}

static void test_refusal_waits_longest_at_once(void **state)
{
    (void)state;
    struct backoff backoff = {0};
    backoff_refused(&backoff, 7);
    assert_in_range(backoff.until_us - 7, 22500000, 30000000);
}

static void test_spreads(void **state)
{
    (void)state;
    int64_t shortest_us = INT64_MAX;
    int64_t longest_us = 0;
    for (int64_t now_us = 0; now_us < 1000; now_us++) {
        struct backoff backoff = {0};
        backoff_refused(&backoff, now_us);
        int64_t wait_us = backoff.until_us - now_us;
        shortest_us = wait_us < shortest_us ? wait_us : shortest_us;
        longest_us = wait_us > longest_us ? wait_us : longest_us;
    }
    assert_true(longest_us - shortest_us > 5000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_doubles_up_to_half_a_minute),
        cmocka_unit_test(test_refusal_waits_longest_at_once),
        cmocka_unit_test(test_spreads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
