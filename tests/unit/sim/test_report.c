/* SPDX-License-Identifier: Apache-2.0 */
/* A whole year: the canopy yields what its project document promises, and the meters add up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/world/report.h"
#include "support/support.h"

static const double promised_kwh_per_kwp = 974.0;

/* Through the program, as people run it. */
static void the_program_reports_a_year(void **state)
{
    (void)state;
    char line[256];
    double yield = 0.0;
    double balance = 1.0;
    int buildings = 0;
    FILE *out = popen(LINGTAN_SIM " --year 2026 --report --model " LINGTAN_SOURCE_FOLDER
                                  "/conf/sites/xingzheng.sim.conf --seed 1",
                      "r");
    assert_non_null(out);
    while (fgets(line, sizeof(line), out) != NULL) {
        if (strncmp(line, "yield_kwh_per_kwp ", 18) == 0) {
            yield = strtod(line + 18, NULL);
        }
        if (strncmp(line, "balance_error_max ", 18) == 0) {
            balance = strtod(line + 18, NULL);
        }
        buildings += line[0] == 'b' && line[1] >= '1' && line[1] <= '9' ? 1 : 0;
    }
    assert_int_equal(pclose(out), 0);
    assert_near(yield, promised_kwh_per_kwp, 0.03 * promised_kwh_per_kwp);
    assert_true(balance < 0.01);
    assert_int_equal(buildings, 9);
}

static void any_seed_keeps_the_promise(void **state)
{
    (void)state;
    struct model_options options = {
        .latitude_deg = 28.66,
        .longitude_deg = 121.42,
        .pv_peak_kw = 1800,
        .inverters = 2,
        .inverter_kw = 900,
        .chargers = 1,
        .gun_kw = 60,
        .piles = 2,
        .pile_groups = 1,
    };
    struct year_report report;
    model_complete(&options);
    report_year(&options, 20260715, 2027, NULL, &report);
    assert_near(report.yield_kwh_per_kwp, promised_kwh_per_kwp, 0.03 * promised_kwh_per_kwp);
    assert_true(report.balance_error < 0.01);
    assert_true(report.import_kwh > 1e6 && report.import_kwh < 5e6);
    assert_true(report.water_m3 > 5000.0 && report.water_m3 < 100000.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_program_reports_a_year),
        cmocka_unit_test(any_seed_keeps_the_promise),
    };
    return cmocka_run_group_tests_name("sim_report", tests, NULL, NULL);
}
