/* SPDX-License-Identifier: Apache-2.0 */
/* sunspec_models: the tables. Columns of a point: offset, type, poll class, offset of the scale factor, traits, index,
 * quantity, unit. */
#include "collectors/modbus/sunspec/sunspec_models.h"

#include <stdlib.h>

#include "base/mem.h"

/* clang-format off */
const struct sunspec_layout sunspec_layouts[] = {
    [SUNSPEC_INT16] = {REGISTER_I16, 1, "0x8000", 0},
    [SUNSPEC_UINT16] = {REGISTER_U16, 1, "0xFFFF", 0},
    [SUNSPEC_ENUM16] = {REGISTER_U16, 1, "0xFFFF", 0},
    [SUNSPEC_UINT32] = {REGISTER_U32, 2, "0xFFFFFFFF", 0},
    [SUNSPEC_BITFIELD32] = {REGISTER_U32, 2, "0xFFFFFFFF", 0},
    [SUNSPEC_UINT64] = {REGISTER_U64, 4, "0xFFFFFFFFFFFFFFFF", 0},
    [SUNSPEC_ACC32] = {REGISTER_U32, 2, "0", 0},
    [SUNSPEC_ACC64] = {REGISTER_U64, 4, "0", 0},
    [SUNSPEC_FLOAT32] = {REGISTER_F32, 2, "", 0},
    [SUNSPEC_FLOAT32_ACC] = {REGISTER_F32, 2, "0", 1},
    [SUNSPEC_STRING8] = {REGISTER_STRING, 8, "", 0},
    [SUNSPEC_STRING16] = {REGISTER_STRING, 16, "", 0},
};

static const struct sunspec_point common[] = {
    {2, SUNSPEC_STRING16, POLL_ONCE, 0, 0, 0, "maker_name", ""},
    {18, SUNSPEC_STRING16, POLL_ONCE, 0, 0, 0, "model_name", ""},
    {42, SUNSPEC_STRING8, POLL_ONCE, 0, 0, 0, "firmware_version", ""},
    {SUNSPEC_SERIAL_AT, SUNSPEC_STRING16, POLL_ONCE, 0, 0, 0, "serial_number", ""},
};

/* 101 to 103: W and VA are signed, the rest of the powers too. The standard gives the power factor
 * in percent, makers a ratio as well. */
static const struct sunspec_point inverter[] = {
    {3, SUNSPEC_UINT16, POLL_NORMAL, 6, 0, 0, "current_a", "A"},
    {4, SUNSPEC_UINT16, POLL_NORMAL, 6, 0, 0, "current_b", "A"},
    {5, SUNSPEC_UINT16, POLL_NORMAL, 6, 0, 0, "current_c", "A"},
    {7, SUNSPEC_UINT16, POLL_NORMAL, 13, 0, 0, "voltage_ab", "V"},
    {8, SUNSPEC_UINT16, POLL_NORMAL, 13, 0, 0, "voltage_bc", "V"},
    {9, SUNSPEC_UINT16, POLL_NORMAL, 13, 0, 0, "voltage_ca", "V"},
    {10, SUNSPEC_UINT16, POLL_NORMAL, 13, 0, 0, "voltage_a", "V"},
    {11, SUNSPEC_UINT16, POLL_NORMAL, 13, 0, 0, "voltage_b", "V"},
    {12, SUNSPEC_UINT16, POLL_NORMAL, 13, 0, 0, "voltage_c", "V"},
    {14, SUNSPEC_INT16, POLL_FAST, 15, 0, 0, "active_power", "W"},
    {16, SUNSPEC_UINT16, POLL_NORMAL, 17, 0, 0, "frequency", "Hz"},
    {18, SUNSPEC_INT16, POLL_FAST, 19, 0, 0, "apparent_power", "VA"},
    {20, SUNSPEC_INT16, POLL_FAST, 21, 0, 0, "reactive_power", "var"},
    {22, SUNSPEC_INT16, POLL_NORMAL, 23, SUNSPEC_PERCENT_OR_RATIO, 0, "power_factor", ""},
    {24, SUNSPEC_ACC32, POLL_NORMAL, 26, 0, 0, "generation_energy", "Wh"},
    {27, SUNSPEC_UINT16, POLL_NORMAL, 28, 0, 0, "dc_current", "A"},
    {29, SUNSPEC_UINT16, POLL_NORMAL, 30, 0, 0, "dc_voltage", "V"},
    {31, SUNSPEC_INT16, POLL_FAST, 32, 0, 0, "dc_power", "W"},
    {33, SUNSPEC_INT16, POLL_SLOW, 37, 0, 0, "cabinet_temperature", ""},
    {38, SUNSPEC_ENUM16, POLL_NORMAL, 0, 0, 0, "inverter_state", ""},
    {40, SUNSPEC_BITFIELD32, POLL_NORMAL, 0, 0, 1, "alarm_word", ""},
    {42, SUNSPEC_BITFIELD32, POLL_NORMAL, 0, 0, 2, "alarm_word", ""},
    {44, SUNSPEC_BITFIELD32, POLL_NORMAL, 0, 0, 3, "alarm_word", ""},
    {46, SUNSPEC_BITFIELD32, POLL_NORMAL, 0, 0, 4, "alarm_word", ""},
    {48, SUNSPEC_BITFIELD32, POLL_NORMAL, 0, 0, 5, "alarm_word", ""},
    {50, SUNSPEC_BITFIELD32, POLL_NORMAL, 0, 0, 6, "alarm_word", ""},
};

