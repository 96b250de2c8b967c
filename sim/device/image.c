/* SPDX-License-Identifier: Apache-2.0 */
/* image: building the cells of a unit and reading them. */
#include "sim/device/image.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sim/device/role_values.h"
#include "sim/device/sunspec.h"
#include "sim/world/noise.h"
#include "site/site.h"

/* Beyond it a register that is to be an exponent is none. */
enum { EXPONENT_MAX = 10 };

static bool begins(const char *name, const char *prefix)
{
    return strncmp(name, prefix, strlen(prefix)) == 0;
}

/* What a helper register of a well set up device holds: its ratio, as the profiles call it, else an exponent of 0. */
static double helper_value(const struct profile_helper *helper, const struct device_config *config)
{
    const char *name = helper->name;
    if (begins(name, "ir") || begins(name, "ct")) {
        return config->ct_ratio;
    }
    if (begins(name, "ur") || begins(name, "vt") || begins(name, "pt")) {
        return config->vt_ratio;
    }
    return 0.0;
}

static const struct profile_helper *find_helper(const struct profile *profile, const char *name)
{
    const struct profile_helper *helpers = profile->helpers.items;
    for (size_t i = 0; i < profile->helpers.count; i++) {
        if (strcmp(helpers[i].name, name) == 0) {
            return &helpers[i];
        }
    }
    return NULL;
}

static double ratio_of(const struct profile_point *point, const struct device_config *config)
{
    double ratio = 1.0;
    if (strstr(point->ratio, "ct") != NULL) {
        ratio *= config->ct_ratio;
    }
    if (strstr(point->ratio, "vt") != NULL) {
        ratio *= config->vt_ratio;
    }
    return strcmp(point->ratio, "pulse") == 0 ? config->pulse_weight : ratio;
}

static struct encode_scale scale_of(const struct image *image, const struct profile_point *point)
{
    double factor = point->unit_scale * ratio_of(point, image->config);
    for (size_t i = 0; i < point->scale_by.count; i++) {
        const struct profile_helper *helper = find_helper(image->profile, point->scale_by.items[i]);
        factor *= helper != NULL ? helper_value(helper, image->config) : 1.0;
    }
    /* scale_from needs nothing: its helpers hold the exponent 0, until image_set_helper. */
    double unit = fabs(point->scale) > 0.0 ? point->unit_scale / point->scale : 1.0;
    return (struct encode_scale){.factor = factor, .offset = point->offset * unit};
}

static void add_points(struct image *image, bool is_main)
{
    const struct profile_point *points = image->profile->points.items;
    for (size_t i = 0; i < image->profile->points.count; i++) {
        const struct profile_point *point = &points[i];
        bool is_here = point->unit_override < 0 ? is_main : point->unit_override == image->unit;
        if (is_here) {
            struct cell cell = {
                .point = point,
                .address = point->address0,
                .registers = point->registers,
                .quantity = (enum quantity_id)(point->row - quantity_get((enum quantity_id)0)),
                .scale = scale_of(image, point),
            };
            image_add_cell(image, point->function, cell);
        }
    }
}

static void add_signatures(struct image *image)
{
    const struct profile_signature *signatures = image->profile->identify.items;
    for (size_t i = 0; i < image->profile->identify.count; i++) {
        struct cell cell = {
            .signature = &signatures[i],
            .address = signatures[i].address0,
            .registers = signatures[i].registers,
        };
        image_add_cell(image, signatures[i].function, cell);
    }
}

void image_init(struct image *image, const struct profile *profile,
                const struct device_config *config, uint8_t unit)
{
    *image = (struct image){.profile = profile, .config = config, .unit = unit};
    int64_t main_unit = config->unit >= 0 ? config->unit : profile->link.unit;
    bool is_main = main_unit == unit;
    const struct profile_helper *helpers = profile->helpers.items;
    for (size_t i = 0; is_main && i < profile->helpers.count; i++) {
        struct cell cell = {
            .helper = &helpers[i],
            .address = helpers[i].address0,
            .registers = helpers[i].registers,
        };
        image_add_cell(image, helpers[i].function, cell);
    }
    add_points(image, is_main);
    if (is_main) {
        add_signatures(image);
    }
}

