/* SPDX-License-Identifier: Apache-2.0 */
/* explain: how a result came about, line by line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "base/text.h"
#include "world.h"

static void check(const char *text, const char *expected)
{
    struct expr_faults faults = {0};
    struct expr *expr = NULL;
    struct text lines = {0};
    if (expr_compile(text, world_scope(), EXPR_WANT_ANY, NULL, &faults, &expr) < 0) {
        fail_msg("%s: %s", text, faults.items[0].message);
    }
    struct expr_result result = expr_explain(expr, world_reader(), &lines);
    struct expr_result plain = expr_evaluate(expr, world_reader());
    assert_int_equal(result.value.quality, plain.value.quality);
    assert_true(result.value.number == plain.value.number || isnan(plain.value.number));
    assert_true(result.used == plain.used && result.missing == plain.missing);
    assert_string_equal(lines.data, expected);
    text_finish(&lines);
    expr_destroy(expr);
}

static void test_comparison_is_one_line(void **state)
{
    (void)state;
    world_reset();
    check("chiller-1.active_power > 200 kW", "chiller-1.active_power = 212.4 kW > 200 kW: true\n");
}

static void test_parts_are_indented(void **state)
{
    (void)state;
    check("m1.active_power - m2.active_power - 1 kW > limit and is_workday",
          "m1.active_power - m2.active_power - 1 kW > limit and is_workday: false\n"
          "  m1.active_power - m2.active_power - 1 kW = 39.5 kW > limit = 250 kW: false\n"
          "    m1.active_power - m2.active_power - 1 kW = 39.5 kW\n"
          "      m1.active_power = 120.5 kW\n"
          "      m2.active_power = 80 kW\n"
          "  is_workday: not needed\n");
}

static void test_qualities_and_members(void **state)
{
    (void)state;
    world_set("inv-2.active_power", NAN, QUALITY_TIMEOUT);
    check("sum(class(inverter).active_power) / 2 > 30 kW",
          "sum(class(inverter).active_power) / 2 = 30 kW (timeout) > 30 kW: false (timeout)\n"
          "  sum(class(inverter).active_power) / 2 = 30 kW (timeout)\n"
          "    sum(class(inverter).active_power) = 60 kW (timeout), 2 used, 1 missing\n");
    check("inv-2.active_power", "inv-2.active_power = no value (timeout)\n");
    check("quality(inv-2.active_power)",
          "quality(inv-2.active_power) = timeout\n  inv-2.active_power = no value (timeout)\n");
    world_reset();
}

static void test_branches(void **state)
{
    (void)state;
    check("if(is_workday, m1.active_power, m2.active_power)",
          "if(is_workday, m1.active_power, m2.active_power) = 120.5 kW\n"
          "  is_workday: true\n"
          "  m1.active_power = 120.5 kW\n"
          "  m2.active_power: not needed\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_comparison_is_one_line),
        cmocka_unit_test(test_parts_are_indented),
        cmocka_unit_test(test_qualities_and_members),
        cmocka_unit_test(test_branches),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