/* 111 to 113: the same in floats. */
static const struct sunspec_point inverter_float[] = {
    {4, SUNSPEC_FLOAT32, POLL_NORMAL, 0, 0, 0, "current_a", "A"},
    {6, SUNSPEC_FLOAT32, POLL_NORMAL, 0, 0, 0, "current_b", "A"},
    {8, SUNSPEC_FLOAT32, POLL_NORMAL, 0, 0, 0, "current_c", "A"},
    {10, SUNSPEC_FLOAT32, POLL_NORMAL, 0, 0, 0, "voltage_ab", "V"},
    {12, SUNSPEC_FLOAT32, POLL_NORMAL, 0, 0, 0, "voltage_bc", "V"},
    {14, SUNSPEC_FLOAT32, POLL_NORMAL, 0, 0, 0, "voltage_ca", "V"},
    {16, SUNSPEC_FLOAT32, POLL_NORMAL, 0, 0, 0, "voltage_a", "V"},
    {18, SUNSPEC_FLOAT32, POLL_NORMAL, 0, 0, 0, "voltage_b", "V"},
    {20, SUNSPEC_FLOAT32, POLL_NORMAL, 0, 0, 0, "voltage_c", "V"},
    {22, SUNSPEC_FLOAT32, POLL_FAST, 0, 0, 0, "active_power", "W"},
    {24, SUNSPEC_FLOAT32, POLL_NORMAL, 0, 0, 0, "frequency", "Hz"},
    {26, SUNSPEC_FLOAT32, POLL_FAST, 0, 0, 0, "apparent_power", "VA"},
    {28, SUNSPEC_FLOAT32, POLL_FAST, 0, 0, 0, "reactive_power", "var"},
    {30, SUNSPEC_FLOAT32, POLL_NORMAL, 0, SUNSPEC_PERCENT_OR_RATIO, 0, "power_factor", ""},
    {32, SUNSPEC_FLOAT32_ACC, POLL_NORMAL, 0, 0, 0, "generation_energy", "Wh"},
    {34, SUNSPEC_FLOAT32, POLL_NORMAL, 0, 0, 0, "dc_current", "A"},
    {36, SUNSPEC_FLOAT32, POLL_NORMAL, 0, 0, 0, "dc_voltage", "V"},
    {38, SUNSPEC_FLOAT32, POLL_FAST, 0, 0, 0, "dc_power", "W"},
    {40, SUNSPEC_FLOAT32, POLL_SLOW, 0, 0, 0, "cabinet_temperature", ""},
    {48, SUNSPEC_ENUM16, POLL_NORMAL, 0, 0, 0, "inverter_state", ""},
    {50, SUNSPEC_BITFIELD32, POLL_NORMAL, 0, 0, 1, "alarm_word", ""},
    {52, SUNSPEC_BITFIELD32, POLL_NORMAL, 0, 0, 2, "alarm_word", ""},
    {54, SUNSPEC_BITFIELD32, POLL_NORMAL, 0, 0, 3, "alarm_word", ""},
    {56, SUNSPEC_BITFIELD32, POLL_NORMAL, 0, 0, 4, "alarm_word", ""},
    {58, SUNSPEC_BITFIELD32, POLL_NORMAL, 0, 0, 5, "alarm_word", ""},
    {60, SUNSPEC_BITFIELD32, POLL_NORMAL, 0, 0, 6, "alarm_word", ""},
};

