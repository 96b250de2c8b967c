/* SPDX-License-Identifier: Apache-2.0 */
/* room: a room or floor behind one air-conditioning gateway: people switch it on in the morning and off in the evening,
 * clients may change it in between. One thread. */
#ifndef LINGTAN_SIM_ROOM_H
#define LINGTAN_SIM_ROOM_H

#include "sim/world/options.h"
#include "sim/world/zone.h"

struct building;

struct room {
    const struct room_options *options;
    struct building *building;
    uint64_t seed;
    bool is_on;
    int mode; /* as written by the client */
    int fan_speed;
    double setpoint_c;
    double air_from_c;
    double air_to_c;
    double from_kw;
    double to_kw;
};

void room_init(struct room *room, const struct room_options *options, struct building *building,
               uint64_t seed);

/* What people do at this minute. */
void room_habits(struct room *room, const struct sky *now);

/* Both ends of the segment; also after a write. */
void room_plan(struct room *room, const struct sky *from, const struct sky *to, double hours);

#endif
