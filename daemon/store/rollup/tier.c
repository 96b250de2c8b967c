/* SPDX-License-Identifier: Apache-2.0 */
/* tier: see tier.h. */
#include "store/rollup/tier.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

enum {
    CACHE_KIB = 512,
    MONTH_LENGTH = 7, /* of a date */
    YEAR_LENGTH = 4,
    LAYOUT_BITS = 24, /* of a block's id; above them its number */
};

static const int64_t hour_us = 3600LL * 1000000;

/* sum: bytes_checksum of payload. hash: bytes_checksum of body. */
static const char schema[] =
    "BEGIN IMMEDIATE;"
    "CREATE TABLE number(name TEXT PRIMARY KEY, number INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE layout(id INTEGER PRIMARY KEY, device TEXT NOT NULL, hash INTEGER NOT NULL,"
    " body BLOB NOT NULL);"
    "CREATE INDEX layout_hash ON layout(hash);"
    "CREATE INDEX layout_device ON layout(device);"
    "CREATE TABLE block(id INTEGER PRIMARY KEY, sum INTEGER NOT NULL, payload BLOB NOT NULL);"
    "CREATE TABLE applied(chunk INTEGER PRIMARY KEY, epoch INTEGER NOT NULL,"
    " serial INTEGER NOT NULL);"
    "CREATE TABLE stale(id INTEGER PRIMARY KEY);"
    "PRAGMA application_id=0x4c545255;"
    "PRAGMA user_version=1;"
    "COMMIT;";

const struct tier_shape *tier_shape(enum tier_kind kind)
{
    static const struct tier_shape shapes[] = {
        [TIER_MINUTES] = {.prefix = "minutes-",
                          .slots = GRID_SLOTS_MAX,
                          .block_hours = 1,
                          .slot_us = 60 * 1000000LL},
        [TIER_HOURS] = {.prefix = "hours-",
                        .slots = GRID_HOURS,
                        .block_hours = 24,
                        .slot_us = 3600 * 1000000LL},
    };
    return &shapes[kind];
}

void tier_name(enum tier_kind kind, int64_t hour, char name[TIER_NAME_SIZE])
{
    struct text date = {0};
    text_add_time(&date, hour * hour_us);
    snprintf(name, TIER_NAME_SIZE, "%s%.*s.db", tier_shape(kind)->prefix,
             kind == TIER_MINUTES ? MONTH_LENGTH : YEAR_LENGTH, date.data);
    text_finish(&date);
}

/* "2026-11" or "2026" begins at that hour; -1: it is no date. */
static int64_t hour_of_date(const char *date, int length, const char *rest)
{
    int64_t time_us = -1;
    char *whole = mem_format("%.*s%sT00:00:00Z", length, date, rest);
    const int error = time_parse(whole, &time_us);
    free(whole);
    return error == 0 ? time_us / hour_us : -1;
}

static int64_t begin_of(enum tier_kind kind, const char *name)
{
    const char *prefix = tier_shape(kind)->prefix;
    const int length = kind == TIER_MINUTES ? MONTH_LENGTH : YEAR_LENGTH;
    if (strncmp(name, prefix, strlen(prefix)) != 0) {
        return -1;
    }
    name += strlen(prefix);
    if (strlen(name) != (size_t)length + 3 || strcmp(name + length, ".db") != 0) {
        return -1;
    }
    return hour_of_date(name, length, kind == TIER_MINUTES ? "-01" : "-01-01");
}

bool tier_hours(enum tier_kind kind, const char *name, int64_t *first, int64_t *end)
{
    enum { MONTH_AND_SOME = 32 * 24, YEAR_AND_SOME = 367 * 24 };
    char next[TIER_NAME_SIZE];
    *first = begin_of(kind, name);
    tier_name(kind, *first + (kind == TIER_MINUTES ? MONTH_AND_SOME : YEAR_AND_SOME), next);
    *end = begin_of(kind, next);
    *end = *end < 0 ? INT64_MAX : *end; /* behind year 9999 */
    return *first >= 0;
}