static const struct sunspec_point nameplate[] = {
    {3, SUNSPEC_UINT16, POLL_ONCE, 4, 0, 0, "rated_power", "W"},
};

static const struct sunspec_point settings[] = {
    {2, SUNSPEC_UINT16, POLL_SLOW, 22, 0, 0, "power_limit", "W"},
};

static const struct sunspec_point status[] = {
    {5, SUNSPEC_ACC64, POLL_NORMAL, 0, 0, 0, "generation_energy", "Wh"},
    {44, SUNSPEC_UINT16, POLL_SLOW, 45, 0, 0, "insulation_resistance", "Ohm"},
};

static const struct sunspec_point controls[] = {
    {4, SUNSPEC_ENUM16, POLL_NORMAL, 0, 0, 0, "on_off", ""},
    {5, SUNSPEC_UINT16, POLL_NORMAL, 23, SUNSPEC_LIMIT, 0, "power_limit_percent", "%"},
    {9, SUNSPEC_ENUM16, POLL_NORMAL, 0, 0, 0, "mode", ""},
};

static const struct sunspec_point storage[] = {
    {8, SUNSPEC_UINT16, POLL_NORMAL, 22, 0, 0, "state_of_charge", "%"},
};

/* 160: its scale factors stand before the blocks. */
static const struct sunspec_point tracker[] = {
    {9, SUNSPEC_UINT16, POLL_NORMAL, 2, 0, 0, "dc_current", "A"},
    {10, SUNSPEC_UINT16, POLL_NORMAL, 3, 0, 0, "dc_voltage", "V"},
    {11, SUNSPEC_UINT16, POLL_NORMAL, 4, 0, 0, "dc_power", "W"},
};

