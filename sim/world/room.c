/* SPDX-License-Identifier: Apache-2.0 */
/* room: habits of people and the answer of the room. */
#include "sim/world/room.h"

#include "sim/world/building.h"
#include "sim/world/noise.h"

void room_init(struct room *room, const struct room_options *options, struct building *building,
               uint64_t seed)
{
    *room = (struct room){
        .options = options,
        .building = building,
        .seed = seed,
        .mode = HVAC_HEAT,
        .fan_speed = 2,
        .setpoint_c = 20.0,
        .air_from_c = 15.0,
        .air_to_c = 15.0,
    };
}

/* Between 07:40 and 08:50, and between 17:10 and 18:40, by day and room. */
static bool is_minute_of(const struct room *room, const struct sky *now, uint64_t key,
                         double first_hour, double span_hours)
{
    double at = first_hour + span_hours * noise_unit(room->seed + key, (uint64_t)now->day.number);
    int64_t minute = (int64_t)(now->hour * 60.0 + 0.5);
    return minute == (int64_t)(at * 60.0);
}

void room_habits(struct room *room, const struct sky *now)
{
    if (room->is_on && is_minute_of(room, now, 2, 17.17, 1.5)) {
        room->is_on = false;
    }
    enum hvac_mode season = zone_season(now);
    bool is_arrival = now->day.is_workday && is_minute_of(room, now, 1, 7.67, 1.17);
    if (!is_arrival || season == HVAC_FAN) {
        return;
    }
    room->is_on = true;
    if (room->mode != (int)season) {
        room->mode = (int)season;
        /* Some like it cooler or warmer than the policy of 26 and 20 degrees. */
        double taste = 2.0 * noise_unit(room->seed, 9);
        room->setpoint_c =
            season == HVAC_COOL ? 26.0 - (double)(int)(taste * 1.5) : 20.0 + (double)(int)taste;
    }
}

static struct zone_control control_of(const struct room *room)
{
    return (struct zone_control){
        .on_share = room->is_on ? 1.0 : 0.0,
        .mode = (enum hvac_mode)room->mode,
        .setpoint_c = room->setpoint_c,
    };
}

void room_plan(struct room *room, const struct sky *from, const struct sky *to, double hours)
{
    struct zone_control control = control_of(room);
    double area = room->options->area_m2;
    double occupancy = building_occupancy(to);
    room->from_kw = zone_power(area, room->air_from_c, &control, from);
    room->air_to_c = zone_next(room->air_from_c, &control, from, occupancy, hours);
    room->to_kw = zone_power(area, room->air_to_c, &control, to);
}
