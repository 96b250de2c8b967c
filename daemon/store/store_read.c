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

static int read_rows(const char *path, const struct ledger_table *table, int64_t from, int64_t to,
                     size_t limit, store_row_fn fn, void *context)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *query = NULL;
    char *sql = ledger_table_query(table);
    int error = sql_open(path, SQL_READ, 64, &db);
    if (error == 0) {
        error = sql_prepare(db, sql, &query);
    }
    if (error == 0) {
        sqlite3_bind_int64(query, 1, from);
        sqlite3_bind_int64(query, 2, to);
        sqlite3_bind_int64(query, 3, (sqlite3_int64)limit);
        error = walk(table, query, fn, context);
    }
    sqlite3_finalize(query);
    sql_close(db);
    free(sql);
    return error;
}

int store_read_rows(struct store *store, const struct ledger_table *table, int64_t from, int64_t to,
                    size_t limit, store_row_fn fn, void *context)
{
    if (!store_is_numbered(store)) {
        return -ENODEV;
    }
    char *path = mem_format("%s/ledger.db", store->options.folder);
    const int error = read_rows(path, table, from, to, limit, fn, context);
    free(path);
    return error;
}
