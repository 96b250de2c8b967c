/* SPDX-License-Identifier: Apache-2.0 */
/* evaluate: numbers worked by hand from the values of world.c, and what bad values make of a result. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "support/support.h"
#include "world.h"

struct number_case {
    const char *text;
    double number; /* NAN = none */
    const char *unit;
    const char *quality;
};

static const struct number_case numbers[] = {
    {"1 + 2 * 3", 7, "1", "ok"},
    {"-2 * -(3 - 5)", -4, "1", "ok"},
    {"m1.active_power + 500 W", 121, "kW", "ok"},
    {"m1.active_power * 15 min", 30.125, "kWh", "ok"},
    {"m1.active_power * 2 h", 241, "kWh", "ok"},
    {"60.25 kWh / 30 min", 120.5, "kW", "ok"},
    {"m1.active_power - m2.active_power - m3.active_power", 20.5, "kW", "ok"},
    {"1000 W - 1 kW", 0, "W", "ok"},
    {"m1.active_power > 0.1205 MW", 0, "", "ok"},
    {"m1.active_power >= 120.5 kW", 1, "", "ok"},
    {"50 % * 40 kW", 20, "kW", "ok"},
    {"50 % * 50 %", 25, "%", "ok"},
    {"100 % - share", 80, "%", "ok"},
    {"share + 5 %", 25, "%", "ok"},
    {"m1.active_power / m1.apparent_power", 0.964, "1", "ok"},
    {"m1.active_power / m1.apparent_power >= 96 %", 1, "", "ok"},
    {"m1.reactive_power / m1.active_power", 0.24896265560166, "1", "ok"},
    {"m1.active_energy_import * price", 800.2, "CNY", "ok"},
    {"node(b3).energy / node(b3).area", 0.143035714285714, "kWh/m2", "ok"},
    {"node(\"b3\").energy / node(\"b3\").headcount", 2.93048780487805, "kWh/person", "ok"},
    {"node(b3).energy * price / node(b3).area", 0.114428571428571, "CNY/m2", "ok"},
    {"chiller-1.thermal_power / chiller-1.active_power", 4, "1", "ok"},
    {"ac-1.room_temperature - ac-1.setpoint_temperature", -0.5, "K", "ok"},
    {"ac-1.room_temperature + 2 K", 27.5, "degC", "ok"},
    {"max(ac-1.room_temperature, 26 degC)", 26, "degC", "ok"},
    {"ac-2.room_temperature - ac-2.setpoint_temperature > 3 K", 1, "", "ok"},
    {"-5 degC < ac-1.room_temperature", 1, "", "ok"},
    {"max(0, m2.active_power - m1.active_power)", 0, "kW", "ok"},
    {"if(is_workday, m1.active_power, 0)", 120.5, "kW", "ok"},
    {"abs(m2.active_power - m1.active_power)", 40.5, "kW", "ok"},
    {"round(2.5)", 3, "1", "ok"},
    {"round(-2.5)", -3, "1", "ok"},
    {"round(m1.active_power, 50 kW)", 100, "kW", "ok"},
    {"round(m1.active_power, 1000 W)", 121, "kW", "ok"},
    {"round(ac-1.room_temperature, 1 K)", 26, "degC", "ok"},
    {"bit(inv-1.alarm_word, 0)", 1, "", "ok"},
    {"bit(inv-1.alarm_word, 1)", 0, "", "ok"},
    {"sum(class(\"inverter\").active_power)", 108, "kW", "ok"},
    {"avg(class(inverter).active_power)", 36, "kW", "ok"},
    {"max(node(\"b3\").*.room_temperature)", 28, "degC", "ok"},
    {"min(node(\"b3\").class(\"hvac\").room_temperature)", 25.5, "degC", "ok"},
    {"count(devices(\"pile-*\").connector_state == 3)", 2, "1", "ok"},
    {"count(class(inverter).active_power < 0.5 * avg(class(inverter).active_power))", 1, "1", "ok"},
    {"min(class(inverter).active_power / class(inverter).rated_power)", 0.48, "1", "ok"},
    {"sum(devices(\"inv-1\").\"dc_current_*\")", 10, "A", "ok"},
    {"sum(m1.active_power, devices(\"m?\").active_power, 1 MW)", 1341, "kW", "ok"},
    {"any(node(b3).*.on_off == 1)", 1, "", "ok"},
    {"all(node(b3).*.on_off == 1)", 0, "", "ok"},
    {"max(devices(\"pile-*\").connector_state) == 3", 1, "", "ok"},
    {"age(m1.active_power) > 15 min", 0, "", "ok"},
    {"max(age(class(meter).active_power))", 1, "s", "ok"},
    {"quality(m1.active_power) == ok", 1, "", "ok"},
    {"ok(m1.active_power)", 1, "", "ok"},
    {"\"1f-meter\".active_power", 4, "kW", "ok"},
    {"tariff_band == 3", 1, "", "ok"},
    {"is_workday == true", 1, "", "ok"},
    {"w1.water_flow * 2 h", 3, "m3", "ok"},
    {"m1.active_power / zero", NAN, "1", "division_by_zero"},
    {"m1.active_power * 1e300 * 1e300", NAN, "kW", "overflow"},
    {"sum(0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1)", 1, "1", "ok"},
    {"m1.active_power * m1.active_power + m1.reactive_power * m1.reactive_power <= "
     "m1.apparent_power * m1.apparent_power",
     1, "", "ok"},
    {"1 / 2 h", 0.000138888888888889, "Hz", "ok"},
    {"1 GJ + 1 kWh", 1.0036, "GJ", "ok"},
    {"max(sum(1, 2), avg(class(inverter).active_power) / 1 kW)", 36, "1", "ok"},
    {"true or m1.active_power > 1 kW and false", 1, "", "ok"},
    {"air.co2 > 0", 1, "", "ok"},
    {"0.4 kgCO2/kWh * m1.active_energy_import", 400.1, "kgCO2", "ok"},
    {"not not is_workday", 1, "", "ok"},
};