/* 201 to 204. Reactive energy comes by quadrants, of which no one is what is imported or exported. */
static const struct sunspec_point meter[] = {
    {3, SUNSPEC_INT16, POLL_NORMAL, 6, 0, 0, "current_a", "A"},
    {4, SUNSPEC_INT16, POLL_NORMAL, 6, 0, 0, "current_b", "A"},
    {5, SUNSPEC_INT16, POLL_NORMAL, 6, 0, 0, "current_c", "A"},
    {8, SUNSPEC_INT16, POLL_NORMAL, 15, 0, 0, "voltage_a", "V"},
    {9, SUNSPEC_INT16, POLL_NORMAL, 15, 0, 0, "voltage_b", "V"},
    {10, SUNSPEC_INT16, POLL_NORMAL, 15, 0, 0, "voltage_c", "V"},
    {12, SUNSPEC_INT16, POLL_NORMAL, 15, 0, 0, "voltage_ab", "V"},
    {13, SUNSPEC_INT16, POLL_NORMAL, 15, 0, 0, "voltage_bc", "V"},
    {14, SUNSPEC_INT16, POLL_NORMAL, 15, 0, 0, "voltage_ca", "V"},
    {16, SUNSPEC_INT16, POLL_NORMAL, 17, 0, 0, "frequency", "Hz"},
    {18, SUNSPEC_INT16, POLL_FAST, 22, 0, 0, "active_power", "W"},
    {19, SUNSPEC_INT16, POLL_FAST, 22, 0, 0, "active_power_a", "W"},
    {20, SUNSPEC_INT16, POLL_FAST, 22, 0, 0, "active_power_b", "W"},
    {21, SUNSPEC_INT16, POLL_FAST, 22, 0, 0, "active_power_c", "W"},
    {23, SUNSPEC_INT16, POLL_FAST, 27, 0, 0, "apparent_power", "VA"},
    {24, SUNSPEC_INT16, POLL_FAST, 27, 0, 0, "apparent_power_a", "VA"},
    {25, SUNSPEC_INT16, POLL_FAST, 27, 0, 0, "apparent_power_b", "VA"},
    {26, SUNSPEC_INT16, POLL_FAST, 27, 0, 0, "apparent_power_c", "VA"},
    {28, SUNSPEC_INT16, POLL_FAST, 32, 0, 0, "reactive_power", "var"},
    {29, SUNSPEC_INT16, POLL_FAST, 32, 0, 0, "reactive_power_a", "var"},
    {30, SUNSPEC_INT16, POLL_FAST, 32, 0, 0, "reactive_power_b", "var"},
    {31, SUNSPEC_INT16, POLL_FAST, 32, 0, 0, "reactive_power_c", "var"},
    {33, SUNSPEC_INT16, POLL_NORMAL, 37, SUNSPEC_PERCENT_OR_RATIO, 0, "power_factor", ""},
    {34, SUNSPEC_INT16, POLL_NORMAL, 37, SUNSPEC_PERCENT_OR_RATIO, 0, "power_factor_a", ""},
    {35, SUNSPEC_INT16, POLL_NORMAL, 37, SUNSPEC_PERCENT_OR_RATIO, 0, "power_factor_b", ""},
    {36, SUNSPEC_INT16, POLL_NORMAL, 37, SUNSPEC_PERCENT_OR_RATIO, 0, "power_factor_c", ""},
    {38, SUNSPEC_ACC32, POLL_NORMAL, 54, 0, 0, "active_energy_export", "Wh"},
    {40, SUNSPEC_ACC32, POLL_NORMAL, 54, 0, 0, "active_energy_export_a", "Wh"},
    {42, SUNSPEC_ACC32, POLL_NORMAL, 54, 0, 0, "active_energy_export_b", "Wh"},
    {44, SUNSPEC_ACC32, POLL_NORMAL, 54, 0, 0, "active_energy_export_c", "Wh"},
    {46, SUNSPEC_ACC32, POLL_NORMAL, 54, 0, 0, "active_energy_import", "Wh"},
    {48, SUNSPEC_ACC32, POLL_NORMAL, 54, 0, 0, "active_energy_import_a", "Wh"},
    {50, SUNSPEC_ACC32, POLL_NORMAL, 54, 0, 0, "active_energy_import_b", "Wh"},
    {52, SUNSPEC_ACC32, POLL_NORMAL, 54, 0, 0, "active_energy_import_c", "Wh"},
    {105, SUNSPEC_BITFIELD32, POLL_NORMAL, 0, 0, 1, "alarm_word", ""},
};

