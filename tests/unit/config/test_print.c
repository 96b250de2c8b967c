/* SPDX-License-Identifier: Apache-2.0 */
/* print, document: what is written reads back as the same, and the reference has every row. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "bench.h"
#include "gadget.h"
#include "support/support.h"

static char *print(const struct option_table *table, const void *value)
{
    char *printed = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&printed, &size);
    config_print(table, value, out);
    assert_int_equal(fclose(out), 0);
    return printed;
}

static struct gadget reload(struct bench *bench, const char *text)
{
    struct gadget gadget;
    config_load(bench_write(bench, "g.conf", text), &gadget_table, &gadget, bench->memory,
                bench->faults);
    bench_expect(bench, "");
    return gadget;
}

static void test_the_form(void **state)
{
    (void)state;
    struct bench bench;
    bench_start(&bench);
    struct gadget gadget = reload(
        &bench,
        "name = \"a\\\"b\\\\\\n\\t\"; large = -5000000000L; words = [\"x\", \"y\"]; share = 1;\n"
        "parts = ( { id = \"p\"; parts = ( { weight = 0.1; } ); } );");
    char *printed = print(&gadget_table, &gadget);
    assert_string_equal(printed, "is_on = true;\n"
                                 "port = 502;\n"
                                 "large = -5000000000L;\n"
                                 "share = 1.0;\n"
                                 "name = \"a\\\"b\\\\\\n\\t\";\n"
                                 "title = \"none\";\n"
                                 "id = \"g1\";\n"
                                 "owner = \"\";\n"
                                 "color = \"green\";\n"
                                 "words = ( \"x\", \"y\" );\n"
                                 "group: {\n"
                                 "    enabled = true;\n"
                                 "    host = \"\";\n"
                                 "};\n"
                                 "parts = (\n"
                                 "    {\n"
                                 "        id = \"p\";\n"
                                 "        size = 7;\n"
                                 "        parts = (\n"
                                 "            {\n"
                                 "                weight = 0.1;\n"
                                 "            }\n"
                                 "        );\n"
                                 "    }\n"
                                 ");\n");
    free(printed);
    bench_stop(&bench);
}

static void test_integers_come_back(void **state)
{
    (void)state;
    struct bench bench;
    bench_start(&bench);
    const int64_t values[] = {
        0, INT32_MAX, INT32_MIN, INT64_C(2147483648), INT64_C(-2147483649), INT64_MAX, INT64_MIN};
    struct gadget gadget = reload(&bench, "name = \"n\";");
    for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
        gadget.large = values[i];
        char *printed = print(&gadget_table, &gadget);
        assert_true(reload(&bench, printed).large == values[i]);
        free(printed);
    }
    bench_stop(&bench);
}

static void test_floats_come_back(void **state)
{
    (void)state;
    struct bench bench;
    bench_start(&bench);
    const double values[] = {0.1,
                             -0.0,
                             1e22,
                             1e15,
                             5000000000.0,
                             1e-300,
                             4.9e-324,
                             1.7976931348623157e308,
                             0.30000000000000004,
                             1e-5};
    struct gadget gadget = reload(&bench, "name = \"n\";");
    for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
        gadget.free = values[i];
        char *printed = print(&gadget_table, &gadget);
        assert_true(reload(&bench, printed).free == values[i]);
        free(printed);
    }
    gadget.free = NAN;
    char *printed = print(&gadget_table, &gadget);
    assert_true(isnan(reload(&bench, printed).free));
    free(printed);
    bench_stop(&bench);
}

static void add_random_string(struct text *text, uint64_t *seed)
{
    static const char *const pieces[] = {"a",   "\"",       "\\", "\n", "\t", "零",
                                         "x41", "#",        "//", "/*", " ",  "\\x",
                                         "{",   "@include", "é",  "\r", "\f", "*2*"};
    text_clear(text);
    text_add_char(text, 's');
    for (uint64_t i = test_random(seed) % 12; i > 0; i--) {
        text_add_string(text, pieces[test_random(seed) % ARRAY_SIZE(pieces)]);
    }
}

static void test_strings_come_back(void **state)
{
    (void)state;
    struct bench bench;
    bench_start(&bench);
    struct gadget gadget = reload(&bench, "name = \"n\";");
    uint64_t seed = 7;
    struct text text = {0};
    for (int i = 0; i < 300; i++) {
        add_random_string(&text, &seed);
        gadget.name = text.data;
        char *printed = print(&gadget_table, &gadget);
        assert_string_equal(reload(&bench, printed).name, text.data);
        free(printed);
    }
    text_finish(&text);
    bench_stop(&bench);
}

static void test_printing_twice_changes_nothing(void **state)
{
    (void)state;
    struct bench bench;
    bench_start(&bench);
    struct site site;
    config_load(
        bench_write(&bench, "site.conf",
                    "id = \"s\"; nodes = ( { id = \"b1\"; area_m2 = 12.5; } );\n"
                    "lines = ( { id = \"l1\"; transport = \"rtu\"; path = \"/dev/ttyS0\"; parity "
                    "= \"even\"; devices = ( { id = \"m1\"; profile = \"p\"; } ); } );"),
        &site_table, &site, bench.memory, bench.faults);
    char *once = print(&site_table, &site);
    config_load(bench_write(&bench, "site.conf", once), &site_table, &site, bench.memory,
                bench.faults);
    char *twice = print(&site_table, &site);
    bench_expect(&bench, "");
    assert_string_equal(once, twice);
    free(once);
    free(twice);
    bench_stop(&bench);
}

static char *document(const struct option_table *table)
{
    char *written = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&written, &size);
    config_document(table, out);
    assert_int_equal(fclose(out), 0);
    return written;
}

static void test_the_reference(void **state)
{
    (void)state;
    char *written = document(&gadget_table);
    const char *const lines[] = {
        "## gadget\n\nA thing for tests.\n\n| option | wants | default | meaning |\n",
        "| `is_on` | true or false | `true` | A switch. |\n",
        "| `port` | an integer 1..65535 | `502` | A bounded integer. |\n",
        "| `share` | a number 0..1.5 A | `0.5` | A bounded number \\| with a bar. |\n",
        "| `free` | a number | none | A number that may be absent. |\n",
        "| `name` | a string | **must be given** | A string that must be given. |\n",
        "| `title` | a string of 2..8 bytes | `\"none\"` | A bounded string. |\n",
        "| `owner` | a string of 1..63 characters a-z, 0-9, _ and -, or \"\" | `\"\"` | An id that "
        "may be "
        "empty. |\n",
        "| `color` | one of red, green, blue | `\"green\"` | A word. |\n",
        "| `group` | a group, { .. }: see [group](#group) | its defaults | A group. |\n",
        "| `parts` | a list of groups, ( { .. }, { .. } ): see [part](#part) | empty | A list. |\n",
        "\n## group\n\nSome options.\n",
        "\n## part\n\nA part.\n",
        "\n## bit\n\nA part of a part.\n",
        "| `weight` | a number kg | **must be given** | How heavy it is. |\n",
    };
    const char *at = written;
    for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
        at = strstr(at, lines[i]);
        if (!at) {
            fail_msg("not there, or not in order: %s", lines[i]);
            break;
        }
    }
    free(written);
}

static void count_rows(const struct option_table *table, const char *written)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct option *row = &table->rows[i];
        char *start = row->type == OPTION_INLINE
                          ? mem_format("\n| options of [%s]", row->table->name)
                          : mem_format("\n| `%s` | ", row->name);
        assert_non_null(strstr(written, start));
        free(start);
        assert_non_null(row->help);
        assert_true(row->help[0] != '\0');
        if (row->table) {
            count_rows(row->table, written);
        }
    }
}

static void test_the_reference_holds_every_row(void **state)
{
    (void)state;
    const struct option_table *const tables[] = {&site_table, &profile_table, &gadget_table};
    for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
        char *written = document(tables[i]);
        count_rows(tables[i], written);
        free(written);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_form),
        cmocka_unit_test(test_integers_come_back),
        cmocka_unit_test(test_floats_come_back),
        cmocka_unit_test(test_strings_come_back),
        cmocka_unit_test(test_printing_twice_changes_nothing),
        cmocka_unit_test(test_the_reference),
        cmocka_unit_test(test_the_reference_holds_every_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
