/* SPDX-License-Identifier: Apache-2.0 */
/* scale: whatever scale and unit a float register has, what is printed of it is the decimal of the fewest digits from
 * which its own bits are worked back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "collectors/modbus/plan/scale.h"
#include "support/support.h"
#include "unit/modbus_codec/fixture.h"

enum { RANDOM_FLOATS = 4000 };

/* A scale and an offset of a profile. */
struct row {
    const char *scale;
    const char *offset;
    const char *unit;  /* of the register; the point is in kW */
    const char *exact; /* the scale from register to point */
};

static const struct row rows[] = {
    {"1.0", "0.0", "kW", "1"},     {"0.1", "0.0", "kW", "0.1"},   {"1.0", "0.0", "W", "0.001"},
    {"0.1", "0.0", "W", "0.0001"}, {"0.001", "0.0", "W", "1e-6"}, {"0.001", "0.0", "kW", "0.001"},
    {"1e-9", "0.0", "kW", "1e-9"}, {"10.0", "0.0", "kW", "10"},   {"1.0", "0.0", "MW", "1000"},
    {"40.0", "0.0", "kW", "40"},   {"0.04", "0.0", "kW", "0.04"}, {"0.12", "0.0", "kW", "0.12"},
    {"4.0", "0.0", "MW", "4000"},  {"1.0", "-273.15", "kW", "1"}, {"0.1", "-40.0", "kW", "0.1"},
};

enum { ROWS = ARRAY_SIZE(rows), SINGLES = 0, DOUBLES = ROWS };

/* A device with each of them twice: as f32 and as f64. */
static int setup(void **state)
{
    struct fixture *fixture = mem_alloc(sizeof(*fixture));
    struct text points = {0};
    for (unsigned i = 0; i < 2 * ROWS; i++) {
        const struct row *row = &rows[i % ROWS];
        text_add_format(&points,
                        "%s{ quantity = \"active_power\"; index = %u; function = 3; address = %u; "
                        "type = \"%s\"; unit = \"%s\"; scale = %s; offset = %s; min = -1e30; max "
                        "= 1e30; }",
                        i > 0 ? ", " : "points = (", i + 1, 4 * i, i < ROWS ? "f32" : "f64",
                        row->unit, row->scale, row->offset);
    }
    text_add_string(&points, ");");
    fixture_init(fixture, points.data);
    text_finish(&points);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    fixture_finish(*state);
    free(*state);
    return 0;
}

static void set_words(struct fixture *fixture, uint16_t address, uint64_t bits, int words)
{
    char hex[24] = "";
    for (int i = words - 1; i >= 0; i--) {
        (void)snprintf(hex + strlen(hex), sizeof(hex) - strlen(hex), "%04X ",
                       (unsigned)(bits >> (16 * i) & 0xFFFF));
    }
    fixture_set(fixture, 3, address, hex);
}

static void set_registers(struct fixture *fixture, float single, double wide)
{
    uint32_t single_bits = 0;
    uint64_t wide_bits = 0;
    memcpy(&single_bits, &single, sizeof(single_bits));
    memcpy(&wide_bits, &wide, sizeof(wide_bits));
    fixture->cell_count = 0;
    for (unsigned i = 0; i < ROWS; i++) {
        set_words(fixture, (uint16_t)(4 * (SINGLES + i)), single_bits, 2);
        set_words(fixture, (uint16_t)(4 * (DOUBLES + i)), wide_bits, 4);
    }
}

/* What every way out shows of the index-th point. */
static void print(const struct batch *batch, size_t index, struct text *text)
{
    const struct reading *reading = &batch->readings[index];
    text_clear(text);
    assert_int_equal(reading->point, index);
    assert_int_equal(reading->quality, QUALITY_OK);
    reading_add_value(text, &batch->device->points[index], reading);
}

static bool reads_back(const struct row *row, const char *number, double raw, bool is_single)
{
    long double back =
        (strtold(number, NULL) - strtold(row->offset, NULL)) / strtold(row->exact, NULL);
    return is_single ? (float)back == (float)raw : (double)back == raw;
}

/* The first row of that scale and offset. */
static size_t find_row(const char *exact, const char *offset)
{
    for (size_t i = 0; i < ROWS; i++) {
        if (strcmp(rows[i].exact, exact) == 0 && strcmp(rows[i].offset, offset) == 0) {
            return i;
        }
    }
    fail();
    return 0;
}

static void assert_printed(struct fixture *fixture, bool is_single, size_t row, double raw,
                           const char *expected)
{
    struct text text = {0};
    set_registers(fixture, (float)raw, raw);
    struct batch *batch = fixture_poll(fixture, POLL_NORMAL);
    print(batch, (is_single ? SINGLES : DOUBLES) + row, &text);
    assert_string_equal(text.data, expected);
    text_finish(&text);
    batch_unref(batch);
}

static void prints_what_the_device_means(void **state)
{
    const size_t as_it_is = find_row("1", "0.0");
    const size_t milli = find_row("0.001", "0.0");
    const size_t nano = find_row("1e-9", "0.0");
    const size_t ratio = find_row("40", "0.0");
    const size_t kelvin = find_row("1", "-273.15");
    assert_printed(*state, true, as_it_is, 1234.567, "1234.567");
    assert_printed(*state, true, milli, 1234.567, "1.234567");
    assert_printed(*state, true, milli, -0.5, "-0.0005");
    assert_printed(*state, true, milli, 2300, "2.3");
    assert_printed(*state, true, milli, 1.5e-7, "1.5e-10");
    assert_printed(*state, true, milli, 3e20, "3e17");
    assert_printed(*state, true, milli, 0, "0");
    assert_printed(*state, true, find_row("1e-6", "0.0"), 1234.567, "0.001234567");
    assert_printed(*state, true, nano, 1234.567, "1.234567e-06");
    assert_printed(*state, true, find_row("1000", "0.0"), 1.234567, "1234.567");
    assert_printed(*state, true, ratio, 5.1, "204");
    assert_printed(*state, true, ratio, -5.13, "-205.2");
    assert_printed(*state, true, kelvin, 293.15, "20");
    assert_printed(*state, false, milli, 1234.567, "1.234567");
    assert_printed(*state, false, milli, 1234.5678901, "1.2345678901");
    assert_printed(*state, false, find_row("0.04", "0.0"), 5.13, "0.2052");
    assert_printed(*state, false, kelvin, 298.37, "25.22");
}

