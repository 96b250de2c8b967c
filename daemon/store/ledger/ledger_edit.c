/* SPDX-License-Identifier: Apache-2.0 */
/* ledger_edit: somebody's rows and cursors within a commit, under a savepoint of their own. */
#include "store/ledger/ledger_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/tables.h"

struct ledger_statement {
    const struct ledger_table *table;
    enum ledger_deed deed;
    sqlite3_stmt *statement;
};

/* Room for one more where there may be thousands: it doubles. */
static void *make_room(void *items, size_t count, size_t size)
{
    const bool is_full = (count & (count - 1)) == 0;
    return is_full ? mem_grow(items, count > 0 ? 2 * count : 1, size) : items;
}

void ledger_edit_add(struct ledger_edit *edit, enum ledger_deed deed,
                     const struct ledger_table *table, const void *row)
{
    edit->ops = make_room(edit->ops, edit->op_count, sizeof(*edit->ops));
    edit->ops[edit->op_count++] =
        (struct ledger_op){.deed = deed, .table = table, .row = ledger_row_copy(table, row)};
}

void ledger_edit_add_cursor(struct ledger_edit *edit, const char *name, uint64_t position)
{
    edit->cursors = make_room(edit->cursors, edit->cursor_count, sizeof(*edit->cursors));
    struct ledger_cursor *cursor = &edit->cursors[edit->cursor_count++];
    *cursor = (struct ledger_cursor){.position = position};
    snprintf(cursor->sink, sizeof(cursor->sink), "%s", name);
}

void ledger_edit_finish(struct ledger_edit *edit)
{
    for (size_t i = 0; i < edit->op_count; i++) {
        free(edit->ops[i].row);
    }
    free(edit->ops);
    free(edit->cursors);
    *edit = (struct ledger_edit){0};
}

void ledger_edit_close(struct ledger *ledger)
{
    for (size_t i = 0; i < ledger->statement_count; i++) {
        sqlite3_finalize(ledger->statements[i].statement);
    }
    free(ledger->statements);
    ledger->statements = NULL;
    ledger->statement_count = 0;
}

int ledger_put_number(sqlite3_stmt *statement, const char *name, uint64_t number)
{
    sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
    sqlite3_bind_int64(statement, 2, (sqlite3_int64)number);
    return sql_finish_step(statement);
}

int ledger_put_cursor(struct ledger *ledger, const struct ledger_cursor *cursor)
{
    return ledger_put_number(cursor->of_records ? ledger->put_record_cursor : ledger->put_cursor,
                             cursor->sink, cursor->position);
}

/* Made when first needed, kept from then on. */
static int find_statement(struct ledger *ledger, const struct ledger_op *op, sqlite3_stmt **out)
{
    for (size_t i = 0; i < ledger->statement_count; i++) {
        const struct ledger_statement *known = &ledger->statements[i];
        if (known->table == op->table && known->deed == op->deed) {
            *out = known->statement;
            return 0;
        }
    }
    char *sql = ledger_table_statement(op->table, op->deed);
    const int error = sql_prepare(ledger->db, sql, out);
    free(sql);
    if (error < 0) {
        /* A description that is wrong is no corrupt file. */
        return sqlite3_errcode(ledger->db) == SQLITE_ERROR ? -EINVAL : error;
    }
    ledger->statements =
        mem_grow(ledger->statements, ledger->statement_count + 1, sizeof(*ledger->statements));
    ledger->statements[ledger->statement_count++] =
        (struct ledger_statement){.table = op->table, .deed = op->deed, .statement = *out};
    return 0;
}

static int apply_op(struct ledger *ledger, const struct ledger_op *op)
{
    sqlite3_stmt *statement = NULL;
    int error = find_statement(ledger, op, &statement);
    if (error == 0) {
        if (op->table == &record_table) {
            ((struct record_row *)op->row)->position = ledger->next_record++;
        }
        ledger_row_bind(op->table, op->deed, op->row, statement);
        error = sql_finish_step(statement);
    }
    return error;
}

static void explain(struct ledger *ledger, struct ledger_edit *edit, const char *table)
{
    snprintf(edit->reason, sizeof(edit->reason), "%s: %s", table, sqlite3_errmsg(ledger->db));
}

static int apply_cursor(struct ledger *ledger, struct ledger_edit *edit,
                        const struct ledger_cursor *cursor, uint64_t durable)
{
    if (cursor->position <= durable) {
        return ledger_put_cursor(ledger, cursor);
    }
    snprintf(edit->reason, sizeof(edit->reason),
             "the cursor of %.63s was to be %llu; committed is what is up to %llu", cursor->sink,
             (unsigned long long)cursor->position, (unsigned long long)durable);
    return -ERANGE;
}

static int apply(struct ledger *ledger, struct ledger_edit *edit, uint64_t durable)
{
    int error = 0;
    for (size_t i = 0; error == 0 && i < edit->op_count; i++) {
        error = apply_op(ledger, &edit->ops[i]);
        if (error < 0) {
            explain(ledger, edit, edit->ops[i].table->name);
        }
    }
    for (size_t i = 0; error == 0 && i < edit->cursor_count; i++) {
        error = apply_cursor(ledger, edit, &edit->cursors[i], durable);
    }
    return error;
}

/* The fault is this edit's alone: the others of the commit can go on. */
static bool is_own_fault(int error)
{
    return error == -EEXIST || error == -EINVAL || error == -E2BIG || error == -ERANGE;
}

int ledger_edit_apply(struct ledger *ledger, struct ledger_edit *edit, uint64_t durable)
{
    edit->error = 0;
    edit->reason[0] = '\0';
    const uint64_t next_record = ledger->next_record;
    int error = sql_run(ledger->db, "SAVEPOINT edit");
    if (error < 0) {
        return error;
    }
    edit->error = apply(ledger, edit, durable);
    if (edit->error == 0) {
        return sql_run(ledger->db, "RELEASE edit");
    }
    ledger->next_record = next_record;
    return is_own_fault(edit->error) ? sql_run(ledger->db, "ROLLBACK TO edit; RELEASE edit")
                                     : edit->error;
}
