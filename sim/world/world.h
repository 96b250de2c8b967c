/* SPDX-License-Identifier: Apache-2.0 */
/* world: the compound at one moment, and how it comes to the next.
 *
 * Time is cut into minutes. What happens by chance is a function of seed and time, and what has memory (air, batteries,
 * counters) is carried from minute to minute since the start of the year of the first run - so two worlds with one seed
 * agree at every moment, however they came there, until somebody writes a set-point into one of them. Within a minute
 * every rate goes in a straight line and counters are its exact integral. One thread. */
#ifndef LINGTAN_SIM_WORLD_H
#define LINGTAN_SIM_WORLD_H

#include <lingtan/error.h>

#include "sim/world/building.h"
#include "sim/world/ev.h"
#include "sim/world/plant.h"
#include "sim/world/room.h"

enum {
    TRANSFORMERS = 2,
    STEP_S = 60,
    WORLD_FIRST_YEAR = 2026, /* integration starts here, or with the year of an earlier start */
};

struct world {
    const struct model_options *options;
    uint64_t seed;
    struct weather weather;
    struct sky from;
    struct sky to;
    int64_t start_us; /* of the segment, UTC since 1970; its end is the next whole minute */
    int64_t end_us;
    int64_t now_us; /* within the segment */
    enum meter_rate rate;
    size_t building_count;
    struct building *buildings;
    size_t room_count;
    struct room *rooms;
    size_t inverter_count;
    struct inverter *inverters;
    size_t charger_count;
    struct flow *chargers;
    size_t pile_count;
    size_t group_count;
    struct flow *groups;
    size_t gun_count; /* two of each charger, then the piles */
    struct gun *guns;
    struct flow pv[TRANSFORMERS];      /* generation */
    struct flow feeders[TRANSFORMERS]; /* positive = from the grid */
    struct flow water;                 /* main meter */
};

/* The options outlive the world. -EINVAL: a room names no building (fault holds the message for people). */
int world_create(const struct model_options *options, uint64_t seed, int64_t start_us,
                 const char **fault, struct world **out);
void world_destroy(struct world *world);

/* Moves on to time_us; never back: an earlier time is ignored. */
void world_run(struct world *world, int64_t time_us);

struct building *world_building(const struct world *world, const char *id); /* NULL when unknown */

double world_along(const struct world *world); /* now, as 0..1 of the segment */
double world_hours(const struct world *world); /* length of the segment */
double world_rate(const struct world *world, const struct flow *flow);
struct flow_total world_total(const struct world *world, const struct flow *flow);

/* Loads minus generation behind a transformer (0 or 1) now, kW, without losses: what its feeder should show. */
double world_net(const struct world *world, int transformer);

/* Bracket a change that a client makes at this very moment. */
void world_begin_change(struct world *world);
void world_end_change(struct world *world);

#endif
