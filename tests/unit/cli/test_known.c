/* SPDX-License-Identifier: Apache-2.0 */
/* known: where a value of the display stands, in every type and order that devices use, and that the likeliest comes
 * first. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "cli/field/known.h"

static size_t search(const uint16_t *words, size_t count, const char *value,
                     struct known_match matches[static KNOWN_MATCHES_MAX])
{
    uint16_t copy[32];
    bool is_known[32];
    double number = 0;
    double tolerance = 0;
    memcpy(copy, words, count * sizeof(*words));
    for (size_t i = 0; i < count; i++) {
        is_known[i] = words[i] != 0xDEAD;
    }
    const struct capture capture = {
        .function = 3, .first = 100, .count = count, .words = copy, .is_known = is_known};
    assert_true(known_parse(value, &number, &tolerance));
    return known_search(&capture, number, tolerance, matches);
}

static void numbers_and_their_last_digit(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double value;
        double tolerance;
    } cases[] = {{"230.1", 230.1, 0.0501}, {"50", 50, 0.501}, {"-12.34", -12.34, 0.00501}};
    double value = 0;
    double tolerance = 0;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        assert_true(known_parse(cases[i].text, &value, &tolerance));
        assert_true(fabs(value - cases[i].value) < 1e-12);
        assert_true(fabs(tolerance - cases[i].tolerance) < 1e-12);
    }
    static const char *const bad[] = {"", "0", "0.00", "x", "230.1V", "nan", "inf"};
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        assert_false(known_parse(bad[i], &value, &tolerance));
    }
}

/* Words that hold a value, the value, and what must come first. */
static void each_type_and_order(void **state)
{
    (void)state;
    static const struct {
        uint16_t words[4];
        size_t count;
        const char *known;
        const char *type;
        const char *order;
        double scale;
        double ratio;
        enum known_fit fit;
    } cases[] = {
        {{2301}, 1, "230.1", "u16", "AB", 0.1, 1, KNOWN_TEN},
        {{0xFD08}, 1, "230.1", "u16", "BA", 0.1, 1, KNOWN_TEN},
        {{0x4366, 0x199A}, 2, "230.1", "f32", "ABCD", 1, 1, KNOWN_SAME},
        {{0x199A, 0x4366}, 2, "230.1", "f32", "CDAB", 1, 1, KNOWN_SAME},
        {{0x6643, 0x9A19}, 2, "230.1", "f32", "BADC", 1, 1, KNOWN_SAME},
        {{0x9A19, 0x6643}, 2, "230.1", "f32", "DCBA", 1, 1, KNOWN_SAME},
        {{0x0012, 0xD687}, 2, "12345.67", "u32", "ABCD", 0.01, 1, KNOWN_TEN},
        {{0xD687, 0x0012}, 2, "12345.67", "u32", "CDAB", 0.01, 1, KNOWN_TEN},
        {{0xFFFF, 0xFB2E}, 2, "-1.234", "i32", "ABCD", 0.001, 1, KNOWN_TEN},
        {{0xFB2E}, 1, "-1234", "i16", "AB", 1, 1, KNOWN_SAME},
        {{0x0012, 0x3456}, 2, "1234.56", "bcd", "", 0.01, 1, KNOWN_TEN},
        {{0x007B, 0x11D7}, 2, "1234567", "mod10k", "", 1, 1, KNOWN_SAME},
        {{0x4167, 0x8C29, 0xC000, 0x0000}, 4, "12345678", "f64", "ABCDEFGH", 1, 1, KNOWN_SAME},
        {{0x0000, 0x0000, 0x00BC, 0x614E}, 4, "12345678", "u64", "ABCDEFGH", 1, 1, KNOWN_SAME},
        {{1234}, 1, "98.72", "u16", "AB", 0.01, 8, KNOWN_TRANSFORMER},
        {{2310}, 1, "230.1", "u16", "AB", 0.1, 1, KNOWN_NEAR_TEN},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct known_match matches[KNOWN_MATCHES_MAX];
        size_t count = search(cases[i].words, cases[i].count, cases[i].known, matches);
        size_t found = 0;
        while (found < count && (strcmp(matches[found].type, cases[i].type) != 0 ||
                                 strcmp(matches[found].order, cases[i].order) != 0)) {
            found++;
        }
        if (found == count) {
            fail_msg("%s is not found as %s %s", cases[i].known, cases[i].type, cases[i].order);
        }
        assert_int_equal(matches[found].fit, cases[i].fit);
        assert_true(fabs(matches[found].scale - cases[i].scale) < 1e-9);
        assert_true(fabs(matches[found].ratio - cases[i].ratio) < 1e-9);
    }
}

static void the_best_comes_first(void **state)
{
    (void)state;
    /* 2310 is near, 2301 is equal after a tenth, the float is equal as it is. */
    static const uint16_t words[] = {2310, 2301, 0, 0x4366, 0x199A};
    struct known_match matches[KNOWN_MATCHES_MAX];
    size_t count = search(words, ARRAY_SIZE(words), "230.1", matches);
    assert_true(count >= 3);
    assert_int_equal(matches[0].address, 103);
    assert_string_equal(matches[0].type, "f32");
    assert_int_equal(matches[0].fit, KNOWN_SAME);
    assert_int_equal(matches[1].address, 101);
    assert_string_equal(matches[1].type, "u16");
    for (size_t i = 1; i < count; i++) {
        assert_true(matches[i - 1].fit <= matches[i].fit);
    }
}

static void registers_that_were_refused_are_not_looked_at(void **state)
{
    (void)state;
    static const uint16_t words[] = {0x4366, 0xDEAD, 0x199A};
    struct known_match matches[KNOWN_MATCHES_MAX];
    assert_int_equal(search(words, ARRAY_SIZE(words), "230.1", matches), 0);
}

static void many_matches_are_cut_at_the_worst(void **state)
{
    (void)state;
    uint16_t words[32];
    struct known_match matches[KNOWN_MATCHES_MAX];
    for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
        words[i] = 2310;
    }
    words[31] = 2301;
    assert_int_equal(search(words, ARRAY_SIZE(words), "230.1", matches), KNOWN_MATCHES_MAX);
    assert_int_equal(matches[0].address, 131);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_and_their_last_digit),
        cmocka_unit_test(each_type_and_order),
        cmocka_unit_test(the_best_comes_first),
        cmocka_unit_test(registers_that_were_refused_are_not_looked_at),
        cmocka_unit_test(many_matches_are_cut_at_the_worst),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
