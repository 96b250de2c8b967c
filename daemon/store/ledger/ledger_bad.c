/* SPDX-License-Identifier: Apache-2.0 */
/* ledger_bad: the table of bad registers. */
#include "store/ledger/ledger_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include <lingtan/reading.h>

static const char select_all[] =
    "SELECT device, unit, function, first, last, is_split, exception, first_printed, last_printed,"
    " since_us, next_try_us FROM bad_register LIMIT ?1";

static int prepare(struct ledger *ledger)
{
    const int error = sql_prepare(
        ledger->db, "REPLACE INTO bad_register VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11)",
        &ledger->put_bad);
    return error < 0 ? error
                     : sql_prepare(ledger->db,
                                   "DELETE FROM bad_register WHERE device = ?1 AND unit = ?2 AND"
                                   " function = ?3 AND first = ?4 AND last = ?5 AND is_split = ?6",
                                   &ledger->drop_bad);
}

/* The column of the exception holds what the device does instead of giving: an exception code, or below 0 the quality of
 * another fault, as -1 where it does not answer. */
static int fault_of(const struct bad_register *row)
{
    return row->quality == QUALITY_EXCEPTION ? row->exception : -row->quality;
}

static void set_fault(struct bad_register *row, int fault)
{
    row->quality = (uint8_t)(fault >= 0 ? QUALITY_EXCEPTION : -fault);
    row->exception = (uint8_t)(fault >= 0 ? fault : 0);
}

/* What does not fit was never written by us: such a row names nothing that a profile has, and is dropped there. */
static struct bad_register read_row(sqlite3_stmt *query)
{
    struct bad_register row = {
        .unit = (uint8_t)sqlite3_column_int(query, 1),
        .function = (uint8_t)sqlite3_column_int(query, 2),
        .first = (uint16_t)sqlite3_column_int(query, 3),
        .last = (uint16_t)sqlite3_column_int(query, 4),
        .is_split = sqlite3_column_int(query, 5) != 0,
        .first_printed = sqlite3_column_int64(query, 7),
        .last_printed = sqlite3_column_int64(query, 8),
        .since_us = sqlite3_column_int64(query, 9),
        .next_try_us = sqlite3_column_int64(query, 10),
    };
    set_fault(&row, sqlite3_column_int(query, 6));
    snprintf(row.device, sizeof(row.device), "%s", (const char *)sqlite3_column_text(query, 0));
    return row;
}

static int load(struct ledger *ledger)
{
    sqlite3_stmt *query = NULL;
    int error = sql_prepare(ledger->db, select_all, &query);
    if (error == 0) {
        sqlite3_bind_int(query, 1, LEDGER_BAD_MAX);
    }
    while (error == 0 && (error = sql_step(query)) == 1) {
        ledger->bad = mem_grow(ledger->bad, ledger->bad_count + 1, sizeof(*ledger->bad));
        ledger->bad[ledger->bad_count++] = read_row(query);
        error = 0;
    }
    sqlite3_finalize(query);
    return error;
}

int ledger_bad_open(struct ledger *ledger)
{
    const int error = prepare(ledger);
    return error == 0 ? load(ledger) : error;
}

void ledger_bad_close(struct ledger *ledger)
{
    sqlite3_finalize(ledger->put_bad);
    sqlite3_finalize(ledger->drop_bad);
    free(ledger->bad);
}

static void bind_key(sqlite3_stmt *statement, const struct bad_register *row)
{
    sqlite3_bind_text(statement, 1, row->device, -1, SQLITE_STATIC);
    sqlite3_bind_int(statement, 2, row->unit);
    sqlite3_bind_int(statement, 3, row->function);
    sqlite3_bind_int(statement, 4, row->first);
    sqlite3_bind_int(statement, 5, row->last);
    sqlite3_bind_int(statement, 6, row->is_split);
}

int ledger_bad_write(struct ledger *ledger, const struct ledger_bad *change)
{
    const struct bad_register *row = &change->row;
    if (change->is_gone) {
        bind_key(ledger->drop_bad, row);
        return sql_finish_step(ledger->drop_bad);
    }
    bind_key(ledger->put_bad, row);
    sqlite3_bind_int(ledger->put_bad, 7, fault_of(row));
    sqlite3_bind_int64(ledger->put_bad, 8, row->first_printed);
    sqlite3_bind_int64(ledger->put_bad, 9, row->last_printed);
    sqlite3_bind_int64(ledger->put_bad, 10, row->since_us);
    sqlite3_bind_int64(ledger->put_bad, 11, row->next_try_us);
    return sql_finish_step(ledger->put_bad);
}

const struct bad_register *ledger_bad_registers(const struct ledger *ledger, size_t *count)
{
    *count = ledger->bad_count;
    return ledger->bad;
}
