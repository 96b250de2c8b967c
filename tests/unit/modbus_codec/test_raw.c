/* SPDX-License-Identifier: Apache-2.0 */
/* test_raw: every type in every order. The encodings are worked out by hand; 123456.0 is the value that libmodbus uses
 * for its own tests: 1.8837890625 x 2^16, so exponent 143 = 0x8F and 0x47F12000. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "collectors/modbus/frame/raw.h"

static void floats_in_four_orders(void **state)
{
    (void)state;
    static const struct {
        int words;
        int bytes;
        uint16_t registers[2];
    } orders[] = {
        {WORDS_HIGH_FIRST, BYTES_HIGH_FIRST, {0x47f1, 0x2000}}, /* ABCD */
        {WORDS_LOW_FIRST, BYTES_LOW_FIRST, {0x0020, 0xf147}},   /* DCBA */
        {WORDS_HIGH_FIRST, BYTES_LOW_FIRST, {0xf147, 0x0020}},  /* BADC */
        {WORDS_LOW_FIRST, BYTES_HIGH_FIRST, {0x2000, 0x47f1}},  /* CDAB */
    };
    for (size_t i = 0; i < ARRAY_SIZE(orders); i++) {
        struct raw_layout layout = {REGISTER_F32, orders[i].words, orders[i].bytes, 2, 0};
        assert_true(raw_float(&layout, orders[i].registers) == 123456.0);
    }
}

static void doubles(void **state)
{
    (void)state;
    /* -1.5 = -1.1b x 2^0: sign 1, exponent 1023 = 0x3FF, mantissa 0x8000000000000 */
    static const uint16_t high_first[] = {0xbff8, 0, 0, 0};
    static const uint16_t low_first[] = {0, 0, 0, 0xbff8};
    struct raw_layout layout = {.type = REGISTER_F64, .count = 4};
    assert_true(raw_float(&layout, high_first) == -1.5);
    layout.word_order = WORDS_LOW_FIRST;
    assert_true(raw_float(&layout, low_first) == -1.5);
}

struct number {
    int type;
    int words;
    size_t count;
    uint16_t registers[8];
    int64_t wanted;
    enum quality quality;
    uint64_t mask;
};

static const struct number numbers[] = {
    {REGISTER_U16, 0, 1, {0xffff}, 65535, QUALITY_OK, 0},
    {REGISTER_I16, 0, 1, {0xffff}, -1, QUALITY_OK, 0},
    {REGISTER_I16, 0, 1, {0x8000}, -32768, QUALITY_OK, 0},
    {REGISTER_U32, 0, 2, {0x0001, 0x86a0}, 100000, QUALITY_OK, 0},
    {REGISTER_U32, WORDS_LOW_FIRST, 2, {0x86a0, 0x0001}, 100000, QUALITY_OK, 0},
    {REGISTER_U32, 0, 2, {0xffff, 0xffff}, 4294967295, QUALITY_OK, 0},
    {REGISTER_I32, 0, 2, {0xfffe, 0x7960}, -100000, QUALITY_OK, 0},
    {REGISTER_I32, WORDS_LOW_FIRST, 2, {0x0000, 0x8000}, INT32_MIN, QUALITY_OK, 0},
    {REGISTER_U64, 0, 4, {0, 1, 0, 2}, 0x100000002, QUALITY_OK, 0},
    {REGISTER_U64, 0, 4, {0x7fff, 0xffff, 0xffff, 0xffff}, INT64_MAX, QUALITY_OK, 0},
    {REGISTER_U64, 0, 4, {0x8000, 0, 0, 0}, INT64_MAX, QUALITY_IMPLAUSIBLE, 0},
    {REGISTER_I64, 0, 4, {0xffff, 0xffff, 0xffff, 0xfffe}, -2, QUALITY_OK, 0},
    {REGISTER_I64, WORDS_LOW_FIRST, 4, {0, 0, 0, 0x8000}, INT64_MIN, QUALITY_OK, 0},
    {REGISTER_BCD, 0, 1, {0x1234}, 1234, QUALITY_OK, 0},
    {REGISTER_BCD, 0, 2, {0x0012, 0x3456}, 123456, QUALITY_OK, 0},
    {REGISTER_BCD, WORDS_LOW_FIRST, 2, {0x3456, 0x0012}, 123456, QUALITY_OK, 0},
    {REGISTER_BCD, 0, 4, {0x9999, 0x9999, 0x9999, 0x9999}, 9999999999999999, QUALITY_OK, 0},
    {REGISTER_BCD, 0, 2, {0x0012, 0x34a6}, 0, QUALITY_BAD_REPLY, 0},
    {REGISTER_BCD, 0, 2, {0xf012, 0x3456}, 0, QUALITY_BAD_REPLY, 0},
    {REGISTER_BCD,
     0,
     5,
     {0x9999, 0x9999, 0x9999, 0x9999, 0x9999},
     INT64_MAX,
     QUALITY_IMPLAUSIBLE,
     0},
    {REGISTER_BCD, 0, 5, {0, 0x0001, 0, 0, 0x0002}, 1000000000002, QUALITY_OK, 0},
    {REGISTER_MOD10K, 0, 2, {12, 3456}, 123456, QUALITY_OK, 0},
    {REGISTER_MOD10K, WORDS_LOW_FIRST, 3, {3456, 12, 7}, 700123456, QUALITY_OK, 0},
    {REGISTER_MOD10K, 0, 2, {12, 10000}, 0, QUALITY_BAD_REPLY, 0},
    {REGISTER_MOD10K, 0, 2, {12, 9999}, 129999, QUALITY_OK, 0},
    {REGISTER_BITS, 0, 1, {0xa5f0}, 0xa5, QUALITY_OK, 0xff00},
    {REGISTER_BITS, 0, 1, {0x0040}, 1, QUALITY_OK, 0x0040},
    {REGISTER_BITS, 0, 1, {0xffbf}, 0, QUALITY_OK, 0x0040},
    {REGISTER_BITS, 0, 1, {0xa5f0}, 0xa5f0, QUALITY_OK, 0},
};

