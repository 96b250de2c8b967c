/* SPDX-License-Identifier: Apache-2.0 */
/* ev: guns of charging piles and the cars that come to them. One thread. */
#ifndef LINGTAN_SIM_EV_H
#define LINGTAN_SIM_EV_H

#include "sim/world/flow.h"
#include "sim/world/weather.h"

/* Charging states as the profile of the AC piles counts them. */
enum gun_state { GUN_IDLE = 0, GUN_PLUGGED = 1, GUN_READY = 2, GUN_CHARGING = 4, GUN_STOPPED = 5 };

struct gun {
    struct flow flow;
    uint64_t seed;
    bool is_dc;
    double rated_kw;
    double limit_a; /* AC: written by clients; below 6 A pauses */
    bool is_connected;
    int64_t day; /* of the plan below, local day number */
    int64_t arrives_s;
    int64_t leaves_s;
    double wanted_kwh;
    double car_kw;
    int64_t started_s;
    double started_in; /* flow.in when the car came */
    double last_session_kwh;
};

void gun_init(struct gun *gun, uint64_t seed, bool is_dc, double rated_kw);

/* Cars coming and going at this minute. */
void gun_events(struct gun *gun, const struct sky *now);

/* The end of the segment. */
void gun_plan(struct gun *gun, double hours);

/* A limit was written: both ends. */
void gun_control(struct gun *gun, double hours);

enum gun_state gun_state(const struct gun *gun, double power_kw);
double gun_session_kwh(const struct gun *gun, double in_now);

extern const double gun_volts; /* AC, one phase */

#endif
