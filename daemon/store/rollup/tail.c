/* SPDX-License-Identifier: Apache-2.0 */
/* tail: see tail.h. */
#include "store/rollup/tail.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "store/journal/layout.h"

enum {
    CACHE_KIB = 64,
    SERIAL_BITS = 40, /* of a row's id; above them its chunk */
};

static const char schema[] =
    "CREATE TABLE number(name TEXT PRIMARY KEY, number INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE series(id INTEGER PRIMARY KEY, device TEXT NOT NULL, body BLOB NOT NULL);"
    "CREATE INDEX series_device ON series(device);"
    "CREATE TABLE delta(id INTEGER PRIMARY KEY, sum INTEGER NOT NULL, payload BLOB NOT NULL);"
    "PRAGMA application_id=0x4c545254;"
    "PRAGMA user_version=1;";

static int roll_back(sqlite3 *db, int error)
{
    if (!sqlite3_get_autocommit(db)) {
        const int ignored = sql_run(db, "ROLLBACK");
        (void)ignored;
    }
    return error;
}

static int put_number(sqlite3 *db, const char *name, uint64_t number)
{
    char statement[100];
    snprintf(statement, sizeof(statement), "INSERT OR REPLACE INTO number VALUES('%s', %lld)", name,
             (long long)number);
    return sql_run(db, statement);
}

static int get_number(sqlite3 *db, const char *name, uint64_t *number)
{
    char query[80];
    int64_t value = 0;
    bool found = false;
    snprintf(query, sizeof(query), "SELECT number FROM number WHERE name='%s'", name);
    const int error = sql_get_int(db, query, &value, &found);
    *number = (uint64_t)value;
    return error == 0 && !found ? -EUCLEAN : error;
}

static int make_tables(sqlite3 *db, uint64_t epoch, uint64_t position)
{
    int error = sql_run(db, "BEGIN IMMEDIATE");
    if (error == 0) {
        error = sql_run(db, schema);
    }
    if (error == 0) {
        error = put_number(db, "epoch", epoch);
    }
    if (error == 0) {
        error = put_number(db, "serial", 0);
    }
    if (error == 0) {
        error = put_number(db, "position", position);
    }
    if (error == 0) {
        error = sql_run(db, "COMMIT");
    }
    return error < 0 ? roll_back(db, error) : 0;
}

static int read_numbers(struct tail *tail)
{
    bool found = false;
    int error = get_number(tail->db, "epoch", &tail->epoch);
    if (error == 0) {
        error = get_number(tail->db, "serial", &tail->serial);
    }
    if (error == 0) {
        error = get_number(tail->db, "position", &tail->position);
    }
    return error < 0 ? error
                     : sql_get_int(tail->db, "SELECT coalesce(sum(length(payload)), 0) FROM delta",
                                   &tail->bytes, &found);
}

static int take(sqlite3 *db, struct tail **out)
{
    struct tail *tail = mem_alloc(sizeof(*tail));
    tail->db = db;
    const int error = read_numbers(tail);
    if (error < 0) {
        tail_close(tail);
        return error;
    }
    *out = tail;
    return 0;
}

int tail_open(const char *path, uint64_t epoch, uint64_t position, struct tail **out)
{
    sqlite3 *db = NULL;
    int64_t version = 0;
    int error = sql_open(path, SQL_CREATE, CACHE_KIB, &db);
    if (error < 0) {
        return error;
    }
    error = sql_get_version(db, TAIL_APPLICATION, TAIL_VERSION, &version);
    if (error == -ENODATA) {
        error = make_tables(db, epoch, position);
    }
    if (error < 0) {
        sql_close(db);
        return error;
    }
    return take(db, out);
}

int tail_open_read(const char *path, struct tail **out)
{
    sqlite3 *db = NULL;
    int64_t version = 0;
    int error = sql_open(path, SQL_READ, CACHE_KIB, &db);
    if (error < 0) {
        return error;
    }
    error = sql_get_version(db, TAIL_APPLICATION, TAIL_VERSION, &version);
    if (error == 0) {
        error = sql_run(db, "BEGIN"); /* all that is read is of one moment */
    }
    if (error < 0) {
        sql_close(db);
        return error == -ENODATA ? -ENOENT : error;
    }
    return take(db, out);
}

