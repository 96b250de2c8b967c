/* SPDX-License-Identifier: Apache-2.0 */
/* lists: devices from CSV files: on which lines they land, and every fault of a list in the words a person will read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "devices.h"

#define HEAD "id = \"s\"; nodes = ( { id = \"b1\"; }, { id = \"b2\"; } );\n"
#define LINES                                                                                      \
    "lines = ( { id = \"gw-1\"; transport = \"tcp\"; host = \"10.0.0.1\";\n"                       \
    "devices = ( { id = \"first\"; profile = \"meter-a\"; unit = 9; } ); },\n"                     \
    "{ id = \"gw-2\"; transport = \"tcp\"; host = \"10.0.0.2\"; } );\n"
#define LIST "device_lists = ( { file = \"m.csv\"; profile = \"meter-a\"; } );"

struct fixture {
    struct bench bench;
    struct profiles *profiles;
    struct site site;
};

static void start(struct fixture *fixture)
{
    bench_start(&fixture->bench);
    fixture->profiles = devices_load(&fixture->bench);
}

static void stop(struct fixture *fixture)
{
    profiles_destroy(fixture->profiles);
    bench_stop(&fixture->bench);
}

static void load(struct fixture *fixture, const char *site, const char *csv)
{
    struct bench *bench = &fixture->bench;
    bench_write(bench, "m.csv", csv);
    site_load(bench_write(bench, "s.conf", site), &fixture->site, bench->memory, bench->faults);
    site_check(&fixture->site, fixture->profiles, bench->faults);
}

/* "gw-1 tcp 10.0.0.1:502: first meter-a 9, a meter-a 1; " for each line. */
static void expect_site(const struct fixture *fixture, const char *expected)
{
    static const char *const transports[] = {"tcp", "rtu", "rtu_over_tcp"};
    const struct line_config *lines = fixture->site.lines.items;
    struct text text = {0};
    text_add_string(&text, "");
    for (size_t i = 0; i < fixture->site.lines.count; i++) {
        const struct line_config *line = &lines[i];
        const struct device_config *devices = line->devices.items;
        text_add_format(&text, "%s %s %s", line->id, transports[line->transport],
                        line->transport == LINE_RTU ? line->path : line->host);
        if (line->transport != LINE_RTU) {
            text_add_format(&text, ":%d", (int)line->port);
        }
        for (size_t j = 0; j < line->devices.count; j++) {
            text_add_format(&text, "%s %s %s %d", j > 0 ? "," : ":", devices[j].id,
                            devices[j].profile, (int)devices[j].unit);
        }
        text_add_string(&text, "\n");
    }
    assert_string_equal(text.data, expected);
    text_finish(&text);
}

static void test_rows_join_their_lines(void **state)
{
    (void)state;
    struct fixture fixture;
    start(&fixture);
    load(&fixture, HEAD LINES LIST,
         "id,line,unit,node,name\n"
         "a,gw-1,1,b1,一层照明\n"
         "b,gw-2,1,b2,\"二层, 东\"\n"
         "c,gw-1,2,,\"say \"\"c\"\"\"\n");
    bench_expect(&fixture.bench, "");
    expect_site(&fixture, "gw-1 tcp 10.0.0.1:502: first meter-a 9, a meter-a 1, c meter-a 2\n"
                          "gw-2 tcp 10.0.0.2:502: b meter-a 1\n");
    const struct line_config *lines = fixture.site.lines.items;
    const struct device_config *devices = lines[0].devices.items;
    assert_string_equal(devices[1].name, "一层照明");
    assert_string_equal(devices[1].node, "b1");
    assert_int_equal(devices[1].origin.line, 2);
    assert_non_null(strstr(devices[1].origin.file, "/m.csv"));
    assert_string_equal(devices[2].name, "say \"c\"");
    assert_string_equal(((const struct device_config *)lines[1].devices.items)->name, "二层, 东");
    assert_int_equal(fixture.site.device_lists.count, 0);
    stop(&fixture);
}

