/* SPDX-License-Identifier: Apache-2.0 */
/* fake_store: daemon/store/store.h as far as sinks use it, in memory; the test says what is durable and what is lost. */
#ifndef LINGTAN_TESTS_FAKE_STORE_H
#define LINGTAN_TESTS_FAKE_STORE_H

#include "store/store.h"

/* next_position 0: the folder cannot be read; until fake_store_number nothing is known. */
struct store *fake_store_create(uint64_t cursor, uint64_t next_position);
void fake_store_number(struct store *store, uint64_t cursor, uint64_t next_position);
void fake_store_destroy(struct store *store);

/* Keeps the batch in the journal, without making it durable. */
void fake_store_keep(struct store *store, struct batch *take_batch);

/* Everything up to here is committed; tells those who wanted to know. */
void fake_store_commit(struct store *store, uint64_t durable);

/* The journal cannot be read while this is set. */
void fake_store_break(struct store *store, int error);

/* Only these alarms are there, for this reason (a literal). */
void fake_store_alarm(struct store *store, unsigned alarms, const char *reason);

size_t fake_store_reads(struct store *store); /* calls of journal_reader_next */
size_t fake_store_saves(struct store *store); /* calls of store_set_cursor */

#endif
