/* SPDX-License-Identifier: Apache-2.0 */
/* gather: the cells of one point over a range of minutes or hours, from wherever they stand: memory, tail, files. Looked
 * through in the order in which the roll-ups move on, so that nothing is missed or counted twice while they do. */
#ifndef LINGTAN_STORE_GATHER_H
#define LINGTAN_STORE_GATHER_H

#include "store/rollup/rollup_internal.h"

/* Of memory or the tail: what is not in a file yet. */
struct piece {
    int64_t minute;
    struct cell cell;
    struct cell_scale scale;
    uint64_t chunk;
    uint64_t serial; /* of the tail, or UINT64_MAX */
};

struct gather {
    struct rollups *rollups;
    const char *device;
    const char *point;
    enum tier_kind kind;
    int64_t first; /* minute or hour since 1970 of cells[0] */
    size_t count;
    struct cell *cells; /* gather_finish frees */
    struct cell_scale scale;
    const struct quantity *quantity; /* NULL: nothing was found */
    struct piece *pieces;
    size_t piece_count;
    uint64_t epoch;      /* of the tail they are from */
    bool *is_worked_out; /* hours: from minutes, so the file's may be older */
};

/* Fills cells of [first, first + count). 0 or what keeps a file from being read. */
int gather_cells(struct gather *gather) MUST_USE;
void gather_finish(struct gather *gather);

#endif
