/* SPDX-License-Identifier: Apache-2.0 */
/* write: one transaction of the ledger for whoever keeps truth. Rows of any table and cursors go in together or not at all,
 * also over kill -9; the maker is told once it is on disk, or why nothing of it is.
 *
 * The store's thread writes: with the ledger's next commit, within a second, or at once where it is asked to. Writes of one
 * writer are committed in the order they were sent. What became of them comes back by a mailbox of the writer's own and is
 * told on the maker's thread by store_writer_settle: exactly once each, also when the store is stopped or could never
 * write. A writer and its writes belong to one thread. */
#ifndef LINGTAN_STORE_WRITE_H
#define LINGTAN_STORE_WRITE_H

#include "store/ledger/ledger_table.h"
#include "store/store.h"

struct store_writer;
struct store_write;

struct store_result {
    /* 0: durable. Else nothing of it was kept: -ENOSPC no room; -EEXIST a key was not new; -EINVAL, -E2BIG a value that the
     * table does not take; -ERANGE a cursor beyond what is committed; -ESTALE the ledger was lost while in use and came
     * back from its backup: the consumer finds its cursor again and goes on from there, with the rows that stand there;
     * -ENODEV the data folder cannot be used now;
     * -ESHUTDOWN the store ended before; -EROFS, -EIO the disk. */
    int error;
    char reason[STORE_REASON_SIZE]; /* for the person who must act; "" when error is 0 */
};
typedef void (*store_done_fn)(void *context, const struct store_result *result);

/* name is borrowed for life. waiting_max: writes sent and not settled, at least 1. */
int store_writer_create(struct store *store, const char *name, size_t waiting_max,
                        struct store_writer **out) MUST_USE;
/* Waits until the store has dealt with all that was sent (at once where it has stopped), calls their dones, and frees.
 * NULL-safe. Before store_destroy. */
void store_writer_destroy(struct store_writer *writer);

/* For poll or a loop: readable while something waits to be settled. */
int store_writer_fd(const struct store_writer *writer);

/* Calls done for each write that the store has dealt with, in the order they were sent; returns how many. */
size_t store_writer_settle(struct store_writer *writer);

/* An empty write; it becomes the store's by store_write_send, or is dropped. */
struct store_write *store_write_begin(void);
void store_write_drop(struct store_write *write); /* NULL-safe */

/* Rows are copied, texts included. The table is one of store/tables.h. */
void store_write_insert(struct store_write *write, const struct ledger_table *table,
                        const void *row); /* its key must be new */
void store_write_put(struct store_write *write, const struct ledger_table *table,
                     const void *row); /* takes the place of what has its key */
void store_write_remove(struct store_write *write, const struct ledger_table *table,
                        const void *row); /* the keys alone count; nothing there is no fault */

/* The consumer's cursor (store/feed/consumer.h) moves together with the rows; it never goes back. */
void store_write_cursor(struct store_write *write, const char *consumer, uint64_t position);

enum store_urgency {
    STORE_WITH_NEXT, /* within a second */
    STORE_AT_ONCE,   /* an alarm, a pre-image: whatever waits before it goes as well */
};

/* The store takes the write; done may be NULL. The caller keeps it on an error: -ENOSPC: waiting_max wait already; -ESHUTDOWN:
 * the store has stopped. */
int store_write_send(struct store_writer *writer, struct store_write *take_write,
                     enum store_urgency urgency, store_done_fn done, void *context) MUST_USE;

/* The committed rows of a table whose first key, an integer, is in [from, to], in order of the keys, limit at the most. fn
 * returns false to stop; the row is valid during the call. A connection of its own for the time of the call: at the start
 * and for people, not in a loop. -ENODEV: the data folder cannot be used now. Any thread but the main one when many. */
typedef bool (*store_row_fn)(void *context, const void *row);
int store_read_rows(struct store *store, const struct ledger_table *table, int64_t from, int64_t to,
                    size_t limit, store_row_fn fn, void *context) MUST_USE;
/* The same where the first key is a text: the rows that have it; NULL: all rows, whatever the key. */
int store_read_rows_of(struct store *store, const struct ledger_table *table, const char *key,
                       store_row_fn fn, void *context) MUST_USE;

#endif
