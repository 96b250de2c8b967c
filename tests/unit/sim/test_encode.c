/* SPDX-License-Identifier: Apache-2.0 */
/* Registers of known values, worked out by hand from the formats, and the way back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "sim/device/encode.h"
#include "support/support.h"

static struct profile_point gauge(int type, uint16_t registers)
{
    return (struct profile_point){
        .type = type,
        .function = 3,
        .registers = registers,
        .scale = 1.0,
        .row = quantity_get(QUANTITY_ID_active_power),
    };
}

static struct profile_point counter(int type, uint16_t registers)
{
    struct profile_point point = gauge(type, registers);
    point.row = quantity_get(QUANTITY_ID_active_energy_import);
    return point;
}

static void expect(const struct profile_point *point, double factor, double value,
                   const uint16_t *wanted)
{
    uint16_t registers[ENCODE_REGISTERS_MAX] = {0};
    encode_value(point, (struct encode_scale){.factor = factor}, value, registers);
    for (uint16_t i = 0; i < point->registers; i++) {
        assert_int_equal(registers[i], wanted[i]);
    }
}

static void integers(void **state)
{
    (void)state;
    struct profile_point point = gauge(REGISTER_U16, 1);
    expect(&point, 0.1, 230.14, (const uint16_t[]){2301});
    expect(&point, 0.1, 1e9, (const uint16_t[]){0xFFFF});
    expect(&point, 0.1, -1.0, (const uint16_t[]){0});
    point.type = REGISTER_I16;
    expect(&point, 0.1, -7.25, (const uint16_t[]){0xFFB7}); /* -73 */
    point = gauge(REGISTER_I32, 2);
    expect(&point, 0.001, -5.0, (const uint16_t[]){0xFFFF, 0xEC78});
    point.word_order = WORDS_LOW_FIRST;
    expect(&point, 0.001, -5.0, (const uint16_t[]){0xEC78, 0xFFFF});
    point.byte_order = BYTES_LOW_FIRST;
    expect(&point, 0.001, -5.0, (const uint16_t[]){0x78EC, 0xFFFF});
    point = gauge(REGISTER_I64, 4);
    expect(&point, 1.0, -1.0, (const uint16_t[]){0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF});
    point.type = REGISTER_U64;
    expect(&point, 1.0, 4294967298.0, (const uint16_t[]){0, 1, 0, 2});
}

static void floats(void **state)
{
    (void)state;
    struct profile_point point = gauge(REGISTER_F32, 2);
    expect(&point, 0.1, 230.1, (const uint16_t[]){0x450F, 0xD000}); /* 2301.0 */
    point.word_order = WORDS_LOW_FIRST;
    expect(&point, 1.0, -12.5, (const uint16_t[]){0x0000, 0xC148});
    point = gauge(REGISTER_F64, 4);
    expect(&point, 1.0, 1.5, (const uint16_t[]){0x3FF8, 0, 0, 0});
}

static void decimals_flags_and_text(void **state)
{
    (void)state;
    struct profile_point point = gauge(REGISTER_BCD, 2);
    expect(&point, 0.01, 123456.78, (const uint16_t[]){0x1234, 0x5678});
    point.type = REGISTER_MOD10K;
    expect(&point, 0.01, 123456.78, (const uint16_t[]){1234, 5678});
    point = gauge(REGISTER_BITS, 1);
    point.bit_mask = 0x7F00;
    expect(&point, 1.0, 4.0, (const uint16_t[]){0x0400});
    point = gauge(REGISTER_STRING, 3);
    uint16_t registers[3];
    encode_text(&point, "AB1", registers);
    assert_int_equal(registers[0], 0x4142);
    assert_int_equal(registers[1], 0x3100);
    assert_int_equal(registers[2], 0);
}

static void counters_are_dials(void **state)
{
    (void)state;
    struct profile_point point = counter(REGISTER_U32, 2);
    expect(&point, 0.01, 123456.789, (const uint16_t[]){0x00BC, 0x614E});
    point = counter(REGISTER_U16, 1);
    expect(&point, 1.0, 65537.9, (const uint16_t[]){1});
    point.modulus_count = 10000;
    expect(&point, 1.0, 10003.0, (const uint16_t[]){3});
    /* A float counter steps by its last digit: 12.34 of 12.349. */
    point = counter(REGISTER_F32, 2);
    point.resolution = 0.01;
    uint16_t registers[2];
    encode_value(&point, (struct encode_scale){.factor = 1.0}, 12.349, registers);
    assert_near(decode_value(&point, (struct encode_scale){.factor = 1.0}, registers), 12.34, 1e-6);
}

static void nothing_is_a_sentinel(void **state)
{
    (void)state;
    char *words[] = {(char *)"0x7FFFFFFF"};
    struct profile_point point = gauge(REGISTER_I32, 2);
    expect(&point, 1.0, (double)NAN, (const uint16_t[]){0, 0});
    point.not_implemented = (struct option_strings){words, 1};
    expect(&point, 1.0, (double)NAN, (const uint16_t[]){0x7FFF, 0xFFFF});
    point = gauge(REGISTER_F32, 2);
    expect(&point, 1.0, (double)NAN, (const uint16_t[]){0x7FC0, 0});
}

static void offsets_and_back(void **state)
{
    (void)state;
    static const struct {
        int type;
        uint16_t registers;
    } kinds[] = {{REGISTER_U16, 1}, {REGISTER_I16, 1},   {REGISTER_U32, 2}, {REGISTER_I32, 2},
                 {REGISTER_U64, 4}, {REGISTER_I64, 4},   {REGISTER_F32, 2}, {REGISTER_F64, 4},
                 {REGISTER_BCD, 2}, {REGISTER_MOD10K, 2}};
    struct encode_scale scale = {.factor = 0.5, .offset = -25.0};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        for (int order = 0; order < 4; order++) {
            struct profile_point point = gauge(kinds[i].type, kinds[i].registers);
            point.word_order = order % 2;
            point.byte_order = order / 2;
            uint16_t registers[4];
            encode_value(&point, scale, 1234.5, registers);
            assert_near(decode_value(&point, scale, registers), 1234.5, 1e-3);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers),
        cmocka_unit_test(floats),
        cmocka_unit_test(decimals_flags_and_text),
        cmocka_unit_test(counters_are_dials),
        cmocka_unit_test(nothing_is_a_sentinel),
        cmocka_unit_test(offsets_and_back),
    };
    return cmocka_run_group_tests_name("sim_encode", tests, NULL, NULL);
}
