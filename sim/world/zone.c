/* SPDX-License-Identifier: Apache-2.0 */
/* zone: heat balance per square metre of floor. */
#include "sim/world/zone.h"

#include <math.h>

static const double loss_w_m2k = 2.4;       /* walls, windows and air change */
static const double capacity_wh_m2k = 65.0; /* air, furniture and the inner skin of concrete */
static const double machine_w_m2 = 135.0;   /* thermal output at full load */
static const double idle_w_m2 = 0.4;        /* fans and electronics of a unit that is on */

enum hvac_mode zone_season(const struct sky *sky)
{
    if (sky->day_mean_c > 23.0) {
        return HVAC_COOL;
    }
    return sky->day_mean_c < 12.0 ? HVAC_HEAT : HVAC_FAN;
}

/* Thermal output, W/m2: negative cools. Full output at 0.9 K beyond the set-point, none 0.3 K before it. */
static double output(double air_c, const struct zone_control *control)
{
    double above = air_c - control->setpoint_c;
    bool may_cool =
        control->mode == HVAC_COOL || control->mode == HVAC_DRY || control->mode == HVAC_AUTO;
    bool may_heat = control->mode == HVAC_HEAT || control->mode == HVAC_AUTO;
    double cooling = may_cool ? fmin(fmax((above + 0.3) / 1.2, 0.0), 1.0) : 0.0;
    double heating = may_heat ? fmin(fmax((0.3 - above) / 1.2, 0.0), 1.0) : 0.0;
    /* An automatic machine never does both at once: a dead band of 1 K between them. */
    if (control->mode == HVAC_AUTO) {
        cooling = above > 0.5 ? cooling : 0.0;
        heating = above < -0.5 ? heating : 0.0;
    }
    return machine_w_m2 * control->on_share * (heating - cooling);
}

double zone_power(double area_m2, double air_c, const struct zone_control *control,
                  const struct sky *sky)
{
    double thermal = output(air_c, control);
    double cop =
        thermal < 0.0 ? 3.5 - 0.06 * (sky->outdoor_c - 30.0) : 3.1 + 0.05 * (sky->outdoor_c - 7.0);
    double electric = fabs(thermal) / fmax(cop, 1.8) + idle_w_m2 * control->on_share;
    return area_m2 * electric / 1000.0;
}

double zone_next(double air_c, const struct zone_control *control, const struct sky *sky,
                 double occupancy, double hours)
{
    double gains = 4.0 + 22.0 * occupancy + 0.016 * sky->irradiance[0];
    double flux = loss_w_m2k * (sky->outdoor_c - air_c) + gains + output(air_c, control);
    return air_c + flux * hours / capacity_wh_m2k;
}
