/* SPDX-License-Identifier: Apache-2.0 */
/* simulator: what the servers of all lines share: world, fleet, clock, loop, the log of served values. One thread. */
#ifndef LINGTAN_SIM_SIMULATOR_H
#define LINGTAN_SIM_SIMULATOR_H

#include "sim/device/fleet.h"
#include "sim/server/arrivals.h"
#include "sim/server/poller.h"
#include "sim/server/served.h"

struct simulator {
    const struct clock *clock;
    struct poller poller;
    struct world *world;
    struct fleet fleet;
    struct served served;
    struct arrivals arrivals;
    bool has_baud;         /* serial lines take the time of their baud rate */
    bool is_strict;        /* serial lines hear only what is sent at their own settings */
    int64_t turnaround_us; /* of serial devices */
    double speed;
    int64_t base_mono_us; /* the simulated clock: base_sim + speed x (mono - base_mono) */
    int64_t base_sim_us;
};

int64_t simulator_now_us(const struct simulator *simulator);

/* The present becomes the base of the new speed. */
void simulator_set_speed(struct simulator *simulator, double speed);

/* Brings the world to the present. */
void simulator_catch_up(struct simulator *simulator);

#endif
