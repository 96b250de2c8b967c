/* SPDX-License-Identifier: Apache-2.0 */
/* sunspec: the table of what is served, and the list made of it. */
#include "sim/device/sunspec.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sim/device/role_values.h"

enum {
    READ_HOLDING = 3,
    HEADER = 2,
    END = 0xFFFF,
    STRINGS = 2,
    TRACKERS = 160,
    TRACKERS_FIXED = 10,
    TRACKER_SIZE = 20,
    UNKNOWN_LENGTH = 5,
    NOTHING = 0xFFFF, /* in registers that nobody reads */
};

struct served {
    uint16_t model;
    uint16_t offset; /* from the model's id */
    uint16_t registers;
    uint16_t scale_at; /* offset of the scale factor, 0 = none */
    uint8_t index;
    uint8_t type;    /* enum register_type */
    int8_t exponent; /* that the scale factor has to begin with */
    const char *quantity;
    const char *none; /* the value that means none */
    const char *unit;
};

/* clang-format off */
static const struct served rows[] = {
    {1, 2, 16, 0, 0, REGISTER_STRING, 0, "maker_name", "", ""},
    {1, 18, 16, 0, 0, REGISTER_STRING, 0, "model_name", "", ""},
    {1, 42, 8, 0, 0, REGISTER_STRING, 0, "firmware_version", "", ""},
    {1, 50, 16, 0, 0, REGISTER_STRING, 0, "serial_number", "", ""},
    {103, 3, 1, 6, 0, REGISTER_U16, -2, "current_a", "0xFFFF", "A"},
    {103, 4, 1, 6, 0, REGISTER_U16, -2, "current_b", "0xFFFF", "A"},
    {103, 5, 1, 6, 0, REGISTER_U16, -2, "current_c", "0xFFFF", "A"},
    {103, 7, 1, 13, 0, REGISTER_U16, -1, "voltage_ab", "0xFFFF", "V"},
    {103, 8, 1, 13, 0, REGISTER_U16, -1, "voltage_bc", "0xFFFF", "V"},
    {103, 9, 1, 13, 0, REGISTER_U16, -1, "voltage_ca", "0xFFFF", "V"},
    {103, 10, 1, 13, 0, REGISTER_U16, -1, "voltage_a", "0xFFFF", "V"},
    {103, 11, 1, 13, 0, REGISTER_U16, -1, "voltage_b", "0xFFFF", "V"},
    {103, 12, 1, 13, 0, REGISTER_U16, -1, "voltage_c", "0xFFFF", "V"},
    {103, 14, 1, 15, 0, REGISTER_I16, 1, "active_power", "0x8000", "W"},
    {103, 16, 1, 17, 0, REGISTER_U16, -2, "frequency", "0xFFFF", "Hz"},
    {103, 18, 1, 19, 0, REGISTER_I16, 1, "apparent_power", "0x8000", "VA"},
    {103, 20, 1, 21, 0, REGISTER_I16, 1, "reactive_power", "0x8000", "var"},
    {103, 22, 1, 23, 0, REGISTER_I16, -2, "power_factor", "0x8000", "%"},
    {103, 24, 2, 26, 0, REGISTER_U32, 0, "generation_energy", "0", "Wh"},
    {103, 27, 1, 28, 0, REGISTER_U16, -2, "dc_current", "0xFFFF", "A"},
    {103, 29, 1, 30, 0, REGISTER_U16, -1, "dc_voltage", "0xFFFF", "V"},
    {103, 31, 1, 32, 0, REGISTER_I16, 1, "dc_power", "0x8000", "W"},
    {103, 33, 1, 37, 0, REGISTER_I16, -1, "cabinet_temperature", "0x8000", ""},
    {103, 38, 1, 0, 0, REGISTER_U16, 0, "inverter_state", "0xFFFF", ""},
    {103, 40, 2, 0, 1, REGISTER_U32, 0, "alarm_word", "0xFFFFFFFF", ""},
    {103, 42, 2, 0, 2, REGISTER_U32, 0, "alarm_word", "0xFFFFFFFF", ""},
    {103, 44, 2, 0, 3, REGISTER_U32, 0, "alarm_word", "0xFFFFFFFF", ""},
    {103, 46, 2, 0, 4, REGISTER_U32, 0, "alarm_word", "0xFFFFFFFF", ""},
    {103, 48, 2, 0, 5, REGISTER_U32, 0, "alarm_word", "0xFFFFFFFF", ""},
    {103, 50, 2, 0, 6, REGISTER_U32, 0, "alarm_word", "0xFFFFFFFF", ""},
    {120, 3, 1, 4, 0, REGISTER_U16, 1, "rated_power", "0xFFFF", "W"},
    {122, 5, 4, 0, 0, REGISTER_U64, 0, "generation_energy", "0", "Wh"},
    {122, 44, 1, 45, 0, REGISTER_U16, 3, "insulation_resistance", "0xFFFF", "Ohm"},
    {123, 4, 1, 0, 0, REGISTER_U16, 0, "on_off", "0xFFFF", ""},
    {123, 5, 1, 23, 0, REGISTER_U16, -1, "power_limit_percent", "0xFFFF", "%"},
    {123, 9, 1, 0, 0, REGISTER_U16, 0, "mode", "0xFFFF", ""},
    {203, 3, 1, 6, 0, REGISTER_I16, -2, "current_a", "0x8000", "A"},
    {203, 4, 1, 6, 0, REGISTER_I16, -2, "current_b", "0x8000", "A"},
    {203, 5, 1, 6, 0, REGISTER_I16, -2, "current_c", "0x8000", "A"},
    {203, 8, 1, 15, 0, REGISTER_I16, -1, "voltage_a", "0x8000", "V"},
    {203, 9, 1, 15, 0, REGISTER_I16, -1, "voltage_b", "0x8000", "V"},
    {203, 10, 1, 15, 0, REGISTER_I16, -1, "voltage_c", "0x8000", "V"},
    {203, 12, 1, 15, 0, REGISTER_I16, -1, "voltage_ab", "0x8000", "V"},
    {203, 13, 1, 15, 0, REGISTER_I16, -1, "voltage_bc", "0x8000", "V"},
    {203, 14, 1, 15, 0, REGISTER_I16, -1, "voltage_ca", "0x8000", "V"},
    {203, 16, 1, 17, 0, REGISTER_I16, -2, "frequency", "0x8000", "Hz"},
    {203, 18, 1, 22, 0, REGISTER_I16, 1, "active_power", "0x8000", "W"},
    {203, 23, 1, 27, 0, REGISTER_I16, 1, "apparent_power", "0x8000", "VA"},
    {203, 28, 1, 32, 0, REGISTER_I16, 1, "reactive_power", "0x8000", "var"},
    {203, 33, 1, 37, 0, REGISTER_I16, -2, "power_factor", "0x8000", "%"},
    {203, 38, 2, 54, 0, REGISTER_U32, 0, "active_energy_export", "0", "Wh"},
    {203, 46, 2, 54, 0, REGISTER_U32, 0, "active_energy_import", "0", "Wh"},
    {203, 105, 2, 0, 1, REGISTER_U32, 0, "alarm_word", "0xFFFFFFFF", ""},
    {203, 19, 1, 22, 0, REGISTER_I16, 1, "active_power_a", "0x8000", "W"},
    {203, 24, 1, 27, 0, REGISTER_I16, 1, "apparent_power_a", "0x8000", "VA"},
    {203, 29, 1, 32, 0, REGISTER_I16, 1, "reactive_power_a", "0x8000", "var"},
    {203, 34, 1, 37, 0, REGISTER_I16, -2, "power_factor_a", "0x8000", "%"},
    {203, 40, 2, 54, 0, REGISTER_U32, 0, "active_energy_export_a", "0", "Wh"},
    {203, 48, 2, 54, 0, REGISTER_U32, 0, "active_energy_import_a", "0", "Wh"},
    {203, 20, 1, 22, 0, REGISTER_I16, 1, "active_power_b", "0x8000", "W"},
    {203, 25, 1, 27, 0, REGISTER_I16, 1, "apparent_power_b", "0x8000", "VA"},
    {203, 30, 1, 32, 0, REGISTER_I16, 1, "reactive_power_b", "0x8000", "var"},
    {203, 35, 1, 37, 0, REGISTER_I16, -2, "power_factor_b", "0x8000", "%"},
    {203, 42, 2, 54, 0, REGISTER_U32, 0, "active_energy_export_b", "0", "Wh"},
    {203, 50, 2, 54, 0, REGISTER_U32, 0, "active_energy_import_b", "0", "Wh"},
    {203, 21, 1, 22, 0, REGISTER_I16, 1, "active_power_c", "0x8000", "W"},
    {203, 26, 1, 27, 0, REGISTER_I16, 1, "apparent_power_c", "0x8000", "VA"},
    {203, 31, 1, 32, 0, REGISTER_I16, 1, "reactive_power_c", "0x8000", "var"},
    {203, 36, 1, 37, 0, REGISTER_I16, -2, "power_factor_c", "0x8000", "%"},
    {203, 44, 2, 54, 0, REGISTER_U32, 0, "active_energy_export_c", "0", "Wh"},
    {203, 52, 2, 54, 0, REGISTER_U32, 0, "active_energy_import_c", "0", "Wh"},
    {701, 4, 1, 0, 0, REGISTER_U16, 0, "inverter_state", "0xFFFF", ""},
    {701, 6, 2, 0, 1, REGISTER_U32, 0, "alarm_word", "0xFFFFFFFF", ""},
    {701, 10, 1, 116, 0, REGISTER_I16, 1, "active_power", "0x8000", "W"},
    {701, 11, 1, 118, 0, REGISTER_I16, 1, "apparent_power", "0x8000", "VA"},
    {701, 12, 1, 119, 0, REGISTER_I16, 1, "reactive_power", "0x8000", "var"},
    {701, 13, 1, 117, 0, REGISTER_I16, -3, "power_factor", "0x8000", ""},
    {701, 17, 2, 115, 0, REGISTER_U32, -3, "frequency", "0xFFFFFFFF", "Hz"},
    {701, 19, 4, 120, 0, REGISTER_U64, 0, "generation_energy", "0xFFFFFFFFFFFFFFFF", "Wh"},
    {701, 23, 4, 120, 0, REGISTER_U64, 0, "active_energy_import", "0xFFFFFFFFFFFFFFFF", "Wh"},
    {701, 27, 4, 121, 0, REGISTER_U64, 0, "reactive_energy_export", "0xFFFFFFFFFFFFFFFF", "varh"},
    {701, 31, 4, 121, 0, REGISTER_U64, 0, "reactive_energy_import", "0xFFFFFFFFFFFFFFFF", "varh"},
    {701, 35, 1, 122, 0, REGISTER_I16, -1, "ambient_temperature", "0x8000", ""},
    {701, 36, 1, 122, 0, REGISTER_I16, -1, "cabinet_temperature", "0x8000", ""},
    {701, 41, 1, 116, 0, REGISTER_I16, 1, "active_power_a", "0x8000", "W"},
    {701, 42, 1, 118, 0, REGISTER_I16, 1, "apparent_power_a", "0x8000", "VA"},
    {701, 43, 1, 119, 0, REGISTER_I16, 1, "reactive_power_a", "0x8000", "var"},
    {701, 44, 1, 117, 0, REGISTER_I16, -3, "power_factor_a", "0x8000", ""},
    {701, 45, 1, 113, 0, REGISTER_I16, -2, "current_a", "0x8000", "A"},
    {701, 47, 1, 114, 0, REGISTER_U16, -1, "voltage_a", "0xFFFF", "V"},
    {701, 64, 1, 116, 0, REGISTER_I16, 1, "active_power_b", "0x8000", "W"},
    {701, 65, 1, 118, 0, REGISTER_I16, 1, "apparent_power_b", "0x8000", "VA"},
    {701, 66, 1, 119, 0, REGISTER_I16, 1, "reactive_power_b", "0x8000", "var"},
    {701, 67, 1, 117, 0, REGISTER_I16, -3, "power_factor_b", "0x8000", ""},
    {701, 68, 1, 113, 0, REGISTER_I16, -2, "current_b", "0x8000", "A"},
    {701, 70, 1, 114, 0, REGISTER_U16, -1, "voltage_b", "0xFFFF", "V"},
    {701, 87, 1, 116, 0, REGISTER_I16, 1, "active_power_c", "0x8000", "W"},
    {701, 88, 1, 118, 0, REGISTER_I16, 1, "apparent_power_c", "0x8000", "VA"},
    {701, 89, 1, 119, 0, REGISTER_I16, 1, "reactive_power_c", "0x8000", "var"},
    {701, 90, 1, 117, 0, REGISTER_I16, -3, "power_factor_c", "0x8000", ""},
    {701, 91, 1, 113, 0, REGISTER_I16, -2, "current_c", "0x8000", "A"},
    {701, 93, 1, 114, 0, REGISTER_U16, -1, "voltage_c", "0xFFFF", "V"},
    {701, 46, 1, 114, 0, REGISTER_U16, -1, "voltage_ab", "0xFFFF", "V"},
    {701, 69, 1, 114, 0, REGISTER_U16, -1, "voltage_bc", "0xFFFF", "V"},
    {701, 92, 1, 114, 0, REGISTER_U16, -1, "voltage_ca", "0xFFFF", "V"},
};

