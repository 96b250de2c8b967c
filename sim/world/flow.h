/* SPDX-License-Identifier: Apache-2.0 */
/* flow: a rate that a meter can count: kW of a feeder, m3/h of a pipe. Within a segment of time it goes in a straight
 * line from one value to the next, so its counters are its exact integral at any moment. One thread. */
#ifndef LINGTAN_SIM_FLOW_H
#define LINGTAN_SIM_FLOW_H

#include "sim/world/calendar.h"

struct flow {
    double from; /* rate at the start and at the end of the segment; positive = import */
    double to;
    double in; /* counters at the start of the segment, in rate x hours */
    double out;
    double in_by_rate[RATE_COUNT]; /* until the current rate began; sums to rate_in */
    double rate_in;                /* in when the current rate began */
    double quarter_in;             /* in at the last quarter hour */
    double demand;                 /* mean import of the last whole quarter hour */
    double demand_max;             /* of this month */
    double tan_phi;                /* reactive power = tan_phi x rate */
    double share_a;                /* of the three phases; they sum to 1 */
    double share_b;
};

struct flow_total {
    double in;
    double out;
};

/* Gives the flow its character by chance: power factor, imbalance, and counters as if it had run for some months to
 * some years at typical_yearly (rate x hours). */
void flow_init(struct flow *flow, uint64_t seed, double typical_yearly);

double flow_rate(const struct flow *flow, double along); /* along: 0..1 of the segment */
struct flow_total flow_total(const struct flow *flow, double along, double hours);
double flow_in_by_rate(const struct flow *flow, double along, double hours, enum meter_rate rate,
                       enum meter_rate current);

/* Moves the start of the segment (of the length given) forward to along. */
void flow_settle(struct flow *flow, double along, double hours);

/* The meter changes from this rate to another exactly at the start of the segment. */
void flow_close_rate(struct flow *flow, enum meter_rate rate);

/* A quarter hour has ended exactly at the start of the segment. */
void flow_close_quarter(struct flow *flow, bool is_month_start);

#endif
