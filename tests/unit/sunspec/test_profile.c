/* SPDX-License-Identifier: Apache-2.0 */
/* test_profile: chains as profiles: which points, where and under which names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/mem.h"
#include "scene.h"

static void points_stand_behind_their_model(void **state)
{
    (void)state;
    map_model(&scene.map, 64001, 3);
    uint16_t inverter = map_model(&scene.map, 103, 50);
    scene_discover();
    assert_int_equal(inverter, BASE + 2 + 68 + 5);
    assert_int_equal(scene_find("active_power")->address0, inverter + 14);
    assert_int_equal(scene_find("generation_energy")->address0, inverter + 24);
    assert_int_equal(scene_find("generation_energy")->modulus_count, INT64_C(4294967296));
    assert_int_equal(scene_find("maker_name")->address0, BASE + 4);
    assert_int_equal(scene.profile->device_class, DEVICE_INVERTER);
    assert_string_equal(scene.profile->id, "sunspec");
    assert_int_equal(scene.roles[1].use, SUNSPEC_USE_UNKNOWN);
    assert_int_equal(scene.roles[2].use, SUNSPEC_USE_READ);
}

static void a_short_model_has_the_points_that_fit(void **state)
{
    (void)state;
    map_model(&scene.map, 103, 30);
    scene_discover();
    assert_non_null(scene_find("dc_voltage")); /* 29, its factor at 30 */
    assert_null(scene_find("dc_power"));       /* 31 fits, its factor at 32 does not */
    assert_null(scene_find("inverter_state"));
    scene_poll();
    scene_begin(NULL);
    map_model(&scene.map, 103, 29);
    scene_discover();
    assert_non_null(scene_find("dc_voltage"));
    scene_begin(NULL);
    map_model(&scene.map, 103, 28);
    scene_discover();
    assert_null(scene_find("dc_voltage"));
    assert_non_null(scene_find("dc_current"));
}

/* Of two models, the one that holds nothing is not the first device. */
static void an_empty_model_is_stepped_over(void **state)
{
    (void)state;
    map_model(&scene.map, 103, 0);
    uint16_t first = map_model(&scene.map, 103, 50);
    map_model(&scene.map, 120, 0);
    scene_discover();
    assert_int_equal(scene.roles[1].use, SUNSPEC_USE_EMPTY);
    assert_int_equal(scene.roles[2].use, SUNSPEC_USE_READ);
    assert_int_equal(scene.roles[3].use, SUNSPEC_USE_EMPTY);
    assert_int_equal(scene_find("active_power")->address0, first + 14);
    assert_null(scene_find("active_power_2"));
    assert_int_equal(scene.profile->device_class, DEVICE_INVERTER);
    scene_poll();
}

/* Model 701 goes before 103, but not when it is cut short. */
static void a_model_cut_short_gives_way_to_a_whole_one(void **state)
{
    (void)state;
    static const uint16_t lengths[] = {0, 12, 121};
    for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
        scene_begin(NULL);
        uint16_t der = map_model(&scene.map, 701, lengths[i]);
        uint16_t inverter = map_model(&scene.map, 103, 50);
        map_model(&scene.map, 714, 0);
        map_model(&scene.map, 160, 28);
        scene_discover();
        assert_int_equal(scene_find("active_power")->address0,
                         lengths[i] < 121 ? inverter + 14 : der + 10);
        assert_non_null(scene_find("dc_current_1"));
        scene_poll();
    }
}

static void a_longer_model_is_read_as_far_as_it_is_known(void **state)
{
    (void)state;
    map_model(&scene.map, 103, 60);
    uint16_t controls = map_model(&scene.map, 123, 24);
    scene_discover();
    assert_int_equal(scene_find("power_limit_percent")->address0, controls + 5);
    const struct profile_write *write = &scene_find("power_limit_percent")->write;
    assert_true(write_is_given(write));
    const struct profile_switch *switches = write->switches.items;
    assert_int_equal(switches[0].address0, controls + 7);
    assert_int_equal(switches[0].order, SWITCH_BEFORE);
    assert_int_equal(switches[1].address0, controls + 9);
    assert_int_equal(switches[1].order, SWITCH_AFTER);
    assert_false(write_is_given(&scene_find("on_off")->write));
    scene_poll();
}

