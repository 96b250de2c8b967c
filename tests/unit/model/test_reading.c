/* SPDX-License-Identifier: Apache-2.0 */
/* reading: words, values of counts, and how values are printed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "support/support.h"

#include <lingtan/reading.h>

static void assert_value(int64_t count, double resolution, double offset, double expected)
{
    double value = reading_value_of_count(count, resolution, offset);
    if (value != expected) {
        fail_msg("%lld x %g + %g gave %.17g, not %.17g", (long long)count, resolution, offset,
                 value, expected);
    }
}

static void assert_printed(const struct point *point, const struct reading *reading,
                           const char *expected)
{
    struct text text = {0};
    reading_add_value(&text, point, reading);
    assert_string_equal(text.data, expected);
    text_finish(&text);
}

/* A reading as decode makes it from an integer register. */
static void assert_count_printed(enum quantity_id id, int64_t count, double resolution,
                                 double offset, const char *expected)
{
    const struct point point = {
        .quantity = quantity_get(id),
        .source = POINT_INTEGER,
        .resolution = resolution,
        .offset = offset,
    };
    const struct reading reading = {
        .value = reading_value_of_count(count, resolution, offset),
        .count = count,
        .resolution = resolution,
    };
    assert_printed(&point, &reading, expected);
}

static void assert_float_printed(enum point_source source, double value, const char *expected)
{
    const struct point point = {
        .quantity = quantity_get(QUANTITY_ID_active_power),
        .source = (uint8_t)source,
    };
    assert_printed(&point, &(struct reading){.value = value}, expected);
}

static void test_quality_words(void **state)
{
    (void)state;
    static const char *const words[QUALITY_COUNT] = {
        "ok",          "timeout", "exception", "bad_reply", "not_implemented",
        "implausible", "stale",   "late",      "estimated",
    };
    for (int i = 0; i < QUALITY_COUNT; i++) {
        enum quality quality = QUALITY_COUNT;
        assert_string_equal(quality_word((enum quality)i), words[i]);
        assert_int_equal(quality_parse(words[i], &quality), 0);
        assert_int_equal(quality, i);
    }
    enum quality quality = QUALITY_LATE;
    assert_int_equal(quality_parse("OK", &quality), -EINVAL);
    assert_int_equal(quality_parse("", &quality), -EINVAL);
    assert_int_equal(quality, QUALITY_LATE);
    assert_string_equal(quality_word(QUALITY_COUNT), "unknown");
}

/* What every way out says of a reading so long after. */
static void test_a_reason_outlives_the_value(void **state)
{
    (void)state;
    const int64_t limit_us = 2500000; /* of a period of 1 s */
    for (int i = 0; i < QUALITY_COUNT; i++) {
        const enum quality quality = (enum quality)i;
        const bool has_value =
            quality == QUALITY_OK || quality == QUALITY_IMPLAUSIBLE || quality == QUALITY_ESTIMATED;
        assert_int_equal(quality_now(quality, limit_us, 1000), quality);
        assert_int_equal(quality_now(quality, limit_us + 1, 1000),
                         has_value ? QUALITY_STALE : quality);
        assert_int_equal(quality_now(quality, INT64_MAX, 0), quality); /* no period: never old */
    }
    const struct point point = {.quantity = quantity_get(QUANTITY_ID_active_power),
                                .period_ms = 1000};
    struct reading reading = {.value = 5};
    assert_int_equal(reading_quality_now(&point, &reading, 0), QUALITY_STALE); /* never read */
    reading.time_us = 1;
    assert_int_equal(reading_quality_now(&point, &reading, limit_us), QUALITY_OK);
    assert_int_equal(reading_quality_now(&point, &reading, limit_us + 1), QUALITY_STALE);
    reading.value = (double)INFINITY;
    assert_int_equal(reading_quality_now(&point, &reading, 0), QUALITY_IMPLAUSIBLE);
    reading.quality = QUALITY_TIMEOUT;
    assert_int_equal(reading_quality_now(&point, &reading, INT64_MAX), QUALITY_TIMEOUT);
}

