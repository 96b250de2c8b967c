/* SPDX-License-Identifier: Apache-2.0 */
/* test_decode: answers to readings. Registers are worked out by hand in the comments. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "collectors/modbus/plan/plan_internal.h"
#include "config/number.h"
#include "fixture.h"
#include "hex.h"

static const struct reading *find(const struct batch *batch, const char *point)
{
    const struct reading *reading = fixture_find(batch, point);
    if (reading == NULL) {
        fail_msg("no reading of %s", point);
    }
    return reading;
}

/* Values here are decimals that must come out as a person would write them, so they are compared exactly. */
static void check_value(const struct batch *batch, const char *point, double value)
{
    const struct reading *reading = find(batch, point);
    if (reading->quality != QUALITY_OK || reading->value != value) {
        fail_msg("%s is %.17g (%s), wanted %.17g", point, reading->value,
                 quality_word((enum quality)reading->quality), value);
    }
}

static void check_count(const struct batch *batch, const char *point, double value, int64_t count,
                        double resolution)
{
    const struct reading *reading = find(batch, point);
    check_value(batch, point, value);
    assert_true(reading->count == count);
    assert_true(reading->resolution == resolution);
}

static void check_quality(const struct batch *batch, const char *point, enum quality quality)
{
    const struct reading *reading = find(batch, point);
    assert_string_equal(quality_word((enum quality)reading->quality), quality_word(quality));
    bool has_value = quality == QUALITY_OK || quality == QUALITY_IMPLAUSIBLE;
    assert_int_equal(isnan(reading->value) == 0, has_value);
}

static void scales_integers(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(
        &fixture,
        "points = ({ quantity = \"voltage_a\"; function = 3; address = 0; type = \"u16\"; scale = "
        "0.1; },"
        "{ quantity = \"active_power\"; function = 3; address = 1; type = \"i32\"; unit = \"W\"; },"
        "{ quantity = \"active_energy_import\"; function = 3; address = 3; type = \"u32\"; scale = "
        "0.01; },"
        "{ quantity = \"module_temperature\"; function = 3; address = 5; type = \"u16\"; scale = "
        "0.1; "
        "  offset = -25; },"
        "{ quantity = \"generation_energy\"; function = 3; address = 6; type = \"u64\"; unit = "
        "\"Wh\"; },"
        "{ quantity = \"fault_code\"; function = 3; address = 10; type = \"bits\"; bit_mask = "
        "0x0F00; },"
        "{ quantity = \"gas_volume\"; function = 3; address = 11; type = \"bcd\"; count = 2; scale "
        "= 0.01; },"
        "{ quantity = \"water_volume\"; function = 3; address = 13; type = \"mod10k\"; count = 2; "
        "});");
    fixture_set(&fixture, 3, 0, "08FD");                /* 2301 */
    fixture_set(&fixture, 3, 1, "FFFF FF9C");           /* -100 W */
    fixture_set(&fixture, 3, 3, "00BC 614E");           /* 12345678 = 0xBC614E */
    fixture_set(&fixture, 3, 5, "01F9");                /* 505: 50.5 - 25 */
    fixture_set(&fixture, 3, 6, "0000 0001 0000 0000"); /* 2^32 Wh */
    fixture_set(&fixture, 3, 10, "A7FF");               /* 7 */
    fixture_set(&fixture, 3, 11, "0012 3456");          /* 1234.56 */
    fixture_set(&fixture, 3, 13, "0007 0D80");          /* 7, 3456 */
    struct batch *batch = fixture_poll(&fixture, POLL_NORMAL);
    check_count(batch, "voltage_a", 230.1, 2301, 0.1);
    check_count(batch, "active_power", -0.1, -100, 0.001);
    check_count(batch, "active_energy_import", 123456.78, 12345678, 0.01);
    check_count(batch, "module_temperature", 25.5, 505, 0.1);
    check_count(batch, "generation_energy", 4294967.296, 4294967296, 0.001);
    check_count(batch, "fault_code", 7, 7, 1);
    check_count(batch, "gas_volume", 1234.56, 123456, 0.01);
    check_count(batch, "water_volume", 73456, 73456, 1);
    batch_unref(batch);
    fixture_finish(&fixture);
}

/* 2301.0 = 1.0001111110101b x 2^11: exponent 138 = 0x8A, 0x450FD000.
 * 123.456 kWh as a float: 0x42F6E979 = 123.45600128173828; in steps of 0.01 that is 12346. */
