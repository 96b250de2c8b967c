/* SPDX-License-Identifier: Apache-2.0 */
/* world, its making: the parts of the compound from the options, then the run from the first of January to the start. */
#include "sim/world/world.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sim/world/noise.h"
#include "sim/world/sums.h"

static void create_buildings(struct world *world)
{
    const struct model_options *options = world->options;
    const struct building_options *rows = options->buildings.items;
    const struct room_options *rooms = options->rooms.items;
    world->building_count = options->buildings.count;
    world->buildings = mem_alloc_array(world->building_count, sizeof(*world->buildings));
    for (size_t i = 0; i < world->building_count; i++) {
        double rooms_m2 = 0.0;
        for (size_t r = 0; r < options->rooms.count; r++) {
            rooms_m2 += strcmp(rooms[r].building, rows[i].id) == 0 ? rooms[r].area_m2 : 0.0;
        }
        uint64_t seed = noise_seed(world->seed, rows[i].id);
        building_init(&world->buildings[i], &rows[i], seed, rooms_m2);
    }
}

struct building *world_building(const struct world *world, const char *id)
{
    for (size_t i = 0; i < world->building_count; i++) {
        if (strcmp(world->buildings[i].options->id, id) == 0) {
            return &world->buildings[i];
        }
    }
    return NULL;
}

static int create_rooms(struct world *world, const char **fault)
{
    const struct room_options *rows = world->options->rooms.items;
    world->room_count = world->options->rooms.count;
    world->rooms = mem_alloc_array(world->room_count, sizeof(*world->rooms));
    for (size_t i = 0; i < world->room_count; i++) {
        struct building *building = world_building(world, rows[i].building);
        if (building == NULL) {
            *fault = rows[i].building;
            return -EINVAL;
        }
        room_init(&world->rooms[i], &rows[i], building, noise_seed(world->seed ^ 5, rows[i].id));
    }
    return 0;
}

static void create_electric(struct world *world)
{
    const struct model_options *options = world->options;
    world->inverter_count = (size_t)options->inverters;
    world->inverters = mem_alloc_array(world->inverter_count, sizeof(*world->inverters));
    double peak_kw = options->pv_peak_kw / (double)options->inverters;
    for (size_t i = 0; i < world->inverter_count; i++) {
        inverter_init(&world->inverters[i], noise_seed(world->seed, "inverter"), (int)i, peak_kw,
                      options->inverter_kw);
    }
    world->charger_count = (size_t)options->chargers;
    world->chargers = mem_alloc_array(world->charger_count, sizeof(*world->chargers));
    world->pile_count = (size_t)options->piles;
    world->group_count = (size_t)options->pile_groups;
    world->groups = mem_alloc_array(world->group_count, sizeof(*world->groups));
    world->gun_count = 2 * world->charger_count + world->pile_count;
    world->guns = mem_alloc_array(world->gun_count, sizeof(*world->guns));
    uint64_t seed = noise_seed(world->seed, "gun");
    for (size_t i = 0; i < world->gun_count; i++) {
        bool is_dc = i < 2 * world->charger_count;
        gun_init(&world->guns[i], noise_hash(seed, i), is_dc, is_dc ? options->gun_kw : 7.04);
    }
}

static void create_sums(struct world *world)
{
    uint64_t seed = noise_seed(world->seed, "sum");
    for (size_t i = 0; i < world->charger_count; i++) {
        flow_init(&world->chargers[i], noise_hash(seed, i), 60000.0);
    }
    for (size_t i = 0; i < world->group_count; i++) {
        double piles = (double)world->pile_count / (double)world->group_count;
        flow_init(&world->groups[i], noise_hash(seed, 1000000 + i), 1400.0 * piles);
    }
    for (size_t i = 0; i < TRANSFORMERS; i++) {
        flow_init(&world->pv[i], noise_hash(seed, 2000000 + i),
                  974.0 * world->options->pv_peak_kw / TRANSFORMERS);
        flow_init(&world->feeders[i], noise_hash(seed, 3000000 + i), 1.1e6);
        world->feeders[i].out = 0.12 * world->feeders[i].in;
    }
    flow_init(&world->water, noise_hash(seed, 4000000), 24000.0);
}

int world_create(const struct model_options *options, uint64_t seed, int64_t start_us,
                 const char **fault, struct world **out)
{
    struct world *world = mem_alloc(sizeof(*world));
    world->options = options;
    world->seed = seed;
    weather_init(&world->weather, noise_seed(seed, "weather"), options->latitude_deg,
                 options->longitude_deg);
    create_buildings(world);
    if (create_rooms(world, fault) != 0) {
        world_destroy(world);
        return -EINVAL;
    }
    create_electric(world);
    create_sums(world);
    int year = calendar_day(start_us / 1000000).year;
    year = year < WORLD_FIRST_YEAR ? year : WORLD_FIRST_YEAR;
    world->end_us = calendar_year_start_s(year) * 1000000;
    world->start_us = world->end_us - (int64_t)STEP_S * 1000000;
    world->now_us = world->start_us;
    world_run(world, start_us);
    *out = world;
    return 0;
}

void world_destroy(struct world *world)
{
    if (world == NULL) {
        return;
    }
    free(world->buildings);
    free(world->rooms);
    free(world->inverters);
    free(world->chargers);
    free(world->groups);
    free(world->guns);
    free(world);
}
