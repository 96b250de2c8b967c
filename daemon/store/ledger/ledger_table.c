/* SPDX-License-Identifier: Apache-2.0 */
/* ledger_table: statements and values made of a table's description. */
#include "store/ledger/ledger_table.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

static const char **text_at(const struct ledger_column *column, void *row)
{
    return (const char **)(void *)((char *)row + column->offset);
}

static const char *get_text(const struct ledger_column *column, const void *row)
{
    const char *text = NULL;
    memcpy(&text, (const char *)row + column->offset, sizeof(text));
    return text;
}

static size_t text_bytes(const struct ledger_column *column, const void *row)
{
    const char *text = column->type == COLUMN_TEXT ? get_text(column, row) : NULL;
    return text != NULL ? strlen(text) + 1 : 0;
}

void *ledger_row_copy(const struct ledger_table *table, const void *row)
{
    size_t size = table->size;
    for (size_t i = 0; i < table->count; i++) {
        size += text_bytes(&table->columns[i], row);
    }
    char *copy = mem_alloc(size);
    char *texts = copy + table->size;
    memcpy(copy, row, table->size);
    for (size_t i = 0; i < table->count; i++) {
        const size_t bytes = text_bytes(&table->columns[i], row);
        if (bytes > 0) {
            memcpy(texts, get_text(&table->columns[i], row), bytes);
            *text_at(&table->columns[i], copy) = texts;
            texts += bytes;
        }
    }
    return copy;
}

/* name, or name = ?N, of the columns that are keys or not. Returns how many there are. */
static size_t add_columns(struct text *sql, const struct ledger_table *table, bool keys,
                          const char *between, bool with_value)
{
    size_t count = 0;
    for (size_t i = 0; i < table->count; i++) {
        if (table->columns[i].is_key == keys) {
            text_add_format(sql, "%s%s", count > 0 ? between : "", table->columns[i].name);
            if (with_value) {
                text_add_format(sql, " = ?%zu", i + 1);
            }
            count++;
        }
    }
    return count;
}

static void add_all_columns(struct text *sql, const struct ledger_table *table)
{
    for (size_t i = 0; i < table->count; i++) {
        text_add_format(sql, "%s%s", i > 0 ? ", " : "", table->columns[i].name);
    }
}

static bool has_values(const struct ledger_table *table)
{
    return !table->columns[table->count - 1].is_key;
}

static void add_insert(struct text *sql, const struct ledger_table *table)
{
    text_add_format(sql, "INSERT INTO %s(", table->name);
    add_all_columns(sql, table);
    text_add_string(sql, ") VALUES(");
    for (size_t i = 0; i < table->count; i++) {
        text_add_format(sql, "%s?%zu", i > 0 ? ", " : "", i + 1);
    }
    text_add_char(sql, ')');
}

static void add_conflict(struct text *sql, const struct ledger_table *table)
{
    text_add_string(sql, " ON CONFLICT(");
    add_columns(sql, table, true, ", ", false);
    text_add_string(sql, has_values(table) ? ") DO UPDATE SET " : ") DO NOTHING");
    if (has_values(table)) {
        add_columns(sql, table, false, ", ", true);
    }
}

char *ledger_table_statement(const struct ledger_table *table, enum ledger_deed deed)
{
    struct text sql = {0};
    if (deed == LEDGER_REMOVE) {
        text_add_format(&sql, "DELETE FROM %s WHERE ", table->name);
        add_columns(&sql, table, true, " AND ", true);
        return text_take(&sql);
    }
    add_insert(&sql, table);
    if (deed == LEDGER_PUT) {
        add_conflict(&sql, table);
    }
    return text_take(&sql);
}

char *ledger_table_query(const struct ledger_table *table, bool has_range)
{
    struct text sql = {0};
    text_add_string(&sql, "SELECT ");
    add_all_columns(&sql, table);
    text_add_format(&sql, " FROM %s", table->name);
    if (has_range) {
        text_add_format(&sql, " WHERE %s BETWEEN ?2 AND ?3", table->columns[0].name);
    }
    text_add_string(&sql, " ORDER BY ");
    add_columns(&sql, table, true, ", ", false);
    text_add_string(&sql, " LIMIT ?1");
    return text_take(&sql);
}

static void bind_real(sqlite3_stmt *statement, int place, double value)
{
    if (isnan(value)) {
        sqlite3_bind_null(statement, place);
    } else {
        sqlite3_bind_double(statement, place, value);
    }
}

static void bind_one(const struct ledger_column *column, const void *row, sqlite3_stmt *statement,
                     int place)
{
    const char *at = (const char *)row + column->offset;
    int64_t integer = 0;
    double real = 0;
    switch (column->type) {
    case COLUMN_INTEGER:
        memcpy(&integer, at, sizeof(integer));
        sqlite3_bind_int64(statement, place, integer);
        break;
    case COLUMN_REAL:
        memcpy(&real, at, sizeof(real));
        bind_real(statement, place, real);
        break;
    case COLUMN_TEXT:
        sqlite3_bind_text(statement, place, get_text(column, row), -1, SQLITE_STATIC);
        break;
    }
}

void ledger_row_bind(const struct ledger_table *table, enum ledger_deed deed, const void *row,
                     sqlite3_stmt *statement)
{
    for (size_t i = 0; i < table->count; i++) {
        if (deed != LEDGER_REMOVE || table->columns[i].is_key) {
            bind_one(&table->columns[i], row, statement, (int)i + 1);
        }
    }
}

void ledger_row_read(const struct ledger_table *table, sqlite3_stmt *query, void *row)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct ledger_column *column = &table->columns[i];
        const int place = (int)i;
        char *at = (char *)row + column->offset;
        if (column->type == COLUMN_INTEGER) {
            const int64_t integer = sqlite3_column_int64(query, place);
            memcpy(at, &integer, sizeof(integer));
        } else if (column->type == COLUMN_REAL) {
            const bool is_null = sqlite3_column_type(query, place) == SQLITE_NULL;
            const double real = is_null ? (double)NAN : sqlite3_column_double(query, place);
            memcpy(at, &real, sizeof(real));
        } else {
            *text_at(column, row) = (const char *)sqlite3_column_text(query, place);
        }
    }
}