static void scales_floats(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(
        &fixture,
        "points = ({ quantity = \"voltage_a\"; function = 3; address = 0; type = \"f32\"; scale = "
        "0.1; },"
        "{ quantity = \"active_energy_import\"; function = 3; address = 2; type = \"f32\"; "
        "  resolution = 0.01; },"
        "{ quantity = \"active_energy_export\"; function = 3; address = 4; type = \"f64\"; unit = "
        "\"Wh\"; "
        "  resolution = 1; },"
        "{ quantity = \"frequency\"; function = 3; address = 8; type = \"f32\"; });");
    fixture_set(&fixture, 3, 0, "450F D000");
    fixture_set(&fixture, 3, 2, "42F6 E979");
    fixture_set(&fixture, 3, 4, "4132 D687 4000 0000"); /* 1234567.25 = 0x12D687.4 x 2^0 */
    fixture_set(&fixture, 3, 8, "4248 0000");           /* 50.0 = 1.5625 x 2^5 */
    struct batch *batch = fixture_poll(&fixture, POLL_NORMAL);
    check_count(batch, "voltage_a", 230.1, 0, 0);
    check_count(batch, "active_energy_import", 123.45600128173828, 12346, 0.01);
    check_count(batch, "active_energy_export", 1234.56725, 1234567, 0.001);
    check_count(batch, "frequency", 50, 0, 0);
    batch_unref(batch);
    fixture_finish(&fixture);
}

static void multiplies_ratios_of_the_configuration(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture, "points = ({ quantity = \"current_a\"; function = 3; address = 0; type "
                           "= \"u16\"; scale = 0.01; "
                           "  ratio = \"ct\"; },"
                           "{ quantity = \"voltage_a\"; function = 3; address = 1; type = \"u16\"; "
                           "scale = 0.1; ratio = \"vt\"; },"
                           "{ quantity = \"active_energy_import\"; function = 3; address = 2; type "
                           "= \"u32\"; scale = 0.01; "
                           "  ratio = \"ct*vt\"; },"
                           "{ quantity = \"active_energy_export\"; function = 3; address = 4; type "
                           "= \"f32\"; resolution = 0.01; "
                           "  ratio = \"ct*vt\"; },"
                           "{ quantity = \"water_volume\"; function = 3; address = 6; type = "
                           "\"u32\"; ratio = \"pulse\"; });");
    fixture.config.ct_ratio = 40;
    fixture.config.vt_ratio = 100;
    fixture.config.pulse_weight = 0.01;
    fixture_plan(&fixture);
    fixture_set(&fixture, 3, 0, "01C8");      /* 456: 4.56 A x 40 */
    fixture_set(&fixture, 3, 1, "03EA");      /* 1002: 100.2 V x 100 */
    fixture_set(&fixture, 3, 2, "0001 E240"); /* 123456: 1234.56 kWh x 4000 */
    fixture_set(&fixture, 3, 4, "449A 5000"); /* 1234.5 = 1.2055664 x 2^10 */
    fixture_set(&fixture, 3, 6, "0000 3039"); /* 12345 pulses of 10 l */
    struct batch *batch = fixture_poll(&fixture, POLL_NORMAL);
    check_count(batch, "current_a", 182.4, 456, 0.4);
    check_count(batch, "voltage_a", 10020, 1002, 10);
    check_count(batch, "active_energy_import", 4938240, 123456, 40);
    check_count(batch, "active_energy_export", 4938000, 123450, 40);
    check_count(batch, "water_volume", 123.45, 12345, 0.01);
    batch_unref(batch);
    fixture_finish(&fixture);
}

static const char helped[] =
    "helpers = ({ name = \"sf\"; function = 3; address = 10; type = \"i16\"; },"
    "           { name = \"ct\"; function = 3; address = 11; type = \"u16\"; },"
    "           { name = \"vt\"; function = 3; address = 12; type = \"u16\"; scale = 0.1; });"
    "points = ({ quantity = \"active_power\"; function = 3; address = 0; type = \"i16\"; unit = "
    "\"W\"; "
    "            scale_from = \"sf\"; },"
    "{ quantity = \"active_energy_import\"; function = 3; address = 1; type = \"u32\"; scale = "
    "0.01; "
    "  scale_by = [\"ct\", \"vt\"]; },"
    "{ quantity = \"active_energy_export\"; function = 3; address = 3; type = \"f32\"; resolution "
    "= 0.01; "
    "  scale_by = [\"ct\", \"vt\"]; },"
    "{ quantity = \"voltage_a\"; function = 3; address = 5; type = \"f32\"; scale = 0.1; "
    "  scale_by = [\"vt\"]; },"
    "{ quantity = \"frequency\"; function = 3; address = 7; type = \"u16\"; scale = 0.01; });";

