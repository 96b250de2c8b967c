/* SPDX-License-Identifier: Apache-2.0 */
/* store_folder: taking possession of the data folder, and finding where numbering goes on. At open, else on the store
 * thread when the folder can be used at last. */
#include "store/store_internal.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "store/disk/disk.h"

static const uint64_t lost_margin = 1 << 20; /* numbers given after the last trace of them */

static int take_lock(struct store *store)
{
    char *path = mem_format("%s/lock", store->options.folder);
    const int error = disk_lock(path, &store->lock_fd);
    free(path);
    return error;
}

static int open_journal(struct store *store, struct journal **out)
{
    const struct journal_limits limits = {
        .days = store->options.journal_days,
        .bytes = store->options.journal_mb * 1000000,
        .min_free_bytes = store->options.min_free_mb * 1000000,
    };
    char *folder = mem_format("%s/journal", store->options.folder);
    const int error = journal_open(folder, &limits, store->clock, &store->alarms, out);
    free(folder);
    return error;
}

static int open_databases(struct store *store, struct journal **journal)
{
    const int error = ledger_open(store->options.folder, store->clock, &store->ledger);
    return error < 0 ? error : open_journal(store, journal);
}

void store_folder_close(struct store *store)
{
    journal_close(atomic_exchange(&store->journal, NULL));
    ledger_close(store->ledger);
    store->ledger = NULL;
    if (store->lock_fd >= 0) {
        close(store->lock_fd);
        store->lock_fd = -1;
    }
}

static uint64_t larger(uint64_t one, uint64_t other)
{
    return one > other ? one : other;
}

static uint64_t wall_number(const struct store *store)
{
    const int64_t wall_us = clock_wall_us(store->clock);
    return wall_us > 1 ? (uint64_t)wall_us : 1;
}

static uint64_t last_known_position(struct store *store, struct journal *journal)
{
    size_t count = 0;
    const struct ledger_cursor *cursors = ledger_cursors(store->ledger, &count);
    uint64_t last = larger(journal_last_position(journal), ledger_values(store->ledger).durable);
    for (size_t i = 0; i < count; i++) {
        last = larger(last, cursors[i].of_records ? 0 : cursors[i].position);
    }
    return last;
}

/* Whether the ledger may know less than was once true. */
static bool is_ledger_behind(struct store *store, const struct journal *journal)
{
    const enum ledger_origin origin = ledger_origin(store->ledger);
    return origin == LEDGER_RESTORED || origin == LEDGER_LOST ||
           (origin == LEDGER_NEW && (journal->count > 0 || journal->aside_bytes > 0));
}

static uint64_t find_first_seq(struct store *store, const struct journal *journal)
{
    const uint64_t max_seq = journal->max_seq;
    uint64_t first = larger(ledger_values(store->ledger).seq_reserved, max_seq + 1);
    if (is_ledger_behind(store, journal)) {
        first += lost_margin;
        /* With the journal gone as well only the clock is known to have moved on. */
        first = max_seq == 0 ? larger(first, wall_number(store)) : first;
    }
    return first;
}

/* Of a ledger that may know less than was once true. */
static uint64_t first_record(const struct store *store)
{
    const uint64_t next = ledger_values(store->ledger).next_record + lost_margin;
    const bool is_restored = ledger_origin(store->ledger) == LEDGER_RESTORED;
    return is_restored ? next : larger(next, wall_number(store));
}

static int find_numbers(struct store *store, struct journal *journal)
{
    const uint64_t last = last_known_position(store, journal);
    if (is_ledger_behind(store, journal)) {
        ledger_number_records(store->ledger, first_record(store));
    }
    store_ledger_learn(store);
    store->next_position = last + 1;
    store->first_seq = find_first_seq(store, journal);
    atomic_store(&store->durable, last);
    atomic_store(&store->seq_used, store->first_seq);
    atomic_store(&store->seq_reserved, 0);
    if (is_ledger_behind(store, journal)) {
        alarms_raise(&store->alarms, STORE_LEDGER_RESTORED, "%s/ledger.db was %s",
                     store->options.folder,
                     ledger_origin(store->ledger) == LEDGER_RESTORED
                         ? "lost or corrupt and came back from ledger.backup"
                         : "lost or corrupt without a backup and was begun anew");
    }
    return store_ledger_write(store);
}

int store_folder_open(struct store *store)
{
    struct journal *journal = NULL;
    int error = disk_make_folder(store->options.folder);
    if (error == 0) {
        error = take_lock(store);
    }
    if (error == 0) {
        error = store_version_check(store);
    }
    if (error == 0) {
        error = open_databases(store, &journal);
    }
    if (error == -ENOSPC && store->lock_fd >= 0) {
        /* Even side files of a database need room: this is what the reserve is for. */
        ledger_close(store->ledger);
        store->ledger = NULL;
        ledger_drop_reserve(store->options.folder);
        error = open_databases(store, &journal);
    }
    if (error == 0) {
        error = find_numbers(store, journal);
    }
    if (error < 0) {
        journal_close(journal);
        store_folder_close(store);
        return error;
    }
    /* The others look at these: they come last and stay. */
    atomic_store(&store->journal, journal);
    atomic_store(&store->is_numbered, true);
    return 0;
}

static const char *reason_of(int error)
{
    switch (error) {
    case -EBUSY:
        return "another program holds it";
    case -EPROTONOSUPPORT:
        return "a later version has written it";
    default:
        return strerror(-error);
    }
}

unsigned store_complain(struct store *store, const char *what, int error)
{
    if (error == -ENOSPC) {
        alarms_raise(&store->alarms, STORE_DISK_FULL, "no room for the %s in %s; free some", what,
                     store->options.folder);
        return STORE_DISK_FULL;
    }
    if (error == -EPROTONOSUPPORT && (alarms_bits(&store->alarms) & STORE_UNWRITABLE) != 0) {
        return STORE_UNWRITABLE; /* store_version_check has named the file */
    }
    alarms_raise(&store->alarms, STORE_UNWRITABLE, "can't write the %s in %s: %s", what,
                 store->options.folder, reason_of(error));
    return STORE_UNWRITABLE;
}

void store_settle_alarms(struct store *store)
{
    const unsigned now =
        store->journal_trouble | store->ledger_trouble | rollups_trouble(store->rollups);
    alarms_clear(&store->alarms, (STORE_DISK_FULL | STORE_UNWRITABLE) & ~now);
}
