/* SPDX-License-Identifier: Apache-2.0 */
/* cell: what is kept of one point over one minute or hour. Pure, exact, and the same in whatever parts it is put together:
 * every value is first brought to a whole number of steps, so that lowest, highest and sum are integers.
 *
 * The mean is the sum of the good values over their number, as the aggregate Average of OPC 10000-13 (5.4.3.5) has it, not
 * weighted by time: polls stand on an even grid, so both agree wherever nothing is missing, and this one needs no value
 * of another minute. That is what lets a late reading mend a minute by itself. */
#ifndef LINGTAN_STORE_CELL_H
#define LINGTAN_STORE_CELL_H

#include <lingtan/reading.h>

/* A gauge has all of it; a state no sum; a counter only last; a text no numbers at all, just how many were read: what it
 * says stands in the journal. All-zero is empty. */
struct cell {
    int64_t min; /* in steps, as max, sum and last */
    int64_t max;
    int64_t sum;
    int64_t last;     /* of the latest time; of equal times the one that was journaled later */
    uint32_t good;    /* readings whose quality is ok or estimated */
    uint32_t bad;     /* the others */
    uint32_t last_ms; /* when last was read, from the beginning of the minute or hour */
    uint8_t worst;    /* enum quality, of all of them */
};

enum {
    CELL_EXPONENT_OF_POINT = 0xff, /* a step is the point's resolution */
    CELL_EXPONENT_MAX = 12,
};

/* How values of a point are counted. */
struct cell_scale {
    double step; /* in the quantity's unit, > 0 */
    double offset;
    uint8_t kind;     /* enum quantity_kind */
    uint8_t exponent; /* step = 10^-exponent, or CELL_EXPONENT_OF_POINT */
};

/* Integers and counters keep their own resolution. A float is kept to a fiftieth of its quantity's dead band at least,
 * rounded down to a power of ten: 0.01 V, 0.001 kW. */
struct cell_scale cell_scale_of(const struct point *point);

/* The same with the exponent that a block was written with. */
struct cell_scale cell_scale_written(const struct point *point, uint8_t exponent);

double cell_value(const struct cell_scale *scale, int64_t steps);
double cell_mean(const struct cell_scale *scale, const struct cell *cell); /* good > 0 */

/* ms: of the reading, from the beginning of the minute. */
void cell_add(struct cell *cell, const struct cell_scale *scale, const struct point *point,
              const struct reading *reading, uint32_t ms);

/* `later` was journaled later. shift_ms: where its minute begins in the hour of `cell`; 0 for equal spans. */
void cell_merge(struct cell *cell, const struct cell *later, uint32_t shift_ms);

/* From one step to another. */
void cell_rescale(struct cell *cell, const struct cell_scale *from, const struct cell_scale *to);

bool cell_is_empty(const struct cell *cell);

#endif
