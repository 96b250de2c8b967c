/* SPDX-License-Identifier: Apache-2.0 */
/* plant: the inverters of the car-park canopy. One thread. */
#ifndef LINGTAN_SIM_PLANT_H
#define LINGTAN_SIM_PLANT_H

#include "sim/world/flow.h"
#include "sim/world/weather.h"

struct inverter {
    struct flow flow; /* generation: in = exported by the inverter, kWh */
    double peak_kw;   /* of its modules */
    double rated_kw;
    double health; /* dirt and mismatch, about 1 */
    int zone;
    int transformer; /* 0 or 1 */
    double limit_kw; /* both limits hold; written by clients */
    double limit_percent;
    double available_from_kw; /* what the sun would give, at both ends of the segment */
    double available_to_kw;
    double midnight_kwh; /* counter at the last local midnight */
};

void inverter_init(struct inverter *inverter, uint64_t seed, int number, double peak_kw,
                   double rated_kw);
void inverter_plan(struct inverter *inverter, const struct sky *to); /* the end of the segment */
void inverter_control(struct inverter *inverter); /* the limits on both ends; also after a write */

#endif