static void numbers_of_every_type(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
        const struct number *number = &numbers[i];
        struct raw_layout layout = {
            .type = number->type,
            .word_order = number->words,
            .count = number->count,
            .bit_mask = number->mask,
        };
        int64_t count = -77;
        assert_int_equal(raw_count(&layout, number->registers, &count), number->quality);
        if (number->quality != QUALITY_BAD_REPLY) {
            assert_true(count == number->wanted);
        }
    }
}

static void swapped_bytes(void **state)
{
    (void)state;
    static const uint16_t registers[] = {0x0100, 0xa086};
    struct raw_layout layout = {.type = REGISTER_U32, .byte_order = BYTES_LOW_FIRST, .count = 2};
    int64_t count = 0;
    assert_int_equal(raw_count(&layout, registers, &count), QUALITY_OK);
    assert_int_equal(count, 100000);
}

static void coils(void **state)
{
    (void)state;
    static const uint16_t registers[] = {0x8001, 0x0003};
    assert_int_equal(raw_coils(registers, 0, 1), 1);
    assert_int_equal(raw_coils(registers, 1, 1), 0);
    assert_int_equal(raw_coils(registers, 15, 1), 1);
    assert_int_equal(raw_coils(registers, 15, 4), 7);
    assert_int_equal(raw_coils(registers, 17, 3), 1);
}

static void check_text(const char *bytes, size_t size, int byte_order, const char *wanted)
{
    uint16_t registers[8] = {0};
    char out[25];
    for (size_t i = 0; i < size; i++) {
        registers[i / 2] |= (uint16_t)((uint8_t)bytes[i] << (i % 2 == 0 ? 8 : 0));
    }
    struct raw_layout layout = {.type = REGISTER_STRING, .byte_order = byte_order, .count = 8};
    size_t length = raw_text(&layout, registers, out);
    assert_string_equal(out, wanted);
    assert_int_equal(length, strlen(wanted));
}

static void texts(void **state)
{
    (void)state;
    check_text("SUN2000-100KTL", 14, BYTES_HIGH_FIRST, "SUN2000-100KTL");
    check_text("US2N00\0", 7, BYTES_LOW_FIRST, "SUN200");
    check_text("AB  \0\0  ", 8, BYTES_HIGH_FIRST, "AB");
    check_text("A\x01\tB\x7f"
               "C",
               6, BYTES_HIGH_FIRST, "ABC");
    check_text("", 0, BYTES_HIGH_FIRST, "");
    check_text("        ", 8, BYTES_HIGH_FIRST, "");
    check_text("\xe7\x94\xb5\xe8\xa1\xa8", 6, BYTES_HIGH_FIRST, "\xe7\x94\xb5\xe8\xa1\xa8");
    check_text("a\xfe"
               "b",
               3, BYTES_HIGH_FIRST, "a?b");
    check_text("x\xc0\x9f"
               "y",
               4, BYTES_HIGH_FIRST, "x?y"); /* overlong */
    check_text("x\xed\xa0\x80"
               "y",
               5, BYTES_HIGH_FIRST, "x?y");                       /* surrogate */
    check_text("x\xf4\x90\x80\x80y", 6, BYTES_HIGH_FIRST, "x?y"); /* beyond U+10FFFF */
    check_text("x\xc2\x85y", 4, BYTES_HIGH_FIRST, "x?y");         /* C1 control */
    check_text("0123456789abcde\xe7", 16, BYTES_HIGH_FIRST, "0123456789abcde"); /* cut in two */
    check_text("0123456789abcdef", 16, BYTES_HIGH_FIRST, "0123456789abcdef");
}

