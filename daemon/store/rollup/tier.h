/* SPDX-License-Identifier: Apache-2.0 */
/* tier: one file of minutes (a UTC month) or of hours (a UTC year): blocks of a device and an hour, or a day, and the layouts
 * that explain them. SQLite, like the journal's days. A connection belongs to one thread at a time.
 *
 * Minutes: what of the tail a file has is written with its blocks (`applied`), and which hours are still to be worked out
 * from them (`stale`): so nothing is added twice, or forgotten, wherever it was killed. */
#ifndef LINGTAN_STORE_TIER_H
#define LINGTAN_STORE_TIER_H

#include "store/disk/sql.h"
#include "store/journal/layout.h"
#include "store/rollup/grid.h"

enum tier_kind { TIER_MINUTES, TIER_HOURS };

enum {
    TIER_VERSION = 1,
    TIER_APPLICATION = 0x4c545255, /* "LTRU" */
    TIER_NAME_SIZE = 32,
};

/* How the two differ. */
struct tier_shape {
    const char *prefix;  /* of file names: "minutes-2026-11.db", "hours-2026.db" */
    size_t slots;        /* of a block */
    int64_t block_hours; /* time that a block spans */
    int64_t slot_us;     /* and one slot of it */
};
const struct tier_shape *tier_shape(enum tier_kind kind);

struct tier {
    enum tier_kind kind;
    char *path;
    sqlite3 *db;
    sqlite3_stmt *get;
    sqlite3_stmt *put;
    bool is_writing; /* within a transaction */
};

/* The name of the file that has the hour (since 1970). */
void tier_name(enum tier_kind kind, int64_t hour, char name[TIER_NAME_SIZE]);
/* The hours [first, end) of the file of that name; false: it is none of the kind's. */
bool tier_hours(enum tier_kind kind, const char *name, int64_t *first, int64_t *end);

/* For writing; made when absent. -EUCLEAN: corrupt. -EPROTONOSUPPORT: of a later version, left as it is. */
int tier_open(enum tier_kind kind, const char *path, struct tier **out) MUST_USE;
/* For reading: -ENOENT when there is none; others likewise. */
int tier_open_read(enum tier_kind kind, const char *path, struct tier **out) MUST_USE;
void tier_close(struct tier *tier); /* NULL-safe; rolls back what was not committed */

int tier_begin(struct tier *tier) MUST_USE; /* unless within one */
int tier_commit(struct tier *tier) MUST_USE;

/* The layout's number here, made when there is none. */
int tier_place(struct tier *tier, const struct device *device, uint64_t *layout) MUST_USE;

/* The layouts of a device here, the caller's with tier_layouts_free. */
struct tier_layout {
    uint64_t id;
    struct layout *layout;
};
int tier_layouts(struct tier *tier, const char *device, struct tier_layout **out,
                 size_t *count) MUST_USE;
void tier_layouts_free(struct tier_layout *layouts, size_t count);
int tier_layout(struct tier *tier, uint64_t id, struct layout **out) MUST_USE;

/* The block of a layout and number (hour or day since 1970). 1: the bytes are borrowed until the next call; 0: none;
 * -EBADMSG: damaged. */
int tier_get(struct tier *tier, uint64_t layout, int64_t block, const void **data,
             size_t *length) MUST_USE;
int tier_put(struct tier *tier, uint64_t layout, int64_t block, const struct bytes *data) MUST_USE;

/* Minutes: up to which serial of the tail of that epoch the chunk is in here. */
int tier_applied(struct tier *tier, uint64_t epoch, uint64_t chunk, uint64_t *serial) MUST_USE;
int tier_set_applied(struct tier *tier, uint64_t epoch, uint64_t chunk, uint64_t serial) MUST_USE;

/* Minutes: blocks whose hours are to be worked out. Up to max of them, lowest first. */
struct tier_stale {
    uint64_t layout;
    int64_t hour;
};
int tier_stale(struct tier *tier, struct tier_stale *out, size_t max, size_t *count) MUST_USE;
/* The hours of one layout among them; the caller frees. */
int tier_stale_hours(struct tier *tier, uint64_t layout, int64_t **out, size_t *count) MUST_USE;
int tier_settle(struct tier *tier, const struct tier_stale *stale) MUST_USE;

/* A number beside the blocks: 0 when there is none. */
int tier_number(struct tier *tier, const char *name, uint64_t *number) MUST_USE;
int tier_set_number(struct tier *tier, const char *name, uint64_t number) MUST_USE;

#endif
