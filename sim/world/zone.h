/* SPDX-License-Identifier: Apache-2.0 */
/* zone: air, walls and air-conditioning of a part of a building: one resistance, one capacity, a machine whose output
 * follows the distance from the set-point. Rooms and whole buildings are zones. Pure functions. */
#ifndef LINGTAN_SIM_ZONE_H
#define LINGTAN_SIM_ZONE_H

#include "sim/world/weather.h"

/* The codes of operating modes as the gateways of the rooms count them (Intesis MBS register 1). */
enum hvac_mode { HVAC_AUTO = 0, HVAC_HEAT = 1, HVAC_DRY = 2, HVAC_FAN = 3, HVAC_COOL = 4 };

struct zone_control {
    double on_share; /* 0..1: how much of the zone is switched on */
    enum hvac_mode mode;
    double setpoint_c;
};

/* What the staff want when they come in; HVAC_FAN when it is neither warm nor cold. */
enum hvac_mode zone_season(const struct sky *sky);

/* Electrical power of the air-conditioning, kW. */
double zone_power(double area_m2, double air_c, const struct zone_control *control,
                  const struct sky *sky);

/* The air temperature after hours (at most 0.1). occupancy 0..1. */
double zone_next(double air_c, const struct zone_control *control, const struct sky *sky,
                 double occupancy, double hours);

#endif
