/* SPDX-License-Identifier: Apache-2.0 */
/* day_source: the reader of one journal file. */
#include "store/journal/day_source.h"

#include <stdlib.h>

#include "base/mem.h"
#include "store/disk/sql.h"
#include "store/journal/day.h"
#include "store/journal/pack.h"

enum {
    CACHE_KIB = 128,
    LAYOUT_IDS_MAX = 1 << 20,
};

struct day_source {
    sqlite3 *db;
    sqlite3_stmt *by_position;
    sqlite3_stmt *by_time;
    sqlite3_stmt *get_payload;
    sqlite3_stmt *get_layout;
    sqlite3_stmt *get_clock; /* NULL: the file has none */
    struct layout **layouts; /* by id; NULL = not asked for yet */
    size_t layouts_size;
    const struct device *newest; /* of the layouts: the next device is often its equal */
};

/* At most two rows are looked at: the one that begins at or before the position, and the next. */
static const char by_position[] =
    "SELECT first_position, last_position, first_us, last_us FROM block"
    " WHERE first_position >= coalesce("
    "(SELECT max(first_position) FROM block WHERE first_position <= ?1), 0)"
    " AND last_position >= ?1 ORDER BY first_position LIMIT 1";

static const char by_time[] =
    "SELECT first_position, last_position, first_us, last_us FROM block"
    " INDEXED BY block_time WHERE (first_us, last_us, first_position) > (?1, ?2, ?3)"
    " AND first_us < ?4 AND last_us >= ?5"
    " ORDER BY first_us, last_us, first_position LIMIT 1";

static int prepare_clock(struct day_source *source)
{
    int64_t version = 0;
    const int error = sql_get_version(source->db, DAY_APPLICATION, DAY_VERSION, &version);
    return error < 0 || version < DAY_VERSION
               ? error
               : sql_prepare(source->db,
                             "SELECT boot, offset_us, is_untrusted FROM block JOIN clock"
                             " ON clock.id = block.clock WHERE first_position=?1",
                             &source->get_clock);
}

int day_source_open(const char *path, struct day_source **out)
{
    struct day_source *source = mem_alloc(sizeof(*source));
    int error = sql_open(path, SQL_READ, CACHE_KIB, &source->db);
    if (error == 0) {
        error = sql_prepare(source->db, by_position, &source->by_position);
    }
    if (error == 0) {
        error = sql_prepare(source->db, by_time, &source->by_time);
    }
    if (error == 0) {
        error = sql_prepare(source->db, "SELECT sum, payload FROM block WHERE first_position=?1",
                            &source->get_payload);
    }
    if (error == 0) {
        error = sql_prepare(source->db, "SELECT body FROM layout WHERE id=?1", &source->get_layout);
    }
    if (error == 0) {
        error = prepare_clock(source);
    }
    if (error < 0) {
        day_source_close(source);
        return error;
    }
    *out = source;
    return 0;
}

void day_source_close(struct day_source *source)
{
    if (source == NULL) {
        return;
    }
    sqlite3_finalize(source->by_position);
    sqlite3_finalize(source->by_time);
    sqlite3_finalize(source->get_payload);
    sqlite3_finalize(source->get_layout);
    sqlite3_finalize(source->get_clock);
    sql_close(source->db);
    for (size_t i = 0; i < source->layouts_size; i++) {
        layout_destroy(source->layouts[i]);
    }
    free(source->layouts);
    free(source);
}

static int take_payload(sqlite3_stmt *row, struct bytes *payload)
{
    const void *data = sqlite3_column_blob(row, 1);
    const size_t length = data != NULL ? (size_t)sqlite3_column_bytes(row, 1) : 0;
    if (bytes_checksum(data, length) != (uint64_t)sqlite3_column_int64(row, 0)) {
        return -EBADMSG;
    }
    const int error = pack_take(payload, data, length);
    return error < 0 ? error : 1;
}

/* A block whose clock cannot be read is as good as one that was written without. */
static void fetch_clock(struct day_source *source, struct day_block *block)
{
    block->clock = (struct batch_clock){0};
    if (source->get_clock == NULL) {
        return;
    }
    sqlite3_bind_int64(source->get_clock, 1, (sqlite3_int64)block->first_position);
    if (sql_step(source->get_clock) == 1) {
        block->clock = (struct batch_clock){
            .boot = (uint64_t)sqlite3_column_int64(source->get_clock, 0),
            .offset_us = sqlite3_column_int64(source->get_clock, 1),
            .is_untrusted = sqlite3_column_int(source->get_clock, 2) != 0,
        };
    }
    sql_reset(source->get_clock);
}

