/* SPDX-License-Identifier: Apache-2.0 */
/* text: the growing string and JSON strings. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "support/support.h"

static void assert_json(const char *string, const char *expected)
{
    struct text text = {0};
    text_add_json_string(&text, string);
    assert_string_equal(text.data, expected);
    text_finish(&text);
}

static void test_grows(void **state)
{
    (void)state;
    struct text text = {0};
    for (int i = 0; i < 1000; i++) {
        text_add_string(&text, "0123456789");
        text_add_char(&text, '|');
    }
    assert_int_equal(text.length, 11000);
    assert_int_equal(strlen(text.data), 11000);
    text_clear(&text);
    assert_int_equal(text.length, 0);
    assert_string_equal(text.data, "");
    text_add(&text, "a\0b", 3);
    assert_memory_equal(text.data, "a\0b", 4);
    text_finish(&text);
    assert_null(text.data);
    text_finish(NULL);
}

static void test_format_short_and_long(void **state)
{
    (void)state;
    struct text text = {0};
    text_add_format(&text, "%d-%s", 7, "x");
    text_add_format(&text, "%600d", 5);
    assert_int_equal(text.length, 603);
    assert_string_equal(text.data + 601, " 5");
    assert_memory_equal(text.data, "7-x ", 4);
    text_finish(&text);
}

static void test_take(void **state)
{
    (void)state;
    struct text text = {0};
    char *nothing = text_take(&text);
    assert_string_equal(nothing, "");
    free(nothing);
    text_add_string(&text, "line-1");
    char *string = text_take(&text);
    assert_string_equal(string, "line-1");
    assert_null(text.data);
    assert_int_equal(text.length, 0);
    free(string);
}

static void test_json_escapes(void **state)
{
    (void)state;
    assert_json("", "\"\"");
    assert_json("plain", "\"plain\"");
    assert_json("a\"b\\c/d", "\"a\\\"b\\\\c/d\"");
    assert_json("\b\t\n\f\r", "\"\\b\\t\\n\\f\\r\"");
    assert_json("\x01\x1f", "\"\\u0001\\u001f\"");
    assert_json("零碳 €", "\"零碳 €\"");
    assert_json("\xF0\x9F\x94\x8C", "\"\xF0\x9F\x94\x8C\"");
}

#define REPLACED "\xEF\xBF\xBD"

static void test_json_replaces_what_is_no_utf8(void **state)
{
    (void)state;
    assert_json("a\xFFz", "\"a" REPLACED "z\"");
    assert_json("\x80", "\"" REPLACED "\"");
    assert_json("\xC0\xAF", "\"" REPLACED REPLACED "\"");              /* overlong "/" */
    assert_json("\xE0\x80\xAF", "\"" REPLACED REPLACED REPLACED "\""); /* the same in three */
    assert_json("\xED\xA0\x80", "\"" REPLACED REPLACED REPLACED "\""); /* a surrogate */
    assert_json("\xF4\x90\x80\x80", "\"" REPLACED REPLACED REPLACED REPLACED "\"");
    assert_json("\xE9\x9B", "\"" REPLACED REPLACED "\""); /* cut short */
    assert_json("\xE9\x9B\"", "\"" REPLACED REPLACED "\\\"\"");
}

/* Whatever a device sends, what we write is JSON. */
static void test_json_always_parses(void **state)
{
    (void)state;
    uint64_t seed = 42;
    for (int round = 0; round < 20000; round++) {
        char bytes[24] = {0};
        size_t length = test_random(&seed) % (sizeof(bytes) - 1);
        for (size_t i = 0; i < length; i++) {
            uint64_t draw = test_random(&seed);
            bytes[i] = (char)(draw % 3 == 0 ? 0xE0 + (draw >> 8) % 32 : 0x80 + (draw >> 8) % 80);
        }
        struct text text = {0};
        text_add_json_string(&text, bytes);
        json_t *json = json_loads(text.data, JSON_DECODE_ANY, NULL);
        assert_non_null(json);
        json_decref(json);
        text_finish(&text);
    }
}

static void test_plural(void **state)
{
    (void)state;
    assert_string_equal(plural_s(0), "s");
    assert_string_equal(plural_s(1), "");
    assert_string_equal(plural_s(2), "s");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_grows),
        cmocka_unit_test(test_format_short_and_long),
        cmocka_unit_test(test_take),
        cmocka_unit_test(test_json_escapes),
        cmocka_unit_test(test_json_replaces_what_is_no_utf8),
        cmocka_unit_test(test_json_always_parses),
        cmocka_unit_test(test_plural),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