static void strings_are_counted_through(void **state)
{
    (void)state;
    map_model(&scene.map, 103, 50);
    uint16_t first = map_model(&scene.map, 160, 8 + 2 * 20 + 7);
    uint16_t second = map_model(&scene.map, 160, 8 + 20);
    map_set(&scene.map, first + 2U, (uint16_t)-2);
    map_set(&scene.map, first + 10U + 20 + 9, 815);
    map_set(&scene.map, second + 2U, (uint16_t)-1);
    map_set(&scene.map, second + 10U + 9, 815);
    map_set(&scene.map, first + 8U, 0xFFFF); /* the number of modules is not said */
    scene_discover();
    assert_null(scene_find("dc_current_4"));
    scene_poll();
    scene_assert_value("dc_current_2", 8.15);
    scene_assert_value("dc_current_3", 81.5);
    scene_assert_value("dc_power", 0); /* of the inverter as a whole */
}

static void ports_beyond_one_request_keep_their_factor(void **state)
{
    (void)state;
    map_model(&scene.map, 701, 153);
    uint16_t at = map_model(&scene.map, 714, 18 + 10 * 25);
    map_set(&scene.map, at + 16U, (uint16_t)-1);
    for (uint16_t i = 0; i < 10; i++) {
        map_set(&scene.map, at + 20U + i * 25U + 11, 6000 + i);
    }
    scene_discover();
    assert_true(scene_poll() > 3);
    scene_assert_value("dc_voltage_1", 600);
    scene_assert_value("dc_voltage_10", 600.9);
}

static void requests_stay_small_where_the_device_wants_it(void **state)
{
    (void)state;
    uint16_t at = map_model(&scene.map, 701, 153);
    map_set(&scene.map, at + 10U, 500);
    map_set(&scene.map, at + 116U, 1);
    scene.most_registers = 40;
    scene_discover();
    scene_poll();
    scene_assert_value("active_power", 5);
}

static void the_better_model_of_a_device_is_read(void **state)
{
    (void)state;
    map_model(&scene.map, 103, 50);
    map_model(&scene.map, 113, 60);
    map_model(&scene.map, 120, 26);
    uint16_t der = map_model(&scene.map, 701, 153);
    uint16_t capacity = map_model(&scene.map, 702, 50);
    map_model(&scene.map, 160, 28);
    map_model(&scene.map, 714, 18 + 25);
    map_model(&scene.map, 705, 13);
    scene_discover();
    static const enum sunspec_use uses[] = {
        SUNSPEC_USE_READ,      SUNSPEC_USE_DUPLICATE, SUNSPEC_USE_DUPLICATE,
        SUNSPEC_USE_READ,      SUNSPEC_USE_READ,      SUNSPEC_USE_READ,
        SUNSPEC_USE_DUPLICATE, SUNSPEC_USE_READ,      SUNSPEC_USE_SKIPPED,
    };
    for (size_t i = 0; i < ARRAY_SIZE(uses); i++) {
        assert_int_equal(scene.roles[i].use, uses[i]);
        assert_int_equal(scene.roles[i].device, 1);
    }
    assert_int_equal(scene_find("active_power")->address0, der + 10);
    assert_int_equal(scene_find("rated_power")->address0, capacity + 2);
    assert_null(scene_find("active_power_2"));
}

/* An inverter and its meter behind a common model each, as some makers do it, and without the second one, as others. */
static void the_second_device_of_a_map_has_a_number(void **state)
{
    (void)state;
    for (int has_common = 0; has_common < 2; has_common++) {
        scene_begin(NULL);
        map_model(&scene.map, 103, 50);
        map_model(&scene.map, 160, 28);
        uint16_t common = has_common ? map_model(&scene.map, 1, 66) : 0;
        uint16_t meter = map_model(&scene.map, 203, 105);
        scene_discover();
        assert_int_equal(scene_find("active_power_2")->address0, meter + 18);
        assert_int_equal(scene_find("active_energy_import_2")->address0, meter + 46);
        assert_int_equal(scene_find("alarm_word_21")->address0, meter + 105);
        assert_non_null(scene_find("dc_current_1"));
        assert_int_equal(scene.profile->device_class, DEVICE_INVERTER);
        assert_true(has_common ? scene_find("serial_number_2")->address0 == common + 50
                               : scene_find("serial_number_2") == NULL);
        scene_poll();
    }
}

