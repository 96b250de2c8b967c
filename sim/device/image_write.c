/* SPDX-License-Identifier: Apache-2.0 */
/* image, writing: a request is judged as a whole before anything of it takes effect. */
#include "sim/device/image.h"

#include <math.h>
#include <string.h>

/* The writable cell that begins at the address, NULL when there is none. */
static struct cell *writable_at(const struct image *image, uint8_t function, uint32_t address)
{
    for (size_t i = 0; i < image->counts[function]; i++) {
        struct cell *cell = &image->cells[function][i];
        bool is_point = cell->point != NULL && write_is_given(&cell->point->write);
        if (cell->address == address && (is_point || cell->is_set)) {
            return cell;
        }
    }
    return NULL;
}

/* The cell by which a point is read. */
static struct cell *shown_cell(const struct image *image, const struct profile_point *point)
{
    for (size_t i = 0; point != NULL && i < image->counts[point->function]; i++) {
        if (image->cells[point->function][i].point == point) {
            return &image->cells[point->function][i];
        }
    }
    return NULL;
}

/* A write as the point that it would be if it could be read. */
static double decode_set(const struct cell *cell, const struct encode_scale *shown_scale,
                         const uint16_t *registers)
{
    const struct profile_write *write = cell->write;
    const struct profile_point point = {
        .function = write_is_coil(write) ? 1 : 3,
        .type = write->register_type,
        .word_order = write->register_words,
        .byte_order = write->register_bytes,
        .registers = write->registers,
        .row = write->row,
    };
    struct encode_scale scale = {.factor = write->unit_scale, .offset = write->unit_offset};
    return decode_value(&point, isnan(write->scale) ? *shown_scale : scale, registers);
}

static double value_of(const struct image *image, const struct cell *cell,
                       const uint16_t *registers)
{
    if (!cell->is_set) {
        return decode_value(cell->point, cell->scale, registers);
    }
    const struct cell *shown = shown_cell(image, cell->shown);
    const struct encode_scale plain = {.factor = 1};
    return cell->write != NULL ? decode_set(cell, shown != NULL ? &shown->scale : &plain, registers)
                               : 0;
}

/* The write says more than the plausible range: a device pauses at 0, or takes 255 for "no limit". */
static bool is_within(const struct profile_write *write, double value)
{
    const double slack = 1e-6;
    return (value >= write->lowest - slack && value <= write->highest + slack) ||
           value == write->pause || value == write->release_value;
}

static bool is_allowed(const struct cell *cell, double value)
{
    const struct profile_write *write = cell->is_set ? cell->write : &cell->point->write;
    if (write == NULL) {
        return true; /* a switch: it takes anything */
    }
    if (write->registers > 0) {
        return is_within(write, value);
    }
    return !isnan(value) && !(value < cell->point->min) && !(value > cell->point->max);
}

static void keep(struct cell *cell, double value)
{
    if (cell != NULL) {
        cell->is_stored = true;
        cell->stored = value;
    }
}

static void apply(struct image *image, const struct role *role, struct world *world,
                  struct cell *cell, double value, const uint16_t *registers)
{
    if (!cell->is_set) {
        if (!role_write(world, role, cell->quantity, value)) {
            keep(cell, value);
        }
        return;
    }
    memcpy(cell->raw, registers, cell->registers * sizeof(*registers));
    if (cell->write == NULL) {
        return;
    }
    enum quantity_id quantity = (enum quantity_id)(cell->write->row - quantity_get(0));
    if (!role_write(world, role, quantity, value)) {
        keep(shown_cell(image, cell->shown), value);
    }
}

/* Walks over whole writable cells; applies them when is_real. */
static int walk(struct image *image, const struct role *role, struct world *world,
                const struct register_span *span, const uint16_t *registers, bool is_real)
{
    uint32_t done = 0;
    while (done < span->count) {
        struct cell *cell = writable_at(image, span->function, (uint32_t)span->address + done);
        if (cell == NULL || cell->registers > span->count - done) {
            return EXCEPTION_ADDRESS;
        }
        double value = value_of(image, cell, registers + done);
        if (!is_allowed(cell, value)) {
            return EXCEPTION_VALUE;
        }
        if (is_real) {
            apply(image, role, world, cell, value, registers + done);
        }
        done += cell->registers;
    }
    return 0;
}

int image_write(struct image *image, const struct role *role, struct world *world,
                const struct register_span *span, const uint16_t *registers)
{
    int refused = walk(image, role, world, span, registers, false);
    if (refused == 0) {
        refused = walk(image, role, world, span, registers, true);
    }
    return refused;
}