static const struct served tracker_rows[] = {
    {160, 9, 1, 2, 0, REGISTER_U16, -2, "dc_current", "0xFFFF", "A"},
    {160, 10, 1, 3, 0, REGISTER_U16, -1, "dc_voltage", "0xFFFF", "V"},
    {160, 11, 1, 4, 0, REGISTER_U16, 1, "dc_power", "0xFFFF", "W"},
};
/* clang-format on */

static const struct {
    uint16_t model;
    uint16_t length;
    bool measures; /* begins the next device of the list */
} lengths[] = {
    {1, 66, false},   {103, 50, true},
    {120, 26, false}, {122, 44, false},
    {123, 24, false}, {TRACKERS, TRACKERS_FIXED - HEADER + STRINGS *TRACKER_SIZE, false},
    {203, 105, true}, {701, 153, true},
};

/* The words of the list carry their value in their name: this is what makes a helper one of them. */
static const char word_mark = '=';

struct making {
    struct profile *profile;
    uint32_t at; /* where the next model goes */
    int64_t devices;
    int64_t strings;
};

static void add_helper(struct making *making, uint32_t address, int type, double value)
{
    struct profile *profile = making->profile;
    struct profile_helper *helpers =
        mem_grow(profile->helpers.items, profile->helpers.count + 1, sizeof(*helpers));
    profile->helpers.items = helpers;
    helpers[profile->helpers.count++] = (struct profile_helper){
        .name = mem_format("%c%g@%u", word_mark, value, address),
        .function = READ_HOLDING,
        .address = address,
        .type = type,
        .scale = 1,
        .address0 = (uint16_t)address,
        .registers = 1,
    };
}