static int prepare(struct tier *tier)
{
    int error = sql_prepare(tier->db, "SELECT payload, sum FROM block WHERE id=?1", &tier->get);
    if (error == 0) {
        error =
            sql_prepare(tier->db, "INSERT OR REPLACE INTO block VALUES(?1, ?2, ?3)", &tier->put);
    }
    return error;
}

static int take(enum tier_kind kind, const char *path, sqlite3 *db, struct tier **out)
{
    struct tier *tier = mem_alloc(sizeof(*tier));
    tier->kind = kind;
    tier->path = mem_dup_string(path);
    tier->db = db;
    const int error = prepare(tier);
    if (error < 0) {
        tier_close(tier);
        return error;
    }
    *out = tier;
    return 0;
}

static int check_version(sqlite3 *db)
{
    int64_t version = 0;
    return sql_get_version(db, TIER_APPLICATION, TIER_VERSION, &version);
}

int tier_open(enum tier_kind kind, const char *path, struct tier **out)
{
    sqlite3 *db = NULL;
    int error = sql_open(path, SQL_WIDE, CACHE_KIB, &db);
    if (error < 0) {
        return error;
    }
    error = check_version(db);
    if (error == -ENODATA) {
        error = sql_run(db, schema);
    }
    if (error < 0) {
        sql_close(db);
        return error;
    }
    return take(kind, path, db, out);
}

int tier_open_read(enum tier_kind kind, const char *path, struct tier **out)
{
    sqlite3 *db = NULL;
    int error = sql_open(path, SQL_READ, CACHE_KIB, &db);
    if (error < 0) {
        return error;
    }
    error = check_version(db);
    if (error < 0) {
        sql_close(db);
        return error == -ENODATA ? -ENOENT : error;
    }
    return take(kind, path, db, out);
}

void tier_close(struct tier *tier)
{
    if (tier == NULL) {
        return;
    }
    sqlite3_finalize(tier->get);
    sqlite3_finalize(tier->put);
    sql_close(tier->db);
    free(tier->path);
    free(tier);
}

int tier_begin(struct tier *tier)
{
    if (tier->is_writing) {
        return 0;
    }
    const int error = sql_run(tier->db, "BEGIN IMMEDIATE");
    tier->is_writing = error == 0;
    return error;
}

int tier_commit(struct tier *tier)
{
    if (!tier->is_writing) {
        return 0;
    }
    const int error = sql_run(tier->db, "COMMIT");
    tier->is_writing = error < 0;
    return error;
}

static int find_layout(struct tier *tier, uint64_t hash, const struct bytes *body, uint64_t *id)
{
    sqlite3_stmt *find = NULL;
    int found = sql_prepare(tier->db, "SELECT id FROM layout WHERE hash=?1 AND body=?2", &find);
    if (found == 0) {
        sqlite3_bind_int64(find, 1, (sqlite3_int64)hash);
        sqlite3_bind_blob(find, 2, body->data, (int)body->length, SQLITE_STATIC);
        found = sql_step(find);
    }
    if (found == 1) {
        *id = (uint64_t)sqlite3_column_int64(find, 0);
    }
    sqlite3_finalize(find);
    return found;
}

static int insert_layout(struct tier *tier, const char *device, uint64_t hash,
                         const struct bytes *body, uint64_t *id)
{
    sqlite3_stmt *put = NULL;
    int error =
        sql_prepare(tier->db, "INSERT INTO layout(device, hash, body) VALUES(?1, ?2, ?3)", &put);
    if (error == 0) {
        sqlite3_bind_text(put, 1, device, -1, SQLITE_STATIC);
        sqlite3_bind_int64(put, 2, (sqlite3_int64)hash);
        sqlite3_bind_blob(put, 3, body->data, (int)body->length, SQLITE_STATIC);
        error = sql_finish_step(put);
    }
    sqlite3_finalize(put);
    *id = (uint64_t)sqlite3_last_insert_rowid(tier->db);
    return error;
}

