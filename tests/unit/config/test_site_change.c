/* SPDX-License-Identifier: Apache-2.0 */
/* What of a site is otherwise in a later snapshot of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "bench.h"
#include "site/site_change.h"

static const char meter[] =
    "device = \"M\"; class = \"meter\"; link: { gap_ms = 5; };\n"
    "points = ( { quantity = \"voltage_a\"; function = 3; address = 1; type = \"u16\"; } );\n";

#define HEAD "id = \"demo\"; nodes = ( { id = \"b1\"; } );\n"
#define LINE_A                                                                                     \
    "{ id = \"a\"; transport = \"tcp\"; host = \"10.0.0.1\"; devices = (\n"                        \
    "  { id = \"a1\"; profile = \"meter\"; unit = 1; },\n"                                         \
    "  { id = \"a2\"; profile = \"other\"; unit = 2; } ); }"
#define LINE_B                                                                                     \
    "{ id = \"b\"; transport = \"rtu\"; path = \"/dev/ttyS0\"; devices = (\n"                      \
    "  { id = \"b1\"; profile = \"meter\"; unit = 1; } ); }"

static const char first_site[] = HEAD "lines = (\n" LINE_A ",\n" LINE_B ");\n";

/* A site with the profiles "meter" and "other", before and after. */
struct fixture {
    struct bench bench;
    struct snapshot *before;
    struct snapshot *after;
    struct site_change change;
};

static struct snapshot *load(struct fixture *fixture, const char *site, const char *other)
{
    struct bench *bench = &fixture->bench;
    bench_write(bench, "profiles/meter.conf", meter);
    bench_write(bench, "profiles/other.conf", other);
    struct snapshot *snapshot = snapshot_load(bench_write(bench, "site.conf", site),
                                              bench_path(bench, "profiles"), bench->faults);
    bench_expect(bench, "");
    return snapshot;
}

static void compare(struct fixture *fixture, const char *site, const char *other)
{
    bench_start(&fixture->bench);
    fixture->before = load(fixture, first_site, meter);
    fixture->after = load(fixture, site, other);
    snapshot_follow(fixture->after, fixture->before);
    site_change_init(&fixture->change, fixture->before, fixture->after);
}

static void finish(struct fixture *fixture)
{
    site_change_finish(&fixture->change);
    snapshot_unref(fixture->before);
    snapshot_unref(fixture->after);
    bench_stop(&fixture->bench);
}

/* "a changed: 1 of its devices\n  a1 same 0\n" ..: place before behind each that was there. */
static char *in_words(const struct site_change *change)
{
    struct text text = {0};
    text_add_string(&text, "");
    size_t next = 0;
    for (size_t i = 0; i < change->line_count; i++) {
        const struct line_change *line = &change->lines[i];
        size_t end =
            i + 1 < change->line_count ? change->lines[i + 1].first_device : change->device_count;
        text_add_format(&text, "%s %s%s%s%s\n", line->line->id, change_kind_words[line->kind],
                        line->is_elsewhere ? " elsewhere" : "", line->why ? ": " : "",
                        line->why ? line->why : "");
        for (next = line->first_device; next < end; next++) {
            const struct device_change *device = &change->devices[next];
            text_add_format(&text, "  %s %s %d%s%s\n", device->device->id,
                            change_kind_words[device->kind],
                            device->before == CHANGE_NOWHERE ? -1 : (int)device->before,
                            device->why ? ": " : "", device->why ? device->why : "");
        }
    }
    return text_take(&text);
}

static void expect(const char *site, const char *other, const char *words)
{
    struct fixture fixture = {0};
    compare(&fixture, site, other);
    char *is = in_words(&fixture.change);
    assert_string_equal(is, words);
    free(is);
    finish(&fixture);
}

static void test_the_same(void **state)
{
    (void)state;
    struct fixture fixture = {0};
    compare(&fixture, "# a remark\n" HEAD "lines = (\n\n" LINE_A ",\n" LINE_B ");\n", meter);
    assert_true(site_change_is_none(&fixture.change));
    assert_int_equal(fixture.change.counts_line[CHANGE_NONE], 2);
    assert_int_equal(fixture.change.counts_device[CHANGE_NONE], 3);
    assert_ptr_equal(profiles_find(fixture.before->profiles, "meter"),
                     profiles_find(fixture.after->profiles, "meter"));
    finish(&fixture);
}

static void test_lines_come_and_go_in_another_order(void **state)
{
    (void)state;
    expect(HEAD "lines = (\n" LINE_B ",\n{ id = \"c\"; transport = \"tcp\"; host = \"10.0.0.3\"; "
                "devices = ( { id = \"c1\"; profile = \"meter\"; } ); } );\n",
           meter,
           "b same\n  b1 same 0\n"
           "c added\n  c1 added -1\n"
           "a removed\n  a1 removed 0\n  a2 removed 1\n");
}