static void add_word(struct making *making, uint32_t address, uint16_t word)
{
    add_helper(making, address, REGISTER_U16, word);
}

static const struct profile_helper *helper_at(const struct profile *profile, uint32_t address)
{
    const struct profile_helper *helpers = profile->helpers.items;
    for (size_t i = 0; i < profile->helpers.count; i++) {
        if (helpers[i].address0 == address) {
            return &helpers[i];
        }
    }
    return NULL;
}

static const char *scale_name(struct making *making, uint32_t address, int exponent)
{
    const struct profile_helper *helper = helper_at(making->profile, address);
    if (helper == NULL) {
        add_helper(making, address, REGISTER_I16, exponent);
        helper = helper_at(making->profile, address);
    }
    return helper->name;
}

static char *name_of(const char *quantity, int64_t index)
{
    return index > 0 ? mem_format("%s_%lld", quantity, (long long)index) : mem_dup_string(quantity);
}

static void add_point(struct making *making, const struct served *row, uint32_t start,
                      uint32_t address, int64_t index)
{
    struct profile *profile = making->profile;
    double factor = 1;
    const struct quantity *quantity = quantity_find(row->quantity);
    if (row->unit[0] != '\0' && quantity_unit_factor(quantity, row->unit, &factor) < 0) {
        abort(); /* a mistake in the table, which a test would have met */
    }
    struct profile_point *points =
        mem_grow(profile->points.items, profile->points.count + 1, sizeof(*points));
    profile->points.items = points;
    struct profile_point *point = &points[profile->points.count++];
    *point = (struct profile_point){
        .quantity = (char *)row->quantity,
        .index = index,
        .function = READ_HOLDING,
        .address = address,
        .type = row->type,
        .count = row->registers,
        .scale = 1,
        /* the states of model 701 count from 0, those of the others from 1 */
        .offset = row->model == 701 && strcmp(row->quantity, "inverter_state") == 0 ? 1 : 0,
        .unit = (char *)row->unit,
        .ratio = (char *)"",
        .scale_from = (char *)"",
        .together = (char *)"",
        .unit_override = -1,
        .min = NAN,
        .max = NAN,
        .write = {.origin = {.file = "SunSpec", .line = row->model == 123 ? 1 : 0}},
        .row = quantity,
        .name = name_of(row->quantity, index),
        .address0 = (uint16_t)address,
        .registers = row->registers,
        .unit_scale = factor,
        .modulus_count = row->type == REGISTER_U32 && quantity->kind == QUANTITY_COUNTER
                             ? INT64_C(4294967296)
                             : 0,
    };
    if (row->none[0] != '\0') {
        char **items = mem_alloc(sizeof(*items));
        items[0] = (char *)row->none;
        point->not_implemented = (struct option_strings){.items = items, .count = 1};
    }
    if (row->scale_at > 0) {
        point->scale_from = (char *)scale_name(making, start + row->scale_at, row->exponent);
    }
}

