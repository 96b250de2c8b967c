/* SPDX-License-Identifier: Apache-2.0 */
/* The model: one seed is one compound, whenever it is asked and however it came there; what clients write takes effect;
 * sun and calendar are where they should be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>

#include "sim/device/role.h"
#include "sim/world/sums.h"
#include "sim/world/sun.h"
#include "support/support.h"

static const int64_t second_us = 1000000;

static struct model_options compound(void)
{
    struct model_options options = {
        .latitude_deg = 28.66,
        .longitude_deg = 121.42,
        .pv_peak_kw = 1800,
        .inverters = 18,
        .inverter_kw = 100,
        .chargers = 6,
        .gun_kw = 60,
        .piles = 102,
        .pile_groups = 4,
    };
    model_complete(&options);
    return options;
}

/* Local time of the site. */
static int64_t at(int year_day, double hour)
{
    return (calendar_year_start_s(2026) + year_day * (int64_t)DAY_S + (int64_t)(hour * 3600.0)) *
           second_us;
}

static struct world *world_at(const struct model_options *options, uint64_t seed, int64_t time_us)
{
    struct world *world = NULL;
    const char *fault = NULL;
    assert_int_equal(world_create(options, seed, time_us, &fault, &world), 0);
    return world;
}

/* The way to July is long: the tests of summer days share one world and run in the order of its time. */
static struct model_options summer_options;
static struct world *summer;

static struct world *summer_at(int year_day, double hour)
{
    world_run(summer, at(year_day, hour));
    assert_int_equal(summer->now_us, at(year_day, hour));
    return summer;
}

static int set_up(void **state)
{
    (void)state;
    summer_options = compound();
    summer = world_at(&summer_options, 1, at(195, 5.0)); /* Wednesday, 15 July */
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    world_destroy(summer);
    return 0;
}

static double value_of(struct world *world, const char *place, enum quantity_id id)
{
    struct role role;
    double value = 0.0;
    assert_int_equal(role_parse(world, place, &role), 0);
    assert_true(role_value(world, &role, id, 0, 1.0, &value));
    return value;
}

static void a_restart_goes_on(void **state)
{
    (void)state;
    static const char *const meters[] = {"building:b1", "building:dc", "feeder:1", "feeder:2",
                                         "charger:3",   "piles:2",     "pv:1"};
    struct model_options options = compound();
    int64_t end = at(12, 13.4) + 12345678;
    struct world *long_run = world_at(&options, 7, at(3, 9.0));
    for (int64_t now = at(3, 9.0); now < end; now += 733 * second_us) {
        world_run(long_run, now);
    }
    world_run(long_run, end);
    struct world *restarted = world_at(&options, 7, end);
    for (size_t i = 0; i < sizeof(meters) / sizeof(meters[0]); i++) {
        enum quantity_id id = QUANTITY_ID_active_energy_import;
        assert_near(value_of(long_run, meters[i], id), value_of(restarted, meters[i], id), 1e-6);
        id = QUANTITY_ID_active_power;
        assert_near(value_of(long_run, meters[i], id), value_of(restarted, meters[i], id), 1e-9);
    }
    assert_near(value_of(long_run, "water:main", QUANTITY_ID_water_volume),
                value_of(restarted, "water:main", QUANTITY_ID_water_volume), 1e-7);
    world_destroy(long_run);
    world_destroy(restarted);
}

static void another_seed_is_another_compound(void **state)
{
    (void)state;
    struct model_options options = compound();
    struct world *one = world_at(&options, 1, at(1, 12.0));
    struct world *other = world_at(&options, 2, at(1, 12.0));
    enum quantity_id id = QUANTITY_ID_active_energy_import;
    assert_true(fabs(value_of(one, "building:b1", id) - value_of(other, "building:b1", id)) > 1.0);
    world_destroy(one);
    world_destroy(other);
}

/* The counters over any stretch are the integral of the powers seen in it. */
static void counters_integrate_power(void **state)
{
    (void)state;
    struct model_options options = compound();
    struct world *world = world_at(&options, 4, at(5, 8.0));
    double start = value_of(world, "building:b2", QUANTITY_ID_active_energy_import);
    double sum = 0.0;
    double before = value_of(world, "building:b2", QUANTITY_ID_active_power);
    for (int64_t now = at(5, 8.0) + second_us; now <= at(5, 9.0); now += second_us) {
        world_run(world, now);
        double power = value_of(world, "building:b2", QUANTITY_ID_active_power);
        sum += 0.5 * (before + power) / 3600.0;
        before = power;
    }
    double counted = value_of(world, "building:b2", QUANTITY_ID_active_energy_import) - start;
    assert_true(counted > 10.0);
    /* A room that is switched within a second costs the trapezoid half of its step. */
    assert_near(counted, sum, 2e-5 * counted);
    world_destroy(world);
}

