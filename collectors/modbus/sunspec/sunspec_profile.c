/* SPDX-License-Identifier: Apache-2.0 */
/* sunspec_profile: points, helpers and barriers from the tables and the places of the chain. */
#include "collectors/modbus/sunspec/sunspec_profile.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "collectors/modbus/frame/frame.h"

enum {
    READ_HOLDING = 3,
    WRITE_REGISTER = 6,
    WRITE_REGISTERS = 16,
    REVERT_S = 60,
    RENEW_MS = 25000,
    POINTS_MAX = 1024,
    INPUTS_MAX = 128, /* strings and ports of a map */
    NAME_SIZE = 64,
    ACC32_BITS = 32,
};

/* A model at its place, while its points are made. */
struct making {
    struct profile *profile;
    const struct sunspec_place *place;
    const struct sunspec_role *role;
    uint8_t number; /* of the place, from 1 */
    int64_t input;  /* number of the block; 0 = the fixed part */
    uint32_t start; /* of the block, from the model's id */
    bool is_guess;
};

static bool is_known(const struct profile *profile, const char *name)
{
    const struct profile_point *points = profile->points.items;
    for (size_t i = 0; i < profile->points.count; i++) {
        if (strcmp(points[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

/* Device 1 has the plain names; of device 2, alarm word 3 is alarm_word_23. */
static int64_t index_of(const struct making *making, const struct sunspec_point *point)
{
    if (making->input > 0) {
        return making->input;
    }
    unsigned device = making->role->device;
    if (device <= 1) {
        return point->index;
    }
    return point->index > 0 ? 10 * (int64_t)device + point->index : device;
}

static struct profile_helper *find_helper(const struct profile *profile, uint16_t address)
{
    struct profile_helper *helpers = profile->helpers.items;
    for (size_t i = 0; i < profile->helpers.count; i++) {
        if (helpers[i].address0 == address) {
            return &helpers[i];
        }
    }
    return NULL;
}

/* The name of the helper for the scale factor there. */
static char *use_scale(struct profile *profile, uint16_t address)
{
    struct profile_helper *helper = find_helper(profile, address);
    if (helper == NULL) {
        profile->helpers.items =
            mem_grow(profile->helpers.items, profile->helpers.count + 1, sizeof(*helper));
        helper = (struct profile_helper *)profile->helpers.items + profile->helpers.count++;
        *helper = (struct profile_helper){
            .name = mem_format("sf_%u", address),
            .function = READ_HOLDING,
            .address = address,
            .type = REGISTER_I16,
            .scale = 1,
            .address0 = address,
            .registers = 1,
        };
    }
    return helper->name;
}

static double factor_of(const struct quantity *row, const struct sunspec_point *point)
{
    double factor = 1;
    if (point->unit[0] != '\0' && quantity_unit_factor(row, point->unit, &factor) < 0) {
        abort(); /* a mistake in the tables, which a test would have met */
    }
    return factor;
}

static struct option_strings sentinels_of(const struct sunspec_layout *layout)
{
    if (layout->not_implemented[0] == '\0') {
        return (struct option_strings){0};
    }
    char **items = mem_alloc(sizeof(*items));
    items[0] = (char *)layout->not_implemented;
    return (struct option_strings){.items = items, .count = 1};
}

static void fill_point(const struct making *making, const struct sunspec_point *from,
                       struct profile_point *point)
{
    const struct sunspec_layout *layout = &sunspec_layouts[from->type];
    uint32_t address = making->place->address + making->start + from->offset;
    bool is_acc32 = from->type == SUNSPEC_ACC32;
    *point = (struct profile_point){
        .quantity = (char *)from->quantity,
        .index = index_of(making, from),
        .function = READ_HOLDING,
        .address = address,
        .type = layout->type,
        .count = layout->registers,
        .scale = 1,
        .offset = (from->traits & SUNSPEC_STATE_FROM_ZERO) != 0 ? 1 : 0,
        .unit = (char *)from->unit,
        .ratio = (char *)"",
        .scale_from = (char *)"",
        .not_implemented = sentinels_of(layout),
        .resolution = layout->resolution,
        .modulus = (char *)"",
        .poll = making->is_guess ? POLL_NORMAL : from->poll,
        .unit_override = -1,
        .together = (char *)"",
        .min = NAN,
        .max = NAN,
        .dead_band = NAN,
        .note = (char *)"",
        .row = quantity_find(from->quantity),
        .address0 = (uint16_t)address,
        .registers = layout->registers,
        .modulus_count = is_acc32 ? INT64_C(1) << ACC32_BITS : 0,
        .percent_group = (from->traits & SUNSPEC_PERCENT_OR_RATIO) != 0 ? making->number : 0,
    };
    point->unit_scale = factor_of(point->row, from);
}

/* The switch that is written into a register of the model. */
static struct profile_switch switch_at(const struct making *making, uint16_t offset,
                                       uint16_t registers)
{
    uint32_t address = making->place->address + offset;
    return (struct profile_switch){
        .address = address,
        .count = registers,
        .off = -1,
        .address0 = (uint16_t)address,
        .send_function = registers > 1 ? WRITE_REGISTERS : WRITE_REGISTER,
    };
}

/* The limit falls away unless it is renewed, so that an inverter whose controller died makes its power again. */
static void fill_write(const struct making *making, const struct sunspec_limit *limit,
                       struct profile_point *point)
{
    struct profile_switch *switches = mem_alloc_array(2, sizeof(*switches));
    switches[0] = switch_at(making, limit->revert_at, limit->revert_registers);
    switches[0].on = REVERT_S;
    switches[0].order = SWITCH_BEFORE;
    switches[1] = switch_at(making, limit->enable_at, 1);
    switches[1].on = 1;
    switches[1].off = 0;
    switches[1].order = SWITCH_AFTER;
    point->write = (struct profile_write){
        .origin = {.file = "SunSpec", .line = 1},
        .address = -1,
        .scale = NAN,
        .unit = (char *)"",
        .scale_from = (char *)"",
        .min = 0,
        .max = 100,
        .pause = NAN,
        .read_back = (char *)"",
        .switches = {.items = switches, .count = 2},
        .renew_ms = RENEW_MS,
        .lapse = LAPSE_FALLS_BACK,
        .lapse_after_ms = REVERT_S * 1000,
        .lapse_value = NAN,
        .release = RELEASE_SWITCH,
        .release_value = NAN,
        .row = point->row,
        .name = point->name,
        .address0 = point->address0,
        .registers = point->registers,
        .send_function = WRITE_REGISTER,
        .register_type = point->type,
        .lowest = 0,
        .highest = 100,
    };
}

/* Whether the device has the registers without which the limit does not count. */
static bool has_limit(const struct making *making, const struct sunspec_point *from,
                      const struct sunspec_limit *limit)
{
    uint32_t size = SUNSPEC_HEADER + (uint32_t)making->place->length;
    return (from->traits & SUNSPEC_LIMIT) != 0 && limit != NULL &&
           limit->revert_at + (uint32_t)limit->revert_registers <= size && limit->enable_at < size;
}

/* A second device's direct current would be taken for a string's: its inputs say the same. */
static bool is_ambiguous(const struct making *making, const struct sunspec_point *from)
{
    return making->input == 0 && making->role->device > 1 && strncmp(from->quantity, "dc_", 3) == 0;
}

/* Within the length that the device gives the model. */
static bool is_within(const struct making *making, const struct sunspec_point *from)
{
    uint32_t size = SUNSPEC_HEADER + (uint32_t)making->place->length;
    return sunspec_point_fits(from, making->start, size);
}

static void add_point(const struct making *making, const struct sunspec_point *from)
{
    struct profile *profile = making->profile;
    if (!is_within(making, from) || is_ambiguous(making, from) ||
        profile->points.count == POINTS_MAX) {
        return;
    }
    char name[NAME_SIZE];
    int64_t index = index_of(making, from);
    int length = snprintf(name, sizeof(name), "%s", from->quantity);
    if (index > 0) {
        snprintf(name + length, sizeof(name) - (size_t)length, "_%lld", (long long)index);
    }
    if (is_known(profile, name)) {
        return;
    }
    struct profile_point *points =
        mem_grow(profile->points.items, profile->points.count + 1, sizeof(*points));
    profile->points.items = points;
    struct profile_point *point = &points[profile->points.count++];
    fill_point(making, from, point);
    point->name = mem_dup_string(name);
    const struct sunspec_limit *limit = sunspec_limit_find(making->role->model->id);
    if (has_limit(making, from, limit)) {
        fill_write(making, limit, point);
    }
    if (from->scale_at > 0) {
        point->scale_from = use_scale(profile, (uint16_t)(making->place->address + from->scale_at));
    }
}

static void add_points(const struct making *making, const struct sunspec_point *points,
                       size_t count)
{
    for (size_t i = 0; i < count; i++) {
        add_point(making, &points[i]);
    }
}

static void add_blocks(struct making *making, int64_t *inputs)
{
    const struct sunspec_model *model = making->role->model;
    uint32_t size = SUNSPEC_HEADER + (uint32_t)making->place->length;
    making->start = model->fixed;
    while (model->block > 0 && making->start + model->block <= size && *inputs < INPUTS_MAX) {
        making->input = ++*inputs;
        add_points(making, model->block_points, model->block_point_count);
        making->start += model->block;
    }
}

/* Models of the newer set go first: where an older one says the same, its point is left out. */
static void add_models(struct profile *profile, const struct sunspec_chain *chain,
                       const struct sunspec_role *roles, bool is_newer)
{
    int64_t inputs = 0;
    for (size_t i = 0; i < chain->count; i++) {
        struct making making = {
            .profile = profile,
            .place = &chain->places[i],
            .role = &roles[i],
            .number = (uint8_t)(i + 1),
        };
        bool is_read = roles[i].use == SUNSPEC_USE_READ;
        if (is_read && (roles[i].model->rank > 0) == is_newer) {
            add_points(&making, roles[i].model->points, roles[i].model->point_count);
            add_blocks(&making, &inputs);
        }
    }
}

/* No request reaches over a header: where one model ends is where a device may have stopped knowing its registers. */
static void add_barriers(struct profile *profile, const struct sunspec_chain *chain)
{
    struct profile_barrier *barriers = mem_alloc_array(chain->count + 1, sizeof(*barriers));
    for (size_t i = 0; i <= chain->count; i++) {
        int64_t first = i < chain->count ? chain->places[i].address : chain->end;
        barriers[i] =
            (struct profile_barrier){.function = READ_HOLDING, .first = first, .last = first + 1};
    }
    profile->barriers = (struct option_list){.items = barriers, .count = chain->count + 1};
}

static int class_of(const struct sunspec_chain *chain, const struct sunspec_role *roles,
                    int fallback)
{
    for (size_t i = 0; i < chain->count; i++) {
        bool is_read = roles[i].use == SUNSPEC_USE_READ;
        if (is_read && roles[i].model->topic == SUNSPEC_INVERTER) {
            return DEVICE_INVERTER;
        }
        fallback = is_read && roles[i].model->topic == SUNSPEC_METER ? DEVICE_METER : fallback;
    }
    return fallback;
}

static void add_guess(struct profile *profile)
{
    static const struct sunspec_place usual = {
        .id = SUNSPEC_COMMON, .length = 66, .address = 40002};
    struct sunspec_role role = {.model = sunspec_model_find(SUNSPEC_COMMON), .device = 1};
    struct making making = {.profile = profile, .place = &usual, .role = &role, .is_guess = true};
    add_points(&making, role.model->points, role.model->point_count);
}

struct profile *sunspec_profile_create(const struct profile *file,
                                       const struct sunspec_chain *chain)
{
    struct profile *profile = mem_alloc(sizeof(*profile));
    *profile = *file;
    profile->points = (struct option_list){0};
    profile->helpers = (struct option_list){0};
    profile->barriers = (struct option_list){0};
    profile->address_base = 0;
    profile->link.max_hole = FRAME_READ_REGISTERS_MAX;
    if (chain == NULL) {
        add_guess(profile);
        return profile;
    }
    struct sunspec_role roles[SUNSPEC_MODELS_MAX];
    sunspec_roles(chain, roles);
    add_models(profile, chain, roles, true);
    add_models(profile, chain, roles, false);
    add_barriers(profile, chain);
    profile->device_class = class_of(chain, roles, file->device_class);
    return profile;
}
