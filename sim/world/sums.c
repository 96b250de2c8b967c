/* SPDX-License-Identifier: Apache-2.0 */
/* sums: addition at both ends of a segment; since all parts are straight lines, the sums hold in between as well. */
#include "sim/world/sums.h"

#include <math.h>

#include "sim/world/world.h"

/* Cables and transformers. Less than 1 %, so that the balance of the meters closes. */
static const double loss_share = 0.004;

static void clear(struct flow *flow)
{
    flow->from = 0.0;
    flow->to = 0.0;
}

static void add(struct flow *sum, const struct flow *part, double sign)
{
    sum->from += sign * part->from;
    sum->to += sign * part->to;
}

static void plan_buildings(struct world *world)
{
    for (size_t i = 0; i < world->building_count; i++) {
        struct building *building = &world->buildings[i];
        building->purpose[PURPOSE_HVAC].from = building->bulk_hvac_from_kw;
        building->purpose[PURPOSE_HVAC].to = building->bulk_hvac_to_kw;
    }
    for (size_t i = 0; i < world->room_count; i++) {
        struct flow *hvac = &world->rooms[i].building->purpose[PURPOSE_HVAC];
        hvac->from += world->rooms[i].from_kw;
        hvac->to += world->rooms[i].to_kw;
    }
    clear(&world->water);
    for (size_t i = 0; i < world->building_count; i++) {
        struct building *building = &world->buildings[i];
        clear(&building->total);
        for (int p = 0; p < PURPOSE_COUNT; p++) {
            add(&building->total, &building->purpose[p], 1.0);
        }
        add(&world->water, &building->water, 1.0);
    }
}

static void plan_charging(struct world *world)
{
    for (size_t i = 0; i < world->charger_count; i++) {
        clear(&world->chargers[i]);
        add(&world->chargers[i], &world->guns[2 * i].flow, 1.0);
        add(&world->chargers[i], &world->guns[2 * i + 1].flow, 1.0);
    }
    for (size_t i = 0; i < world->group_count; i++) {
        clear(&world->groups[i]);
    }
    const struct gun *piles = world->guns + 2 * world->charger_count;
    for (size_t i = 0; i < world->pile_count; i++) {
        add(&world->groups[i * world->group_count / world->pile_count], &piles[i].flow, 1.0);
    }
}

/* Losses follow the net power of the compound and keep one sign within a segment; one that turns round in between has
 * none, or they would be all there is at the turning point. */
static void add_losses(struct world *world)
{
    struct flow *feeders = world->feeders;
    double from = feeders[0].from + feeders[1].from;
    double to = feeders[0].to + feeders[1].to;
    if (from * to <= 0.0) {
        return;
    }
    double all_from = fabs(feeders[0].from) + fabs(feeders[1].from);
    double all_to = fabs(feeders[0].to) + fabs(feeders[1].to);
    double loss_from = loss_share * fabs(from) / all_from;
    double loss_to = loss_share * fabs(to) / all_to;
    for (int i = 0; i < TRANSFORMERS; i++) {
        feeders[i].from += loss_from * fabs(feeders[i].from);
        feeders[i].to += loss_to * fabs(feeders[i].to);
    }
}

static void plan_feeders(struct world *world)
{
    for (int i = 0; i < TRANSFORMERS; i++) {
        clear(&world->pv[i]);
        clear(&world->feeders[i]);
    }
    for (size_t i = 0; i < world->inverter_count; i++) {
        add(&world->pv[world->inverters[i].transformer], &world->inverters[i].flow, 1.0);
    }
    for (size_t i = 0; i < world->building_count; i++) {
        const struct building *building = &world->buildings[i];
        add(&world->feeders[building->options->transformer - 1], &building->total, 1.0);
    }
    /* The fast chargers hang on the first transformer, the boxes of the AC piles on both in turn. */
    for (size_t i = 0; i < world->charger_count; i++) {
        add(&world->feeders[0], &world->chargers[i], 1.0);
    }
    for (size_t i = 0; i < world->group_count; i++) {
        add(&world->feeders[i % TRANSFORMERS], &world->groups[i], 1.0);
    }
    for (int i = 0; i < TRANSFORMERS; i++) {
        add(&world->feeders[i], &world->pv[i], -1.0);
    }
    add_losses(world);
}

void sums_plan(struct world *world)
{
    plan_buildings(world);
    plan_charging(world);
    plan_feeders(world);
}