void image_set_helper(struct image *image, const struct profile_helper *helper, double value)
{
    struct cell *cells = image->cells[helper->function];
    for (size_t i = 0; i < image->counts[helper->function]; i++) {
        if (cells[i].helper == helper) {
            cells[i].is_stored = true;
            cells[i].stored = value;
        } else if (cells[i].point != NULL &&
                   strcmp(cells[i].point->scale_from, helper->name) == 0) {
            cells[i].scale.factor = scale_of(image, cells[i].point).factor *
                                    pow(10.0, fabs(value) <= EXPONENT_MAX ? value : 0.0);
        }
    }
}

int image_rescale(struct image *image, const struct cell *cell, double exponent)
{
    const struct profile_helper *helper = find_helper(image->profile, cell->point->scale_from);
    if (helper == NULL) {
        return -ENOENT;
    }
    image_set_helper(image, helper, exponent);
    return 0;
}

void image_finish(struct image *image)
{
    for (size_t i = 0; i < ARRAY_SIZE(image->cells); i++) {
        free(image->cells[i]);
    }
    *image = (struct image){0};
}

double image_value(const struct image *image, const struct role *role, const struct world *world,
                   const struct cell *cell)
{
    double value = 0.0;
    if (cell->is_stored) {
        return cell->stored;
    }
    if (cell->quantity == QUANTITY_ID_ct_ratio) {
        return image->config->ct_ratio;
    }
    if (cell->quantity == QUANTITY_ID_vt_ratio) {
        return image->config->vt_ratio;
    }
    if (role_value(world, role, cell->quantity, cell->point->index, image->config->vt_ratio,
                   &value)) {
        bool is_sunspec_state = image->profile->discovery == DISCOVERY_SUNSPEC &&
                                cell->quantity == QUANTITY_ID_inverter_state;
        return is_sunspec_state ? role_sunspec_state(value) : value + cell->adjust;
    }
    return (double)NAN;
}

static double glitched(double value, enum glitch glitch)
{
    switch (glitch) {
    case GLITCH_ZERO:
        return 0.0;
    case GLITCH_SPIKE:
        return value * 1.6 + 50000.0;
    case GLITCH_NONE:
        break;
    }
    return value;
}

/* The signature that begins where the point does. */
static const struct profile_signature *signature_at(const struct image *image,
                                                    const struct profile_point *point)
{
    const struct profile_signature *signatures = image->profile->identify.items;
    for (size_t i = 0; i < image->profile->identify.count; i++) {
        if (signatures[i].function == point->function &&
            signatures[i].address0 == point->address0) {
            return &signatures[i];
        }
    }
    return NULL;
}

static void encode_name(const struct image *image, const struct cell *cell, uint16_t *registers)
{
    const char *id = image->config->id;
    const struct profile_signature *signature = signature_at(image, cell->point);
    if (signature != NULL && signature->registers <= cell->registers) {
        encode_signature(signature, registers);
    } else if (cell->point->type != REGISTER_STRING) {
        double number = (double)(noise_seed(1, id) % 100000000U);
        encode_value(cell->point, (struct encode_scale){.factor = 1.0}, number, registers);
    } else if (cell->quantity == QUANTITY_ID_serial_number) {
        encode_text(cell->point, id, registers);
    } else if (cell->quantity == QUANTITY_ID_model_name) {
        encode_text(cell->point, image->profile->device, registers);
    } else if (cell->quantity == QUANTITY_ID_maker_name) {
        encode_text(cell->point, "lingtan-sim", registers);
    } else {
        encode_text(cell->point, "V1.0.0", registers);
    }
}

static void encode_cell(const struct image_view *view, const struct cell *cell, uint16_t *registers)
{
    const struct image *image = view->image;
    if (cell->is_set) {
        memcpy(registers, cell->raw, cell->registers * sizeof(*registers));
        return;
    }
    if (cell->helper != NULL) {
        double value = cell->is_stored ? cell->stored : helper_value(cell->helper, image->config);
        encode_helper(cell->helper, value, registers);
        return;
    }
    if (cell->signature != NULL) {
        encode_signature(cell->signature, registers);
        return;
    }
    if (cell->point->row->kind == QUANTITY_TEXT) {
        encode_name(image, cell, registers);
        return;
    }
    double value = image_value(image, view->role, view->world, cell);
    if (cell->point->row->kind == QUANTITY_COUNTER) {
        value = glitched(value, view->glitch);
    }
    encode_value(cell->point, cell->scale, value, registers);
}

