/* SPDX-License-Identifier: Apache-2.0 */
/* journal: the day files as one sequence of positions.
 *
 * Files are ordered by the first position they hold, never by name: names come from the wall clock, and that may be
 * stepped. The store thread writes and sheds; readers on other threads ask the list of files, under the mutex, where to
 * look, and report what they can't read. */
#ifndef LINGTAN_STORE_JOURNAL_H
#define LINGTAN_STORE_JOURNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "store/alarms.h"
#include "store/journal/day.h"
#include <lingtan/clock.h>

enum { JOURNAL_NAME_SIZE = 32 };

struct journal_file {
    uint64_t serial; /* of this run; names may come back */
    char name[JOURNAL_NAME_SIZE];
    struct day_extent extent; /* final unless it is the last file */
    int64_t bytes;
    bool is_suspect; /* a reader found it corrupt */
};

struct journal {
    char *folder;
    const struct clock *clock;
    struct alarms *alarms;
    int64_t days_max;
    int64_t bytes_max;
    int64_t min_free_bytes;
    struct day *day; /* open for writing, or NULL; store thread */
    int64_t aside_bytes;
    uint64_t max_seq; /* of all that was ever seen here */
    atomic_uint_least64_t bad_blocks;
    pthread_mutex_t
        mutex; /* guards all below; the store thread alone changes them, but for is_suspect */
    struct journal_file *files;
    size_t count;
    uint64_t next_serial;
};

struct journal_limits {
    int64_t days;
    int64_t bytes;
    int64_t min_free_bytes;
};

/* Opens what is there; sets aside what is corrupt. Errors: the folder or a file in it can't be used at all. */
int journal_open(const char *folder, const struct journal_limits *limits, const struct clock *clock,
                 struct alarms *alarms, struct journal **out) MUST_USE;
void journal_close(struct journal *journal); /* NULL-safe; no reader may be left */

uint64_t journal_last_position(struct journal *journal); /* 0 = none */

/* Commits the batches, in order of position, to the file of today. Sets aside and sheds as needed. wanted_from: the lowest
 * position that a sink still wants. -ENOSPC: the disk is full and nothing is left to shed. Refused: see day_commit. */
int journal_commit(struct journal *journal, struct batch *const *batches, size_t count,
                   uint64_t wanted_from, uint64_t *refused) MUST_USE;

/* Every second or so: keeps the limits, sets aside what readers reported. */
void journal_upkeep(struct journal *journal, uint64_t wanted_from);

struct journal_totals {
    int64_t bytes;
    int64_t oldest_us; /* of the oldest reading; 0 = none */
};
struct journal_totals journal_totals(struct journal *journal); /* any thread */

/* Where a reader that wants `from` must look: the file that holds it, else the next one. *is_last: nothing was written
 * beyond this file when it was asked; ask before reading the file, not after. False: no files. Any thread. */
bool journal_find(struct journal *journal, uint64_t from, struct journal_file *out, bool *is_last);

/* Copies the files that may hold readings in [from_us, to_us), oldest first; the caller frees. Any thread. */
size_t journal_find_times(struct journal *journal, int64_t from_us, int64_t to_us,
                          struct journal_file **out);

bool journal_has(struct journal *journal, uint64_t serial); /* still listed? Any thread */
void journal_suspect(struct journal *journal, uint64_t serial);
char *journal_path(const struct journal *journal, const char *name); /* the caller frees */

/* Between journal.c, journal_files.c and journal_limits.c. */

int journal_scan(struct journal *journal) MUST_USE; /* lists the folder */
void journal_list(struct journal *journal, const char *name, const struct day_extent *extent);
void journal_unlist(struct journal *journal, uint64_t serial);
void journal_note_extent(struct journal *journal); /* of the file being written */
int journal_name_new(struct journal *journal, char name[JOURNAL_NAME_SIZE]) MUST_USE;
int journal_set_aside(struct journal *journal, const struct journal_file *file) MUST_USE;
const struct journal_file *journal_newest(const struct journal *journal); /* store thread */

/* Unlinks the oldest file that may go. False: there is none. */
bool journal_shed(struct journal *journal, uint64_t wanted_from);
void journal_measure(struct journal *journal);        /* the size of the file being written */
int64_t journal_today(const struct journal *journal); /* days since 1970 */

#endif
