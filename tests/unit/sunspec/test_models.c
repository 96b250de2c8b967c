/* SPDX-License-Identifier: Apache-2.0 */
/* test_models: the tables against the offsets that the SunSpec models of the sources give, for every point that is read,
 * and against themselves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/mem.h"
#include "collectors/modbus/sunspec/sunspec_models.h"

struct fact {
    uint16_t model;
    const char *name; /* as SunSpec calls it */
    const char *quantity;
    unsigned index;
    uint16_t offset;
    uint16_t registers;
    int type; /* enum register_type */
    uint16_t scale_at;
};

/* clang-format off */
static const struct fact facts[] = {
    {1, "Mn", "maker_name", 0, 2, 16, REGISTER_STRING, 0},
    {1, "Md", "model_name", 0, 18, 16, REGISTER_STRING, 0},
    {1, "Vr", "firmware_version", 0, 42, 8, REGISTER_STRING, 0},
    {1, "SN", "serial_number", 0, 50, 16, REGISTER_STRING, 0},
    {103, "AphA", "current_a", 0, 3, 1, REGISTER_U16, 6},
    {103, "AphB", "current_b", 0, 4, 1, REGISTER_U16, 6},
    {103, "AphC", "current_c", 0, 5, 1, REGISTER_U16, 6},
    {103, "PPVphAB", "voltage_ab", 0, 7, 1, REGISTER_U16, 13},
    {103, "PPVphBC", "voltage_bc", 0, 8, 1, REGISTER_U16, 13},
    {103, "PPVphCA", "voltage_ca", 0, 9, 1, REGISTER_U16, 13},
    {103, "PhVphA", "voltage_a", 0, 10, 1, REGISTER_U16, 13},
    {103, "PhVphB", "voltage_b", 0, 11, 1, REGISTER_U16, 13},
    {103, "PhVphC", "voltage_c", 0, 12, 1, REGISTER_U16, 13},
    {103, "W", "active_power", 0, 14, 1, REGISTER_I16, 15},
    {103, "Hz", "frequency", 0, 16, 1, REGISTER_U16, 17},
    {103, "VA", "apparent_power", 0, 18, 1, REGISTER_I16, 19},
    {103, "VAr", "reactive_power", 0, 20, 1, REGISTER_I16, 21},
    {103, "PF", "power_factor", 0, 22, 1, REGISTER_I16, 23},
    {103, "WH", "generation_energy", 0, 24, 2, REGISTER_U32, 26},
    {103, "DCA", "dc_current", 0, 27, 1, REGISTER_U16, 28},
    {103, "DCV", "dc_voltage", 0, 29, 1, REGISTER_U16, 30},
    {103, "DCW", "dc_power", 0, 31, 1, REGISTER_I16, 32},
    {103, "TmpCab", "cabinet_temperature", 0, 33, 1, REGISTER_I16, 37},
    {103, "St", "inverter_state", 0, 38, 1, REGISTER_U16, 0},
    {103, "Evt1", "alarm_word", 1, 40, 2, REGISTER_U32, 0},
    {103, "Evt2", "alarm_word", 2, 42, 2, REGISTER_U32, 0},
    {103, "EvtVnd1", "alarm_word", 3, 44, 2, REGISTER_U32, 0},
    {103, "EvtVnd2", "alarm_word", 4, 46, 2, REGISTER_U32, 0},
    {103, "EvtVnd3", "alarm_word", 5, 48, 2, REGISTER_U32, 0},
    {103, "EvtVnd4", "alarm_word", 6, 50, 2, REGISTER_U32, 0},
    {113, "AphA", "current_a", 0, 4, 2, REGISTER_F32, 0},
    {113, "AphB", "current_b", 0, 6, 2, REGISTER_F32, 0},
    {113, "AphC", "current_c", 0, 8, 2, REGISTER_F32, 0},
    {113, "PPVphAB", "voltage_ab", 0, 10, 2, REGISTER_F32, 0},
    {113, "PPVphBC", "voltage_bc", 0, 12, 2, REGISTER_F32, 0},
    {113, "PPVphCA", "voltage_ca", 0, 14, 2, REGISTER_F32, 0},
    {113, "PhVphA", "voltage_a", 0, 16, 2, REGISTER_F32, 0},
    {113, "PhVphB", "voltage_b", 0, 18, 2, REGISTER_F32, 0},
    {113, "PhVphC", "voltage_c", 0, 20, 2, REGISTER_F32, 0},
    {113, "W", "active_power", 0, 22, 2, REGISTER_F32, 0},
    {113, "Hz", "frequency", 0, 24, 2, REGISTER_F32, 0},
    {113, "VA", "apparent_power", 0, 26, 2, REGISTER_F32, 0},
    {113, "VAr", "reactive_power", 0, 28, 2, REGISTER_F32, 0},
    {113, "PF", "power_factor", 0, 30, 2, REGISTER_F32, 0},
    {113, "WH", "generation_energy", 0, 32, 2, REGISTER_F32, 0},
    {113, "DCA", "dc_current", 0, 34, 2, REGISTER_F32, 0},
    {113, "DCV", "dc_voltage", 0, 36, 2, REGISTER_F32, 0},
    {113, "DCW", "dc_power", 0, 38, 2, REGISTER_F32, 0},
    {113, "TmpCab", "cabinet_temperature", 0, 40, 2, REGISTER_F32, 0},
    {113, "St", "inverter_state", 0, 48, 1, REGISTER_U16, 0},
    {113, "Evt1", "alarm_word", 1, 50, 2, REGISTER_U32, 0},
    {113, "Evt2", "alarm_word", 2, 52, 2, REGISTER_U32, 0},
    {113, "EvtVnd1", "alarm_word", 3, 54, 2, REGISTER_U32, 0},
    {113, "EvtVnd2", "alarm_word", 4, 56, 2, REGISTER_U32, 0},
    {113, "EvtVnd3", "alarm_word", 5, 58, 2, REGISTER_U32, 0},
    {113, "EvtVnd4", "alarm_word", 6, 60, 2, REGISTER_U32, 0},
    {120, "WRtg", "rated_power", 0, 3, 1, REGISTER_U16, 4},
    {121, "WMax", "power_limit", 0, 2, 1, REGISTER_U16, 22},
    {122, "ActWh", "generation_energy", 0, 5, 4, REGISTER_U64, 0},
    {122, "Ris", "insulation_resistance", 0, 44, 1, REGISTER_U16, 45},
    {123, "Conn", "on_off", 0, 4, 1, REGISTER_U16, 0},
    {123, "WMaxLimPct", "power_limit_percent", 0, 5, 1, REGISTER_U16, 23},
    {123, "WMaxLim_Ena", "mode", 0, 9, 1, REGISTER_U16, 0},
    {203, "AphA", "current_a", 0, 3, 1, REGISTER_I16, 6},
    {203, "AphB", "current_b", 0, 4, 1, REGISTER_I16, 6},
    {203, "AphC", "current_c", 0, 5, 1, REGISTER_I16, 6},
    {203, "PhVphA", "voltage_a", 0, 8, 1, REGISTER_I16, 15},
    {203, "PhVphB", "voltage_b", 0, 9, 1, REGISTER_I16, 15},
    {203, "PhVphC", "voltage_c", 0, 10, 1, REGISTER_I16, 15},
    {203, "PhVphAB", "voltage_ab", 0, 12, 1, REGISTER_I16, 15},
    {203, "PhVphBC", "voltage_bc", 0, 13, 1, REGISTER_I16, 15},
    {203, "PhVphCA", "voltage_ca", 0, 14, 1, REGISTER_I16, 15},
    {203, "Hz", "frequency", 0, 16, 1, REGISTER_I16, 17},
    {203, "W", "active_power", 0, 18, 1, REGISTER_I16, 22},
    {203, "VA", "apparent_power", 0, 23, 1, REGISTER_I16, 27},
    {203, "VAR", "reactive_power", 0, 28, 1, REGISTER_I16, 32},
    {203, "PF", "power_factor", 0, 33, 1, REGISTER_I16, 37},
    {203, "TotWhExp", "active_energy_export", 0, 38, 2, REGISTER_U32, 54},
    {203, "TotWhImp", "active_energy_import", 0, 46, 2, REGISTER_U32, 54},
    {203, "Evt", "alarm_word", 1, 105, 2, REGISTER_U32, 0},
    {203, "WphA", "active_power_a", 0, 19, 1, REGISTER_I16, 22},
    {203, "VAphA", "apparent_power_a", 0, 24, 1, REGISTER_I16, 27},
    {203, "VARphA", "reactive_power_a", 0, 29, 1, REGISTER_I16, 32},
    {203, "PFphA", "power_factor_a", 0, 34, 1, REGISTER_I16, 37},
    {203, "TotWhExpPhA", "active_energy_export_a", 0, 40, 2, REGISTER_U32, 54},
    {203, "TotWhImpPhA", "active_energy_import_a", 0, 48, 2, REGISTER_U32, 54},
    {203, "WphB", "active_power_b", 0, 20, 1, REGISTER_I16, 22},
    {203, "VAphB", "apparent_power_b", 0, 25, 1, REGISTER_I16, 27},
    {203, "VARphB", "reactive_power_b", 0, 30, 1, REGISTER_I16, 32},
    {203, "PFphB", "power_factor_b", 0, 35, 1, REGISTER_I16, 37},
    {203, "TotWhExpPhB", "active_energy_export_b", 0, 42, 2, REGISTER_U32, 54},
    {203, "TotWhImpPhB", "active_energy_import_b", 0, 50, 2, REGISTER_U32, 54},
    {203, "WphC", "active_power_c", 0, 21, 1, REGISTER_I16, 22},
    {203, "VAphC", "apparent_power_c", 0, 26, 1, REGISTER_I16, 27},
    {203, "VARphC", "reactive_power_c", 0, 31, 1, REGISTER_I16, 32},
    {203, "PFphC", "power_factor_c", 0, 36, 1, REGISTER_I16, 37},
    {203, "TotWhExpPhC", "active_energy_export_c", 0, 44, 2, REGISTER_U32, 54},
    {203, "TotWhImpPhC", "active_energy_import_c", 0, 52, 2, REGISTER_U32, 54},
    {701, "InvSt", "inverter_state", 0, 4, 1, REGISTER_U16, 0},
    {701, "Alrm", "alarm_word", 1, 6, 2, REGISTER_U32, 0},
    {701, "W", "active_power", 0, 10, 1, REGISTER_I16, 116},
    {701, "VA", "apparent_power", 0, 11, 1, REGISTER_I16, 118},
    {701, "Var", "reactive_power", 0, 12, 1, REGISTER_I16, 119},
    {701, "PF", "power_factor", 0, 13, 1, REGISTER_I16, 117},
    {701, "Hz", "frequency", 0, 17, 2, REGISTER_U32, 115},
    {701, "TotWhInj", "generation_energy", 0, 19, 4, REGISTER_U64, 120},
    {701, "TotWhAbs", "active_energy_import", 0, 23, 4, REGISTER_U64, 120},
    {701, "TotVarhInj", "reactive_energy_export", 0, 27, 4, REGISTER_U64, 121},
    {701, "TotVarhAbs", "reactive_energy_import", 0, 31, 4, REGISTER_U64, 121},
    {701, "TmpAmb", "ambient_temperature", 0, 35, 1, REGISTER_I16, 122},
    {701, "TmpCab", "cabinet_temperature", 0, 36, 1, REGISTER_I16, 122},
    {701, "WL1", "active_power_a", 0, 41, 1, REGISTER_I16, 116},
    {701, "VAL1", "apparent_power_a", 0, 42, 1, REGISTER_I16, 118},
    {701, "VarL1", "reactive_power_a", 0, 43, 1, REGISTER_I16, 119},
    {701, "PFL1", "power_factor_a", 0, 44, 1, REGISTER_I16, 117},
    {701, "AL1", "current_a", 0, 45, 1, REGISTER_I16, 113},
    {701, "VL1", "voltage_a", 0, 47, 1, REGISTER_U16, 114},
    {701, "WL2", "active_power_b", 0, 64, 1, REGISTER_I16, 116},
    {701, "VAL2", "apparent_power_b", 0, 65, 1, REGISTER_I16, 118},
    {701, "VarL2", "reactive_power_b", 0, 66, 1, REGISTER_I16, 119},
    {701, "PFL2", "power_factor_b", 0, 67, 1, REGISTER_I16, 117},
    {701, "AL2", "current_b", 0, 68, 1, REGISTER_I16, 113},
    {701, "VL2", "voltage_b", 0, 70, 1, REGISTER_U16, 114},
    {701, "WL3", "active_power_c", 0, 87, 1, REGISTER_I16, 116},
    {701, "VAL3", "apparent_power_c", 0, 88, 1, REGISTER_I16, 118},
    {701, "VarL3", "reactive_power_c", 0, 89, 1, REGISTER_I16, 119},
    {701, "PFL3", "power_factor_c", 0, 90, 1, REGISTER_I16, 117},
    {701, "AL3", "current_c", 0, 91, 1, REGISTER_I16, 113},
    {701, "VL3", "voltage_c", 0, 93, 1, REGISTER_U16, 114},
    {701, "VL1L2", "voltage_ab", 0, 46, 1, REGISTER_U16, 114},
    {701, "VL2L3", "voltage_bc", 0, 69, 1, REGISTER_U16, 114},
    {701, "VL3L1", "voltage_ca", 0, 92, 1, REGISTER_U16, 114},
    {702, "WMaxRtg", "rated_power", 0, 2, 1, REGISTER_U16, 45},
    {702, "WMax", "power_limit", 0, 26, 1, REGISTER_U16, 45},
    {704, "WMaxLimPctEna", "mode", 0, 14, 1, REGISTER_U16, 0},
    {704, "WMaxLimPct", "power_limit_percent", 0, 15, 1, REGISTER_U16, 54},
    {713, "SoC", "state_of_charge", 0, 4, 1, REGISTER_U16, 8},
    {714, "DCA", "dc_current", 0, 5, 1, REGISTER_I16, 15},
    {714, "DCW", "dc_power", 0, 6, 1, REGISTER_I16, 17},
    {124, "ChaState", "state_of_charge", 0, 8, 1, REGISTER_U16, 22},
    {703, "ES", "on_off", 0, 2, 1, REGISTER_U16, 0},
    {213, "AphA", "current_a", 0, 4, 2, REGISTER_F32, 0},
    {213, "PhVphC", "voltage_c", 0, 16, 2, REGISTER_F32, 0},
    {213, "PhVphAB", "voltage_ab", 0, 20, 2, REGISTER_F32, 0},
    {213, "Hz", "frequency", 0, 26, 2, REGISTER_F32, 0},
    {213, "W", "active_power", 0, 28, 2, REGISTER_F32, 0},
    {213, "VAphC", "apparent_power_c", 0, 42, 2, REGISTER_F32, 0},
    {213, "VAR", "reactive_power", 0, 44, 2, REGISTER_F32, 0},
    {213, "PF", "power_factor", 0, 52, 2, REGISTER_F32, 0},
    {213, "TotWhExp", "active_energy_export", 0, 60, 2, REGISTER_F32, 0},
    {213, "TotWhImpPhC", "active_energy_import_c", 0, 74, 2, REGISTER_F32, 0},
    {213, "Evt", "alarm_word", 1, 124, 2, REGISTER_U32, 0},
};