struct quality_case {
    const char *text;
    double number;
    const char *quality;
    uint32_t used;
    uint32_t missing;
};

/* m1 timed out, m2 is stale at 80 kW, m3 is estimated at 20 kW, 1f-meter is good at 4 kW, chiller-1 implausible;
 * pile-1 timed out in state, pile-2 is 3, pile-3 is 1. */
static const struct quality_case qualities[] = {
    {"m1.active_power + m3.active_power", NAN, "timeout", 0, 0},
    {"m2.active_power + m3.active_power", 100, "stale", 0, 0},
    {"m3.active_power * 2", 40, "estimated", 0, 0},
    {"m2.active_power > 50 kW", 1, "stale", 0, 0},
    {"m1.active_power > 50 kW", NAN, "timeout", 0, 0},
    {"not m1.active_power > 50 kW", NAN, "timeout", 0, 0},
    {"-m2.active_power", -80, "stale", 0, 0},
    /* What does not decide is not used. */
    {"false and m1.active_power > 50 kW", 0, "ok", 0, 0},
    {"m1.active_power > 50 kW and false", 0, "ok", 0, 0},
    {"m1.active_power > 50 kW and true", NAN, "timeout", 0, 0},
    {"m1.active_power > 50 kW or true", 1, "ok", 0, 0},
    {"true or m1.active_power > 50 kW", 1, "ok", 0, 0},
    {"m1.active_power > 50 kW or false", NAN, "timeout", 0, 0},
    {"m2.active_power > 90 kW and m1.active_power > 50 kW", 0, "stale", 0, 0},
    {"m2.active_power > 90 kW and false", 0, "ok", 0, 0},
    {"m2.active_power > 50 kW and true", 1, "stale", 0, 0},
    {"m3.active_power > 50 kW and m1.active_power > 1 kW", 0, "estimated", 0, 0},
    {"if(true, m3.active_power, m1.active_power)", 20, "estimated", 0, 0},
    {"if(false, m1.active_power, 7 kW)", 7, "ok", 0, 0},
    {"if(m1.active_power > 1 kW, 1, 2)", NAN, "timeout", 0, 0},
    {"if(m2.active_power > 1 kW, 1, 2)", 1, "stale", 0, 0},
    {"if(if(false, true, true), if(false, 1, 2), 3)", 2, "ok", 0, 0},
    /* Said by the author. */
    {"default(m1.active_power, 5 kW)", 5, "ok", 0, 0},
    {"default(m2.active_power, 5 kW)", 5, "ok", 0, 0},
    {"default(m3.active_power, 5 kW)", 20, "estimated", 0, 0},
    {"default(m1.active_power, m2.active_power)", 80, "stale", 0, 0},
    {"default(m1.active_power, m3.active_power, 5 kW)", 20, "estimated", 0, 0},
    {"ok(m1.active_power)", 0, "ok", 0, 0},
    {"ok(m3.active_power)", 0, "ok", 0, 0},
    {"quality(m1.active_power) == timeout", 1, "ok", 0, 0},
    {"quality(1 kW / zero) == division_by_zero", 1, "ok", 0, 0},
    {"age(m1.active_power) > 15 min", 1, "ok", 0, 0},
    {"age(m2.active_power)", NAN, "stale", 0, 0},
    /* Sets. */
    {"sum(class(meter).active_power)", 104, "timeout", 3, 1},
    {"avg(class(meter).active_power)", 104 / 3.0, "timeout", 3, 1},
    {"max(node(b3).*.active_power)", 80, "implausible", 2, 1},
    {"sum(valid(class(meter).active_power))", 24, "estimated", 2, 2},
    {"sum(valid(class(meter).active_power) * 2)", 48, "estimated", 2, 2},
    {"sum(default(class(meter).active_power, 1 kW))", 26, "estimated", 4, 0},
    {"sum(class(inverter).active_power / class(inverter).rated_power)", 0.98, "ok", 2, 0},
    {"min(valid(devices(m1).active_power))", NAN, "no_members", 0, 1},
    {"sum(devices(m1).active_power)", NAN, "timeout", 0, 1},
    {"count(valid(devices(m1).active_power) > 1 kW)", 0, "ok", 0, 1},
    {"count(not ok(class(meter).active_power))", 3, "ok", 4, 0},
    {"count(class(charger).connector_state == 3)", 1, "timeout", 2, 1},
    {"any(class(charger).connector_state == 3)", 1, "ok", 2, 1},
    {"any(class(charger).connector_state == 4)", 0, "timeout", 2, 1},
    {"all(class(charger).connector_state == 3)", 0, "ok", 2, 1},
    {"any(devices(m3).active_power > 1 kW)", 1, "estimated", 1, 0},
    /* Calculating. */
    {"m3.active_power / zero", NAN, "division_by_zero", 0, 0},
    {"zero / zero", NAN, "division_by_zero", 0, 0},
    {"m1.active_power / zero", NAN, "timeout", 0, 0},
    {"m3.active_power * 1e300 * 1e300", NAN, "overflow", 0, 0},
    {"sum(1e308, 1e308)", NAN, "overflow", 2, 0},
    {"round(5 kW, zero)", NAN, "division_by_zero", 0, 0},
    {"factor + 1", NAN, "not_a_number", 0, 0},
    {"bit(inv-1.alarm_word, 1)", NAN, "implausible", 0, 0},
};

