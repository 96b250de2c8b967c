/* SPDX-License-Identifier: Apache-2.0 */
/* site_faults: every way in which a compound can contradict itself, in the words a person will read. */
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

#define LINE(id, host) "{ id = \"" id "\"; transport = \"tcp\"; host = \"" host "\"; "

static const struct {
    const char *text; /* after id = "s"; */
    const char *faults;
} cases[] = {
    {"", ""},
    {"lines = ( );", ""},
    /* periods */
    {"fast_ms = 700;\nlines = ( " LINE("l", "h") "} );",
     "s.conf: fast_ms: is 700, wants what divides an hour or a day without rest: 675 or 720 ms\n"},
    {"fast_ms = 620;\nlines = ( " LINE("l", "h") "} );",
     "s.conf: fast_ms: is 620, wants what divides an hour or a day without rest: 600 or 625 ms\n"},
    {"fast_ms = 50;", "s.conf:1: fast_ms: is 50, wants an integer 100..86400000 ms\n"},
    {"nodes = ( { id = \"n\"; } ); slow_ms = 119000; normal_ms = 1000000;",
     "s.conf: normal_ms: is 1000000, wants what divides an hour or a day without rest: 960000 or "
     "1080000 ms\n"
     "s.conf: slow_ms: is 119000, wants what divides an hour or a day without rest: 115200 or "
     "120000 ms\n"},
    {"slow_ms = 86400000; normal_ms = 450000; fast_ms = 100;", ""},
    {"slow_ms = 7200000; normal_ms = 150000; fast_ms = 120000;", ""},
    {"slow_ms = 28800000; normal_ms = 2400000; fast_ms = 1200000;", ""},
    {"slow_ms = 4500000;", ""}, /* five quarter hours: they do not divide the day, but are whole */
    {"lines = (\n" LINE("l", "h") "devices = (\n{ id = \"a\"; profile = \"meter-a\"; fast_ms = 99; "
                                  "normal_ms = 7000; slow_ms = 1800000; } ); } );",
     "s.conf:3: lines.l.devices.a.fast_ms: is 99, wants at least 100 ms\n"
     "s.conf:3: lines.l.devices.a.normal_ms: is 7000, wants what divides an hour or a day without "
     "rest: 6912 or 7200 ms\n"},
    /* time zone */
    {"time_zone = \"UTC\";", ""},
    {"time_zone = \"Moon/Tranquility\";", "s.conf: time_zone: is \"Moon/Tranquility\", wants the "
                                          "name of a zone that this machine knows, "
                                          "such as Asia/Shanghai (see /usr/share/zoneinfo)\n"},
    {"time_zone = \"../zoneinfo/UTC\";",
     "s.conf: time_zone: is \"../zoneinfo/UTC\", wants the name of a zone that this machine knows, "
     "such as Asia/Shanghai (see /usr/share/zoneinfo)\n"},
    /* nodes */
    {"nodes = (\n{ id = \"a\"; },\n{ id = \"b\"; },\n{ id = \"a\"; },\n{ id = \"a\"; } );",
     "s.conf:4: nodes.a.id: is \"a\", as on line 2, wants an id of its own\n"
     "s.conf:5: nodes.a.id: is \"a\", as on line 2, wants an id of its own\n"},
    {"nodes = (\n{ id = \"building-1\"; },\n{ id = \"b\"; parent = \"bulding-1\"; },\n{ id = "
     "\"c\"; parent = "
     "\"floor\"; } );",
     "s.conf:3: nodes.b.parent: is \"bulding-1\", nearest is building-1, wants the id of a node\n"
     "s.conf:4: nodes.c.parent: is \"floor\", wants the id of a node\n"},
    {"nodes = (\n{ id = \"a\"; parent = \"a\"; },\n{ id = \"b\"; parent = \"a\"; } );",
     "s.conf:2: nodes.a.parent: is \"a\", which is part of this node itself, wants a way up to the "
     "site\n"},
    {"nodes = (\n{ id = \"x\"; parent = \"a\"; },\n{ id = \"a\"; parent = \"b\"; },\n{ id = \"b\"; "
     "parent = "
     "\"c\"; },\n{ id = \"c\"; parent = \"a\"; },\n{ id = \"d\"; parent = \"c\"; } );",
     "s.conf:3: nodes.a.parent: is \"b\", which is part of this node itself, wants a way up to the "
     "site\n"},
    /* lines */
    {"lines = (\n" LINE("l", "h1") "},\n" LINE("l", "h2") "} );",
     "s.conf:3: lines.l.id: is \"l\", as on line 2, wants an id of its own\n"},
    {"lines = (\n{ id = \"a\"; transport = \"tcp\"; },\n{ id = \"b\"; transport = "
     "\"rtu_over_tcp\"; path = "
     "\"/dev/x\"; },\n{ id = \"c\"; transport = \"rtu\"; host = \"h\"; } );",
     "s.conf:2: lines.a.host: is missing, wants a name or address for transport tcp\n"
     "s.conf:3: lines.b.host: is missing, wants a name or address for transport rtu_over_tcp\n"
     "s.conf:4: lines.c.path: is missing, wants the serial port for transport rtu\n"},
    {"lines = (\n" LINE("a", "Gate.local") "},\n{ id = \"b\"; transport = \"rtu_over_tcp\"; host = "
                                           "\"gate.LOCAL\"; },\n" LINE(
                                               "c", "gate.local") "port = 503; } );",
     "s.conf:3: lines.b.host: leads to gate.local:502, as a does (line 2), wants "
     "all devices of one endpoint on one line\n"},
    {"lines = (\n{ id = \"a\"; transport = \"rtu\"; path = \"/dev/ttyS0\"; },\n{ id = \"b\"; "
     "transport = "
     "\"rtu\"; path = \"/dev/ttyS0\"; } );",
     "s.conf:3: lines.b.path: leads to /dev/ttyS0, as a does (line 2), wants all "
     "devices of one endpoint on one line\n"},
    /* devices */
    {"lines = (\n" LINE("l", "h") "devices = (\n{ id = \"m\"; profile = \"meter-a\"; } ); "
                                  "},\n" LINE("k", "i") "devices = (\n{ id = \"m\"; profile = "
                                                        "\"meter-a\"; } ); } );",
     "s.conf:5: lines.k.devices.m.id: is \"m\", as on line 3, wants an id of its own in the "
     "site\n"},
    {"lines = (\n" LINE("l", "h") "devices = (\n{ id = \"alarm\"; profile = \"meter-a\"; } ); } );",
     "s.conf:3: lines.l.devices.alarm.id: is \"alarm\", wants another word than the topics status, "
     "alarm, energy, command\n"},
    {"lines = (\n" LINE(
         "l", "h") "devices = (\n{ id = \"m\"; profile = \"metre-a\"; },\n{ id = \"n\"; profile "
                   "= \"inverter\"; unit = 2; } ); } );",
     "s.conf:3: lines.l.devices.m.profile: is \"metre-a\", nearest is meter-a, wants a file in the "
     "folder of profiles\n"
     "s.conf:4: lines.l.devices.n.profile: is \"inverter\", wants a file in the folder of "
     "profiles\n"},
    {"nodes = ( { id = \"b1\"; } ); lines = (\n" LINE(
         "l", "h") "devices = (\n{ id = \"m\"; profile = \"meter-a\"; node = \"b2\"; } ); } );",
     "s.conf:3: lines.l.devices.m.node: is \"b2\", nearest is b1, wants the id of a node\n"},
    {"lines = (\n" LINE(
         "l", "h") "devices = (\n{ id = \"m\"; profile = \"meter-a\"; },\n{ id = \"n\"; profile "
                   "= \"meter-b\"; unit = 1; },\n{ id = \"o\"; profile = \"meter-b\"; },\n{ id = "
                   "\"p\"; profile = "
                   "\"meter-b\"; unit = 0; } ); },\n" LINE(
                       "k", "i") "devices = ( { id = \"q\"; profile = \"meter-a\"; } "
                                 "); } );",
     "s.conf:4: lines.l.devices.n.unit: is 1, as m has it (line 3), wants a unit of its own\n"
     "s.conf:6: lines.l.devices.p.unit: is 0, as o has it (line 5), wants a unit of its own\n"},
    {"lines = (\n{ id = \"l\"; transport = \"rtu\"; path = \"/dev/x\"; devices = (\n{ id = \"m\"; "
     "profile = "
     "\"meter-b\"; } ); } );",
     "s.conf:3: lines.l.devices.m.unit: is 0, the broadcast that nobody answers, wants 1..255 on a "
     "serial line\n"},
};