static void test_rows_make_lines(void **state)
{
    (void)state;
    struct fixture fixture;
    start(&fixture);
    load(&fixture,
         HEAD LINES "device_lists = ( { file = \"m.csv\"; profile = \"meter-a\"; baud = 19200; "
                    "response_timeout_ms = 700; } );",
         "id,line,host,port,path,transport,unit\n"
         "late,own,,,,,5\n"
         "a,,10.0.0.2,,,,1\n"
         "b,,10.0.0.3,,,,1\n"
         "c,,10.0.0.3,502,,,2\n"
         "d,,10.0.0.3,4001,,rtu_over_tcp,1\n"
         "e,,Gate.Local,,,,1\n"
         "f,,gate.local,,,,2\n"
         "g,own,10.0.0.9,,,,1\n"
         "h,,10.0.0.9,,,,2\n"
         "i,,,,/dev/serial/by-id/usb-FTDI_A1,,1\n");
    bench_expect(&fixture.bench, "");
    expect_site(&fixture, "gw-1 tcp 10.0.0.1:502: first meter-a 9\n"
                          "gw-2 tcp 10.0.0.2:502: a meter-a 1\n"
                          "own tcp 10.0.0.9:502: late meter-a 5, g meter-a 1, h meter-a 2\n"
                          "10-0-0-3 tcp 10.0.0.3:502: b meter-a 1, c meter-a 2\n"
                          "10-0-0-3-4001 rtu_over_tcp 10.0.0.3:4001: d meter-a 1\n"
                          "gate-local tcp Gate.Local:502: e meter-a 1, f meter-a 2\n"
                          "usb-ftdi_a1 rtu /dev/serial/by-id/usb-FTDI_A1: i meter-a 1\n");
    const struct line_config *lines = fixture.site.lines.items;
    assert_int_equal(lines[6].baud, 19200);
    assert_int_equal(lines[6].response_timeout_ms, 700);
    assert_int_equal(lines[1].response_timeout_ms, 0);
    stop(&fixture);
}

static void test_defaults_and_types(void **state)
{
    (void)state;
    struct fixture fixture;
    start(&fixture);
    load(&fixture,
         HEAD "device_lists = ( { file = \"m.csv\"; profile = \"meter-a\"; ct_ratio = 20.0; "
              "path = \"/dev/ttyS0\"; node = \"b1\"; } );",
         "id,unit,ct_ratio,node,profile,rs485,parity,#remark\n"
         "a,01,,,,TRUE,even,behind the door\n"
         "b,2,1.5e1,b2,meter-b,,,\n");
    bench_expect(&fixture.bench, "");
    expect_site(&fixture, "ttys0 rtu /dev/ttyS0: a meter-a 1, b meter-b 2\n");
    const struct line_config *line = fixture.site.lines.items;
    const struct device_config *devices = line->devices.items;
    assert_true(line->rs485);
    assert_int_equal(line->parity, PARITY_EVEN);
    assert_true(devices[0].ct_ratio == 20 && devices[1].ct_ratio == 15);
    assert_string_equal(devices[0].node, "b1");
    assert_string_equal(devices[1].node, "b2");
    stop(&fixture);
}

/* All of them are the same list. */
static void test_each_way_of_writing(void **state)
{
    (void)state;
    static const char *const ways[] = {
        "id,line,unit\nm-1,gw-1,1\nm-2,gw-2,2\n",
        "\xef\xbb\xbfid,line,unit\r\nm-1,gw-1,1\r\nm-2,gw-2,2",
        "id;line;unit\nm-1;gw-1;1\n\n   \n;;\nm-2;gw-2;2;;\n",
        "id\tline\tunit\rm-1\tgw-1\t1\rm-2\tgw-2\t2\r",
        "# 一览\n\n id , line , unit \n  # no; no;\n \"m-1\" ,gw-1, 1\n,,,\nm-2,\"gw-2\",\"2\"\n",
        "unit,id,line\n1,m-1,gw-1\n2,m-2,gw-2\n",
        "id,line,unit,name\nm-1,gw-1,1,\"two\r\nlines\"\nm-2,gw-2,2\n",
        "\"#a;b;c;;\",id,line,unit\n,m-1,gw-1,001\n,m-2,gw-2,2\n",
    };
    struct fixture fixture;
    start(&fixture);
    for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
        load(&fixture, HEAD LINES LIST, ways[i]);
        bench_expect(&fixture.bench, "");
        expect_site(&fixture, "gw-1 tcp 10.0.0.1:502: first meter-a 9, m-1 meter-a 1\n"
                              "gw-2 tcp 10.0.0.2:502: m-2 meter-a 2\n");
    }
    stop(&fixture);
}

