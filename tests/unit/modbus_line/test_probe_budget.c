/* SPDX-License-Identifier: Apache-2.0 */
/* probe_budget: what is earned, what is charged, and that nothing can ruin it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "collectors/modbus/line/probe_budget.h"

enum { SECOND = 1000000, COST = SECOND + SECOND / 4 };

static const int64_t uptime_us = 777LL * 86400 * SECOND;

static struct probe_budget fresh(void)
{
    struct probe_budget budget = {.timeout_us = SECOND, .share = 10, .saved = 2};
    probe_budget_begin(&budget, uptime_us);
    return budget;
}

static int64_t wait_us(struct probe_budget *budget, int64_t now_us)
{
    return probe_budget_allowed_us(budget, COST, now_us) - now_us;
}

static void begins_with_one_attempt(void **state)
{
    (void)state;
    struct probe_budget budget = fresh();
    assert_int_equal(probe_budget_cost_us(SECOND), COST);
    assert_int_equal(wait_us(&budget, uptime_us), 0);
    assert_int_equal(probe_budget_charge(&budget, uptime_us, uptime_us + COST, uptime_us + COST),
                     COST);
    int64_t now_us = uptime_us + COST;
    assert_in_range(wait_us(&budget, now_us), 9 * COST, 10 * COST);
}

/* Attempts one after the other, each as soon as it is affordable. */
static void spends_a_tenth_at_most(void **state)
{
    (void)state;
    struct probe_budget budget = fresh();
    int64_t now_us = uptime_us;
    int64_t spent_us = 0;
    for (unsigned i = 0; i < 1000; i++) {
        now_us = probe_budget_allowed_us(&budget, COST, now_us);
        spent_us += probe_budget_charge(&budget, now_us, now_us + SECOND, now_us + SECOND);
        now_us += SECOND;
    }
    double share = (double)spent_us / (double)(now_us - uptime_us);
    assert_true(share > 0.099 && share < 0.101);
}

static void saves_up_for_two(void **state)
{
    (void)state;
    struct probe_budget budget = fresh();
    int64_t now_us = uptime_us + 3600LL * SECOND;
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(wait_us(&budget, now_us), 0);
        probe_budget_charge(&budget, now_us, now_us + COST, now_us);
    }
    assert_int_equal(wait_us(&budget, now_us), 10 * COST);
}

static void another_share_saves_up_for_less(void **state)
{
    (void)state;
    struct probe_budget budget = {.timeout_us = SECOND, .share = 40, .saved = 1};
    probe_budget_begin(&budget, uptime_us);
    int64_t now_us = uptime_us + 3600LL * SECOND;
    assert_int_equal(wait_us(&budget, now_us), 0);
    probe_budget_charge(&budget, now_us, now_us + COST, now_us);
    assert_int_equal(wait_us(&budget, now_us), 40 * COST);
}

/* Earned in small steps it is the same. */
static void loses_nothing_to_rounding(void **state)
{
    (void)state;
    struct probe_budget budget = fresh();
    probe_budget_charge(&budget, uptime_us, uptime_us + COST, uptime_us);
    int64_t now_us = uptime_us;
    while (wait_us(&budget, now_us) > 0) {
        now_us += 3;
    }
    assert_in_range(now_us - uptime_us, 10 * COST, 10 * COST + 3);
}

/* Whatever the machine's uptime: 0 is no time of sending. */
static void what_never_left_costs_nothing(void **state)
{
    (void)state;
    struct probe_budget budget = fresh();
    assert_int_equal(probe_budget_charge(&budget, 0, uptime_us, uptime_us), 0);
    assert_int_equal(wait_us(&budget, uptime_us), 0);
    assert_int_equal(probe_budget_charge(&budget, uptime_us, uptime_us - 5, uptime_us), 0);
    assert_int_equal(wait_us(&budget, uptime_us), 0);
}

static void no_charge_exceeds_two_timeouts(void **state)
{
    (void)state;
    struct probe_budget budget = fresh();
    assert_int_equal(probe_budget_charge(&budget, 1, uptime_us, uptime_us), 2 * SECOND);
    for (unsigned i = 0; i < 100; i++) {
        probe_budget_charge(&budget, 1, uptime_us, uptime_us);
    }
    assert_int_equal(wait_us(&budget, uptime_us), 10 * (2 * SECOND + COST));
}

static void a_clock_that_falls_back_ruins_nothing(void **state)
{
    (void)state;
    struct probe_budget budget = fresh();
    probe_budget_charge(&budget, uptime_us, uptime_us + COST, uptime_us);
    assert_int_equal(wait_us(&budget, 1000), 10 * COST);
    assert_int_equal(wait_us(&budget, 1000 + 10 * COST), 0);
}

static void a_timeout_of_nothing_is_free(void **state)
{
    (void)state;
    struct probe_budget budget = {.share = 10, .saved = 2};
    probe_budget_begin(&budget, uptime_us);
    assert_int_equal(probe_budget_charge(&budget, uptime_us, uptime_us + SECOND, uptime_us), 0);
    assert_int_equal(probe_budget_allowed_us(&budget, 0, uptime_us), uptime_us);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(begins_with_one_attempt),
        cmocka_unit_test(spends_a_tenth_at_most),
        cmocka_unit_test(saves_up_for_two),
        cmocka_unit_test(another_share_saves_up_for_less),
        cmocka_unit_test(loses_nothing_to_rounding),
        cmocka_unit_test(what_never_left_costs_nothing),
        cmocka_unit_test(no_charge_exceeds_two_timeouts),
        cmocka_unit_test(a_clock_that_falls_back_ruins_nothing),
        cmocka_unit_test(a_timeout_of_nothing_is_free),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
