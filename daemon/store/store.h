/* SPDX-License-Identifier: Apache-2.0 */
/* store: the one writer to disk. SQLite lives only in this folder.
 *
 * journal/: one SQLite file a day (UTC), shed by unlinking the oldest, set aside with an alarm when corrupt. ledger.db:
 * what must never be shed; a reserve file keeps room for it; a verified backup a day; restored from it when corrupt.
 * Both WAL, synchronous=FULL. The store thread commits everything that waits at least every commit_ms.
 *
 * Positions: the hub numbers batches 1, 2, 3, ... over all devices and restarts. After a restart numbering goes on at
 * store_next_position: positions of batches that were never committed are used again, which is sound because no cursor
 * passes the last committed one. Where numbering goes on stands in the folder alone: as long as that cannot be read
 * nothing is numbered (store_is_numbered), no cursor is known, and batches pass by the store. */
#ifndef LINGTAN_STORE_STORE_H
#define LINGTAN_STORE_STORE_H

#include <stdbool.h>

#include <lingtan/bad_register.h>
#include <lingtan/clock.h>
#include <lingtan/error.h>
#include <lingtan/options.h>
#include <lingtan/reading.h>

struct store_options {
    char *folder;         /* data folder; created when absent */
    int64_t commit_ms;    /* 50..1000 */
    int64_t journal_days; /* days kept at most */
    int64_t journal_mb;   /* size kept at most */
    int64_t min_free_mb;  /* shed the oldest day when the disk has less */
    int64_t minute_days;  /* roll-ups kept at least */
    int64_t hour_days;
};

extern const struct option_table store_table;

/* Those of STORE_STANDING stand, over restarts too, until store_acknowledge; the others end by themselves. The store
 * logs none of them: whoever watches the status does. */
enum store_alarm {
    STORE_OK = 0,
    STORE_JOURNAL_CORRUPT = 1, /* a file was set aside */
    STORE_LEDGER_RESTORED = 2, /* from the backup, or begun anew: control stays disarmed */
    STORE_DISK_FULL = 4,       /* batches are not being journaled */
    STORE_JOURNAL_SHED = 8,    /* a day that a sink still wanted was unlinked */
    STORE_NEAR_LIMIT = 16,     /* before that happens */
    STORE_UNWRITABLE = 32,
    STORE_STANDING = STORE_JOURNAL_CORRUPT | STORE_LEDGER_RESTORED | STORE_JOURNAL_SHED,
};

enum { STORE_ALARM_COUNT = 6, STORE_REASON_SIZE = 160 };

struct store;
struct store_status {
    unsigned alarms;                                    /* enum store_alarm */
    char reasons[STORE_ALARM_COUNT][STORE_REASON_SIZE]; /* by bit; "" where the alarm is not */
    uint64_t durable;                                   /* position committed up to */
    uint64_t dropped;                                   /* batches that could not be journaled */
    uint64_t bad_blocks; /* blocks of the journal that readers had to skip */
    int64_t journal_bytes;
    int64_t oldest_day_us;  /* wall, 0 = none */
    int64_t last_commit_us; /* how long the last commit took */
    uint64_t commits;
};

/* Opens or makes the folder, takes an exclusive lock in it (-EBUSY when another daemon has it), repairs or sets aside
 * what is corrupt. -EPROTONOSUPPORT: a later version wrote a file of it; which one is logged, all is left as it is. Main thread, at start. A folder that cannot be used is no error: the store then runs without numbers
 * and with STORE_UNWRITABLE (or STORE_DISK_FULL), tries again every 10 s, and live data flow on. */
int store_open(const struct store_options *options, const struct clock *clock,
               struct store **out) MUST_USE;
int store_start(struct store *store) MUST_USE;
/* Commits what waits, then joins the thread. */
void store_stop(struct store *store);
/* Every reader must be closed before. */
void store_destroy(struct store *store);

/* Whether the folder could be read: usually from open on, else from some later time. Those who wait for it are told as
 * of a commit (store_on_durable). Before that nothing below but store_append and the status means anything. Any thread. */
bool store_is_numbered(const struct store *store);

/* Fixed from then on: where numbering goes on. */
uint64_t store_next_position(const struct store *store);

/* Sequence numbers: every device starts a run at store_first_seq (fixed as well; above everything ever used). All
 * numbers below store_reserved_seq are reserved durably, and only they may be used; the store extends that by itself
 * when store_seq_used tells it that half of the block is gone. Any thread. */
