/* SPDX-License-Identifier: Apache-2.0 */
/* test_profile: chains as profiles: which points, where, under which names, and what they read as when scale factors
 * change and values are missing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "collectors/modbus/decode.h"
#include "collectors/modbus/sunspec_profile.h"
#include "map.h"

enum { BASE = 40000, ALL_CLASSES = (1 << POLL_CLASS_COUNT) - 1 };

static struct map map;
static struct sunspec_chain chain;
static struct sunspec_role roles[SUNSPEC_MODELS_MAX];
static struct profile *profile;
static struct batch *batch;
static unsigned most_registers;

static const struct profile file = {
    .id = (char *)"sunspec",
    .device = (char *)"SunSpec device",
    .device_class = DEVICE_INVERTER,
    .discovery = DISCOVERY_SUNSPEC,
    .link = {.unit = 1, .max_registers = 125},
};

static const struct device_config config = {.id = (char *)"pv",
                                            .name = (char *)"",
                                            .profile = (char *)"sunspec",
                                            .node = (char *)"",
                                            .unit = 1,
                                            .ct_ratio = 1,
                                            .vt_ratio = 1,
                                            .pulse_weight = 1};

static int begin(void **state)
{
    (void)state;
    memset(&map, 0, sizeof(map));
    map_begin(&map, BASE);
    map_text(&map, map_model(&map, 1, 66) + 2U, "Acme");
    most_registers = 125;
    return 0;
}

static int finish(void **state)
{
    (void)state;
    batch_unref(batch);
    profile_destroy(profile);
    batch = NULL;
    profile = NULL;
    return 0;
}

static void discover(void)
{
    struct sunspec_walk walk = {0};
    struct profile own = file;
    own.link.max_registers = most_registers;
    map_end(&map);
    sunspec_walk_begin(&walk, NULL);
    assert_int_equal(map_walk(&map, &walk), SUNSPEC_FOUND);
    chain = walk.chain;
    sunspec_roles(&chain, roles);
    profile_destroy(profile);
    profile = sunspec_profile_create(&own, &chain);
}

static const struct profile_point *find(const char *name)
{
    const struct profile_point *points = profile->points.items;
    for (size_t i = 0; i < profile->points.count; i++) {
        if (strcmp(points[i].name, name) == 0) {
            return &points[i];
        }
    }
    return NULL;
}

static void read_request(const struct plan_request *request, uint16_t *registers)
{
    assert_int_equal(request->request.function, 3);
    assert_true(request->request.quantity <= most_registers);
    for (uint32_t i = 0; i < request->request.quantity; i++) {
        assert_true(map.is_written[request->request.address + i]);
        registers[request->answer_offset + i] = map.words[request->request.address + i];
    }
}

/* Everything once, from the registers of the map; returns how many requests that took. */
static size_t poll(void)
{
    static const int64_t period_ms[POLL_CLASS_COUNT] = {1000, 10000, 60000, 86400000};
    struct site site = {.id = (char *)"site",
                        .name = (char *)"",
                        .fast_ms = 1000,
                        .normal_ms = 10000,
                        .slow_ms = 60000};
    struct line_config line = {.id = (char *)"line"};
    struct device *device = site_device(&site, &line, &config, profile);
    struct plan *plan = plan_create(profile, &config, period_ms);
    size_t count = 0;
    const struct plan_request *requests = plan_requests(plan, &count);
    uint16_t *registers = mem_alloc_array(plan_answer_size(plan) + 1, sizeof(*registers));
    struct plan_outcome *outcomes = mem_alloc_array(count + 1, sizeof(*outcomes));
    for (size_t i = 0; i < count; i++) {
        read_request(&requests[i], registers);
    }
    batch_unref(batch);
    batch = decode_batch(plan, ALL_CLASSES, device, registers, outcomes);
    free(registers);
    free(outcomes);
    plan_unref(plan);
    device_unref(device);
    return count;
}

