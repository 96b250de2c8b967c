/* SPDX-License-Identifier: Apache-2.0 */
/* store_internal: the store's state, for the files of this folder and its tests. */
#ifndef LINGTAN_STORE_INTERNAL_H
#define LINGTAN_STORE_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "store/alarms.h"
#include "store/journal/journal.h"
#include "store/ledger/ledger.h"
#include "store/rollup/rollup.h"
#include "store/store.h"
#include <lingtan/mailbox.h>
#include <lingtan/record.h>

enum {
    STORE_SEQ_BLOCK = 65536,
    STORE_TAKE_MAX = 4096, /* batches a transaction */
};

struct store_listener {
    store_durable_fn fn;
    void *context;
};

struct store_cursor {
    char sink[64];
    uint64_t wanted;    /* what the sink said; written as far as it is durable */
    uint64_t committed; /* what the ledger has */
    bool is_used;       /* by a sink of this run: the others' wishes are of no interest */
    bool is_claimed;
    bool of_records; /* its positions are of records */
    bool has_rows;   /* it moves together with rows: it stands where they stand */
    unsigned life;   /* of the ledger that it was asked of last */
};

struct store_record_listener {
    void (*fn)(void *context, const struct record *record);
    void *context;
};

struct store_body_keeper {
    char *(*fn)(void *context, const struct record *record);
    void *context;
};

struct store_bad {
    struct bad_register row;
    bool is_gone;     /* to be removed from the ledger */
    uint64_t changes; /* that the ledger does not have yet */
};

struct store_write;
enum store_phase { STORE_NOT_STARTED, STORE_SERVES, STORE_STOPPED };

struct store {
    struct store_options options; /* folder is a copy */
    const struct clock *clock;
    struct alarms alarms;
    struct rollups *rollups;
    struct mailbox *mailbox; /* of batches; when full, store_append refuses */
    int wake_fd;             /* eventfd: stop, or a cursor while the thread sleeps */
    pthread_t thread;
    bool is_started;
    atomic_bool is_stopping;
    atomic_bool is_numbered;
    atomic_bool is_urgent;    /* a write asks to be committed at once */
    atomic_bool wants_upkeep; /* the journal grew, or a reader found it corrupt */

    /* Fixed once is_numbered. */
    uint64_t next_position;
    uint64_t first_seq;

    atomic_uint_least64_t durable;
    atomic_uint_least64_t dropped;
    atomic_uint_least64_t commits;
    atomic_int_least64_t last_commit_us;
    atomic_uint_least64_t last_record;
    atomic_uint_least64_t seq_reserved;
    atomic_uint_least64_t seq_used;
    /* NULL until the folder could be opened, then fixed until destroy. */
    _Atomic(struct journal *) journal;

    pthread_mutex_t listening; /* guards listeners of both kinds; held while they are called */
    struct store_record_listener *record_listeners;
    size_t record_listener_count;
    struct store_listener *listeners;
    size_t listener_count;

    pthread_mutex_t mutex; /* guards all up to acknowledged */
    struct store_cursor *cursors;
    size_t cursor_count;
    struct store_bad *bad; /* LEDGER_BAD_MAX at the most */
    size_t bad_count;
    uint64_t bad_changes;     /* of all of them */
    struct clock_step *steps; /* oldest first, LEDGER_CLOCK_STEPS_MAX at the most */
    size_t step_count;
    size_t steps_new;                /* the last so many are not in the ledger yet */
    struct store_write *first_write; /* sent and not taken yet */
    struct store_write *last_write;
    unsigned ledger_life; /* how often it was replaced in this run */
    enum store_phase phase;
    bool is_idle; /* the thread sleeps until something comes */
    char acknowledged_by[64];
    unsigned acknowledged; /* alarms to be ended at the next ledger commit */

    /* The opener's, then the store thread's. */
    struct ledger *ledger;
    struct store_body_keeper bodies[RECORD_KIND_COUNT]; /* fixed at start */
    uint64_t record_mark;                               /* the last record at record_mark_us */
    int64_t record_mark_us;
    uint64_t old_record;          /* the mark before: so long ago at least */
    int64_t records_keep_us;      /* for the streams */
    uint64_t shed_records;        /* up to here */
    char untold_by[64];           /* who has seen acknowledged_untold */
    unsigned acknowledged_untold; /* alarms that a person has seen, and no record says so yet */
    unsigned journal_trouble; /* STORE_DISK_FULL or STORE_UNWRITABLE: the last attempt failed so */
    unsigned ledger_trouble;
    int lock_fd;            /* -1 = not held */
    struct batch **waiting; /* STORE_TAKE_MAX at the most, being committed */
    size_t waiting_count;
    bool is_backing_up;
    int64_t failing_since_us; /* the oldest of them could not be written since; 0 = all is well */
    int64_t retry_us;         /* between attempts on a folder that can't be used */
    int64_t patience_us;      /* for how long a commit that fails is tried again */
    int64_t next_retry_us;    /* monotonic, by the machine's clock, as all below */
    int64_t next_upkeep_us;
    int64_t next_backup_us;
    int64_t next_ledger_us;
};

