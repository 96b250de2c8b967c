/* SPDX-License-Identifier: Apache-2.0 */
/* ledger_table: a table of the ledger as a C struct, described column by column. From the description come the statements,
 * the binding and the reading, so that no SQL stands outside the store.
 *
 * A new table: its struct and description in store/tables.h and .c, with a row in ledger_tables, and a step in
 * ledger_upgrade.c that makes it. A test holds the descriptions against the schema. */
#ifndef LINGTAN_STORE_LEDGER_TABLE_H
#define LINGTAN_STORE_LEDGER_TABLE_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lingtan/error.h>

enum column_type {
    COLUMN_INTEGER, /* int64_t or uint64_t */
    COLUMN_REAL,    /* double; NaN is NULL */
    COLUMN_TEXT,    /* const char *; NULL is NULL */
};

struct ledger_column {
    const char *name;
    size_t offset; /* in the row's struct */
    enum column_type type;
    bool is_key; /* keys come first */
};

struct ledger_table {
    const char *name;
    size_t size; /* of the row's struct */
    const struct ledger_column *columns;
    size_t count;
};

/* What is done with a row. */
enum ledger_deed {
    LEDGER_INSERT, /* its key must be new */
    LEDGER_PUT,    /* replaces what has its key */
    LEDGER_REMOVE, /* what has its key, if anything has */
    LEDGER_DEEDS
};

/* A copy with its texts in one allocation; the caller frees. */
void *ledger_row_copy(const struct ledger_table *table, const void *row);

/* The statement for a deed; ?N is column N. The caller frees. */
char *ledger_table_statement(const struct ledger_table *table, enum ledger_deed deed);

/* All columns of all rows, or of those whose first key is in [?2, ?3], in order of the keys, ?1 at the most. The caller
 * frees. */
char *ledger_table_query(const struct ledger_table *table, bool has_range);

/* Texts are bound as they are: the row must live until the statement is reset. */
void ledger_row_bind(const struct ledger_table *table, enum ledger_deed deed, const void *row,
                     sqlite3_stmt *statement);

/* The row a query stands on; its texts are valid until the next step. */
void ledger_row_read(const struct ledger_table *table, sqlite3_stmt *query, void *row);

#endif
