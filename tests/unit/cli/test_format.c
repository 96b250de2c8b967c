/* SPDX-License-Identifier: Apache-2.0 */
/* How numbers, ages, tables and registers look; what times and options are taken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <getopt.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/cli.h"
#include "cli/field/decode.h"
#include "cli/remote/events.h"
#include "cli/remote/history.h"
#include "cli/screen/table.h"
#include "cli/screen/terminal.h"

static void assert_text(struct text *text, const char *expected)
{
    assert_string_equal(text->data ? text->data : "", expected);
    text_finish(text);
}

static void knows_widths(void **state)
{
    (void)state;
    assert_int_equal(text_width(""), 0);
    assert_int_equal(text_width("meter"), 5);
    assert_int_equal(text_width("1号楼总表"), 9);
    assert_int_equal(text_width("°C"), 2);
    assert_int_equal(text_width("e\xCC\x81"), 1); /* a combining accent */
    assert_int_equal(text_width("\xFF\xFE"), 2);  /* no UTF-8: still finite */
}

static void cuts_at_columns(void **state)
{
    struct text text = {0};
    (void)state;
    assert_int_equal(text_add_clipped(&text, "号楼", 3), 2); /* half a character is none */
    assert_text(&text, "号");
    assert_int_equal(text_add_clipped(&text, "abc", 2), 2);
    assert_text(&text, "ab");
    assert_int_equal(text_add_clipped(&text, "a\033[2Jb\n", 10), 7); /* no escapes from names */
    assert_text(&text, "a?[2Jb?");
}

static void tells_ages(void **state)
{
    static const struct {
        int64_t age_s;
        const char *text;
    } cases[] = {{-5, "0 s"},     {0, "0 s"},        {3, "3 s"},    {119, "119 s"},
                 {120, "2 min"},  {7199, "119 min"}, {7200, "2 h"}, {172799, "47 h"},
                 {172800, "2 d"}, {8640000, "100 d"}};
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct text text = {0};
        text_add_age(&text, cases[i].age_s * 1000000);
        assert_text(&text, cases[i].text);
    }
    struct text text = {0};
    text_add_age_of(&text, 0, 1000000);
    assert_text(&text, "never");
}

static void shows_values_with_units(void **state)
{
    static const struct {
        double value;
        const char *unit;
        const char *free;
        const char *steady;
    } cases[] = {
        {230.1, "V", "230.1 V", "230.1"},
        {1.23456, "kW", "1.235 kW", "1.23"},
        {26, "degC", "26 °C", "26.0"},
        {-0.5, "1", "-0.500", "-0.500"},
        {12345.678, "kWh", "12345.7 kWh", "12345.7"},
        {3, "", "3", "3"},
        {0.125, "m3/h", "0.125 m³/h", "0.12"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct text text = {0};
        text_add_reading(&text, cases[i].value, cases[i].unit);
        assert_text(&text, cases[i].free);
        text_add_steady(&text, cases[i].value, cases[i].unit);
        assert_text(&text, cases[i].steady);
    }
    struct text text = {0};
    text_add_reading(&text, (double)NAN, "kW");
    text_add_steady(&text, (double)NAN, "kW");
    assert_text(&text, "--");
}

static void shows_sizes_and_durations(void **state)
{
    struct text text = {0};
    (void)state;
    text_add_bytes(&text, 999);
    text_add_char(&text, '|');
    text_add_bytes(&text, 1234567);
    text_add_char(&text, '|');
    text_add_bytes(&text, 45000000000);
    text_add_char(&text, '|');
    text_add_duration(&text, 0);
    text_add_char(&text, '|');
    text_add_duration(&text, 850);
    text_add_char(&text, '|');
    text_add_duration(&text, 12340);
    text_add_char(&text, '|');
    text_add_duration(&text, 1500000);
    assert_text(&text, "999 B|1.2 MB|45 GB|-|850 us|12.3 ms|1.5 s");
}

static void has_a_letter_for_every_quality(void **state)
{
    static const char *const words[] = {"timeout",     "exception", "bad_reply", "not_implemented",
                                        "implausible", "stale",     "late",      "estimated"};
    char seen[16] = "";
    (void)state;
    assert_int_equal(quality_letter("ok"), 0);
    for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
        char letter = quality_letter(words[i]);
        assert_true(letter >= 'a' && letter <= 'z');
        assert_null(strchr(seen, letter));
        seen[i] = letter;
    }
    assert_int_equal(quality_letter("something new"), '?');
}

static void aligns_tables(void **state)
{
    static const struct table_column columns[] = {{"name", false}, {"n", true}, {"why", false}};
    struct table table;
    struct text text = {0};
    (void)state;
    table_init(&table, columns, ARRAY_SIZE(columns));
    table_add(&table, STYLE_NONE, "1号楼");
    table_add_format(&table, STYLE_NONE, "%d", 5);
    table_add(&table, STYLE_NONE, "");
    table_add(&table, STYLE_BAD, "abc");
    table_add(&table, STYLE_NONE, "12345");
    table_add(&table, STYLE_NONE, "gone");
    table_render(&table, false, &text);
    assert_text(&text, "name       n  why\n"
                       "1号楼      5\n"
                       "abc    12345  gone\n");
    table_render(&table, true, &text);
    assert_non_null(strstr(text.data, "\033[31mabc\033[0m  "));
    text_finish(&text);
    table_finish(&table);
}

