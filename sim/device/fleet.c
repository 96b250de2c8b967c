/* SPDX-License-Identifier: Apache-2.0 */
/* fleet: wiring devices to roles and units. */
#include "sim/device/fleet.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sim/device/pattern.h"
#include "sim/device/sunspec.h"
#include "sim/world/noise.h"

const char *const line_trouble_words[] = {
    [LINE_TROUBLE_NONE] = "off",
    [LINE_TROUBLE_MUTE] = "silent",
    [LINE_TROUBLE_GONE] = "down",
    [LINE_TROUBLE_GONE + 1] = NULL,
};

static int compare_ids(const void *one, const void *other)
{
    const struct sim_device *const *a = one;
    const struct sim_device *const *b = other;
    return strcmp((*a)->config->id, (*b)->config->id);
}

static int compare_id(const void *id, const void *device)
{
    const struct sim_device *const *row = device;
    return strcmp(id, (*row)->config->id);
}

struct sim_device *fleet_find(const struct fleet *fleet, const char *id)
{
    if (fleet->device_count == 0) {
        return NULL;
    }
    struct sim_device **found =
        bsearch(id, fleet->by_id, fleet->device_count, sizeof(struct sim_device *), compare_id);
    return found != NULL ? *found : NULL;
}

struct sim_line *fleet_line(const struct fleet *fleet, const char *id)
{
    for (size_t i = 0; i < fleet->line_count; i++) {
        if (strcmp(fleet->lines[i].config->id, id) == 0) {
            return &fleet->lines[i];
        }
    }
    return NULL;
}

struct sim_unit *fleet_unit(const struct sim_line *line, uint8_t unit)
{
    uint16_t place = line->places[unit];
    return place > 0 ? &line->units[place - 1] : NULL;
}

static void add_unit(struct sim_line *line, struct sim_device *device, int64_t unit)
{
    for (size_t i = 0; i < line->unit_count; i++) {
        if (line->units[i].device == device && line->units[i].image.unit == unit) {
            return;
        }
    }
    line->units = mem_grow(line->units, line->unit_count + 1, sizeof(*line->units));
    struct sim_unit *row = &line->units[line->unit_count++];
    row->device = device;
    if (line->places[unit & UINT8_MAX] == 0) {
        line->places[unit & UINT8_MAX] = (uint16_t)line->unit_count;
    }
    image_init(&row->image, device->profile, device->config, (uint8_t)unit);
    image_add_sets(&row->image);
    if (device->own != NULL) {
        sunspec_fill(&row->image);
    }
}

static void add_units(struct sim_line *line, struct sim_device *device)
{
    int64_t unit = device->config->unit >= 0 ? device->config->unit : device->profile->link.unit;
    add_unit(line, device, unit);
    const struct profile_point *points = device->profile->points.items;
    for (size_t i = 0; i < device->profile->points.count; i++) {
        if (points[i].unit_override >= 0) {
            add_unit(line, device, points[i].unit_override);
        }
    }
}

static size_t count_devices(const struct site *site)
{
    const struct line_config *lines = site->lines.items;
    size_t count = 0;
    for (size_t i = 0; i < site->lines.count; i++) {
        count += lines[i].devices.count;
    }
    return count;
}

static struct profile *list_models(const struct profile *profile, const char *id,
                                   const struct model_options *options)
{
    static const struct device_options usual = {.sunspec_base = 40000};
    const struct device_options *rows = options->devices.items;
    const struct device_options *row = &usual;
    for (size_t i = 0; i < options->devices.count; i++) {
        row = strcmp(rows[i].device, id) == 0 ? &rows[i] : row;
    }
    return sunspec_create(profile, (uint16_t)row->sunspec_base, &row->sunspec_models);
}

static void add_line(struct fleet *fleet, struct line_config *config,
                     const struct profiles *profiles, const struct model_options *options)
{
    struct sim_line *line = &fleet->lines[fleet->line_count++];
    *line = (struct sim_line){.config = config};
    const struct device_config *rows = config->devices.items;
    for (size_t i = 0; i < config->devices.count; i++) {
        struct sim_device *device = &fleet->devices[fleet->device_count];
        *device = (struct sim_device){.line = config, .config = &rows[i]};
        device->profile = profiles_find(profiles, rows[i].profile);
        if (device->profile == NULL) {
            continue; /* site_check has said so */
        }
        if (device->profile->discovery == DISCOVERY_SUNSPEC) {
            device->own = list_models(device->profile, rows[i].id, options);
            device->profile = device->own;
        }
        enum device_class device_class = (enum device_class)device->profile->device_class;
        device->pattern_seed = pattern_seed(rows[i].id);
        device->role = role_default(fleet->world, device_class, noise_seed(3, rows[i].id));
        fleet->by_id[fleet->device_count++] = device;
        add_units(line, device);
    }
}