uint64_t store_first_seq(const struct store *store);
uint64_t store_reserved_seq(const struct store *store);
void store_seq_used(struct store *store, uint64_t seq);

/* Queues the batch for the journal (takes a reference of its own). -ENOSPC when too many wait: the batch is then not
 * journaled, counted as dropped. A batch without a number is only counted so. Main thread. */
int store_append(struct store *store, const struct batch *batch) MUST_USE;

/* The position up to which everything queued is committed (or was dropped). Any thread. */
uint64_t store_durable(const struct store *store);

/* fn runs on the store thread after every commit. It must only wake somebody. After store_off_durable it is not running any
 * more. At any time, any thread but fn's. */
typedef void (*store_durable_fn)(void *context, uint64_t durable);
void store_on_durable(struct store *store, store_durable_fn fn, void *context);
void store_off_durable(struct store *store, store_durable_fn fn, void *context);

/* The cursor's name has an owner, who wants the journal kept for it: for consumers (store/feed/consumer.h). -EEXIST: it has
 * one already; -ENAMETOOLONG: over 63 bytes. Any thread. */
int store_claim_cursor(struct store *store, const char *sink) MUST_USE;
void store_release_cursor(struct store *store, const char *sink);

/* How far a sink has got. Setting queues it for the next commit; never goes back; never above durable; without effect
 * before the store is numbered. Any thread. */
uint64_t store_cursor(struct store *store, const char *sink); /* 0 = nothing yet */
void store_set_cursor(struct store *store, const char *sink, uint64_t position);

/* Registers that devices refuse: a new one, or new dates of a known one, or one that is no longer. Queued for the next
 * commit of the ledger. Any thread. */
void store_note_bad_register(struct store *store, const struct bad_register *row, bool is_gone);

/* The wall clock was stepped: kept for whoever works out times later. Queued for the next commit of the ledger. Any
 * thread. */
void store_note_clock_step(struct store *store, const struct clock_step *step);

/* The newest steps, up to max, oldest first; returns how many there are. Any thread. */
size_t store_clock_steps(struct store *store, struct clock_step *out, size_t max);

/* Fills up to max rows and returns how many there are. Any thread. */
size_t store_bad_registers(struct store *store, struct bad_register *out, size_t max);

struct store_status store_status(struct store *store); /* any thread */

/* What happened, where, and why: of the lowest of these alarms that there is, "" when none is. Borrowed from status. */
const char *store_reason(const struct store_status *status, unsigned alarms);

/* A person has seen these alarms: they end at the next commit. Any thread. */
void store_acknowledge(struct store *store, unsigned alarms);
/* The same, and the record says who ("by"): a principal's name, up to 63 bytes of it. */
void store_acknowledge_by(struct store *store, unsigned alarms, const char *who);

/* Reading the journal back: its own read-only connections, no read transaction over a second. One thread a reader. */
struct journal_reader;
int journal_reader_open(struct store *store, struct journal_reader **out) MUST_USE;
void journal_reader_close(struct journal_reader *reader);

/* Committed batches with position >= from, in order, up to max; each is the caller's reference. *count 0 = there are
 * none yet. Positions lost to shedding or a corrupt file are skipped. Batches carry the device as it was then: equal to
 * the live one, but another object, the same for all batches of a device until *count was 0 or the file ends.
 * received_mono_us is 0; what tells elapsed time is their clock. Fastest when each call goes on where the last one ended. */
int journal_reader_next(struct journal_reader *reader, uint64_t from, struct batch **batches,
                        size_t max, size_t *count) MUST_USE;

/* Raw readings of one point, oldest first, [from_us, to_us), at most limit. fn returns false to stop; what it is given is
 * valid during the call; text is NULL unless the point is text and its quality ok. Where a clock was stepped back by
 * days, files follow each other by their oldest reading. */
struct journal_reading {
    const struct point *point;
    const struct reading *reading;
    const char *text;
    const struct batch_clock *clock; /* what its time hangs on */
};
typedef bool (*journal_reading_fn)(void *context, const struct journal_reading *found);
int journal_reader_history(struct journal_reader *reader, const char *device, const char *point,
                           int64_t from_us, int64_t to_us, size_t limit, journal_reading_fn fn,
                           void *context) MUST_USE;

#endif
