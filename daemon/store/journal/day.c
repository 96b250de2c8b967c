/* SPDX-License-Identifier: Apache-2.0 */
/* day: the writer of one journal file.
 *
 * A commit is one row, or a few when it is large: an index entry and some pages of WAL, whatever the number of devices.
 * The running maximum of the sequence numbers stands in every row, so the last row of the newest file tells it. */
#include "store/journal/day.h"

#include <stdlib.h>

#include "base/mem.h"
#include "store/disk/disk.h"
#include "store/journal/layout_map.h"
#include "store/journal/pack.h"
#include <lingtan/clock.h>

enum {
    CACHE_KIB = 256,
    READ_CACHE_KIB = 64,
    BLOCK_BATCHES_MAX = 4096,
    BLOCK_BYTES_MAX = 1 << 20,
    BLOCK_KEEP_BYTES = 256 << 10, /* buffers beyond this are given back after a commit */
};

struct day {
    sqlite3 *db;
    sqlite3_stmt *put_block;
    sqlite3_stmt *put_layout;
    sqlite3_stmt *find_layout;
    struct batch_clock clock; /* of the blocks being written */
    int64_t clock_id;         /* its row; 0 = none yet */
    struct day_extent extent;
    struct layout_map layouts;
    struct block block;
    struct bytes packed;
};

/* first_us, last_us: of all readings. payload: of pack_put; sum: its bytes_checksum. hash: bytes_checksum of body. */
static const char schema[] =
    "CREATE TABLE meta(name TEXT PRIMARY KEY, number INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE layout(id INTEGER PRIMARY KEY, device TEXT NOT NULL, hash INTEGER NOT NULL,"
    " body BLOB NOT NULL);"
    "CREATE INDEX layout_hash ON layout(hash);"
    "CREATE INDEX layout_device ON layout(device);"
    "CREATE TABLE block(first_position INTEGER PRIMARY KEY, last_position INTEGER NOT NULL,"
    " first_us INTEGER NOT NULL, last_us INTEGER NOT NULL, max_seq INTEGER NOT NULL,"
    " sum INTEGER NOT NULL, payload BLOB NOT NULL);"
    "CREATE INDEX block_time ON block(first_us, last_us);"
    "PRAGMA application_id=0x4c54434a;";

/* What version 2 has beyond version 1: the clock that the times of a block hang on. */
static const char clock_schema[] =
    "CREATE TABLE clock(id INTEGER PRIMARY KEY, boot INTEGER NOT NULL, offset_us INTEGER NOT NULL,"
    " is_untrusted INTEGER NOT NULL);"
    "ALTER TABLE block ADD COLUMN clock INTEGER;"
    "PRAGMA user_version=2;";

static int put_meta(sqlite3 *db, const char *name, uint64_t number)
{
    sqlite3_stmt *put = NULL;
    int error = sql_prepare(db, "INSERT OR REPLACE INTO meta VALUES(?1, ?2)", &put);
    if (error == 0) {
        sqlite3_bind_text(put, 1, name, -1, SQLITE_STATIC);
        sqlite3_bind_int64(put, 2, (sqlite3_int64)number);
        error = sql_finish_step(put);
    }
    sqlite3_finalize(put);
    return error;
}

static int roll_back(sqlite3 *db, int error)
{
    if (!sqlite3_get_autocommit(db)) {
        const int ignored = sql_run(db, "ROLLBACK");
        (void)ignored;
    }
    return error;
}

static int make_tables(sqlite3 *db, int64_t number, uint64_t first_position, uint64_t max_seq)
{
    int error = sql_run(db, "BEGIN IMMEDIATE");
    if (error == 0) {
        error = sql_run(db, schema);
    }
    if (error == 0) {
        error = sql_run(db, clock_schema);
    }
    if (error == 0) {
        error = put_meta(db, "first_position", first_position);
    }
    if (error == 0) {
        error = put_meta(db, "max_seq", max_seq);
    }
    if (error == 0) {
        error = put_meta(db, "number", (uint64_t)number);
    }
    if (error == 0) {
        error = sql_run(db, "COMMIT");
    }
    return error < 0 ? roll_back(db, error) : 0;
}

static int get(sqlite3 *db, const char *query, int64_t *value)
{
    bool found = false;
    return sql_get_int(db, query, value, &found);
}

