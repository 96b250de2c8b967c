/* SPDX-License-Identifier: Apache-2.0 */
/* ledger: open, repair, load, commit. */
#include "store/ledger/ledger_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "store/disk/disk.h"
#include "store/store.h"
#include <lingtan/record.h>

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
    } else if (strcmp(name, "alarms_told") == 0) {
        values->alarms_told = number;
    } else if (strcmp(name, "next_record") == 0) {
        values->next_record = number;
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
    int error = sql_prepare(ledger->db,
                            "SELECT sink, position, 0 FROM cursor UNION ALL"
                            " SELECT sink, position, 1 FROM record_cursor LIMIT 256",
                            &query);
    ledger->cursors = mem_alloc_array(CURSORS_MAX, sizeof(*ledger->cursors));
    while (error == 0 && ledger->cursor_count < CURSORS_MAX && (error = sql_step(query)) == 1) {
        struct ledger_cursor *cursor = &ledger->cursors[ledger->cursor_count++];
        snprintf(cursor->sink, sizeof(cursor->sink), "%s",
                 (const char *)sqlite3_column_text(query, 0));
        cursor->position = (uint64_t)sqlite3_column_int64(query, 1);
        cursor->of_records = sqlite3_column_int(query, 2) != 0;
        error = 0;
    }
    sqlite3_finalize(query);
    return error;
}

/* No position is given twice, whatever the value says. */
static int load_next_record(struct ledger *ledger)
{
    int64_t last = 0;
    bool found = false;
    const int error = sql_get_int(ledger->db, "SELECT max(position) FROM record", &last, &found);
    ledger_number_records(ledger, found ? (uint64_t)last + 1 : 1);
    return error;
}

void ledger_number_records(struct ledger *ledger, uint64_t next)
{
    if (ledger->values.next_record < next) {
        ledger->values.next_record = next;
    }
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
        error = load_next_record(ledger);
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
    int error = sql_prepare(ledger->db,
                            "INSERT INTO value VALUES(?1, ?2) ON CONFLICT(name)"
                            " DO UPDATE SET number = ?2",
                            &ledger->put_value);
    if (error == 0) {
        error = sql_prepare(ledger->db,
                            "INSERT INTO record_cursor VALUES(?1, ?2) ON CONFLICT(sink)"
                            " DO UPDATE SET position = max(position, ?2)",
                            &ledger->put_record_cursor);
    }
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
    sqlite3_finalize(ledger->put_record_cursor);
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

static int put_values(struct ledger *ledger, const struct ledger_values *values)
{
    int error = ledger_put_number(ledger->put_value, "seq_reserved", values->seq_reserved);
    if (error == 0) {
        error = ledger_put_number(ledger->put_value, "durable", values->durable);
    }
    if (error == 0) {
        error = ledger_put_number(ledger->put_value, "alarms", values->alarms);
    }
    return error == 0 ? ledger_put_number(ledger->put_value, "alarms_told", values->alarms_told)
                      : error;
}

/* Rare: a statement of its own each time. */
static int shed_records(struct ledger *ledger, uint64_t up_to)
{
    struct text sql = {0};
    if (up_to == 0) {
        return 0;
    }
    text_add_format(&sql, "DELETE FROM record WHERE position <= %llu AND kind IN (''",
                    (unsigned long long)up_to);
    for (size_t i = 0; i < RECORD_KIND_COUNT; i++) {
        if (!record_kinds[i].is_kept) {
            text_add_format(&sql, ",'%s'", record_kinds[i].word);
        }
    }
    text_add_char(&sql, ')');
    const int error = sql_run(ledger->db, sql.data);
    text_finish(&sql);
    return error;
}

static int put_edits(struct ledger *ledger, const struct ledger_changes *changes)
{
    const uint64_t durable = changes->values.durable;
    int error = 0;
    if (changes->own != NULL) {
        error = ledger_edit_apply(ledger, changes->own, durable);
        error = error == 0 ? changes->own->error : error;
    }
    for (size_t i = 0; error == 0 && i < changes->edit_count; i++) {
        error = ledger_edit_apply(ledger, changes->edits[i], durable);
    }
    return error == 0 ? ledger_put_number(ledger->put_value, "next_record", ledger->next_record)
                      : error;
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
    if (error == 0) {
        error = shed_records(ledger, changes->shed_records);
    }
    return error == 0 ? put_edits(ledger, changes) : error;
}

static int try_commit(struct ledger *ledger, const struct ledger_changes *changes)
{
    int error = sql_run(ledger->db, "BEGIN IMMEDIATE");
    if (error < 0) {
        return error;
    }
    ledger->next_record = ledger->values.next_record;
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
        ledger->values.next_record = ledger->next_record;
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
