/* SPDX-License-Identifier: Apache-2.0 */
/* disk: what of a store outlives a kill, and daemon/store/store.h as far as sinks use it on top of it: commits when the
 * test says so, fails, hangs, is away. Linked before the real store, it takes its place. A batch is known by its seq,
 * since positions that were never committed are given again after a kill. */
#ifndef TESTS_ADVERSARY_DISK_H
#define TESTS_ADVERSARY_DISK_H

#include "store/store.h"

struct disk {
    const struct batch **journal; /* committed, in order of position */
    size_t count;
    uint64_t ledger_cursor;
    uint64_t ledger_durable;
    bool is_unreadable; /* readers fail */
};

void disk_finish(struct disk *disk);

/* The store of one run; is_away: the folder is not there. */
struct store *disk_store_create(struct disk *disk, bool is_away);
void disk_store_destroy(struct store *store); /* what waits is lost, as in a kill */

/* The folder is there now. */
void disk_store_find(struct store *store);

/* Everything that waits is committed, or with fails dropped as the real store does. */
void disk_store_commit(struct store *store, bool fails);
void disk_store_write_ledger(struct store *store);
bool disk_store_is_away(const struct store *store);

/* When its queue is full. */
void disk_store_refuse(struct store *store, bool refuses);

#endif
