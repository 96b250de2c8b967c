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

enum { DIGITS_SIZE = 40 };

/* The digits that count, without the zeros at either end. */
static size_t digits_of(const char *number, char *out)
{
    size_t length = 0;
    size_t end = 0;
    for (; *number != '\0' && *number != 'e'; number++) {
        if (*number >= (length > 0 ? '0' : '1') && *number <= '9' && length < DIGITS_SIZE - 1) {
            out[length++] = *number;
            end = *number == '0' ? end : length;
        }
    }
    out[end] = '\0';
    return end;
}

static bool reads_back(const char *number, double value, bool is_single)
{
    return (is_single ? (double)strtof(number, NULL) : strtod(number, NULL)) == value;
}

/* The plain way: the least precision of printf that reads back. */
static void print_plainly(double value, bool is_single, char *out, size_t size)
{
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(out, size, "%.*e", digits - 1, value);
        if (reads_back(out, value, is_single)) {
            return;
        }
    }
}

static void check_float(double value, bool is_single)
{
    struct text text = {0};
    char plain[DIGITS_SIZE];
    char expected[DIGITS_SIZE];
    char digits[DIGITS_SIZE];
    text_add_float(&text, value, is_single ? 1 : 0);
    if (!reads_back(text.data, value, is_single)) {
        fail_msg("%.17g became %s", value, text.data);
    }
    print_plainly(value, is_single, plain, sizeof(plain));
    size_t most = digits_of(plain, expected);
    size_t count = digits_of(text.data, digits);
    if (count > most || (count == most && strcmp(digits, expected) != 0)) {
        fail_msg("%.17g became %s, printf has %s", value, text.data, plain);
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

/* Every length, against printf. */
static void test_random_integers(void **state)
{
    (void)state;
    uint64_t seed = 3;
    for (int i = 0; i < RANDOM_FLOATS; i++) {
        int64_t value = (int64_t)test_random(&seed) >> (i % 64);
        char expected[32];
        snprintf(expected, sizeof(expected), "%lld", (long long)value);
        assert_decimal(value, 0, expected);
        struct text text = {0};
        text_add_int(&text, value);
        assert_string_equal(text.data, expected);
        text_finish(&text);
    }
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
    assert_float(230.100006103515625, 0, "230.10000610351562"); /* as near to ...563 */
    assert_float(0.0000125, 0, "1.25e-05");
    assert_float(-0.00001625, 0, "-0.00001625");
    assert_float(1125899906842623.9, 0, "1125899906842623.9");
    assert_float(DBL_MAX, 0, "1.7976931348623157e+308");
    assert_float((double)FLT_MAX, 1, "3.4028235e+38");
    assert_float((double)16777216.0F, 1, "16777216");
}

static void assert_single(float value, int decimals, const char *expected)
{
    struct text text = {0};
    text_add_single(&text, value, decimals);
    assert_string_equal(text.data, expected);
    text_finish(&text);
}

static void test_moved_points(void **state)
{
    (void)state;
    assert_single(1234.567F, 0, "1234.567");
    assert_single(1234.567F, 3, "1.234567");
    assert_single(-0.5F, 6, "-0.0000005");
    assert_single(1200.0F, 3, "1.2");
    assert_single(1200000.0F, 3, "1200");
    assert_single(0, 3, "0");
    assert_single(-0.0F, 3, "-0");
    assert_single(1.5e-7F, 3, "1.5e-10");
    assert_single(3e20F, 3, "3e17");
    assert_single(FLT_MAX, 6, "3.4028235e32");
    assert_single(1e-45F, 6, "1e-51");
}

/* The digits are those of the float itself, wherever the point stands. */
static void test_any_moved_point_keeps_the_digits(void **state)
{
    (void)state;
    uint64_t seed = 5;
    for (int i = 0; i < RANDOM_FLOATS; i++) {
        const uint32_t bits = (uint32_t)test_random(&seed);
        const int decimals = i % 7;
        float value;
        memcpy(&value, &bits, sizeof(value));
        if (!isfinite(value)) {
            continue;
        }
        char expected[DIGITS_SIZE];
        char digits[DIGITS_SIZE];
        struct text plain = {0};
        struct text moved = {0};
        text_add_float(&plain, (double)value, 1);
        text_add_single(&moved, value, decimals);
        const long double wanted = strtold(plain.data, NULL);
        const long double back = strtold(moved.data, NULL) * powl(10, decimals);
        digits_of(plain.data, expected);
        digits_of(moved.data, digits);
        if (fabsl(back - wanted) > 1e-17L * fabsl(wanted) || strcmp(digits, expected) != 0) {
            fail_msg("%.9g / 10^%d became %s", (double)value, decimals, moved.data);
        }
        text_finish(&plain);
        text_finish(&moved);
    }
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

/* A float of this exponent: 1.<random> * 2^exponent. */
static double random_float(uint64_t *seed, int exponent)
{
    uint64_t bits = test_random(seed) >> 12 | (uint64_t)(1023 + exponent) << 52;
    double value;
    memcpy(&value, &bits, sizeof(value));
    return test_random(seed) % 2 ? value : -value;
}

/* Between the exponents of which meters have values, and over both ends of the range that has its own way. */
static void test_ordinary_floats_read_back(void **state)
{
    (void)state;
    uint64_t seed = 4;
    for (int i = 0; i < RANDOM_FLOATS; i++) {
        double value = random_float(&seed, i % 74 - 20);
        check_float(value, false);
        check_float((double)(float)value, true);
    }
}

/* Where the distance to the next float changes, and where the number of digits does. */
static void test_floats_at_the_edges(void **state)
{
    (void)state;
    for (int exponent = -20; exponent < 54; exponent++) {
        double value = ldexp(1, exponent);
        float single = (float)value;
        check_float(value, false);
        check_float(nextafter(value, 0), false);
        check_float(nextafter(value, 1e18), false);
        check_float((double)single, true);
        check_float((double)nextafterf(single, 0), true);
        check_float((double)nextafterf(single, 1e18F), true);
    }
    for (int exponent = -6; exponent < 17; exponent++) {
        double value = pow(10, exponent);
        check_float(value, false);
        check_float(nextafter(value, 0), false);
        check_float(nextafter(value, 1e18), false);
        check_float((double)(float)value, true);
    }
}

/* Every decimal that a meter's display can show. */
static void test_all_short_decimals(void **state)
{
    (void)state;
    for (int count = 1; count < 100000; count++) {
        for (int decimals = 0; decimals <= 3; decimals++) {
            struct text expected = {0};
            text_add_decimal(&expected, count, decimals);
            double value = strtod(expected.data, NULL);
            assert_float(value, 0, expected.data);
            assert_float((double)(float)value, 1, expected.data);
            text_finish(&expected);
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
        cmocka_unit_test(test_random_integers),
        cmocka_unit_test(test_decimals),
        cmocka_unit_test(test_known_floats),
        cmocka_unit_test(test_moved_points),
        cmocka_unit_test(test_any_moved_point_keeps_the_digits),
        cmocka_unit_test(test_any_float_reads_back),
        cmocka_unit_test(test_ordinary_floats_read_back),
        cmocka_unit_test(test_floats_at_the_edges),
        cmocka_unit_test(test_all_short_decimals),
        cmocka_unit_test(test_measured_floats_read_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
