/* SPDX-License-Identifier: Apache-2.0 */
/* ledger_backup: the daily copy, verified before it replaces the last one, and the way back from it. */
#include "store/ledger/ledger_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "store/disk/disk.h"
#include "store/store.h"

static int begin(struct ledger *ledger)
{
    char *path = mem_format("%s.new", ledger->backup_path);
    int error = disk_remove_database(path);
    if (error == 0) {
        error = sql_open(path, SQL_COMPACT, LEDGER_CACHE_KIB, &ledger->backup_db);
    }
    free(path);
    if (error < 0) {
        return error;
    }
    ledger->backup = sqlite3_backup_init(ledger->backup_db, "main", ledger->db, "main");
    if (ledger->backup == NULL) {
        error = sql_error(ledger->backup_db, sqlite3_errcode(ledger->backup_db));
        ledger_backup_abort(ledger);
    }
    return error;
}

/* The old backup stays until the new one is whole, checked and on disk. */
static int finish(struct ledger *ledger)
{
    char *path = mem_format("%s.new", ledger->backup_path);
    int error = sql_error(ledger->backup_db, sqlite3_backup_finish(ledger->backup));
    ledger->backup = NULL;
    ledger_backup_abort(ledger);
    if (error == 0) {
        error = ledger_check(path);
    }
    if (error == 0 && rename(path, ledger->backup_path) < 0) {
        error = -errno;
    }
    if (error == 0) {
        error = disk_sync_folder(ledger->folder);
    }
    free(path);
    return error;
}

int ledger_backup_step(struct ledger *ledger, int pages)
{
    if (ledger->backup == NULL) {
        const int error = begin(ledger);
        if (error < 0) {
            return error;
        }
    }
    const int result = sqlite3_backup_step(ledger->backup, pages);
    if (result == SQLITE_OK || result == SQLITE_BUSY || result == SQLITE_LOCKED) {
        return 1;
    }
    if (result == SQLITE_DONE) {
        return finish(ledger);
    }
    const int error = sql_error(ledger->backup_db, result);
    ledger_backup_abort(ledger);
    return error < 0 ? error : -EIO;
}

void ledger_backup_abort(struct ledger *ledger)
{
    if (ledger->backup != NULL) {
        sqlite3_backup_finish(ledger->backup);
        ledger->backup = NULL;
    }
    sql_close(ledger->backup_db);
    ledger->backup_db = NULL;
}

int64_t ledger_backup_age_us(const struct ledger *ledger)
{
    struct stat info;
    if (stat(ledger->backup_path, &info) < 0) {
        return INT64_MAX;
    }
    return clock_wall_us(ledger->clock) - (int64_t)info.st_mtim.tv_sec * 1000000;
}

int ledger_copy(const char *from, const char *to)
{
    sqlite3 *source = NULL;
    sqlite3 *target = NULL;
    int error = sql_open(from, SQL_READ, LEDGER_CACHE_KIB, &source);
    if (error == 0) {
        error = sql_open(to, SQL_COMPACT, LEDGER_CACHE_KIB, &target);
    }
    if (error == 0) {
        sqlite3_backup *backup = sqlite3_backup_init(target, "main", source, "main");
        const int result = backup != NULL ? sqlite3_backup_step(backup, -1) : SQLITE_ERROR;
        sqlite3_backup_finish(backup);
        error = result == SQLITE_DONE ? 0 : sql_error(target, result);
    }
    sql_close(target);
    sql_close(source);
    return error;
}

/* In the copy, before it gets the ledger's name: a crash in between must not make it look like a sound ledger. */
static int mark_restored(const char *path)
{
    sqlite3 *db = NULL;
    char mark[160];
    snprintf(mark, sizeof(mark),
             "INSERT INTO value VALUES('alarms', %d) ON CONFLICT(name) DO UPDATE SET number ="
             " number | excluded.number",
             STORE_LEDGER_RESTORED);
    int error = sql_open(path, SQL_WRITE, LEDGER_CACHE_KIB, &db);
    if (error == 0) {
        error = sql_run(db, mark);
    }
    sql_close(db);
    return error;
}

int ledger_restore(struct ledger *ledger)
{
    if (!disk_exists(ledger->backup_path)) {
        return -ENOENT;
    }
    char *path = mem_format("%s.restored", ledger->path);
    int error = ledger_check(ledger->backup_path);
    if (error == 0) {
        error = disk_remove_database(path);
    }
    if (error == 0) {
        error = ledger_copy(ledger->backup_path, path);
    }
    if (error == 0) {
        error = mark_restored(path);
    }
    if (error == 0 && rename(path, ledger->path) < 0) {
        error = -errno;
    }
    free(path);
    return error == -ENODATA ? -EUCLEAN : error;
}
