/* SPDX-License-Identifier: Apache-2.0 */
/* world: stepping. A step settles all counters at the end of the old segment, lets people and cars act, and plans the
 * rates at the end of the new one; a change by a client does the same in the middle of a minute. */
#include "sim/world/world.h"

#include "sim/world/sums.h"

enum { STEP_US = STEP_S * 1000000 };

double world_hours(const struct world *world)
{
    return (double)(world->end_us - world->start_us) / 3.6e9;
}

double world_along(const struct world *world)
{
    return (double)(world->now_us - world->start_us) / (double)(world->end_us - world->start_us);
}

double world_rate(const struct world *world, const struct flow *flow)
{
    return flow_rate(flow, world_along(world));
}

struct flow_total world_total(const struct world *world, const struct flow *flow)
{
    return flow_total(flow, world_along(world), world_hours(world));
}

double world_net(const struct world *world, int transformer)
{
    double net = -world_rate(world, &world->pv[transformer]);
    for (size_t i = 0; i < world->building_count; i++) {
        const struct building *building = &world->buildings[i];
        if (building->options->transformer == transformer + 1) {
            net += world_rate(world, &building->total);
        }
    }
    for (size_t i = 0; transformer == 0 && i < world->charger_count; i++) {
        net += world_rate(world, &world->chargers[i]);
    }
    for (size_t i = (size_t)transformer; i < world->group_count; i += TRANSFORMERS) {
        net += world_rate(world, &world->groups[i]);
    }
    return net;
}

typedef void (*flow_fn)(struct flow *flow, const void *context);

static void each_flow(struct world *world, flow_fn fn, const void *context)
{
    for (size_t i = 0; i < world->building_count; i++) {
        struct building *building = &world->buildings[i];
        fn(&building->total, context);
        fn(&building->water, context);
        for (int p = 0; p < PURPOSE_COUNT; p++) {
            fn(&building->purpose[p], context);
        }
    }
    for (size_t i = 0; i < world->inverter_count; i++) {
        fn(&world->inverters[i].flow, context);
    }
    for (size_t i = 0; i < world->charger_count; i++) {
        fn(&world->chargers[i], context);
    }
    for (size_t i = 0; i < world->group_count; i++) {
        fn(&world->groups[i], context);
    }
    for (size_t i = 0; i < world->gun_count; i++) {
        fn(&world->guns[i].flow, context);
    }
    for (int i = 0; i < TRANSFORMERS; i++) {
        fn(&world->pv[i], context);
        fn(&world->feeders[i], context);
    }
    fn(&world->water, context);
}

struct settling {
    double along;
    double hours;
};

static void settle_flow(struct flow *flow, const void *context)
{
    const struct settling *settling = context;
    flow_settle(flow, settling->along, settling->hours);
}

static double between(double from, double to, double along)
{
    return from + (to - from) * along;
}

/* Everything with memory goes to `along` of the segment, which becomes the start of a new one. */
static void settle(struct world *world, double along)
{
    struct settling settling = {along, world_hours(world)};
    each_flow(world, settle_flow, &settling);
    for (size_t i = 0; i < world->building_count; i++) {
        struct building *building = &world->buildings[i];
        building->air_from_c = between(building->air_from_c, building->air_to_c, along);
        building->bulk_hvac_from_kw =
            between(building->bulk_hvac_from_kw, building->bulk_hvac_to_kw, along);
    }
    for (size_t i = 0; i < world->room_count; i++) {
        struct room *room = &world->rooms[i];
        room->air_from_c = between(room->air_from_c, room->air_to_c, along);
    }
    for (size_t i = 0; i < world->inverter_count; i++) {
        struct inverter *inverter = &world->inverters[i];
        inverter->available_from_kw =
            between(inverter->available_from_kw, inverter->available_to_kw, along);
    }
}

/* What clients can change: both ends of the segment from the state at its start. */
static void plan_controlled(struct world *world)
{
    double hours = world_hours(world);
    for (size_t i = 0; i < world->room_count; i++) {
        room_plan(&world->rooms[i], &world->from, &world->to, hours);
    }
    for (size_t i = 0; i < world->inverter_count; i++) {
        inverter_control(&world->inverters[i]);
    }
    sums_plan(world);
}

static void plan(struct world *world)
{
    double hours = world_hours(world);
    for (size_t i = 0; i < world->building_count; i++) {
        building_plan(&world->buildings[i], &world->from, &world->to, hours);
    }
    for (size_t i = 0; i < world->inverter_count; i++) {
        inverter_plan(&world->inverters[i], &world->to);
    }
    for (size_t i = 0; i < world->gun_count; i++) {
        gun_plan(&world->guns[i], hours);
    }
    plan_controlled(world);
}

static void close_quarter_flow(struct flow *flow, const void *is_month_start)
{
    flow_close_quarter(flow, *(const bool *)is_month_start);
}

static void close_rate_flow(struct flow *flow, const void *rate)
{
    flow_close_rate(flow, *(const enum meter_rate *)rate);
}

/* What happens on the minute: clocks of meters, habits of people, cars. */
static void act(struct world *world)
{
    const struct sky *now = &world->from;
    int64_t second = (now->time_s + CALENDAR_OFFSET_S) % DAY_S;
    bool is_month_start = second == 0 && now->day.day == 1;
    enum meter_rate rate = calendar_rate(&now->day, (int)(second / 3600));
    if (rate != world->rate) {
        each_flow(world, close_rate_flow, &world->rate);
        world->rate = rate;
    }
    if (second % 900 == 0) {
        each_flow(world, close_quarter_flow, &is_month_start);
    }
    for (size_t i = 0; second == 0 && i < world->inverter_count; i++) {
        world->inverters[i].midnight_kwh = world->inverters[i].flow.in;
    }
    for (size_t i = 0; i < world->room_count; i++) {
        room_habits(&world->rooms[i], now);
    }
    for (size_t i = 0; i < world->gun_count; i++) {
        gun_events(&world->guns[i], now);
    }
}

/* From the end of the segment into the next minute. */
static void step(struct world *world)
{
    settle(world, 1.0);
    world->start_us = world->end_us;
    world->end_us = world->start_us + STEP_US;
    weather_at(&world->weather, world->start_us / 1000000, &world->from);
    act(world);
    weather_at(&world->weather, world->end_us / 1000000, &world->to);
    plan(world);
}

void world_run(struct world *world, int64_t time_us)
{
    if (time_us <= world->now_us) {
        return;
    }
    while (time_us >= world->end_us) {
        step(world);
    }
    world->now_us = time_us;
}

void world_begin_change(struct world *world)
{
    settle(world, world_along(world));
    world->start_us = world->now_us;
    weather_at(&world->weather, world->start_us / 1000000, &world->from);
}

void world_end_change(struct world *world)
{
    plan_controlled(world);
}
