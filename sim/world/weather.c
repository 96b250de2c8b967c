/* SPDX-License-Identifier: Apache-2.0 */
/* weather: a coastal year of eastern Zhejiang: wet spring, plum rains in June, a bright July and August. */
#include "sim/world/weather.h"

#include <math.h>

#include "sim/world/noise.h"

/* Keys that keep the draws apart. */
enum { DRAW_DAY = 1, DRAW_CLOUD, DRAW_AIR, DRAW_SWING, DRAW_WIND };

/* Share of the clear sky's energy that reaches the ground, by month, chosen so that the canopy of the reference
 * compound yields the 974 kWh/kWp of its project document. */
static const double month_clearness[12] = {0.53, 0.49, 0.48, 0.51, 0.53, 0.47,
                                           0.66, 0.64, 0.56, 0.58, 0.55, 0.55};

static const double month_mean_c[12] = {7.0,  8.5,  12.0, 17.0, 21.5, 25.0,
                                        29.0, 28.8, 25.0, 20.0, 15.0, 9.5};

void weather_init(struct weather *weather, uint64_t seed, double latitude_deg, double longitude_deg)
{
    *weather = (struct weather){
        .seed = seed,
        .latitude_deg = latitude_deg,
        .longitude_deg = longitude_deg,
    };
}

static double clamp(double value, double lowest, double highest)
{
    return fmin(fmax(value, lowest), highest);
}

/* The days of a month share out the quantiles of its distribution, in an order by chance: any seed gives dull and
 * bright days, and every year the same sum within a percent. */
static double day_clearness(const struct weather *weather, const struct local_day *day)
{
    uint64_t seed = noise_hash(weather->seed, DRAW_DAY);
    int64_t first = day->number - day->day + 1;
    int days = calendar_month_days(day->year, day->month);
    uint64_t own = noise_hash(seed, (uint64_t)day->number);
    int rank = 0;
    for (int i = 0; i < days; i++) {
        rank += noise_hash(seed, (uint64_t)(first + i)) < own ? 1 : 0;
    }
    double quantile = ((double)rank + 0.5) / (double)days;
    const double dullest = 0.12;
    const double span = 0.86;
    double power = span / (month_clearness[day->month - 1] - dullest) - 1.0;
    return dullest + span * pow(quantile, power);
}

static double month_curve(const struct local_day *day)
{
    double place = (double)day->day / (double)calendar_month_days(day->year, day->month) - 0.5;
    int month = day->month - 1;
    int other = place < 0.0 ? (month + 11) % 12 : (month + 1) % 12;
    return month_mean_c[month] + (month_mean_c[other] - month_mean_c[month]) * fabs(place);
}

static void enter_day(struct weather *weather, int64_t time_s)
{
    weather->day = calendar_day(time_s);
    weather->has_day = true;
    int days = calendar_month_days(weather->day.year, 2) == 29 ? 366 : 365;
    weather->sun = sun_day(weather->day.year_day, days);
    weather->clearness = day_clearness(weather, &weather->day);
}

/* Light behind the clouds, as a share of the clear sky's. Half-bright days flicker most. */
static double cloud_share(const struct weather *weather, int64_t time_s)
{
    uint64_t seed = noise_hash(weather->seed, DRAW_CLOUD);
    double wave = 0.35 * noise_wave(seed, time_s, 3600) + 0.30 * noise_wave(seed + 1, time_s, 900) +
                  0.20 * noise_wave(seed + 2, time_s, 300) +
                  0.15 * noise_wave(seed + 3, time_s, 120);
    double swing = clamp((wave - 0.5) * 1.8, -0.5, 0.5);
    double clear = weather->clearness;
    return clamp(clear + swing * 2.8 * clear * (1.0 - clear), 0.04, 1.02);
}

static double outdoor(const struct weather *weather, int64_t time_s, double hour, double mean)
{
    double swing = 2.5 + 2.5 * noise_wave(noise_hash(weather->seed, DRAW_SWING), time_s, 2 * DAY_S);
    return mean + swing * cos(2.0 * M_PI * (hour - 14.5) / 24.0);
}

void weather_at(struct weather *weather, int64_t time_s, struct sky *out)
{
    int64_t number = (time_s + CALENDAR_OFFSET_S) / DAY_S;
    if (!weather->has_day || weather->day.number != number) {
        enter_day(weather, time_s);
    }
    double cos_zenith =
        sun_cos_zenith(&weather->sun, time_s, weather->latitude_deg, weather->longitude_deg);
    double clear = sun_clear_sky(cos_zenith);
    double anomaly =
        7.0 * (noise_wave(noise_hash(weather->seed, DRAW_AIR), time_s, 4 * DAY_S) - 0.5);
    out->time_s = time_s;
    out->day = weather->day;
    out->hour = calendar_hour(time_s);
    out->cos_zenith = cos_zenith;
    out->day_mean_c = month_curve(&weather->day) + anomaly;
    out->outdoor_c = outdoor(weather, time_s, out->hour, out->day_mean_c);
    out->wind_m_s = 6.0 * noise_wave(noise_hash(weather->seed, DRAW_WIND), time_s, 5400);
    for (int zone = 0; zone < WEATHER_ZONES; zone++) {
        int64_t lag_s = (int64_t)zone * 40;
        out->irradiance[zone] = clear > 0.0 ? clear * cloud_share(weather, time_s - lag_s) : 0.0;
    }
}
