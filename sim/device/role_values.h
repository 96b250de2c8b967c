/* SPDX-License-Identifier: Apache-2.0 */
/* role_values: the true values now, by kind of place. False when the place has no such quantity. Inside sim/role.c. */
#ifndef LINGTAN_SIM_ROLE_VALUES_H
#define LINGTAN_SIM_ROLE_VALUES_H

#include "sim/world/world.h"
#include <lingtan/quantity.h>

/* What a SUN2000 says in its status register. */
enum { INVERTER_RUNNING = 0x0200, INVERTER_LIMITED = 0x0201, INVERTER_DARK = 0xA000 };

bool meter_value(const struct world *world, const struct flow *flow, enum quantity_id id,
                 double vt_ratio, double *value);
bool inverter_value(const struct world *world, const struct inverter *inverter, enum quantity_id id,
                    int64_t index, double *value);
bool pile_value(const struct world *world, const struct gun *gun, enum quantity_id id,
                double *value);
bool room_value(const struct world *world, const struct room *room, enum quantity_id id,
                double *value);
bool water_value(const struct world *world, const struct flow *flow, enum quantity_id id,
                 double *value);
bool weather_value(const struct world *world, enum quantity_id id, double *value);

/* What SunSpec calls the state of an inverter that the compound calls so. */
double role_sunspec_state(double state);

#endif
