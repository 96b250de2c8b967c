/* SPDX-License-Identifier: Apache-2.0 */
/* record_feed: reads the ledger by a connection of its own, a few records at a time. */
#include "store/feed/record_feed.h"

#include <stdlib.h>

#include "base/mem.h"
#include "store/store_internal.h"

enum { CHUNK = 16, RETRY_US = 1000000 };

struct record_feed {
    struct store *store;
    char *name;
    void (*wake)(void *context);
    void *context;
    uint64_t given; /* the last position given */
    bool knows_cursor;
    const struct record *chunk[CHUNK]; /* read ahead: [at, count) */
    size_t at;
    size_t count;
    int error;
    int64_t retry_us; /* monotonic: the ledger is left alone until then */
};

static void on_record(void *context, const struct record *record)
{
    const struct record_feed *feed = context;
    (void)record;
    feed->wake(feed->context);
}

int record_feed_join(struct store *store, const char *name, void (*wake)(void *context),
                     void *context, struct record_feed **out)
{
    const int error = store_claim(store, name, true);
    if (error < 0) {
        return error;
    }
    struct record_feed *feed = mem_alloc(sizeof(*feed));
    feed->store = store;
    feed->name = mem_dup_string(name);
    feed->wake = wake;
    feed->context = context;
    store_on_record(store, on_record, feed);
    *out = feed;
    return 0;
}

static void drop_chunk(struct record_feed *feed)
{
    while (feed->at < feed->count) {
        record_unref(feed->chunk[feed->at++]);
    }
    feed->at = 0;
    feed->count = 0;
}

void record_feed_leave(struct record_feed *feed)
{
    if (feed == NULL) {
        return;
    }
    store_off_record(feed->store, on_record, feed);
    store_release(feed->store, feed->name, true);
    drop_chunk(feed);
    free(feed->name);
    free(feed);
}

bool record_feed_has_more(const struct record_feed *feed)
{
    return feed->at < feed->count ||
           (store_is_numbered(feed->store) &&
            (!feed->knows_cursor || store_last_record(feed->store) > feed->given));
}

int record_feed_error(const struct record_feed *feed)
{
    return feed->error;
}

void record_feed_rewind(struct record_feed *feed)
{
    drop_chunk(feed);
    feed->knows_cursor = store_is_numbered(feed->store);
    feed->given = feed->knows_cursor ? store_record_cursor(feed->store, feed->name) : 0;
}

static bool keep(void *context, const struct record *record)
{
    struct record_feed *feed = context;
    feed->chunk[feed->count++] = record_ref(record);
    return feed->count < CHUNK;
}

static void read_chunk(struct record_feed *feed)
{
    const uint64_t last = store_last_record(feed->store);
    drop_chunk(feed);
    feed->error = store_read_records(feed->store, feed->given, CHUNK, keep, feed);
    if (feed->error < 0) {
        feed->retry_us = clock_mono_us(clock_real()) + RETRY_US;
    } else if (feed->count == 0 && feed->given < last) {
        feed->given = last; /* shed, or numbers that were jumped over */
    }
}

const struct record *record_feed_take(struct record_feed *feed)
{
    if (!feed->knows_cursor) {
        record_feed_rewind(feed);
    }
    if (!record_feed_has_more(feed) || clock_mono_us(clock_real()) < feed->retry_us) {
        return NULL;
    }
    if (feed->at == feed->count) {
        read_chunk(feed);
    }
    if (feed->at == feed->count) {
        return NULL;
    }
    const struct record *record = feed->chunk[feed->at++];
    feed->given = record->position;
    return record;
}

void record_feed_settle(struct record_feed *feed, uint64_t position)
{
    store_set_record_cursor(feed->store, feed->name, position);
}
