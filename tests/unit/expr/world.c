/* SPDX-License-Identifier: Apache-2.0 */
/* world: the devices, nodes and variables as a table. */
#include "world.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct value {
    const char *device;
    enum device_class device_class;
    const char *node;
    const char *point;
    const char *quantity;
    double number;
};

/* Points of one device stand together. */
static const struct value values[] = {
    {"m1", DEVICE_METER, "b1", "active_power", "active_power", 120.5},
    {"m1", DEVICE_METER, "b1", "reactive_power", "reactive_power", 30},
    {"m1", DEVICE_METER, "b1", "apparent_power", "apparent_power", 125},
    {"m1", DEVICE_METER, "b1", "active_energy_import", "active_energy_import", 1000.25},
    {"m1", DEVICE_METER, "b1", "power_factor", "power_factor", 0.96},
    {"m1", DEVICE_METER, "b1", "serial_number", "serial_number", 0},
    {"m2", DEVICE_METER, "b3", "active_power", "active_power", 80},
    {"m2", DEVICE_METER, "b3", "active_energy_import", "active_energy_import", 500.5},
    {"m3", DEVICE_METER, "b3-2f", "active_power", "active_power", 20},
    {"m3", DEVICE_METER, "b3-2f", "active_energy_import", "active_energy_import", 100.25},
    {"chiller-1", DEVICE_HVAC, "b3", "active_power", "active_power", 212.4},
    {"chiller-1", DEVICE_HVAC, "b3", "capacity", "capacity", 75},
    {"chiller-1", DEVICE_HVAC, "b3", "thermal_power", "thermal_power", 849.6},
    {"ac-1", DEVICE_HVAC, "b3", "room_temperature", "room_temperature", 25.5},
    {"ac-1", DEVICE_HVAC, "b3", "setpoint_temperature", "setpoint_temperature", 26},
    {"ac-1", DEVICE_HVAC, "b3", "on_off", "on_off", 1},
    {"ac-2", DEVICE_HVAC, "b3-2f", "room_temperature", "room_temperature", 28},
    {"ac-2", DEVICE_HVAC, "b3-2f", "setpoint_temperature", "setpoint_temperature", 24},
    {"ac-2", DEVICE_HVAC, "b3-2f", "on_off", "on_off", 0},
    {"inv-1", DEVICE_INVERTER, "carport", "active_power", "active_power", 50},
    {"inv-1", DEVICE_INVERTER, "carport", "rated_power", "rated_power", 100},
    {"inv-1", DEVICE_INVERTER, "carport", "dc_current_1", "dc_current", 8},
    {"inv-1", DEVICE_INVERTER, "carport", "dc_current_2", "dc_current", 2},
    {"inv-1", DEVICE_INVERTER, "carport", "dc_voltage_1", "dc_voltage", 600},
    {"inv-1", DEVICE_INVERTER, "carport", "alarm_word", "alarm_word", 5},
    {"inv-2", DEVICE_INVERTER, "carport", "active_power", "active_power", 48},
    {"inv-2", DEVICE_INVERTER, "carport", "rated_power", "rated_power", 100},
    {"inv-3", DEVICE_INVERTER, "carport", "active_power", "active_power", 10},
    {"pile-1", DEVICE_CHARGER, "carport", "connector_state", "connector_state", 3},
    {"pile-1", DEVICE_CHARGER, "carport", "charge_power", "charge_power", 7},
    {"pile-2", DEVICE_CHARGER, "carport", "connector_state", "connector_state", 3},
    {"pile-2", DEVICE_CHARGER, "carport", "charge_power", "charge_power", 6.5},
    {"pile-3", DEVICE_CHARGER, "carport", "connector_state", "connector_state", 1},
    {"pile-3", DEVICE_CHARGER, "carport", "charge_power", "charge_power", 0},
    {"w1", DEVICE_WATER_METER, "b1", "water_flow", "water_flow", 1.5},
    {"w1", DEVICE_WATER_METER, "b1", "water_volume", "water_volume", 321},
    {"air", DEVICE_SENSOR, "b1", "co2", "co2", 900},
    {"air", DEVICE_SENSOR, "b1", "relative_humidity", "relative_humidity", 55},
    {"1f-meter", DEVICE_METER, "b1", "active_power", "active_power", 4},
};

static const struct expr_item b3_items[] = {
    {"area", "m2"}, {"headcount", "person"}, {"active_power", "kW"}, {"energy", "kWh"}};
static const double b3_numbers[] = {4200, 205, 100, 600.75};
static const struct expr_node nodes[] = {
    {"b1", "", NULL, 0},
    {"b3", "", b3_items, ARRAY_SIZE(b3_items)},
    {"b3-2f", "b3", NULL, 0},
    {"carport", "", NULL, 0},
};
static const struct expr_item variables[] = {
    {"price", "CNY/kWh"}, {"limit", "kW"}, {"is_workday", "bool"}, {"share", "%"},
    {"zero", "kW"},       {"factor", "1"}, {"tariff_band", ""},    {"bad_unit", "kWatt"},
};
static const double variable_numbers[] = {0.8, 250, 1, 20, 0, 2, 3, 0};