static const struct reading *reading(const char *name)
{
    for (size_t i = 0; i < batch->count; i++) {
        if (strcmp(batch->device->points[batch->readings[i].point].name, name) == 0) {
            return &batch->readings[i];
        }
    }
    fail_msg("no point %s", name);
    return NULL;
}

static void assert_value(const char *name, double value)
{
    const struct reading *found = reading(name);
    if (found->quality != QUALITY_OK || fabs(found->value - value) > fabs(value) * 1e-12) {
        fail_msg("%s is %.15g, %s; wanted %.15g", name, found->value,
                 quality_word((enum quality)found->quality), value);
    }
}

static void assert_quality(const char *name, enum quality quality)
{
    assert_string_equal(quality_word((enum quality)reading(name)->quality), quality_word(quality));
}

static void points_stand_behind_their_model(void **state)
{
    (void)state;
    map_model(&map, 64001, 3);
    uint16_t inverter = map_model(&map, 103, 50);
    discover();
    assert_int_equal(inverter, BASE + 2 + 68 + 5);
    assert_int_equal(find("active_power")->address0, inverter + 14);
    assert_int_equal(find("generation_energy")->address0, inverter + 24);
    assert_int_equal(find("generation_energy")->modulus_count, INT64_C(4294967296));
    assert_int_equal(find("maker_name")->address0, BASE + 4);
    assert_int_equal(profile->device_class, DEVICE_INVERTER);
    assert_string_equal(profile->id, "sunspec");
    assert_int_equal(roles[1].use, SUNSPEC_USE_UNKNOWN);
    assert_int_equal(roles[2].use, SUNSPEC_USE_READ);
}

static void every_value_is_scaled_by_its_factor_of_the_moment(void **state)
{
    (void)state;
    uint16_t at = map_model(&map, 103, 50);
    discover();
    map_set(&map, at + 14U, (uint16_t)-1234);
    map_set(&map, at + 15U, (uint16_t)-1);
    map_set(&map, at + 24U, 1);
    map_set(&map, at + 25U, 57920);
    map_set(&map, at + 38U, 4);
    poll();
    assert_value("active_power", -0.1234);
    assert_value("generation_energy", 123.456);
    assert_value("inverter_state", 4);
    assert_true(reading("active_power")->resolution == 0.0001);
    /* the range changes between two polls */
    map_set(&map, at + 15U, 1);
    map_set(&map, at + 26U, 2);
    poll();
    assert_value("active_power", -12.34);
    assert_value("generation_energy", 12345.6);
    assert_true(reading("generation_energy")->resolution == 0.1);
    assert_int_equal(reading("generation_energy")->count, 123456);
    assert_true(batch->device->points[reading("generation_energy")->point].resolution == 0);
}

static void a_factor_that_is_none_voids_its_values_alone(void **state)
{
    (void)state;
    static const uint16_t bad[] = {0x8000, 11, (uint16_t)-11, 0x7FFF};
    uint16_t at = map_model(&map, 103, 50);
    discover();
    map_set(&map, at + 14U, 1000);
    map_set(&map, at + 16U, 5000);
    map_set(&map, at + 17U, (uint16_t)-2);
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        map_set(&map, at + 15U, bad[i]);
        poll();
        assert_quality("active_power", QUALITY_NOT_IMPLEMENTED);
        assert_value("frequency", 50);
    }
    map_set(&map, at + 15U, (uint16_t)-10);
    poll();
    assert_value("active_power", 1e-10);
}