int tier_place(struct tier *tier, const struct device *device, uint64_t *layout)
{
    struct layout *made = layout_of_device(device);
    struct bytes body = {0};
    layout_encode(made, &body);
    layout_destroy(made);
    const uint64_t hash = bytes_checksum(body.data, body.length);
    int error = find_layout(tier, hash, &body, layout);
    if (error == 0) {
        error = insert_layout(tier, device->id, hash, &body, layout);
    }
    bytes_finish(&body);
    return error < 0 ? error : 0;
}

static int decode_layout(sqlite3_stmt *row, int column, struct layout **out)
{
    const void *body = sqlite3_column_blob(row, column);
    return layout_decode(body, (size_t)sqlite3_column_bytes(row, column), NULL, out);
}

/* A layout of a quantity that this version does not know is passed over. */
int tier_layouts(struct tier *tier, const char *device, struct tier_layout **out, size_t *count)
{
    sqlite3_stmt *find = NULL;
    struct tier_layout *rows = NULL;
    size_t found = 0;
    int error = sql_prepare(tier->db, "SELECT id, body FROM layout WHERE device=?1", &find);
    if (error == 0) {
        sqlite3_bind_text(find, 1, device, -1, SQLITE_STATIC);
        error = sql_step(find);
    }
    while (error == 1) {
        struct layout *layout = NULL;
        if (decode_layout(find, 1, &layout) == 0) {
            rows = mem_grow(rows, found + 1, sizeof(*rows));
            rows[found++] = (struct tier_layout){.id = (uint64_t)sqlite3_column_int64(find, 0),
                                                 .layout = layout};
        }
        error = sql_step(find);
    }
    sqlite3_finalize(find);
    if (error < 0) {
        tier_layouts_free(rows, found);
        return error;
    }
    *out = rows;
    *count = found;
    return 0;
}

void tier_layouts_free(struct tier_layout *layouts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        layout_destroy(layouts[i].layout);
    }
    free(layouts);
}

int tier_layout(struct tier *tier, uint64_t id, struct layout **out)
{
    sqlite3_stmt *find = NULL;
    int error = sql_prepare(tier->db, "SELECT body FROM layout WHERE id=?1", &find);
    if (error == 0) {
        sqlite3_bind_int64(find, 1, (sqlite3_int64)id);
        error = sql_step(find);
    }
    if (error >= 0) {
        error = error == 1 ? decode_layout(find, 0, out) : -EBADMSG;
    }
    sqlite3_finalize(find);
    return error;
}

static sqlite3_int64 block_id(uint64_t layout, int64_t block)
{
    return (sqlite3_int64)((uint64_t)block << LAYOUT_BITS | layout);
}

int tier_get(struct tier *tier, uint64_t layout, int64_t block, const void **data, size_t *length)
{
    sql_reset(tier->get);
    sqlite3_bind_int64(tier->get, 1, block_id(layout, block));
    const int found = sql_step(tier->get);
    if (found != 1) {
        sql_reset(tier->get);
        return found;
    }
    *data = sqlite3_column_blob(tier->get, 0);
    *length = (size_t)sqlite3_column_bytes(tier->get, 0);
    const uint64_t sum = (uint64_t)sqlite3_column_int64(tier->get, 1);
    return *data != NULL && bytes_checksum(*data, *length) == sum ? 1 : -EBADMSG;
}

static int mark_stale(struct tier *tier, sqlite3_int64 id)
{
    char statement[80];
    snprintf(statement, sizeof(statement), "INSERT OR IGNORE INTO stale VALUES(%lld)",
             (long long)id);
    return sql_run(tier->db, statement);
}