static void test_devices_of_a_line(void **state)
{
    (void)state;
    expect(HEAD "lines = ( { id = \"a\"; transport = \"tcp\"; host = \"10.0.0.1\"; devices = (\n"
                "  { id = \"a3\"; profile = \"meter\"; unit = 3; },\n"
                "  { id = \"a2\"; profile = \"other\"; unit = 2; ct_ratio = 40; } ); },\n" LINE_B
                ");\n",
           meter,
           "a changed: 3 of its devices\n"
           "  a3 added -1\n"
           "  a2 changed 1: ct_ratio 1.0 -> 40.0\n"
           "  a1 removed 0\n"
           "b same\n  b1 same 0\n");
}

static void test_a_line_elsewhere(void **state)
{
    (void)state;
    expect(HEAD "lines = ( { id = \"a\"; transport = \"tcp\"; host = \"10.0.0.1\"; port = 503; "
                "gap_ms = 20; devices = (\n"
                "  { id = \"a1\"; profile = \"meter\"; unit = 1; },\n"
                "  { id = \"a2\"; profile = \"other\"; unit = 2; } ); },\n" LINE_B ");\n",
           meter,
           "a changed elsewhere: port 502 -> 503, gap_ms -1 -> 20\n"
           "  a1 same 0\n  a2 same 1\n"
           "b same\n  b1 same 0\n");
}

static void test_a_profile(void **state)
{
    (void)state;
    expect(first_site,
           "device = \"M\"; class = \"meter\"; link: { gap_ms = 9; };\n"
           "points = ( { quantity = \"voltage_a\"; function = 3; address = 1; type = \"u16\"; "
           "scale = 0.5; } );\n",
           "a changed: 1 of its devices\n"
           "  a1 same 0\n"
           "  a2 changed 1: profile other: link.gap_ms 5 -> 9, profile other: points[0].scale 1.0 "
           "-> 0.5\n"
           "b same\n  b1 same 0\n");
}

static void test_a_period_of_the_site(void **state)
{
    (void)state;
    expect("slow_ms = 30000;\n" HEAD "lines = (\n" LINE_A ",\n"
           "{ id = \"b\"; transport = \"rtu\"; path = \"/dev/ttyS0\"; devices = (\n"
           "  { id = \"b1\"; profile = \"meter\"; unit = 1; slow_ms = 60000; } ); });\n",
           meter,
           "a changed: 2 of its devices\n"
           "  a1 changed 0: slow_ms of the site 60000 -> 30000\n"
           "  a2 changed 1: slow_ms of the site 60000 -> 30000\n"
           "b changed: 1 of its devices\n"
           "  b1 changed 0: slow_ms 0 -> 60000\n");
}

static void test_nodes_and_what_stays(void **state)
{
    (void)state;
    struct fixture fixture = {0};
    compare(&fixture,
            "id = \"renamed\"; language = \"zh\"; nodes = ( { id = \"b1\"; area_m2 = 5; } );\n"
            "lines = (\n" LINE_A ",\n" LINE_B ");\n",
            meter);
    assert_true(fixture.change.has_nodes_changed);
    assert_false(site_change_is_none(&fixture.change));
    assert_int_equal(fixture.change.counts_line[CHANGE_NONE], 2);
    assert_string_equal(fixture.after->site.id, "demo");
    assert_int_equal(fixture.after->site.language, LANGUAGE_EN);
    finish(&fixture);
}

/* What was unchanged lives on when the earlier snapshot is gone. */
static void test_a_profile_outlives_its_snapshot(void **state)
{
    (void)state;
    struct fixture fixture = {0};
    compare(&fixture, first_site, meter);
    site_change_finish(&fixture.change);
    snapshot_unref(fixture.before);
    fixture.before = NULL;
    const struct profile *profile = profiles_find(fixture.after->profiles, "meter");
    assert_string_equal(profile->device, "M");
    assert_string_equal(profile_hold(profile)->id, "meter");
    snapshot_unref(fixture.after);
    fixture.after = NULL;
    assert_string_equal(profile->device, "M");
    profile_release(profile);
    bench_stop(&fixture.bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_same),
        cmocka_unit_test(test_lines_come_and_go_in_another_order),
        cmocka_unit_test(test_devices_of_a_line),
        cmocka_unit_test(test_a_line_elsewhere),
        cmocka_unit_test(test_a_profile),
        cmocka_unit_test(test_a_period_of_the_site),
        cmocka_unit_test(test_nodes_and_what_stays),
        cmocka_unit_test(test_a_profile_outlives_its_snapshot),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