/* 211 to 214: the same in floats. */
static const struct sunspec_point meter_float[] = {
    {4, SUNSPEC_FLOAT32, POLL_NORMAL, 0, 0, 0, "current_a", "A"},
    {6, SUNSPEC_FLOAT32, POLL_NORMAL, 0, 0, 0, "current_b", "A"},
    {8, SUNSPEC_FLOAT32, POLL_NORMAL, 0, 0, 0, "current_c", "A"},
    {12, SUNSPEC_FLOAT32, POLL_NORMAL, 0, 0, 0, "voltage_a", "V"},
    {14, SUNSPEC_FLOAT32, POLL_NORMAL, 0, 0, 0, "voltage_b", "V"},
    {16, SUNSPEC_FLOAT32, POLL_NORMAL, 0, 0, 0, "voltage_c", "V"},
    {20, SUNSPEC_FLOAT32, POLL_NORMAL, 0, 0, 0, "voltage_ab", "V"},
    {22, SUNSPEC_FLOAT32, POLL_NORMAL, 0, 0, 0, "voltage_bc", "V"},
    {24, SUNSPEC_FLOAT32, POLL_NORMAL, 0, 0, 0, "voltage_ca", "V"},
    {26, SUNSPEC_FLOAT32, POLL_NORMAL, 0, 0, 0, "frequency", "Hz"},
    {28, SUNSPEC_FLOAT32, POLL_FAST, 0, 0, 0, "active_power", "W"},
    {30, SUNSPEC_FLOAT32, POLL_FAST, 0, 0, 0, "active_power_a", "W"},
    {32, SUNSPEC_FLOAT32, POLL_FAST, 0, 0, 0, "active_power_b", "W"},
    {34, SUNSPEC_FLOAT32, POLL_FAST, 0, 0, 0, "active_power_c", "W"},
    {36, SUNSPEC_FLOAT32, POLL_FAST, 0, 0, 0, "apparent_power", "VA"},
    {38, SUNSPEC_FLOAT32, POLL_FAST, 0, 0, 0, "apparent_power_a", "VA"},
    {40, SUNSPEC_FLOAT32, POLL_FAST, 0, 0, 0, "apparent_power_b", "VA"},
    {42, SUNSPEC_FLOAT32, POLL_FAST, 0, 0, 0, "apparent_power_c", "VA"},
    {44, SUNSPEC_FLOAT32, POLL_FAST, 0, 0, 0, "reactive_power", "var"},
    {46, SUNSPEC_FLOAT32, POLL_FAST, 0, 0, 0, "reactive_power_a", "var"},
    {48, SUNSPEC_FLOAT32, POLL_FAST, 0, 0, 0, "reactive_power_b", "var"},
    {50, SUNSPEC_FLOAT32, POLL_FAST, 0, 0, 0, "reactive_power_c", "var"},
    {52, SUNSPEC_FLOAT32, POLL_NORMAL, 0, SUNSPEC_PERCENT_OR_RATIO, 0, "power_factor", ""},
    {54, SUNSPEC_FLOAT32, POLL_NORMAL, 0, SUNSPEC_PERCENT_OR_RATIO, 0, "power_factor_a", ""},
    {56, SUNSPEC_FLOAT32, POLL_NORMAL, 0, SUNSPEC_PERCENT_OR_RATIO, 0, "power_factor_b", ""},
    {58, SUNSPEC_FLOAT32, POLL_NORMAL, 0, SUNSPEC_PERCENT_OR_RATIO, 0, "power_factor_c", ""},
    {60, SUNSPEC_FLOAT32_ACC, POLL_NORMAL, 0, 0, 0, "active_energy_export", "Wh"},
    {62, SUNSPEC_FLOAT32_ACC, POLL_NORMAL, 0, 0, 0, "active_energy_export_a", "Wh"},
    {64, SUNSPEC_FLOAT32_ACC, POLL_NORMAL, 0, 0, 0, "active_energy_export_b", "Wh"},
    {66, SUNSPEC_FLOAT32_ACC, POLL_NORMAL, 0, 0, 0, "active_energy_export_c", "Wh"},
    {68, SUNSPEC_FLOAT32_ACC, POLL_NORMAL, 0, 0, 0, "active_energy_import", "Wh"},
    {70, SUNSPEC_FLOAT32_ACC, POLL_NORMAL, 0, 0, 0, "active_energy_import_a", "Wh"},
    {72, SUNSPEC_FLOAT32_ACC, POLL_NORMAL, 0, 0, 0, "active_energy_import_b", "Wh"},
    {74, SUNSPEC_FLOAT32_ACC, POLL_NORMAL, 0, 0, 0, "active_energy_import_c", "Wh"},
    {124, SUNSPEC_BITFIELD32, POLL_NORMAL, 0, 0, 1, "alarm_word", ""},
};