enum { DEVICES_MAX = 32, POINTS_MAX = 16 };

struct cell {
    struct expr_value value;
    int64_t age_us;
};

static const struct device *devices[DEVICES_MAX];
static size_t device_count;
static struct cell point_cells[DEVICES_MAX][POINTS_MAX];
static struct cell node_cells[ARRAY_SIZE(b3_items)];
static struct cell variable_cells[ARRAY_SIZE(variables)];
static struct expr_scope scope;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static size_t make_device(size_t from)
{
    struct point points[POINTS_MAX] = {0};
    struct device model = {.id = values[from].device,
                           .name = values[from].device,
                           .site = "s",
                           .node = values[from].node,
                           .line = "l",
                           .profile = "p",
                           .device_class = values[from].device_class,
                           .points = points};
    size_t i = from;
    for (; i < ARRAY_SIZE(values) && strcmp(values[i].device, model.id) == 0; i++) {
        points[model.point_count++] = (struct point){
            .name = values[i].point,
            .quantity = quantity_find(values[i].quantity),
            .source =
                strcmp(values[i].quantity, "serial_number") == 0 ? POINT_TEXT : POINT_FLOAT64};
    }
    devices[device_count++] = device_create(&model);
    return i;
}

static struct cell *find_point(const char *device, const char *point)
{
    for (size_t i = 0; i < device_count; i++) {
        for (size_t j = 0; j < devices[i]->point_count; j++) {
            if (strcmp(devices[i]->id, device) == 0 &&
                strcmp(devices[i]->points[j].name, point) == 0) {
                return &point_cells[i][j];
            }
        }
    }
    return NULL;
}

static void put(struct cell *cell, double number)
{
    *cell = (struct cell){.value = {.number = number, .quality = QUALITY_OK}, .age_us = 1000000};
}

static void reset_cells(void)
{
    for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
        put(find_point(values[i].device, values[i].point), values[i].number);
    }
    for (size_t i = 0; i < ARRAY_SIZE(node_cells); i++) {
        put(&node_cells[i], b3_numbers[i]);
    }
    for (size_t i = 0; i < ARRAY_SIZE(variable_cells); i++) {
        put(&variable_cells[i], variable_numbers[i]);
    }
}

static void make(void)
{
    for (size_t i = 0; i < ARRAY_SIZE(values);) {
        i = make_device(i);
    }
    scope = (struct expr_scope){.devices = devices,
                                .device_count = device_count,
                                .nodes = nodes,
                                .node_count = ARRAY_SIZE(nodes),
                                .variables = variables,
                                .variable_count = ARRAY_SIZE(variables)};
    reset_cells();
}

const struct expr_scope *world_scope(void)
{
    pthread_once(&once, make);
    return &scope;
}

static struct cell *find_item(const struct expr_item *items, size_t count, struct cell *cells,
                              const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(items[i].name, name) == 0) {
            return &cells[i];
        }
    }
    return NULL;
}

static struct cell *find_cell(const char *name)
{
    struct cell *cell = NULL;
    const char *dot = strchr(name, '.');
    if (strncmp(name, "node b3.", 8) == 0) {
        cell = find_item(b3_items, ARRAY_SIZE(b3_items), node_cells, name + 8);
    } else if (dot) {
        char *device = mem_format("%.*s", (int)(dot - name), name);
        cell = find_point(device, dot + 1);
        free(device);
    } else {
        cell = find_item(variables, ARRAY_SIZE(variables), variable_cells, name);
    }
    if (!cell) {
        fprintf(stderr, "%s is not in the world\n", name);
        abort();
    }
    return cell;
}

void world_reset(void)
{
    (void)world_scope();
    reset_cells();
}

void world_set(const char *name, double number, enum quality quality)
{
    (void)world_scope();
    find_cell(name)->value = (struct expr_value){.number = number, .quality = quality};
}

void world_set_age(const char *name, double age_s)
{
    find_cell(name)->age_us = (int64_t)(age_s * 1e6);
}

static const struct cell *cell_of(const struct expr_slot *slot)
{
    if (slot->source == EXPR_POINT) {
        return &point_cells[slot->owner][slot->item];
    }
    return slot->source == EXPR_NODE ? &node_cells[slot->item] : &variable_cells[slot->owner];
}

static struct expr_value read_value(const void *context, const struct expr_slot *slot)
{
    (void)context;
    return cell_of(slot)->value;
}

static int64_t read_age(const void *context, const struct expr_slot *slot)
{
    (void)context;
    return cell_of(slot)->age_us;
}

const struct expr_reader *world_reader(void)
{
    static const struct expr_reader reader = {.read = read_value, .age_us = read_age};
    return &reader;
}