/* Its columns alone: a damaged payload is one block that readers skip, not a damaged file. */
static int read_last_row(sqlite3 *db, struct day_extent *extent)
{
    sqlite3_stmt *last = NULL;
    int error = sql_prepare(db,
                            "SELECT last_position, max_seq FROM block"
                            " ORDER BY first_position DESC LIMIT 1",
                            &last);
    if (error == 0) {
        error = sql_step(last);
    }
    if (error == 1) {
        extent->last_position = (uint64_t)sqlite3_column_int64(last, 0);
        extent->max_seq = (uint64_t)sqlite3_column_int64(last, 1);
        error = 0;
    }
    sqlite3_finalize(last);
    return error;
}

static int read_meta(sqlite3 *db, struct day_extent *extent)
{
    int64_t first = 0;
    int64_t max_seq = 0;
    bool found = false;
    int error =
        sql_get_int(db, "SELECT number FROM meta WHERE name='first_position'", &first, &found);
    if (error == 0) {
        error =
            found ? get(db, "SELECT number FROM meta WHERE name='max_seq'", &max_seq) : -EUCLEAN;
    }
    if (error == 0) {
        error = get(db, "SELECT number FROM meta WHERE name='number'", &extent->number);
    }
    if (error == 0) {
        extent->first_position = (uint64_t)first;
        extent->last_position = (uint64_t)first - 1;
        extent->max_seq = (uint64_t)max_seq;
    }
    return error;
}

/* Noted at close; else found by walking the time index, which is small beside the blocks. */
static int read_times(sqlite3 *db, struct day_extent *extent)
{
    int64_t closed_at = 0;
    int error = get(db, "SELECT number FROM meta WHERE name='closed_at'", &closed_at);
    if (error == 0) {
        error = get(db, "SELECT min(first_us) FROM block", &extent->first_us);
    }
    if (error == 0 && (uint64_t)closed_at == extent->last_position) {
        return get(db, "SELECT number FROM meta WHERE name='last_us'", &extent->last_us);
    }
    return error < 0
               ? error
               : get(db, "SELECT max(last_us) FROM block INDEXED BY block_time", &extent->last_us);
}

static int read_extent(sqlite3 *db, struct day_extent *extent)
{
    *extent = (struct day_extent){0};
    int64_t version = 0;
    int error = sql_get_version(db, DAY_APPLICATION, DAY_VERSION, &version);
    if (error == 0) {
        error = read_meta(db, extent);
    }
    if (error == 0) {
        error = read_last_row(db, extent);
    }
    return error < 0 ? error : read_times(db, extent);
}

