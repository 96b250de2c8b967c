/* SPDX-License-Identifier: Apache-2.0 */
/* quantity: the one dictionary of names, units and kinds. Implemented by daemon/model.
 *
 * Names follow IEC 61850, SunSpec and OpenADR usage written out. Phases a, b, c; line-to-line ab, bc, ca; no suffix =
 * total or three-phase. Load and import are positive; generation of a PV device is positive. The code's table, the
 * documentation and the Influx field types all come from LINGTAN_QUANTITIES: extend it there, never with a synonym. */
#ifndef LINGTAN_QUANTITY_H
#define LINGTAN_QUANTITY_H

#include <stdio.h>

#include <lingtan/error.h>

enum quantity_kind {
    QUANTITY_GAUGE,   /* a measured float */
    QUANTITY_COUNTER, /* cumulative: a float value and an exact int64 count */
    QUANTITY_STATE,   /* an integer with enumerated or bit meaning */
    QUANTITY_TEXT,
};

/* X(name, unit, kind, lowest plausible, highest plausible, dead band, Chinese). The dead band, in the unit, is the
 * change below which a retained state message need not be renewed; 0 = every change. */
/* clang-format off */
#define LINGTAN_QUANTITIES(X) \
    X(voltage_a, "V", GAUGE, 0.0, 500000.0, 0.5, "相电压") \
    X(voltage_b, "V", GAUGE, 0.0, 500000.0, 0.5, "相电压") \
    X(voltage_c, "V", GAUGE, 0.0, 500000.0, 0.5, "相电压") \
    X(voltage_ab, "V", GAUGE, 0.0, 1000000.0, 0.5, "线电压") \
    X(voltage_bc, "V", GAUGE, 0.0, 1000000.0, 0.5, "线电压") \
    X(voltage_ca, "V", GAUGE, 0.0, 1000000.0, 0.5, "线电压") \
    X(current_a, "A", GAUGE, -20000.0, 20000.0, 0.1, "电流") \
    X(current_b, "A", GAUGE, -20000.0, 20000.0, 0.1, "电流") \
    X(current_c, "A", GAUGE, -20000.0, 20000.0, 0.1, "电流") \
    X(current_n, "A", GAUGE, -20000.0, 20000.0, 0.1, "电流") \
    X(frequency, "Hz", GAUGE, 0.0, 100.0, 0.02, "频率") \
    X(active_power, "kW", GAUGE, -1000000.0, 1000000.0, 0.05, "有功功率") \
    X(active_power_a, "kW", GAUGE, -1000000.0, 1000000.0, 0.05, "有功功率") \
    X(active_power_b, "kW", GAUGE, -1000000.0, 1000000.0, 0.05, "有功功率") \
    X(active_power_c, "kW", GAUGE, -1000000.0, 1000000.0, 0.05, "有功功率") \
    X(reactive_power, "kvar", GAUGE, -1000000.0, 1000000.0, 0.05, "无功功率") \
    X(reactive_power_a, "kvar", GAUGE, -1000000.0, 1000000.0, 0.05, "无功功率") \
    X(reactive_power_b, "kvar", GAUGE, -1000000.0, 1000000.0, 0.05, "无功功率") \
    X(reactive_power_c, "kvar", GAUGE, -1000000.0, 1000000.0, 0.05, "无功功率") \
    X(apparent_power, "kVA", GAUGE, -1000000.0, 1000000.0, 0.05, "视在功率") \
    X(apparent_power_a, "kVA", GAUGE, -1000000.0, 1000000.0, 0.05, "视在功率") \
    X(apparent_power_b, "kVA", GAUGE, -1000000.0, 1000000.0, 0.05, "视在功率") \
    X(apparent_power_c, "kVA", GAUGE, -1000000.0, 1000000.0, 0.05, "视在功率") \
    X(power_factor, "1", GAUGE, -1.0, 1.0, 0.01, "功率因数") \
    X(power_factor_a, "1", GAUGE, -1.0, 1.0, 0.01, "功率因数") \
    X(power_factor_b, "1", GAUGE, -1.0, 1.0, 0.01, "功率因数") \
    X(power_factor_c, "1", GAUGE, -1.0, 1.0, 0.01, "功率因数") \
    X(thd_voltage_a, "%", GAUGE, 0.0, 400.0, 0.1, "电压谐波畸变率") \
    X(thd_voltage_b, "%", GAUGE, 0.0, 400.0, 0.1, "电压谐波畸变率") \
    X(thd_voltage_c, "%", GAUGE, 0.0, 400.0, 0.1, "电压谐波畸变率") \
    X(thd_current_a, "%", GAUGE, 0.0, 400.0, 0.5, "电流谐波畸变率") \
    X(thd_current_b, "%", GAUGE, 0.0, 400.0, 0.5, "电流谐波畸变率") \
    X(thd_current_c, "%", GAUGE, 0.0, 400.0, 0.5, "电流谐波畸变率") \
    X(unbalance_voltage, "%", GAUGE, 0.0, 200.0, 0.1, "电压不平衡度") \
    X(unbalance_current, "%", GAUGE, 0.0, 200.0, 0.5, "电流不平衡度") \
    X(active_energy_import, "kWh", COUNTER, 0.0, 1000000000000.0, 0, "正向有功电能") \
    X(active_energy_export, "kWh", COUNTER, 0.0, 1000000000000.0, 0, "反向有功电能") \
    X(active_energy_import_a, "kWh", COUNTER, 0.0, 1000000000000.0, 0, "正向有功电能（A 相）") \
    X(active_energy_import_b, "kWh", COUNTER, 0.0, 1000000000000.0, 0, "正向有功电能（B 相）") \
    X(active_energy_import_c, "kWh", COUNTER, 0.0, 1000000000000.0, 0, "正向有功电能（C 相）") \
    X(active_energy_export_a, "kWh", COUNTER, 0.0, 1000000000000.0, 0, "反向有功电能（A 相）") \
    X(active_energy_export_b, "kWh", COUNTER, 0.0, 1000000000000.0, 0, "反向有功电能（B 相）") \
    X(active_energy_export_c, "kWh", COUNTER, 0.0, 1000000000000.0, 0, "反向有功电能（C 相）") \
    X(active_energy_import_sharp, "kWh", COUNTER, 0.0, 1000000000000.0, 0, "正向有功电能（尖）") \
    X(active_energy_import_peak, "kWh", COUNTER, 0.0, 1000000000000.0, 0, "正向有功电能（峰）") \
    X(active_energy_import_flat, "kWh", COUNTER, 0.0, 1000000000000.0, 0, "正向有功电能（平）") \
    X(active_energy_import_valley, "kWh", COUNTER, 0.0, 1000000000000.0, 0, "正向有功电能（谷）") \
    X(active_energy_import_deep, "kWh", COUNTER, 0.0, 1000000000000.0, 0, "正向有功电能（深谷）") \
    X(reactive_energy_import, "kvarh", COUNTER, 0.0, 1000000000000.0, 0, "正向无功电能") \
    X(reactive_energy_export, "kvarh", COUNTER, 0.0, 1000000000000.0, 0, "反向无功电能") \
    X(demand_max, "kW", GAUGE, -1000000.0, 1000000.0, 0.1, "最大需量") \
    X(demand_now, "kW", GAUGE, -1000000.0, 1000000.0, 0.1, "当前需量") \
    X(ct_ratio, "1", GAUGE, 0.0, 100000.0, 0, "电流互感器变比") \
    X(vt_ratio, "1", GAUGE, 0.0, 100000.0, 0, "电压互感器变比") \
    X(dc_power, "kW", GAUGE, -1000000.0, 1000000.0, 0.05, "直流功率（组串）") \
    X(dc_voltage, "V", GAUGE, -5000.0, 5000.0, 1, "直流电压（组串）") \
    X(dc_current, "A", GAUGE, -10000.0, 10000.0, 0.1, "直流电流（组串）") \
    X(generation_energy, "kWh", COUNTER, 0.0, 1000000000000.0, 0, "累计发电量") \
    X(generation_energy_today, "kWh", GAUGE, 0.0, 100000000.0, 0.1, "当日发电量") \
    X(rated_power, "kW", GAUGE, 0.0, 1000000.0, 0, "额定功率") \
    X(power_limit, "kW", GAUGE, 0.0, 1000000.0, 0, "有功限值") \
    X(power_limit_percent, "%", GAUGE, 0.0, 200.0, 0, "有功限值（百分比）") \
    X(inverter_state, "", STATE, 0.0, 65535.0, 0, "逆变器状态") \
    X(fault_code, "", STATE, 0.0, 4294967295.0, 0, "故障码") \
    X(insulation_resistance, "kOhm", GAUGE, 0.0, 1000000.0, 50, "绝缘电阻") \
    X(state_of_charge, "%", GAUGE, 0.0, 100.0, 0.5, "荷电状态") \
    X(irradiance, "W/m2", GAUGE, -20.0, 2000.0, 5, "辐照度") \
    X(module_temperature, "degC", GAUGE, -60.0, 150.0, 0.5, "组件温度") \
    X(ambient_temperature, "degC", GAUGE, -60.0, 80.0, 0.2, "环境温度") \
    X(cabinet_temperature, "degC", GAUGE, -60.0, 150.0, 0.5, "机内温度") \
    X(wind_speed, "m/s", GAUGE, 0.0, 100.0, 0.5, "风速") \
    X(charge_power, "kW", GAUGE, 0.0, 2000.0, 0.05, "充电功率") \
    X(charge_current, "A", GAUGE, 0.0, 2000.0, 0.1, "充电电流") \
    X(charge_current_limit, "A", GAUGE, 0.0, 2000.0, 0, "充电电流限值") \
    X(charge_power_limit, "kW", GAUGE, 0.0, 2000.0, 0, "充电功率限值") \
    X(charge_energy, "kWh", COUNTER, 0.0, 1000000000000.0, 0, "累计充电电量") \
    X(session_energy, "kWh", GAUGE, 0.0, 100000.0, 0.1, "本次充电电量") \
    X(connector_state, "", STATE, 0.0, 4294967295.0, 0, "枪状态") \
    X(session_duration, "s", GAUGE, 0.0, 1000000000.0, 60, "充电时长") \
    X(on_off, "", STATE, 0.0, 65535.0, 0, "开关") \
    X(mode, "", STATE, 0.0, 65535.0, 0, "模式") \
    X(fan_speed, "", STATE, 0.0, 65535.0, 0, "风速档位") \
    X(setpoint_temperature, "degC", GAUGE, -30.0, 80.0, 0, "设定温度") \
    X(room_temperature, "degC", GAUGE, -40.0, 80.0, 0.1, "室内温度") \
    X(return_temperature, "degC", GAUGE, -40.0, 120.0, 0.1, "回风温度") \
    X(relative_humidity, "%", GAUGE, 0.0, 100.0, 0.5, "湿度") \
    X(co2, "ppm", GAUGE, 0.0, 50000.0, 10, "二氧化碳") \
    X(chilled_water_supply_temperature, "degC", GAUGE, -20.0, 60.0, 0.1, "冷冻水供水温度") \
    X(chilled_water_return_temperature, "degC", GAUGE, -20.0, 60.0, 0.1, "冷冻水回水温度") \
    X(chilled_water_setpoint, "degC", GAUGE, -20.0, 60.0, 0, "冷冻水设定温度") \
    X(capacity, "%", GAUGE, 0.0, 150.0, 1, "负荷率") \
    X(capacity_limit, "%", GAUGE, 0.0, 150.0, 0, "限载") \
    X(compressor_stage, "", STATE, 0.0, 65535.0, 0, "级数") \
    X(water_volume, "m3", COUNTER, 0.0, 1000000000000.0, 0, "水量") \
    X(hot_water_volume, "m3", COUNTER, 0.0, 1000000000000.0, 0, "热水量") \
    X(water_flow, "m3/h", GAUGE, -100000.0, 100000.0, 0.01, "瞬时流量") \
    X(gas_volume, "m3", COUNTER, 0.0, 1000000000000.0, 0, "燃气量") \
    X(heat_energy, "kWh", COUNTER, 0.0, 1000000000000.0, 0, "热量") \
    X(cooling_energy, "kWh", COUNTER, 0.0, 1000000000000.0, 0, "冷量") \
    X(thermal_power, "kW", GAUGE, -1000000.0, 1000000.0, 0.1, "热功率") \
    X(level, "m", GAUGE, -1000.0, 1000.0, 0.01, "液位") \
    X(pressure, "kPa", GAUGE, -200.0, 1000000.0, 1, "压力") \
    X(contact, "", STATE, 0.0, 65535.0, 0, "干接点") \
    X(serial_number, "", TEXT, 0.0, 0.0, 0, "序列号") \
    X(maker_name, "", TEXT, 0.0, 0.0, 0, "制造商") \
    X(model_name, "", TEXT, 0.0, 0.0, 0, "型号") \
    X(firmware_version, "", TEXT, 0.0, 0.0, 0, "固件") \
    X(alarm_word, "", STATE, 0.0, 4294967295.0, 0, "告警字")
