/* SPDX-License-Identifier: Apache-2.0 */
/* journal: opening, committing, and beginning the next file. */
#include "store/journal/journal.h"

#include <stdlib.h>

#include "base/mem.h"
#include "store/disk/disk.h"
#include "store/store.h"

enum {
    FILES_OF_SIZE_MAX =
        8, /* a file grows to this part of the journal at most: shedding works by files */
    STEP_BACK_DAYS = 7,
    ATTEMPTS_MAX = 16,
};

static const int64_t file_bytes_min = 256 << 10;
static const int64_t free_bytes_min = 2 << 20; /* the last room on the disk is the ledger's */

int journal_open(const char *folder, const struct journal_limits *limits, const struct clock *clock,
                 struct alarms *alarms, struct journal **out)
{
    struct journal *journal = mem_alloc(sizeof(*journal));
    pthread_mutex_init(&journal->mutex, NULL);
    journal->folder = mem_dup_string(folder);
    journal->clock = clock;
    journal->alarms = alarms;
    journal->days_max = limits->days;
    journal->bytes_max = limits->bytes;
    journal->min_free_bytes = limits->min_free_bytes;
    int error = disk_make_folder(folder);
    if (error == 0) {
        error = journal_scan(journal);
    }
    if (error < 0) {
        journal_close(journal);
        return error;
    }
    *out = journal;
    return 0;
}

void journal_close(struct journal *journal)
{
    if (journal == NULL) {
        return;
    }
    day_close(journal->day);
    free(journal->files);
    free(journal->folder);
    pthread_mutex_destroy(&journal->mutex);
    free(journal);
}

/* The newest file again after a start or a failure. Leaves day NULL when there is none. */
static int reopen(struct journal *journal)
{
    const struct journal_file *newest = journal_newest(journal);
    if (newest == NULL || !journal_has(journal, newest->serial)) {
        return 0;
    }
    char *path = journal_path(journal, newest->name);
    int error = day_open(path, &journal->day);
    if (error == -ENODATA) {
        error = -EUCLEAN; /* it was measured, so it had tables */
    }
    free(path);
    return error;
}

static bool is_full(const struct journal *journal)
{
    const int64_t part = journal->bytes_max / FILES_OF_SIZE_MAX;
    char *path = journal_path(journal, journal_newest(journal)->name);
    const int64_t bytes = disk_file_bytes(path);
    free(path);
    return bytes > (part > file_bytes_min ? part : file_bytes_min);
}

/* A clock that falls back a little keeps writing to the file it has. One that falls back far was wrong before: with its
 * date on the file, days would never be told apart again. */
static bool must_begin(const struct journal *journal)
{
    if (journal->day == NULL) {
        return true;
    }
    const int64_t today = journal_today(journal);
    const int64_t number = day_extent(journal->day)->number;
    return today > number || today < number - STEP_BACK_DAYS || is_full(journal);
}

static int begin_file(struct journal *journal, uint64_t position)
{
    char name[JOURNAL_NAME_SIZE];
    struct day *day = NULL;
    const uint64_t last = journal_last_position(journal);
    const uint64_t first_position = position > last ? position : last + 1;
    int error = disk_make_folder(journal->folder);
    if (error == 0) {
        error = journal_name_new(journal, name);
    }
    if (error < 0) {
        return error;
    }
    char *path = journal_path(journal, name);
    error = day_create(path, journal_today(journal), first_position, journal->max_seq, &day);
    if (error == 0) {
        error = disk_sync_folder(journal->folder);
    }
    if (error == 0) {
        day_close(journal->day);
        journal_measure(journal);
        journal->day = day;
        journal_list(journal, name, day_extent(day));
    } else {
        day_abandon(day);
        const int ignored = disk_remove_database(path);
        (void)ignored;
    }
    free(path);
    return error;
}

static int try_commit(struct journal *journal, struct batch *const *batches, size_t count,
                      uint64_t *refused)
{
    int error = 0;
    if (disk_free_bytes(journal->folder) < free_bytes_min) {
        return -ENOSPC;
    }
    if (journal->day == NULL) {
        error = reopen(journal);
    }
    if (error == 0 && must_begin(journal)) {
        error = begin_file(journal, batches[0]->position);
    }
    if (error == 0) {
        error = day_commit(journal->day, batches, count, refused);
    }
    if (error == 0) {
        journal_note_extent(journal);
    }
    return error;
}

/* Is another attempt worth while? */
static bool recover(struct journal *journal, int error, int attempt, uint64_t wanted_from)
{
    if (error == -ENOSPC) {
        return journal_shed(journal, wanted_from);
    }
    day_abandon(journal->day);
    journal->day = NULL;
    if (error == -EUCLEAN || error == -ENOENT) {
        return journal->count > 0 && journal_set_aside(journal, journal_newest(journal)) == 0;
    }
    return attempt == 0;
}

int journal_commit(struct journal *journal, struct batch *const *batches, size_t count,
                   uint64_t wanted_from, uint64_t *refused)
{
    int error = try_commit(journal, batches, count, refused);
    for (int attempt = 0; error < 0 && attempt < ATTEMPTS_MAX; attempt++) {
        if (!recover(journal, error, attempt, wanted_from)) {
            break;
        }
        error = try_commit(journal, batches, count, refused);
    }
    return error;
}