static const struct sunspec_point der_measurement[] = {
    {4, SUNSPEC_ENUM16, POLL_NORMAL, 0, SUNSPEC_STATE_FROM_ZERO, 0, "inverter_state", ""},
    {6, SUNSPEC_BITFIELD32, POLL_NORMAL, 0, 0, 1, "alarm_word", ""},
    {10, SUNSPEC_INT16, POLL_FAST, 116, 0, 0, "active_power", "W"},
    {11, SUNSPEC_INT16, POLL_FAST, 118, 0, 0, "apparent_power", "VA"},
    {12, SUNSPEC_INT16, POLL_FAST, 119, 0, 0, "reactive_power", "var"},
    {13, SUNSPEC_INT16, POLL_NORMAL, 117, SUNSPEC_PERCENT_OR_RATIO, 0, "power_factor", ""},
    {17, SUNSPEC_UINT32, POLL_NORMAL, 115, 0, 0, "frequency", "Hz"},
    {19, SUNSPEC_UINT64, POLL_NORMAL, 120, 0, 0, "generation_energy", "Wh"},
    {23, SUNSPEC_UINT64, POLL_NORMAL, 120, 0, 0, "active_energy_import", "Wh"},
    {27, SUNSPEC_UINT64, POLL_NORMAL, 121, 0, 0, "reactive_energy_export", "varh"},
    {31, SUNSPEC_UINT64, POLL_NORMAL, 121, 0, 0, "reactive_energy_import", "varh"},
    {35, SUNSPEC_INT16, POLL_SLOW, 122, 0, 0, "ambient_temperature", ""},
    {36, SUNSPEC_INT16, POLL_SLOW, 122, 0, 0, "cabinet_temperature", ""},
    {41, SUNSPEC_INT16, POLL_FAST, 116, 0, 0, "active_power_a", "W"},
    {42, SUNSPEC_INT16, POLL_FAST, 118, 0, 0, "apparent_power_a", "VA"},
    {43, SUNSPEC_INT16, POLL_FAST, 119, 0, 0, "reactive_power_a", "var"},
    {44, SUNSPEC_INT16, POLL_NORMAL, 117, SUNSPEC_PERCENT_OR_RATIO, 0, "power_factor_a", ""},
    {45, SUNSPEC_INT16, POLL_NORMAL, 113, 0, 0, "current_a", "A"},
    {46, SUNSPEC_UINT16, POLL_NORMAL, 114, 0, 0, "voltage_ab", "V"},
    {47, SUNSPEC_UINT16, POLL_NORMAL, 114, 0, 0, "voltage_a", "V"},
    {64, SUNSPEC_INT16, POLL_FAST, 116, 0, 0, "active_power_b", "W"},
    {65, SUNSPEC_INT16, POLL_FAST, 118, 0, 0, "apparent_power_b", "VA"},
    {66, SUNSPEC_INT16, POLL_FAST, 119, 0, 0, "reactive_power_b", "var"},
    {67, SUNSPEC_INT16, POLL_NORMAL, 117, SUNSPEC_PERCENT_OR_RATIO, 0, "power_factor_b", ""},
    {68, SUNSPEC_INT16, POLL_NORMAL, 113, 0, 0, "current_b", "A"},
    {69, SUNSPEC_UINT16, POLL_NORMAL, 114, 0, 0, "voltage_bc", "V"},
    {70, SUNSPEC_UINT16, POLL_NORMAL, 114, 0, 0, "voltage_b", "V"},
    {87, SUNSPEC_INT16, POLL_FAST, 116, 0, 0, "active_power_c", "W"},
    {88, SUNSPEC_INT16, POLL_FAST, 118, 0, 0, "apparent_power_c", "VA"},
    {89, SUNSPEC_INT16, POLL_FAST, 119, 0, 0, "reactive_power_c", "var"},
    {90, SUNSPEC_INT16, POLL_NORMAL, 117, SUNSPEC_PERCENT_OR_RATIO, 0, "power_factor_c", ""},
    {91, SUNSPEC_INT16, POLL_NORMAL, 113, 0, 0, "current_c", "A"},
    {92, SUNSPEC_UINT16, POLL_NORMAL, 114, 0, 0, "voltage_ca", "V"},
    {93, SUNSPEC_UINT16, POLL_NORMAL, 114, 0, 0, "voltage_c", "V"},
};

static const struct sunspec_point der_capacity[] = {
    {2, SUNSPEC_UINT16, POLL_ONCE, 45, 0, 0, "rated_power", "W"},
    {26, SUNSPEC_UINT16, POLL_SLOW, 45, 0, 0, "power_limit", "W"},
};