/* As makers fill them. */
static void texts_end_where_the_display_ends_them(void **state)
{
    (void)state;
    check_text("AB\0OLDTEXT", 10, BYTES_HIGH_FIRST, "AB");
    check_text("ABC\0LDTEXT", 10, BYTES_HIGH_FIRST, "ABC");
    check_text("\0OLDTEXT", 8, BYTES_HIGH_FIRST, "");
    check_text("ABC\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 16, BYTES_HIGH_FIRST,
               "ABC");
    check_text("ABCD\xff\xffOLD", 9, BYTES_HIGH_FIRST, "ABCD");
    check_text("\xff\xff\xff\xff\xff\xff\xff\xff", 8, BYTES_HIGH_FIRST, "");
    check_text("  AB CD         ", 16, BYTES_HIGH_FIRST, "AB CD");
    check_text("AB  \0 OLD", 9, BYTES_HIGH_FIRST, "AB");
    check_text("BA\0C", 4, BYTES_LOW_FIRST, "ABC");
    check_text("A\r\nB", 4, BYTES_HIGH_FIRST, "AB");
    check_text(" \r\n ", 4, BYTES_HIGH_FIRST, "");
}

static void a_character_may_have_a_register(void **state)
{
    (void)state;
    check_text("\0S\0N\0-\0"
               "1\0\0",
               10, BYTES_HIGH_FIRST, "SN-1");
    check_text("S\0N\0-\0"
               "1\0\0\0",
               10, BYTES_HIGH_FIRST, "SN-1");
    check_text("\0S\0N\xff\xff\xff\xff", 8, BYTES_HIGH_FIRST, "SN");
    check_text("\0S\0\0OLD", 7, BYTES_HIGH_FIRST, "S");
    check_text("\0S\0N\0 \0 ", 8, BYTES_HIGH_FIRST, "SN");
    check_text("A\0\0\0B", 5, BYTES_HIGH_FIRST, "A");
    check_text("\0A\0B\0C\0D\0E\0F\0G\0H", 16, BYTES_LOW_FIRST, "ABCDEFGH");
}

static void chinese_texts_may_come_in_gb_2312(void **state)
{
    (void)state;
    check_text("\xbb\xaa\xce\xaa", 4, BYTES_HIGH_FIRST, "华为");
    check_text("PD\xb5\xe7\xb1\xed 3", 8, BYTES_HIGH_FIRST, "PD电表 3");
    check_text("A\xb5\xe7\xb1\xed\0\xb5\xe7", 8, BYTES_HIGH_FIRST, "A电表");
    check_text("\xb5\xe7\xb1\xed\xb5\xe7\xb1\xed\xb5\xe7\xb1\xed\xb5\xe7\xb1\xed", 16,
               BYTES_HIGH_FIRST, "电表电表电表电表");
    check_text("  \xb5\xe7", 4, BYTES_HIGH_FIRST, "电");
    /* a pair of high bytes that is no character, half a pair, another alphabet */
    check_text("a\xd7\xfe"
               "b",
               4, BYTES_HIGH_FIRST, "a?b");
    check_text("  a\xaa\xa1"
               "b\xf0",
               6, BYTES_HIGH_FIRST, "a?b");
    check_text("K\xf6ln", 4, BYTES_HIGH_FIRST, "K?ln");
    /* UTF-8 that the registers cut in two is UTF-8 still */
    check_text("\xe5\xa4\xa7\xe5\xa4", 5, BYTES_HIGH_FIRST, "大");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(floats_in_four_orders),
        cmocka_unit_test(doubles),
        cmocka_unit_test(numbers_of_every_type),
        cmocka_unit_test(swapped_bytes),
        cmocka_unit_test(coils),
        cmocka_unit_test(texts),
        cmocka_unit_test(texts_end_where_the_display_ends_them),
        cmocka_unit_test(a_character_may_have_a_register),
        cmocka_unit_test(chinese_texts_may_come_in_gb_2312),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