static const struct {
    const char *site; /* after HEAD LINES */
    const char *csv;
    const char *faults;
} cases[] = {
    /* the file */
    {"device_lists = ( { file = \"none.csv\"; } );", "",
     "s.conf:5: device_lists[0].file: is \"none.csv\", which cannot be read: No such file "
     "or "
     "directory\n"},
    {"device_lists = ( { file = \"/\"; } );", "",
     "s.conf:5: device_lists[0].file: is \"/\", which cannot be read: it is a folder\n"},
    {"device_lists = ( { } );", "",
     "s.conf:5: device_lists[0].file: is missing, wants a string of 1..4096 bytes\n"},
    {"device_lists = ( { file = \"m.csv\"; profile = \"meter-a\"; line = \"gw-1\"; ct_ration = 2; "
     "} );",
     "id\n", "s.conf:5: device_lists[0].ct_ration: is not known, nearest is ct_ratio\n"},
    {LIST, "",
     "m.csv: holds no row, wants a first one that names the columns: id, line, unit, ...\n"},
    {LIST, "id,line\nm,gw-1\nn,gw-1,\xb1\xed\n",
     "m.csv:3: is not UTF-8 (GBK, perhaps), wants UTF-8: save it from the spreadsheet as \"CSV "
     "UTF-8\", or convert it: iconv -f GB18030 -t UTF-8\n"},
    {LIST, "\xff\xfei",
     "m.csv: is UTF-16, wants UTF-8: save it from the spreadsheet as \"CSV UTF-8\", or convert it: "
     "iconv -f GB18030 -t UTF-8\n"},
    {LIST, "id,line\nm,gw\x01-1\n",
     "m.csv:2: byte 0x01 is no text, wants a list saved as \"CSV UTF-8\"\n"},
    /* the header */
    {"device_lists = ( { file = \"m.csv\"; } );", "name,unit\nx,1\ny,2\n",
     "m.csv:1: id: is missing, wants a column of that name\n"
     "m.csv:1: profile: is missing, wants a column of that name, or one profile for all in "
     "device_lists\n"
     "m.csv:1: line: is missing, wants a column line, host or path, or one of them for all in "
     "device_lists\n"},
    {LIST, "id,line,untit,serial no,unit,unit,,name\n",
     "m.csv:1: column \"untit\" is not known, nearest is unit\n"
     "m.csv:1: column \"serial no\" is not known, wants one of line, id, name, profile, node, "
     "unit, "
     "ct_ratio, vt_ratio, pulse_weight, fast_ms, normal_ms, slow_ms, transport, host, port, path, "
     "baud, parity, stop_bits, rs485, response_timeout_ms, connect_timeout_ms, connect_delay_ms, "
     "gap_ms, idle_close_s, ignore_transaction_id, "
     "ignore_unit_id, or a # before a column of remarks\n"
     "m.csv:1: unit: is column 5 and column 6, wants one of them\n"
     "m.csv:1: column 7 has no name, wants one, beginning with # if it holds remarks\n"},
    /* cells */
    {LIST, "id,line,unit,ct_ratio,rs485,parity\nM1,gw-1,1.5,\"20,5\",1,evn\nm2,gw-2,300,0x10,,\n",
     "m.csv:2: id: is \"M1\", wants a string of 1..63 characters a-z, 0-9, _ and -\n"
     "m.csv:2: unit: is \"1.5\", wants an integer -1..255\n"
     "m.csv:2: ct_ratio: is \"20,5\" with a comma, wants a number 0.001..1000000\n"
     "m.csv:2: rs485: is \"1\", wants true or false\n"
     "m.csv:2: parity: is \"evn\", nearest is \"even\", wants one of none, even, odd\n"
     "m.csv:3: unit: is 300, wants an integer -1..255\n"
     "m.csv:3: ct_ratio: is \"0x10\", wants a number 0.001..1000000\n"},
    {LIST, "id,line,unit\nm,gw-1,99999999999999999999\nn,gw-2,2,x\n",
     "m.csv:2: unit: is \"99999999999999999999\", wants an integer -1..255\n"
     "m.csv:3: cell 4 holds \"x\", wants at most the 3 cells that the first row names; a cell with "
     "a "
     "separator in it wants quotes\n"},
    {"device_lists = ( { file = \"m.csv\"; } );", "id,line,host,profile,unit\n,,,,7\n",
     "m.csv:2: id: is missing, wants a string of 1..63 characters a-z, 0-9, _ and -\n"
     "m.csv:2: profile: is missing, wants a file in the folder of profiles, without .conf\n"
     "m.csv:2: line: is missing, wants the id of a line, or a host, or the path of a serial "
     "port\n"},
    {LIST, "id,line,name\nm,gw-1,\"a\" b\nn,gw-1,\"open\no,gw-1,\n",
     "m.csv:2: text stands behind the quote that ends a cell, wants a quote inside of a cell "
     "written "
     "twice\n"
     "m.csv:3: a cell begins with a quote that never ends, wants a \" behind it; a quote inside of "
     "it is written twice\n"
     "m.csv:3: lines.gw-1.devices.n.unit: is 1, as m has it (line 2), wants a unit of its own\n"},
    {LIST, "id,line,unit\nm,GW 1,1\n",
     "m.csv:2: line: is \"GW 1\", wants a string of 1..63 characters a-z, 0-9, _ and -, or \"\"\n"},
    {LIST, "id,line,name,unit\r\nm,gw-1,\"a\r\nb\",8\r\nn,gw-1,,010\r\no,gw-1,,10\r\n",
     "m.csv:5: lines.gw-1.devices.o.unit: is 10, as n has it (line 4), wants a unit of its own\n"},
    /* among one another and with what is written out */
    {LIST,
     "id,line,unit,node,profile\nm,gw-1,1,b1,\nm,gw-2,1,b3,metre-a\nfirst,gw-2,2,,\nn,gw-1,1,,\n"
     "o,gw-1,9,,\n",
     "m.csv:3: lines.gw-2.devices.m.node: is \"b3\", nearest is b1, wants the id of a node\n"
     "m.csv:3: lines.gw-2.devices.m.profile: is \"metre-a\", nearest is meter-a, wants a file in "
     "the "
     "folder of profiles\n"
     "m.csv:3: lines.gw-2.devices.m.id: is \"m\", as on line 2, wants an id of its own in the "
     "site\n"
     "m.csv:4: lines.gw-2.devices.first.id: is \"first\", as on s.conf:3, wants an id of its own "
     "in "
     "the site\n"
     "m.csv:5: lines.gw-1.devices.n.unit: is 1, as m has it (line 2), wants a unit of its own\n"
     "m.csv:6: lines.gw-1.devices.o.unit: is 9, as first has it (s.conf:3), wants a unit of "
     "its own\n"},
    {LIST, "id,line,node,unit\nm,gw-3,b9,1\nn,gw1,,300\n",
     "m.csv:2: line: is \"gw-3\", nearest is gw-1, wants the id of a line, or a host or path "
     "beside "
     "it to make one\n"
     "m.csv:2: devices.m.node: is \"b9\", nearest is b1, wants the id of a node\n"
     "m.csv:3: unit: is 300, wants an integer -1..255\n"
     "m.csv:3: line: is \"gw1\", nearest is gw-1, wants the id of a line, or a host or path beside "
     "it to make one\n"},
    {"device_lists = ( { file = \"m.csv\"; profile = \"meter-a\";\nline = \"gw-5\"; } );",
     "id,unit\nm,1\nn,2\n",
     "s.conf:5: line: is \"gw-5\", nearest is gw-1, wants the id of a line, or a host or path "
     "beside "
     "it to make one\n"},
    {LIST,
     "id,line,host,port,gap_ms,unit\nm,gw-1,10.0.0.7,,,1\nn,x,h,,5,1\no,,h,502,7,2\np,x,,,5,3\n"
     "q,,h,x,,4\n",
     "m.csv:2: host: is another than that of line gw-1 (s.conf:2), wants one for all "
     "devices "
     "of a line\n"
     "m.csv:4: gap_ms: is another than that of line x (line 3), wants one for all devices of a "
     "line\n"
     "m.csv:6: port: is \"x\", wants an integer 1..65535\n"},
    {LIST, "id,line,host,unit\nm,x,h,1\nn,y,h,1\n",
     "m.csv:3: lines.y.host: leads to h:502, as x does (line 2), wants all devices of one endpoint "
     "on one line\n"},
    {"device_lists = ( { file = \"m.csv\"; profile = \"meter-a\"; transport = \"rtu\"; host = "
     "\"h\"; "
     "} );",
     "id\nm\n",
     "m.csv:2: line: is missing, wants the id of a line, or a host, or the path of a serial "
     "port\n"},
    {LIST, "id,transport,host,path\nm,rtu,h,\nn,tcp,,/dev/ttyS0\n",
     "m.csv:2: line: is missing, wants the id of a line, or a host, or the path of a serial port\n"
     "m.csv:3: line: is missing, wants the id of a line, or a host, or the path of a serial "
     "port\n"},
};

