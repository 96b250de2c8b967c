/* SPDX-License-Identifier: Apache-2.0 */
/* ledger: open, repair, load, commit. */
#include "store/ledger/ledger_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "store/disk/disk.h"
#include "store/store.h"

enum {
    RESERVE_BYTES = 1 << 20,
    CURSORS_MAX = 256, /* a sane file has a handful */
};

static void set_value(struct ledger_values *values, const char *name, uint64_t number)
{
    if (strcmp(name, "seq_reserved") == 0) {
        values->seq_reserved = number;
    } else if (strcmp(name, "durable") == 0) {
        values->durable = number;
    } else if (strcmp(name, "alarms") == 0) {
        values->alarms = number;
    }
}

static int load_values(struct ledger *ledger)
{
    sqlite3_stmt *query = NULL;
    int error = sql_prepare(ledger->db, "SELECT name, number FROM value", &query);
    while (error == 0 && (error = sql_step(query)) == 1) {
        set_value(&ledger->values, (const char *)sqlite3_column_text(query, 0),
                  (uint64_t)sqlite3_column_int64(query, 1));
        error = 0;
    }
    sqlite3_finalize(query);
    return error;
}

static int load_cursors(struct ledger *ledger)
{
    sqlite3_stmt *query = NULL;
    int error = sql_prepare(ledger->db, "SELECT sink, position FROM cursor LIMIT 256", &query);
    ledger->cursors = mem_alloc_array(CURSORS_MAX, sizeof(*ledger->cursors));
    while (error == 0 && ledger->cursor_count < CURSORS_MAX && (error = sql_step(query)) == 1) {
        struct ledger_cursor *cursor = &ledger->cursors[ledger->cursor_count++];
        snprintf(cursor->sink, sizeof(cursor->sink), "%s",
                 (const char *)sqlite3_column_text(query, 0));
        cursor->position = (uint64_t)sqlite3_column_int64(query, 1);
        error = 0;
    }
    sqlite3_finalize(query);
    return error;
}

static int set_aside(struct ledger *ledger)
{
    char suffix[48];
    snprintf(suffix, sizeof(suffix), ".corrupt-%lld",
             (long long)(clock_wall_us(ledger->clock) / 1000000));
    return disk_set_aside(ledger->path, suffix);
}

/* Decides what stands at ledger->path: a sound ledger, a restored one, or nothing. */
static int settle(struct ledger *ledger)
{
    int error = disk_exists(ledger->path) ? ledger_check(ledger->path) : -ENOENT;
    if (sql_peek_version(ledger->backup_path, LEDGER_APPLICATION) > LEDGER_VERSION) {
        return -EPROTONOSUPPORT; /* to be overwritten tomorrow, or to be restored from */
    }
    const bool is_corrupt = error == -EUCLEAN;
    if (is_corrupt) {
        error = set_aside(ledger);
    } else if (error == -ENOENT || error == -ENODATA) {
        /* Never made, or died before its tables were: a WAL left over must not meet a new file. */
        error = disk_remove_database(ledger->path);
    } else {
        return error;
    }
    if (error == 0) {
        error = ledger_restore(ledger);
    }
    if (error == 0) {
        ledger->origin = LEDGER_RESTORED;
    } else if (error == -ENOENT) {
        ledger->origin = is_corrupt ? LEDGER_LOST : LEDGER_NEW;
    } else if (error == -EUCLEAN) {
        ledger->origin = LEDGER_LOST;
    } else {
        return error;
    }
    return 0;
}

static int open_database(struct ledger *ledger)
{
    int error = sql_open(ledger->path, SQL_CREATE, LEDGER_CACHE_KIB, &ledger->db);
    if (error == 0) {
        error = ledger_upgrade(ledger);
    }
    if (error == 0) {
        error = disk_sync_folder(ledger->folder);
    }
    if (error == 0) {
        error = load_values(ledger);
    }
    if (error == 0) {
        error = load_cursors(ledger);
    }
    if (error == 0) {
        error = ledger_bad_open(ledger);
    }
    if (error == 0) {
        error = ledger_clock_load(ledger);
    }
    return error;
}

static int prepare_statements(struct ledger *ledger)
{
    const int error = sql_prepare(ledger->db,
                                  "INSERT INTO value VALUES(?1, ?2) ON CONFLICT(name)"
                                  " DO UPDATE SET number = ?2",
                                  &ledger->put_value);
    return error < 0 ? error
                     : sql_prepare(ledger->db,
                                   "INSERT INTO cursor VALUES(?1, ?2) ON CONFLICT(sink)"
                                   " DO UPDATE SET position = max(position, ?2)",
                                   &ledger->put_cursor);
}

int ledger_open(const char *folder, const struct clock *clock, struct ledger **out)
{
    struct ledger *ledger = mem_alloc(sizeof(*ledger));
    ledger->clock = clock;
    ledger->folder = mem_dup_string(folder);
    ledger->path = mem_format("%s/ledger.db", folder);
    ledger->backup_path = mem_format("%s/ledger.backup", folder);
    ledger->reserve_path = mem_format("%s/ledger.reserve", folder);
    int error = settle(ledger);
    if (error == 0) {
        error = open_database(ledger);
    }
    if (error == 0) {
        error = prepare_statements(ledger);
    }
    if (error < 0) {
        ledger_close(ledger);
        return error;
    }
    *out = ledger;
    return 0;
}