static const struct fact block_facts[] = {
    {160, "DCA", "dc_current", 0, 9, 1, REGISTER_U16, 2},
    {160, "DCV", "dc_voltage", 0, 10, 1, REGISTER_U16, 3},
    {160, "DCW", "dc_power", 0, 11, 1, REGISTER_U16, 4},
    {714, "DCA", "dc_current", 0, 10, 1, REGISTER_I16, 15},
    {714, "DCV", "dc_voltage", 0, 11, 1, REGISTER_U16, 16},
    {714, "DCW", "dc_power", 0, 12, 1, REGISTER_I16, 17},
};

/* Model, registers before the blocks with the header, registers of a block. */
static const uint16_t sizes[][3] = {
    {1, 68, 0},    {101, 52, 0},  {102, 52, 0},  {103, 52, 0},  {111, 62, 0},  {112, 62, 0},
    {113, 62, 0},  {120, 28, 0},  {121, 32, 0},  {122, 46, 0},  {123, 26, 0},  {124, 26, 0},
    {160, 10, 20}, {201, 107, 0}, {202, 107, 0}, {203, 107, 0}, {204, 107, 0}, {211, 126, 0},
    {212, 126, 0}, {213, 126, 0}, {214, 126, 0}, {701, 155, 0}, {702, 52, 0},  {703, 19, 0},
    {704, 59, 0},  {705, 15, 0},  {706, 15, 0},  {707, 9, 0},   {708, 9, 0},   {709, 9, 0},
    {710, 9, 0},   {711, 14, 0},  {712, 14, 0},  {713, 9, 0},   {714, 20, 25},
};
/* clang-format on */