static void test_each_fault(void **state)
{
    (void)state;
    struct fixture fixture;
    start(&fixture);
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        char *site = mem_format("%s%s", HEAD LINES, cases[i].site);
        load(&fixture, site, cases[i].csv);
        bench_expect(&fixture.bench, cases[i].faults);
        free(site);
    }
    stop(&fixture);
}

static void test_too_wide_and_too_long(void **state)
{
    (void)state;
    struct fixture fixture;
    start(&fixture);
    struct text text = {0};
    text_add_string(&text, "id,line,unit");
    for (int i = 0; i < 70; i++) {
        text_add_string(&text, ",#r");
    }
    text_add_string(&text, "\nm,gw-1,1,");
    for (int i = 0; i < 70; i++) {
        text_add_string(&text, ",x");
    }
    load(&fixture, HEAD LINES LIST, text.data);
    bench_expect(
        &fixture.bench,
        "m.csv:1: names more than 64 columns, wants at most that many\n"
        "m.csv:2: has more than 64 cells, wants at most the 64 that the first row names\n");
    text_clear(&text);
    text_add_string(&text, "id,host\n");
    for (int i = 0; i < 20002; i++) {
        text_add_format(&text, "m%d,h%d\n", i, i);
    }
    load(&fixture, HEAD LINES LIST, text.data);
    bench_expect(&fixture.bench,
                 "m.csv:20002: is device 20001 of the lists, at most 20000 are allowed\n");
    text_finish(&text);
    stop(&fixture);
}

