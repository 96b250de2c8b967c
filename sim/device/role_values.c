/* SPDX-License-Identifier: Apache-2.0 */
/* role_values: quantities of meters, inverters, piles, rooms, water and weather. */
#include "sim/device/role_values.h"

#include <math.h>

#include "base/mem.h"
#include "sim/world/electric.h"
#include "sim/world/noise.h"

enum { STRINGS_PER_INVERTER = 20 };

static int64_t now_s(const struct world *world)
{
    return world->now_us / 1000000;
}

static double now_between(const struct world *world, double from, double to)
{
    return from + (to - from) * world_along(world);
}

static bool meter_counter(const struct world *world, const struct flow *flow, enum quantity_id id,
                          double *value)
{
    double along = world_along(world);
    double hours = world_hours(world);
    struct flow_total total = flow_total(flow, along, hours);
    switch (id) {
    case QUANTITY_ID_active_energy_import:
        *value = total.in;
        return true;
    case QUANTITY_ID_active_energy_export:
        *value = total.out;
        return true;
    case QUANTITY_ID_reactive_energy_import:
        *value = total.in * flow->tan_phi;
        return true;
    case QUANTITY_ID_reactive_energy_export:
        *value = total.out * flow->tan_phi;
        return true;
    case QUANTITY_ID_active_energy_import_sharp:
    case QUANTITY_ID_active_energy_import_peak:
    case QUANTITY_ID_active_energy_import_flat:
    case QUANTITY_ID_active_energy_import_valley:
    case QUANTITY_ID_active_energy_import_deep:
        *value = flow_in_by_rate(flow, along, hours,
                                 (enum meter_rate)(id - QUANTITY_ID_active_energy_import_sharp),
                                 world->rate);
        return true;
    case QUANTITY_ID_demand_now:
        *value = flow->demand;
        return true;
    case QUANTITY_ID_demand_max:
        *value = flow->demand_max;
        return true;
    default:
        return false;
    }
}

bool meter_value(const struct world *world, const struct flow *flow, enum quantity_id id,
                 double vt_ratio, double *value)
{
    if (meter_counter(world, flow, id, value)) {
        return true;
    }
    struct electric electric = electric_of(flow, world_rate(world, flow), vt_ratio, now_s(world));
    return electric_value(&electric, id, value);
}

static double inverter_status(const struct world *world, const struct inverter *inverter)
{
    double available = now_between(world, inverter->available_from_kw, inverter->available_to_kw);
    if (available <= 0.0) {
        return INVERTER_DARK;
    }
    return world_rate(world, &inverter->flow) < 0.99 * available ? INVERTER_LIMITED
                                                                 : INVERTER_RUNNING;
}

/* Strings differ by a per cent or two; together they are the DC power. */
static double string_value(double power_kw, enum quantity_id id, int64_t index)
{
    double volts = power_kw > 0.0 ? 640.0 - 0.4 * power_kw : 0.0;
    double dc_kw = power_kw / 0.984;
    if (id == QUANTITY_ID_dc_voltage) {
        return volts;
    }
    if (id == QUANTITY_ID_dc_current && index > 0) {
        double part = 1.0 + 0.03 * (noise_unit(77, (uint64_t)index) - 0.5);
        return volts > 0.0 ? dc_kw * 1000.0 / volts / STRINGS_PER_INVERTER * part : 0.0;
    }
    if (id == QUANTITY_ID_dc_current) {
        return volts > 0.0 ? dc_kw * 1000.0 / volts : 0.0;
    }
    return index > 0 ? dc_kw / STRINGS_PER_INVERTER : dc_kw;
}

bool inverter_value(const struct world *world, const struct inverter *inverter, enum quantity_id id,
                    int64_t index, double *value)
{
    double power = world_rate(world, &inverter->flow);
    double light = now_between(world, world->from.irradiance[inverter->zone],
                               world->to.irradiance[inverter->zone]);
    double outdoor = now_between(world, world->from.outdoor_c, world->to.outdoor_c);
    switch (id) {
    case QUANTITY_ID_generation_energy:
    case QUANTITY_ID_active_energy_export:
        *value = world_total(world, &inverter->flow).in;
        return true;
    case QUANTITY_ID_generation_energy_today:
        *value = world_total(world, &inverter->flow).in - inverter->midnight_kwh;
        return true;
    case QUANTITY_ID_dc_power:
    case QUANTITY_ID_dc_voltage:
    case QUANTITY_ID_dc_current:
        *value = string_value(power, id, index);
        return true;
    case QUANTITY_ID_inverter_state:
        *value = inverter_status(world, inverter);
        return true;
    case QUANTITY_ID_fault_code:
    case QUANTITY_ID_alarm_word:
        *value = 0.0;
        return true;
    case QUANTITY_ID_power_limit:
        *value = inverter->limit_kw;
        return true;
    case QUANTITY_ID_power_limit_percent:
        *value = inverter->limit_percent;
        return true;
    case QUANTITY_ID_rated_power:
        *value = inverter->rated_kw;
        return true;
    case QUANTITY_ID_insulation_resistance:
        *value = 2400.0 - 8.0 * outdoor;
        return true;
    case QUANTITY_ID_cabinet_temperature:
        *value = outdoor + 8.0 + 0.25 * power;
        return true;
    case QUANTITY_ID_module_temperature:
        *value = outdoor + 25.0 / 800.0 * light;
        return true;
    default:
        break;
    }
    struct electric electric = electric_of(&inverter->flow, power, 1.0, now_s(world));
    return electric_value(&electric, id, value);
}