static void check(struct bench *bench, const struct profiles *profiles, const char *text)
{
    struct site site;
    site_load(bench_write(bench, "s.conf", text), &site, bench->memory, bench->faults);
    site_check(&site, profiles, bench->faults);
}

static void test_each_fault(void **state)
{
    (void)state;
    struct bench bench;
    bench_start(&bench);
    struct profiles *profiles = devices_load(&bench);
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        char *text = mem_format("id = \"s\"; %s", cases[i].text);
        check(&bench, profiles, text);
        free(text);
        bench_expect(&bench, cases[i].faults);
    }
    profiles_destroy(profiles);
    bench_stop(&bench);
}

static void test_a_site_with_holes_is_checked_too(void **state)
{
    (void)state;
    struct bench bench;
    bench_start(&bench);
    struct profiles *profiles = devices_load(&bench);
    check(&bench, profiles,
          "nodes = ( { }, { id = \"Q\"; } );\n"
          "lines = ( { }, { id = \"l\"; transport = \"tcp\"; host = \"h\";\n"
          "  devices = ( { }, { id = \"m\"; unit = \"x\"; profile = \"meter-q\"; } ); } );\n");
    bench_expect(
        &bench,
        "s.conf: id: is missing, wants a string of 1..63 characters a-z, 0-9, _ and -\n"
        "s.conf:1: nodes[0].id: is missing, wants a string of 1..63 characters a-z, 0-9, _ and -\n"
        "s.conf:1: nodes[1].id: is \"Q\", wants a string of 1..63 characters a-z, 0-9, _ and -\n"
        "s.conf:2: lines[0].id: is missing, wants a string of 1..63 characters a-z, 0-9, _ and -\n"
        "s.conf:2: lines[0].transport: is missing, wants one of tcp, rtu, rtu_over_tcp\n"
        "s.conf:2: lines[0].host: is missing, wants a name or address for transport tcp\n"
        "s.conf:3: lines.l.devices[0].id: is missing, wants a string of 1..63 characters a-z, 0-9, "
        "_ "
        "and -\n"
        "s.conf:3: lines.l.devices[0].profile: is missing, wants a string of 1..63 bytes\n"
        "s.conf:3: lines.l.devices.m.unit: is a string, wants an integer -1..255\n"
        "s.conf:3: lines.l.devices.m.profile: is \"meter-q\", nearest is meter-a, wants a file in "
        "the "
        "folder of profiles\n");
    profiles_destroy(profiles);
    bench_stop(&bench);
}