/* clang-format on */

enum quantity_id {
#define QUANTITY_ID(name, unit, kind, lowest, highest, dead_band, chinese) QUANTITY_ID_##name,
    LINGTAN_QUANTITIES(QUANTITY_ID)
#undef QUANTITY_ID
        QUANTITY_COUNT
};

struct quantity {
    const char *name;
    const char *unit; /* "" when it has none */
    enum quantity_kind kind;
    double lowest; /* in the unit; a value outside is implausible */
    double highest;
    double dead_band;
    const char *chinese;
};

/* The row of an id, or of a name (NULL when unknown). Static; any thread. */
const struct quantity *quantity_get(enum quantity_id id);
const struct quantity *quantity_find(const char *name);
const char *quantity_kind_word(enum quantity_kind kind); /* "gauge", "counter", "state", "text" */

/* What a value in `unit` is multiplied by to be in the quantity's own unit: ("W" for active_power) -> 0.001. The own
 * unit gives 1. -EINVAL when the unit does not fit; `allowed` of quantity_units lists those that do. */
int quantity_unit_factor(const struct quantity *quantity, const char *unit,
                         double *factor) MUST_USE;

/* The units that fit, comma-separated, for messages: "kW, W, MW". Static. */
const char *quantity_units(const struct quantity *quantity);

/* Writes the dictionary as docs/QUANTITIES.md holds it. */
void quantity_document(FILE *file);

#endif
