/* SPDX-License-Identifier: Apache-2.0 */
/* test_encode: what is written is what is read: every type, order and scale is encoded, put into the registers of a
 * device and decoded again. And what the profile forbids is refused in words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "collectors/modbus/plan/encode.h"
#include "support/support.h"
#include "unit/modbus_codec/fixture.h"

static struct write_target find(const struct fixture *fixture, const char *name)
{
    struct write_target target = write_find(fixture->plan, name);
    assert_non_null(target.write);
    return target;
}

static void store(struct fixture *fixture, const struct encoded *encoded)
{
    for (uint16_t i = 0; i < encoded->count; i++) {
        char word[8];
        snprintf(word, sizeof(word), "%04X", encoded->values[i]);
        fixture_set(fixture, 3, (uint16_t)(encoded->address + i), word);
    }
}

static const struct {
    const char *type; /* and its count */
    int registers;
    double least; /* raw */
    double most;
} types[] = {
    {"u16\"; count = 0", 1, 0, 65535},        {"i16\"; count = 0", 1, -32768, 32767},
    {"u32\"; count = 0", 2, 0, 4294967295.0}, {"i32\"; count = 0", 2, -2147483648.0, 2147483647},
    {"u64\"; count = 0", 4, 0, 0x1p53},       {"i64\"; count = 0", 4, -0x1p53, 0x1p53},
    {"f32\"; count = 0", 2, -1e6, 1e6},       {"f64\"; count = 0", 4, -1e9, 1e9},
    {"bcd\"; count = 1", 1, 0, 9999},         {"bcd\"; count = 3", 3, 0, 999999999999.0},
    {"mod10k\"; count = 2", 2, 0, 99999999},
};
static const char *const orders[] = {"high_first", "low_first"};
static const double scales[] = {1, 0.1, 0.001, 10, -0.5, 0.3};
static const double offsets[] = {0, -40, 0.05};

/* A number of the type, as a value. */
static double draw(uint64_t *random, size_t type, double scale, double offset)
{
    double share = (double)(test_random(random) >> 11) * 0x1p-53;
    switch (test_random(random) % 8) {
    case 0:
        share = 0;
        break;
    case 1:
        share = 1;
        break;
    default:
        break;
    }
    double raw = types[type].least + share * (types[type].most - types[type].least);
    bool is_float = types[type].type[0] == 'f';
    return (is_float ? raw : rint(raw)) * scale + offset;
}

static void try_one(struct fixture *fixture, uint64_t *random, size_t type, double scale,
                    double offset)
{
    struct write_target target = find(fixture, "active_power");
    struct encoded encoded;
    char why[WRITE_WHY_SIZE];
    double value = draw(random, type, scale, offset);
    int error = write_encode(&target, 1, value, &encoded, why);
    if (error < 0) {
        fail_msg("%s at %.15g + %.15g: %s", types[type].type, scale, offset, why);
    }
    assert_int_equal(encoded.count, types[type].registers);
    store(fixture, &encoded);
    struct batch *batch = fixture_poll(fixture, POLL_NORMAL);
    const struct reading *reading = fixture_find(batch, "active_power");
    double tolerance = fabs(scale) / 2 + fabs(value) * 0x1p-23;
    /* A float is shown with more digits than it has when its scale is a power of ten. */
    bool is_float = types[type].type[0] == 'f';
    double slack = is_float ? fabs(encoded.value) * 0x1p-23 : 0;
    if (!(fabs(reading->value - encoded.value) <= slack) ||
        !(fabs(reading->value - value) <= tolerance)) {
        fail_msg("%s at %.15g + %.15g: wants %.17g, says %.17g, reads %.17g", types[type].type,
                 scale, offset, value, encoded.value, reading->value);
    }
    batch_unref(batch);
}