static const struct sunspec_point *find_point(const struct sunspec_point *points, size_t count,
                                              const struct fact *fact)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(points[i].quantity, fact->quantity) == 0 && points[i].index == fact->index) {
            return &points[i];
        }
    }
    return NULL;
}

static void check_fact(const struct fact *fact, const struct sunspec_point *point)
{
    if (point == NULL) {
        fail_msg("%u.%s is not in the table", fact->model, fact->name);
        return;
    }
    const struct sunspec_layout *layout = &sunspec_layouts[point->type];
    if (point->offset != fact->offset || layout->registers != fact->registers ||
        layout->type != fact->type || point->scale_at != fact->scale_at) {
        fail_msg("%u.%s is at %u, %u registers of type %d, scale at %u; wanted %u, %u, %d, %u",
                 fact->model, fact->name, point->offset, layout->registers, layout->type,
                 point->scale_at, fact->offset, fact->registers, fact->type, fact->scale_at);
    }
}

static void every_point_stands_where_the_model_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(facts); i++) {
        const struct sunspec_model *model = sunspec_model_find(facts[i].model);
        assert_non_null(model);
        check_fact(&facts[i], find_point(model->points, model->point_count, &facts[i]));
    }
    for (size_t i = 0; i < ARRAY_SIZE(block_facts); i++) {
        const struct sunspec_model *model = sunspec_model_find(block_facts[i].model);
        assert_non_null(model);
        check_fact(&block_facts[i],
                   find_point(model->block_points, model->block_point_count, &block_facts[i]));
    }
}

