/* SPDX-License-Identifier: Apache-2.0 */
/* day: one file of the journal, usually a UTC day: blocks of batches by position and by time, and the layouts that
 * explain them. The writing half; readers use day_source.h. One thread at a time. */
#ifndef LINGTAN_STORE_DAY_H
#define LINGTAN_STORE_DAY_H

#include "store/disk/sql.h"
#include "store/journal/block.h"

enum {
    DAY_VERSION = 2, /* user_version of a file. Version 1 has no clocks */
    DAY_APPLICATION = 0x4c54434a,
};

struct day;

/* What a file holds. */
struct day_extent {
    uint64_t first_position; /* no batch before this one; fixed when the file was made */
    uint64_t last_position;  /* of the last batch; first_position - 1 when there is none */
    uint64_t max_seq;        /* the highest of this file and all before it */
    int64_t number;          /* days since 1970 when it was begun */
    int64_t first_us;        /* of all readings; 0 when there are none */
    int64_t last_us;
};

/* Makes a file whose first batch will be at first_position. max_seq: the highest so far. */
int day_create(const char *path, int64_t number, uint64_t first_position, uint64_t max_seq,
               struct day **out) MUST_USE;

/* -ENODATA: the file died before its tables were made; it holds nothing. -EUCLEAN: corrupt.
 * -EPROTONOSUPPORT: of a later version, left as it is. */
int day_open(const char *path, struct day **out) MUST_USE;

/* Flushes the WAL into the file and notes the extent, so that later starts need not look for it. NULL-safe. */
void day_close(struct day *day);

/* Without touching the file any more: it is corrupt, or its disk is. */
void day_abandon(struct day *day);

/* Reads a file's extent without keeping it open; errors as day_open. */
int day_measure(const char *path, struct day_extent *out) MUST_USE;

const struct day_extent *day_extent(const struct day *day);

/* Commits the batches, which must be in order of position, in one transaction. Batches at or below the last position
 * and batches that make no sense are left out and counted in *refused. On failure the file is as before. */
int day_commit(struct day *day, struct batch *const *batches, size_t count,
               uint64_t *refused) MUST_USE;

#endif