/* Two lists may share lines, and the copy for a simulator holds everything. */
static void test_lists_in_folders_and_a_copy(void **state)
{
    (void)state;
    struct fixture fixture;
    start(&fixture);
    struct bench *bench = &fixture.bench;
    bench_write(bench, "lists/a.csv", "id,host,unit\na,10.1.1.1,1\n");
    bench_write(bench, "lists/b.csv", "id,host,unit\nb,10.1.1.1,2\nc,10.1.1.2,1\n");
    bench_write(bench, "parts/lists.conf",
                "device_lists = ( { file = \"../lists/a.csv\"; profile = \"meter-a\"; },\n"
                "{ file = \"../lists/b.csv\"; profile = \"meter-b\"; } );\n");
    const char *from = bench_write(bench, "s.conf", "id = \"s\";\n@include \"parts/lists.conf\"\n");
    const char *to = bench_path(bench, "copy.conf");
    const struct line_endpoint endpoint = {.line = "10-1-1-1", .host = "127.0.0.1", .port = 5020};
    assert_int_equal(site_write_lines(from, to, &endpoint, 1, bench->faults), 0);
    site_load(to, &fixture.site, bench->memory, bench->faults);
    site_check(&fixture.site, fixture.profiles, bench->faults);
    bench_expect(bench, "");
    expect_site(&fixture, "10-1-1-1 tcp 127.0.0.1:5020: a meter-a 1, b meter-b 2\n"
                          "10-1-1-2 tcp 10.1.1.2:502: c meter-b 1\n");
    stop(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_join_their_lines),
        cmocka_unit_test(test_rows_make_lines),
        cmocka_unit_test(test_defaults_and_types),
        cmocka_unit_test(test_each_way_of_writing),
        cmocka_unit_test(test_each_fault),
        cmocka_unit_test(test_too_wide_and_too_long),
        cmocka_unit_test(test_lists_in_folders_and_a_copy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