static void what_is_written_is_what_is_read(void **state)
{
    (void)state;
    uint64_t random = 20261201;
    for (size_t i = 0; i < ARRAY_SIZE(types) * 4; i++) {
        for (size_t j = 0; j < ARRAY_SIZE(scales) * ARRAY_SIZE(offsets); j++) {
            size_t type = i / 4;
            double scale = scales[j / ARRAY_SIZE(offsets)];
            double offset = offsets[j % ARRAY_SIZE(offsets)];
            char *body = mem_format(
                "points = ( { quantity = \"active_power\"; function = 3; address = 10; type = "
                "\"%s; word_order = \"%s\"; byte_order = \"%s\"; scale = %.15g; offset = %.15g; "
                "write: { }; } );",
                types[type].type, orders[i % 2], orders[i / 2 % 2], scale, offset);
            struct fixture fixture;
            fixture_init(&fixture, body);
            struct profile_point *point = fixture.profile->points.items;
            point->write.lowest = -1e18;
            point->write.highest = 1e18;
            for (int k = 0; k < 10; k++) {
                try_one(&fixture, &random, type, scale, offset);
            }
            fixture_finish(&fixture);
            free(body);
        }
    }
}

static void ratios_and_helpers_are_taken_back(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture,
                 "helpers = ( { name = \"e\"; function = 3; address = 20; type = \"i16\"; }, "
                 "{ name = \"k\"; function = 3; address = 21; type = \"u16\"; } );"
                 "points = ( { quantity = \"active_power\"; function = 3; address = 10; type = "
                 "\"i32\"; ratio = \"ct\"; unit = \"W\"; scale_from = \"e\"; scale_by = [\"k\"]; "
                 "write: { }; } );");
    fixture.config.ct_ratio = 40;
    fixture_plan(&fixture);
    struct write_target target = find(&fixture, "active_power");
    assert_string_equal(write_helper(&target, 0)->name, "e");
    assert_string_equal(write_helper(&target, 1)->name, "k");
    assert_null(write_helper(&target, 2));
    const uint16_t exponent = (uint16_t)-2;
    const uint16_t factor = 5;
    double product = write_factor(&target, 0, &exponent, 1);
    product = write_factor(&target, 1, &factor, product);
    struct encoded encoded;
    char why[WRITE_WHY_SIZE];
    assert_int_equal(write_encode(&target, product, 3, &encoded, why), 0);
    /* 3 kW = 3000 W = 1500 x 40 x 0.01 x 5 */
    assert_int_equal(encoded.values[0], 0);
    assert_int_equal(encoded.values[1], 1500);
    assert_true(encoded.value == 3);
    const uint16_t none = 0x8000;
    product = write_factor(&target, 0, &none, 1);
    assert_int_equal(write_encode(&target, product, 3, &encoded, why), -ERANGE);
    assert_string_equal(why, "active_power is 3 kW, wants a device that says its scale: its scale "
                             "register holds none");
    fixture_finish(&fixture);
}

#define LIMIT                                                                                      \
    "points = ( { quantity = \"charge_current_limit\"; function = 3; address = 5; type = "         \
    "\"u16\"; scale = 0.1; max = 32; write: { min = 6; "

