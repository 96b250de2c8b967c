/* SPDX-License-Identifier: Apache-2.0 */
/* building: electric loads by purpose, and water, of an office building, a canteen or a data room. One thread. */
#ifndef LINGTAN_SIM_BUILDING_H
#define LINGTAN_SIM_BUILDING_H

#include "sim/world/flow.h"
#include "sim/world/options.h"
#include "sim/world/zone.h"

/* The first-level purposes of the national sub-metering guideline: 01A lighting and sockets, 01B air-conditioning, 01C
 * power (lifts, pumps, fans), 01D special (kitchen, machines). */
enum purpose { PURPOSE_LIGHT, PURPOSE_HVAC, PURPOSE_POWER, PURPOSE_SPECIAL, PURPOSE_COUNT };

struct building {
    const struct building_options *options;
    uint64_t seed;
    double bulk_m2; /* without the rooms that are simulated one by one */
    struct flow total;
    struct flow purpose[PURPOSE_COUNT];
    struct flow water;
    double bulk_hvac_from_kw;
    double bulk_hvac_to_kw;
    double air_from_c;
    double air_to_c;
};

/* How full the offices are, 0..1. */
double building_occupancy(const struct sky *sky);

void building_init(struct building *building, const struct building_options *options, uint64_t seed,
                   double rooms_m2);

/* The end of the segment; hvac still without the rooms. */
void building_plan(struct building *building, const struct sky *from, const struct sky *to,
                   double hours);

#endif
