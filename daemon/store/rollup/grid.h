/* SPDX-License-Identifier: Apache-2.0 */
/* grid: the cells of one device over an hour of minutes or a day of hours, and the bytes they are kept in. Pure; what
 * comes out equals what went in.
 *
 *     block := version slots points heads head-bytes section-bytes{points} head{heads} section{points}
 *     head  := which slots there are; columns of good, bad, worst, last_ms: of all points polled together
 *     section := head exponent columns of the values
 *
 * A point's section is found and read without the others'. Of a gauge the sum is written as what remains of it after a guess
 * of the mean, the rest as distances from the mean. */
#ifndef LINGTAN_STORE_GRID_H
#define LINGTAN_STORE_GRID_H

#include "store/journal/bytes.h"
#include "store/rollup/cell.h"

enum {
    GRID_VERSION = 1,
    GRID_MINUTES = 60,
    GRID_HOURS = 24,
    /* Slot of a minutes' block: what is known of its hour, but no more by minutes. */
    GRID_CARRIED = 60,
    GRID_SLOTS_MAX = 61,
    GRID_POINTS_MAX = 4096,
};

struct grid {
    size_t slots;
    size_t points;
    uint8_t *exponents; /* by point: cell_scale.exponent */
    struct cell *cells; /* [point * slots + slot] */
};

void grid_init(struct grid *grid, size_t slots, size_t points);
void grid_clear(struct grid *grid); /* keeps the memory; the exponents are left */
void grid_finish(struct grid *grid);

/* Appends. */
void grid_encode(const struct grid *grid, const struct point *points, struct bytes *out);

/* Into a grid of that many slots and points. -EBADMSG: the bytes are no such block. */
int grid_decode(const void *data, size_t length, const struct point *points,
                struct grid *out) MUST_USE;

/* One point alone: cells has room for `slots`, all of which are set. */
int grid_decode_point(const void *data, size_t length, const struct point *points, size_t point,
                      size_t slots, struct cell *cells, uint8_t *exponent) MUST_USE;

#endif
