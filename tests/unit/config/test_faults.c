/* SPDX-License-Identifier: Apache-2.0 */
/* faults: kept in the order of files and lines, harmless to a terminal, bounded; and the words nearest to wrong ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"

static void test_order_is_by_file_then_line(void **state)
{
    (void)state;
    struct faults *faults = faults_create();
    faults_add(faults, (struct origin){.file = "b", .line = 9}, "x", "is 1");
    faults_add(faults, (struct origin){.file = "a", .line = 5}, NULL, "second file");
    faults_add(faults, (struct origin){.file = "b", .line = 2}, "y.z", "is %s", "2");
    faults_add(faults, (struct origin){.file = "b", .line = 9}, "w", "later on the same line");
    faults_add(faults, (struct origin){.file = "b"}, "v", "no line");
    faults_add(faults, (struct origin){0}, "u", "no file");
    assert_int_equal(faults_count(faults), 6);
    assert_string_equal(faults_line(faults, 0), "b: v: no line");
    assert_string_equal(faults_line(faults, 1), "b:2: y.z: is 2");
    assert_string_equal(faults_line(faults, 2), "b:9: x: is 1");
    assert_string_equal(faults_line(faults, 3), "b:9: w: later on the same line");
    assert_string_equal(faults_line(faults, 4), "a:5: second file");
    assert_string_equal(faults_line(faults, 5), "u: no file");
    assert_string_equal(faults_line(faults, 6), "");
    faults_destroy(faults);
}

static void test_control_bytes_do_not_reach_the_terminal(void **state)
{
    (void)state;
    struct faults *faults = faults_create();
    faults_add(faults, (struct origin){.file = "f", .line = 1}, "k", "is \"\x1b[2J\n\x7f零\"");
    assert_string_equal(faults_line(faults, 0), "f:1: k: is \"?[2J??零\"");
    faults_destroy(faults);
}

static void test_the_second_thousand_is_counted(void **state)
{
    (void)state;
    struct faults *faults = faults_create();
    for (int i = 0; i < 1234; i++) {
        assert_int_equal(faults_is_full(faults), i >= 1000);
        faults_add(faults, (struct origin){.file = "f", .line = i + 1}, NULL, "wrong");
    }
    assert_int_equal(faults_count(faults), 1234);
    char *printed = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&printed, &size);
    faults_print(faults, out);
    assert_int_equal(fclose(out), 0);
    const char *tail = "f:1000: wrong\n... and 234 more\n";
    assert_true(size > strlen(tail));
    assert_string_equal(printed + size - strlen(tail), tail);
    free(printed);
    faults_destroy(faults);
}

static const char *const words[] = {"transport", "host", "port", "parity",
                                    "unit",      "rtu",  "tcp",  NULL};

static void assert_nearest(const char *wrong, const char *expected)
{
    const char *near = nearest_word(wrong, words);
    if (expected) {
        assert_non_null(near);
        assert_string_equal(near, expected);
    } else {
        assert_null(near);
    }
}

static void test_nearest_words(void **state)
{
    (void)state;
    assert_nearest("tpc", "tcp");
    assert_nearest("TCP", "tcp");
    assert_nearest("unti", "unit");
    assert_nearest("prot", "port");
    assert_nearest("transpotr", "transport");
    assert_nearest("tranzpart", "transport");
    assert_nearest("hosts", "host");
    assert_nearest("baud", NULL);
    assert_nearest("x", NULL);
    assert_nearest("", NULL);
    assert_nearest("a-word-that-is-longer-than-sixty-four-characters-and-nobody's-typing-error",
                   NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order_is_by_file_then_line),
        cmocka_unit_test(test_control_bytes_do_not_reach_the_terminal),
        cmocka_unit_test(test_the_second_thousand_is_counted),
        cmocka_unit_test(test_nearest_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
