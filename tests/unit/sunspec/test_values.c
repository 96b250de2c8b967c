/* SPDX-License-Identifier: Apache-2.0 */
/* test_values: what the points of models read as when scale factors change, values are missing and makers differ. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/mem.h"
#include "scene.h"

static void every_value_is_scaled_by_its_factor_of_the_moment(void **state)
{
    (void)state;
    uint16_t at = map_model(&scene.map, 103, 50);
    scene_discover();
    map_set(&scene.map, at + 14U, (uint16_t)-1234);
    map_set(&scene.map, at + 15U, (uint16_t)-1);
    map_set(&scene.map, at + 24U, 1);
    map_set(&scene.map, at + 25U, 57920);
    map_set(&scene.map, at + 38U, 4);
    scene_poll();
    scene_assert_value("active_power", -0.1234);
    scene_assert_value("generation_energy", 123.456);
    scene_assert_value("inverter_state", 4);
    assert_true(scene_reading("active_power")->resolution == 0.0001);
    /* the range changes between two polls */
    map_set(&scene.map, at + 15U, 1);
    map_set(&scene.map, at + 26U, 2);
    scene_poll();
    scene_assert_value("active_power", -12.34);
    scene_assert_value("generation_energy", 12345.6);
    assert_true(scene_reading("generation_energy")->resolution == 0.1);
    assert_int_equal(scene_reading("generation_energy")->count, 123456);
    assert_true(scene.batch->device->points[scene_reading("generation_energy")->point].resolution ==
                0);
}

static void a_factor_that_is_none_voids_its_values_alone(void **state)
{
    (void)state;
    static const uint16_t bad[] = {0x8000, 11, (uint16_t)-11, 0x7FFF};
    uint16_t at = map_model(&scene.map, 103, 50);
    scene_discover();
    map_set(&scene.map, at + 14U, 1000);
    map_set(&scene.map, at + 16U, 5000);
    map_set(&scene.map, at + 17U, (uint16_t)-2);
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        map_set(&scene.map, at + 15U, bad[i]);
        scene_poll();
        scene_assert_quality("active_power", QUALITY_NOT_IMPLEMENTED);
        scene_assert_value("frequency", 50);
    }
    map_set(&scene.map, at + 15U, (uint16_t)-10);
    scene_poll();
    scene_assert_value("active_power", 1e-10);
}

static void sentinels_are_no_values(void **state)
{
    (void)state;
    uint16_t at = map_model(&scene.map, 103, 50);
    scene_discover();
    map_set(&scene.map, at + 3U, 0xFFFF);
    map_set(&scene.map, at + 14U, 0x8000);
    map_set(&scene.map, at + 18U, 0xFFFF);
    map_set(&scene.map, at + 38U, 0xFFFF);
    map_set(&scene.map, at + 40U, 0xFFFF);
    map_set(&scene.map, at + 41U, 0xFFFF);
    map_set(&scene.map, at + 43U, 0xFFFF);
    scene_poll();
    scene_assert_quality("current_a", QUALITY_NOT_IMPLEMENTED);
    scene_assert_quality("active_power", QUALITY_NOT_IMPLEMENTED);
    scene_assert_value("apparent_power", -0.001); /* 0xFFFF is a good int16 */
    scene_assert_quality("inverter_state", QUALITY_NOT_IMPLEMENTED);
    scene_assert_quality("alarm_word_1", QUALITY_NOT_IMPLEMENTED);
    scene_assert_value("alarm_word_2", 0xFFFF);
    scene_assert_quality("serial_number", QUALITY_NOT_IMPLEMENTED);
    assert_string_equal(reading_text(scene.batch, scene_reading("maker_name")), "Acme");
}

