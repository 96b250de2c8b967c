/* SPDX-License-Identifier: Apache-2.0 */
/* load: values of every type, and every fault with the very words a person will read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "bench.h"
#include "gadget.h"

static struct gadget load(struct bench *bench, const char *text)
{
    struct gadget gadget;
    config_load(bench_write(bench, "g.conf", text), &gadget_table, &gadget, bench->memory,
                bench->faults);
    return gadget;
}

static void test_fallbacks(void **state)
{
    (void)state;
    struct bench bench;
    bench_start(&bench);
    struct gadget gadget = load(&bench, "name = \"n\";");
    bench_expect(&bench, "");
    assert_true(gadget.is_on);
    assert_int_equal(gadget.port, 502);
    assert_int_equal(gadget.large, 16);
    assert_true(gadget.share == 0.5);
    assert_true(isnan(gadget.free));
    assert_string_equal(gadget.name, "n");
    assert_string_equal(gadget.title, "none");
    assert_string_equal(gadget.id, "g1");
    assert_string_equal(gadget.owner, "");
    assert_int_equal(gadget.color, 1);
    assert_int_equal(gadget.words.count, 0);
    assert_true(gadget.group.enabled);
    assert_string_equal(gadget.group.host, "");
    assert_int_equal(gadget.parts.count, 0);
    bench_stop(&bench);
}

static void test_values(void **state)
{
    (void)state;
    struct bench bench;
    bench_start(&bench);
    struct gadget gadget = load(
        &bench, "is_on = FALSE; port = 0xffff; large = -9223372036854775808L;\n"
                "share = 1; free = -2.5e-3; name = \"零碳 \\\"q\\\" \" \"two\"; title = \"ab\";\n"
                "id = \"x-1_y\"; owner = \"\"; color = \"blue\"; words = [\"a\", \"b\"];\n"
                "group: { enabled = false; host = \"h\"; };\n"
                "parts = ( { id = \"p1\"; },\n"
                "          { id = \"p2\"; size = 5000000000L; parts = ( { weight = 3; }, { weight "
                "= .5; } ); } );\n");
    bench_expect(&bench, "");
    assert_false(gadget.is_on);
    assert_int_equal(gadget.port, 65535);
    assert_true(gadget.large == INT64_MIN);
    assert_true(gadget.share == 1);
    assert_true(gadget.free == -2.5e-3);
    assert_string_equal(gadget.name, "零碳 \"q\" two");
    assert_string_equal(gadget.id, "x-1_y");
    assert_int_equal(gadget.color, 2);
    assert_int_equal(gadget.words.count, 2);
    assert_string_equal(gadget.words.items[1], "b");
    assert_false(gadget.group.enabled);
    assert_string_equal(gadget.group.host, "h");
    assert_int_equal(gadget.parts.count, 2);
    const struct gadget_part *parts = gadget.parts.items;
    assert_int_equal(parts[0].size, 7);
    assert_int_equal(parts[0].origin.line, 5);
    assert_string_equal(parts[1].origin.file, bench_path(&bench, "g.conf"));
    assert_int_equal(parts[1].origin.line, 6);
    assert_int_equal(parts[1].size, 5000000000);
    const struct gadget_bit *bits = parts[1].parts.items;
    assert_int_equal(parts[1].parts.count, 2);
    assert_true(bits[0].weight == 3 && bits[1].weight == 0.5);
    bench_stop(&bench);
}

static const struct {
    const char *text;
    const char *faults;
} cases[] = {
    /* missing and unknown */
    {"", "g.conf: name: is missing, wants a string\n"},
    {"name = \"n\";\nnamee = 1;", "g.conf:2: namee: is not known, nearest is name\n"},
    {"name = \"n\"; voltage = 1;",
     "g.conf:1: voltage: is not known, wants one of is_on, port, large, share, free, name, title, "
     "id, owner, color, words, group, parts\n"},
    {"name = \"n\"; group: { };", "g.conf:1: group.host: is missing, wants a string\n"},
    {"name = \"n\";\nparts = (\n  { },\n  { id = \"b\"; sizze = 1; } );",
     "g.conf:3: parts[0].id: is missing, wants a string of 1..63 characters a-z, 0-9, _ and -\n"
     "g.conf:4: parts.b.sizze: is not known, nearest is size\n"},
    /* given twice */
    {"name = \"n\";\nport = 1;\nname = \"m\"; port = 2; port = 3;",
     "g.conf:3: name: is given again, wants one value: the first is on line 1\n"
     "g.conf:3: port: is given again, wants one value: the first is on line 2\n"
     "g.conf:3: port: is given again, wants one value: the first is on line 2\n"},
    /* wrong types */
    {"name = 5;", "g.conf:1: name: is an integer, wants a string\n"},
    {"name = \"n\"; is_on = 1;", "g.conf:1: is_on: is an integer, wants true or false\n"},
    {"name = \"n\"; port = \"x\";", "g.conf:1: port: is a string, wants an integer 1..65535\n"},
    {"name = \"n\"; port = 5.0;",
     "g.conf:1: port: is a number with a decimal point, wants an integer 1..65535\n"},
    {"name = \"n\"; share = true;", "g.conf:1: share: is a boolean, wants a number 0..1.5 A\n"},
    {"name = \"n\"; id = ( );",
     "g.conf:1: id: is a list, wants a string of 1..63 characters a-z, 0-9, _ and -\n"},
    {"name = \"n\"; color = 1;", "g.conf:1: color: is an integer, wants one of red, green, blue\n"},
    {"name = \"n\"; words = \"a\";",
     "g.conf:1: words: is a string, wants a list of strings, ( \"..\", \"..\" )\n"},
    {"name = \"n\"; words = ( \"a\", 5, \"b\" );",
     "g.conf:1: words[1]: is an integer, wants a string\n"},
    {"name = \"n\"; group = 1;", "g.conf:1: group: is an integer, wants a group, { .. }\n"},
    {"name = \"n\"; group = ( { } );", "g.conf:1: group: is a list, wants a group, { .. }\n"},
    {"name = \"n\"; parts = { };",
     "g.conf:1: parts: is a group, wants a list of groups, ( { .. }, { .. } )\n"},
    {"name = \"n\"; parts = [ 1 ];",
     "g.conf:1: parts: is an array, wants a list of groups, ( { .. }, { .. } )\n"},
    {"name = \"n\"; parts = ( { id = \"a\"; }, 5 );",
     "g.conf:1: parts[1]: is an integer, wants a group, { .. }\n"},
    /* wrong values */
    {"name = \"n\"; port = 70000;", "g.conf:1: port: is 70000, wants an integer 1..65535\n"},
    {"name = \"n\"; port = -1;", "g.conf:1: port: is -1, wants an integer 1..65535\n"},
    {"name = \"n\"; share = 1.75;", "g.conf:1: share: is 1.75, wants a number 0..1.5 A\n"},
    {"name = \"n\"; free = 1e999;",
     "g.conf:1: free: is beyond the range of a double, wants a number\n"},
    {"name = \"n\"; title = \"\";", "g.conf:1: title: is empty, wants a string of 2..8 bytes\n"},
    {"name = \"n\"; title = \"ninebytes\";",
     "g.conf:1: title: is 9 bytes long, wants a string of 2..8 bytes\n"},
    {"name = \"n\"; id = \"\";",
     "g.conf:1: id: is \"\", wants a string of 1..63 characters a-z, 0-9, _ and -\n"},
    {"name = \"n\"; id = \"Meter 1\";",
     "g.conf:1: id: is \"Meter 1\", wants a string of 1..63 characters a-z, 0-9, _ and -\n"},
    {"name = \"n\"; color = \"gren\";",
     "g.conf:1: color: is \"gren\", nearest is \"green\", wants one of red, green, blue\n"},
    {"name = \"n\"; color = \"violet\";",
     "g.conf:1: color: is \"violet\", wants one of red, green, blue\n"},
    {"name = \"\xff\";", "g.conf:1: name: is not UTF-8, wants the file saved in UTF-8\n"},
    {"name = \"\xc0\xaf\";", "g.conf:1: name: is not UTF-8, wants the file saved in UTF-8\n"},
    {"name = \"\xed\xa0\x80\";", "g.conf:1: name: is not UTF-8, wants the file saved in UTF-8\n"},
    /* integers that libconfig would cut */
    {"name = \"n\"; large = 5000000000;",
     "g.conf:1: large: is 5000000000, which does not fit 32 bits, wants the suffix L: "
     "5000000000L\n"},
    {"name = \"n\"; large = 0xFFFFFFFF;",
     "g.conf:1: large: is 0xFFFFFFFF, which does not fit 32 bits, wants the suffix L: "
     "0xFFFFFFFFL\n"},
    {"name = \"n\"; large = 9223372036854775808L;",
     "g.conf:1: large: is 9223372036854775808L, which does not fit 64 bits, wants a smaller "
     "integer\n"},
    {"name = \"n\"; port = 4294967298;",
     "g.conf:1: port: is 4294967298, wants an integer 1..65535\n"},
    {"name = \"n\"; free = 5000000000;",
     "g.conf:1: free: is the integer 5000000000, which does not fit 32 bits, wants a decimal "
     "point\n"},
    {"name = 5000000000;", "g.conf:1: name: is the integer 5000000000, wants a string\n"},
    {"name = \"n\"; parts = ( 5000000000 );",
     "g.conf:1: parts[0]: is the integer 5000000000, wants a group, { .. }\n"},
    {"name = \"n\"; parts = ( { id = \"a\"; size = 5000000000; } );",
     "g.conf:1: parts.a.size: is 5000000000, which does not fit 32 bits, wants the suffix L: "
     "5000000000L\n"},
    {"name = \"n\"; words = ( \"a\", 5000000000 );",
     "g.conf:1: words[1]: is the integer 5000000000, wants a string\n"},
};

