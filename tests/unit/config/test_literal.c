/* SPDX-License-Identifier: Apache-2.0 */
/* literal: which numbers libconfig 1.5 would read as they are meant. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/mem.h"
#include "config/literal.h"

static const struct {
    const char *text;
    enum literal_verdict verdict;
    size_t length;
} cases[] = {
    {"0;", LITERAL_FINE, 1},
    {"-12 ", LITERAL_FINE, 3},
    {"+7", LITERAL_FINE, 2},
    {"2147483647", LITERAL_FINE, 10},
    {"2147483648", LITERAL_WANTS_L, 10},
    {"-2147483648", LITERAL_FINE, 11},
    {"-2147483649", LITERAL_WANTS_L, 11},
    {"5000000000L", LITERAL_FINE, 11},
    {"5000000000LL;", LITERAL_FINE, 12},
    {"7LLL", LITERAL_FINE, 3},
    {"9223372036854775807L", LITERAL_FINE, 20},
    {"9223372036854775808L", LITERAL_TOO_LARGE, 20},
    {"-9223372036854775808L", LITERAL_FINE, 21},
    {"-9223372036854775809L", LITERAL_TOO_LARGE, 21},
    {"99999999999999999999999", LITERAL_TOO_LARGE, 23},
    {"0x7fffffff", LITERAL_FINE, 10},
    {"0xFFFFFFFF", LITERAL_WANTS_L, 10},
    {"0XffffffffL", LITERAL_FINE, 11},
    {"0x7FFFFFFFFFFFFFFFL", LITERAL_FINE, 19},
    {"0xFFFFFFFFFFFFFFFFL", LITERAL_TOO_LARGE, 19},
    {"0x", LITERAL_FINE, 1},
    {"1.5", LITERAL_FINE, 3},
    {"5000000000.5", LITERAL_FINE, 12},
    {"99999999999999999999e3", LITERAL_FINE, 22},
    {".5e-3,", LITERAL_FINE, 5},
    {"1.", LITERAL_FINE, 2},
    {"1e", LITERAL_FINE, 1},
    {"-", LITERAL_NONE, 0},
    {".", LITERAL_NONE, 0},
    {"", LITERAL_NONE, 0},
    {"x", LITERAL_NONE, 0},
};

static void test_each_number(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct literal literal = literal_measure(cases[i].text, strlen(cases[i].text));
        if (literal.verdict != cases[i].verdict || literal.length != cases[i].length) {
            fail_msg("%s: verdict %d, length %zu", cases[i].text, (int)literal.verdict,
                     literal.length);
        }
    }
}

static void test_reads_no_further_than_told(void **state)
{
    (void)state;
    assert_int_equal(literal_measure("123456", 3).length, 3);
    assert_int_equal(literal_measure("0x1234", 3).length, 3);
    assert_int_equal(literal_measure("0x1234", 2).length, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_number),
        cmocka_unit_test(test_reads_no_further_than_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