/* A device that starts counting anew, or forgets its counter for a moment, must not look like one that fell. */
static void a_counter_of_nothing_is_no_value(void **state)
{
    (void)state;
    uint16_t at = map_model(&scene.map, 203, 105);
    map_set(&scene.map, at + 47U, 5000);
    scene_discover();
    scene_poll();
    scene_assert_value("active_energy_import", 5);
    scene_assert_quality("active_energy_export", QUALITY_NOT_IMPLEMENTED);
    map_set(&scene.map, at + 47U, 0);
    scene_poll();
    scene_assert_quality("active_energy_import", QUALITY_NOT_IMPLEMENTED);
    assert_int_equal(scene.profile->device_class, DEVICE_METER);
}

static void floats_need_no_factor(void **state)
{
    (void)state;
    uint16_t at = map_model(&scene.map, 113, 60);
    map_set(&scene.map, at + 22U, 0x42F6); /* 123.25 */
    map_set(&scene.map, at + 23U, 0x8000);
    map_set(&scene.map, at + 32U, 0x4640); /* 12345.0 = 0x4640E400 */
    map_set(&scene.map, at + 33U, 0xE400);
    map_set(&scene.map, at + 28U, 0x7FC0);
    scene_discover();
    scene_poll();
    scene_assert_value("active_power", 0.12325);
    scene_assert_value("generation_energy", 12.345);
    assert_int_equal(scene_reading("generation_energy")->count, 12345);
    scene_assert_quality("reactive_power", QUALITY_NOT_IMPLEMENTED);
}

static void set_factor(uint16_t at, int raw, int exponent)
{
    map_set(&scene.map, at + 22U, (uint16_t)raw);
    map_set(&scene.map, at + 23U, (uint16_t)exponent);
    scene_poll();
}

/* The standard says percent, some makers send a ratio; what can be true tells. */
static void a_power_factor_is_a_ratio_or_a_percentage(void **state)
{
    (void)state;
    uint16_t at = map_model(&scene.map, 103, 50);
    scene_discover();
    set_factor(at, -996, -3);
    scene_assert_value("power_factor", -0.996);
    assert_true(scene_reading("power_factor")->resolution == 0.001);
    set_factor(at, 1000, -3);
    scene_assert_value("power_factor", 1);
    set_factor(at, 1, 0);
    scene_assert_value("power_factor", 1);
    set_factor(at, 0, -2);
    scene_assert_value("power_factor", 0);
    set_factor(at, 9960, -2);
    scene_assert_value("power_factor", 0.996);
    assert_true(scene_reading("power_factor")->resolution == 0.0001);
    assert_int_equal(scene_reading("power_factor")->count, 9960);
    set_factor(at, -87, 0);
    scene_assert_value("power_factor", -0.87);
    set_factor(at, 100, 0);
    scene_assert_value("power_factor", 1);
    set_factor(at, 101, 0);
    scene_assert_quality("power_factor", QUALITY_IMPLAUSIBLE);
    set_factor(at, (int16_t)0x8000, 0);
    scene_assert_quality("power_factor", QUALITY_NOT_IMPLEMENTED);
}

/* At night a device of percentages may say 1 %. */
static void a_device_of_percentages_stays_one(void **state)
{
    (void)state;
    uint16_t at = map_model(&scene.map, 101, 50);
    scene_discover();
    for (int i = 0; i < 16; i++) {
        set_factor(at, i % 4 == 3 ? 0 : 9900 + i, -2);
    }
    set_factor(at, 50, -2);
    scene_assert_value("power_factor", 0.005);
    set_factor(at, 100, -2);
    scene_assert_value("power_factor", 0.01);
    /* but not its meter */
    scene_begin(NULL);
    at = map_model(&scene.map, 101, 50);
    uint16_t meter = map_model(&scene.map, 203, 105);
    scene_discover();
    for (int i = 0; i < 12; i++) {
        set_factor(at, 9900, -2);
    }
    map_set(&scene.map, meter + 33U, 98);
    map_set(&scene.map, meter + 35U, (uint16_t)-50);
    map_set(&scene.map, meter + 37U, (uint16_t)-2);
    set_factor(at, 50, -2);
    scene_assert_value("power_factor", 0.005);
    scene_assert_value("power_factor_2", 0.98);
    scene_assert_value("power_factor_b_2", -0.5);
}