void tail_close(struct tail *tail)
{
    if (tail != NULL) {
        sql_close(tail->db);
        free(tail);
    }
}

static int load_row(sqlite3_stmt *row, const struct device *sibling, struct hot *hot)
{
    struct layout *layout = NULL;
    int error = layout_decode(sqlite3_column_blob(row, 1), (size_t)sqlite3_column_bytes(row, 1),
                              sibling, &layout);
    if (error < 0) {
        return -EUCLEAN;
    }
    const uint64_t number = hot_number(hot, layout->device);
    error = number == (uint64_t)sqlite3_column_int64(row, 0) ? 0 : -EUCLEAN;
    hot->series[number - 1].is_stored = true;
    layout_destroy(layout);
    return error;
}

int tail_load(struct tail *tail, struct hot *hot)
{
    sqlite3_stmt *list = NULL;
    int error = sql_prepare(tail->db, "SELECT id, body FROM series ORDER BY id", &list);
    if (error == 0) {
        error = sql_step(list);
    }
    while (error == 1) {
        const struct device *sibling =
            hot->series_count > 0 ? hot->series[hot->series_count - 1].device : NULL;
        error = load_row(list, sibling, hot);
        error = error == 0 ? sql_step(list) : error;
    }
    sqlite3_finalize(list);
    return error;
}

static int put_series(struct tail *tail, uint64_t number, const struct device *device)
{
    sqlite3_stmt *put = NULL;
    struct layout *layout = layout_of_device(device);
    struct bytes body = {0};
    layout_encode(layout, &body);
    layout_destroy(layout);
    int error = sql_prepare(tail->db, "INSERT INTO series VALUES(?1, ?2, ?3)", &put);
    if (error == 0) {
        sqlite3_bind_int64(put, 1, (sqlite3_int64)number);
        sqlite3_bind_text(put, 2, device->id, -1, SQLITE_STATIC);
        sqlite3_bind_blob(put, 3, body.data, (int)body.length, SQLITE_STATIC);
        error = sql_finish_step(put);
    }
    sqlite3_finalize(put);
    bytes_finish(&body);
    return error;
}

static sqlite3_int64 row_id(uint64_t chunk, uint64_t serial)
{
    return (sqlite3_int64)(chunk << SERIAL_BITS | serial);
}

static int put_all_series(struct tail *tail, const struct tail_news *news)
{
    int error = 0;
    for (size_t i = 0; i < news->series_count && error == 0; i++) {
        error = put_series(tail, news->series[i].number, news->series[i].device);
    }
    return error;
}

static int put_chunks(struct tail *tail, const struct tail_news *news, int64_t *bytes)
{
    sqlite3_stmt *put = NULL;
    int error = sql_prepare(tail->db, "INSERT INTO delta VALUES(?1, ?2, ?3)", &put);
    for (size_t i = 0; i < news->chunk_count && error == 0; i++) {
        const struct bytes *deltas = &news->chunks[i].deltas;
        if (deltas->length == 0) {
            continue;
        }
        sqlite3_bind_int64(put, 1, row_id(i, tail->serial + 1));
        sqlite3_bind_int64(put, 2, (sqlite3_int64)bytes_checksum(deltas->data, deltas->length));
        sqlite3_bind_blob(put, 3, deltas->data, (int)deltas->length, SQLITE_STATIC);
        error = sql_finish_step(put);
        *bytes += (int64_t)deltas->length;
    }
    sqlite3_finalize(put);
    return error;
}

int tail_write(struct tail *tail, const struct tail_news *news)
{
    int64_t bytes = 0;
    int error = sql_run(tail->db, "BEGIN IMMEDIATE");
    if (error == 0) {
        error = put_all_series(tail, news);
    }
    if (error == 0) {
        error = put_chunks(tail, news, &bytes);
    }
    if (error == 0) {
        error = put_number(tail->db, "serial", tail->serial + 1);
    }
    if (error == 0) {
        error = put_number(tail->db, "position", news->position);
    }
    if (error == 0) {
        error = sql_run(tail->db, "COMMIT");
    }
    if (error < 0) {
        return roll_back(tail->db, error);
    }
    tail->serial++;
    tail->position = news->position;
    tail->bytes += bytes;
    return 0;
}

