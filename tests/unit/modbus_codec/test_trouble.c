/* SPDX-License-Identifier: Apache-2.0 */
/* test_trouble: what bytes that are no reply tell of their sender. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "collectors/modbus/frame/trouble.h"
#include "hex.h"

enum { TRANSACTION = 0x1234 };

static const struct frame_request two_registers = {
    .unit = 1, .function = 3, .address = 7, .quantity = 2};

struct row {
    enum frame_kind kind;
    const char *hex;
    const char *words;
};

static const struct row rows[] = {
    {FRAME_TCP, "1234 0000 0007 00 03 04 0001 0002", "answers, but as unit 0 instead of 1"},
    {FRAME_TCP, "1234 0000 0007 FF 03 04 0001 0002", "answers, but as unit 255 instead of 1"},
    {FRAME_TCP, "1234 0000 0007 09 03 04 0001 0002", "answers, but as unit 9 instead of 1"},
    {FRAME_TCP, "1234 0000 0007 01 04 04 0001 0002", "answers, but to function 4 instead of 3"},
    {FRAME_TCP, "1234 0000 0003 01 84 02", "answers, but to function 4 instead of 3"},
    {FRAME_TCP, "0000 0000 0007 01 03 04 0001 0002",
     "answers, but with transaction id 0 instead of 4660"},
    {FRAME_TCP, "1234 0000 0009 01 03 06 0001 0002 0003",
     "answers, but with 3 registers instead of 2"},
    {FRAME_TCP, "1234 0000 0047 01 03 04 0001 0002",
     "answers, but with a length of 71 instead of 7"},
    {FRAME_TCP, "1234 0000 0007 01 03 04 0001", "answers, but with 11 of 13 bytes"},
    {FRAME_TCP, "1234 00", "answers, but with 3 of 13 bytes"},
    {FRAME_TCP, "48656C6C6F20776F726C", "bytes come, but no Modbus frame"},
    {FRAME_TCP, "01 03 04 0000C148 AB95", "answers, but with RTU frames"},
    {FRAME_RTU, "01 03 04 0000C148 AB96", "answers, but with a wrong checksum"},
    {FRAME_RTU, "01 83 02 C0F0", "answers, but with a wrong checksum"},
    {FRAME_RTU, "02 03 04 0000C148 98D5", "bytes come, but no Modbus frame"},
    {FRAME_RTU, "02 83 02 30F1", "answers, but as unit 2 instead of 1"},
    {FRAME_RTU, "01 84 02 C2C1", "answers, but to function 4 instead of 3"},
    {FRAME_RTU, "01 03 04 0000", "answers, but with 5 of 9 bytes"},
    {FRAME_RTU, "01 03 06 0001 0002 0003", "answers, but with 3 registers instead of 2"},
    {FRAME_RTU, "00 FF FE F8 80", "bytes come, but no Modbus frame"},
};

static void bytes_are_told_in_words(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        uint8_t bytes[64];
        char words[TROUBLE_SIZE];
        size_t size = hex_bytes(rows[i].hex, bytes);
        uint8_t *copy = mem_alloc(size); /* exactly, for the sanitizer */
        memcpy(copy, bytes, size);
        struct trouble trouble =
            trouble_of_bytes(rows[i].kind, &two_registers, TRANSACTION, FRAME_STRICT, copy, size);
        free(copy);
        trouble_say(&trouble, words, sizeof(words));
        assert_string_equal(words, rows[i].words);
        assert_true(trouble_is_heard(&trouble));
        assert_true(strlen(trouble_advice(&trouble)) > 0);
    }
}

static void what_is_allowed_is_no_trouble(void **state)
{
    (void)state;
    uint8_t bytes[64];
    size_t size = hex_bytes("0000 0000 0007 00 03 04 0001", bytes);
    struct trouble trouble = trouble_of_bytes(FRAME_TCP, &two_registers, TRANSACTION,
                                              FRAME_ANY_TRANSACTION | FRAME_ANY_UNIT, bytes, size);
    assert_int_equal(trouble.kind, TROUBLE_PART);
}

/* Each has words that fit, and all but none an advice. */
static void each_kind_has_words(void **state)
{
    (void)state;
    for (unsigned kind = TROUBLE_NONE; kind <= TROUBLE_NOISE; kind++) {
        const struct trouble trouble = {
            .kind = (uint8_t)kind, .got = UINT16_MAX, .wanted = UINT16_MAX};
        char words[TROUBLE_SIZE];
        char more[4 * TROUBLE_SIZE];
        trouble_say(&trouble, words, sizeof(words));
        trouble_say(&trouble, more, sizeof(more));
        assert_string_equal(words, more);
        assert_int_equal(strlen(words) > 0, kind != TROUBLE_NONE);
        assert_int_equal(strlen(trouble_advice(&trouble)) > 0, kind != TROUBLE_NONE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_are_told_in_words),
        cmocka_unit_test(what_is_allowed_is_no_trouble),
        cmocka_unit_test(each_kind_has_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