static void multiplies_helpers(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture, helped);
    fixture_set(&fixture, 3, 0, "D8F1");            /* -9999 */
    fixture_set(&fixture, 3, 1, "0001 E240");       /* 123456 */
    fixture_set(&fixture, 3, 3, "449A 5000");       /* 1234.5 */
    fixture_set(&fixture, 3, 5, "450F D000");       /* 2301.0 */
    fixture_set(&fixture, 3, 7, "1388");            /* 50.00 */
    fixture_set(&fixture, 3, 10, "0001 001E 03E8"); /* 10^1, 30, 100.0 */
    struct batch *batch = fixture_poll(&fixture, POLL_NORMAL);
    check_count(batch, "active_power", -99.99, -9999, 0.01);
    check_count(batch, "active_energy_import", 3703680, 123456, 30);
    check_count(batch, "active_energy_export", 3703500, 123450, 30);
    check_count(batch, "voltage_a", 23010, 0, 0);
    check_count(batch, "frequency", 50, 5000, 0.01);
    batch_unref(batch);
    fixture_set(&fixture, 3, 10, "FFFE 0001 000A"); /* 10^-2, direct */
    batch = fixture_poll(&fixture, POLL_NORMAL);
    check_count(batch, "active_power", -0.09999, -9999, 0.00001);
    check_count(batch, "active_energy_import", 1234.56, 123456, 0.01);
    check_value(batch, "voltage_a", 230.1);
    batch_unref(batch);
    fixture_finish(&fixture);
}

/* A SunSpec scale factor of 0x8000, and a ratio of nought: values without a scale are no values. */
static void values_without_a_scale_are_none(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture, helped);
    fixture_set(&fixture, 3, 0, "0001 0000 0001 3F80 0000 3F80 0000 1388");
    fixture_set(&fixture, 3, 10, "8000 0000 000A");
    struct batch *batch = fixture_poll(&fixture, POLL_NORMAL);
    check_quality(batch, "active_power", QUALITY_NOT_IMPLEMENTED);
    check_quality(batch, "active_energy_import", QUALITY_NOT_IMPLEMENTED);
    check_quality(batch, "active_energy_export", QUALITY_NOT_IMPLEMENTED);
    check_value(batch, "voltage_a", 0.1);
    check_value(batch, "frequency", 50);
    batch_unref(batch);
    fixture_set(&fixture, 3, 10, "FFF3"); /* 10^-13: no scale of this world */
    batch = fixture_poll(&fixture, POLL_NORMAL);
    check_quality(batch, "active_power", QUALITY_NOT_IMPLEMENTED);
    batch_unref(batch);
    fixture_finish(&fixture);
}