static struct expr *compile(const char *text, enum expr_want want, const char *unit)
{
    struct expr_faults faults = {0};
    struct expr *expr = NULL;
    if (expr_compile(text, world_scope(), want, unit, &faults, &expr) < 0) {
        fail_msg("%s: %zu: %s", text, faults.items[0].column, faults.items[0].message);
    }
    return expr;
}

static bool is_number(double actual, double expected)
{
    if (isnan(expected)) {
        return isnan(actual);
    }
    return fabs(actual - expected) <= 1e-12 * fabs(expected);
}

static void test_numbers(void **state)
{
    (void)state;
    size_t wrong = 0;
    world_reset();
    for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
        struct expr *expr = compile(numbers[i].text, EXPR_WANT_ANY, NULL);
        struct expr_value value = expr_evaluate(expr, world_reader()).value;
        if (!is_number(value.number, numbers[i].number) ||
            strcmp(expr_unit(expr), numbers[i].unit) != 0 ||
            strcmp(expr_quality_word(value.quality), numbers[i].quality) != 0) {
            print_message("%s = %.17g %s (%s)\n", numbers[i].text, value.number, expr_unit(expr),
                          expr_quality_word(value.quality));
            wrong++;
        }
        expr_destroy(expr);
    }
    assert_int_equal(wrong, 0);
}

