/* SPDX-License-Identifier: Apache-2.0 */
/* role: from a device to its place in the world. */
#include "sim/device/role.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sim/device/role_values.h"
#include "sim/world/noise.h"

static const char *after(const char *text, const char *prefix)
{
    size_t length = strlen(prefix);
    return strncmp(text, prefix, length) == 0 ? text + length : NULL;
}

/* A number 1..count as an index. */
static bool parse_index(const char *text, size_t count, size_t *index)
{
    char *end = NULL;
    errno = 0;
    unsigned long number = strtoul(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || number < 1 || number > count) {
        return false;
    }
    *index = number - 1;
    return true;
}

static int meter_at(const struct flow *flows, size_t count, const char *number, struct role *out)
{
    size_t index = 0;
    if (!parse_index(number, count, &index)) {
        return -EINVAL;
    }
    *out = (struct role){.kind = ROLE_METER, .flow = &flows[index]};
    return 0;
}

static int building_meter(struct world *world, const char *text, struct role *out)
{
    static const char *const purposes[] = {"light", "hvac", "power", "special"};
    char id[64];
    size_t length = strcspn(text, ":");
    if (length >= sizeof(id)) {
        return -EINVAL;
    }
    memcpy(id, text, length);
    id[length] = '\0';
    struct building *building = world_building(world, id);
    if (building == NULL) {
        return -EINVAL;
    }
    *out = (struct role){.kind = ROLE_METER, .flow = &building->total};
    if (text[length] == '\0') {
        return 0;
    }
    for (size_t i = 0; i < ARRAY_SIZE(purposes); i++) {
        if (strcmp(text + length + 1, purposes[i]) == 0) {
            out->flow = &building->purpose[i];
            return 0;
        }
    }
    return -EINVAL;
}

static int water_meter(struct world *world, const char *text, struct role *out)
{
    const struct building *building = world_building(world, text);
    bool is_main = strcmp(text, "main") == 0;
    if (building == NULL && !is_main) {
        return -EINVAL;
    }
    *out = (struct role){.kind = ROLE_WATER, .flow = is_main ? &world->water : &building->water};
    return 0;
}

static int room_unit(struct world *world, const char *id, struct role *out)
{
    for (size_t i = 0; i < world->room_count; i++) {
        if (strcmp(world->rooms[i].options->id, id) == 0) {
            *out = (struct role){.kind = ROLE_ROOM, .room = &world->rooms[i]};
            return 0;
        }
    }
    return -EINVAL;
}

static int inverter_at(struct world *world, const char *number, struct role *out)
{
    size_t index = 0;
    if (!parse_index(number, world->inverter_count, &index)) {
        return -EINVAL;
    }
    *out = (struct role){.kind = ROLE_INVERTER, .inverter = &world->inverters[index]};
    return 0;
}

static int pile_at(struct world *world, const char *number, struct role *out)
{
    size_t index = 0;
    if (!parse_index(number, world->pile_count, &index)) {
        return -EINVAL;
    }
    *out = (struct role){.kind = ROLE_PILE, .gun = &world->guns[2 * world->charger_count + index]};
    return 0;
}

static int parse_meter(struct world *world, const char *text, struct role *out)
{
    const char *rest = NULL;
    if ((rest = after(text, "building:")) != NULL) {
        return building_meter(world, rest, out);
    }
    if ((rest = after(text, "feeder:")) != NULL) {
        return meter_at(world->feeders, TRANSFORMERS, rest, out);
    }
    if ((rest = after(text, "pv:")) != NULL) {
        return meter_at(world->pv, TRANSFORMERS, rest, out);
    }
    if ((rest = after(text, "charger:")) != NULL) {
        return meter_at(world->chargers, world->charger_count, rest, out);
    }
    if ((rest = after(text, "piles:")) != NULL) {
        return meter_at(world->groups, world->group_count, rest, out);
    }
    return -EINVAL;
}