bool pile_value(const struct world *world, const struct gun *gun, enum quantity_id id,
                double *value)
{
    double power = world_rate(world, &gun->flow);
    double in = world_total(world, &gun->flow).in;
    struct electric electric = electric_single_phase(power, gun_volts, now_s(world));
    switch (id) {
    case QUANTITY_ID_charge_power:
        *value = power;
        return true;
    case QUANTITY_ID_charge_current:
        *value = power * 1000.0 / gun_volts;
        return true;
    case QUANTITY_ID_charge_current_limit:
        *value = gun->limit_a;
        return true;
    case QUANTITY_ID_charge_power_limit:
        *value = gun->limit_a * gun_volts / 1000.0;
        return true;
    case QUANTITY_ID_charge_energy:
    case QUANTITY_ID_active_energy_import:
        *value = in;
        return true;
    case QUANTITY_ID_session_energy:
        *value = gun_session_kwh(gun, in);
        return true;
    case QUANTITY_ID_session_duration:
        *value = gun->is_connected ? (double)(now_s(world) - gun->started_s) : 0.0;
        return true;
    case QUANTITY_ID_connector_state:
        *value = (double)gun_state(gun, power);
        return true;
    case QUANTITY_ID_fault_code:
    case QUANTITY_ID_alarm_word:
        *value = 0.0;
        return true;
    default:
        return electric_value(&electric, id, value);
    }
}

bool room_value(const struct world *world, const struct room *room, enum quantity_id id,
                double *value)
{
    double air = now_between(world, room->air_from_c, room->air_to_c);
    switch (id) {
    case QUANTITY_ID_on_off:
        *value = room->is_on ? 1.0 : 0.0;
        return true;
    case QUANTITY_ID_mode:
        *value = room->mode;
        return true;
    case QUANTITY_ID_fan_speed:
        *value = room->fan_speed;
        return true;
    case QUANTITY_ID_setpoint_temperature:
        *value = room->setpoint_c;
        return true;
    case QUANTITY_ID_room_temperature:
        *value = air;
        return true;
    case QUANTITY_ID_return_temperature:
        *value = air + 0.4;
        return true;
    case QUANTITY_ID_active_power:
        *value = now_between(world, room->from_kw, room->to_kw);
        return true;
    case QUANTITY_ID_relative_humidity:
        *value = 52.0 + 14.0 * noise_wave(room->seed, now_s(world), 7200);
        return true;
    case QUANTITY_ID_co2:
        *value = 430.0 + 520.0 * building_occupancy(&world->from);
        return true;
    case QUANTITY_ID_fault_code:
    case QUANTITY_ID_alarm_word:
    case QUANTITY_ID_contact:
        *value = 0.0;
        return true;
    default:
        return false;
    }
}

bool water_value(const struct world *world, const struct flow *flow, enum quantity_id id,
                 double *value)
{
    if (id == QUANTITY_ID_water_volume || id == QUANTITY_ID_hot_water_volume ||
        id == QUANTITY_ID_gas_volume) {
        *value = world_total(world, flow).in;
    } else if (id == QUANTITY_ID_water_flow) {
        *value = world_rate(world, flow);
    } else if (id == QUANTITY_ID_pressure) {
        *value = 330.0 - 4.0 * world_rate(world, flow);
    } else {
        return false;
    }
    return true;
}

bool weather_value(const struct world *world, enum quantity_id id, double *value)
{
    double light = now_between(world, world->from.irradiance[0], world->to.irradiance[0]);
    double outdoor = now_between(world, world->from.outdoor_c, world->to.outdoor_c);
    if (id == QUANTITY_ID_irradiance) {
        *value = light;
    } else if (id == QUANTITY_ID_ambient_temperature || id == QUANTITY_ID_room_temperature) {
        *value = outdoor;
    } else if (id == QUANTITY_ID_module_temperature) {
        *value = outdoor + 25.0 / 800.0 * light;
    } else if (id == QUANTITY_ID_wind_speed) {
        *value = now_between(world, world->from.wind_m_s, world->to.wind_m_s);
    } else if (id == QUANTITY_ID_relative_humidity) {
        *value = 60.0 + 25.0 * noise_wave(world->seed, now_s(world), 10800);
    } else {
        return false;
    }
    return true;
}

double role_sunspec_state(double state)
{
    static const struct {
        int ours;
        int theirs;
    } states[] = {{INVERTER_RUNNING, 4}, {INVERTER_LIMITED, 5}, {INVERTER_DARK, 2}};
    for (size_t i = 0; i < ARRAY_SIZE(states); i++) {
        if (lround(state) == states[i].ours) {
            return states[i].theirs;
        }
    }
    return 1;
}