/* The line that holds the first part must end with the second. */
static void assert_line(const char *text, const char *part, const char *end)
{
    const char *at = strstr(text, part);
    assert_non_null(at);
    size_t length = strcspn(at, "\n");
    assert_true(length >= strlen(end));
    assert_memory_equal(at + length - strlen(end), end, strlen(end));
}

static void decodes_registers_in_every_order(void **state)
{
    /* 230.1 as f32 is 0x4366199A; as f64 0x406CC33333333333. */
    static const uint16_t pair[] = {0x4366, 0x199A};
    static const uint16_t swapped[] = {0x9A19, 0x6643}; /* DCBA */
    static const uint16_t four[] = {0x406C, 0xC333, 0x3333, 0x3333};
    static const uint16_t minus[] = {0xFFFF, 0xFFFE};
    static const uint16_t letters[] = {0x4142, 0x0043};
    struct text text = {0};
    (void)state;
    decode_registers(&text, 100, pair, 2, false);
    assert_line(text.data, "    100  ABCD   4366199A  1130764698  ", "  230.1");
    assert_line(text.data, "    100  0x4366  17254  17254    26179", "Cf     0100 0011 0110 0110");
    text_clear(&text);
    decode_registers(&text, 0, swapped, 2, false);
    assert_line(text.data, "DCBA   4366199A  1130764698", "  230.1");
    text_clear(&text);
    decode_registers(&text, 0, four, 4, false);
    assert_line(text.data, "ABCDEFGH  406CC33333333333", "  230.1");
    assert_line(text.data, "GHEFCDAB  33333333C333406C", "e-62");
    assert_line(text.data, "BADCFEHG  6C4033C333333333", "e+213");
    assert_line(text.data, "HGFEDCBA  3333333333C36C40", "e-62");
    text_clear(&text);
    decode_registers(&text, 65534, minus, 2, false);
    assert_line(text.data, "  65535  0xFFFE  65534", "1111 1111 1111 1110");
    assert_line(text.data, "ABCD   FFFFFFFE  4294967294", "NaN");
    assert_line(text.data, "CDAB   FFFEFFFF  4294901759", "NaN");
    text_clear(&text);
    decode_registers(&text, 0, letters, 2, false);
    assert_non_null(strstr(text.data, "\ntext \"AB.C\"\n"));
    text_clear(&text);
    decode_registers(&text, 7, pair, 1, false);
    assert_null(strstr(text.data, "order"));
    text_finish(&text);
}

static void decodes_bits(void **state)
{
    static const uint16_t bits[] = {0x8005, 0x0001};
    struct text text = {0};
    (void)state;
    decode_bits(&text, 10, bits, 18);
    assert_text(&text, "     10  1 0 1 0 0 0 0 0 0 0 0 0 0 0 0 1\n     26  1 0\n");
}

static void understands_times(void **state)
{
    const int64_t now_us = 1700000000000000;
    int64_t time_us = 0;
    (void)state;
    assert_true(history_time("90s", now_us, &time_us));
    assert_int_equal(time_us, now_us - 90 * 1000000LL);
    assert_true(history_time("7d", now_us, &time_us));
    assert_int_equal(time_us, now_us - 7 * 86400 * 1000000LL);
    assert_true(history_time("2023-11-14T22:13+00:00", now_us, &time_us));
    assert_int_equal(time_us, 1699999980000000);
    assert_true(history_time("1699999980000", now_us, &time_us));
    assert_int_equal(time_us, 1699999980000000);
    static const char *const wrong[] = {"",    "h",         "1x",         "1hh",
                                        "-1h", "yesterday", "2023-11-14", "99999999999999999999h"};
    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
        assert_false(history_time(wrong[i], now_us, &time_us));
    }
}

struct seen {
    size_t count;
    char names[8][16];
    char data[8][64];
};

static void see(void *context, const char *name, const char *data)
{
    struct seen *seen = context;
    (void)snprintf(seen->names[seen->count], sizeof(seen->names[0]), "%s", name);
    (void)snprintf(seen->data[seen->count], sizeof(seen->data[0]), "%s", data);
    seen->count++;
}

/* However the bytes are cut. */
static void splits_events(void **state)
{
    static const char stream[] = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
                                 "id: 0a-1\nevent: snapshot\ndata: {\"a\":1}\n\n"
                                 ": heartbeat\n\n"
                                 "event: gap\ndata: {\"missed\":2}\n\n"
                                 "event: batch\ndata: {}\n\nevent: bat";
    (void)state;
    for (size_t step = 1; step < sizeof(stream); step++) {
        struct events events;
        struct seen seen = {0};
        events_init(&events);
        for (size_t at = 0; at < sizeof(stream) - 1; at += step) {
            size_t left = sizeof(stream) - 1 - at;
            assert_int_equal(
                events_feed(&events, stream + at, left < step ? left : step, see, &seen), 0);
        }
        assert_int_equal(seen.count, 3);
        assert_string_equal(seen.names[0], "snapshot");
        assert_string_equal(seen.data[0], "{\"a\":1}");
        assert_string_equal(seen.names[1], "gap");
        assert_string_equal(seen.data[2], "{}");
        events_close(&events);
    }
}

