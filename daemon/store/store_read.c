/* SPDX-License-Identifier: Apache-2.0 */
/* store_read: rows of the ledger for the other threads, by a connection of their own. */
#include "store/store_internal.h"

#include <stdlib.h>

#include "base/mem.h"
#include "store/write.h"

static int walk(const struct ledger_table *table, sqlite3_stmt *query, store_row_fn fn,
                void *context)
{
    void *row = mem_alloc(table->size);
    int result = 0;
    while ((result = sql_step(query)) == 1) {
        ledger_row_read(table, query, row);
        if (!fn(context, row)) {
            result = 0;
            break;
        }
    }
    free(row);
    return result;
}

/* Which rows: by an integer key, by a text key, or all of them. */
struct wanted {
    int64_t from;
    int64_t to;
    const char *key; /* NULL = none */
    bool is_all;
    size_t limit;
};

static void bind_wanted(sqlite3_stmt *query, const struct wanted *wanted)
{
    const bool is_any = wanted->limit > INT64_MAX;
    sqlite3_bind_int64(query, 1, is_any ? -1 : (sqlite3_int64)wanted->limit);
    if (wanted->key != NULL) {
        sqlite3_bind_text(query, 2, wanted->key, -1, SQLITE_STATIC);
        sqlite3_bind_text(query, 3, wanted->key, -1, SQLITE_STATIC);
    } else if (!wanted->is_all) {
        sqlite3_bind_int64(query, 2, wanted->from);
        sqlite3_bind_int64(query, 3, wanted->to);
    }
}

static int read_rows(const char *path, const struct ledger_table *table,
                     const struct wanted *wanted, store_row_fn fn, void *context)
{
    enum { CACHE_KIB = 64 };
    sqlite3 *db = NULL;
    sqlite3_stmt *query = NULL;
    char *sql = ledger_table_query(table, !wanted->is_all);
    int error = sql_open(path, SQL_READ, CACHE_KIB, &db);
    if (error == 0) {
        error = sql_prepare(db, sql, &query);
    }
    if (error == 0) {
        bind_wanted(query, wanted);
        error = walk(table, query, fn, context);
    }
    sqlite3_finalize(query);
    sql_close(db);
    free(sql);
    return error;
}

static int read_ledger(struct store *store, const struct ledger_table *table,
                       const struct wanted *wanted, store_row_fn fn, void *context)
{
    if (!store_is_numbered(store)) {
        return -ENODEV;
    }
    char *path = mem_format("%s/ledger.db", store->options.folder);
    const int error = read_rows(path, table, wanted, fn, context);
    free(path);
    return error;
}

int store_read_rows(struct store *store, const struct ledger_table *table, int64_t from, int64_t to,
                    size_t limit, store_row_fn fn, void *context)
{
    const struct wanted wanted = {.from = from, .to = to, .limit = limit};
    return read_ledger(store, table, &wanted, fn, context);
}

int store_read_rows_of(struct store *store, const struct ledger_table *table, const char *key,
                       store_row_fn fn, void *context)
{
    const struct wanted wanted = {.key = key, .is_all = key == NULL, .limit = SIZE_MAX};
    return read_ledger(store, table, &wanted, fn, context);
}