/* The row and its payload are asked for one after the other: a payload that can't be read is one lost block, a row that
 * can't be found is a damaged file. */
static int fetch(struct day_source *source, sqlite3_stmt *query, struct day_block *block)
{
    int found = sql_step(query);
    if (found == 1) {
        block->first_position = (uint64_t)sqlite3_column_int64(query, 0);
        block->last_position = (uint64_t)sqlite3_column_int64(query, 1);
        block->first_us = sqlite3_column_int64(query, 2);
        block->last_us = sqlite3_column_int64(query, 3);
    }
    sql_reset(query);
    if (found != 1) {
        return found;
    }
    sqlite3_bind_int64(source->get_payload, 1, (sqlite3_int64)block->first_position);
    found = sql_step(source->get_payload);
    if (found == 1) {
        found = take_payload(source->get_payload, &block->payload);
    } else if (found == 0 || found == -EUCLEAN) {
        found = -EBADMSG;
    }
    sql_reset(source->get_payload);
    if (found == 1) {
        fetch_clock(source, block);
    }
    return found;
}

int day_source_next(struct day_source *source, uint64_t from, struct day_block *block)
{
    sqlite3_bind_int64(source->by_position, 1, (sqlite3_int64)from);
    return fetch(source, source->by_position, block);
}

void day_block_start(struct day_block *block)
{
    block->first_us = INT64_MIN;
    block->last_us = INT64_MIN;
    block->first_position = 0;
}

int day_source_next_time(struct day_source *source, int64_t from_us, int64_t to_us,
                         struct day_block *block)
{
    sqlite3_bind_int64(source->by_time, 1, block->first_us);
    sqlite3_bind_int64(source->by_time, 2, block->last_us);
    sqlite3_bind_int64(source->by_time, 3, (sqlite3_int64)block->first_position);
    sqlite3_bind_int64(source->by_time, 4, to_us);
    sqlite3_bind_int64(source->by_time, 5, from_us);
    return fetch(source, source->by_time, block);
}

static int load_layout(struct day_source *source, uint64_t id)
{
    sqlite3_bind_int64(source->get_layout, 1, (sqlite3_int64)id);
    int error = sql_step(source->get_layout);
    if (error == 1) {
        const void *body = sqlite3_column_blob(source->get_layout, 0);
        error = layout_decode(body, (size_t)sqlite3_column_bytes(source->get_layout, 0),
                              source->newest, &source->layouts[id]);
        source->newest = error == 0 ? source->layouts[id]->device : source->newest;
    } else if (error == 0) {
        error = -ENOENT;
    }
    sql_reset(source->get_layout);
    return error;
}

int day_source_layout(struct day_source *source, uint64_t id, const struct layout **out)
{
    if (id >= LAYOUT_IDS_MAX) {
        return -EBADMSG;
    }
    if (id >= source->layouts_size) {
        const size_t size = (size_t)id + 64;
        source->layouts = mem_grow(source->layouts, size, sizeof(void *));
        for (; source->layouts_size < size; source->layouts_size++) {
            source->layouts[source->layouts_size] = NULL;
        }
    }
    const int error = source->layouts[id] == NULL ? load_layout(source, id) : 0;
    if (error == 0) {
        *out = source->layouts[id];
    }
    return error;
}

int day_source_device(struct day_source *source, const char *device, uint64_t **ids, size_t *count)
{
    sqlite3_stmt *query = NULL;
    uint64_t *found = NULL;
    size_t found_count = 0;
    int error = sql_prepare(source->db, "SELECT id FROM layout WHERE device=?1", &query);
    if (error == 0) {
        sqlite3_bind_text(query, 1, device, -1, SQLITE_STATIC);
    }
    while (error == 0 && (error = sql_step(query)) == 1) {
        found = mem_grow(found, found_count + 1, sizeof(*found));
        found[found_count++] = (uint64_t)sqlite3_column_int64(query, 0);
        error = 0;
    }
    sqlite3_finalize(query);
    if (error < 0) {
        free(found);
        return error;
    }
    *ids = found;
    *count = found_count;
    return 0;
}
