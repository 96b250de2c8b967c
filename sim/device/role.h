/* SPDX-License-Identifier: Apache-2.0 */
/* role: what a device of the site stands at in the compound, and the true value of each quantity there. One thread. */
#ifndef LINGTAN_SIM_ROLE_H
#define LINGTAN_SIM_ROLE_H

#include "sim/world/world.h"
#include <lingtan/device.h>

enum role_kind {
    ROLE_METER,
    ROLE_INVERTER,
    ROLE_PILE,
    ROLE_ROOM,
    ROLE_WATER,
    ROLE_WEATHER,
};

struct role {
    enum role_kind kind;
    const struct flow *flow; /* meter, water */
    struct inverter *inverter;
    struct gun *gun;
    struct room *room;
};

/* "building:b1", "building:b1:light" (hvac, power, special), "feeder:1", "charger:1", "piles:1", "pv:1", "inverter:1",
 * "pile:1", "room:b1-201", "water:b1", "water:main", "weather". Numbers begin at 1. -EINVAL: no such thing. */
int role_parse(struct world *world, const char *text, struct role *out) MUST_USE;

/* For a device without a role: one that suits its class, chosen by number. */
struct role role_default(struct world *world, enum device_class device_class, uint64_t number);

/* The true value now, in the quantity's unit. False when the place has no such quantity. */
bool role_value(const struct world *world, const struct role *role, enum quantity_id id,
                int64_t index, double vt_ratio, double *value);

/* Changes what can be changed. False when it has no effect here: the register just keeps what is written. */
bool role_write(struct world *world, const struct role *role, enum quantity_id id, double value);

#endif
