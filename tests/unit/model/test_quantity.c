/* SPDX-License-Identifier: Apache-2.0 */
/* quantity: the dictionary is sound, every unit converts, and docs/QUANTITIES.md says the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "support/support.h"

#include <lingtan/quantity.h>

/* factor: what one of unit is in the quantity's own. */
struct unit_case {
    const char *quantity;
    const char *unit;
    double factor;
};

static const struct unit_case unit_cases[] = {
    {"active_power", "kW", 1},
    {"active_power", "W", 1e-3},
    {"active_power", "MW", 1e3},
    {"reactive_power", "var", 1e-3},
    {"reactive_power", "Mvar", 1e3},
    {"apparent_power", "VA", 1e-3},
    {"apparent_power", "MVA", 1e3},
    {"active_energy_import", "Wh", 1e-3},
    {"active_energy_import", "MWh", 1e3},
    {"reactive_energy_import", "varh", 1e-3},
    {"reactive_energy_import", "Mvarh", 1e3},
    {"voltage_a", "mV", 1e-3},
    {"voltage_a", "kV", 1e3},
    {"current_n", "mA", 1e-3},
    {"insulation_resistance", "Ohm", 1e-3},
    {"insulation_resistance", "MOhm", 1e3},
    {"room_temperature", "degC", 1},
    {"water_volume", "L", 1e-3},
    {"water_flow", "L/h", 1e-3},
    {"water_flow", "L/min", 0.06},
    {"water_flow", "m3/s", 3600},
    {"pressure", "Pa", 1e-3},
    {"pressure", "bar", 100},
    {"pressure", "MPa", 1e3},
    {"level", "mm", 1e-3},
    {"level", "cm", 1e-2},
    {"session_duration", "ms", 1e-3},
    {"session_duration", "min", 60},
    {"session_duration", "h", 3600},
    {"frequency", "mHz", 1e-3},
    {"relative_humidity", "1", 100},
    {"power_factor", "%", 0.01},
    {"irradiance", "W/m2", 1},
    {"co2", "ppm", 1},
    {"wind_speed", "m/s", 1},
    {"heat_energy", "GJ", 1 / 0.0036},
    {"heat_energy", "MJ", 1 / 3.6},
    {"cooling_energy", "GJ", 1 / 0.0036},
    {"cooling_energy", "Wh", 1e-3},
    {"on_off", "", 1},
    {"serial_number", "", 1},
};

static const struct unit_case wrong_units[] = {
    {"active_power", "kWh", 0},  {"active_power", "w", 0},        {"active_power", "", 0},
    {"apparent_power", "kW", 0}, {"room_temperature", "degF", 0}, {"active_energy_import", "GJ", 0},
    {"on_off", "1", 0},          {"water_volume", "m3/h", 0},     {"co2", "%", 0},
};

static void test_finds_every_name(void **state)
{
    (void)state;
    for (int i = 0; i < QUANTITY_COUNT; i++) {
        const struct quantity *quantity = quantity_get((enum quantity_id)i);
        assert_ptr_equal(quantity_find(quantity->name), quantity);
    }
    assert_ptr_equal(quantity_find("heat_energy"), quantity_get(QUANTITY_ID_heat_energy));
    assert_null(quantity_find(""));
    assert_null(quantity_find("active_powe"));
    assert_null(quantity_find("active_power_"));
    assert_null(quantity_find("Active_power"));
    assert_null(quantity_find("zzz"));
}

static void test_rows_are_sound(void **state)
{
    (void)state;
    for (int i = 0; i < QUANTITY_COUNT; i++) {
        const struct quantity *row = quantity_get((enum quantity_id)i);
        assert_true(strspn(row->name, "abcdefghijklmnopqrstuvwxyz0123456789_") ==
                    strlen(row->name));
        assert_true(row->chinese[0] != '\0');
        assert_true(row->dead_band >= 0);
        if (row->kind == QUANTITY_TEXT || row->kind == QUANTITY_STATE) {
            assert_string_equal(row->unit, "");
        } else {
            assert_true(row->unit[0] != '\0');
        }
        assert_true(row->kind == QUANTITY_TEXT || row->lowest < row->highest);
    }
    assert_string_equal(quantity_kind_word(QUANTITY_GAUGE), "gauge");
    assert_string_equal(quantity_kind_word(QUANTITY_COUNTER), "counter");
    assert_string_equal(quantity_kind_word(QUANTITY_STATE), "state");
    assert_string_equal(quantity_kind_word(QUANTITY_TEXT), "text");
}

