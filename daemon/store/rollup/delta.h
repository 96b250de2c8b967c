/* SPDX-License-Identifier: Apache-2.0 */
/* delta: what came of one device for one minute since it was last written down, as bytes that stand one behind the other.
 * Deltas of a minute are merged in the order they were written. Pure.
 *
 *     delta := series minute length cell*
 *     cell  := points-left-out good bad [worst] [ms last below above sum-rest] */
#ifndef LINGTAN_STORE_DELTA_H
#define LINGTAN_STORE_DELTA_H

#include "store/journal/bytes.h"
#include "store/rollup/cell.h"

/* Appends the cells that are not empty, one a point of the device. */
void delta_put(struct bytes *out, uint64_t series, int64_t minute, const struct device *device,
               const struct cell *cells);

struct delta {
    uint64_t series;
    int64_t minute; /* since 1970 */
    struct span cells;
};

/* False at the end and at a fault, which span->is_bad tells apart. */
bool delta_next(struct span *span, struct delta *out);

/* Walks the cells of a delta; *next is where the points go on, 0 at the beginning. False at the end and at a fault. */
bool delta_next_cell(struct delta *delta, const struct device *device, size_t *next, size_t *point,
                     struct cell *cell);

#endif