static void test_resolution_decimals(void **state)
{
    (void)state;
    double resolution = 1;
    for (int i = 0; i <= 12; i++) {
        assert_int_equal(resolution_decimals(resolution), i);
        assert_int_equal(resolution_decimals(pow(10, -i)), i);
        assert_int_equal(resolution_decimals(1 / pow(10, i)), i);
        assert_int_equal(resolution_decimals(nextafter(pow(10, -i), 2)), i);
        resolution *= 0.1; /* gathers rounding errors on its way down */
    }
    assert_int_equal(resolution_decimals(1e-13), -1);
    assert_int_equal(resolution_decimals(0), -1);
    assert_int_equal(resolution_decimals(10), -1);
    assert_int_equal(resolution_decimals(-0.1), -1);
    assert_int_equal(resolution_decimals(0.5), -1);
    assert_int_equal(resolution_decimals(0.1000001), -1);
    assert_int_equal(resolution_decimals(1.0 / 3), -1);
    assert_int_equal(resolution_decimals((double)NAN), -1);
    assert_int_equal(resolution_decimals((double)INFINITY), -1);
}

static void test_values_are_the_decimals_a_person_would_write(void **state)
{
    (void)state;
    assert_value(2301, 0.1, 0, 230.1);
    assert_value(-1, 0.001, 0, -0.001);
    assert_value(0, 0.1, 0, 0);
    assert_value(123456789, 0.01, 0, 1234567.89);
    assert_value(3, 0.1, 0, 0.3);
    assert_value(3, 0.001 * 100, 0, 0.3);
    assert_value(7, 0.4, 0, 2.8);
    assert_value(12345, 0.01 * 40, 0, 4938);
    assert_value(5, 30, 0, 150);
    assert_value(723, 0.1, -40, 32.3);
    assert_value(2980, 0.1, -273.15, 24.85);
    assert_value(21, -0.1, 0, -2.1);
    assert_value(9007199254740993, 1, 0, 9007199254740993.0);
    assert_value(3, 1 / 3.6, 0, 3 * (1 / 3.6));
    assert_value(3, 1 / 3.6, 2, 3 * (1 / 3.6) + 2);
    assert_value(INT64_MAX, 40, 0, 9223372036854775807.0 * 40);
    assert_false(signbit(reading_value_of_count(0, -0.1, 0)));
}

static void test_values_equal_their_decimal_text(void **state)
{
    (void)state;
    uint64_t seed = 5;
    for (int i = 0; i < 100000; i++) {
        int64_t count = (int64_t)(test_random(&seed) % 2000000000000) - 1000000000000;
        int decimals = (int)(test_random(&seed) % 7);
        struct text text = {0};
        text_add_decimal(&text, count, decimals);
        assert_value(count, pow(10, -decimals), 0, strtod(text.data, NULL));
        text_finish(&text);
    }
}

static void test_prints_counts_exactly(void **state)
{
    (void)state;
    assert_count_printed(QUANTITY_ID_voltage_a, 2301, 0.1, 0, "230.1");
    assert_count_printed(QUANTITY_ID_voltage_a, 2300, 0.1, 0, "230");
    assert_count_printed(QUANTITY_ID_room_temperature, -5, 0.1, 0, "-0.5");
    assert_count_printed(QUANTITY_ID_room_temperature, 723, 0.1, -40, "32.3");
    assert_count_printed(QUANTITY_ID_active_energy_import, 12345, 0.4, 0, "4938");
    assert_count_printed(QUANTITY_ID_active_energy_import, 123456789012345678, 0.01, 0,
                         "1234567890123456.78");
    assert_count_printed(QUANTITY_ID_active_energy_import, 0, 0.01, 0, "0");
    assert_count_printed(QUANTITY_ID_heat_energy, 3, 1 / 3.6, 0, "0.8333333333333334");
}

