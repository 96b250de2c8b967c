/* SPDX-License-Identifier: Apache-2.0 */
/* options: what the simulated compound consists of and which device of the site measures what (conf/sites/NAME.sim.conf).
 * Everything has a default: without a model file the compound is the reference one. */
#ifndef LINGTAN_SIM_OPTIONS_H
#define LINGTAN_SIM_OPTIONS_H

#include <lingtan/options.h>

enum building_kind { BUILDING_OFFICE, BUILDING_CANTEEN, BUILDING_DATA_ROOM };
extern const char *const building_kind_words[];

struct building_options {
    struct origin origin;
    char *id;
    int kind; /* enum building_kind */
    double area_m2;
    int64_t headcount;
    int64_t transformer; /* 1 or 2 */
    double it_kw;        /* data room: mean power of the machines */
    double leak_m3_h;    /* water that never stops */
};

struct room_options {
    struct origin origin;
    char *id;
    char *building;
    double area_m2;
};

struct device_options {
    struct origin origin;
    char *device;                 /* id in the site */
    char *role;                   /* "building:b1": see sim/role.h */
    struct option_strings faults; /* from the start: see sim/faults.h */
    int64_t sunspec_base;
    struct option_strings sunspec_models; /* numbers */
};

struct model_options {
    double latitude_deg;
    double longitude_deg;
    double pv_peak_kw;
    int64_t inverters;
    double inverter_kw;
    int64_t chargers; /* DC, two guns each */
    double gun_kw;
    int64_t piles; /* AC */
    int64_t pile_groups;
    int64_t turnaround_ms;        /* serial: between the end of a request and its reply */
    struct option_list buildings; /* of struct building_options */
    struct option_list rooms;     /* of struct room_options */
    struct option_list devices;   /* of struct device_options */
};

extern const struct option_table model_table;

/* A model without buildings gets those of the reference compound, and its rooms. They are static. */
void model_complete(struct model_options *options);

#endif
