/* SPDX-License-Identifier: Apache-2.0 */
/* building: load curves by hour, weekday and season. */
#include "sim/world/building.h"

#include <math.h>

#include "base/mem.h"
#include "sim/world/noise.h"

struct curve_point {
    double hour;
    double value;
};

static double curve_at(const struct curve_point *points, size_t count, double hour)
{
    size_t next = 1;
    while (next < count - 1 && points[next].hour < hour) {
        next++;
    }
    const struct curve_point *a = &points[next - 1];
    const struct curve_point *b = &points[next];
    double along = fmin(fmax((hour - a->hour) / (b->hour - a->hour), 0.0), 1.0);
    return a->value + (b->value - a->value) * along;
}

double building_occupancy(const struct sky *sky)
{
    static const struct curve_point workday[] = {
        {0, 0.01},    {6.5, 0.02},  {7.5, 0.12}, {8.75, 0.97}, {11.5, 1.0},
        {12.1, 0.60}, {13.4, 0.62}, {14.1, 1.0}, {17.2, 0.95}, {18.1, 0.30},
        {20.0, 0.10}, {22.5, 0.02}, {24, 0.01},
    };
    static const struct curve_point rest[] = {
        {0, 0.01}, {8, 0.02}, {10, 0.09}, {16, 0.08}, {19, 0.03}, {24, 0.01},
    };
    return sky->day.is_workday ? curve_at(workday, ARRAY_SIZE(workday), sky->hour)
                               : curve_at(rest, ARRAY_SIZE(rest), sky->hour);
}

/* Cooking, washing up: the canteen serves breakfast, lunch and a small supper. */
static double kitchen(const struct sky *sky)
{
    static const struct curve_point meals[] = {
        {0, 0.04},   {5.2, 0.05},  {6.2, 0.55}, {8.0, 0.50}, {9.0, 0.30}, {10.5, 1.0}, {12.3, 0.9},
        {13.5, 0.3}, {15.5, 0.12}, {17.0, 0.5}, {18.5, 0.3}, {20, 0.06},  {24, 0.04},
    };
    double level = curve_at(meals, ARRAY_SIZE(meals), sky->hour);
    return sky->day.is_workday ? level : 0.04 + 0.25 * level;
}

static struct zone_control bulk_control(const struct building *building, const struct sky *sky)
{
    struct zone_control control = {.mode = zone_season(sky)};
    control.setpoint_c = control.mode == HVAC_HEAT ? 20.0 : 25.8;
    bool is_open = sky->day.is_workday && sky->hour >= 7.25 && sky->hour < 17.75;
    double always = building->options->kind == BUILDING_CANTEEN ? 0.04 : 0.07;
    control.on_share = control.mode == HVAC_FAN ? 0.0 : is_open ? 0.85 : always;
    return control;
}

/* A few per cent of unrest, mean 1. */
static double unrest(const struct building *building, const struct sky *sky, uint64_t key,
                     double part)
{
    uint64_t seed = building->seed + key;
    double wave =
        0.6 * noise_wave(seed, sky->time_s, 840) + 0.4 * noise_wave(seed + 64, sky->time_s, 180);
    return 1.0 + part * (wave - 0.5);
}

static void plan_office(struct building *building, const struct sky *sky, double occupancy)
{
    double area = building->options->area_m2;
    double dark = sky->cos_zenith < 0.1 ? 1.0 : 1.0 - 0.4 * fmin(sky->irradiance[0] / 500.0, 1.0);
    double light = 1.6 + occupancy * (7.5 + 3.5 * dark);
    double power = 0.5 + 2.2 * occupancy;
    building->purpose[PURPOSE_LIGHT].to = area * light / 1000.0 * unrest(building, sky, 1, 0.12);
    building->purpose[PURPOSE_POWER].to = area * power / 1000.0 * unrest(building, sky, 2, 0.5);
    building->purpose[PURPOSE_SPECIAL].to = area * 0.0004 * unrest(building, sky, 3, 0.3);
    if (building->options->kind == BUILDING_CANTEEN) {
        double cooking = 0.055 * area * kitchen(sky);
        building->purpose[PURPOSE_SPECIAL].to = cooking * unrest(building, sky, 3, 0.3);
    }
}

static void plan_data_room(struct building *building, const struct sky *sky)
{
    double busy = 0.94 + 0.10 * building_occupancy(sky);
    double machines = building->options->it_kw * busy * unrest(building, sky, 1, 0.06);
    double cooling = machines * (0.30 + 0.009 * fmax(sky->outdoor_c - 12.0, 0.0));
    building->purpose[PURPOSE_SPECIAL].to = machines;
    building->bulk_hvac_to_kw = cooling * unrest(building, sky, 2, 0.15);
    building->purpose[PURPOSE_LIGHT].to = 0.003 * building->options->area_m2;
    building->purpose[PURPOSE_POWER].to = 0.06 * machines; /* losses of the UPS */
}

static double water_rate(const struct building *building, const struct sky *sky, double occupancy)
{
    const struct building_options *options = building->options;
    double burst = 0.3 + 1.4 * noise_wave(building->seed + 7, sky->time_s, 150);
    double rate = (double)options->headcount * 0.0042 * occupancy * burst;
    if (options->kind == BUILDING_CANTEEN) {
        rate += 2.6 * kitchen(sky) * burst;
    }
    return rate + options->leak_m3_h;
}

void building_plan(struct building *building, const struct sky *from, const struct sky *to,
                   double hours)
{
    double occupancy = building_occupancy(to);
    building->water.to = water_rate(building, to, occupancy);
    if (building->options->kind == BUILDING_DATA_ROOM) {
        plan_data_room(building, to);
        return;
    }
    plan_office(building, to, occupancy);
    struct zone_control control = bulk_control(building, from);
    building->air_to_c = zone_next(building->air_from_c, &control, from, occupancy, hours);
    control = bulk_control(building, to);
    building->bulk_hvac_to_kw = zone_power(building->bulk_m2, building->air_to_c, &control, to) *
                                unrest(building, to, 4, 0.08);
}

/* Typical yearly sums, only for counters that look as if they had run before. */
static double typical_kwh(const struct building_options *options, enum purpose purpose)
{
    static const double office[PURPOSE_COUNT] = {38.0, 28.0, 9.0, 3.0};
    static const double canteen[PURPOSE_COUNT] = {38.0, 28.0, 9.0, 120.0};
    static const double data_room[PURPOSE_COUNT] = {0.02, 0.35, 0.06, 1.0};
    switch ((enum building_kind)options->kind) {
    case BUILDING_CANTEEN:
        return canteen[purpose] * options->area_m2;
    case BUILDING_DATA_ROOM:
        return data_room[purpose] * options->it_kw * 8760.0;
    case BUILDING_OFFICE:
        break;
    }
    return office[purpose] * options->area_m2;
}

void building_init(struct building *building, const struct building_options *options, uint64_t seed,
                   double rooms_m2)
{
    *building = (struct building){
        .options = options,
        .seed = seed,
        .bulk_m2 = fmax(options->area_m2 - rooms_m2, 0.0),
        .air_from_c = 16.0,
        .air_to_c = 16.0,
    };
    double sum = 0.0;
    for (int i = 0; i < PURPOSE_COUNT; i++) {
        double typical = typical_kwh(options, (enum purpose)i);
        flow_init(&building->purpose[i], noise_hash(seed, (uint64_t)i), typical);
        sum += typical;
    }
    flow_init(&building->total, noise_hash(seed, 100), sum);
    flow_init(&building->water, noise_hash(seed, 101), (double)options->headcount * 12.0 + 200.0);
}
