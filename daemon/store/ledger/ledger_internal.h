/* SPDX-License-Identifier: Apache-2.0 */
/* ledger_internal: what the files of the ledger share. */
#ifndef LINGTAN_STORE_LEDGER_INTERNAL_H
#define LINGTAN_STORE_LEDGER_INTERNAL_H

#include "store/disk/sql.h"
#include "store/ledger/ledger.h"

enum { LEDGER_CACHE_KIB = 64 };

struct ledger {
    char *folder;
    char *path;
    char *backup_path;
    char *reserve_path;
    const struct clock *clock;
    enum ledger_origin origin;
    struct ledger_values values; /* as committed */
    struct ledger_cursor *cursors;
    size_t cursor_count;
    struct bad_register *bad; /* as they stood at open, too */
    size_t bad_count;
    struct clock_step *steps;
    size_t step_count;
    sqlite3 *db;
    sqlite3_stmt *put_value;
    sqlite3_stmt *put_cursor;
    sqlite3_stmt *put_record_cursor;
    uint64_t next_record; /* as values.next_record, with what the transaction under way has used */
    sqlite3_stmt *put_bad;
    sqlite3_stmt *drop_bad;
    struct ledger_statement *statements; /* of edits, made when first needed */
    size_t statement_count;
    /* a backup under way */
    sqlite3 *backup_db;
    sqlite3_backup *backup;
};

/* Is the database at path a sound ledger? -ENODATA: it has no tables. -EUCLEAN: no. */
int ledger_check(const char *path) MUST_USE;

/* Makes path from the backup, marked as restored, in one step. -ENOENT: there is none. -EUCLEAN: it is corrupt too. */
int ledger_restore(struct ledger *ledger) MUST_USE;
void ledger_backup_abort(struct ledger *ledger);

/* The same bytes in a new database. */
int ledger_copy(const char *from, const char *to) MUST_USE;

/* ledger_edit.c: within a commit. Negative: the whole transaction is lost; else edit->error says what became of it. */
int ledger_edit_apply(struct ledger *ledger, struct ledger_edit *edit, uint64_t durable) MUST_USE;
void ledger_edit_close(struct ledger *ledger);
int ledger_put_number(sqlite3_stmt *statement, const char *name, uint64_t number) MUST_USE;
int ledger_put_cursor(struct ledger *ledger, const struct ledger_cursor *cursor) MUST_USE;

/* ledger_upgrade.c: makes the tables, or brings those of an older version to LEDGER_VERSION. */
int ledger_upgrade(struct ledger *ledger) MUST_USE;

/* ledger_bad.c: within ledger_open, ledger_close and a commit. */
int ledger_bad_open(struct ledger *ledger) MUST_USE;
void ledger_bad_close(struct ledger *ledger);
int ledger_bad_write(struct ledger *ledger, const struct ledger_bad *change) MUST_USE;

/* ledger_clock.c: likewise. */
int ledger_clock_load(struct ledger *ledger) MUST_USE;
int ledger_clock_write(struct ledger *ledger, const struct clock_step *steps,
                       size_t count) MUST_USE;

#endif