int role_parse(struct world *world, const char *text, struct role *out)
{
    const char *rest = NULL;
    if ((rest = after(text, "inverter:")) != NULL) {
        return inverter_at(world, rest, out);
    }
    if ((rest = after(text, "pile:")) != NULL) {
        return pile_at(world, rest, out);
    }
    if ((rest = after(text, "room:")) != NULL) {
        return room_unit(world, rest, out);
    }
    if ((rest = after(text, "water:")) != NULL) {
        return water_meter(world, rest, out);
    }
    if (strcmp(text, "weather") == 0) {
        *out = (struct role){.kind = ROLE_WEATHER};
        return 0;
    }
    return parse_meter(world, text, out);
}

struct role role_default(struct world *world, enum device_class device_class, uint64_t number)
{
    struct building *building = &world->buildings[number % world->building_count];
    struct gun *piles = world->guns + 2 * world->charger_count;
    switch (device_class) {
    case DEVICE_INVERTER:
        return (struct role){.kind = ROLE_INVERTER,
                             .inverter = &world->inverters[number % world->inverter_count]};
    case DEVICE_CHARGER:
        return (struct role){.kind = ROLE_PILE, .gun = &piles[number % world->pile_count]};
    case DEVICE_HVAC:
        if (world->room_count > 0) {
            return (struct role){.kind = ROLE_ROOM,
                                 .room = &world->rooms[number % world->room_count]};
        }
        return (struct role){.kind = ROLE_WEATHER};
    case DEVICE_WATER_METER:
        return (struct role){.kind = ROLE_WATER, .flow = &building->water};
    case DEVICE_SENSOR:
        return (struct role){.kind = ROLE_WEATHER};
    case DEVICE_METER:
    case DEVICE_CLASS_COUNT:
        break;
    }
    return (struct role){.kind = ROLE_METER, .flow = &building->total};
}

bool role_value(const struct world *world, const struct role *role, enum quantity_id id,
                int64_t index, double vt_ratio, double *value)
{
    switch (role->kind) {
    case ROLE_METER:
        return meter_value(world, role->flow, id, vt_ratio, value);
    case ROLE_INVERTER:
        return inverter_value(world, role->inverter, id, index, value);
    case ROLE_PILE:
        return pile_value(world, role->gun, id, value);
    case ROLE_ROOM:
        return room_value(world, role->room, id, value);
    case ROLE_WATER:
        return water_value(world, role->flow, id, value);
    case ROLE_WEATHER:
        return weather_value(world, id, value);
    }
    return false;
}

static bool write_inverter(struct inverter *inverter, enum quantity_id id, double value)
{
    if (id == QUANTITY_ID_power_limit) {
        inverter->limit_kw = value;
    } else if (id == QUANTITY_ID_power_limit_percent) {
        inverter->limit_percent = value;
    } else {
        return false;
    }
    return true;
}

static bool write_room(struct room *room, enum quantity_id id, double value)
{
    if (id == QUANTITY_ID_on_off) {
        room->is_on = value > 0.5;
    } else if (id == QUANTITY_ID_mode) {
        room->mode = (int)value;
    } else if (id == QUANTITY_ID_fan_speed) {
        room->fan_speed = (int)value;
    } else if (id == QUANTITY_ID_setpoint_temperature) {
        room->setpoint_c = value;
    } else {
        return false;
    }
    return true;
}

static bool write_pile(const struct world *world, struct gun *gun, enum quantity_id id,
                       double value)
{
    if (id == QUANTITY_ID_charge_current_limit) {
        gun->limit_a = value;
    } else if (id == QUANTITY_ID_charge_power_limit) {
        gun->limit_a = value * 1000.0 / gun_volts;
    } else {
        return false;
    }
    gun_control(gun, world_hours(world));
    return true;
}

bool role_write(struct world *world, const struct role *role, enum quantity_id id, double value)
{
    bool is_taken = false;
    world_begin_change(world);
    if (role->kind == ROLE_INVERTER) {
        is_taken = write_inverter(role->inverter, id, value);
    } else if (role->kind == ROLE_ROOM) {
        is_taken = write_room(role->room, id, value);
    } else if (role->kind == ROLE_PILE) {
        is_taken = write_pile(world, role->gun, id, value);
    }
    world_end_change(world);
    return is_taken;
}
