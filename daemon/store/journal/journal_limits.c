/* SPDX-License-Identifier: Apache-2.0 */
/* journal_limits: what goes when there is too much: days, bytes, free space. The file being written never goes. */
#include "store/journal/journal.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "store/disk/disk.h"
#include "store/store.h"

static const double near_share = 0.9; /* of the size allowed: time to tell somebody */

/* Days are counted by the files there are, not by age: a clock that jumps ahead must not empty the journal. */
static int64_t day_count(const struct journal *journal)
{
    int64_t days = 0;
    for (size_t i = 0; i < journal->count; i++) {
        days += i == 0 || journal->files[i].extent.number != journal->files[i - 1].extent.number;
    }
    return days;
}

void journal_measure(struct journal *journal)
{
    if (journal->count == 0) {
        return;
    }
    char *path = journal_path(journal, journal->files[journal->count - 1].name);
    char *wal = mem_format("%s-wal", path);
    const int64_t bytes = disk_file_bytes(path) + disk_file_bytes(wal);
    free(wal);
    free(path);
    pthread_mutex_lock(&journal->mutex);
    journal->files[journal->count - 1].bytes = bytes;
    pthread_mutex_unlock(&journal->mutex);
}

struct journal_totals journal_totals(struct journal *journal)
{
    struct journal_totals totals = {0};
    pthread_mutex_lock(&journal->mutex);
    for (size_t i = 0; i < journal->count; i++) {
        const struct journal_file *file = &journal->files[i];
        totals.bytes += file->bytes;
        if (file->extent.first_us != 0 &&
            (totals.oldest_us == 0 || file->extent.first_us < totals.oldest_us)) {
            totals.oldest_us = file->extent.first_us;
        }
    }
    pthread_mutex_unlock(&journal->mutex);
    return totals;
}

/* What was set aside goes before any day that a sink may still want. */
static bool shed_aside(struct journal *journal)
{
    DIR *folder = opendir(journal->folder);
    bool is_shed = false;
    if (folder == NULL) {
        return false;
    }
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        if (strstr(entry->d_name, ".corrupt-") != NULL) {
            char *path = journal_path(journal, entry->d_name);
            is_shed |= unlink(path) == 0;
            free(path);
        }
    }
    closedir(folder);
    journal->aside_bytes = 0;
    return is_shed;
}

static bool shed_day(struct journal *journal, uint64_t wanted_from)
{
    if (journal->count < 2) {
        return false;
    }
    pthread_mutex_lock(&journal->mutex);
    const struct journal_file oldest = journal->files[0];
    pthread_mutex_unlock(&journal->mutex);
    char *path = journal_path(journal, oldest.name);
    /* Readers first learn that it is gone, then it goes: what fails after that is no corruption. */
    journal_unlist(journal, oldest.serial);
    const int error = disk_remove_database(path);
    if (error == 0 && oldest.extent.last_position >= wanted_from) {
        alarms_raise(journal->alarms, STORE_JOURNAL_SHED,
                     "%s was removed before all sinks had it; the journal may keep %lld days, "
                     "%lld MB",
                     oldest.name, (long long)journal->days_max,
                     (long long)(journal->bytes_max / 1000000));
    }
    free(path);
    return error == 0;
}

bool journal_shed(struct journal *journal, uint64_t wanted_from)
{
    return (journal->aside_bytes > 0 && shed_aside(journal)) || shed_day(journal, wanted_from);
}

static bool is_near(struct journal *journal, int64_t bytes, int64_t free_bytes)
{
    return day_count(journal) >= journal->days_max ||
           (double)bytes >= near_share * (double)journal->bytes_max ||
           near_share * (double)free_bytes < (double)journal->min_free_bytes;
}

static void warn(struct journal *journal, uint64_t wanted_from, int64_t bytes, int64_t free_bytes)
{
    if (journal->count > 1 && journal->files[0].extent.last_position >= wanted_from &&
        is_near(journal, bytes, free_bytes)) {
        alarms_raise(journal->alarms, STORE_NEAR_LIMIT,
                     "a sink still needs %s, the next to be removed (%lld of %lld days, "
                     "%lld of %lld MB)",
                     journal->files[0].name, (long long)day_count(journal),
                     (long long)journal->days_max, (long long)(bytes / 1000000),
                     (long long)(journal->bytes_max / 1000000));
    } else {
        alarms_clear(journal->alarms, STORE_NEAR_LIMIT);
    }
}

static void set_aside_suspects(struct journal *journal)
{
    for (size_t i = journal->count; i-- > 0;) {
        pthread_mutex_lock(&journal->mutex);
        const struct journal_file file = journal->files[i];
        pthread_mutex_unlock(&journal->mutex);
        if (!file.is_suspect) {
            continue;
        }
        if (i + 1 == journal->count) {
            day_abandon(journal->day);
            journal->day = NULL;
        }
        /* When even the renaming fails the file stays listed as suspect: no reader looks at it. */
        const int ignored = journal_set_aside(journal, &file);
        (void)ignored;
    }
}

void journal_upkeep(struct journal *journal, uint64_t wanted_from)
{
    set_aside_suspects(journal);
    journal_measure(journal);
    const int64_t free_bytes = disk_free_bytes(journal->folder);
    int64_t bytes = journal_totals(journal).bytes + journal->aside_bytes;
    warn(journal, wanted_from, bytes, free_bytes);
    bool is_shed = true;
    while (is_shed && (day_count(journal) > journal->days_max || bytes > journal->bytes_max)) {
        is_shed = day_count(journal) > journal->days_max ? shed_day(journal, wanted_from)
                                                         : journal_shed(journal, wanted_from);
        bytes = journal_totals(journal).bytes + journal->aside_bytes;
    }
    /* One at a time: it may be somebody else who fills the disk, and history should last. */
    if (free_bytes < journal->min_free_bytes) {
        journal_shed(journal, wanted_from);
    }
}