static const struct {
    const char *body;
    double value;
    double wanted; /* NaN: refused, */
    const char *why;
} cases[] = {
    {LIMIT "}; } );", 16, 16, NULL},
    {LIMIT "}; } );", 16.04, 16, NULL},
    {LIMIT "}; } );", 16.06, 16.1, NULL},
    {LIMIT "}; } );", 5.9, NAN, "charge_current_limit is 5.9 A, wants 6..32"},
    {LIMIT "}; } );", 32.01, NAN, "charge_current_limit is 32.01 A, wants 6..32"},
    {LIMIT "pause = 0; }; } );", 0, 0, NULL},
    {LIMIT "pause = 0; }; } );", 1, NAN, "charge_current_limit is 1 A, wants 6..32, or 0 to pause"},
    {LIMIT "release = \"value\"; release_value = 80; }; } );", 80, 80, NULL},
    {LIMIT "}; } );", NAN, NAN, "charge_current_limit is nan A, wants a number"},
    {LIMIT "}; } );", INFINITY, NAN, "charge_current_limit is inf A, wants a number"},
    /* a step rounds, but never out of the limits */
    {LIMIT "step = 5; }; } );", 17.6, 20, NULL},
    {LIMIT "step = 5; }; } );", 32, 30, NULL},
    {LIMIT "step = 5; }; } );", 6, 10, NULL},
    {LIMIT "step = 0.5; }; } );", 16.3, 16.5, NULL},
    /* nor does the register */
    {LIMIT "scale = 5; }; } );", 32, 30, NULL},
    {LIMIT "max = 9; scale = 5; }; } );", 7, NAN,
     "charge_current_limit is 7 A, wants other limits: the registers hold no value between them "
     "near it"},
    {"points = ( { quantity = \"power_limit\"; function = 3; address = 5; type = \"u16\"; unit = "
     "\"W\"; write: { }; } );",
     66, NAN, "power_limit is 66 kW, wants a value that u16 at scale 0.001 holds"},
    {"points = ( { quantity = \"mode\"; function = 3; address = 5; type = \"u16\"; write: { max = "
     "5; }; } );",
     1.5, NAN, "mode is 1.5, wants a whole number"},
    {"points = ( { quantity = \"on_off\"; function = 1; address = 5; type = \"bits\"; write: { }; "
     "} "
     ");",
     1, 1, NULL},
    {"points = ( { quantity = \"on_off\"; function = 1; address = 5; type = \"bits\"; write: { }; "
     "} "
     ");",
     2, NAN, "on_off is 2, wants 0..1"},
};

static void limits_and_steps(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct fixture fixture;
        fixture_init(&fixture, cases[i].body);
        const struct profile_point *point = fixture.profile->points.items;
        struct write_target target = find(&fixture, point->name);
        struct encoded encoded = {0};
        char why[WRITE_WHY_SIZE] = "";
        int error = write_encode(&target, 1, cases[i].value, &encoded, why);
        if (cases[i].why != NULL) {
            assert_string_equal(why, cases[i].why);
            assert_int_equal(error, -ERANGE);
        } else {
            assert_string_equal(why, "");
            assert_int_equal(error, 0);
            assert_true(encoded.value == cases[i].wanted);
        }
        fixture_finish(&fixture);
    }
}

static void switches_and_heartbeats(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture, LIMIT "switches = ( { address = 7; on = 170; off = 85; }, { address = "
                                 "8; count = 2; on = 65538; } ); heartbeat: { address = 9; value "
                                 "= 3; period_ms = 1000; }; }; } );");
    const struct profile_write *write = find(&fixture, "charge_current_limit").write;
    struct encoded encoded;
    assert_int_equal(write_encode_switch(write, 0, true, &encoded), 0);
    assert_int_equal(encoded.function, 6);
    assert_int_equal(encoded.address, 7);
    assert_int_equal(encoded.values[0], 170);
    assert_int_equal(write_encode_switch(write, 0, false, &encoded), 0);
    assert_int_equal(encoded.values[0], 85);
    assert_int_equal(write_encode_switch(write, 1, true, &encoded), 0);
    assert_int_equal(encoded.function, 16);
    assert_int_equal(encoded.values[0], 1);
    assert_int_equal(encoded.values[1], 2);
    assert_int_equal(write_encode_switch(write, 1, false, &encoded), -EINVAL);
    assert_int_equal(write_encode_switch(write, 2, true, &encoded), -ENOENT);
    assert_int_equal(write_encode_heartbeat(write, &encoded), 0);
    assert_int_equal(encoded.address, 9);
    assert_int_equal(encoded.values[0], 3);
    fixture_finish(&fixture);
    fixture_init(&fixture, LIMIT "}; } );");
    assert_int_equal(write_encode_heartbeat(find(&fixture, "charge_current_limit").write, &encoded),
                     -ENOENT);
    fixture_finish(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_what_is_read),
        cmocka_unit_test(ratios_and_helpers_are_taken_back),
        cmocka_unit_test(limits_and_steps),
        cmocka_unit_test(switches_and_heartbeats),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