static void sentinels_are_no_values(void **state)
{
    (void)state;
    uint16_t at = map_model(&map, 103, 50);
    discover();
    map_set(&map, at + 3U, 0xFFFF);
    map_set(&map, at + 14U, 0x8000);
    map_set(&map, at + 18U, 0xFFFF);
    map_set(&map, at + 38U, 0xFFFF);
    map_set(&map, at + 40U, 0xFFFF);
    map_set(&map, at + 41U, 0xFFFF);
    map_set(&map, at + 43U, 0xFFFF);
    poll();
    assert_quality("current_a", QUALITY_NOT_IMPLEMENTED);
    assert_quality("active_power", QUALITY_NOT_IMPLEMENTED);
    assert_value("apparent_power", -0.001); /* 0xFFFF is a good int16 */
    assert_quality("inverter_state", QUALITY_NOT_IMPLEMENTED);
    assert_quality("alarm_word_1", QUALITY_NOT_IMPLEMENTED);
    assert_value("alarm_word_2", 0xFFFF);
    assert_quality("serial_number", QUALITY_NOT_IMPLEMENTED);
    assert_string_equal(reading_text(batch, reading("maker_name")), "Acme");
}

/* A device that starts counting anew, or forgets its counter for a moment, must not look like one that fell. */
static void a_counter_of_nothing_is_no_value(void **state)
{
    (void)state;
    uint16_t at = map_model(&map, 203, 105);
    map_set(&map, at + 47U, 5000);
    discover();
    poll();
    assert_value("active_energy_import", 5);
    assert_quality("active_energy_export", QUALITY_NOT_IMPLEMENTED);
    map_set(&map, at + 47U, 0);
    poll();
    assert_quality("active_energy_import", QUALITY_NOT_IMPLEMENTED);
    assert_int_equal(profile->device_class, DEVICE_METER);
}

static void floats_need_no_factor(void **state)
{
    (void)state;
    uint16_t at = map_model(&map, 113, 60);
    map_set(&map, at + 22U, 0x42F6); /* 123.25 */
    map_set(&map, at + 23U, 0x8000);
    map_set(&map, at + 32U, 0x4640); /* 12345.0 = 0x4640E400 */
    map_set(&map, at + 33U, 0xE400);
    map_set(&map, at + 28U, 0x7FC0);
    discover();
    poll();
    assert_value("active_power", 0.12325);
    assert_value("generation_energy", 12.345);
    assert_int_equal(reading("generation_energy")->count, 12345);
    assert_quality("reactive_power", QUALITY_NOT_IMPLEMENTED);
}

static void states_of_the_two_vocabularies_meet(void **state)
{
    (void)state;
    uint16_t at = map_model(&map, 701, 153);
    map_set(&map, at + 4U, 6); /* FAULT, which 101 to 113 call 7 */
    map_set(&map, at + 22U, 777);
    discover();
    poll();
    assert_value("inverter_state", 7);
    assert_value("generation_energy", 0.777);
    assert_value("active_energy_import", 0); /* a uint64, not an accumulator */
    map_set(&map, at + 4U, 0xFFFF);
    poll();
    assert_quality("inverter_state", QUALITY_NOT_IMPLEMENTED);
}

static void a_short_model_has_the_points_that_fit(void **state)
{
    (void)state;
    map_model(&map, 103, 30);
    discover();
    assert_non_null(find("dc_voltage")); /* 29, its factor at 30 */
    assert_null(find("dc_power"));       /* 31 fits, its factor at 32 does not */
    assert_null(find("inverter_state"));
    poll();
    begin(NULL);
    map_model(&map, 103, 29);
    discover();
    assert_non_null(find("dc_voltage"));
    begin(NULL);
    map_model(&map, 103, 28);
    discover();
    assert_null(find("dc_voltage"));
    assert_non_null(find("dc_current"));
}

static void a_longer_model_is_read_as_far_as_it_is_known(void **state)
{
    (void)state;
    map_model(&map, 103, 60);
    uint16_t controls = map_model(&map, 123, 24);
    discover();
    assert_int_equal(find("power_limit_percent")->address0, controls + 5);
    assert_true(find("power_limit_percent")->is_writable);
    poll();
}

