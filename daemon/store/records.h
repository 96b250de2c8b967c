/* SPDX-License-Identifier: Apache-2.0 */
/* records: how records (lingtan/record.h) come into the ledger and out of it.
 *
 * In: store_write_record, as part of any write, so that a record and what it tells of are committed together. Out, once
 * committed: live by store_on_record, and from any position by store_read_records; a sink that must miss none uses both
 * through a record feed (store/feed/record_feed.h). For a stream with a memory: listen, then read from where the client
 * stood, and drop what comes twice by its position. */
#ifndef LINGTAN_STORE_RECORDS_H
#define LINGTAN_STORE_RECORDS_H

#include "store/write.h"
#include <lingtan/record.h>

/* Its position is given by the commit. Errors: those of record_check, and nothing is added. */
int store_write_record(struct store_write *write, const struct record_draft *draft) MUST_USE;

/* fn runs on the store thread for each record after its commit, in order. It takes a reference when it keeps it and must
 * only hand it on. After store_off_record it is not running any more. At any time, any thread but fn's. */
typedef void (*store_record_fn)(void *context, const struct record *record);
void store_on_record(struct store *store, store_record_fn fn, void *context);
void store_off_record(struct store *store, store_record_fn fn, void *context);

/* The newest committed one; 0 = none known yet. Any thread. */
uint64_t store_last_record(const struct store *store);

/* Committed records beyond a position, in order, limit at the most; fn returns false to stop, the record is its to ref.
 * Those of the last ten minutes are there for sure, those that are kept for ever too. -ENODEV: the data folder cannot be
 * used now. Any thread; opens the ledger each time. */
typedef bool (*store_found_record_fn)(void *context, const struct record *record);
int store_read_records(struct store *store, uint64_t after, size_t limit, store_found_record_fn fn,
                       void *context) MUST_USE;

/* Who keeps the bodies of a kind: fn gives the JSON object of a record, the caller's to free, or NULL when it has none. Any
 * thread, several at once. Once a kind, before store_start. */
typedef char *(*store_body_fn)(void *context, const struct record *record);
void store_provide_bodies(struct store *store, enum record_kind kind, store_body_fn fn,
                          void *context);

/* The body, wherever it lives; the caller frees. NULL: its keeper does not have it. Any thread. */
char *store_record_body(struct store *store, const struct record *record);

#endif
