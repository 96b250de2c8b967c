/* SPDX-License-Identifier: Apache-2.0 */
/* ledger_check: whether a file is a sound ledger of a version known here. */
#include <string.h>

#include "store/disk/disk.h"
#include "store/ledger/ledger_internal.h"

static const int64_t quick_check_bytes_max = 16 << 20; /* larger ones would delay the start */

static int check_pages(sqlite3 *db, const char *path)
{
    sqlite3_stmt *check = NULL;
    if (disk_file_bytes(path) > quick_check_bytes_max) {
        return 0;
    }
    int error = sql_prepare(db, "PRAGMA quick_check(1)", &check);
    if (error == 0 && sql_step(check) == 1) {
        const char *verdict = (const char *)sqlite3_column_text(check, 0);
        error = verdict != NULL && strcmp(verdict, "ok") == 0 ? 0 : -EUCLEAN;
    }
    sqlite3_finalize(check);
    return error;
}

int ledger_check(const char *path)
{
    sqlite3 *db = NULL;
    int64_t ignored = 0;
    bool found = false;
    int error = sql_open(path, SQL_READ, LEDGER_CACHE_KIB, &db);
    if (error == 0) {
        error = sql_get_version(db, LEDGER_APPLICATION, LEDGER_VERSION, &ignored);
    }
    if (error == 0) {
        error = check_pages(db, path);
    }
    if (error == 0) {
        error = sql_get_int(db, "SELECT count(*) FROM value, cursor", &ignored, &found);
    }
    sql_close(db);
    return error;
}
