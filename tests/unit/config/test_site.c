/* SPDX-License-Identifier: Apache-2.0 */
/* site: a loaded compound, its devices as the rest of the daemon sees them, and a copy of it that leads elsewhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "devices.h"

static const char good[] =
    "id = \"demo\"; name = \"示范\"; fast_ms = 500; slow_ms = 300000;\n"
    "nodes = ( { id = \"site-a\"; kind = \"carport\"; }, { id = \"b1\"; parent = \"site-a\"; "
    "area_m2 = 1200; } );\n"
    "lines = (\n"
    "  { id = \"tcp1\"; transport = \"tcp\"; host = \"10.0.0.1\";\n"
    "    devices = ( { id = \"b\"; profile = \"meter-b\"; node = \"b1\"; ct_ratio = 40; vt_ratio = "
    "100;\n"
    "                  pulse_weight = 10; normal_ms = 60000; name = \"B\"; },\n"
    "                { id = \"a\"; profile = \"meter-a\"; unit = 17; } ); },\n"
    "  { id = \"rtu1\"; transport = \"rtu\"; path = \"/dev/ttyS0\"; parity = \"even\"; stop_bits = "
    "2; }\n"
    ");\n";

static struct site load(struct bench *bench, const char *path)
{
    struct site site;
    site_load(path, &site, bench->memory, bench->faults);
    bench_expect(bench, "");
    return site;
}

static const struct line_config *line_at(const struct site *site, size_t index)
{
    assert_true(index < site->lines.count);
    return (const struct line_config *)site->lines.items + index;
}

static const struct device_config *device_at(const struct line_config *line, size_t index)
{
    assert_true(index < line->devices.count);
    return (const struct device_config *)line->devices.items + index;
}

static void test_a_good_site(void **state)
{
    (void)state;
    struct bench bench;
    bench_start(&bench);
    struct profiles *profiles = devices_load(&bench);
    struct site site = load(&bench, bench_write(&bench, "site.conf", good));
    site_check(&site, profiles, bench.faults);
    bench_expect(&bench, "");
    assert_string_equal(site.name, "示范");
    assert_int_equal(site.normal_ms, 10000);
    assert_string_equal(site_find_node(&site, "b1")->parent, "site-a");
    assert_true(site_find_node(&site, "b1")->area_m2 == 1200);
    assert_null(site_find_node(&site, "b2"));
    const struct line_config *tcp = line_at(&site, 0);
    assert_int_equal(tcp->transport, LINE_TCP);
    assert_int_equal(tcp->port, 502);
    assert_int_equal(tcp->gap_ms, -1);
    assert_int_equal(tcp->connect_timeout_ms, 5000);
    const struct line_config *rtu = line_at(&site, 1);
    assert_int_equal(rtu->transport, LINE_RTU);
    assert_int_equal(rtu->parity, PARITY_EVEN);
    assert_int_equal(rtu->stop_bits, 2);
    assert_int_equal(rtu->devices.count, 0);
    profiles_destroy(profiles);
    bench_stop(&bench);
}

static void test_periods(void **state)
{
    (void)state;
    struct bench bench;
    bench_start(&bench);
    struct site site = load(&bench, bench_write(&bench, "site.conf", good));
    const struct device_config *b = device_at(line_at(&site, 0), 0);
    assert_int_equal(site_period_ms(&site, b, POLL_FAST), 500);
    assert_int_equal(site_period_ms(&site, b, POLL_NORMAL), 60000);
    assert_int_equal(site_period_ms(&site, b, POLL_SLOW), 300000);
    assert_int_equal(site_period_ms(&site, b, POLL_ONCE), 86400000);
    bench_stop(&bench);
}

/* What each point of meter-b becomes with the ratios 40 and 100 and ten litres a pulse. */
static const struct point expected[] = {
    {.name = "active_power",
     .source = POINT_INTEGER,
     .resolution = 0.4,
     .dead_band = 0.05,
     .period_ms = 500},
    {.name = "active_energy_import",
     .source = POINT_INTEGER,
     .resolution = 0.4,
     .dead_band = 0.25,
     .modulus = INT64_C(4294967296),
     .period_ms = 60000},
    {.name = "active_energy_export",
     .source = POINT_FLOAT64, /* a float times a ratio is no float */
     .resolution = 0.4,
     .period_ms = 60000},
    {.name = "frequency",
     .source = POINT_FLOAT32,
     .resolution = 1,
     .dead_band = 0.02,
     .period_ms = 300000},
    {.name = "serial_number", .source = POINT_TEXT, .period_ms = 86400000},
    {.name = "ambient_temperature",
     .source = POINT_INTEGER,
     .is_writable = true,
     .resolution = 0.1,
     .offset = -40,
     .dead_band = 0.2,
     .period_ms = 60000},
    {.name = "dc_voltage_3",
     .index = 3,
     .source = POINT_INTEGER,
     .offset = 0.5,
     .dead_band = 1,
     .period_ms = 60000},
    {.name = "water_volume",
     .source = POINT_INTEGER,
     .resolution = 0.01,
     .modulus = 100000000,
     .period_ms = 60000},
    {.name = "contact", .source = POINT_INTEGER, .resolution = 1, .period_ms = 60000},
    {.name = "pressure", .source = POINT_FLOAT64, .dead_band = 1, .period_ms = 60000},
    {.name = "current_a", .source = POINT_INTEGER, .dead_band = 0.1, .period_ms = 60000},
};

