/* SPDX-License-Identifier: Apache-2.0 */
/* sql: the few calls of SQLite that the store makes, with its codes translated. A connection and its statements belong to
 * one thread at a time. Errors: -EUCLEAN the file is corrupt or no database, -ENOSPC no room (disk, quota, file size),
 * -EROFS it can't be written, -ENOENT, -EMFILE, -EACCES it can't be opened, -EBUSY somebody holds it, -EPROTONOSUPPORT a newer version wrote it,
 * -EEXIST a key is there already, -EINVAL a value breaks the table's rules, -E2BIG it is too long, -EIO anything else. */
#ifndef LINGTAN_STORE_SQL_H
#define LINGTAN_STORE_SQL_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include <lingtan/error.h>

enum sql_mode {
    SQL_CREATE,  /* read and write, made when absent, WAL, synchronous=FULL */
    SQL_WIDE,    /* the same with pages of 32 KiB, which rows of some KB fill better */
    SQL_WRITE,   /* as SQL_CREATE, must exist */
    SQL_READ,    /* never changes data; may still take part in WAL housekeeping */
    SQL_COMPACT, /* made when absent, no WAL: a backup */
};

int sql_open(const char *path, enum sql_mode mode, int cache_kib, sqlite3 **out) MUST_USE;
/* NULL-safe. Every statement must be finalized before. */
void sql_close(sqlite3 *db);

/* Result code of a call on db to a negative errno; 0 for OK, ROW and DONE. */
int sql_error(sqlite3 *db, int result);

int sql_run(sqlite3 *db, const char *statements) MUST_USE;
int sql_prepare(sqlite3 *db, const char *statement, sqlite3_stmt **out) MUST_USE;

/* Steps once. 1: there is a row; 0: done. The statement stays open after 1. */
int sql_step(sqlite3_stmt *statement) MUST_USE;

/* Steps a statement without rows and resets it. */
int sql_finish_step(sqlite3_stmt *statement) MUST_USE;
void sql_reset(sqlite3_stmt *statement); /* and forgets its parameters; NULL-safe */

/* The first column of the first row. *found false: no row, or NULL. */
int sql_get_int(sqlite3 *db, const char *statement, int64_t *value, bool *found) MUST_USE;

/* The version of a database of that application id, 1 to newest. -ENODATA: there are no tables, its maker died. -EUCLEAN:
 * it is not ours. -EPROTONOSUPPORT: it is of a later version; closing leaves it and its WAL as they are. */
int sql_get_version(sqlite3 *db, int64_t application, int64_t newest, int64_t *version) MUST_USE;

/* The same from the head of the file alone, which is only read: 0 where that cannot tell. */
int64_t sql_peek_version(const char *path, int64_t application);

#endif