static void sentinels_are_no_values(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(
        &fixture,
        "points = ({ quantity = \"voltage_a\"; function = 3; address = 0; type = \"u16\"; "
        "  not_implemented = [\"0xFFFF\", \"0x7FFF\"]; },"
        "{ quantity = \"voltage_b\"; function = 3; address = 1; type = \"u16\"; "
        "  not_implemented = [\"0xFFFF\", \"0x7FFF\"]; },"
        "{ quantity = \"room_temperature\"; function = 3; address = 2; type = \"i16\"; scale = "
        "0.1; "
        "  not_implemented = [\"-32768\"]; },"
        "{ quantity = \"active_power\"; function = 3; address = 3; type = \"i32\"; "
        "  not_implemented = [\"0x80000000\"]; word_order = \"low_first\"; },"
        "{ quantity = \"active_energy_import\"; function = 3; address = 5; type = \"u64\"; "
        "  not_implemented = [\"0xFFFFFFFFFFFFFFFF\"]; },"
        "{ quantity = \"frequency\"; function = 3; address = 9; type = \"f32\"; },"
        "{ quantity = \"power_factor\"; function = 3; address = 11; type = \"f32\"; },"
        "{ quantity = \"gas_volume\"; function = 3; address = 13; type = \"bcd\"; count = 1; "
        "  not_implemented = [\"0xFFFF\"]; },"
        "{ quantity = \"water_volume\"; function = 3; address = 14; type = \"bcd\"; count = 1; },"
        "{ quantity = \"voltage_c\"; function = 3; address = 15; type = \"f32\"; "
        "  not_implemented = [\"0xC61C3C00\"]; },"
        "{ quantity = \"current_a\"; function = 3; address = 17; type = \"f32\"; scale = 0.1; "
        "  not_implemented = [\"9999\"]; },"
        "{ quantity = \"current_b\"; function = 3; address = 19; type = \"f32\"; "
        "  not_implemented = [\"9999\"]; word_order = \"low_first\"; },"
        "{ quantity = \"heat_energy\"; function = 3; address = 21; type = \"bcd\"; count = 1; "
        "  not_implemented = [\"9999\"]; });");
    fixture_set(&fixture, 3, 0, "FFFF 7FFE 8000");
    fixture_set(&fixture, 3, 3, "0000 8000");
    fixture_set(&fixture, 3, 5, "FFFF FFFF FFFF FFFF");
    fixture_set(&fixture, 3, 9, "7FC0 0000");  /* NaN */
    fixture_set(&fixture, 3, 11, "FF80 0000"); /* -Inf */
    fixture_set(&fixture, 3, 13, "FFFF FFFF");
    fixture_set(&fixture, 3, 15, "C61C 3C00"); /* -9999.0 */
    fixture_set(&fixture, 3, 17, "461C 3C00");
    fixture_set(&fixture, 3, 19, "3C00 461C");
    fixture_set(&fixture, 3, 21, "9999");
    struct batch *batch = fixture_poll(&fixture, POLL_NORMAL);
    check_quality(batch, "voltage_a", QUALITY_NOT_IMPLEMENTED);
    check_value(batch, "voltage_b", 32766);
    check_quality(batch, "room_temperature", QUALITY_NOT_IMPLEMENTED);
    check_quality(batch, "active_power", QUALITY_NOT_IMPLEMENTED);
    check_quality(batch, "active_energy_import", QUALITY_NOT_IMPLEMENTED);
    check_quality(batch, "frequency", QUALITY_NOT_IMPLEMENTED);
    check_quality(batch, "power_factor", QUALITY_NOT_IMPLEMENTED);
    check_quality(batch, "gas_volume", QUALITY_NOT_IMPLEMENTED);
    check_quality(batch, "water_volume", QUALITY_BAD_REPLY);
    check_quality(batch, "voltage_c", QUALITY_NOT_IMPLEMENTED);
    check_quality(batch, "current_a", QUALITY_NOT_IMPLEMENTED);
    check_quality(batch, "current_b", QUALITY_NOT_IMPLEMENTED);
    check_quality(batch, "heat_energy", QUALITY_NOT_IMPLEMENTED);
    batch_unref(batch);
    fixture_finish(&fixture);
}

static void implausible_values_are_kept(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(
        &fixture,
        "points = ({ quantity = \"power_factor\"; function = 3; address = 0; type = \"i16\"; scale "
        "= 0.001; },"
        "{ quantity = \"setpoint_temperature\"; function = 3; address = 1; type = \"i16\"; scale = "
        "0.1; "
        "  min = 16; max = 31; },"
        "{ quantity = \"setpoint_temperature\"; index = 2; function = 3; address = 2; type = "
        "\"i16\"; "
        "  scale = 0.1; min = 16; max = 31; },"
        "{ quantity = \"active_energy_import\"; function = 3; address = 3; type = \"u64\"; scale = "
        "0.001; },"
        "{ quantity = \"active_energy_export\"; function = 3; address = 7; type = \"f64\"; "
        "  resolution = 0.001; });");
    fixture_set(&fixture, 3, 0, "07D0 0018 0136"); /* 2.000, 2.4, 31.0 */
    fixture_set(&fixture, 3, 3, "FFFF FFFF FFFF FFFE");
    fixture_set(&fixture, 3, 7, "7FEF FFFF FFFF FFFF"); /* 1.8e308 */
    struct batch *batch = fixture_poll(&fixture, POLL_NORMAL);
    check_quality(batch, "power_factor", QUALITY_IMPLAUSIBLE);
    assert_true(find(batch, "power_factor")->value == 2);
    assert_int_equal(find(batch, "power_factor")->count, 2000);
    check_quality(batch, "setpoint_temperature", QUALITY_IMPLAUSIBLE);
    check_value(batch, "setpoint_temperature_2", 31);
    check_quality(batch, "active_energy_import", QUALITY_IMPLAUSIBLE);
    assert_true(find(batch, "active_energy_import")->count == INT64_MAX);
    check_quality(batch, "active_energy_export", QUALITY_IMPLAUSIBLE);
    assert_true(find(batch, "active_energy_export")->count == INT64_MAX);
    batch_unref(batch);
    fixture_finish(&fixture);
}