static void test_each_fault(void **state)
{
    (void)state;
    struct bench bench;
    bench_start(&bench);
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        load(&bench, cases[i].text);
        bench_expect(&bench, cases[i].faults);
    }
    bench_stop(&bench);
}

static void test_all_faults_at_once(void **state)
{
    (void)state;
    struct bench bench;
    bench_start(&bench);
    struct gadget gadget = load(&bench, "port = 0;\n"
                                        "color = \"blu\";\n"
                                        "title = \"good\";\n"
                                        "parts = (\n"
                                        "  { id = \"a\"; size = 1.5;\n"
                                        "    parts = ( { weight = \"x\"; } ); },\n"
                                        "  { id = \"B\"; parts = ( { } ); }\n"
                                        ");\n"
                                        "group: { enabled = 0; hots = \"h\"; };\n"
                                        "port = 5;\n");
    bench_expect(
        &bench,
        "g.conf: name: is missing, wants a string\n"
        "g.conf:1: port: is 0, wants an integer 1..65535\n"
        "g.conf:2: color: is \"blu\", nearest is \"blue\", wants one of red, green, blue\n"
        "g.conf:5: parts.a.size: is a number with a decimal point, wants an integer\n"
        "g.conf:6: parts.a.parts[0].weight: is a string, wants a number kg\n"
        "g.conf:7: parts[1].id: is \"B\", wants a string of 1..63 characters a-z, 0-9, _ and -\n"
        "g.conf:7: parts[1].parts[0].weight: is missing, wants a number kg\n"
        "g.conf:9: group.enabled: is an integer, wants true or false\n"
        "g.conf:9: group.hots: is not known, nearest is host\n"
        "g.conf:9: group.host: is missing, wants a string\n"
        "g.conf:10: port: is given again, wants one value: the first is on line 1\n");
    assert_int_equal(gadget.port, 502); /* a wrong value leaves the fallback */
    assert_string_equal(gadget.title, "good");
    bench_stop(&bench);
}

static void test_a_long_string_is_refused(void **state)
{
    (void)state;
    struct bench bench;
    bench_start(&bench);
    char text[6000] = "name = \"";
    memset(text + 8, 'x', 4097);
    strncpy(text + 8 + 4097, "\";", 3);
    load(&bench, text);
    bench_expect(&bench, "g.conf:1: name: is 4097 bytes long, at most 4096 are allowed\n");
    bench_stop(&bench);
}

static void test_defaults_alone(void **state)
{
    (void)state;
    struct bench bench;
    bench_start(&bench);
    struct gadget gadget;
    memset(&gadget, 0xa5, sizeof(gadget));
    config_defaults(&gadget_table, &gadget, bench.memory);
    assert_int_equal(gadget.port, 502);
    assert_string_equal(gadget.name, "");
    assert_int_equal(gadget.parts.count, 0);
    bench_stop(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fallbacks),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_each_fault),
        cmocka_unit_test(test_all_faults_at_once),
        cmocka_unit_test(test_a_long_string_is_refused),
        cmocka_unit_test(test_defaults_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
