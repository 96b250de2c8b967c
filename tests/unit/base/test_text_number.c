/* SPDX-License-Identifier: Apache-2.0 */
/* text_number: decimals are exact; floats read back the same and are never longer than need be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "support/support.h"

enum { RANDOM_FLOATS = 60000 };

static void assert_decimal(int64_t count, int decimals, const char *expected)
{
    struct text text = {0};
    text_add_decimal(&text, count, decimals);
    assert_string_equal(text.data, expected);
    text_finish(&text);
}

static void assert_float(double value, int single, const char *expected)
{
    struct text text = {0};
    text_add_float(&text, value, single);
    assert_string_equal(text.data, expected);
    text_finish(&text);
}

static size_t digits_of(const char *number)
{
    size_t digits = 0;
    size_t zeros = 0;
    for (; *number != '\0' && *number != 'e'; number++) {
        if (*number == '0') {
            zeros += digits > 0 ? 1 : 0;
        } else if (*number >= '1' && *number <= '9') {
            digits += zeros + 1;
            zeros = 0;
        }
    }
    return digits;
}

static bool reads_back(const char *number, double value, bool is_single)
{
    return (is_single ? (double)strtof(number, NULL) : strtod(number, NULL)) == value;
}

/* The plain way: the least precision of printf that reads back. */
static size_t fewest_digits(double value, bool is_single)
{
    char buffer[40];
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(buffer, sizeof(buffer), "%.*e", digits - 1, value);
        if (reads_back(buffer, value, is_single)) {
            break;
        }
    }
    return digits_of(buffer);
}

static void check_float(double value, bool is_single)
{
    struct text text = {0};
    text_add_float(&text, value, is_single ? 1 : 0);
    if (!reads_back(text.data, value, is_single)) {
        fail_msg("%.17g became %s", value, text.data);
    }
    if (digits_of(text.data) > fewest_digits(value, is_single)) {
        fail_msg("%.17g could be shorter than %s", value, text.data);
    }
    text_finish(&text);
}

static void test_integers(void **state)
{
    (void)state;
    struct text text = {0};
    text_add_int(&text, 0);
    text_add_char(&text, ' ');
    text_add_int(&text, -42);
    text_add_char(&text, ' ');
    text_add_int(&text, INT64_MAX);
    text_add_char(&text, ' ');
    text_add_int(&text, INT64_MIN);
    assert_string_equal(text.data, "0 -42 9223372036854775807 -9223372036854775808");
    text_finish(&text);
}

static void test_decimals(void **state)
{
    (void)state;
    assert_decimal(2301, 1, "230.1");
    assert_decimal(2300, 1, "230");
    assert_decimal(-5, 3, "-0.005");
    assert_decimal(-1500, 3, "-1.5");
    assert_decimal(0, 4, "0");
    assert_decimal(123, 0, "123");
    assert_decimal(12000, 0, "12000");
    assert_decimal(1, 18, "0.000000000000000001");
    assert_decimal(INT64_MAX, 2, "92233720368547758.07");
    assert_decimal(INT64_MIN, 18, "-9.223372036854775808");
}

static void test_known_floats(void **state)
{
    (void)state;
    assert_float(0, 0, "0");
    assert_float(-0.0, 0, "-0");
    assert_float(230.1, 0, "230.1");
    assert_float((double)230.1F, 1, "230.1");
    assert_float((double)0.1F, 1, "0.1");
    assert_float((double)0.1F, 0, "0.10000000149011612");
    assert_float(1e12, 0, "1000000000000");
    assert_float(-49.98, 0, "-49.98");
    assert_float(1.0 / 3, 0, "0.3333333333333333");
    assert_float(5e-324, 0, "5e-324");
    assert_float(DBL_MAX, 0, "1.7976931348623157e+308");
    assert_float((double)FLT_MAX, 1, "3.4028235e+38");
    assert_float((double)16777216.0F, 1, "16777216");
}

/* Every bit pattern is as likely as any other. */
static void test_any_float_reads_back(void **state)
{
    (void)state;
    uint64_t seed = 2026;
    for (int i = 0; i < RANDOM_FLOATS; i++) {
        uint64_t bits = test_random(&seed);
        uint32_t low = (uint32_t)bits;
        double value;
        float single;
        memcpy(&value, &bits, sizeof(value));
        memcpy(&single, &low, sizeof(single));
        if (isfinite(value)) {
            check_float(value, false);
        }
        if (isfinite(single)) {
            check_float((double)single, true);
        }
    }
}

/* What meters send: decimals, and sums and products of them that only nearly are. */
static void test_measured_floats_read_back(void **state)
{
    (void)state;
    uint64_t seed = 11;
    for (int i = 0; i < RANDOM_FLOATS; i++) {
        double scale = pow(10, (double)(test_random(&seed) % 8));
        double value = (double)(int64_t)(test_random(&seed) % 100000000) / scale;
        check_float(value, false);
        check_float(value * 0.001, false);
        check_float(-nextafter(value, 1e18), false);
        check_float((double)(float)value, true);
        check_float((double)nextafterf((float)value, 1e18F), true);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_integers),
        cmocka_unit_test(test_decimals),
        cmocka_unit_test(test_known_floats),
        cmocka_unit_test(test_any_float_reads_back),
        cmocka_unit_test(test_measured_floats_read_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