static void the_balance_closes_at_any_second(void **state)
{
    (void)state;
    struct world *world = summer_at(198, 6.0);
    for (int64_t now = at(198, 6.0); now <= at(198, 18.0); now += 97 * second_us) {
        world_run(world, now);
        double net = world_net(world, 0) + world_net(world, 1);
        double seen = value_of(world, "feeder:1", QUANTITY_ID_active_power) +
                      value_of(world, "feeder:2", QUANTITY_ID_active_power);
        assert_near(seen, net, 0.01 * fabs(net) + 1e-6);
    }
}

static void an_inverter_obeys_its_limit(void **state)
{
    (void)state;
    struct world *world = summer_at(195, 11.503);
    struct role role;
    assert_int_equal(role_parse(world, "inverter:5", &role), 0);
    double free_kw = value_of(world, "inverter:5", QUANTITY_ID_active_power);
    double energy = value_of(world, "inverter:5", QUANTITY_ID_generation_energy);
    assert_true(free_kw > 10.0);
    assert_true(role_write(world, &role, QUANTITY_ID_power_limit, 5.0));
    assert_near(value_of(world, "inverter:5", QUANTITY_ID_active_power), 5.0, 1e-9);
    /* Writing moves no counter. */
    assert_near(value_of(world, "inverter:5", QUANTITY_ID_generation_energy), energy, 1e-9);
    assert_near(value_of(world, "inverter:5", QUANTITY_ID_inverter_state), 0x0201, 0.5);
    world_run(world, at(195, 12.0));
    assert_near(value_of(world, "inverter:5", QUANTITY_ID_active_power), 5.0, 1e-9);
    assert_true(role_write(world, &role, QUANTITY_ID_power_limit, 100.0));
    assert_true(value_of(world, "inverter:5", QUANTITY_ID_active_power) > 5.0);
}

static void a_warmer_setpoint_saves_power(void **state)
{
    (void)state;
    struct world *world = summer_at(195, 14.504);
    struct role role;
    assert_int_equal(role_parse(world, "room:b1-301", &role), 0);
    double before = value_of(world, "room:b1-301", QUANTITY_ID_active_power);
    double building = value_of(world, "building:b1:hvac", QUANTITY_ID_active_power);
    double air = value_of(world, "room:b1-301", QUANTITY_ID_room_temperature);
    assert_true(before > 0.2);
    assert_true(role_write(world, &role, QUANTITY_ID_setpoint_temperature, 29.0));
    double after = value_of(world, "room:b1-301", QUANTITY_ID_active_power);
    assert_true(after < 0.5 * before);
    assert_near(value_of(world, "building:b1:hvac", QUANTITY_ID_active_power),
                building - before + after, 1e-6);
    world_run(world, at(195, 16.5));
    assert_true(value_of(world, "room:b1-301", QUANTITY_ID_room_temperature) > air + 0.5);
}

/* 4 800 m2 of offices on a July afternoon want tens of kilowatts of cooling, and nearly none at night. */
static void buildings_are_cooled_in_summer(void **state)
{
    (void)state;
    struct world *world = summer_at(195, 16.6);
    double afternoon = value_of(world, "building:b2:hvac", QUANTITY_ID_active_power);
    assert_true(afternoon > 25.0 && afternoon < 250.0);
    world = summer_at(196, 3.0);
    assert_true(value_of(world, "building:b2:hvac", QUANTITY_ID_active_power) < 0.2 * afternoon);
}

/* The first pile that charges at this moment. */
static int charging_pile(struct world *world)
{
    char place[32];
    for (int pile = 1; pile <= 102; pile++) {
        (void)snprintf(place, sizeof(place), "pile:%d", pile);
        if (value_of(world, place, QUANTITY_ID_charge_power) > 5.0) {
            return pile;
        }
    }
    return 0;
}