void tail_series_free(struct tail_series *series, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        device_unref(series[i].device);
    }
    free(series);
}

void tail_news_finish(struct tail_news *news)
{
    for (size_t i = 0; i < news->chunk_count; i++) {
        bytes_finish(&news->chunks[i].deltas);
    }
    free(news->chunks);
    tail_series_free(news->series, news->series_count);
    *news = (struct tail_news){0};
}

int tail_chunks(struct tail *tail, uint64_t **chunks, size_t *count)
{
    sqlite3_stmt *list = NULL;
    char query[80];
    *chunks = NULL;
    *count = 0;
    snprintf(query, sizeof(query), "SELECT DISTINCT id >> %d FROM delta ORDER BY 1", SERIAL_BITS);
    int error = sql_prepare(tail->db, query, &list);
    if (error == 0) {
        error = sql_step(list);
    }
    while (error == 1) {
        *chunks = mem_grow(*chunks, *count + 1, sizeof(**chunks));
        (*chunks)[(*count)++] = (uint64_t)sqlite3_column_int64(list, 0);
        error = sql_step(list);
    }
    sqlite3_finalize(list);
    return error;
}

static int give_row(sqlite3_stmt *row, tail_row_fn fn, void *context)
{
    const void *data = sqlite3_column_blob(row, 2);
    const size_t length = (size_t)sqlite3_column_bytes(row, 2);
    const uint64_t serial =
        (uint64_t)sqlite3_column_int64(row, 0) & ((UINT64_C(1) << SERIAL_BITS) - 1);
    if (data == NULL || bytes_checksum(data, length) != (uint64_t)sqlite3_column_int64(row, 1)) {
        return -EUCLEAN;
    }
    return fn(context, serial, span_of(data, length));
}

int tail_walk(struct tail *tail, uint64_t chunk, tail_row_fn fn, void *context)
{
    sqlite3_stmt *list = NULL;
    int error = sql_prepare(
        tail->db, "SELECT id, sum, payload FROM delta WHERE id BETWEEN ?1 AND ?2 ORDER BY id",
        &list);
    if (error == 0) {
        sqlite3_bind_int64(list, 1, row_id(chunk, 0));
        sqlite3_bind_int64(list, 2, row_id(chunk + 1, 0) - 1);
        error = sql_step(list);
    }
    while (error == 1) {
        error = give_row(list, fn, context);
        error = error == 0 ? sql_step(list) : error;
    }
    sqlite3_finalize(list);
    return error;
}

int tail_remove(struct tail *tail, uint64_t chunk, uint64_t serial)
{
    bool found = false;
    char statement[120];
    snprintf(statement, sizeof(statement), "DELETE FROM delta WHERE id BETWEEN %lld AND %lld",
             (long long)row_id(chunk, 0), (long long)row_id(chunk, serial));
    const int error = sql_run(tail->db, statement);
    return error < 0 ? error
                     : sql_get_int(tail->db, "SELECT coalesce(sum(length(payload)), 0) FROM delta",
                                   &tail->bytes, &found);
}

int tail_find(struct tail *tail, const char *device, struct tail_series **out, size_t *count)
{
    sqlite3_stmt *find = NULL;
    struct tail_series *rows = NULL;
    *count = 0;
    int error = sql_prepare(tail->db, "SELECT id, body FROM series WHERE device=?1", &find);
    if (error == 0) {
        sqlite3_bind_text(find, 1, device, -1, SQLITE_STATIC);
        error = sql_step(find);
    }
    while (error == 1) {
        struct layout *layout = NULL;
        if (layout_decode(sqlite3_column_blob(find, 1), (size_t)sqlite3_column_bytes(find, 1), NULL,
                          &layout) == 0) {
            rows = mem_grow(rows, *count + 1, sizeof(*rows));
            rows[(*count)++] =
                (struct tail_series){.number = (uint64_t)sqlite3_column_int64(find, 0),
                                     .device = device_ref(layout->device)};
            layout_destroy(layout);
        }
        error = sql_step(find);
    }
    sqlite3_finalize(find);
    *out = rows;
    return error;
}
