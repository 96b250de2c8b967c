/* SPDX-License-Identifier: Apache-2.0 */
/* weather: sun, clouds and outdoor air over the site, as a function of seed and time. The struct only remembers what
 * belongs to the day; asking in any order gives the same answers. One thread per struct. */
#ifndef LINGTAN_SIM_WEATHER_H
#define LINGTAN_SIM_WEATHER_H

#include "sim/world/calendar.h"
#include "sim/world/sun.h"

enum {
    WEATHER_ZONES = 3, /* parts of the canopy that a cloud reaches one after the other */
};

struct weather {
    uint64_t seed;
    double latitude_deg;
    double longitude_deg;
    bool has_day;
    struct local_day day;
    struct sun_day sun;
    double clearness; /* 0..1: the day's share of the clear sky's light */
};

struct sky {
    int64_t time_s;
    struct local_day day;
    double hour; /* local */
    double cos_zenith;
    double irradiance[WEATHER_ZONES]; /* W/m2, horizontal */
    double outdoor_c;
    double day_mean_c; /* what the season feels like: decides heating and cooling */
    double wind_m_s;
};

void weather_init(struct weather *weather, uint64_t seed, double latitude_deg,
                  double longitude_deg);
void weather_at(struct weather *weather, int64_t time_s, struct sky *out);

#endif