static void a_garbled_value_makes_no_percentages(void **state)
{
    (void)state;
    uint16_t at = map_model(&scene.map, 103, 50);
    scene_discover();
    for (int i = 0; i < 30; i++) {
        set_factor(at, i % 5 == 4 ? 990 : 32767, -3);
        set_factor(at, i % 5 == 4 ? 990 : 32767, -2); /* no percentage either */
    }
    set_factor(at, 990, -3);
    scene_assert_value("power_factor", 0.99);
}

static void set_float(uint16_t at, float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof(bits));
    map_set(&scene.map, at, (uint16_t)(bits >> 16));
    map_set(&scene.map, at + 1U, (uint16_t)bits);
}

static void the_other_models_have_power_factors_of_both_kinds(void **state)
{
    (void)state;
    uint16_t at = map_model(&scene.map, 113, 60);
    scene_discover();
    set_float(at + 30, -0.75F);
    scene_poll();
    scene_assert_value("power_factor", -0.75);
    set_float(at + 30, 99.5F);
    scene_poll();
    scene_assert_value("power_factor", 0.995);
    scene_begin(NULL);
    at = map_model(&scene.map, 213, 124);
    scene_discover();
    set_float(at + 52, 87.5F);
    set_float(at + 58, 0.875F);
    scene_poll();
    scene_assert_value("power_factor", 0.875);
    scene_assert_value("power_factor_c", 0.875);
    scene_begin(NULL);
    at = map_model(&scene.map, 701, 153);
    scene_discover();
    map_set(&scene.map, at + 13U, 996);
    map_set(&scene.map, at + 44U, 99);
    map_set(&scene.map, at + 117U, (uint16_t)-3);
    scene_poll();
    scene_assert_value("power_factor", 0.996);
    map_set(&scene.map, at + 117U, (uint16_t)-1);
    scene_poll();
    scene_assert_value("power_factor", 0.996);
    scene_assert_value("power_factor_a", 0.099);
}

static void states_of_the_two_vocabularies_meet(void **state)
{
    (void)state;
    uint16_t at = map_model(&scene.map, 701, 153);
    map_set(&scene.map, at + 4U, 6); /* FAULT, which 101 to 113 call 7 */
    map_set(&scene.map, at + 22U, 777);
    scene_discover();
    scene_poll();
    scene_assert_value("inverter_state", 7);
    scene_assert_value("generation_energy", 0.777);
    scene_assert_value("active_energy_import", 0); /* a uint64, not an accumulator */
    map_set(&scene.map, at + 4U, 0xFFFF);
    scene_poll();
    scene_assert_quality("inverter_state", QUALITY_NOT_IMPLEMENTED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_value_is_scaled_by_its_factor_of_the_moment,
                                        scene_begin, scene_finish),
        cmocka_unit_test_setup_teardown(a_factor_that_is_none_voids_its_values_alone, scene_begin,
                                        scene_finish),
        cmocka_unit_test_setup_teardown(sentinels_are_no_values, scene_begin, scene_finish),
        cmocka_unit_test_setup_teardown(a_counter_of_nothing_is_no_value, scene_begin,
                                        scene_finish),
        cmocka_unit_test_setup_teardown(floats_need_no_factor, scene_begin, scene_finish),
        cmocka_unit_test_setup_teardown(a_power_factor_is_a_ratio_or_a_percentage, scene_begin,
                                        scene_finish),
        cmocka_unit_test_setup_teardown(a_device_of_percentages_stays_one, scene_begin,
                                        scene_finish),
        cmocka_unit_test_setup_teardown(a_garbled_value_makes_no_percentages, scene_begin,
                                        scene_finish),
        cmocka_unit_test_setup_teardown(the_other_models_have_power_factors_of_both_kinds,
                                        scene_begin, scene_finish),
        cmocka_unit_test_setup_teardown(states_of_the_two_vocabularies_meet, scene_begin,
                                        scene_finish),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
