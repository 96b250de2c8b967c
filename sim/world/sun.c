/* SPDX-License-Identifier: Apache-2.0 */
/* sun: solar position after J. W. Spencer, "Fourier series representation of the position of the sun", Search 2(5),
 * 1971 (declination within 0.04 degrees, equation of time within half a minute); clear sky after B. Haurwitz,
 * "Insolation in relation to cloudiness and cloud density", Journal of Meteorology 2, 1945. */
#include "sim/world/sun.h"

#include <math.h>

static const double RADIAN = M_PI / 180.0;

struct sun_day sun_day(int year_day, int days_in_year)
{
    double g = 2.0 * M_PI * (double)year_day / (double)days_in_year;
    double declination = 0.006918 - 0.399912 * cos(g) + 0.070257 * sin(g) - 0.006758 * cos(2 * g) +
                         0.000907 * sin(2 * g) - 0.002697 * cos(3 * g) + 0.00148 * sin(3 * g);
    double equation = 229.18 * (0.000075 + 0.001868 * cos(g) - 0.032077 * sin(g) -
                                0.014615 * cos(2 * g) - 0.040849 * sin(2 * g));
    return (struct sun_day){
        .sin_declination = sin(declination),
        .cos_declination = cos(declination),
        .equation_min = equation,
    };
}

double sun_cos_zenith(const struct sun_day *day, int64_t time_s, double latitude_deg,
                      double longitude_deg)
{
    double utc_min = (double)(time_s % 86400) / 60.0;
    double solar_min = utc_min + day->equation_min + 4.0 * longitude_deg;
    double hour_angle = (solar_min / 4.0 - 180.0) * RADIAN;
    double latitude = latitude_deg * RADIAN;
    return sin(latitude) * day->sin_declination +
           cos(latitude) * day->cos_declination * cos(hour_angle);
}

double sun_clear_sky(double cos_zenith)
{
    if (cos_zenith <= 0.001) {
        return 0.0;
    }
    return 1098.0 * cos_zenith * exp(-0.057 / cos_zenith);
}
