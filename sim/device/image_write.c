/* SPDX-License-Identifier: Apache-2.0 */
/* image, writing: a request is judged as a whole before anything of it takes effect. */
#include "sim/device/image.h"

#include <math.h>

/* The writable cell that begins at the address, NULL when there is none. */
static struct cell *writable_at(const struct image *image, uint8_t function, uint32_t address)
{
    for (size_t i = 0; i < image->counts[function]; i++) {
        struct cell *cell = &image->cells[function][i];
        if (cell->address == address && cell->point != NULL && write_is_given(&cell->point->write)) {
            return cell;
        }
    }
    return NULL;
}

static bool is_allowed(const struct cell *cell, double value)
{
    const struct profile_point *point = cell->point;
    return !isnan(value) && !(value < point->min) && !(value > point->max);
}

/* Walks over whole writable points; applies them when is_real. */
static int walk(struct image *image, const struct role *role, struct world *world,
                const struct register_span *span, const uint16_t *registers, bool is_real)
{
    uint32_t done = 0;
    while (done < span->count) {
        struct cell *cell = writable_at(image, span->function, (uint32_t)span->address + done);
        if (cell == NULL || cell->registers > span->count - done) {
            return EXCEPTION_ADDRESS;
        }
        double value = decode_value(cell->point, cell->scale, registers + done);
        if (!is_allowed(cell, value)) {
            return EXCEPTION_VALUE;
        }
        if (is_real && !role_write(world, role, cell->quantity, value)) {
            cell->is_stored = true;
            cell->stored = value;
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
