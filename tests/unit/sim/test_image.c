/* SPDX-License-Identifier: Apache-2.0 */
/* Every device file of the project: each of its points can be read alone and says the truth of its place. And the
 * reference compound: site, model and profiles fit together, every device has a role. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "sim/device/fleet.h"
#include "support/support.h"

struct compound {
    struct faults *faults;
    struct config_memory *memory;
    struct profiles *profiles;
    struct site site;
    struct model_options model;
    struct world *world;
    struct fleet fleet;
};

static struct compound compound;

static void expect_no_faults(void)
{
    faults_print(compound.faults, stderr);
    assert_int_equal(faults_count(compound.faults), 0);
}

static int set_up(void **state)
{
    (void)state;
    const char *fault = NULL;
    compound.faults = faults_create();
    compound.memory = config_memory_create();
    compound.profiles = profiles_load(LINGTAN_SOURCE_FOLDER "/conf/devices", compound.faults);
    site_load(LINGTAN_SOURCE_FOLDER "/conf/sites/xingzheng.conf", &compound.site, compound.memory,
              compound.faults);
    config_load(LINGTAN_SOURCE_FOLDER "/conf/sites/xingzheng.sim.conf", &model_table,
                &compound.model, compound.memory, compound.faults);
    expect_no_faults();
    site_check(&compound.site, compound.profiles, compound.faults);
    int64_t noon_us = (calendar_year_start_s(2026) + 5 * (int64_t)DAY_S + 43210) * 1000000;
    assert_int_equal(world_create(&compound.model, 1, noon_us, &fault, &compound.world), 0);
    fleet_init(&compound.fleet, &compound.site, compound.profiles, &compound.model, compound.world,
               compound.faults);
    expect_no_faults();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fleet_finish(&compound.fleet);
    world_destroy(compound.world);
    profiles_destroy(compound.profiles);
    config_memory_destroy(compound.memory);
    faults_destroy(compound.faults);
    return 0;
}

static void check_cell(const struct sim_unit *unit, uint8_t function, const struct cell *cell)
{
    uint16_t registers[ENCODE_REGISTERS_MAX];
    bool has_counter = false;
    struct image_view view = {&unit->image, &unit->device->role, compound.world, GLITCH_NONE};
    struct register_span span = {function, cell->address, cell->registers};
    assert_int_equal(image_read(&view, &span, registers, &has_counter), 0);
    if (cell->point == NULL || cell->point->row->kind == QUANTITY_TEXT) {
        return;
    }
    double truth = image_value(&unit->image, &unit->device->role, compound.world, cell);
    if (isnan(truth)) {
        return;
    }
    double step = encode_resolution(cell->point, cell->scale);
    double value = decode_value(cell->point, cell->scale, registers);
    /* A float has 24 bits of its own. */
    assert_near(value, truth, 1.0001 * step + 1e-6 * fabs(truth));
    assert_int_equal(has_counter, cell->point->row->kind == QUANTITY_COUNTER);
}

static void every_register_says_the_truth(void **state)
{
    (void)state;
    size_t known = 0;
    for (size_t l = 0; l < compound.fleet.line_count; l++) {
        const struct sim_line *line = &compound.fleet.lines[l];
        for (size_t u = 0; u < line->unit_count; u++) {
            for (uint8_t function = 1; function <= 4; function++) {
                const struct image *image = &line->units[u].image;
                for (size_t i = 0; i < image->counts[function]; i++) {
                    check_cell(&line->units[u], function, &image->cells[function][i]);
                    known++;
                }
            }
        }
    }
    assert_true(known > 1000);
}

/* A place that knows nothing of a quantity would show a zero for ever. */
static void every_point_has_a_value(void **state)
{
    (void)state;
    for (size_t l = 0; l < compound.fleet.line_count; l++) {
        const struct sim_line *line = &compound.fleet.lines[l];
        for (size_t u = 0; u < line->unit_count; u++) {
            const struct sim_unit *unit = &line->units[u];
            for (size_t i = 0; i < unit->image.counts[3]; i++) {
                const struct cell *cell = &unit->image.cells[3][i];
                bool is_value = cell->point != NULL && cell->point->row->kind != QUANTITY_TEXT;
                if (is_value &&
                    isnan(image_value(&unit->image, &unit->device->role, compound.world, cell))) {
                    fail_msg("%s has no %s", unit->device->config->id, cell->point->name);
                }
            }
        }
    }
}