/* store_folder.c: takes the lock, opens ledger and journal, learns what they know, and numbers from there on, reserved
 * durably. On failure nothing is held and nothing numbered. -EBUSY: another daemon. */
int store_folder_open(struct store *store) MUST_USE;
void store_folder_close(struct store *store);
/* Tells of an error of the journal or the ledger by alarm; returns the alarm's bit. */
unsigned store_complain(struct store *store, const char *what, int error);
void store_settle_alarms(struct store *store); /* ends those that neither journal nor ledger has */

/* store_version.c: -EPROTONOSUPPORT when a file of the folder was written by a later version, told by alarm. Reads only. */
int store_version_check(struct store *store) MUST_USE;

/* store_ledger.c: writes what changed in cursors, reservations and alarms; replaces a ledger that became corrupt. */
int store_ledger_write(struct store *store) MUST_USE;
int64_t store_ledger_due_us(struct store *store); /* INT64_MAX: nothing to write */
void store_ledger_learn(struct store *store);     /* cursors and standing alarms from the file */
uint64_t store_wanted_from(struct store *store);  /* the lowest position a used cursor lacks */
struct store_cursor *store_cursor_entry(struct store *store, const char *sink); /* mutex held */

/* store_bad.c: bad registers on their way to the ledger and from it. */
void store_bad_learn(struct store *store);
void store_bad_rewrite(struct store *store); /* the ledger may have none of them */
size_t store_bad_changed(struct store *store, struct ledger_bad **out); /* the caller frees */
void store_bad_written(struct store *store, const struct ledger_bad *changed, size_t count);

/* store_clock.c: likewise the steps of the clock. */
void store_clock_learn(struct store *store);
void store_clock_rewrite(struct store *store);
size_t store_clock_new(struct store *store, struct clock_step **out); /* the caller frees */
void store_clock_written(struct store *store, size_t count);

/* store_cursors.c: of batches, or of records. Mutex not held. */
int store_claim(struct store *store, const char *name, bool of_records) MUST_USE;
void store_release(struct store *store, const char *name, bool of_records);
uint64_t store_record_cursor(struct store *store, const char *name);
void store_set_record_cursor(struct store *store, const char *name, uint64_t position);
/* Mutex held; made when there is none. */
struct store_cursor *store_cursor_of(struct store *store, const char *name, bool of_records);
uint64_t store_cursor_limit(const struct store *store, const struct store_cursor *cursor);
/* The ledger was replaced: cursors that move with rows go back to where those stand now, the others are written again. */
void store_cursors_replaced(struct store *store);
/* Whether one of these cursors has not been asked for since the ledger was replaced. */
bool store_cursors_are_stale(struct store *store, const struct ledger_cursor *cursors,
                             size_t count);

/* store_records.c: adds a record to an edit; tells those who listen of an edit that is committed; how far records that are
 * not kept may go, 0 = no further than before. */
int store_records_add(struct ledger_edit *edit, const struct record_draft *draft) MUST_USE;
void store_records_tell(struct store *store, const struct ledger_edit *edit);
uint64_t store_records_passed(struct store *store);

/* store_alarms.c: adds records of what has changed against the alarms told of, and says which are now. */
void store_alarms_add_changes(struct store *store, unsigned told, unsigned *now,
                              struct ledger_edit *edit);

/* store_write.c: takes all that were sent, the first in *first and their edits in *edits (the caller frees); the maker of
 * each is told by store_writes_tell what stands in its edit. */
size_t store_writes_take(struct store *store, struct store_write **first,
                         struct ledger_edit ***edits);
void store_writes_fail(struct store_write *first, int error, const char *reason);
void store_writes_tell(struct store *store, struct store_write *take_first);

/* store_wake.c */
void store_wake(struct store *store);
void store_unlock_and_wake(
    struct store *store); /* gives the mutex back; wakes the thread if it sleeps */

/* store_thread.c */
void *store_thread_run(void *store);

#endif
