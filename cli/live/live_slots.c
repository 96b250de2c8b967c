/* SPDX-License-Identifier: Apache-2.0 */
/* live_slots: which values of a device matter at a glance, by its class. */
#include "cli/live/live_slots.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/remote/client.h"

struct choice {
    const char *device_class;
    const char *quantity;
    const char *instead; /* when the device has none of the first */
    const char *label;
    const char *instead_label;
};

/* In the order of the row. */
static const struct choice choices[] = {
    {"meter", "active_power", "apparent_power", "", ""},
    {"meter", "voltage_a", "voltage_ab", "", "ab"},
    {"meter", "active_energy_import", "active_energy_export", "", "out"},
    {"inverter", "active_power", "dc_power", "", "dc"},
    {"inverter", "generation_energy_today", "generation_energy", "today", "total"},
    {"inverter", "inverter_state", "fault_code", "state", "fault"},
    {"charger", "connector_state", NULL, "state", NULL},
    {"charger", "charge_power", "charge_energy", "", ""},
    {"charger", "charge_current", "charge_current_limit", "", "limit"},
    {"hvac", "on_off", "mode", "", "mode"},
    {"hvac", "setpoint_temperature", "chilled_water_setpoint", "set", "set"},
    {"hvac", "room_temperature", "return_temperature", "room", "back"},
    {"hvac", "chilled_water_supply_temperature", NULL, "flow", NULL},
    {"water_meter", "water_volume", "hot_water_volume", "", "hot"},
    {"water_meter", "water_flow", NULL, "", NULL},
    {"water_meter", "gas_volume", "heat_energy", "", ""},
    {"water_meter", "thermal_power", NULL, "", NULL},
    {"sensor", "irradiance", NULL, "", NULL},
    {"sensor", "room_temperature", "ambient_temperature", "room", "air"},
    {"sensor", "module_temperature", NULL, "panel", NULL},
    {"sensor", "relative_humidity", NULL, "", NULL},
    {"sensor", "co2", NULL, "CO2", NULL},
    {"sensor", "wind_speed", "pressure", "wind", ""},
};

enum {
    GUNS_MAX = 2,      /* connectors or units of one device that a row shows */
    DEFAULT_SLOTS = 3, /* of a device whose class has none of the choices */
};

/* The rank-th point of a quantity. */
static const json_t *find_point(const json_t *points, const char *quantity, size_t rank)
{
    size_t i = 0;
    json_t *point = NULL;
    json_array_foreach(points, i, point)
    {
        if (strcmp(member_string(point, "quantity"), quantity) == 0 && rank-- == 0) {
            return point;
        }
    }
    return NULL;
}

static void add_slot(struct live_row *row, const json_t *point, const char *label)
{
    struct live_slot *slot = &row->slots[row->slot_count++];
    int64_t index = member_integer(point, "index");
    slot->point = mem_dup_string(member_string(point, "name"));
    slot->unit = mem_dup_string(member_string(point, "unit"));
    slot->is_switch = strcmp(member_string(point, "quantity"), "on_off") == 0;
    slot->period_ms = member_integer(point, "period_ms");
    if (index > 0) {
        slot->label = mem_format("%s%s%lld", label, label[0] != '\0' ? "" : "#", (long long)index);
    } else {
        slot->label = mem_dup_string(label);
    }
}

static void add_choice(struct live_row *row, const json_t *points, const struct choice *choice,
                       size_t rank)
{
    const char *label = choice->label;
    const json_t *point = find_point(points, choice->quantity, rank);
    if (!point && choice->instead) {
        point = find_point(points, choice->instead, rank);
        label = choice->instead_label;
    }
    if (point && row->slot_count < LIVE_SLOTS_MAX) {
        add_slot(row, point, label);
    }
}

static void add_defaults(struct live_row *row, const json_t *points)
{
    size_t i = 0;
    json_t *point = NULL;
    json_array_foreach(points, i, point)
    {
        const char *kind = member_string(point, "kind");
        if (row->slot_count < DEFAULT_SLOTS && strcmp(kind, "text") != 0) {
            add_slot(row, point, member_string(point, "name"));
        }
    }
}

void live_slots_choose(struct live_row *row, const json_t *points)
{
    bool has_guns = strcmp(row->device_class, "charger") == 0;
    for (size_t rank = 0; rank < (has_guns ? GUNS_MAX : 1U); rank++) {
        for (size_t i = 0; i < ARRAY_SIZE(choices); i++) {
            if (strcmp(choices[i].device_class, row->device_class) == 0) {
                add_choice(row, points, &choices[i], rank);
            }
        }
    }
    if (row->slot_count == 0) {
        add_defaults(row, points);
    }
}

void live_slots_finish(struct live_row *row)
{
    for (size_t i = 0; i < row->slot_count; i++) {
        free(row->slots[i].point);
        free(row->slots[i].label);
        free(row->slots[i].unit);
    }
    row->slot_count = 0;
}