static void assert_point(const struct point *point, const struct point *wanted)
{
    assert_string_equal(point->name, wanted->name);
    assert_int_equal(point->index, wanted->index);
    assert_int_equal(point->source, wanted->source);
    assert_int_equal(point->is_writable, wanted->is_writable);
    assert_true(point->resolution == wanted->resolution);
    assert_true(point->offset == wanted->offset);
    assert_true(point->dead_band == wanted->dead_band);
    assert_true(point->modulus == wanted->modulus);
    assert_int_equal(point->period_ms, wanted->period_ms);
    assert_memory_equal(point->quantity->name, wanted->name, strlen(point->quantity->name));
}

static void test_the_device_of_a_profile(void **state)
{
    (void)state;
    struct bench bench;
    bench_start(&bench);
    struct profiles *profiles = devices_load(&bench);
    struct site site = load(&bench, bench_write(&bench, "site.conf", good));
    const struct line_config *line = line_at(&site, 0);
    struct device *b =
        site_device(&site, line, device_at(line, 0), profiles_find(profiles, "meter-b"));
    struct device *a =
        site_device(&site, line, device_at(line, 1), profiles_find(profiles, "meter-a"));
    profiles_destroy(profiles); /* a device stands alone */
    bench_stop(&bench);
    assert_string_equal(b->id, "b");
    assert_string_equal(b->name, "B");
    assert_string_equal(b->site, "demo");
    assert_string_equal(b->node, "b1");
    assert_string_equal(b->line, "tcp1");
    assert_string_equal(b->profile, "meter-b");
    assert_int_equal(b->device_class, DEVICE_SENSOR);
    assert_int_equal(b->unit, 0);
    assert_int_equal(b->point_count, ARRAY_SIZE(expected));
    for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
        assert_point(&b->points[i], &expected[i]);
    }
    assert_string_equal(a->name, "a");
    assert_string_equal(a->node, "");
    assert_int_equal(a->unit, 17);
    device_unref(a);
    device_unref(b);
}

static size_t count_files(const char *folder)
{
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    size_t count = 0;
    while (readdir(dir)) {
        count++;
    }
    (void)closedir(dir);
    return count - 2;
}

static void test_a_copy_that_leads_elsewhere(void **state)
{
    (void)state;
    struct bench bench;
    bench_start(&bench);
    const char *from = bench_write(&bench, "site.conf", good);
    const char *to = bench_write(&bench, "out/copy.conf", "something older");
    const struct line_endpoint endpoints[] = {
        {.line = "rtu1", .path = "/dev/pts/7"},
        {.line = "tcp1", .host = "127.0.0.1", .port = 15021},
    };
    assert_int_equal(site_write_lines(from, to, endpoints, 2, bench.faults), 0);
    bench_expect(&bench, "");
    struct site site = load(&bench, to);
    assert_string_equal(line_at(&site, 0)->host, "127.0.0.1");
    assert_int_equal(line_at(&site, 0)->port, 15021);
    assert_string_equal(line_at(&site, 1)->path, "/dev/pts/7");
    assert_int_equal(line_at(&site, 1)->parity, PARITY_EVEN);
    assert_true(device_at(line_at(&site, 0), 0)->ct_ratio == 40);
    assert_string_equal(site.name, "示范");
    assert_int_equal(count_files(bench_path(&bench, "out")), 1);
    struct stat status;
    assert_int_equal(stat(to, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0644);
    bench_stop(&bench);
}

static void test_a_copy_that_cannot_be_made(void **state)
{
    (void)state;
    struct bench bench;
    bench_start(&bench);
    const char *from = bench_write(&bench, "site.conf", good);
    const char *to = bench_path(&bench, "copy.conf");
    const struct line_endpoint wrong = {.line = "tcp2", .host = "127.0.0.1"};
    assert_int_equal(site_write_lines(from, to, &wrong, 1, bench.faults), -ENOENT);
    bench_expect(&bench, "");
    assert_int_equal(site_write_lines(bench_path(&bench, "none.conf"), to, NULL, 0, bench.faults),
                     -EINVAL);
    bench_expect(&bench, "none.conf: cannot be read: No such file or directory\n");
    assert_int_equal(
        site_write_lines(from, bench_path(&bench, "no/copy.conf"), NULL, 0, bench.faults), -ENOENT);
    assert_int_equal(mkdir(bench_path(&bench, "in-the-way"), 0700), 0);
    assert_int_equal(
        site_write_lines(from, bench_path(&bench, "in-the-way"), NULL, 0, bench.faults), -EISDIR);
    assert_int_equal(access(to, F_OK), -1);
    assert_int_equal(count_files(bench.folder), 2);
    bench_stop(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_good_site),
        cmocka_unit_test(test_periods),
        cmocka_unit_test(test_the_device_of_a_profile),
        cmocka_unit_test(test_a_copy_that_leads_elsewhere),
        cmocka_unit_test(test_a_copy_that_cannot_be_made),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
