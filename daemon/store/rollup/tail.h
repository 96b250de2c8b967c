/* SPDX-License-Identifier: Apache-2.0 */
/* tail: the deltas that are not in the minutes' files yet, with the position up to which batches are in them: one file,
 * one transaction, so that both are always of one moment. SQLite. A connection belongs to one thread at a time. */
#ifndef LINGTAN_STORE_TAIL_H
#define LINGTAN_STORE_TAIL_H

#include "store/disk/sql.h"
#include "store/rollup/hot.h"

enum {
    TAIL_VERSION = 1,
    TAIL_APPLICATION = 0x4c545254, /* "LTRT" */
};

struct tail {
    sqlite3 *db;
    uint64_t epoch;    /* names this file: another one begins serials anew */
    uint64_t serial;   /* of the last writing; 0 = none */
    uint64_t position; /* batches up to there are in it, or in the minutes' files */
    int64_t bytes;     /* of its rows */
};

/* epoch and position: of a new file. -EUCLEAN, -EPROTONOSUPPORT: as tier_open. */
int tail_open(const char *path, uint64_t epoch, uint64_t position, struct tail **out) MUST_USE;
int tail_open_read(const char *path, struct tail **out) MUST_USE; /* -ENOENT: none */
void tail_close(struct tail *tail);                               /* NULL-safe */

/* The series it has, into an empty hot: their numbers are the same. */
int tail_load(struct tail *tail, struct hot *hot) MUST_USE;

struct tail_series {
    uint64_t number;
    const struct device *device; /* a reference is held */
};
void tail_series_free(struct tail_series *series, size_t count);

/* What one writing has. */
struct tail_news {
    struct hot_chunk *chunks;
    size_t chunk_count;
    struct tail_series *series; /* that the file does not know */
    size_t series_count;
    uint64_t position; /* batches up to there are in it */
};
void tail_news_finish(struct tail_news *news);

/* In one transaction; on failure nothing has changed. */
int tail_write(struct tail *tail, const struct tail_news *news) MUST_USE;

/* The chunks that have rows; the caller frees. */
int tail_chunks(struct tail *tail, uint64_t **chunks, size_t *count) MUST_USE;

/* The deltas of a chunk, oldest first. The bytes live as long as the statement: fn may not change the tail. */
typedef int (*tail_row_fn)(void *context, uint64_t serial, struct span deltas);
int tail_walk(struct tail *tail, uint64_t chunk, tail_row_fn fn, void *context) MUST_USE;

/* Forgets what of a chunk is in the minutes' files. */
int tail_remove(struct tail *tail, uint64_t chunk, uint64_t serial) MUST_USE;

/* The series of a device: the caller's, with tail_series_free. */
int tail_find(struct tail *tail, const char *device, struct tail_series **out,
              size_t *count) MUST_USE;

#endif