void ledger_close(struct ledger *ledger)
{
    if (ledger == NULL) {
        return;
    }
    ledger_backup_abort(ledger);
    sqlite3_finalize(ledger->put_value);
    sqlite3_finalize(ledger->put_cursor);
    ledger_bad_close(ledger);
    ledger_edit_close(ledger);
    sql_close(ledger->db);
    free(ledger->cursors);
    free(ledger->steps);
    free(ledger->folder);
    free(ledger->path);
    free(ledger->backup_path);
    free(ledger->reserve_path);
    free(ledger);
}

enum ledger_origin ledger_origin(const struct ledger *ledger)
{
    return ledger->origin;
}

struct ledger_values ledger_values(const struct ledger *ledger)
{
    return ledger->values;
}

const struct ledger_cursor *ledger_cursors(const struct ledger *ledger, size_t *count)
{
    *count = ledger->cursor_count;
    return ledger->cursors;
}

static int put(sqlite3_stmt *statement, const char *name, uint64_t number)
{
    sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
    sqlite3_bind_int64(statement, 2, (sqlite3_int64)number);
    return sql_finish_step(statement);
}

int ledger_put_cursor(struct ledger *ledger, const struct ledger_cursor *cursor)
{
    return put(ledger->put_cursor, cursor->sink, cursor->position);
}

static int put_values(struct ledger *ledger, const struct ledger_values *values)
{
    int error = put(ledger->put_value, "seq_reserved", values->seq_reserved);
    if (error == 0) {
        error = put(ledger->put_value, "durable", values->durable);
    }
    return error == 0 ? put(ledger->put_value, "alarms", values->alarms) : error;
}

static int put_all(struct ledger *ledger, const struct ledger_changes *changes)
{
    int error = put_values(ledger, &changes->values);
    for (size_t i = 0; error == 0 && i < changes->cursor_count; i++) {
        error = ledger_put_cursor(ledger, &changes->cursors[i]);
    }
    for (size_t i = 0; error == 0 && i < changes->bad_count; i++) {
        error = ledger_bad_write(ledger, &changes->bad[i]);
    }
    if (error == 0) {
        error = ledger_clock_write(ledger, changes->steps, changes->step_count);
    }
    for (size_t i = 0; error == 0 && i < changes->edit_count; i++) {
        error = ledger_edit_apply(ledger, changes->edits[i], changes->values.durable);
    }
    return error;
}

static int try_commit(struct ledger *ledger, const struct ledger_changes *changes)
{
    int error = sql_run(ledger->db, "BEGIN IMMEDIATE");
    if (error < 0) {
        return error;
    }
    error = put_all(ledger, changes);
    if (error == 0) {
        error = sql_run(ledger->db, "COMMIT");
    }
    if (error < 0 && !sqlite3_get_autocommit(ledger->db)) {
        const int ignored = sql_run(ledger->db, "ROLLBACK");
        (void)ignored;
    }
    return error;
}

static int commit_with_reserve(struct ledger *ledger, const struct ledger_changes *changes)
{
    int error = try_commit(ledger, changes);
    if (error == -ENOSPC && disk_exists(ledger->reserve_path)) {
        ledger_drop_reserve(ledger->folder);
        error = try_commit(ledger, changes);
    }
    if (error == 0) {
        ledger->values = changes->values;
    }
    return error;
}

static void fail_edit(struct ledger_edit *edit, int error)
{
    edit->error = error;
    snprintf(edit->reason, sizeof(edit->reason), "%s",
             error == -ENOSPC ? "no room on the disk of the data folder" : strerror(-error));
}

/* Not all of it together: first what is the store's own, then the edits one by one. */
static int commit_apart(struct ledger *ledger, const struct ledger_changes *changes)
{
    struct ledger_changes own = *changes;
    own.edit_count = 0;
    const int own_error = commit_with_reserve(ledger, &own);
    for (size_t i = 0; own_error != -EUCLEAN && i < changes->edit_count; i++) {
        const struct ledger_changes one = {
            .values = ledger->values, .edits = &changes->edits[i], .edit_count = 1};
        const int error = commit_with_reserve(ledger, &one);
        if (error < 0) {
            fail_edit(changes->edits[i], error);
        }
        if (error == -EUCLEAN) {
            return error;
        }
    }
    return own_error;
}

int ledger_commit(struct ledger *ledger, const struct ledger_changes *changes)
{
    const int error = commit_with_reserve(ledger, changes);
    return error < 0 && error != -EUCLEAN && changes->edit_count > 0 ? commit_apart(ledger, changes)
                                                                     : error;
}

void ledger_keep_reserve(struct ledger *ledger, int64_t min_free_bytes)
{
    if (disk_file_bytes(ledger->reserve_path) < RESERVE_BYTES &&
        disk_free_bytes(ledger->folder) > min_free_bytes + RESERVE_BYTES) {
        /* Without it the ledger has less room to live on, no more: the next check tries again. */
        const int ignored = disk_reserve(ledger->reserve_path, RESERVE_BYTES);
        (void)ignored;
    }
}

void ledger_drop_reserve(const char *folder)
{
    char *path = mem_format("%s/ledger.reserve", folder);
    unlink(path);
    free(path);
}