static void decodes_coils(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(
        &fixture,
        "link: { max_hole = 20; };\n"
        "points = ({ quantity = \"contact\"; index = 1; function = 2; address = 3; type = "
        "\"bits\"; },"
        "{ quantity = \"contact\"; index = 2; function = 2; address = 21; type = \"bits\"; },"
        "{ quantity = \"contact\"; index = 3; function = 2; address = 22; type = \"bits\"; },"
        "{ quantity = \"voltage_a\"; function = 3; address = 0; type = \"u16\"; },"
        "{ quantity = \"on_off\"; function = 1; address = 9; type = \"bits\"; });");
    fixture_set(&fixture, 2, 3, "1");
    fixture_set(&fixture, 2, 21, "1 0");
    fixture_set(&fixture, 1, 9, "1");
    fixture_set(&fixture, 3, 0, "00E6");
    struct batch *batch = fixture_poll(&fixture, POLL_NORMAL);
    check_count(batch, "contact_1", 1, 1, 1);
    check_count(batch, "contact_2", 1, 1, 1);
    check_count(batch, "contact_3", 0, 0, 1);
    check_count(batch, "on_off", 1, 1, 1);
    check_count(batch, "voltage_a", 230, 230, 1);
    batch_unref(batch);
    fixture_set(&fixture, 2, 3, "0");
    fixture_set(&fixture, 2, 22, "1");
    batch = fixture_poll(&fixture, POLL_NORMAL);
    check_value(batch, "contact_1", 0);
    check_value(batch, "contact_3", 1);
    batch_unref(batch);
    fixture_finish(&fixture);
}

static void decodes_texts(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture, "points = ({ quantity = \"model_name\"; function = 3; address = 0; type "
                           "= \"string\"; count = 4; },"
                           "{ quantity = \"serial_number\"; function = 3; address = 4; type = "
                           "\"string\"; count = 2; },"
                           "{ quantity = \"firmware_version\"; function = 3; address = 6; type = "
                           "\"string\"; count = 2; "
                           "  byte_order = \"low_first\"; });");
    fixture_set(&fixture, 3, 0, "5355 4E32 3030 3000"); /* SUN2000 */
    fixture_set(&fixture, 3, 4, "0000 0000");
    fixture_set(&fixture, 3, 6, "3156 302E"); /* 1V 0. */
    struct batch *batch = fixture_poll(&fixture, POLL_NORMAL);
    assert_string_equal(reading_text(batch, find(batch, "model_name")), "SUN2000");
    assert_int_equal(find(batch, "serial_number")->quality, QUALITY_NOT_IMPLEMENTED);
    assert_string_equal(reading_text(batch, find(batch, "serial_number")), "");
    assert_string_equal(reading_text(batch, find(batch, "firmware_version")), "V1.0");
    batch_unref(batch);
    fixture_finish(&fixture);
}

static const char distant[] =
    "helpers = ({ name = \"ct\"; function = 3; address = 500; type = \"u16\"; });"
    "points = ({ quantity = \"current_a\"; function = 3; address = 0; type = \"u16\"; scale_by = "
    "[\"ct\"]; },"
    "{ quantity = \"voltage_a\"; function = 3; address = 100; type = \"u16\"; },"
    "{ quantity = \"current_b\"; function = 3; address = 1; type = \"u16\"; });";

/* Requests: the helper (0), the currents (1), the voltage (2). */
static void a_failed_request_fails_its_points_alone(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture, distant);
    fixture_set(&fixture, 3, 500, "0002");
    fixture_set(&fixture, 3, 0, "0005 0006");
    fixture_set(&fixture, 3, 100, "00E6");
    fixture.fail_request = 2;
    fixture.failure = (struct plan_outcome){.quality = QUALITY_EXCEPTION, .exception = 2};
    struct batch *batch = fixture_poll(&fixture, POLL_NORMAL);
    check_value(batch, "current_a", 10);
    check_value(batch, "current_b", 6);
    check_quality(batch, "voltage_a", QUALITY_EXCEPTION);
    assert_int_equal(find(batch, "voltage_a")->exception, 2);
    assert_int_equal(find(batch, "current_a")->exception, 0);
    assert_true(find(batch, "voltage_a")->time_us == 3000000);
    assert_true(find(batch, "current_a")->time_us == 2000000);
    assert_true(batch->time_us == 2000000);
    /* in the order of the profile */
    assert_int_equal(batch->readings[1].point, 1);
    assert_string_equal(fixture.device->points[1].name, "voltage_a");
    batch_unref(batch);
    fixture_finish(&fixture);
}