static void two_inverters_of_a_map_keep_their_strings_apart(void **state)
{
    (void)state;
    uint16_t first = map_model(&scene.map, 101, 50);
    map_model(&scene.map, 160, 28);
    map_model(&scene.map, 1, 66);
    uint16_t second = map_model(&scene.map, 101, 50);
    uint16_t inputs = map_model(&scene.map, 160, 28);
    uint16_t controls = map_model(&scene.map, 123, 24);
    scene_discover();
    assert_int_equal(scene_find("active_power")->address0, first + 14);
    assert_int_equal(scene_find("active_power_2")->address0, second + 14);
    assert_int_equal(scene_find("dc_voltage")->address0, first + 29);
    assert_int_equal(scene_find("dc_voltage_2")->address0, inputs + 10 + 10);
    assert_int_equal(scene_find("power_limit_percent_2")->address0, controls + 5);
    assert_null(scene_find("power_limit_percent"));
}

static void no_request_reaches_over_a_header(void **state)
{
    (void)state;
    map_model(&scene.map, 120, 26);
    map_model(&scene.map, 121, 30);
    map_model(&scene.map, 122, 44);
    scene_discover();
    const struct profile_barrier *barriers = scene.profile->barriers.items;
    assert_int_equal(scene.profile->barriers.count, 5);
    assert_int_equal(barriers[1].first, scene.chain.places[1].address);
    assert_int_equal(barriers[4].first, scene.chain.end);
    assert_int_equal(scene_poll(), 5); /* four models, of which 122 in two poll classes */
}

static void a_hostile_length_makes_a_bounded_profile(void **state)
{
    (void)state;
    map_model(&scene.map, 160, 20000);
    scene_discover();
    assert_int_equal(scene.profile->points.count, 4 + 3 * 128);
    scene_poll();
}

static void before_the_walk_there_is_the_common_model(void **state)
{
    (void)state;
    scene.profile = sunspec_profile_create(&scene_file, NULL);
    assert_int_equal(scene.profile->points.count, 4);
    assert_int_equal(scene_find("serial_number")->address0, 40002 + 50);
    assert_int_equal(scene_find("serial_number")->poll, POLL_NORMAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(points_stand_behind_their_model, scene_begin, scene_finish),
        cmocka_unit_test_setup_teardown(a_short_model_has_the_points_that_fit, scene_begin,
                                        scene_finish),
        cmocka_unit_test_setup_teardown(an_empty_model_is_stepped_over, scene_begin, scene_finish),
        cmocka_unit_test_setup_teardown(a_model_cut_short_gives_way_to_a_whole_one, scene_begin,
                                        scene_finish),
        cmocka_unit_test_setup_teardown(a_longer_model_is_read_as_far_as_it_is_known, scene_begin,
                                        scene_finish),
        cmocka_unit_test_setup_teardown(strings_are_counted_through, scene_begin, scene_finish),
        cmocka_unit_test_setup_teardown(ports_beyond_one_request_keep_their_factor, scene_begin,
                                        scene_finish),
        cmocka_unit_test_setup_teardown(requests_stay_small_where_the_device_wants_it, scene_begin,
                                        scene_finish),
        cmocka_unit_test_setup_teardown(the_better_model_of_a_device_is_read, scene_begin,
                                        scene_finish),
        cmocka_unit_test_setup_teardown(the_second_device_of_a_map_has_a_number, scene_begin,
                                        scene_finish),
        cmocka_unit_test_setup_teardown(two_inverters_of_a_map_keep_their_strings_apart,
                                        scene_begin, scene_finish),
        cmocka_unit_test_setup_teardown(no_request_reaches_over_a_header, scene_begin,
                                        scene_finish),
        cmocka_unit_test_setup_teardown(a_hostile_length_makes_a_bounded_profile, scene_begin,
                                        scene_finish),
        cmocka_unit_test_setup_teardown(before_the_walk_there_is_the_common_model, scene_begin,
                                        scene_finish),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