static bool has_row(const char *id)
{
    const struct device_options *rows = compound.model.devices.items;
    for (size_t i = 0; i < compound.model.devices.count; i++) {
        if (strcmp(rows[i].device, id) == 0) {
            return rows[i].role[0] != '\0';
        }
    }
    return false;
}

static void the_compound_is_complete(void **state)
{
    (void)state;
    size_t serial = 0;
    size_t converters = 0;
    assert_true(compound.fleet.device_count >= 40);
    for (size_t i = 0; i < compound.fleet.device_count; i++) {
        if (!has_row(compound.fleet.by_id[i]->config->id)) {
            fail_msg("%s has no role", compound.fleet.by_id[i]->config->id);
        }
    }
    for (size_t i = 0; i < compound.fleet.line_count; i++) {
        serial += compound.fleet.lines[i].config->transport == LINE_RTU ? 1 : 0;
        converters += compound.fleet.lines[i].config->transport == LINE_RTU_OVER_TCP ? 1 : 0;
    }
    assert_int_equal(serial, 2);
    assert_int_equal(converters, 1);
}

/* The sum of the meters that people see, less generation, is what the feeders show. */
static double value_of(const char *id, const char *point)
{
    struct image *image = NULL;
    struct sim_device *device = fleet_find(&compound.fleet, id);
    assert_non_null(device);
    struct cell *cell = fleet_cell(&compound.fleet, device, point, &image);
    assert_non_null(cell);
    return image_value(image, &device->role, compound.world, cell);
}

static void the_meters_add_up(void **state)
{
    (void)state;
    char id[32];
    double loads = value_of("m-canteen", "active_power") + value_of("m-dc", "active_power");
    for (int i = 1; i <= 9; i++) {
        (void)snprintf(id, sizeof(id), "m-b%d", i);
        loads += value_of(id, "active_power");
    }
    for (int i = 1; i <= 6; i++) {
        (void)snprintf(id, sizeof(id), "m-dcfc-%d", i);
        loads += value_of(id, "active_power");
    }
    for (int i = 1; i <= 4; i++) {
        (void)snprintf(id, sizeof(id), "m-acp-%d", i);
        loads += value_of(id, "active_power");
    }
    double pv = value_of("m-pv1", "active_power") + value_of("m-pv2", "active_power");
    double inverters = 0.0;
    for (int i = 1; i <= 18; i++) {
        (void)snprintf(id, sizeof(id), "inv-%02d", i);
        inverters += value_of(id, "active_power");
    }
    double feeders = value_of("m-t1", "active_power") + value_of("m-t2", "active_power");
    assert_true(pv > 10.0);
    assert_near(inverters, pv, 1e-6);
    assert_near(feeders, loads - pv, 0.01 * fabs(loads - pv));
}

static void wrong_models_are_refused(void **state)
{
    (void)state;
    char *bad_fault[] = {(char *)"sleepy"};
    struct device_options rows[] = {
        {.device = (char *)"nobody", .role = (char *)""},
        {.device = (char *)"inv-01", .role = (char *)"inverter:99"},
        {.device = (char *)"m-b1", .role = (char *)"", .faults = {bad_fault, 1}},
    };
    struct model_options model = compound.model;
    model.devices = (struct option_list){rows, 3};
    struct faults *faults = faults_create();
    struct fleet fleet;
    fleet_init(&fleet, &compound.site, compound.profiles, &model, compound.world, faults);
    assert_int_equal(faults_count(faults), 3);
    fleet_finish(&fleet);
    faults_destroy(faults);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_register_says_the_truth), cmocka_unit_test(every_point_has_a_value),
        cmocka_unit_test(the_compound_is_complete),      cmocka_unit_test(the_meters_add_up),
        cmocka_unit_test(wrong_models_are_refused),
    };
    return cmocka_run_group_tests_name("sim_image", tests, set_up, tear_down);
}