static void refuses_what_is_no_stream(void **state)
{
    struct events events;
    (void)state;
    events_init(&events);
    static const char busy[] = "HTTP/1.1 503 Service Unavailable\r\n\r\n";
    assert_int_equal(events_feed(&events, busy, strlen(busy), see, NULL), -EPROTO);
    events_close(&events);
    assert_int_equal(events_open(&events, "/nonexistent/socket", "/"), -ENOENT);
    assert_int_equal(events.fd, -1);
}

static void knows_keys(void **state)
{
    static const struct {
        const char *bytes;
        enum key key;
        size_t used;
    } cases[] = {
        {"\033[A", KEY_UP, 3},       {"j", KEY_DOWN, 1}, {"\033[6~x", KEY_PAGE_DOWN, 4},
        {"\033[5~", KEY_PAGE_UP, 4}, {"q", KEY_QUIT, 1}, {"\003", KEY_QUIT, 1},
        {"G", KEY_END, 1},           {"x", KEY_NONE, 1}, {"", KEY_NONE, 0},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        size_t used = 99;
        assert_int_equal(terminal_key(cases[i].bytes, strlen(cases[i].bytes), &used), cases[i].key);
        assert_int_equal(used, cases[i].used);
    }
}

enum { WORDS_MAX = 12 };

/* Reads a command line given as one string. */
static const struct verb *read_line(const char *line, struct cli *cli, int *code)
{
    static char copy[256];
    static char *words[WORDS_MAX];
    int count = 0;
    char *save = NULL;
    (void)snprintf(copy, sizeof(copy), "lingtan %s", line);
    for (char *word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
        words[count++] = word;
    }
    words[count] = NULL;
    optind = 0; /* getopt begins anew */
    return cli_read(count, words, cli, code);
}

static void reads_command_lines(void **state)
{
    struct cli cli;
    int code = 0;
    (void)state;
    const struct verb *verb =
        read_line("history m1 active_power --from 2h --json --limit 5", &cli, &code);
    assert_non_null(verb);
    assert_string_equal(verb->name, "history");
    assert_int_equal(cli.argument_count, 2);
    assert_string_equal(cli.arguments[1], "active_power");
    assert_string_equal(cli.from, "2h");
    assert_int_equal(cli.limit, 5);
    assert_true(cli.is_json);
    verb = read_line("-s /x/y read l1 1 0x10 4 -f 4", &cli, &code);
    assert_non_null(verb);
    assert_string_equal(cli.socket, "/x/y");
    assert_int_equal(cli.function, 4);
    verb = read_line("read --port /dev/ttyUSB0 --parity even --baud 19200 1 0", &cli, &code);
    assert_non_null(verb);
    assert_int_equal(cli.parity, 1);
    assert_int_equal(cli.baud, 19200);
    static const char *const wrong[] = {
        "",
        "fly",
        "status now",
        "history m1",
        "status --once",
        "lines --limit 5",
        "history a b --limit 0",
        "history a b --limit",
        "read l1 1",
        "read --host h 1 0 4 5",
        "read l1 1 0 -f 5",
        "read --parity mark --port p 1 0",
        "--nonsense status",
    };
    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
        assert_null(read_line(wrong[i], &cli, &code));
        assert_int_equal(code, EXIT_USAGE);
    }
}

static void takes_the_socket_of_the_environment(void **state)
{
    struct cli cli;
    int code = 0;
    (void)state;
    setenv("LINGTAN_SOCKET", "/tmp/mine", 1);
    assert_non_null(read_line("status", &cli, &code));
    assert_string_equal(cli.socket, "/tmp/mine");
    assert_non_null(read_line("status -s /tmp/other", &cli, &code));
    assert_string_equal(cli.socket, "/tmp/other");
    unsetenv("LINGTAN_SOCKET");
    assert_non_null(read_line("status", &cli, &code));
    assert_string_equal(cli.socket, "/run/lingtan/lingtan.sock");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_widths),
        cmocka_unit_test(cuts_at_columns),
        cmocka_unit_test(tells_ages),
        cmocka_unit_test(shows_values_with_units),
        cmocka_unit_test(shows_sizes_and_durations),
        cmocka_unit_test(has_a_letter_for_every_quality),
        cmocka_unit_test(aligns_tables),
        cmocka_unit_test(decodes_registers_in_every_order),
        cmocka_unit_test(decodes_bits),
        cmocka_unit_test(understands_times),
        cmocka_unit_test(splits_events),
        cmocka_unit_test(refuses_what_is_no_stream),
        cmocka_unit_test(knows_keys),
        cmocka_unit_test(reads_command_lines),
        cmocka_unit_test(takes_the_socket_of_the_environment),
    };
    setlocale(LC_CTYPE, "C.UTF-8");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
