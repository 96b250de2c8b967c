/* SPDX-License-Identifier: Apache-2.0 */
/* devices: the profiles. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "devices.h"

static const char meter_a[] =
    "device = \"A\"; class = \"meter\";\n"
    "points = ( { quantity = \"voltage_a\"; function = 3; address = 1; type = \"u16\"; } );\n";

static const char meter_b[] =
    "device = \"B\"; class = \"sensor\"; link: { unit = 0; };\n"
    "helpers = ( { name = \"sf\"; function = 3; address = 90; type = \"i16\"; } );\n"
    "points = (\n"
    "  { quantity = \"active_power\"; function = 3; address = 0; type = \"i32\"; scale = 0.1; unit "
    "= "
    "\"W\"; ratio = \"ct*vt\"; poll = \"fast\"; },\n"
    "  { quantity = \"active_energy_import\"; function = 3; address = 2; type = \"u32\"; scale = "
    "0.01; "
    "ratio = \"ct\"; dead_band = 0.25; },\n"
    "  { quantity = \"active_energy_export\"; function = 3; address = 4; type = \"f32\"; unit = "
    "\"Wh\"; "
    "resolution = 10; ratio = \"ct\"; scale = 0.5; },\n"
    "  { quantity = \"frequency\"; function = 3; address = 6; type = \"f32\"; poll = \"slow\"; },\n"
    "  { quantity = \"serial_number\"; function = 3; address = 8; type = \"string\"; count = 4; "
    "poll = "
    "\"once\"; },\n"
    "  { quantity = \"ambient_temperature\"; function = 3; address = 12; type = \"u16\"; scale = "
    "0.1; "
    "offset = -40; write: { }; },\n"
    "  { quantity = \"dc_voltage\"; index = 3; function = 3; address = 13; type = \"u16\"; "
    "scale_from = "
    "\"sf\"; unit = \"mV\"; offset = 500; },\n"
    "  { quantity = \"water_volume\"; function = 3; address = 14; type = \"bcd\"; count = 2; ratio "
    "= "
    "\"pulse\"; unit = \"L\"; modulus = \"100000000\"; },\n"
    "  { quantity = \"contact\"; function = 2; address = 14; type = \"bits\"; },\n"
    "  { quantity = \"pressure\"; function = 3; address = 20; type = \"f64\"; },\n"
    "  { quantity = \"current_a\"; function = 3; address = 30; type = \"u16\"; scale = 0.1; "
    "scale_by = "
    "[\"sf\"]; }\n"
    ");\n";

struct profiles *devices_load(struct bench *bench)
{
    bench_write(bench, "devices/meter-a.conf", meter_a);
    bench_write(bench, "devices/meter-b.conf", meter_b);
    struct profiles *profiles = profiles_load(bench_path(bench, "devices"), bench->faults);
    bench_expect(bench, "");
    return profiles;
}