static int prepare_statements(struct day *day)
{
    int error = sql_prepare(day->db, "INSERT INTO block VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                            &day->put_block);
    if (error == 0) {
        error = sql_prepare(day->db, "INSERT INTO layout(device, hash, body) VALUES(?1, ?2, ?3)",
                            &day->put_layout);
    }
    if (error == 0) {
        error = sql_prepare(day->db, "SELECT id FROM layout WHERE hash=?1 AND body=?2",
                            &day->find_layout);
    }
    return error;
}

static int take_database(sqlite3 *db, struct day **out)
{
    struct day *day = mem_alloc(sizeof(*day));
    day->db = db;
    int error = read_extent(db, &day->extent);
    if (error == 0) {
        error = prepare_statements(day);
    }
    if (error < 0) {
        day_abandon(day);
        return error;
    }
    *out = day;
    return 0;
}

int day_create(const char *path, int64_t number, uint64_t first_position, uint64_t max_seq,
               struct day **out)
{
    sqlite3 *db = NULL;
    int error = sql_open(path, SQL_CREATE, CACHE_KIB, &db);
    if (error < 0) {
        return error;
    }
    error = make_tables(db, number, first_position, max_seq);
    if (error < 0) {
        sql_close(db);
        return error;
    }
    return take_database(db, out);
}

/* A file of today that an earlier version began. */
static int upgrade(sqlite3 *db)
{
    int64_t version = 0;
    int error = sql_get_version(db, DAY_APPLICATION, DAY_VERSION, &version);
    if (error < 0 || version == DAY_VERSION) {
        return error;
    }
    error = sql_run(db, "BEGIN IMMEDIATE");
    if (error == 0) {
        error = sql_run(db, clock_schema);
    }
    if (error == 0) {
        error = sql_run(db, "COMMIT");
    }
    return error < 0 ? roll_back(db, error) : 0;
}

int day_open(const char *path, struct day **out)
{
    sqlite3 *db = NULL;
    int error = sql_open(path, SQL_WRITE, CACHE_KIB, &db);
    if (error == 0) {
        error = upgrade(db);
    }
    if (error < 0) {
        sql_close(db);
        return error;
    }
    return take_database(db, out);
}

int day_measure(const char *path, struct day_extent *out)
{
    sqlite3 *db = NULL;
    struct day_extent extent;
    int error = sql_open(path, SQL_READ, READ_CACHE_KIB, &db);
    if (error < 0) {
        return error;
    }
    error = read_extent(db, &extent);
    sql_close(db);
    if (error == 0) {
        *out = extent;
    }
    return error;
}

void day_abandon(struct day *day)
{
    if (day == NULL) {
        return;
    }
    sqlite3_finalize(day->put_block);
    sqlite3_finalize(day->put_layout);
    sqlite3_finalize(day->find_layout);
    sql_close(day->db);
    layout_map_finish(&day->layouts);
    block_finish(&day->block);
    bytes_finish(&day->packed);
    free(day);
}

/* All of it only spares the next start some work, so no failure matters. */
void day_close(struct day *day)
{
    if (day == NULL) {
        return;
    }
    int error = put_meta(day->db, "last_us", (uint64_t)day->extent.last_us);
    if (error == 0) {
        error = put_meta(day->db, "closed_at", day->extent.last_position);
    }
    if (error == 0) {
        error = sql_run(day->db, "PRAGMA wal_checkpoint(TRUNCATE)");
    }
    (void)error;
    day_abandon(day);
}

const struct day_extent *day_extent(const struct day *day)
{
    return &day->extent;
}

static int find_layout(struct day *day, uint64_t hash, const struct bytes *body, uint64_t *id)
{
    sqlite3_bind_int64(day->find_layout, 1, (sqlite3_int64)hash);
    sqlite3_bind_blob(day->find_layout, 2, body->data, (int)body->length, SQLITE_STATIC);
    const int found = sql_step(day->find_layout);
    if (found == 1) {
        *id = (uint64_t)sqlite3_column_int64(day->find_layout, 0);
    }
    sql_reset(day->find_layout);
    return found;
}

static int insert_layout(struct day *day, uint64_t hash, const struct layout *layout,
                         const struct bytes *body, uint64_t *id)
{
    sqlite3_bind_text(day->put_layout, 1, layout->device->id, -1, SQLITE_STATIC);
    sqlite3_bind_int64(day->put_layout, 2, (sqlite3_int64)hash);
    sqlite3_bind_blob(day->put_layout, 3, body->data, (int)body->length, SQLITE_STATIC);
    const int error = sql_finish_step(day->put_layout);
    *id = (uint64_t)sqlite3_last_insert_rowid(day->db);
    return error;
}

/* The place of the device's layout, in the map, else in the file, else made. */
static int place_layout(struct day *day, const struct device *device,
                        const struct layout_place **out)
{
    *out = layout_map_find(&day->layouts, device);
    if (*out != NULL) {
        return 0;
    }
    struct layout *layout = layout_of_device(device);
    struct bytes body = {0};
    uint64_t id = 0;
    layout_encode(layout, &body);
    const uint64_t hash = bytes_checksum(body.data, body.length);
    int error = find_layout(day, hash, &body, &id);
    if (error == 0) {
        error = insert_layout(day, hash, layout, &body, &id);
    }
    bytes_finish(&body);
    if (error < 0) {
        layout_destroy(layout);
        return error;
    }
    *out = layout_map_add(&day->layouts, layout, id);
    return 0;
}

static int put_block(struct day *day, struct day_extent *extent)
{
    struct block *block = &day->block;
    if (block->batches == 0) {
        return 0;
    }
    const bool is_first = extent->last_position < extent->first_position;
    extent->first_us =
        is_first || block->first_us < extent->first_us ? block->first_us : extent->first_us;
    extent->last_us =
        is_first || block->last_us > extent->last_us ? block->last_us : extent->last_us;
    extent->max_seq = block->max_seq > extent->max_seq ? block->max_seq : extent->max_seq;
    extent->last_position = block->last_position;
    pack_put(&day->packed, &block->payload);
    const uint64_t sum = bytes_checksum(day->packed.data, day->packed.length);
    sqlite3_bind_int64(day->put_block, 1, (sqlite3_int64)block->first_position);
    sqlite3_bind_int64(day->put_block, 2, (sqlite3_int64)block->last_position);
    sqlite3_bind_int64(day->put_block, 3, block->first_us);
    sqlite3_bind_int64(day->put_block, 4, block->last_us);
    sqlite3_bind_int64(day->put_block, 5, (sqlite3_int64)extent->max_seq);
    sqlite3_bind_int64(day->put_block, 6, (sqlite3_int64)sum);
    sqlite3_bind_blob(day->put_block, 7, day->packed.data, (int)day->packed.length, SQLITE_STATIC);
    sqlite3_bind_int64(day->put_block, 8, day->clock_id);
    const int error = sql_finish_step(day->put_block);
    block_clear(block);
    return error;
}

static bool is_same_clock(const struct batch_clock *one, const struct batch_clock *other)
{
    const int64_t drift_us = one->offset_us - other->offset_us;
    return one->boot == other->boot && one->is_untrusted == other->is_untrusted &&
           drift_us < CLOCK_STEP_US && drift_us > -CLOCK_STEP_US;
}

static int put_clock(struct day *day, const struct batch_clock *clock)
{
    sqlite3_stmt *put = NULL;
    int error = sql_prepare(
        day->db, "INSERT INTO clock(boot, offset_us, is_untrusted) VALUES(?1, ?2, ?3)", &put);
    if (error == 0) {
        sqlite3_bind_int64(put, 1, (sqlite3_int64)clock->boot);
        sqlite3_bind_int64(put, 2, clock->offset_us);
        sqlite3_bind_int(put, 3, clock->is_untrusted);
        error = sql_finish_step(put);
    }
    sqlite3_finalize(put);
    day->clock = *clock;
    day->clock_id = error == 0 ? sqlite3_last_insert_rowid(day->db) : 0;
    return error;
}

/* A block has one clock: another one begins when the clock was stepped, or is trusted now. */
static int use_clock(struct day *day, const struct batch *batch, struct day_extent *extent)
{
    if (day->clock_id != 0 && is_same_clock(&day->clock, &batch->clock)) {
        return 0;
    }
    const int error = put_block(day, extent);
    return error < 0 ? error : put_clock(day, &batch->clock);
}

static int put_batches(struct day *day, struct batch *const *batches, size_t count,
                       struct day_extent *extent, uint64_t *refused)
{
    uint64_t last = extent->last_position;
    for (size_t i = 0; i < count; i++) {
        const struct layout_place *place = NULL;
        if (batches[i]->position <= last) {
            (*refused)++;
            continue;
        }
        int error = use_clock(day, batches[i], extent);
        if (error < 0) {
            return error;
        }
        error = place_layout(day, batches[i]->device, &place);
        if (error < 0) {
            return error;
        }
        if (block_add(&day->block, place->id, place->layout, batches[i]) < 0) {
            (*refused)++;
            continue;
        }
        last = batches[i]->position;
        if (day->block.batches >= BLOCK_BATCHES_MAX ||
            day->block.payload.length >= BLOCK_BYTES_MAX) {
            error = put_block(day, extent);
        }
        if (error < 0) {
            return error;
        }
    }
    return put_block(day, extent);
}

static void give_back_memory(struct day *day)
{
    block_clear(&day->block);
    if (day->block.payload.capacity > BLOCK_KEEP_BYTES) {
        block_finish(&day->block);
        bytes_finish(&day->packed);
    }
}

int day_commit(struct day *day, struct batch *const *batches, size_t count, uint64_t *refused)
{
    struct day_extent extent = day->extent;
    uint64_t left_out = 0;
    int error = sql_run(day->db, "BEGIN IMMEDIATE");
    if (error == 0) {
        error = put_batches(day, batches, count, &extent, &left_out);
    }
    if (error == 0) {
        error = sql_run(day->db, "COMMIT");
    }
    give_back_memory(day);
    if (error < 0) {
        layout_map_finish(&day->layouts); /* it may name layouts that were rolled back */
        day->clock_id = 0;
        return roll_back(day->db, error);
    }
    day->extent = extent;
    *refused += left_out;
    return 0;
}
