/* SPDX-License-Identifier: Apache-2.0 */
/* report: runs the model hour by hour through a year and adds up what its meters say. */
#include "sim/world/report.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "sim/world/sums.h"
#include "sim/world/world.h"

static double generation(const struct world *world)
{
    return world_total(world, &world->pv[0]).in + world_total(world, &world->pv[1]).in;
}

static double charging(const struct world *world)
{
    double sum = 0.0;
    for (size_t i = 0; i < world->charger_count; i++) {
        sum += world_total(world, &world->chargers[i]).in;
    }
    for (size_t i = 0; i < world->group_count; i++) {
        sum += world_total(world, &world->groups[i]).in;
    }
    return sum;
}

static struct flow_total feeders(const struct world *world)
{
    struct flow_total one = world_total(world, &world->feeders[0]);
    struct flow_total two = world_total(world, &world->feeders[1]);
    return (struct flow_total){.in = one.in + two.in, .out = one.out + two.out};
}

static void check_hour(const struct world *world, struct year_report *report)
{
    double net = world_net(world, 0) + world_net(world, 1);
    double seen = world_rate(world, &world->feeders[0]) + world_rate(world, &world->feeders[1]);
    /* Below a kilowatt of net power a share says nothing. */
    double error = fabs(seen - net) / fmax(fabs(net), 1.0);
    report->balance_error = fmax(report->balance_error, error);
    report->peak_import_kw = fmax(report->peak_import_kw, seen);
}

static double *building_starts(const struct world *world)
{
    size_t each = PURPOSE_COUNT + 1;
    double *starts = mem_alloc_array(world->building_count * each, sizeof(*starts));
    for (size_t i = 0; i < world->building_count; i++) {
        const struct building *building = &world->buildings[i];
        for (int p = 0; p < PURPOSE_COUNT; p++) {
            starts[i * each + (size_t)p] = world_total(world, &building->purpose[p]).in;
        }
        starts[i * each + PURPOSE_COUNT] = world_total(world, &building->water).in;
    }
    return starts;
}

static void print_buildings(const struct world *world, const double *starts, FILE *out)
{
    size_t each = PURPOSE_COUNT + 1;
    (void)fprintf(out, "building light hvac power special kWh, kWh/m2, water m3\n");
    for (size_t i = 0; i < world->building_count; i++) {
        const struct building *building = &world->buildings[i];
        double sum = 0.0;
        (void)fprintf(out, "%s", building->options->id);
        for (int p = 0; p < PURPOSE_COUNT; p++) {
            double used =
                world_total(world, &building->purpose[p]).in - starts[i * each + (size_t)p];
            (void)fprintf(out, " %.0f", used);
            sum += used;
        }
        double water = world_total(world, &building->water).in - starts[i * each + PURPOSE_COUNT];
        (void)fprintf(out, ", %.1f, %.0f\n", sum / building->options->area_m2, water);
    }
}

static void print_sums(const struct year_report *report, FILE *out)
{
    (void)fprintf(out, "yield_kwh_per_kwp %.1f\n", report->yield_kwh_per_kwp);
    (void)fprintf(out, "import_kwh %.0f\n", report->import_kwh);
    (void)fprintf(out, "export_kwh %.0f\n", report->export_kwh);
    (void)fprintf(out, "charging_kwh %.0f\n", report->charging_kwh);
    (void)fprintf(out, "water_m3 %.0f\n", report->water_m3);
    (void)fprintf(out, "peak_import_kw %.0f\n", report->peak_import_kw);
    (void)fprintf(out, "balance_error_max %.5f\n", report->balance_error);
}

void report_year(const struct model_options *options, uint64_t seed, int year, FILE *out,
                 struct year_report *report)
{
    *report = (struct year_report){0};
    const char *fault = NULL;
    struct world *world = NULL;
    int64_t start_us = calendar_year_start_s(year) * 1000000;
    int64_t end_us = calendar_year_start_s(year + 1) * 1000000;
    if (world_create(options, seed, start_us, &fault, &world) != 0) {
        return;
    }
    double *starts = building_starts(world);
    double pv = generation(world);
    double ev = charging(world);
    double water = world_total(world, &world->water).in;
    struct flow_total grid = feeders(world);
    for (int64_t now = start_us; now <= end_us; now += (int64_t)3600 * 1000000) {
        /* Not on the minute, where it would be the sum by construction. */
        world_run(world, now < end_us ? now + 17 * 1000000 : now);
        check_hour(world, report);
    }
    report->yield_kwh_per_kwp = (generation(world) - pv) / options->pv_peak_kw;
    report->charging_kwh = charging(world) - ev;
    report->water_m3 = world_total(world, &world->water).in - water;
    report->import_kwh = feeders(world).in - grid.in;
    report->export_kwh = feeders(world).out - grid.out;
    if (out != NULL) {
        print_sums(report, out);
        print_buildings(world, starts, out);
    }
    free(starts);
    world_destroy(world);
}