static void test_prints_states_as_integers(void **state)
{
    (void)state;
    const struct point point = {.quantity = quantity_get(QUANTITY_ID_fault_code)};
    assert_count_printed(QUANTITY_ID_fault_code, 4294967295, 1, 0, "4294967295");
    assert_count_printed(QUANTITY_ID_mode, 3, 1, 0, "3");
    assert_printed(&point, &(struct reading){.value = 17}, "17");
}

static void test_prints_floats_in_their_own_precision(void **state)
{
    (void)state;
    assert_float_printed(POINT_FLOAT32, (double)230.1F, "230.1");
    assert_float_printed(POINT_FLOAT64, 230.1, "230.1");
    assert_float_printed(POINT_FLOAT64, (double)230.1F, "230.10000610351562");
    assert_float_printed(POINT_FLOAT32, 230.1, "230.1"); /* scaled: no single any more */
    assert_float_printed(POINT_FLOAT32, 0, "0");
}

/* Its count is rounded to the meter's last digit, its value is what the meter sent. */
static void test_prints_float_counters_as_sent(void **state)
{
    (void)state;
    const struct point point = {
        .quantity = quantity_get(QUANTITY_ID_active_energy_import),
        .source = POINT_FLOAT32,
        .resolution = 0.01,
    };
    const struct reading reading = {
        .value = (double)1234.567F, .count = 123457, .resolution = 0.01};
    assert_printed(&point, &reading, "1234.567");
}

static void assert_scaled_printed(enum quantity_id id, double resolution, double value,
                                  const char *expected)
{
    const struct point point = {
        .quantity = quantity_get(id), .source = POINT_FLOAT32, .resolution = resolution};
    assert_printed(&point, &(struct reading){.value = value}, expected);
}

/* A register in W shown in kW: the register's digits, whether the point tells its scale (a gauge), is of an older journal,
 * which did not, or is a counter, whose resolution is another matter. */
static void test_prints_scaled_floats_as_sent(void **state)
{
    (void)state;
    const double value = (double)1234.567F / 1000;
    assert_scaled_printed(QUANTITY_ID_active_power, 0.001, value, "1.234567");
    assert_scaled_printed(QUANTITY_ID_active_power, 0, value, "1.234567");
    assert_scaled_printed(QUANTITY_ID_active_energy_import, 0.01, value, "1.234567");
    assert_scaled_printed(QUANTITY_ID_active_power, 0.001, (double)2300.0F / 1000, "2.3");
    assert_scaled_printed(QUANTITY_ID_active_power, 0.001, 1.0 / 3,
                          "0.3333333333333333"); /* no such register */
}

/* 1/125 of all registers give, in thousandths, a single too, which has other neighbours. */
static void test_scaled_counters_read_back(void **state)
{
    (void)state;
    uint64_t random = 11;
    const struct point point = {.quantity = quantity_get(QUANTITY_ID_active_energy_import),
                                .source = POINT_FLOAT32,
                                .resolution = 0.01};
    struct text text = {0};
    for (int i = 0; i < 20000; i++) {
        const float raw = (float)(test_random(&random) % 134217) * 125.0F / 1048576.0F;
        text_clear(&text);
        reading_add_value(&text, &point, &(struct reading){.value = (double)raw / 1000});
        const float back = (float)(strtold(text.data, NULL) * 1000);
        if (back != raw) {
            fail_msg("%.9g / 1000 became %s", (double)raw, text.data);
        }
    }
    text_finish(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quality_words),
        cmocka_unit_test(test_a_reason_outlives_the_value),
        cmocka_unit_test(test_resolution_decimals),
        cmocka_unit_test(test_values_are_the_decimals_a_person_would_write),
        cmocka_unit_test(test_values_equal_their_decimal_text),
        cmocka_unit_test(test_prints_counts_exactly),
        cmocka_unit_test(test_prints_states_as_integers),
        cmocka_unit_test(test_prints_floats_in_their_own_precision),
        cmocka_unit_test(test_prints_float_counters_as_sent),
        cmocka_unit_test(test_prints_scaled_floats_as_sent),
        cmocka_unit_test(test_scaled_counters_read_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
