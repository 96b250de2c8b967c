/* SPDX-License-Identifier: Apache-2.0 */
/* hot: what has come since the last writing: a row of cells a device for the minute that it is in, and the deltas of the
 * minutes before. A value costs a lookup in the row and a few additions; a reading of any other minute, late or early,
 * just ends the row and begins another one, since deltas add up. One thread at a time. */
#ifndef LINGTAN_STORE_HOT_H
#define LINGTAN_STORE_HOT_H

#include "store/rollup/delta.h"

enum { HOT_CHUNK = 64 }; /* devices whose deltas stand together */

/* A device with its points: another one begins when the points change. */
struct hot_series {
    const struct device *device;
    const struct cell_scale *scales; /* by point; shared by equal devices */
    struct cell *cells;              /* by point; NULL until the first reading */
    int64_t start_us;                /* of the minute of the row */
    bool is_open;                    /* the row has something */
    bool is_stored;                  /* the file knows the series */
};

struct hot_chunk {
    struct bytes deltas;
};

/* All-zero is empty. */
struct hot {
    struct hot_series *series; /* number n stands at n - 1 */
    size_t series_count;
    struct hot_chunk *chunks; /* of series [i * HOT_CHUNK + 1, (i + 1) * HOT_CHUNK] */
    size_t chunk_count;
    size_t bytes; /* of all deltas */
    struct hot_scales *scales;
    size_t scales_count;
    struct hot_place *places; /* by the device's address */
    size_t place_count;
    size_t place_capacity;
    uint32_t *by_id; /* number of a series, by the hash of its device's id */
    size_t id_capacity;
};

void hot_finish(struct hot *hot);

/* The number of the series of such a device, 1 up; made when there is none. */
uint64_t hot_number(struct hot *hot, const struct device *device);

/* Adds all readings; those with impossible times are left out. False: a reading names no point, nothing was added. */
bool hot_add(struct hot *hot, const struct batch *batch);

/* Ends all rows: everything stands in the deltas then. */
void hot_close(struct hot *hot);

/* Forgets all rows and deltas, not the series. */
void hot_drop(struct hot *hot);

static inline size_t hot_chunk_of(uint64_t series)
{
    return (size_t)(series - 1) / HOT_CHUNK;
}

#endif
