/* SPDX-License-Identifier: Apache-2.0 */
/* bench_profiles: the profiles of the bench, read as those of a site are. */
#include "bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include <stdio.h>
#include <unistd.h>

#include "base/mem.h"

static const char one_text[] =
    "device = \"One\"; class = \"meter\"; sources = [\"none\"];\n"
    "points = ( { quantity = \"co2\"; function = 3; address = 7; type = \"u16\";"
    " poll = \"fast\"; } );\n";

static const char two_text[] =
    "device = \"Two\"; class = \"meter\"; sources = [\"none\"];\n"
    "points = ( { quantity = \"co2\"; function = 3; address = 7; type = \"u16\"; },"
    " { quantity = \"level\"; function = 3; address = 100; type = \"u16\"; max = 65535.0; } );\n";

static const char full_text[] =
    "device = \"Full\"; class = \"meter\"; sources = [\"none\"];\n"
    "points = ( { quantity = \"co2\"; function = 3; address = 7; type = \"u16\";"
    " poll = \"fast\"; },"
    " { quantity = \"level\"; function = 3; address = 100; type = \"u16\"; poll = \"normal\";"
    " max = 65535.0; },"
    " { quantity = \"firmware_version\"; function = 3; address = 300; type = \"string\";"
    " count = 2; poll = \"once\"; } );\n";

static const char counted_text[] =
    "device = \"Counted\"; class = \"meter\"; sources = [\"none\"];\n"
    "points = ( { quantity = \"active_energy_import\"; function = 3; address = 7; type = \"u16\"; "
    "} "
    ");\n";

#define WIDE(index, address, more)                                                                 \
    "{ quantity = \"dc_voltage\"; index = " #index "; function = 3; address = " #address "; " more \
    "}"
#define AND(index, address, more) ", " WIDE(index, address, more)
#define U16 "type = \"u16\"; max = 65535.0;"
#define PAIR " together = \"pair\";"

static const char wide_text[] =
    "device = \"Wide\"; class = \"inverter\"; sources = [\"none\"]; link: { max_hole = 4; };\n"
    "points = (" WIDE(1, 10, U16) AND(2, 11, U16) AND(3, 12, U16) AND(4, 13, U16) AND(5, 14, U16)
        AND(6, 15, U16) AND(7, 16, U16) AND(8, 17, U16) AND(9, 20, U16) AND(10, 21, U16)
            AND(11, 22, "type = \"u32\"; max = 5e9;" PAIR) AND(12, 25, U16 PAIR) AND(13, 24, U16)
                AND(14, 26, U16) ");\n";

static const char meter_text[] =
    "device = \"Meter\"; class = \"meter\"; sources = [\"none\"]; link: { max_hole = 4; };\n"
    "points = ( { quantity = \"voltage_a\"; function = 3; address = 0; type = \"u16\"; scale = "
    "0.1; },"
    " { quantity = \"active_energy_import\"; function = 3; address = 2; type = \"u32\";"
    " scale = 0.01; } );\n";

static const char set_text[] =
    "device = \"Set\"; class = \"charger\"; sources = [\"none\"];\n"
    "helpers = ( { name = \"e\"; function = 3; address = 51; type = \"i16\"; } );\n"
    "points = ( { quantity = \"charge_current_limit\"; function = 3; address = 40; type = \"u16\";"
    " scale = 0.1; write: { function = 16; min = 6; max = 32; pause = 0; settle_ms = 2000;"
    " switches = ( { address = 41; on = 170; off = 85; } );"
    " heartbeat: { address = 42; period_ms = 1000; }; }; },"
    " { quantity = \"power_limit\"; function = 3; address = 50; type = \"u16\"; scale_from = "
    "\"e\"; write: { max = 100; }; },"
    " { quantity = \"co2\"; function = 3; address = 7; type = \"u16\"; max = 65535.0; } );\n"
    "setpoints = ( { quantity = \"charge_power_limit\"; address = 60; type = \"u16\"; max = 22; } "
    ");\n";

static char *write_profile(const char *folder, const char *name, const char *text)
{
    char *path = mem_format("%s/%s.conf", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    return path;
}

struct profiles *bench_profiles_create(void)
{
    static const char *const texts[][2] = {
        {"one", one_text},   {"two", two_text},     {"full", full_text}, {"counted", counted_text},
        {"wide", wide_text}, {"meter", meter_text}, {"set", set_text}};
    enum { COUNT = ARRAY_SIZE(texts) };
    char folder[] = "/tmp/lingtan-bench-XXXXXX";
    char *paths[COUNT];
    assert_non_null(mkdtemp(folder));
    for (size_t i = 0; i < COUNT; i++) {
        paths[i] = write_profile(folder, texts[i][0], texts[i][1]);
    }
    struct faults *faults = faults_create();
    struct profiles *profiles = profiles_load(folder, faults);
    faults_print(faults, stderr);
    assert_int_equal(faults_count(faults), 0);
    faults_destroy(faults);
    for (size_t i = 0; i < COUNT; i++) {
        unlink(paths[i]);
        free(paths[i]);
    }
    rmdir(folder);
    return profiles;
}