static void apply_row(struct fleet *fleet, const struct device_options *row, struct faults *faults)
{
    struct sim_device *device = fleet_find(fleet, row->device);
    if (device == NULL) {
        faults_add(faults, row->origin, "devices.device", "no device %s in the site file",
                   row->device);
        return;
    }
    if (row->role[0] != '\0' && role_parse(fleet->world, row->role, &device->role) != 0) {
        faults_add(faults, row->origin, "devices.role",
                   "nothing in the compound is %s: building:ID, building:ID:light (hvac, power, "
                   "special), feeder:N, pv:N, charger:N, piles:N, inverter:N, pile:N, room:ID, "
                   "water:ID, water:main and weather are",
                   row->role);
    }
    for (size_t i = 0; i < row->faults.count; i++) {
        struct fault fault;
        if (fault_parse(row->faults.items[i], 0, &fault) != 0 ||
            fleet_set_fault(fleet, device, &fault) != 0) {
            faults_add(faults, row->origin, "devices.faults",
                       "%s is no fault of this device; the words are %s", row->faults.items[i],
                       fault_usage);
        }
    }
}

void fleet_init(struct fleet *fleet, struct site *site, const struct profiles *profiles,
                const struct model_options *options, struct world *world, struct faults *faults)
{
    size_t devices = count_devices(site);
    *fleet = (struct fleet){.world = world};
    fleet->lines = mem_alloc_array(site->lines.count, sizeof(*fleet->lines));
    fleet->devices = mem_alloc_array(devices, sizeof(*fleet->devices));
    fleet->by_id = mem_alloc_array(devices, sizeof(struct sim_device *));
    struct line_config *lines = site->lines.items;
    for (size_t i = 0; i < site->lines.count; i++) {
        add_line(fleet, &lines[i], profiles, options);
    }
    qsort(fleet->by_id, fleet->device_count, sizeof(struct sim_device *), compare_ids);
    const struct device_options *rows = options->devices.items;
    for (size_t i = 0; i < options->devices.count; i++) {
        apply_row(fleet, &rows[i], faults);
    }
}

void fleet_finish(struct fleet *fleet)
{
    for (size_t i = 0; i < fleet->line_count; i++) {
        for (size_t u = 0; u < fleet->lines[i].unit_count; u++) {
            image_finish(&fleet->lines[i].units[u].image);
        }
        free(fleet->lines[i].units);
    }
    for (size_t i = 0; i < fleet->device_count; i++) {
        profile_destroy(fleet->devices[i].own);
    }
    free(fleet->lines);
    free(fleet->devices);
    free(fleet->by_id);
    *fleet = (struct fleet){0};
}

static struct sim_line *line_of(const struct fleet *fleet, const struct sim_device *device)
{
    for (size_t i = 0; i < fleet->line_count; i++) {
        if (fleet->lines[i].config == device->line) {
            return &fleet->lines[i];
        }
    }
    return NULL;
}

/* Moves the counter so that it shows 0, or stands `before` counts below its modulus. */
static bool move_counter(const struct fleet *fleet, struct sim_unit *unit, struct cell *cell,
                         enum fault_kind kind)
{
    const double before = 20.0;
    bool is_counter = cell->point != NULL && cell->point->row->kind == QUANTITY_COUNTER;
    if (!is_counter) {
        return false;
    }
    double now = image_value(&unit->image, &unit->device->role, fleet->world, cell);
    double modulus = encode_modulus(cell->point);
    if (isnan(now) || (kind == FAULT_ROLLOVER && modulus <= 0.0)) {
        return false;
    }
    double step = encode_resolution(cell->point, cell->scale);
    double wanted = kind == FAULT_RESET ? 0.0 : (modulus - before) * step;
    cell->adjust += wanted + cell->scale.offset - now;
    return true;
}

static int move_counters(struct fleet *fleet, struct sim_device *device, enum fault_kind kind)
{
    struct sim_line *line = line_of(fleet, device);
    size_t moved = 0;
    for (size_t u = 0; u < line->unit_count; u++) {
        struct sim_unit *unit = &line->units[u];
        for (int function = 3; unit->device == device && function <= 4; function++) {
            for (size_t i = 0; i < unit->image.counts[function]; i++) {
                moved += move_counter(fleet, unit, &unit->image.cells[function][i], kind) ? 1 : 0;
            }
        }
    }
    return moved > 0 ? 0 : -ENOTSUP;
}

int fleet_set_fault(struct fleet *fleet, struct sim_device *device, const struct fault *fault)
{
    if (fault->kind == FAULT_RESET || fault->kind == FAULT_ROLLOVER) {
        return move_counters(fleet, device, fault->kind);
    }
    device->fault = *fault;
    bool is_glitch = fault->kind == FAULT_GLITCH_ZERO || fault->kind == FAULT_GLITCH_SPIKE;
    if (is_glitch && fault->left < 0) {
        device->fault.left = 1;
    }
    return 0;
}

struct cell *fleet_cell(const struct fleet *fleet, const struct sim_device *device,
                        const char *point, struct image **image)
{
    struct sim_line *line = line_of(fleet, device);
    for (size_t u = 0; u < line->unit_count; u++) {
        struct sim_unit *unit = &line->units[u];
        for (int function = 1; unit->device == device && function <= 4; function++) {
            for (size_t i = 0; i < unit->image.counts[function]; i++) {
                struct cell *cell = &unit->image.cells[function][i];
                if (cell->point != NULL && strcmp(cell->point->name, point) == 0) {
                    *image = &unit->image;
                    return cell;
                }
            }
        }
    }
    return NULL;
}