static void strings_are_counted_through(void **state)
{
    (void)state;
    map_model(&map, 103, 50);
    uint16_t first = map_model(&map, 160, 8 + 2 * 20 + 7);
    uint16_t second = map_model(&map, 160, 8 + 20);
    map_set(&map, first + 2U, (uint16_t)-2);
    map_set(&map, first + 10U + 20 + 9, 815);
    map_set(&map, second + 2U, (uint16_t)-1);
    map_set(&map, second + 10U + 9, 815);
    map_set(&map, first + 8U, 0xFFFF); /* the number of modules is not said */
    discover();
    assert_null(find("dc_current_4"));
    poll();
    assert_value("dc_current_2", 8.15);
    assert_value("dc_current_3", 81.5);
    assert_value("dc_power", 0); /* of the inverter as a whole */
}

static void ports_beyond_one_request_keep_their_factor(void **state)
{
    (void)state;
    map_model(&map, 701, 153);
    uint16_t at = map_model(&map, 714, 18 + 10 * 25);
    map_set(&map, at + 16U, (uint16_t)-1);
    for (uint16_t i = 0; i < 10; i++) {
        map_set(&map, at + 20U + i * 25U + 11, 6000 + i);
    }
    discover();
    assert_true(poll() > 3);
    assert_value("dc_voltage_1", 600);
    assert_value("dc_voltage_10", 600.9);
}

static void requests_stay_small_where_the_device_wants_it(void **state)
{
    (void)state;
    uint16_t at = map_model(&map, 701, 153);
    map_set(&map, at + 10U, 500);
    map_set(&map, at + 116U, 1);
    most_registers = 40;
    discover();
    poll();
    assert_value("active_power", 5);
}

static void the_better_model_of_a_device_is_read(void **state)
{
    (void)state;
    map_model(&map, 103, 50);
    map_model(&map, 113, 60);
    map_model(&map, 120, 26);
    uint16_t der = map_model(&map, 701, 153);
    uint16_t capacity = map_model(&map, 702, 50);
    map_model(&map, 160, 28);
    map_model(&map, 714, 18 + 25);
    map_model(&map, 705, 13);
    discover();
    static const enum sunspec_use uses[] = {
        SUNSPEC_USE_READ,      SUNSPEC_USE_DUPLICATE, SUNSPEC_USE_DUPLICATE,
        SUNSPEC_USE_READ,      SUNSPEC_USE_READ,      SUNSPEC_USE_READ,
        SUNSPEC_USE_DUPLICATE, SUNSPEC_USE_READ,      SUNSPEC_USE_SKIPPED,
    };
    for (size_t i = 0; i < ARRAY_SIZE(uses); i++) {
        assert_int_equal(roles[i].use, uses[i]);
        assert_int_equal(roles[i].device, 1);
    }
    assert_int_equal(find("active_power")->address0, der + 10);
    assert_int_equal(find("rated_power")->address0, capacity + 2);
    assert_null(find("active_power_2"));
}

/* An inverter and its meter behind a common model each, as some makers do it, and without the second one, as others. */
static void the_second_device_of_a_map_has_a_number(void **state)
{
    (void)state;
    for (int has_common = 0; has_common < 2; has_common++) {
        begin(NULL);
        map_model(&map, 103, 50);
        map_model(&map, 160, 28);
        uint16_t common = has_common ? map_model(&map, 1, 66) : 0;
        uint16_t meter = map_model(&map, 203, 105);
        discover();
        assert_int_equal(find("active_power_2")->address0, meter + 18);
        assert_int_equal(find("active_energy_import_2")->address0, meter + 46);
        assert_int_equal(find("alarm_word_21")->address0, meter + 105);
        assert_non_null(find("dc_current_1"));
        assert_int_equal(profile->device_class, DEVICE_INVERTER);
        assert_true(has_common ? find("serial_number_2")->address0 == common + 50
                               : find("serial_number_2") == NULL);
        poll();
    }
}

