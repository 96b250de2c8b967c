/* SPDX-License-Identifier: Apache-2.0 */
/* source: what cannot be read, what is no configuration at all, includes, and sizes that would hurt. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "bench.h"
#include "gadget.h"

static struct gadget load_path(struct bench *bench, const char *path)
{
    struct gadget gadget;
    config_load(path, &gadget_table, &gadget, bench->memory, bench->faults);
    return gadget;
}

static struct gadget load(struct bench *bench, const char *text)
{
    return load_path(bench, bench_write(bench, "g.conf", text));
}

static const struct {
    const char *text;
    const char *faults;
} cases[] = {
    {"name = tcp;",
     "g.conf:1: tcp is neither true, false nor a number, a text wants quotes: \"tcp\"\n"},
    {"words = (\"a\",\n b);",
     "g.conf:2: b is neither true, false nor a number, a text wants quotes: \"b\"\n"},
    {"name = 192.168.1.5;",
     "g.conf:1: 192.168.1.5 is no number, a text wants quotes: \"192.168.1.5\"\n"},
    {"name = -x;", "g.conf:1: -x is no number, a text wants quotes: \"-x\"\n"},
    {"port = 12ms;", "g.conf:1: 12ms is no number, a text wants quotes: \"12ms\"\n"},
    {"port = 1；", "g.conf:1: \"；\" stands outside quotes, wants NAME = VALUE; in ASCII\n"},
    {"port = 1\xff", "g.conf:1: byte 0xff stands outside quotes, wants NAME = VALUE; in ASCII\n"},
    {"port = 1 %", "g.conf:1: \"%\" stands outside quotes, wants NAME = VALUE;\n"},
    {"\n\nport = = 1;", "g.conf:3: = stands where a value is wanted\n"},
    {"port 1;", "g.conf:1: 1 stands where = and a value is wanted\n"},
    {"port = 1;;", "g.conf:1: ; stands where NAME = VALUE; is wanted\n"},
    {"port = 1 2;", "g.conf:1: 2 stands where ; and the next setting is wanted\n"},
    {"port = 1 \"2\";", "g.conf:1: \" stands where ; and the next setting is wanted\n"},
    {"5 = port;", "g.conf:1: 5 stands where NAME = VALUE; is wanted\n"},
    {"true = 5;", "g.conf:1: true stands where NAME = VALUE; is wanted\n"},
    {"parts = ( ;", "g.conf:1: ; stands where a value or ) is wanted\n"},
    {"parts = ( {} {} );", "g.conf:1: { stands where , or ) is wanted\n"},
    {"parts = ( {}, );", "g.conf:1: ) stands where a value is wanted\n"},
    {"words = [ (1) ];", "g.conf:1: ( stands where a plain value or ] is wanted\n"},
    {"words = [ 1, ];", "g.conf:1: ] stands where a plain value is wanted\n"},
    {"words = [ 1 2 ];", "g.conf:1: 2 stands where , or ] is wanted\n"},
    {"group: { enabled };", "g.conf:1: } stands where = and a value is wanted\n"},
    {"port =\n\n", "g.conf:3: the file ends where a value is wanted\n"},
    {"port", "g.conf:1: the file ends where = and a value is wanted\n"},
    {"parts = ( {}, ", "g.conf:1: \"(\" is never closed, wants \")\"\n"},
    {"parts = (", "g.conf:1: \"(\" is never closed, wants \")\"\n"},
    {"group: {\n port = (1\n };", "g.conf:3: \"}\" stands where the \"(\" of line 2 wants \")\"\n"},
    {"port = 1; }", "g.conf:1: \"}\" closes nothing that was opened\n"},
    {"name = \"abc\n\n", "g.conf:1: the string that begins here never ends, wants a closing \"\n"},
    {"port = 1; /* abc\n", "g.conf:1: the comment that begins here never ends, wants */\n"},
    {"name = \"a\\x00b\";", "g.conf:1: the string holds a control byte, wants text\n"},
    {"name = \"a\\x01b\";", "g.conf:1: the string holds a control byte, wants text\n"},
    {"port = 1;\n\x01", "g.conf:2: byte 0x01 is no text, wants a text file in UTF-8\n"},
    {"words = [ 5000000000 ];",
     "g.conf:1: 5000000000 does not fit 32 bits, a larger integer wants the suffix L\n"},
    {"words = [ 1, \"a\" ];",
     "g.conf:1: mismatched element type in array at or before \"words = [ 1, \"a\" ];\", wants "
     "NAME = VALUE;\n"},
    {"x @include \"y\"", "g.conf:1: \"@\" stands where a setting is wanted, @include wants its own "
                         "line\n"},
    {"@inclde \"y\"", "g.conf:1: \"@\" stands where a setting is wanted; a file is included by "
                      "@include \"path\"\n"},
    {"\n@include \"none.conf\"\n",
     "g.conf:2: the included file none.conf cannot be read: No such file or directory\n"},
    {"@include \"g.conf\"",
     "g.conf:1: @include nests too deep, at most 10 files may include one another\n"},
};

static void test_each_syntax_fault(void **state)
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

static void test_a_zero_byte_ends_nothing(void **state)
{
    (void)state;
    struct bench bench;
    bench_start(&bench);
    const char text[] = "name = \"n\";\nport = 1;\0 port = 99999;";
    load_path(&bench, bench_write_bytes(&bench, "g.conf", text, sizeof(text) - 1));
    bench_expect(&bench, "g.conf:2: byte 0x00 is no text, wants a text file in UTF-8\n");
    bench_stop(&bench);
}