/* The digits that count. */
static int count_digits(const char *number)
{
    int count = 0;
    int end = 0;
    for (; *number != '\0' && *number != 'e'; number++) {
        if (*number >= (count > 0 ? '0' : '1') && *number <= '9') {
            count++;
            end = *number == '0' ? end : count;
        }
    }
    return end;
}

/* Does any decimal of fewer digits read back? The nearest one would, or none. */
static bool is_beaten(const struct row *row, const char *number, double raw)
{
    long double value = (long double)raw * strtold(row->exact, NULL) + strtold(row->offset, NULL);
    char shorter[64];
    int digits = count_digits(number) - 1;
    if (digits < 1) {
        return false;
    }
    (void)snprintf(shorter, sizeof(shorter), "%.*Le", digits - 1, value);
    return reads_back(row, shorter, raw, true);
}

/* What noise a meter may send, and what a person would write, both as floats. */
static float random_single(uint64_t *random)
{
    const uint64_t bits = test_random(random);
    switch (bits % 4) {
    case 0:
        return (float)((bits >> 8) % 10000000) / 1000.0F;
    case 1:
        return (float)((bits >> 8) % 100000) / 10.0F;
    case 2:
        return (float)((bits >> 8) % 16777216) * 125.0F / 1048576.0F;
    default:
        return ldexpf((float)(0x800000 | ((bits >> 8) & 0x7FFFFF)), (int)((bits >> 32) % 40) - 38);
    }
}

static void gives_every_single_back(void **state)
{
    struct fixture *fixture = *state;
    struct text text = {0};
    uint64_t random = 7;
    for (int i = 0; i < RANDOM_FLOATS; i++) {
        const float raw = random_single(&random);
        set_registers(fixture, raw, 0);
        struct batch *batch = fixture_poll(fixture, POLL_NORMAL);
        for (size_t j = 0; j < ROWS; j++) {
            /* Beside an offset the last digits of something small go under in any double. */
            if (strcmp(rows[j].offset, "0.0") != 0 && raw < 0.01F) {
                continue;
            }
            print(batch, SINGLES + j, &text);
            if (!reads_back(&rows[j], text.data, (double)raw, true) ||
                is_beaten(&rows[j], text.data, (double)raw)) {
                fail_msg("%.9g x %s + %s became %s", (double)raw, rows[j].exact, rows[j].offset,
                         text.data);
            }
        }
        batch_unref(batch);
    }
    text_finish(&text);
}

/* Decimals of few digits, as a double register has them. */
static void gives_every_decimal_double_back(void **state)
{
    struct fixture *fixture = *state;
    struct text text = {0};
    uint64_t random = 8;
    for (int i = 0; i < RANDOM_FLOATS; i++) {
        const double raw = (double)(test_random(&random) % 10000000000) / 10000;
        set_registers(fixture, 0, raw);
        struct batch *batch = fixture_poll(fixture, POLL_NORMAL);
        for (size_t j = 0; j < ROWS; j++) {
            print(batch, DOUBLES + j, &text);
            if (!reads_back(&rows[j], text.data, raw, false) || count_digits(text.data) > 15) {
                fail_msg("%.17g x %s + %s became %s", raw, rows[j].exact, rows[j].offset,
                         text.data);
            }
        }
        batch_unref(batch);
    }
    text_finish(&text);
}

/* Then the journal keeps it in the register's four bytes. */
static void leaves_powers_of_ten_as_they_are(void **state)
{
    const size_t row = find_row("0.001", "0.0");
    uint64_t random = 9;
    for (int i = 0; i < RANDOM_FLOATS; i++) {
        const float raw = random_single(&random);
        set_registers(*state, raw, 0);
        struct batch *batch = fixture_poll(*state, POLL_NORMAL);
        assert_int_equal(batch->device->points[row].source, POINT_FLOAT32);
        assert_true(batch->readings[row].value == (double)raw / 1000);
        batch_unref(batch);
    }
}

static void survives_the_ends_of_the_range(void **state)
{
    (void)state;
    static const double ends[] = {1e308, -1e308, 5e-324, 1.7e308, 3.4e38, 1e-45, -0.0, 0};
    static const struct float_scale scales[] = {{.scale = 1},
                                                {.scale = 0.1, .divisor = 10},
                                                {.scale = 1e6},
                                                {.scale = 1e-12},
                                                {.scale = 40, .offset = -40}};
    for (size_t j = 0; j < ARRAY_SIZE(scales); j++) {
        for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
            assert_false(isnan(scale_float(&scales[j], ends[i], false)));
            assert_false(isnan(scale_float(&scales[j], ends[i], true)));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(prints_what_the_device_means, setup, teardown),
        cmocka_unit_test_setup_teardown(gives_every_single_back, setup, teardown),
        cmocka_unit_test_setup_teardown(gives_every_decimal_double_back, setup, teardown),
        cmocka_unit_test_setup_teardown(leaves_powers_of_ten_as_they_are, setup, teardown),
        cmocka_unit_test(survives_the_ends_of_the_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
