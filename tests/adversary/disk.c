/* SPDX-License-Identifier: Apache-2.0 */
/* disk: see the header. */
#include "adversary/disk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/feed/record_feed.h"

struct store {
    struct disk *disk;
    uint64_t next_position; /* 0 = not numbered */
    uint64_t durable;
    uint64_t wanted;
    const struct batch **waiting;
    size_t count;
    size_t room;
    bool refuses;
    store_durable_fn fn;
    void *context;
};

struct journal_reader {
    struct store *store;
};

static uint64_t larger(uint64_t one, uint64_t other)
{
    return one > other ? one : other;
}

static uint64_t smaller(uint64_t one, uint64_t other)
{
    return one < other ? one : other;
}

void disk_finish(struct disk *disk)
{
    for (size_t i = 0; i < disk->count; i++) {
        batch_unref(disk->journal[i]);
    }
    free(disk->journal);
    *disk = (struct disk){0};
}

/* As the real one finds it: behind the last trace of a number. */
static void number(struct store *store)
{
    const struct disk *disk = store->disk;
    uint64_t last = disk->count > 0 ? disk->journal[disk->count - 1]->position : 0;
    last = larger(larger(last, disk->ledger_durable), disk->ledger_cursor);
    store->next_position = last + 1;
    store->durable = last;
    store->wanted = disk->ledger_cursor;
}

struct store *disk_store_create(struct disk *disk, bool is_away)
{
    struct store *store = mem_alloc(sizeof(*store));
    store->disk = disk;
    if (!is_away) {
        number(store);
    }
    return store;
}

void disk_store_destroy(struct store *store)
{
    for (size_t i = 0; i < store->count; i++) {
        batch_unref(store->waiting[i]);
    }
    free(store->waiting);
    free(store);
}

static void tell(const struct store *store)
{
    if (store->fn != NULL) {
        store->fn(store->context, store->durable);
    }
}

void disk_store_find(struct store *store)
{
    if (store->next_position == 0) {
        number(store);
        tell(store);
    }
}

bool disk_store_is_away(const struct store *store)
{
    return store->next_position == 0;
}

static void add_to_journal(struct disk *disk, const struct batch *take_batch)
{
    bool is_full = (disk->count & (disk->count - 1)) == 0;
    if (is_full) {
        size_t room = disk->count > 0 ? 2 * disk->count : 1;
        disk->journal = mem_grow(disk->journal, room, sizeof(*disk->journal));
    }
    disk->journal[disk->count++] = take_batch;
}

void disk_store_commit(struct store *store, bool fails)
{
    if (store->count == 0) {
        return;
    }
    store->durable = store->waiting[store->count - 1]->position;
    for (size_t i = 0; i < store->count; i++) {
        if (fails) {
            batch_unref(store->waiting[i]);
        } else {
            add_to_journal(store->disk, store->waiting[i]);
        }
    }
    store->count = 0;
    tell(store);
}

void disk_store_write_ledger(struct store *store)
{
    struct disk *disk = store->disk;
    if (store->next_position > 0) {
        disk->ledger_durable = store->durable;
        disk->ledger_cursor = larger(disk->ledger_cursor, smaller(store->wanted, store->durable));
    }
}

void disk_store_refuse(struct store *store, bool refuses)
{
    store->refuses = refuses;
}

/* --- store.h --- */

bool store_is_numbered(const struct store *store)
{
    return store->next_position > 0;
}

uint64_t store_next_position(const struct store *store)
{
    return store->next_position;
}

/* It raises no alarm: that is the app's to tell. */
struct store_status store_status(struct store *store)
{
    return (struct store_status){.durable = store->durable};
}

const char *store_reason(const struct store_status *status, unsigned alarms)
{
    (void)status;
    (void)alarms;
    return "";
}

int store_append(struct store *store, const struct batch *batch)
{
    if (store->refuses) {
        return -ENOSPC;
    }
    if (batch->position >= POSITION_UNNUMBERED) {
        return 0;
    }
    if (store->count == store->room) {
        store->room = store->room > 0 ? 2 * store->room : 64;
        store->waiting = mem_grow(store->waiting, store->room, sizeof(*store->waiting));
    }
    store->waiting[store->count++] = batch_ref(batch);
    return 0;
}

uint64_t store_durable(const struct store *store)
{
    return store->durable;
}

void store_on_durable(struct store *store, store_durable_fn fn, void *context)
{
    store->fn = fn;
    store->context = context;
}

void store_off_durable(struct store *store, store_durable_fn fn, void *context)
{
    (void)context;
    store->fn = store->fn == fn ? NULL : store->fn;
}

int store_claim_cursor(struct store *store, const char *sink)
{
    (void)store;
    (void)sink;
    return 0;
}

void store_release_cursor(struct store *store, const char *sink)
{
    (void)store;
    (void)sink;
}

uint64_t store_cursor(struct store *store, const char *sink)
{
    (void)sink;
    return smaller(store->wanted, store->durable);
}

void store_set_cursor(struct store *store, const char *sink, uint64_t position)
{
    (void)sink;
    if (store->next_position > 0) {
        store->wanted = larger(store->wanted, position);
    }
}

int journal_reader_open(struct store *store, struct journal_reader **out)
{
    if (store->disk->is_unreadable || store->next_position == 0) {
        return -EIO;
    }
    struct journal_reader *reader = mem_alloc(sizeof(*reader));
    reader->store = store;
    *out = reader;
    return 0;
}

void journal_reader_close(struct journal_reader *reader)
{
    free(reader);
}

static size_t find(const struct disk *disk, uint64_t from)
{
    size_t low = 0;
    size_t high = disk->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (disk->journal[middle]->position < from) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

int journal_reader_next(struct journal_reader *reader, uint64_t from, struct batch **batches,
                        size_t max, size_t *count)
{
    const struct disk *disk = reader->store->disk;
    if (disk->is_unreadable) {
        return -EIO;
    }
    size_t at = find(disk, from);
    size_t found = 0;
    while (found < max && at < disk->count) {
        batches[found++] = batch_ref(disk->journal[at++]);
    }
    *count = found;
    return 0;
}

/* The sinks of these tests take no records. */
int record_feed_join(struct store *store, const char *name, void (*wake)(void *context),
                     void *context, struct record_feed **out)
{
    (void)store;
    (void)name;
    (void)wake;
    (void)context;
    (void)out;
    return -ENOTSUP;
}

void record_feed_leave(struct record_feed *feed)
{
    (void)feed;
}

bool record_feed_has_more(const struct record_feed *feed)
{
    (void)feed;
    return false;
}

void record_feed_rewind(struct record_feed *feed)
{
    (void)feed;
}

const struct record *record_feed_take(struct record_feed *feed)
{
    (void)feed;
    return NULL;
}

int record_feed_error(const struct record_feed *feed)
{
    (void)feed;
    return 0;
}

void record_feed_settle(struct record_feed *feed, uint64_t position)
{
    (void)feed;
    (void)position;
}

char *store_record_body(struct store *store, const struct record *record)
{
    (void)store;
    (void)record;
    return NULL;
}
