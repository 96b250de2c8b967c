/* SPDX-License-Identifier: Apache-2.0 */
/* test_redial: connects are a few at once and less than one a second, failures wait ever longer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "collectors/modbus/line/redial.h"

enum { SECOND = 1000000, MINUTE = 60 * SECOND };

static const int64_t starts_us[] = {0, 5, 777LL * 86400 * SECOND};

static void a_few_go_at_once(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        struct redial redial;
        redial_init(&redial);
        for (unsigned j = 0; j < REDIAL_AT_ONCE; j++) {
            assert_int_equal(redial_ended_us(&redial, starts_us[i]), starts_us[i]);
            redial_begun(&redial, starts_us[i]);
        }
        assert_int_equal(redial_ended_us(&redial, starts_us[i]), starts_us[i] + REDIAL_EVERY_US);
    }
}

static void no_minute_has_sixty(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        struct redial redial;
        redial_init(&redial);
        unsigned begun = 0;
        int64_t now_us = redial_ended_us(&redial, starts_us[i]);
        while (now_us < starts_us[i] + MINUTE) {
            redial_begun(&redial, now_us);
            begun++;
            now_us = redial_ended_us(&redial, now_us + 1000);
        }
        assert_in_range(begun, 55, 59);
    }
}

static void quiet_time_earns_no_more_than_a_few(void **state)
{
    (void)state;
    struct redial redial;
    redial_init(&redial);
    redial_begun(&redial, 0);
    int64_t now_us = 60LL * MINUTE;
    for (unsigned j = 0; j < REDIAL_AT_ONCE; j++) {
        assert_int_equal(redial_ended_us(&redial, now_us), now_us);
        redial_begun(&redial, now_us);
    }
    assert_true(redial_ended_us(&redial, now_us) > now_us);
}

static void failures_wait_ever_longer(void **state)
{
    (void)state;
    struct redial redial;
    redial_init(&redial);
    uint32_t chance = 4711;
    int64_t now_us = starts_us[2];
    int64_t wait_us = SECOND;
    for (unsigned i = 0; i < 10; i++) {
        redial_begun(&redial, now_us);
        int64_t next_us = redial_failed_us(&redial, now_us, &chance);
        assert_in_range(next_us - now_us, wait_us * 3 / 4, wait_us);
        wait_us = wait_us < MINUTE / 2 ? 2 * wait_us : MINUTE;
        now_us = next_us;
    }
    redial_worked(&redial);
    assert_in_range(redial_failed_us(&redial, now_us, &chance) - now_us, SECOND * 3 / 4, SECOND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_few_go_at_once),
        cmocka_unit_test(no_minute_has_sixty),
        cmocka_unit_test(quiet_time_earns_no_more_than_a_few),
        cmocka_unit_test(failures_wait_ever_longer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