static void a_failed_helper_fails_its_values(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture, distant);
    fixture_set(&fixture, 3, 0, "0005 0006");
    fixture_set(&fixture, 3, 100, "00E6");
    fixture.fail_request = 0;
    fixture.failure = (struct plan_outcome){.quality = QUALITY_TIMEOUT};
    struct batch *batch = fixture_poll(&fixture, POLL_NORMAL);
    check_quality(batch, "current_a", QUALITY_TIMEOUT);
    check_value(batch, "current_b", 6);
    check_value(batch, "voltage_a", 230);
    batch_unref(batch);
    fixture_finish(&fixture);
}

/* The frame that a Chinese application note prints for -12.5, from the bytes to the reading. */
static void the_frame_of_the_flow_converter(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture, "points = ({ quantity = \"water_flow\"; function = 3; address = 0; "
                           "type = \"f32\"; word_order = \"low_first\"; });");
    size_t count = 0;
    const struct plan_request *planned = plan_requests(fixture.plan, &count);
    assert_int_equal(count, 1);
    uint8_t wanted[FRAME_SIZE_MAX];
    uint8_t bytes[FRAME_SIZE_MAX];
    size_t size = 0;
    assert_int_equal(frame_encode(FRAME_RTU, &planned->request, 0, bytes, &size), 0);
    assert_int_equal(size, hex_bytes("01 03 00 00 00 02 C4 0B", wanted));
    assert_memory_equal(bytes, wanted, size);
    size = hex_bytes("01 03 04 00 00 C1 48 AB 95", bytes);
    struct frame_reply reply;
    size_t consumed = 0;
    assert_int_equal(
        frame_match(FRAME_RTU, &planned->request, 0, FRAME_STRICT, bytes, size, &reply, &consumed),
        FRAME_REPLY);
    uint16_t registers[2];
    assert_int_equal(frame_registers(&planned->request, &reply, registers, 2), 2);
    struct plan_outcome outcomes[2] = {{.quality = QUALITY_OK, .time_us = 1}};
    struct batch *batch =
        decode_batch(fixture.plan, 1U << POLL_NORMAL, fixture.device, registers, outcomes);
    check_value(batch, "water_flow", -12.5);
    batch_unref(batch);
    fixture_finish(&fixture);
}

static void an_empty_class_is_an_empty_batch(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture, distant);
    struct batch *batch = fixture_poll(&fixture, POLL_SLOW);
    assert_int_equal(batch->count, 0);
    batch_unref(batch);
    fixture_finish(&fixture);
}

static void rounds_to_decimals(void **state)
{
    (void)state;
    assert_true(number_round(0.1 * 0.001) == 0.0001);
    assert_true(number_round(0.1 * 3) == 0.3);
    assert_true(number_round(0.01 * 40 * 35) == 14);
    assert_true(number_round(1e-9 * 0.1) == 1e-10);
    assert_true(number_round(-0.1 * 3) == -0.3);
    assert_true(number_round(1e20 * 3) == 3e20);
    assert_true(number_round(0) == 0);
    assert_true(number_round(1) == 1);
    assert_true(number_round(1.0 / 3) == 0.333333333333333);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scales_integers),
        cmocka_unit_test(scales_floats),
        cmocka_unit_test(multiplies_ratios_of_the_configuration),
        cmocka_unit_test(multiplies_helpers),
        cmocka_unit_test(values_without_a_scale_are_none),
        cmocka_unit_test(sentinels_are_no_values),
        cmocka_unit_test(implausible_values_are_kept),
        cmocka_unit_test(decodes_coils),
        cmocka_unit_test(decodes_texts),
        cmocka_unit_test(a_failed_request_fails_its_points_alone),
        cmocka_unit_test(a_failed_helper_fails_its_values),
        cmocka_unit_test(the_frame_of_the_flow_converter),
        cmocka_unit_test(an_empty_class_is_an_empty_batch),
        cmocka_unit_test(rounds_to_decimals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
