/* SPDX-License-Identifier: Apache-2.0 */
/* arrivals: how evenly clients poll, as the devices see it. For each device the gaps between requests that begin at one
 * address are compared with the period. Only requests that were answered count. One thread. */
#ifndef LINGTAN_SIM_ARRIVALS_H
#define LINGTAN_SIM_ARRIVALS_H

#include "sim/server/histogram.h"
#include "sim/server/serve.h"

struct text;

/* All-zero counts requests alone. */
struct arrivals {
    int64_t period_us; /* 0 = gaps are not looked at */
    int64_t since_us;  /* monotonic */
    int64_t first_us;  /* the first request and the last one */
    int64_t last_us;
    uint64_t requests;
    uint64_t registers;
    struct histogram jitter; /* |gap - period|, us */
};

/* Begins anew; what devices remember of earlier requests is forgotten. */
void arrivals_begin(struct arrivals *arrivals, struct fleet *fleet, int64_t period_us,
                    int64_t now_us);
void arrivals_add(struct arrivals *arrivals, const struct reply *reply, int64_t now_us);
void arrivals_describe(const struct arrivals *arrivals, int64_t now_us, struct text *json);

#endif