static void test_what_is_no_file(void **state)
{
    (void)state;
    struct bench bench;
    bench_start(&bench);
    load_path(&bench, bench_path(&bench, "none.conf"));
    bench_expect(&bench, "none.conf: cannot be read: No such file or directory\n");
    assert_int_equal(mkdir(bench_path(&bench, "folder.conf"), 0700), 0);
    load_path(&bench, bench_path(&bench, "folder.conf"));
    bench_expect(&bench, "folder.conf: cannot be read: it is a folder\n");
    assert_int_equal(mkfifo(bench_path(&bench, "pipe.conf"), 0600), 0);
    load_path(&bench, bench_path(&bench, "pipe.conf"));
    bench_expect(&bench, "pipe.conf: cannot be read: it is no regular file\n");
    load(&bench, "@include \"pipe.conf\"\n");
    bench_expect(&bench,
                 "g.conf:1: the included file pipe.conf cannot be read: it is no regular file\n");
    const char *large = bench_write(&bench, "large.conf", "");
    assert_int_equal(truncate(large, (16 << 20) + 1), 0);
    load_path(&bench, large);
    bench_expect(&bench,
                 "large.conf: cannot be read: it is too large, at most 16 MiB are allowed\n");
    bench_stop(&bench);
}

static void test_comments_marks_and_line_ends(void **state)
{
    (void)state;
    struct bench bench;
    bench_start(&bench);
    struct gadget gadget = load(&bench, "\xef\xbb\xbf# a comment: \"{ 零\r\n"
                                        "// another } one\r\n"
                                        "/* one\r\n of two lines */ name = \"# no // comment\";\r\n"
                                        "port : 7 /* , */ , is_on=false\f\n"
                                        "prot = 1;\r\n");
    bench_expect(&bench, "g.conf:6: prot: is not known, nearest is port\n");
    assert_string_equal(gadget.name, "# no // comment");
    assert_int_equal(gadget.port, 7);
    assert_false(gadget.is_on);
    bench_stop(&bench);
}

static void test_includes_keep_their_places(void **state)
{
    (void)state;
    struct bench bench;
    bench_start(&bench);
    bench_write(&bench, "more/parts.conf",
                "{ id = \"a\";\n\n sizze = 1; },\n@include \"last.conf\"");
    bench_write(&bench, "more/last.conf", "\n{ id = \"b\"; size = 2.5; }\n");
    struct gadget gadget = load(&bench, "name = \"n\";\n"
                                        "parts = (\n"
                                        "  @include \"more/parts.conf\"\n"
                                        ");\n"
                                        "port = 0;\n");
    bench_expect(&bench, "more/parts.conf:3: parts.a.sizze: is not known, nearest is size\n"
                         "more/last.conf:2: parts.b.size: is a number with a decimal point, wants "
                         "an integer\n"
                         "g.conf:5: port: is 0, wants an integer 1..65535\n");
    assert_int_equal(gadget.parts.count, 2);
    const struct gadget_part *parts = gadget.parts.items;
    assert_string_equal(parts[0].origin.file, bench_path(&bench, "more/parts.conf"));
    assert_int_equal(parts[0].origin.line, 1);
    bench_write(&bench, "half.conf", "( { id = \"a\"; }");
    load(&bench, "name = \"n\"; parts =\n@include \"half.conf\"\n);");
    bench_expect(&bench, "half.conf:1: \"(\" is never closed, wants \")\"\n");
    bench_write(&bench, "twice.conf", "port = 1;");
    load(&bench, "name = \"n\";\n@include \"twice.conf\"\n@include \"twice.conf\"\n");
    bench_expect(&bench,
                 "twice.conf:1: port: is given again, wants one value: the first is on line 1\n");
    bench_stop(&bench);
}

static void add_times(struct text *text, const char *piece, int count)
{
    for (int i = 0; i < count; i++) {
        text_add_string(text, piece);
    }
}

static void load_and_expect(struct bench *bench, struct text *text, const char *faults)
{
    load(bench, text->data);
    bench_expect(bench, faults);
    text_clear(text);
}

static void test_depth_and_lengths_are_bounded(void **state)
{
    (void)state;
    struct bench bench;
    bench_start(&bench);
    struct text text = {0};
    text_add_string(&text, "name = \"n\"; parts = ");
    add_times(&text, "(", 32);
    add_times(&text, ")", 32);
    load_and_expect(&bench, &text, "g.conf:1: parts[0]: is a list, wants a group, { .. }\n");
    text_add_string(&text, "parts =\n");
    add_times(&text, "(", 100000);
    load_and_expect(&bench, &text, "g.conf:2: \"(\" nests too deep, at most 32 are allowed\n");
    text_add_string(&text, "name = \"n\"; words = ( \"a\"");
    add_times(&text, ", \"a\"", 19999);
    text_add_string(&text, ");");
    load_and_expect(&bench, &text, "");
    text_add_string(&text, "name = \"n\"; words = ( \"a\"");
    add_times(&text, ", \"a\"", 20000);
    text_add_string(&text, ");");
    load_and_expect(&bench, &text,
                    "g.conf:1: the list is too long, at most 20000 items are allowed\n");
    for (int i = 0; i < 257; i++) {
        text_add_format(&text, "a%d = 1;\n", i);
    }
    load_and_expect(&bench, &text,
                    "g.conf:257: too many settings in one group, at most 256 are allowed\n");
    text_add_string(&text, "words = (");
    add_times(&text, "(1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1),\n", 19999);
    load_and_expect(&bench, &text, "g.conf:18519: too many settings, at most 500000 are allowed\n");
    bench_stop(&bench);
    text_finish(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_syntax_fault),
        cmocka_unit_test(test_a_zero_byte_ends_nothing),
        cmocka_unit_test(test_what_is_no_file),
        cmocka_unit_test(test_comments_marks_and_line_ends),
        cmocka_unit_test(test_includes_keep_their_places),
        cmocka_unit_test(test_depth_and_lengths_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