static void two_inverters_of_a_map_keep_their_strings_apart(void **state)
{
    (void)state;
    uint16_t first = map_model(&map, 101, 50);
    map_model(&map, 160, 28);
    map_model(&map, 1, 66);
    uint16_t second = map_model(&map, 101, 50);
    uint16_t inputs = map_model(&map, 160, 28);
    uint16_t controls = map_model(&map, 123, 24);
    discover();
    assert_int_equal(find("active_power")->address0, first + 14);
    assert_int_equal(find("active_power_2")->address0, second + 14);
    assert_int_equal(find("dc_voltage")->address0, first + 29);
    assert_int_equal(find("dc_voltage_2")->address0, inputs + 10 + 10);
    assert_int_equal(find("power_limit_percent_2")->address0, controls + 5);
    assert_null(find("power_limit_percent"));
}

static void no_request_reaches_over_a_header(void **state)
{
    (void)state;
    map_model(&map, 120, 26);
    map_model(&map, 121, 30);
    map_model(&map, 122, 44);
    discover();
    const struct profile_barrier *barriers = profile->barriers.items;
    assert_int_equal(profile->barriers.count, 5);
    assert_int_equal(barriers[1].first, chain.places[1].address);
    assert_int_equal(barriers[4].first, chain.end);
    assert_int_equal(poll(), 5); /* four models, of which 122 in two poll classes */
}

static void a_hostile_length_makes_a_bounded_profile(void **state)
{
    (void)state;
    map_model(&map, 160, 20000);
    discover();
    assert_int_equal(profile->points.count, 4 + 3 * 128);
    poll();
}

static void before_the_walk_there_is_the_common_model(void **state)
{
    (void)state;
    profile = sunspec_profile_create(&file, NULL);
    assert_int_equal(profile->points.count, 4);
    assert_int_equal(find("serial_number")->address0, 40002 + 50);
    assert_int_equal(find("serial_number")->poll, POLL_NORMAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(points_stand_behind_their_model, begin, finish),
        cmocka_unit_test_setup_teardown(every_value_is_scaled_by_its_factor_of_the_moment, begin,
                                        finish),
        cmocka_unit_test_setup_teardown(a_factor_that_is_none_voids_its_values_alone, begin,
                                        finish),
        cmocka_unit_test_setup_teardown(sentinels_are_no_values, begin, finish),
        cmocka_unit_test_setup_teardown(a_counter_of_nothing_is_no_value, begin, finish),
        cmocka_unit_test_setup_teardown(floats_need_no_factor, begin, finish),
        cmocka_unit_test_setup_teardown(states_of_the_two_vocabularies_meet, begin, finish),
        cmocka_unit_test_setup_teardown(a_short_model_has_the_points_that_fit, begin, finish),
        cmocka_unit_test_setup_teardown(a_longer_model_is_read_as_far_as_it_is_known, begin,
                                        finish),
        cmocka_unit_test_setup_teardown(strings_are_counted_through, begin, finish),
        cmocka_unit_test_setup_teardown(ports_beyond_one_request_keep_their_factor, begin, finish),
        cmocka_unit_test_setup_teardown(requests_stay_small_where_the_device_wants_it, begin,
                                        finish),
        cmocka_unit_test_setup_teardown(the_better_model_of_a_device_is_read, begin, finish),
        cmocka_unit_test_setup_teardown(the_second_device_of_a_map_has_a_number, begin, finish),
        cmocka_unit_test_setup_teardown(two_inverters_of_a_map_keep_their_strings_apart, begin,
                                        finish),
        cmocka_unit_test_setup_teardown(no_request_reaches_over_a_header, begin, finish),
        cmocka_unit_test_setup_teardown(a_hostile_length_makes_a_bounded_profile, begin, finish),
        cmocka_unit_test_setup_teardown(before_the_walk_there_is_the_common_model, begin, finish),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