static void spoil(void)
{
    world_reset();
    world_set("m1.active_power", NAN, QUALITY_TIMEOUT);
    world_set_age("m1.active_power", 3600);
    world_set("m2.active_power", 80, QUALITY_STALE);
    world_set_age("m2.active_power", -1);
    world_set("m3.active_power", 20, QUALITY_ESTIMATED);
    world_set("chiller-1.active_power", 9e9, QUALITY_IMPLAUSIBLE);
    world_set("pile-1.connector_state", NAN, QUALITY_TIMEOUT);
    world_set("factor", INFINITY, QUALITY_OK);
    world_set("inv-1.alarm_word", 1e12, QUALITY_OK);
}

static void test_qualities(void **state)
{
    (void)state;
    size_t wrong = 0;
    spoil();
    for (size_t i = 0; i < ARRAY_SIZE(qualities); i++) {
        const struct quality_case *row = &qualities[i];
        struct expr *expr = compile(row->text, EXPR_WANT_ANY, NULL);
        struct expr_result result = expr_evaluate(expr, world_reader());
        if (!is_number(result.value.number, row->number) ||
            strcmp(expr_quality_word(result.value.quality), row->quality) != 0 ||
            result.used != row->used || result.missing != row->missing) {
            print_message("%s = %.17g (%s), %u used, %u missing\n", row->text, result.value.number,
                          expr_quality_word(result.value.quality), result.used, result.missing);
            wrong++;
        }
        expr_destroy(expr);
    }
    world_reset();
    assert_int_equal(wrong, 0);
}

static void test_wanted_unit(void **state)
{
    (void)state;
    static const struct number_case wanted[] = {
        {"m1.active_power", 120500, "W", ""},
        {"500 W", 0.5, "kW", ""},
        {"share", 0.2, "1", ""},
        {"m2.active_power / 160 kW", 50, "%", ""},
        {"0", 0, "kWh", ""},
        {"26 degC", 26, "degC", ""},
        {"900 s", 15, "min", ""},
        {"m1.active_power * 1 h", 120.5, "kWh", ""},
        {"1 CNY/kWh", 0.001, "CNY/Wh", ""},
    };
    for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
        struct expr *expr = compile(wanted[i].text, EXPR_WANT_NUMBER, wanted[i].unit);
        double number = expr_evaluate(expr, world_reader()).value.number;
        assert_near(number, wanted[i].number, 1e-12 * wanted[i].number);
        expr_destroy(expr);
    }
}

static void test_slots(void **state)
{
    (void)state;
    struct expr *expr = compile("m1.active_power + m1.active_power > limit and "
                                "sum(class(inverter).active_power) > 1 kW",
                                EXPR_WANT_BOOLEAN, NULL);
    size_t count = 0;
    const struct expr_slot *slots = expr_slots(expr, &count);
    assert_int_equal(count, 5);
    assert_int_equal(slots[0].source, EXPR_POINT);
    assert_int_equal(slots[1].source, EXPR_VARIABLE);
    assert_int_equal(expr_kind(expr), EXPR_BOOLEAN);
    assert_int_equal(strncmp(expr_text(expr), "m1.active_power + ", 18), 0);
    expr_destroy(expr);
    expr_destroy(NULL);
}

static void test_judgement(void **state)
{
    (void)state;
    assert_true(expr_is_true((struct expr_value){.number = 1, .quality = QUALITY_ESTIMATED}));
    assert_false(expr_is_true((struct expr_value){.number = 1, .quality = QUALITY_STALE}));
    assert_false(expr_is_true((struct expr_value){.number = 0, .quality = QUALITY_OK}));
    assert_int_equal(expr_quality_outward(EXPR_OVERFLOW), QUALITY_IMPLAUSIBLE);
    assert_int_equal(expr_quality_outward(QUALITY_LATE), QUALITY_LATE);
    for (unsigned i = 0; i < EXPR_QUALITY_COUNT; i++) {
        for (unsigned j = 0; j < i; j++) {
            assert_int_not_equal(expr_quality_rank(i), expr_quality_rank(j));
            assert_string_not_equal(expr_quality_word(i), expr_quality_word(j));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),     cmocka_unit_test(test_qualities),
        cmocka_unit_test(test_wanted_unit), cmocka_unit_test(test_slots),
        cmocka_unit_test(test_judgement),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
