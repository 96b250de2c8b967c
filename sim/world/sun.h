/* SPDX-License-Identifier: Apache-2.0 */
/* sun: where it stands and how strongly it shines through a clear sky. Pure functions. */
#ifndef LINGTAN_SIM_SUN_H
#define LINGTAN_SIM_SUN_H

#include <stdint.h>

/* What of the sun's position changes from day to day only. */
struct sun_day {
    double sin_declination;
    double cos_declination;
    double equation_min; /* equation of time */
};

struct sun_day sun_day(int year_day, int days_in_year);

/* Cosine of the zenith angle; negative below the horizon. */
double sun_cos_zenith(const struct sun_day *day, int64_t time_s, double latitude_deg,
                      double longitude_deg);

/* Global horizontal irradiance under a clear sky, W/m2. */
double sun_clear_sky(double cos_zenith);

#endif