/* Puts the part of the cell that lies in the window where it belongs. Flags of one register share it. */
static void place_cell(const struct cell *cell, const uint16_t *encoded,
                       const struct register_span *span, uint16_t *registers)
{
    for (uint16_t i = 0; i < cell->registers; i++) {
        int32_t at = (int32_t)cell->address + i - (int32_t)span->address;
        if (at < 0 || at >= span->count) {
            continue;
        }
        bool is_shared = cell->point != NULL && cell->point->type == REGISTER_BITS;
        registers[at] = is_shared ? (uint16_t)(registers[at] | encoded[i]) : encoded[i];
    }
}

static bool is_refused(const struct profile *profile, uint8_t function, uint32_t first,
                       uint32_t last)
{
    const struct profile_barrier *barriers = profile->barriers.items;
    for (size_t i = 0; i < profile->barriers.count; i++) {
        int64_t from = barriers[i].first - profile->address_base;
        int64_t to = barriers[i].last - profile->address_base;
        if (barriers[i].function == function && first <= to && last >= from) {
            return true;
        }
    }
    return false;
}

/* The first cell that may reach into addresses from `address` on: long ones are strings of 125 registers at most. */
static size_t first_cell(const struct image *image, uint8_t function, uint32_t address)
{
    const struct cell *cells = image->cells[function];
    uint32_t reach = address > ENCODE_REGISTERS_MAX ? address - ENCODE_REGISTERS_MAX : 0;
    size_t low = 0;
    size_t high = image->counts[function];
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (cells[middle].address < reach) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* Whether every address of first..last is within max_hole of something known. */
static bool is_known(const struct image *image, uint8_t function, uint32_t first, uint32_t last)
{
    uint32_t hole = (uint32_t)image->profile->link.max_hole;
    uint32_t from = first > hole ? first - hole : 0;
    uint32_t next = first; /* the first address not yet found to be known */
    for (size_t i = first_cell(image, function, from); i < image->counts[function]; i++) {
        const struct cell *cell = &image->cells[function][i];
        uint32_t low = cell->address > hole ? cell->address - hole : 0;
        uint32_t high = (uint32_t)cell->address + cell->registers + hole; /* not included */
        if (low > next) {
            break;
        }
        next = high > next ? high : next;
    }
    return next > last;
}

/* Some devices tell their model only to who asks for nothing else; in a block its register is another's. */
static bool is_hidden(const struct cell *cell, const struct register_span *span)
{
    return cell->signature != NULL &&
           (cell->address != span->address || cell->registers != span->count);
}

int image_check(const struct image *image, const struct register_span *span)
{
    uint32_t last = (uint32_t)span->address + span->count - 1;
    bool is_readable = last <= UINT16_MAX && is_known(image, span->function, span->address, last) &&
                       !is_refused(image->profile, span->function, span->address, last);
    return is_readable ? 0 : EXCEPTION_ADDRESS;
}

int image_read(const struct image_view *view, const struct register_span *span, uint16_t *registers,
               bool *has_counter)
{
    const struct image *image = view->image;
    uint8_t function = span->function;
    uint32_t last = (uint32_t)span->address + span->count - 1;
    *has_counter = false;
    int refused = image_check(image, span);
    if (refused != 0) {
        return refused;
    }
    memset(registers, 0, span->count * sizeof(*registers));
    for (size_t i = first_cell(image, function, span->address); i < image->counts[function]; i++) {
        const struct cell *cell = &image->cells[function][i];
        if (cell->address > last) {
            break;
        }
        if ((uint32_t)cell->address + cell->registers <= span->address || is_hidden(cell, span)) {
            continue;
        }
        uint16_t encoded[ENCODE_REGISTERS_MAX] = {0};
        encode_cell(view, cell, encoded);
        place_cell(cell, encoded, span, registers);
        *has_counter |= cell->point != NULL && cell->point->row->kind == QUANTITY_COUNTER;
    }
    return 0;
}
