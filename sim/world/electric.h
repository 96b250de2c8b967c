/* SPDX-License-Identifier: Apache-2.0 */
/* electric: everything that a three-phase meter shows of one power. Pure functions. */
#ifndef LINGTAN_SIM_ELECTRIC_H
#define LINGTAN_SIM_ELECTRIC_H

#include <stdbool.h>

#include "sim/world/flow.h"
#include <lingtan/quantity.h>

struct electric {
    double power_kw[4]; /* total, a, b, c */
    double tan_phi;
    double volts[3]; /* phase to neutral */
    double hertz;
};

/* vt_ratio above 1: a meter behind voltage transformers of 100 V, whose values are those of the primary side. */
struct electric electric_of(const struct flow *flow, double power_kw, double vt_ratio,
                            int64_t time_s);

/* One car on phase a. */
struct electric electric_single_phase(double power_kw, double volts, int64_t time_s);

/* False when the quantity is none of an electric kind; counters are not asked here. */
bool electric_value(const struct electric *electric, enum quantity_id id, double *value);

#endif
