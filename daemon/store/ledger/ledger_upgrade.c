/* SPDX-License-Identifier: Apache-2.0 */
/* ledger_upgrade: the schema of the ledger as numbered steps, each in one transaction. Step N leads from version N - 1 to
 * N, and is never changed once it was released: tests/unit/store/released has a data folder of each version. */
#include "store/ledger/ledger_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "store/disk/disk.h"
#include <lingtan/log.h>

static const char *const steps[LEDGER_VERSION] = {
    "CREATE TABLE value(name TEXT PRIMARY KEY, number INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE cursor(sink TEXT PRIMARY KEY, position INTEGER NOT NULL) WITHOUT ROWID;"
    "PRAGMA application_id=0x4c54434c;",

    /* Version 1 made bad_register when it first needed it. */
    "CREATE TABLE IF NOT EXISTS bad_register(device TEXT NOT NULL, unit INTEGER NOT NULL,"
    " function INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,"
    " is_split INTEGER NOT NULL, exception INTEGER NOT NULL, first_printed INTEGER NOT NULL,"
    " last_printed INTEGER NOT NULL, since_us INTEGER NOT NULL, next_try_us INTEGER NOT NULL,"
    " PRIMARY KEY(device, unit, function, first, last, is_split)) WITHOUT ROWID;"
    /* before_us, after_us: what the wall clock said at mono_us of the boot. */
    "CREATE TABLE clock_step(id INTEGER PRIMARY KEY, boot INTEGER NOT NULL,"
    " mono_us INTEGER NOT NULL, before_us INTEGER NOT NULL, after_us INTEGER NOT NULL);",

    /* A record's body stands here, or reference says where. record_cursor: how far a sink has got in them. */
    "CREATE TABLE record(position INTEGER PRIMARY KEY, kind TEXT NOT NULL, subject TEXT NOT NULL,"
    " time_us INTEGER NOT NULL, body TEXT, reference TEXT,"
    " CHECK((body IS NULL) <> (reference IS NULL)));"
    "CREATE INDEX record_of_kind ON record(kind, position);"
    "CREATE TABLE record_cursor(sink TEXT PRIMARY KEY, position INTEGER NOT NULL) WITHOUT ROWID;",
};

static int take_step(sqlite3 *db, int64_t version)
{
    char number[64];
    snprintf(number, sizeof(number), "PRAGMA user_version=%lld; COMMIT", (long long)version);
    int error = sql_run(db, "BEGIN IMMEDIATE");
    if (error == 0) {
        error = sql_run(db, steps[version - 1]);
    }
    if (error == 0) {
        error = sql_run(db, number);
    }
    if (error < 0 && !sqlite3_get_autocommit(db)) {
        const int ignored = sql_run(db, "ROLLBACK");
        (void)ignored;
    }
    return error;
}

/* Verified before the first step; one that stands already is of the same file, from an upgrade that was cut short. */
static int keep_copy(const struct ledger *ledger, int64_t version)
{
    char *path = mem_format("%s.version-%lld", ledger->path, (long long)version);
    char *new_path = mem_format("%s.new", path);
    int error = disk_remove_database(new_path);
    if (error == 0) {
        error = ledger_copy(ledger->path, new_path);
    }
    if (error == 0) {
        error = ledger_check(new_path);
    }
    if (error == 0 && rename(new_path, path) < 0) {
        error = -errno;
    }
    if (error == 0) {
        error = disk_sync_folder(ledger->folder);
    }
    free(new_path);
    free(path);
    return error;
}

int ledger_upgrade(struct ledger *ledger)
{
    int64_t version = 0;
    int error = sql_get_version(ledger->db, LEDGER_APPLICATION, LEDGER_VERSION, &version);
    const bool is_new = error == -ENODATA;
    const int64_t from = version;
    if (is_new) {
        error = 0;
    } else if (error == 0 && version < LEDGER_VERSION) {
        error = keep_copy(ledger, version);
    }
    while (error == 0 && version < LEDGER_VERSION) {
        error = take_step(ledger->db, ++version);
    }
    if (error == 0 && !is_new && from < version) {
        log_notice("the ledger was brought from version %lld to %lld; as it was it stands in "
                   "%s.version-%lld, for the former program",
                   (long long)from, (long long)version, ledger->path, (long long)from);
    }
    return error;
}
