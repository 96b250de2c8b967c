/* SPDX-License-Identifier: Apache-2.0 */
/* The counters of a flow are the exact integral of its rate, split where it turns round and by the meter's rates. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim/world/flow.h"
#include "support/support.h"

static struct flow empty(double from, double to)
{
    return (struct flow){.from = from, .to = to};
}

static void import_is_the_integral(void **state)
{
    (void)state;
    struct flow flow = empty(10.0, 20.0);
    assert_near(flow_rate(&flow, 0.5), 15.0, 1e-12);
    assert_near(flow_total(&flow, 0.5, 2.0).in, 12.5, 1e-12); /* 1 h at 10..15 */
    assert_near(flow_total(&flow, 1.0, 2.0).in, 30.0, 1e-12);
    assert_near(flow_total(&flow, 1.0, 2.0).out, 0.0, 1e-12);
}

static void a_turn_counts_both_ways(void **state)
{
    (void)state;
    struct flow flow = empty(30.0, -10.0); /* crosses zero at three quarters */
    struct flow_total whole = flow_total(&flow, 1.0, 4.0);
    assert_near(whole.in, 45.0, 1e-12);
    assert_near(whole.out, 5.0, 1e-12);
    flow = empty(-10.0, 30.0);
    whole = flow_total(&flow, 1.0, 4.0);
    assert_near(whole.in, 45.0, 1e-12);
    assert_near(whole.out, 5.0, 1e-12);
}

/* A segment cut anywhere gives what the whole one gives. */
static void settling_changes_nothing(void **state)
{
    (void)state;
    uint64_t random = 5;
    for (int i = 0; i < 500; i++) {
        double from = (double)(test_random(&random) % 2001) - 1000.0;
        double to = (double)(test_random(&random) % 2001) - 1000.0;
        double cut = (double)(test_random(&random) % 1001) / 1000.0;
        struct flow whole = empty(from, to);
        struct flow parts = empty(from, to);
        flow_settle(&parts, cut, 3.0);
        struct flow_total sum = flow_total(&parts, 1.0, 3.0 * (1.0 - cut));
        struct flow_total one = flow_total(&whole, 1.0, 3.0);
        assert_near(sum.in, one.in, 1e-8);
        assert_near(sum.out, one.out, 1e-8);
    }
}

static void rates_sum_to_the_total(void **state)
{
    (void)state;
    struct flow flow;
    flow_init(&flow, 3, 1000.0);
    flow.from = 10.0;
    flow.to = 10.0;
    flow_settle(&flow, 1.0, 1.0);
    flow_close_rate(&flow, RATE_VALLEY);
    double valley = flow.in_by_rate[RATE_VALLEY];
    flow_settle(&flow, 1.0, 2.0);
    double sum = 0.0;
    for (int rate = 0; rate < RATE_COUNT; rate++) {
        sum += flow_in_by_rate(&flow, 0.5, 1.0, (enum meter_rate)rate, RATE_PEAK);
    }
    assert_near(sum, flow_total(&flow, 0.5, 1.0).in, 1e-9);
    assert_near(flow_in_by_rate(&flow, 0.5, 1.0, RATE_VALLEY, RATE_PEAK), valley, 1e-12);
}

static void demand_is_the_mean_of_the_quarter(void **state)
{
    (void)state;
    struct flow flow = empty(100.0, 300.0);
    flow_settle(&flow, 1.0, 0.25);
    flow_close_quarter(&flow, false);
    assert_near(flow.demand, 200.0, 1e-9);
    flow.from = 40.0;
    flow.to = 40.0;
    flow_settle(&flow, 1.0, 0.25);
    flow_close_quarter(&flow, false);
    assert_near(flow.demand, 40.0, 1e-9);
    assert_near(flow.demand_max, 200.0, 1e-9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(import_is_the_integral),
        cmocka_unit_test(a_turn_counts_both_ways),
        cmocka_unit_test(settling_changes_nothing),
        cmocka_unit_test(rates_sum_to_the_total),
        cmocka_unit_test(demand_is_the_mean_of_the_quarter),
    };
    return cmocka_run_group_tests_name("sim_flow", tests, NULL, NULL);
}