static const struct sunspec_point der_enter_service[] = {
    {2, SUNSPEC_ENUM16, POLL_NORMAL, 0, 0, 0, "on_off", ""},
};

static const struct sunspec_point der_controls[] = {
    {14, SUNSPEC_ENUM16, POLL_NORMAL, 0, 0, 0, "mode", ""},
    {15, SUNSPEC_UINT16, POLL_NORMAL, 54, SUNSPEC_LIMIT, 0, "power_limit_percent", "%"},
};

static const struct sunspec_point der_storage[] = {
    {4, SUNSPEC_UINT16, POLL_NORMAL, 8, 0, 0, "state_of_charge", "%"},
};

static const struct sunspec_point der_dc[] = {
    {5, SUNSPEC_INT16, POLL_NORMAL, 15, 0, 0, "dc_current", "A"},
    {6, SUNSPEC_INT16, POLL_FAST, 17, 0, 0, "dc_power", "W"},
};

static const struct sunspec_point der_port[] = {
    {10, SUNSPEC_INT16, POLL_NORMAL, 15, 0, 0, "dc_current", "A"},
    {11, SUNSPEC_UINT16, POLL_NORMAL, 16, 0, 0, "dc_voltage", "V"},
    {12, SUNSPEC_INT16, POLL_NORMAL, 17, 0, 0, "dc_power", "W"},
};

#define POINTS(table) .points = (table), .point_count = ARRAY_SIZE(table)
#define BLOCKS(table) .block_points = (table), .block_point_count = ARRAY_SIZE(table)

/* By id. */
static const struct sunspec_model models[] = {
    {.id = 1, .topic = SUNSPEC_IDENTITY, .fixed = 68, .name = "Common", POINTS(common)},
    {.id = 101, .topic = SUNSPEC_INVERTER, .rank = 2, .fixed = 52, .name = "Inverter, single phase", POINTS(inverter)},
    {.id = 102, .topic = SUNSPEC_INVERTER, .rank = 2, .fixed = 52, .name = "Inverter, split phase", POINTS(inverter)},
    {.id = 103, .topic = SUNSPEC_INVERTER, .rank = 2, .fixed = 52, .name = "Inverter, three phase", POINTS(inverter)},
    {.id = 111, .topic = SUNSPEC_INVERTER, .rank = 1, .fixed = 62, .name = "Inverter, single phase, float", POINTS(inverter_float)},
    {.id = 112, .topic = SUNSPEC_INVERTER, .rank = 1, .fixed = 62, .name = "Inverter, split phase, float", POINTS(inverter_float)},
    {.id = 113, .topic = SUNSPEC_INVERTER, .rank = 1, .fixed = 62, .name = "Inverter, three phase, float", POINTS(inverter_float)},
    {.id = 120, .fixed = 28, .name = "Nameplate", POINTS(nameplate)},
    {.id = 121, .fixed = 32, .name = "Basic settings", POINTS(settings)},
    {.id = 122, .fixed = 46, .name = "Extended measurements and status", POINTS(status)},
    {.id = 123, .fixed = 26, .name = "Immediate controls", POINTS(controls)},
    {.id = 124, .fixed = 26, .name = "Storage", POINTS(storage)},
    {.id = 160, .topic = SUNSPEC_INPUTS, .rank = 1, .fixed = 10, .block = 20, .name = "Multiple MPPT", BLOCKS(tracker)},
    {.id = 201, .topic = SUNSPEC_METER, .rank = 2, .fixed = 107, .name = "Meter, single phase", POINTS(meter)},
    {.id = 202, .topic = SUNSPEC_METER, .rank = 2, .fixed = 107, .name = "Meter, split phase", POINTS(meter)},
    {.id = 203, .topic = SUNSPEC_METER, .rank = 2, .fixed = 107, .name = "Meter, three phase, wye", POINTS(meter)},
    {.id = 204, .topic = SUNSPEC_METER, .rank = 2, .fixed = 107, .name = "Meter, three phase, delta", POINTS(meter)},
    {.id = 211, .topic = SUNSPEC_METER, .rank = 1, .fixed = 126, .name = "Meter, single phase, float", POINTS(meter_float)},
    {.id = 212, .topic = SUNSPEC_METER, .rank = 1, .fixed = 126, .name = "Meter, split phase, float", POINTS(meter_float)},
    {.id = 213, .topic = SUNSPEC_METER, .rank = 1, .fixed = 126, .name = "Meter, three phase, wye, float", POINTS(meter_float)},
    {.id = 214, .topic = SUNSPEC_METER, .rank = 1, .fixed = 126, .name = "Meter, three phase, delta, float", POINTS(meter_float)},
    {.id = 701, .topic = SUNSPEC_INVERTER, .rank = 3, .fixed = 155, .name = "DER AC measurement", POINTS(der_measurement)},
    {.id = 702, .rank = 1, .fixed = 52, .name = "DER capacity", POINTS(der_capacity)},
    {.id = 703, .rank = 1, .fixed = 19, .name = "DER enter service", POINTS(der_enter_service)},
    {.id = 704, .rank = 1, .fixed = 59, .name = "DER AC controls", POINTS(der_controls)},
    {.id = 705, .fixed = 15, .name = "DER volt-var"},
    {.id = 706, .fixed = 15, .name = "DER volt-watt"},
    {.id = 707, .fixed = 9, .name = "DER trip LV"},
    {.id = 708, .fixed = 9, .name = "DER trip HV"},
    {.id = 709, .fixed = 9, .name = "DER trip LF"},
    {.id = 710, .fixed = 9, .name = "DER trip HF"},
    {.id = 711, .fixed = 14, .name = "DER frequency droop"},
    {.id = 712, .fixed = 14, .name = "DER watt-var"},
    {.id = 713, .rank = 1, .fixed = 9, .name = "DER storage capacity", POINTS(der_storage)},
    {.id = 714, .topic = SUNSPEC_INPUTS, .rank = 2, .fixed = 20, .block = 25, .name = "DER DC measurement", POINTS(der_dc), BLOCKS(der_port)},
};
#undef POINTS
#undef BLOCKS
/* clang-format on */

