/* SPDX-License-Identifier: Apache-2.0 */
/* sql: opening connections the way the store wants them, and SQLite's codes as errno. */
#include "store/disk/sql.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    BUSY_WAIT_MS = 2000, /* only while another connection recovers or closes a file */
    PAGE_BYTES = 4096,
    PAGE_BYTES_WIDE = 32768,
    CHECKPOINT_PAGES = 256,     /* of WAL, 1 MiB */
    WAL_KEEP_BYTES = 4 << 20,   /* a WAL that once grew beyond is cut back */
    LOOKASIDE_SLOT_BYTES = 512, /* small: many connections, little memory */
    LOOKASIDE_SLOTS = 24,
};

static int io_error(sqlite3 *db, int extended)
{
    if (extended == SQLITE_IOERR_CORRUPTFS || extended == SQLITE_IOERR_SHORT_READ) {
        return -EUCLEAN;
    }
    const int cause = sqlite3_system_errno(db);
    if (cause == ENOSPC || cause == EDQUOT || cause == EFBIG) {
        return -ENOSPC;
    }
    return cause == EROFS ? -EROFS : -EIO;
}

static int open_error(sqlite3 *db)
{
    const int cause = sqlite3_system_errno(db);
    if (cause == ENOSPC || cause == EDQUOT) {
        return -ENOSPC;
    }
    return cause == EROFS || cause == ENOENT || cause == EMFILE ? -cause : -EACCES;
}

static int constraint_error(int extended)
{
    const bool is_key = extended == SQLITE_CONSTRAINT_PRIMARYKEY ||
                        extended == SQLITE_CONSTRAINT_UNIQUE || extended == SQLITE_CONSTRAINT_ROWID;
    return is_key ? -EEXIST : -EINVAL;
}

int sql_error(sqlite3 *db, int result)
{
    switch (result & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
        return 0;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_FORMAT:
    case SQLITE_ERROR: /* our statements are right, so the tables they name are not there */
        return -EUCLEAN;
    case SQLITE_FULL:
        return -ENOSPC;
    case SQLITE_IOERR:
        return io_error(db, sqlite3_extended_errcode(db));
    case SQLITE_READONLY:
    case SQLITE_PERM:
        return -EROFS;
    case SQLITE_CANTOPEN:
        return open_error(db);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return -EBUSY;
    case SQLITE_CONSTRAINT:
        return constraint_error(sqlite3_extended_errcode(db));
    case SQLITE_MISMATCH:
        return -EINVAL;
    case SQLITE_TOOBIG:
        return -E2BIG;
    case SQLITE_NOMEM:
        abort(); /* as base/mem.h does, and why */
    default:
        return -EIO;
    }
}

static int set_up(sqlite3 *db, enum sql_mode mode, int cache_kib)
{
    char pragmas[320];
    sqlite3_extended_result_codes(db, 1);
    sqlite3_busy_timeout(db, BUSY_WAIT_MS);
    sqlite3_db_config(db, SQLITE_DBCONFIG_LOOKASIDE, NULL, LOOKASIDE_SLOT_BYTES, LOOKASIDE_SLOTS);
    if (mode == SQL_READ) {
        snprintf(pragmas, sizeof(pragmas),
                 "PRAGMA query_only=ON; PRAGMA mmap_size=0; PRAGMA cache_size=-%d;"
                 "PRAGMA wal_autocheckpoint=0;",
                 cache_kib);
    } else if (mode == SQL_COMPACT) {
        snprintf(pragmas, sizeof(pragmas),
                 "PRAGMA synchronous=FULL; PRAGMA mmap_size=0; PRAGMA cache_size=-%d;", cache_kib);
    } else {
        snprintf(pragmas, sizeof(pragmas),
                 "PRAGMA page_size=%d; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                 "PRAGMA mmap_size=0; PRAGMA cache_size=-%d; PRAGMA temp_store=MEMORY;"
                 "PRAGMA wal_autocheckpoint=%d; PRAGMA journal_size_limit=%d;",
                 mode == SQL_WIDE ? PAGE_BYTES_WIDE : PAGE_BYTES, cache_kib, CHECKPOINT_PAGES,
                 WAL_KEEP_BYTES);
    }
    const int error = sql_run(db, pragmas);
    if (error == 0 && mode != SQL_READ && sqlite3_db_readonly(db, "main") == 1) {
        return -EROFS;
    }
    return error;
}