static void test_ten_thousand_devices_take_no_time(void **state)
{
    (void)state;
    struct bench bench;
    bench_start(&bench);
    struct profiles *profiles = devices_load(&bench);
    struct text text = {0};
    text_add_string(&text, "id = \"s\"; nodes = (");
    for (int i = 0; i < 1000; i++) {
        text_add_format(&text, "%s{ id = \"n%d\"; parent = \"n%d\"; }", i ? "," : "", i, i + 1);
    }
    text_add_string(&text, ", { id = \"n1000\"; } ); lines = (");
    for (int i = 0; i < 2000; i++) {
        text_add_format(&text, "%s\n" LINE("l%d", "h%d") "devices = (", i ? "," : "", i, i);
        for (int j = 0; j < 5; j++) {
            text_add_format(
                &text, "%s{ id = \"d%d-%d\"; profile = \"meter-a\"; unit = %d; node = \"n%d\"; }",
                j ? "," : "", i, j, j + 1, (i + j) % 1000);
        }
        text_add_string(&text, "); }");
    }
    text_add_string(&text, ");");
    check(&bench, profiles, text.data);
    bench_expect(&bench, "");
    text_finish(&text);
    profiles_destroy(profiles);
    bench_stop(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_fault),
        cmocka_unit_test(test_a_site_with_holes_is_checked_too),
        cmocka_unit_test(test_ten_thousand_devices_take_no_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
