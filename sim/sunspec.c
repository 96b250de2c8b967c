/* SPDX-License-Identifier: Apache-2.0 */
/* sunspec: the table of what is served, and the list made of it. */
#include "sim/sunspec.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

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
    const char *quantity;
    uint8_t index;
    uint8_t type; /* enum register_type */
    uint16_t registers;
    const char *none; /* the value that means none */
    const char *unit;
    uint16_t scale_at; /* offset of the scale factor, 0 = none */
    int8_t exponent;   /* that it has to begin with */
};

/* clang-format off */
static const struct served rows[] = {
    {1, 2, "maker_name", 0, REGISTER_STRING, 16, "", "", 0, 0},
    {1, 18, "model_name", 0, REGISTER_STRING, 16, "", "", 0, 0},
    {1, 42, "firmware_version", 0, REGISTER_STRING, 8, "", "", 0, 0},
    {1, 50, "serial_number", 0, REGISTER_STRING, 16, "", "", 0, 0},
    {103, 3, "current_a", 0, REGISTER_U16, 1, "0xFFFF", "A", 6, -2},
    {103, 4, "current_b", 0, REGISTER_U16, 1, "0xFFFF", "A", 6, -2},
    {103, 5, "current_c", 0, REGISTER_U16, 1, "0xFFFF", "A", 6, -2},
    {103, 7, "voltage_ab", 0, REGISTER_U16, 1, "0xFFFF", "V", 13, -1},
    {103, 8, "voltage_bc", 0, REGISTER_U16, 1, "0xFFFF", "V", 13, -1},
    {103, 9, "voltage_ca", 0, REGISTER_U16, 1, "0xFFFF", "V", 13, -1},
    {103, 10, "voltage_a", 0, REGISTER_U16, 1, "0xFFFF", "V", 13, -1},
    {103, 11, "voltage_b", 0, REGISTER_U16, 1, "0xFFFF", "V", 13, -1},
    {103, 12, "voltage_c", 0, REGISTER_U16, 1, "0xFFFF", "V", 13, -1},
    {103, 14, "active_power", 0, REGISTER_I16, 1, "0x8000", "W", 15, 1},
    {103, 16, "frequency", 0, REGISTER_U16, 1, "0xFFFF", "Hz", 17, -2},
    {103, 18, "apparent_power", 0, REGISTER_I16, 1, "0x8000", "VA", 19, 1},
    {103, 20, "reactive_power", 0, REGISTER_I16, 1, "0x8000", "var", 21, 1},
    {103, 22, "power_factor", 0, REGISTER_I16, 1, "0x8000", "%", 23, -2},
    {103, 24, "generation_energy", 0, REGISTER_U32, 2, "0", "Wh", 26, 0},
    {103, 27, "dc_current", 0, REGISTER_U16, 1, "0xFFFF", "A", 28, -2},
    {103, 29, "dc_voltage", 0, REGISTER_U16, 1, "0xFFFF", "V", 30, -1},
    {103, 31, "dc_power", 0, REGISTER_I16, 1, "0x8000", "W", 32, 1},
    {103, 33, "cabinet_temperature", 0, REGISTER_I16, 1, "0x8000", "", 37, -1},
    {103, 38, "inverter_state", 0, REGISTER_U16, 1, "0xFFFF", "", 0, 0},
    {103, 40, "alarm_word", 1, REGISTER_U32, 2, "0xFFFFFFFF", "", 0, 0},
    {103, 42, "alarm_word", 2, REGISTER_U32, 2, "0xFFFFFFFF", "", 0, 0},
    {103, 44, "alarm_word", 3, REGISTER_U32, 2, "0xFFFFFFFF", "", 0, 0},
    {103, 46, "alarm_word", 4, REGISTER_U32, 2, "0xFFFFFFFF", "", 0, 0},
    {103, 48, "alarm_word", 5, REGISTER_U32, 2, "0xFFFFFFFF", "", 0, 0},
    {103, 50, "alarm_word", 6, REGISTER_U32, 2, "0xFFFFFFFF", "", 0, 0},
    {120, 3, "rated_power", 0, REGISTER_U16, 1, "0xFFFF", "W", 4, 1},
    {122, 5, "generation_energy", 0, REGISTER_U64, 4, "0", "Wh", 0, 0},
    {122, 44, "insulation_resistance", 0, REGISTER_U16, 1, "0xFFFF", "Ohm", 45, 3},
    {123, 4, "on_off", 0, REGISTER_U16, 1, "0xFFFF", "", 0, 0},
    {123, 5, "power_limit_percent", 0, REGISTER_U16, 1, "0xFFFF", "%", 23, -1},
    {123, 9, "mode", 0, REGISTER_U16, 1, "0xFFFF", "", 0, 0},
    {203, 3, "current_a", 0, REGISTER_I16, 1, "0x8000", "A", 6, -2},
    {203, 4, "current_b", 0, REGISTER_I16, 1, "0x8000", "A", 6, -2},
    {203, 5, "current_c", 0, REGISTER_I16, 1, "0x8000", "A", 6, -2},
    {203, 8, "voltage_a", 0, REGISTER_I16, 1, "0x8000", "V", 15, -1},
    {203, 9, "voltage_b", 0, REGISTER_I16, 1, "0x8000", "V", 15, -1},
    {203, 10, "voltage_c", 0, REGISTER_I16, 1, "0x8000", "V", 15, -1},
    {203, 12, "voltage_ab", 0, REGISTER_I16, 1, "0x8000", "V", 15, -1},
    {203, 13, "voltage_bc", 0, REGISTER_I16, 1, "0x8000", "V", 15, -1},
    {203, 14, "voltage_ca", 0, REGISTER_I16, 1, "0x8000", "V", 15, -1},
    {203, 16, "frequency", 0, REGISTER_I16, 1, "0x8000", "Hz", 17, -2},
    {203, 18, "active_power", 0, REGISTER_I16, 1, "0x8000", "W", 22, 1},
    {203, 23, "apparent_power", 0, REGISTER_I16, 1, "0x8000", "VA", 27, 1},
    {203, 28, "reactive_power", 0, REGISTER_I16, 1, "0x8000", "var", 32, 1},
    {203, 33, "power_factor", 0, REGISTER_I16, 1, "0x8000", "%", 37, -2},
    {203, 38, "active_energy_export", 0, REGISTER_U32, 2, "0", "Wh", 54, 0},
    {203, 46, "active_energy_import", 0, REGISTER_U32, 2, "0", "Wh", 54, 0},
    {203, 105, "alarm_word", 1, REGISTER_U32, 2, "0xFFFFFFFF", "", 0, 0},
    {203, 19, "active_power_a", 0, REGISTER_I16, 1, "0x8000", "W", 22, 1},
    {203, 24, "apparent_power_a", 0, REGISTER_I16, 1, "0x8000", "VA", 27, 1},
    {203, 29, "reactive_power_a", 0, REGISTER_I16, 1, "0x8000", "var", 32, 1},
    {203, 34, "power_factor_a", 0, REGISTER_I16, 1, "0x8000", "%", 37, -2},
    {203, 40, "active_energy_export_a", 0, REGISTER_U32, 2, "0", "Wh", 54, 0},
    {203, 48, "active_energy_import_a", 0, REGISTER_U32, 2, "0", "Wh", 54, 0},
    {203, 20, "active_power_b", 0, REGISTER_I16, 1, "0x8000", "W", 22, 1},
    {203, 25, "apparent_power_b", 0, REGISTER_I16, 1, "0x8000", "VA", 27, 1},
    {203, 30, "reactive_power_b", 0, REGISTER_I16, 1, "0x8000", "var", 32, 1},
    {203, 35, "power_factor_b", 0, REGISTER_I16, 1, "0x8000", "%", 37, -2},
    {203, 42, "active_energy_export_b", 0, REGISTER_U32, 2, "0", "Wh", 54, 0},
    {203, 50, "active_energy_import_b", 0, REGISTER_U32, 2, "0", "Wh", 54, 0},
    {203, 21, "active_power_c", 0, REGISTER_I16, 1, "0x8000", "W", 22, 1},
    {203, 26, "apparent_power_c", 0, REGISTER_I16, 1, "0x8000", "VA", 27, 1},
    {203, 31, "reactive_power_c", 0, REGISTER_I16, 1, "0x8000", "var", 32, 1},
    {203, 36, "power_factor_c", 0, REGISTER_I16, 1, "0x8000", "%", 37, -2},
    {203, 44, "active_energy_export_c", 0, REGISTER_U32, 2, "0", "Wh", 54, 0},
    {203, 52, "active_energy_import_c", 0, REGISTER_U32, 2, "0", "Wh", 54, 0},
    {701, 4, "inverter_state", 0, REGISTER_U16, 1, "0xFFFF", "", 0, 0},
    {701, 6, "alarm_word", 1, REGISTER_U32, 2, "0xFFFFFFFF", "", 0, 0},
    {701, 10, "active_power", 0, REGISTER_I16, 1, "0x8000", "W", 116, 1},
    {701, 11, "apparent_power", 0, REGISTER_I16, 1, "0x8000", "VA", 118, 1},
    {701, 12, "reactive_power", 0, REGISTER_I16, 1, "0x8000", "var", 119, 1},
    {701, 13, "power_factor", 0, REGISTER_I16, 1, "0x8000", "", 117, -3},
    {701, 17, "frequency", 0, REGISTER_U32, 2, "0xFFFFFFFF", "Hz", 115, -3},
    {701, 19, "generation_energy", 0, REGISTER_U64, 4, "0xFFFFFFFFFFFFFFFF", "Wh", 120, 0},
    {701, 23, "active_energy_import", 0, REGISTER_U64, 4, "0xFFFFFFFFFFFFFFFF", "Wh", 120, 0},
    {701, 27, "reactive_energy_export", 0, REGISTER_U64, 4, "0xFFFFFFFFFFFFFFFF", "varh", 121, 0},
    {701, 31, "reactive_energy_import", 0, REGISTER_U64, 4, "0xFFFFFFFFFFFFFFFF", "varh", 121, 0},
    {701, 35, "ambient_temperature", 0, REGISTER_I16, 1, "0x8000", "", 122, -1},
    {701, 36, "cabinet_temperature", 0, REGISTER_I16, 1, "0x8000", "", 122, -1},
    {701, 41, "active_power_a", 0, REGISTER_I16, 1, "0x8000", "W", 116, 1},
    {701, 42, "apparent_power_a", 0, REGISTER_I16, 1, "0x8000", "VA", 118, 1},
    {701, 43, "reactive_power_a", 0, REGISTER_I16, 1, "0x8000", "var", 119, 1},
    {701, 44, "power_factor_a", 0, REGISTER_I16, 1, "0x8000", "", 117, -3},
    {701, 45, "current_a", 0, REGISTER_I16, 1, "0x8000", "A", 113, -2},
    {701, 47, "voltage_a", 0, REGISTER_U16, 1, "0xFFFF", "V", 114, -1},
    {701, 64, "active_power_b", 0, REGISTER_I16, 1, "0x8000", "W", 116, 1},
    {701, 65, "apparent_power_b", 0, REGISTER_I16, 1, "0x8000", "VA", 118, 1},
    {701, 66, "reactive_power_b", 0, REGISTER_I16, 1, "0x8000", "var", 119, 1},
    {701, 67, "power_factor_b", 0, REGISTER_I16, 1, "0x8000", "", 117, -3},
    {701, 68, "current_b", 0, REGISTER_I16, 1, "0x8000", "A", 113, -2},
    {701, 70, "voltage_b", 0, REGISTER_U16, 1, "0xFFFF", "V", 114, -1},
    {701, 87, "active_power_c", 0, REGISTER_I16, 1, "0x8000", "W", 116, 1},
    {701, 88, "apparent_power_c", 0, REGISTER_I16, 1, "0x8000", "VA", 118, 1},
    {701, 89, "reactive_power_c", 0, REGISTER_I16, 1, "0x8000", "var", 119, 1},
    {701, 90, "power_factor_c", 0, REGISTER_I16, 1, "0x8000", "", 117, -3},
    {701, 91, "current_c", 0, REGISTER_I16, 1, "0x8000", "A", 113, -2},
    {701, 93, "voltage_c", 0, REGISTER_U16, 1, "0xFFFF", "V", 114, -1},
    {701, 46, "voltage_ab", 0, REGISTER_U16, 1, "0xFFFF", "V", 114, -1},
    {701, 69, "voltage_bc", 0, REGISTER_U16, 1, "0xFFFF", "V", 114, -1},
    {701, 92, "voltage_ca", 0, REGISTER_U16, 1, "0xFFFF", "V", 114, -1},
};

static const struct served tracker_rows[] = {
    {160, 9, "dc_current", 0, REGISTER_U16, 1, "0xFFFF", "A", 2, -2},
    {160, 10, "dc_voltage", 0, REGISTER_U16, 1, "0xFFFF", "V", 3, -1},
    {160, 11, "dc_power", 0, REGISTER_U16, 1, "0xFFFF", "W", 4, 1},
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
        .is_writable = row->model == 123,
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

void sunspec_destroy(struct profile *profile)
{
    if (profile == NULL) {
        return;
    }
    struct profile_point *points = profile->points.items;
    struct profile_helper *helpers = profile->helpers.items;
    for (size_t i = 0; i < profile->points.count; i++) {
        free(points[i].name);
        free(points[i].not_implemented.items);
    }
    for (size_t i = 0; i < profile->helpers.count; i++) {
        free(helpers[i].name);
    }
    free(points);
    free(helpers);
    free(profile);
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