int tier_put(struct tier *tier, uint64_t layout, int64_t block, const struct bytes *data)
{
    const sqlite3_int64 id = block_id(layout, block);
    sql_reset(tier->get);
    sqlite3_bind_int64(tier->put, 1, id);
    sqlite3_bind_int64(tier->put, 2, (sqlite3_int64)bytes_checksum(data->data, data->length));
    sqlite3_bind_blob(tier->put, 3, data->data, (int)data->length, SQLITE_STATIC);
    const int error = sql_finish_step(tier->put);
    return error < 0 || tier->kind == TIER_HOURS ? error : mark_stale(tier, id);
}

int tier_applied(struct tier *tier, uint64_t epoch, uint64_t chunk, uint64_t *serial)
{
    char query[120];
    int64_t value = 0;
    bool found = false;
    snprintf(query, sizeof(query), "SELECT serial FROM applied WHERE chunk=%lld AND epoch=%lld",
             (long long)chunk, (long long)epoch);
    const int error = sql_get_int(tier->db, query, &value, &found);
    *serial = error == 0 && found ? (uint64_t)value : 0;
    return error;
}

int tier_set_applied(struct tier *tier, uint64_t epoch, uint64_t chunk, uint64_t serial)
{
    char statement[140];
    snprintf(statement, sizeof(statement),
             "INSERT OR REPLACE INTO applied VALUES(%lld, %lld, %lld)", (long long)chunk,
             (long long)epoch, (long long)serial);
    return sql_run(tier->db, statement);
}

int tier_stale(struct tier *tier, struct tier_stale *out, size_t max, size_t *count)
{
    sqlite3_stmt *list = NULL;
    *count = 0;
    int error = sql_prepare(tier->db, "SELECT id FROM stale ORDER BY id LIMIT ?1", &list);
    if (error == 0) {
        sqlite3_bind_int64(list, 1, (sqlite3_int64)max);
        error = sql_step(list);
    }
    while (error == 1) {
        const uint64_t id = (uint64_t)sqlite3_column_int64(list, 0);
        out[(*count)++] = (struct tier_stale){.layout = id & ((UINT64_C(1) << LAYOUT_BITS) - 1),
                                              .hour = (int64_t)(id >> LAYOUT_BITS)};
        error = sql_step(list);
    }
    sqlite3_finalize(list);
    return error;
}

int tier_stale_hours(struct tier *tier, uint64_t layout, int64_t **out, size_t *count)
{
    sqlite3_stmt *list = NULL;
    char query[80];
    *out = NULL;
    *count = 0;
    snprintf(query, sizeof(query), "SELECT id >> %d FROM stale WHERE id & %d = ?1", LAYOUT_BITS,
             (1 << LAYOUT_BITS) - 1);
    int error = sql_prepare(tier->db, query, &list);
    if (error == 0) {
        sqlite3_bind_int64(list, 1, (sqlite3_int64)layout);
        error = sql_step(list);
    }
    while (error == 1) {
        *out = mem_grow(*out, *count + 1, sizeof(**out));
        (*out)[(*count)++] = sqlite3_column_int64(list, 0);
        error = sql_step(list);
    }
    sqlite3_finalize(list);
    return error;
}

int tier_settle(struct tier *tier, const struct tier_stale *stale)
{
    char statement[80];
    snprintf(statement, sizeof(statement), "DELETE FROM stale WHERE id=%lld",
             (long long)block_id(stale->layout, stale->hour));
    return sql_run(tier->db, statement);
}

int tier_number(struct tier *tier, const char *name, uint64_t *number)
{
    char query[80];
    int64_t value = 0;
    bool found = false;
    snprintf(query, sizeof(query), "SELECT number FROM number WHERE name='%s'", name);
    const int error = sql_get_int(tier->db, query, &value, &found);
    *number = error == 0 && found ? (uint64_t)value : 0;
    return error;
}

int tier_set_number(struct tier *tier, const char *name, uint64_t number)
{
    char statement[100];
    snprintf(statement, sizeof(statement), "INSERT OR REPLACE INTO number VALUES('%s', %lld)", name,
             (long long)number);
    return sql_run(tier->db, statement);
}