static void test_units_convert(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(unit_cases); i++) {
        const struct unit_case *row = &unit_cases[i];
        double factor = 0;
        if (quantity_unit_factor(quantity_find(row->quantity), row->unit, &factor) != 0) {
            fail_msg("%s does not take %s", row->quantity, row->unit);
        }
        assert_near(factor, row->factor, row->factor * 1e-15);
    }
}

static void test_wrong_units_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(wrong_units); i++) {
        const struct unit_case *row = &wrong_units[i];
        double factor = 77;
        assert_int_equal(quantity_unit_factor(quantity_find(row->quantity), row->unit, &factor),
                         -EINVAL);
        assert_near(factor, 77, 0);
    }
}

static bool is_listed(const char *list, const char *unit)
{
    char *padded = mem_format(", %s,", list);
    char *wanted = mem_format(", %s,", unit);
    bool result = strstr(padded, wanted) != NULL;
    free(padded);
    free(wanted);
    return result;
}

/* The list in the message and the table of factors are written apart: they must name the same units. */
static void test_listed_units_are_those_that_convert(void **state)
{
    (void)state;
    for (int i = 0; i < QUANTITY_COUNT; i++) {
        const struct quantity *quantity = quantity_get((enum quantity_id)i);
        const char *list = quantity_units(quantity);
        assert_memory_equal(list, quantity->unit, strlen(quantity->unit));
        char *copy = mem_dup_string(list);
        char *rest = copy;
        for (char *unit = strsep(&rest, ","); unit != NULL; unit = strsep(&rest, ",")) {
            double factor = 0;
            unit += strspn(unit, " ");
            assert_int_equal(quantity_unit_factor(quantity, unit, &factor), 0);
            assert_true(factor > 0);
        }
        free(copy);
    }
    for (size_t i = 0; i < ARRAY_SIZE(unit_cases); i++) {
        assert_true(
            is_listed(quantity_units(quantity_find(unit_cases[i].quantity)), unit_cases[i].unit));
    }
    assert_string_equal(quantity_units(quantity_find("active_power")), "kW, W, MW");
    assert_string_equal(quantity_units(quantity_find("room_temperature")), "degC");
}

static char *read_all(FILE *file)
{
    char *data = mem_alloc(1 << 20);
    rewind(file);
    size_t length = fread(data, 1, (1 << 20) - 1, file);
    data[length] = '\0';
    fclose(file);
    return data;
}

/* When this fails: lingtand --document-quantities > docs/QUANTITIES.md */
static void test_document_is_up_to_date(void **state)
{
    (void)state;
    FILE *kept = fopen(LINGTAN_SOURCE_FOLDER "/docs/QUANTITIES.md", "re");
    FILE *made = tmpfile();
    assert_non_null(kept);
    assert_non_null(made);
    quantity_document(made);
    char *actual = read_all(kept);
    char *expected = read_all(made);
    assert_string_equal(actual, expected);
    assert_non_null(
        strstr(expected,
               "| heat_energy | kWh, Wh, MWh, MJ, GJ | counter | 0 to 1000000000000 | 热量 |\n"));
    assert_non_null(strstr(expected, "| serial_number | - | text | - | 序列号 |\n"));
    free(actual);
    free(expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_finds_every_name),
        cmocka_unit_test(test_rows_are_sound),
        cmocka_unit_test(test_units_convert),
        cmocka_unit_test(test_wrong_units_are_refused),
        cmocka_unit_test(test_listed_units_are_those_that_convert),
        cmocka_unit_test(test_document_is_up_to_date),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
