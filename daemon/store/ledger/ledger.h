/* SPDX-License-Identifier: Apache-2.0 */
/* ledger: the small database that is never shed: cursors, reserved sequence numbers, standing alarms, bad registers. One
 * thread at a time: the opener's, then the store thread's. */
#ifndef LINGTAN_STORE_LEDGER_H
#define LINGTAN_STORE_LEDGER_H

#include <stddef.h>
#include <stdint.h>

#include <lingtan/bad_register.h>
#include <lingtan/clock.h>
#include <lingtan/error.h>

#include "store/ledger/ledger_table.h"

enum {
    LEDGER_VERSION = 3, /* user_version; the steps that lead to it stand in ledger_upgrade.c */
    LEDGER_APPLICATION = 0x4c54434c,
};

struct ledger;

struct ledger_values {
    uint64_t seq_reserved; /* all numbers below are taken */
    uint64_t durable;      /* the journal's last committed position, as of some recent time */
    uint64_t alarms;       /* those that stand until a person acknowledges them */
    uint64_t
        alarms_told; /* of which there is a record that they were raised, and none yet that they ended */
    uint64_t next_record; /* the position that the next record gets; set by the commit */
};

struct ledger_cursor {
    char sink[64];
    uint64_t position;
    bool of_records; /* a position of records; else of batches */
};

enum {
    LEDGER_BAD_MAX = 10000,        /* bad registers */
    LEDGER_CLOCK_STEPS_MAX = 1000, /* the newest */
};

/* A bad register to be written, or removed. */
struct ledger_bad {
    struct bad_register row;
    bool is_gone;
    uint64_t changes; /* the caller's */
};

struct ledger_op {
    enum ledger_deed deed;
    const struct ledger_table *table;
    void *row; /* from ledger_row_copy */
};

enum { LEDGER_REASON_SIZE = 160 };

/* What somebody wants written together: all of it or nothing. Zeroed is empty. */
struct ledger_edit {
    struct ledger_op *ops; /* in this order */
    size_t op_count;
    struct ledger_cursor *cursors; /* none goes back; -ERANGE beyond values.durable */
    size_t cursor_count;
    /* What became of it. -EEXIST: a key was not new; -EINVAL: a column refused its value; -E2BIG; else as sql.h. */
    int error;
    char reason[LEDGER_REASON_SIZE];
};
void ledger_edit_add(struct ledger_edit *edit, enum ledger_deed deed,
                     const struct ledger_table *table, const void *row); /* the row is copied */
void ledger_edit_add_cursor(struct ledger_edit *edit, const char *name, uint64_t position);
void ledger_edit_finish(struct ledger_edit *edit);

/* What one commit writes. */
struct ledger_changes {
    struct ledger_values values;
    struct ledger_cursor *cursors;
    size_t cursor_count;
    struct ledger_bad *bad;
    size_t bad_count;
    const struct clock_step *steps; /* new ones */
    size_t step_count;
    struct ledger_edit *own; /* the store's own: a fault of it is one of the whole commit */
    uint64_t shed_records;   /* those not kept up to here go */
    struct ledger_edit **edits;
    size_t edit_count;
};

enum ledger_origin {
    LEDGER_KEPT,     /* it was there and is sound */
    LEDGER_NEW,      /* there was none, and no backup */
    LEDGER_RESTORED, /* from the backup; values.alarms has STORE_LEDGER_RESTORED */
    LEDGER_LOST,     /* corrupt, and there was no sound backup: begun anew */
};

/* Opens or makes folder/ledger.db. What is corrupt is set aside, never deleted. An older one is brought to LEDGER_VERSION
 * behind a copy, ledger.db.version-N. -EPROTONOSUPPORT: a later version wrote it or its backup; both are as they were. */
int ledger_open(const char *folder, const struct clock *clock, struct ledger **out) MUST_USE;
void ledger_close(struct ledger *ledger); /* NULL-safe */

enum ledger_origin ledger_origin(const struct ledger *ledger);
struct ledger_values ledger_values(const struct ledger *ledger);

/* The cursors as they stood at open. */
const struct ledger_cursor *ledger_cursors(const struct ledger *ledger, size_t *count);

/* Records are numbered from there on, or from where they stand when that is higher; with the next commit. */
void ledger_number_records(struct ledger *ledger, uint64_t next);

/* The same for the bad registers, LEDGER_BAD_MAX at the most. */
const struct bad_register *ledger_bad_registers(const struct ledger *ledger, size_t *count);

/* And for the steps of the clock, oldest first, LEDGER_CLOCK_STEPS_MAX at the most. */
const struct clock_step *ledger_clock_steps(const struct ledger *ledger, size_t *count);

/* One transaction. Gives up the reserve file when the disk has no room otherwise. An edit with a fault of its own is left out
 * and the rest goes on; when the disk does not take them all together each is tried by itself, so that a large one does
 * not keep a small one out. Each has its own error; returned is that of the rest. -EUCLEAN: nothing was written. */
int ledger_commit(struct ledger *ledger, const struct ledger_changes *changes) MUST_USE;

/* Makes the reserve file again once the disk has room for it beside min_free_bytes. */
void ledger_keep_reserve(struct ledger *ledger, int64_t min_free_bytes);
void ledger_drop_reserve(const char *folder);

/* The backup, a few pages a call so that commits go on in between: 1 = more to do, 0 = a verified backup stands. */
int ledger_backup_step(struct ledger *ledger, int pages) MUST_USE;
int64_t ledger_backup_age_us(const struct ledger *ledger); /* by the wall clock; INT64_MAX = none */

#endif
