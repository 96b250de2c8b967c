/* SPDX-License-Identifier: Apache-2.0 */
/* faults: what is no expression is told with its column, what is wrong and what is allowed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "world.h"

struct fault_case {
    const char *text;
    const char *faults; /* "column: message", a line each */
};

static const struct fault_case cases[] = {
#include "fault_cases.h"
};

static void test_faults(void **state)
{
    (void)state;
    size_t wrong = 0;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct expr_faults faults = {0};
        struct expr *expr = NULL;
        struct text text = {0};
        text_add_string(&text, "");
        int error = expr_compile(cases[i].text, world_scope(), EXPR_WANT_ANY, NULL, &faults, &expr);
        for (size_t j = 0; j < faults.count; j++) {
            text_add_format(&text, "%s%zu: %s", j > 0 ? "\n" : "", faults.items[j].column,
                            faults.items[j].message);
        }
        if (error != -EINVAL || strcmp(text.data, cases[i].faults) != 0) {
            print_message("%s\n    is     %s\n    wanted %s\n", cases[i].text, text.data,
                          cases[i].faults);
            wrong++;
        }
        text_finish(&text);
        expr_faults_finish(&faults);
        expr_destroy(expr);
    }
    assert_int_equal(wrong, 0);
}

static size_t count_faults(const char *text, enum expr_want want, const char *unit,
                           const char *message)
{
    struct expr_faults faults = {0};
    struct expr *expr = NULL;
    (void)!expr_compile(text, world_scope(), want, unit, &faults, &expr);
    size_t count = faults.count + faults.more;
    if (count > 0 && message) {
        assert_string_equal(faults.items[0].message, message);
    }
    assert_true((count == 0) == (expr != NULL));
    expr_destroy(expr);
    expr_faults_finish(&faults);
    return count;
}

static char *repeat(const char *before, const char *part, size_t count, const char *after)
{
    struct text text = {0};
    text_add_string(&text, before);
    for (size_t i = 0; i < count; i++) {
        text_add_string(&text, part);
    }
    text_add_string(&text, after);
    return text_take(&text);
}

static void check_limit(const char *before, const char *part, size_t most, const char *after,
                        const char *message)
{
    char *fits = repeat(before, part, most, after);
    char *exceeds = repeat(before, part, most + 1, after);
    assert_int_equal(count_faults(fits, EXPR_WANT_ANY, NULL, NULL), 0);
    assert_int_equal(count_faults(exceeds, EXPR_WANT_ANY, NULL, message), 1);
    free(fits);
    free(exceeds);
}

static void test_limits(void **state)
{
    (void)state;
    check_limit("", "-", 63, "(1)",
                "parentheses, calls and signs stand in each other deeper than 64");
    check_limit("1", " ", 4095, "", "the text has 4097 bytes; at most 4096");
    check_limit(
        "max(", "sum(1, 2), ", 63, "sum(1, 2))",
        "65 calls of sum(), max() and the like stand within the arguments of such calls; at "
        "most 64");
    char *many = repeat("1", " + nobody", 200, "");
    assert_int_equal(count_faults(many, EXPR_WANT_ANY, NULL, NULL), 200);
    free(many);
}

enum { MANY = EXPR_MEMBERS_MAX + 1 };

static int find_last(const void *context, const char *id, size_t *index)
{
    (void)context;
    *index = MANY - 1;
    return strcmp(id, "last") == 0 ? 0 : -ENOENT;
}

static size_t count_many(const struct expr_scope *scope, const char *text, const char *message)
{
    struct expr_faults faults = {0};
    struct expr *expr = NULL;
    (void)!expr_compile(text, scope, EXPR_WANT_ANY, NULL, &faults, &expr);
    size_t count = faults.count;
    if (count > 0) {
        assert_string_equal(faults.items[0].message, message);
    }
    expr_destroy(expr);
    expr_faults_finish(&faults);
    return count;
}

static void test_large_sets(void **state)
{
    (void)state;
    static const struct device *devices[MANY];
    struct point point = {.name = "active_power", .quantity = quantity_find("active_power")};
    for (size_t i = 0; i < MANY; i++) {
        char *id = mem_format("m%zu", i);
        struct device model = {.id = id,
                               .name = id,
                               .site = "s",
                               .node = "",
                               .line = "l",
                               .profile = "p",
                               .points = &point,
                               .point_count = 1};
        devices[i] = device_create(&model);
        free(id);
    }
    struct expr_scope scope = {.devices = devices, .device_count = MANY, .find_device = find_last};
    assert_int_equal(count_many(&scope, "last.active_power", NULL), 0);
    assert_int_equal(
        count_many(&scope, "sum(class(meter).active_power)", "a set of 1001 members; at most 1000"),
        1);
    scope.device_count = MANY - 1;
    assert_int_equal(count_many(&scope, "sum(class(meter).active_power)", NULL), 0);
    char *many =
        repeat("sum(class(meter).active_power)", " + sum(class(meter).active_power)", 10, "");
    assert_int_equal(count_many(&scope, many, "11000 values are read; at most 10000"), 1);
    free(many);
    for (size_t i = 0; i < MANY; i++) {
        device_unref(devices[i]);
    }
}

static void test_wanted(void **state)
{
    (void)state;
    assert_int_equal(count_faults("m1.active_power", EXPR_WANT_NUMBER, "W", NULL), 0);
    assert_int_equal(count_faults("0", EXPR_WANT_NUMBER, "kWh", NULL), 0);
    assert_int_equal(count_faults("m1.active_power", EXPR_WANT_NUMBER, "kWh",
                                  "the result is a power (kW); wanted is an energy (kWh)"),
                     1);
    assert_int_equal(count_faults("60", EXPR_WANT_NUMBER, "%",
                                  "the result is a number without unit; wanted is a share (%)"),
                     1);
    assert_int_equal(count_faults("m1.active_power", EXPR_WANT_BOOLEAN, NULL,
                                  "the whole takes yes or no, such as a comparison; this is a "
                                  "power (kW)"),
                     1);
    assert_int_equal(count_faults("is_workday", EXPR_WANT_NUMBER, "kW",
                                  "the whole takes a number; this is yes or no"),
                     1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_large_sets),
        cmocka_unit_test(test_wanted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