/* The first device of the list has plain names, the second ends in _2: its alarm word 1 is alarm_word_21. */
static int64_t index_of(const struct making *making, const struct served *row)
{
    int64_t device = making->devices;
    if (device <= 1) {
        return row->index;
    }
    return row->index > 0 ? 10 * device + row->index : device;
}

static void add_trackers(struct making *making, uint32_t start)
{
    for (uint32_t i = 0; i < STRINGS; i++) {
        making->strings++;
        for (size_t j = 0; j < ARRAY_SIZE(tracker_rows); j++) {
            uint32_t address = start + TRACKERS_FIXED + i * TRACKER_SIZE + tracker_rows[j].offset;
            add_point(making, &tracker_rows[j], start, address, making->strings);
        }
    }
}

static bool is_served(const struct profile *profile, uint32_t address)
{
    const struct profile_point *points = profile->points.items;
    for (size_t i = 0; i < profile->points.count; i++) {
        if (points[i].address0 <= address && address < points[i].address0 + points[i].registers) {
            return true;
        }
    }
    return helper_at(profile, address) != NULL;
}

static uint16_t length_of(struct making *making, uint16_t model)
{
    for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
        if (lengths[i].model == model) {
            making->devices += lengths[i].measures;
            return lengths[i].length;
        }
    }
    return UNKNOWN_LENGTH;
}