static void a_pile_obeys_its_limit(void **state)
{
    (void)state;
    char place[32];
    struct role role;
    struct world *world = summer_at(196, 9.607);
    int pile = charging_pile(world);
    assert_true(pile > 0);
    (void)snprintf(place, sizeof(place), "pile:%d", pile);
    assert_int_equal(role_parse(world, place, &role), 0);
    assert_true(role_write(world, &role, QUANTITY_ID_charge_current_limit, 10.0));
    assert_near(value_of(world, place, QUANTITY_ID_charge_power), 2.2, 1e-9);
    assert_true(role_write(world, &role, QUANTITY_ID_charge_current_limit, 5.0));
    assert_near(value_of(world, place, QUANTITY_ID_charge_power), 0.0, 1e-9);
    assert_near(value_of(world, place, QUANTITY_ID_connector_state), GUN_READY, 0.1);
}

static void cars_come_in_the_morning_and_leave(void **state)
{
    (void)state;
    struct world *world = summer_at(197, 4.0); /* a Friday */
    int by_hour[24] = {0};
    for (int hour = 5; hour < 24; hour++) {
        world_run(world, at(197, hour));
        for (size_t i = 2 * world->charger_count; i < world->gun_count; i++) {
            by_hour[hour] += world->guns[i].is_connected ? 1 : 0;
        }
    }
    assert_true(by_hour[6] < 5);
    assert_true(by_hour[11] > 30 && by_hour[11] < 80);
    assert_true(by_hour[20] < 5);
}

/* Solar noon at 121.42 E is at 04:00 UTC less 5.7 min less the equation of time; at the summer solstice the sun stands
 * 23.44 - 28.66 degrees from the zenith, at the winter solstice 52.1. */
static void the_sun_is_where_it_should_be(void **state)
{
    (void)state;
    struct sun_day june = sun_day(171, 365);
    struct sun_day december = sun_day(354, 365);
    int64_t noon_s = 4 * 3600 - 342;
    double june_cos = sun_cos_zenith(&june, noon_s + 108, 28.66, 121.42);
    double december_cos = sun_cos_zenith(&december, noon_s - 120, 28.66, 121.42);
    assert_near(acos(june_cos) * 180.0 / M_PI, 5.22, 0.1);
    assert_near(acos(december_cos) * 180.0 / M_PI, 52.1, 0.1);
    assert_true(sun_cos_zenith(&june, 16 * 3600, 28.66, 121.42) < -0.3);
}

static void the_calendar_is_right(void **state)
{
    (void)state;
    struct local_day day = calendar_day(1784073600); /* 2026-07-15 00:00 UTC, 08:00 local */
    assert_int_equal(day.year, 2026);
    assert_int_equal(day.month, 7);
    assert_int_equal(day.day, 15);
    assert_int_equal(day.weekday, 3);
    assert_true(day.is_workday);
    assert_int_equal(calendar_rate(&day, 9), RATE_SHARP);
    assert_int_equal(calendar_rate(&day, 12), RATE_VALLEY);
    day = calendar_day(calendar_year_start_s(2028) + 59 * (int64_t)DAY_S);
    assert_int_equal(day.month, 2);
    assert_int_equal(day.day, 29);
    assert_int_equal(calendar_day(calendar_year_start_s(2027) - 1).year, 2026);
}

static void unknown_places_are_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",        "building",     "building:b99", "building:b1:tea", "inverter:0", "inverter:19",
        "pile:1x", "room:nowhere", "feeder:3",     "water:",          "charger:-1"};
    struct model_options options = compound();
    struct world *world = world_at(&options, 1, at(0, 1.0));
    struct role role;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_int_equal(role_parse(world, wrong[i], &role), -EINVAL);
    }
    world_destroy(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_restart_goes_on),
        cmocka_unit_test(another_seed_is_another_compound),
        cmocka_unit_test(counters_integrate_power),
        cmocka_unit_test(an_inverter_obeys_its_limit),
        cmocka_unit_test(a_warmer_setpoint_saves_power),
        cmocka_unit_test(buildings_are_cooled_in_summer),
        cmocka_unit_test(a_pile_obeys_its_limit),
        cmocka_unit_test(cars_come_in_the_morning_and_leave),
        cmocka_unit_test(the_balance_closes_at_any_second),
        cmocka_unit_test(the_sun_is_where_it_should_be),
        cmocka_unit_test(the_calendar_is_right),
        cmocka_unit_test(unknown_places_are_refused),
    };
    return cmocka_run_group_tests_name("sim_world", tests, set_up, tear_down);
}
