/* SPDX-License-Identifier: Apache-2.0 */
/* units: every unit of the dictionary is known here with the same factor; what multiplying and dividing makes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "expr/unit.h"
#include "support/support.h"
#include <lingtan/quantity.h>

static struct unit parse(const char *name)
{
    struct unit unit;
    struct unit_wrong wrong;
    if (unit_parse(name, strlen(name), &unit, &wrong) < 0) {
        fail_msg("%s is not known", name);
    }
    return unit;
}

static void check_dictionary_unit(const struct quantity *quantity, const char *name)
{
    double factor = 0;
    struct unit own = parse(quantity->unit);
    struct unit unit = parse(name);
    assert_int_equal(quantity_unit_factor(quantity, name, &factor), 0);
    assert_true(unit_same_kind(&own, &unit));
    struct unit_scale scale = unit_scale(&unit, &own);
    assert_near(scale.numerator / scale.denominator, factor, factor * 1e-15);
}

static void test_dictionary(void **state)
{
    (void)state;
    for (int i = 0; i < QUANTITY_COUNT; i++) {
        const struct quantity *quantity = quantity_get((enum quantity_id)i);
        if (quantity->unit[0] == '\0') {
            continue;
        }
        char *copy = mem_dup_string(quantity_units(quantity));
        char *rest = copy;
        for (char *name = strsep(&rest, ","); name != NULL; name = strsep(&rest, ",")) {
            check_dictionary_unit(quantity, name + strspn(name, " "));
        }
        free(copy);
    }
}

static void test_names_come_back(void **state)
{
    (void)state;
    static const char *const names[] = {"kWh/m2",  "CNY/kWh",    "m3/h",      "W/m2",
                                        "m/s",     "kWh/person", "kgCO2/kWh", "L/min",
                                        "fen/kWh", "CNY/kvarh",  "K/h"};
    char name[UNIT_NAME_MAX];
    for (size_t i = 0; unit_name_at(i); i++) {
        struct unit unit = parse(unit_name_at(i));
        unit_name(&unit, name);
        assert_string_equal(name, unit_name_at(i));
    }
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        struct unit unit = parse(names[i]);
        unit_name(&unit, name);
        assert_string_equal(name, names[i]);
    }
}

struct algebra_case {
    const char *one;
    char sign;
    const char *other;
    const char *result; /* the unit that people use; NULL = none can be made */
};

static const struct algebra_case algebra[] = {
    {"kW", '*', "h", "kWh"},
    {"kW", '*', "min", "kWh"},
    {"kWh", '/', "h", "kW"},
    {"kWh", '/', "kW", "h"},
    {"kvar", '*', "h", "kvarh"},
    {"kvar", '/', "kW", "1"},
    {"kW", '/', "kVA", "1"},
    {"V", '*', "A", "W"},
    {"W", '/', "V", "A"},
    {"V", '/', "A", "Ohm"},
    {"kWh", '/', "m2", "kWh/m2"},
    {"CNY/kWh", '*', "kWh", "CNY"},
    {"CNY", '/', "kWh", "CNY/kWh"},
    {"CNY/kvarh", '*', "kvarh", "CNY"},
    {"m3/h", '*', "h", "m3"},
    {"W/m2", '*', "m2", "W"},
    {"kW", '*', "kW", "J2/s2"},
    {"kvar", '*', "kvar", "J2/s2"},
    {"kVA", '*', "kVA", "J2/s2"},
    {"m", '*', "m", "m2"},
    {"kgCO2/kWh", '*', "MWh", "tCO2"},
    {"kWh", '/', "K", "kWh/K"},
    {"degC", '*', "h", NULL},
    {"kW", '/', "degC", NULL},
    {"bar", '*', "m3", "kWh"},
    {"m2", '/', "person", "m2/person"},
};

static void test_algebra(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(algebra); i++) {
        const struct algebra_case *row = &algebra[i];
        struct unit one = parse(row->one);
        struct unit other = parse(row->other);
        struct unit result;
        char name[UNIT_NAME_MAX];
        int error = (row->sign == '*' ? unit_multiply : unit_divide)(&one, &other, &result);
        assert_int_equal(error, row->result ? 0 : -EDOM);
        if (row->result) {
            result = unit_is_ratio(&result) ? unit_one : unit_preferred(&result);
            unit_name(&result, name);
            assert_string_equal(name, row->result);
        }
    }
}

static void test_wrong_names(void **state)
{
    (void)state;
    struct unit unit;
    struct unit_wrong wrong;
    const char *text = "kWh/mm2";
    assert_int_equal(unit_parse("", 0, &unit, &wrong), -ENOENT);
    assert_int_equal(unit_parse("kwh", 3, &unit, &wrong), -ENOENT);
    assert_int_equal(unit_parse("kW/", 3, &unit, &wrong), -ENOENT);
    assert_int_equal(unit_parse("kWh/degC", 8, &unit, &wrong), -EDOM);
    assert_int_equal(unit_parse(text, 7, &unit, &wrong), -ENOENT);
    assert_ptr_equal(wrong.at, text + 4);
    assert_int_equal(wrong.length, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dictionary),
        cmocka_unit_test(test_names_come_back),
        cmocka_unit_test(test_algebra),
        cmocka_unit_test(test_wrong_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
