/* SPDX-License-Identifier: Apache-2.0 */
/* text_time: stamps to ISO 8601 and back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/text.h"
#include "support/support.h"

static void assert_time(int64_t wall_us, const char *expected)
{
    struct text text = {0};
    text_add_time(&text, wall_us);
    assert_string_equal(text.data, expected);
    text_finish(&text);
}

static void assert_parsed(const char *string, int64_t expected_us)
{
    int64_t wall_us = -1;
    assert_int_equal(time_parse(string, &wall_us), 0);
    assert_int_equal(wall_us, expected_us);
}

static void test_format(void **state)
{
    (void)state;
    assert_time(0, "1970-01-01T00:00:00Z");
    assert_time(1795392000123456, "2026-11-23T00:00:00.123Z");
    assert_time(1795392000000999, "2026-11-23T00:00:00Z");
    assert_time(1709164800000000, "2024-02-29T00:00:00Z");
    assert_time(-1, "1969-12-31T23:59:59.999Z");
}

static void test_parse(void **state)
{
    (void)state;
    assert_parsed("1970-01-01T00:00:00Z", 0);
    assert_parsed("2026-11-23T00:00:00.123Z", 1795392000123000);
    assert_parsed("2026-11-23T08:00:00+08:00", 1795392000000000);
    assert_parsed("2026-11-23 08:00+0800", 1795392000000000);
    assert_parsed("2026-11-22T19:30:00.5-04:30", 1795392000500000);
    assert_parsed("2026-11-23T08:00:00+08", 1795392000000000);
    assert_parsed("2024-02-29T00:00:00.1234567Z", 1709164800123456);
    assert_parsed("1795392000123", 1795392000123000);
    assert_parsed("-5", -5000);
}

static void test_parse_refuses(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",
        "now",
        "-",
        "2026-11-23",
        "2026-11-23T08:00:00",
        "2026-11-23T08:00:00+",
        "2026-11-23T08:00:00+8",
        "2026-11-23T08:00:00+08:",
        "2026-11-23T08:00:00+08:00 ",
        "2026-11-23T08:00:00+24:00",
        "2026-11-23T08:00:00+08:60",
        "2026-11-23T08:00:00.Z",
        "2026-11-23T24:00:00Z",
        "2026-11-23T08:60:00Z",
        "2026-11-23T08:00:60Z",
        "2026-02-29T00:00:00Z",
        "2100-02-29T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z",
        "2026-04-31T00:00:00Z",
        "2026-4-01T00:00:00Z",
        "26-04-01T00:00:00Z",
        "1795392000123 ",
        "99999999999999999999",
        "9223372036854775807",
    };
    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
        int64_t wall_us = 77;
        if (time_parse(wrong[i], &wall_us) != -EINVAL || wall_us != 77) {
            fail_msg("\"%s\" was taken for a time", wrong[i]);
        }
    }
}

static void test_round_trip(void **state)
{
    (void)state;
    uint64_t seed = 3;
    for (int i = 0; i < 20000; i++) {
        int64_t wall_us = (int64_t)(test_random(&seed) % 4102444800000) * 1000;
        struct text text = {0};
        text_add_time(&text, wall_us);
        assert_parsed(text.data, wall_us);
        text_finish(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_format),
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_parse_refuses),
        cmocka_unit_test(test_round_trip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