/* Readers open for writing too: only such a connection can read a WAL database whose side files are gone, and the one
 * that closes last tidies up. query_only keeps them from changing anything. */
int sql_open(const char *path, enum sql_mode mode, int cache_kib, sqlite3 **out)
{
    sqlite3 *db = NULL;
    const int create = mode == SQL_READ || mode == SQL_WRITE ? 0 : SQLITE_OPEN_CREATE;
    const int result =
        sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | create, NULL);
    int error = sql_error(db, result);
    if (error == 0) {
        error = set_up(db, mode, cache_kib);
    }
    if (error < 0) {
        sql_close(db);
        return error;
    }
    *out = db;
    return 0;
}

void sql_close(sqlite3 *db)
{
    sqlite3_close_v2(db);
}

int sql_run(sqlite3 *db, const char *statements)
{
    return sql_error(db, sqlite3_exec(db, statements, NULL, NULL, NULL));
}

int sql_prepare(sqlite3 *db, const char *statement, sqlite3_stmt **out)
{
    return sql_error(db,
                     sqlite3_prepare_v3(db, statement, -1, SQLITE_PREPARE_PERSISTENT, out, NULL));
}

int sql_step(sqlite3_stmt *statement)
{
    const int result = sqlite3_step(statement);
    if (result == SQLITE_ROW) {
        return 1;
    }
    return sql_error(sqlite3_db_handle(statement), result);
}

int sql_finish_step(sqlite3_stmt *statement)
{
    const int error = sql_step(statement);
    sql_reset(statement);
    return error < 0 ? error : 0;
}

void sql_reset(sqlite3_stmt *statement)
{
    if (statement != NULL) {
        sqlite3_reset(statement);
        sqlite3_clear_bindings(statement);
    }
}

int sql_get_int(sqlite3 *db, const char *statement, int64_t *value, bool *found)
{
    sqlite3_stmt *prepared = NULL;
    int error = sql_prepare(db, statement, &prepared);
    if (error < 0) {
        return error;
    }
    error = sql_step(prepared);
    *found = error == 1 && sqlite3_column_type(prepared, 0) != SQLITE_NULL;
    if (*found) {
        *value = sqlite3_column_int64(prepared, 0);
    }
    sqlite3_finalize(prepared);
    return error < 0 ? error : 0;
}

int sql_get_version(sqlite3 *db, int64_t application, int64_t newest, int64_t *version)
{
    int64_t tables = 0;
    int64_t id = 0;
    bool found = false;
    int error = sql_get_int(db, "PRAGMA user_version", version, &found);
    if (error == 0) {
        error = sql_get_int(db, "PRAGMA application_id", &id, &found);
    }
    if (error == 0) {
        error = sql_get_int(db, "SELECT count(*) FROM sqlite_master", &tables, &found);
    }
    if (error < 0) {
        return error;
    }
    if (*version == 0 && tables == 0) {
        return -ENODATA;
    }
    if (id != application || *version < 1) {
        return -EUCLEAN;
    }
    if (*version > newest) {
        sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
        return -EPROTONOSUPPORT;
    }
    return 0;
}

static int64_t big_endian(const uint8_t *bytes)
{
    return (int64_t)bytes[0] << 24 | bytes[1] << 16 | bytes[2] << 8 | bytes[3];
}

/* Where the head of a database has them: https://www.sqlite.org/fileformat.html, 1.3. */
int64_t sql_peek_version(const char *path, int64_t application)
{
    enum { HEAD_BYTES = 100, USER_VERSION = 60, APPLICATION_ID = 68 };
    uint8_t head[HEAD_BYTES];
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return 0;
    }
    const bool is_whole = pread(fd, head, sizeof(head), 0) == (ssize_t)sizeof(head);
    close(fd);
    const bool is_ours = is_whole && memcmp(head, "SQLite format 3", 16) == 0 &&
                         big_endian(head + APPLICATION_ID) == application;
    return is_ours ? big_endian(head + USER_VERSION) : 0;
}
