/* SPDX-License-Identifier: Apache-2.0 */
/* plant: power of an inverter from irradiance, module temperature and its limits. */
#include "sim/world/plant.h"

#include <math.h>

#include "sim/world/noise.h"

/* Calibrated: what is left of the modules' rating after dirt, mismatch, cables and the inverter, so that a year gives
 * 974 kWh/kWp. Temperature is apart: -0.35 % a kelvin, cells at NOCT 45. */
static const double system_share = 0.7815;

void inverter_init(struct inverter *inverter, uint64_t seed, int number, double peak_kw,
                   double rated_kw)
{
    uint64_t own = noise_hash(seed, (uint64_t)number);
    *inverter = (struct inverter){
        .peak_kw = peak_kw,
        .rated_kw = rated_kw,
        .health = 0.985 + 0.03 * noise_unit(own, 1),
        .zone = number % WEATHER_ZONES,
        .transformer = number % 2,
        .limit_kw = rated_kw,
        .limit_percent = 100.0,
    };
    flow_init(&inverter->flow, own, peak_kw * 974.0);
    inverter->flow.tan_phi = 0.02;
    inverter->midnight_kwh = inverter->flow.in;
}

static double available(const struct inverter *inverter, const struct sky *sky)
{
    double light = sky->irradiance[inverter->zone];
    double module_c = sky->outdoor_c + 25.0 / 800.0 * light;
    double warmth = 1.0 - 0.0035 * (module_c - 25.0);
    double power = inverter->peak_kw * light / 1000.0 * warmth * inverter->health * system_share;
    /* Below about half a percent of its rating the inverter only feeds itself. */
    return power < 0.005 * inverter->rated_kw ? 0.0 : fmin(power, inverter->rated_kw);
}

void inverter_plan(struct inverter *inverter, const struct sky *to)
{
    inverter->available_to_kw = available(inverter, to);
}

void inverter_control(struct inverter *inverter)
{
    double limit = fmin(inverter->limit_kw, inverter->rated_kw * inverter->limit_percent / 100.0);
    inverter->flow.from = fmin(inverter->available_from_kw, limit);
    inverter->flow.to = fmin(inverter->available_to_kw, limit);
}