static size_t count_facts(uint16_t model)
{
    size_t count = 0;
    for (size_t i = 0; i < ARRAY_SIZE(facts); i++) {
        count += facts[i].model == model;
    }
    return count;
}

static void no_point_of_these_models_is_unproved(void **state)
{
    (void)state;
    static const uint16_t proved[] = {1,   103, 113, 120, 121, 122, 123, 124,
                                      203, 701, 702, 703, 704, 713, 714};
    for (size_t i = 0; i < ARRAY_SIZE(proved); i++) {
        assert_int_equal(sunspec_model_find(proved[i])->point_count, count_facts(proved[i]));
    }
}

static void sizes_are_those_of_the_models(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
        const struct sunspec_model *model = sunspec_model_find(sizes[i][0]);
        assert_non_null(model);
        assert_int_equal(model->fixed, sizes[i][1]);
        assert_int_equal(model->block, sizes[i][2]);
    }
    assert_null(sunspec_model_find(0));
    assert_null(sunspec_model_find(104));
    assert_null(sunspec_model_find(SUNSPEC_END));
}

static void check_point(const struct sunspec_model *model, const struct sunspec_point *point,
                        uint16_t size)
{
    double factor = 0;
    const struct quantity *row = quantity_find(point->quantity);
    const struct sunspec_layout *layout = &sunspec_layouts[point->type];
    bool is_float_counter =
        layout->type == REGISTER_F32 && row != NULL && row->kind == QUANTITY_COUNTER;
    assert_non_null(row);
    assert_true(point->unit[0] == '\0' || quantity_unit_factor(row, point->unit, &factor) == 0);
    assert_true(point->offset + layout->registers <= size);
    assert_true(point->scale_at < model->fixed);
    assert_int_equal(row->kind == QUANTITY_TEXT, layout->type == REGISTER_STRING);
    assert_int_equal(is_float_counter, layout->resolution > 0);
}

static void every_row_fits_its_model_and_the_dictionary(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
        const struct sunspec_model *model = sunspec_model_find(sizes[i][0]);
        for (size_t j = 0; j < model->point_count; j++) {
            check_point(model, &model->points[j], model->fixed);
        }
        for (size_t j = 0; j < model->block_point_count; j++) {
            check_point(model, &model->block_points[j], model->block);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_point_stands_where_the_model_says),
        cmocka_unit_test(no_point_of_these_models_is_unproved),
        cmocka_unit_test(sizes_are_those_of_the_models),
        cmocka_unit_test(every_row_fits_its_model_and_the_dictionary),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
