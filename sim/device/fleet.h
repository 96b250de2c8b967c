/* SPDX-License-Identifier: Apache-2.0 */
/* fleet: the devices of the site, each at its place in the world, and the units of each line. One thread. */
#ifndef LINGTAN_SIM_FLEET_H
#define LINGTAN_SIM_FLEET_H

#include "sim/device/faults.h"
#include "sim/device/image.h"
#include "site/site.h"

struct sim_device {
    const struct line_config *line;
    const struct device_config *config;
    const struct profile *profile;
    struct profile *own; /* where the device lists its models itself: the profile above */
    struct role role;
    struct fault fault;
    uint64_t served; /* replies with values or exceptions, as they went out */
    uint32_t pattern_seed;
    uint16_t asked_address; /* of the request that arrivals remember */
    int64_t asked_us;       /* when it came, monotonic; 0 = none is remembered */
};

/* A unit of a line: a device, or the part of one that its profile puts at another unit. */
struct sim_unit {
    struct sim_device *device;
    struct image image;
};

/* What is wrong with a line as a whole. */
enum line_trouble {
    LINE_TROUBLE_NONE,
    LINE_TROUBLE_MUTE, /* it accepts and reads, nobody answers */
    LINE_TROUBLE_GONE, /* TCP: connections are reset as they come, those open with their next request; serial: mute */
};
extern const char *const line_trouble_words[]; /* NULL-terminated; the first is "off" */

struct sim_line {
    enum line_trouble trouble;
    struct line_config *config;
    struct sim_unit *units;
    size_t unit_count;
    uint16_t places[UINT8_MAX + 1]; /* by unit: its place in units + 1, 0 = none */
};

struct fleet {
    struct world *world;
    bool has_pattern; /* registers come from sim/pattern.h, not from the world */
    struct sim_line *lines;
    size_t line_count;
    struct sim_device *devices; /* sorted by id */
    size_t device_count;
    struct sim_device **by_id;
};

/* Every fault of the model file against the site is added to faults. Site, profiles, options and world outlive the
 * fleet. */
void fleet_init(struct fleet *fleet, struct site *site, const struct profiles *profiles,
                const struct model_options *options, struct world *world, struct faults *faults);
void fleet_finish(struct fleet *fleet);

struct sim_line *fleet_line(const struct fleet *fleet, const char *id);   /* NULL when unknown */
struct sim_device *fleet_find(const struct fleet *fleet, const char *id); /* NULL when unknown */
struct sim_unit *fleet_unit(const struct sim_line *line, uint8_t unit);   /* NULL when unknown */

/* Sets a fault, or applies one to the counters at once. -ENOTSUP: the device has no counter with a modulus. */
int fleet_set_fault(struct fleet *fleet, struct sim_device *device,
                    const struct fault *fault) MUST_USE;

/* The cell of a point name, with its image. NULL when unknown. */
struct cell *fleet_cell(const struct fleet *fleet, const struct sim_device *device,
                        const char *point, struct image **image);

#endif