static void add_model(struct making *making, uint16_t model)
{
    uint32_t start = making->at;
    uint16_t length = length_of(making, model);
    add_word(making, start, model);
    add_word(making, start + 1, length);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        if (rows[i].model == model) {
            add_point(making, &rows[i], start, start + rows[i].offset, index_of(making, &rows[i]));
        }
    }
    if (model == TRACKERS) {
        add_trackers(making, start);
    }
    making->at = start + HEADER + length;
    for (uint32_t address = start + HEADER; address < making->at; address++) {
        if (!is_served(making->profile, address)) {
            add_word(making, address, NOTHING);
        }
    }
}

struct profile *sunspec_create(const struct profile *file, uint16_t base,
                               const struct option_strings *models)
{
    static const uint16_t usual[] = {1, 103, 120, 122, 123, TRACKERS};
    struct making making = {.profile = mem_alloc(sizeof(*making.profile)), .at = base + 2U};
    *making.profile = *file;
    making.profile->identify = (struct option_list){0};
    add_word(&making, base, 0x5375);
    add_word(&making, base + 1U, 0x6E53);
    for (size_t i = 0; i < models->count; i++) {
        add_model(&making, (uint16_t)strtoul(models->items[i], NULL, 10));
    }
    for (size_t i = 0; models->count == 0 && i < ARRAY_SIZE(usual); i++) {
        add_model(&making, usual[i]);
    }
    add_word(&making, making.at, END);
    add_word(&making, making.at + 1, 0);
    return making.profile;
}

void sunspec_fill(struct image *image)
{
    const struct profile_helper *helpers = image->profile->helpers.items;
    for (size_t i = 0; i < image->profile->helpers.count; i++) {
        if (helpers[i].name[0] == word_mark) {
            image_set_helper(image, &helpers[i], strtod(helpers[i].name + 1, NULL));
        }
    }
}
