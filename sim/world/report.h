/* SPDX-License-Identifier: Apache-2.0 */
/* report: a whole year without sockets, for calibration and tests. */
#ifndef LINGTAN_SIM_REPORT_H
#define LINGTAN_SIM_REPORT_H

#include <stdio.h>

#include "sim/world/options.h"

struct year_report {
    double yield_kwh_per_kwp;
    double
        balance_error; /* largest share by which the feeders missed loads minus generation, hourly */
    double import_kwh;
    double export_kwh;
    double charging_kwh;
    double water_m3;
    double peak_import_kw;
};

/* Prints a line for each building when out is not NULL. */
void report_year(const struct model_options *options, uint64_t seed, int year, FILE *out,
                 struct year_report *report);

#endif