static int compare_id(const void *key, const void *element)
{
    const uint16_t *id = key;
    const struct sunspec_model *model = element;
    return (*id > model->id) - (*id < model->id);
}

const struct sunspec_model *sunspec_model_find(uint16_t id)
{
    return bsearch(&id, models, ARRAY_SIZE(models), sizeof(models[0]), compare_id);
}

bool sunspec_point_fits(const struct sunspec_point *point, uint32_t start, uint32_t size)
{
    return start + point->offset + sunspec_layouts[point->type].registers <= size &&
           point->scale_at < size;
}

enum sunspec_holding sunspec_model_holds(const struct sunspec_model *model, uint16_t length)
{
    uint32_t size = SUNSPEC_HEADER + (uint32_t)length;
    size_t wanted = model->point_count + (model->block_point_count > 0 ? 1 : 0);
    size_t held = 0;
    for (size_t i = 0; i < model->point_count; i++) {
        held += sunspec_point_fits(&model->points[i], 0, size) ? 1 : 0;
    }
    held += model->block_point_count > 0 && (uint32_t)model->fixed + model->block <= size ? 1 : 0;
    if (held == 0) {
        return SUNSPEC_HOLDS_NOTHING;
    }
    return held < wanted ? SUNSPEC_HOLDS_SOME : SUNSPEC_HOLDS_ALL;
}

/* WMaxLimPct_RvrtTms and WMaxLim_Ena; WMaxLimPctRvrtTms and WMaxLimPctEna. */
static const struct sunspec_limit limits[] = {
    {.model = 123, .revert_at = 7, .revert_registers = 1, .enable_at = 9},
    {.model = 704, .revert_at = 18, .revert_registers = 2, .enable_at = 14},
};

const struct sunspec_limit *sunspec_limit_find(uint16_t model)
{
    for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
        if (limits[i].model == model) {
            return &limits[i];
        }
    }
    return NULL;
}
