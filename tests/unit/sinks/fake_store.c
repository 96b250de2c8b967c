/* SPDX-License-Identifier: Apache-2.0 */
/* fake_store: one array in order of position. */
#include "unit/sinks/fake_store.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "store/feed/record_feed.h"

struct store {
    pthread_mutex_t mutex;
    uint64_t cursor;
    uint64_t next_position; /* 0 = not numbered yet */
    uint64_t durable;
    struct batch **batches;
    size_t count;
    int error;
    unsigned alarms;
    const char *reason;
    size_t reads;
    size_t saves;
    store_durable_fn fn;
    void *context;
};

struct journal_reader {
    struct store *store;
};

struct store *fake_store_create(uint64_t cursor, uint64_t next_position)
{
    struct store *store = mem_alloc(sizeof(*store));
    pthread_mutex_init(&store->mutex, NULL);
    store->cursor = cursor;
    store->next_position = next_position;
    store->durable = next_position ? next_position - 1 : 0;
    return store;
}

void fake_store_number(struct store *store, uint64_t cursor, uint64_t next_position)
{
    pthread_mutex_lock(&store->mutex);
    store->cursor = cursor;
    store->next_position = next_position;
    pthread_mutex_unlock(&store->mutex);
    fake_store_commit(store, next_position - 1);
}

void fake_store_destroy(struct store *store)
{
    for (size_t i = 0; i < store->count; i++) {
        batch_unref(store->batches[i]);
    }
    free(store->batches);
    pthread_mutex_destroy(&store->mutex);
    free(store);
}

void fake_store_keep(struct store *store, struct batch *take_batch)
{
    pthread_mutex_lock(&store->mutex);
    store->batches = mem_grow(store->batches, store->count + 1, sizeof(*store->batches));
    store->batches[store->count++] = take_batch;
    pthread_mutex_unlock(&store->mutex);
}

void fake_store_commit(struct store *store, uint64_t durable)
{
    pthread_mutex_lock(&store->mutex);
    store->durable = durable;
    pthread_mutex_unlock(&store->mutex);
    if (store->fn) {
        store->fn(store->context, durable);
    }
}

void fake_store_break(struct store *store, int error)
{
    pthread_mutex_lock(&store->mutex);
    store->error = error;
    pthread_mutex_unlock(&store->mutex);
}

void fake_store_alarm(struct store *store, unsigned alarms, const char *reason)
{
    pthread_mutex_lock(&store->mutex);
    store->alarms = alarms;
    store->reason = reason;
    pthread_mutex_unlock(&store->mutex);
}

struct store_status store_status(struct store *store)
{
    pthread_mutex_lock(&store->mutex);
    struct store_status status = {.alarms = store->alarms, .durable = store->durable};
    for (size_t i = 0; i < STORE_ALARM_COUNT; i++) {
        if ((store->alarms & 1U << i) != 0) {
            snprintf(status.reasons[i], sizeof(status.reasons[i]), "%s", store->reason);
        }
    }
    pthread_mutex_unlock(&store->mutex);
    return status;
}

const char *store_reason(const struct store_status *status, unsigned alarms)
{
    const unsigned these = alarms & status->alarms;
    return these != 0 ? status->reasons[__builtin_ctz(these)] : "";
}

static size_t read_locked(struct store *store, const size_t *value)
{
    pthread_mutex_lock(&store->mutex);
    size_t copy = *value;
    pthread_mutex_unlock(&store->mutex);
    return copy;
}

bool store_is_numbered(const struct store *store)
{
    return store_next_position(store) > 0;
}

size_t fake_store_reads(struct store *store)
{
    return read_locked(store, &store->reads);
}

size_t fake_store_saves(struct store *store)
{
    return read_locked(store, &store->saves);
}

uint64_t store_next_position(const struct store *store)
{
    struct store *self = (struct store *)store;
    pthread_mutex_lock(&self->mutex);
    uint64_t next = self->next_position;
    pthread_mutex_unlock(&self->mutex);
    return next;
}

uint64_t store_durable(const struct store *store)
{
    struct store *self = (struct store *)store;
    pthread_mutex_lock(&self->mutex);
    uint64_t durable = self->durable;
    pthread_mutex_unlock(&self->mutex);
    return durable;
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
    pthread_mutex_lock(&store->mutex);
    uint64_t cursor = store->cursor;
    pthread_mutex_unlock(&store->mutex);
    return cursor;
}

void store_set_cursor(struct store *store, const char *sink, uint64_t position)
{
    (void)sink;
    pthread_mutex_lock(&store->mutex);
    store->cursor = position;
    store->saves++;
    pthread_mutex_unlock(&store->mutex);
}

int journal_reader_open(struct store *store, struct journal_reader **out)
{
    struct journal_reader *reader = mem_alloc(sizeof(*reader));
    reader->store = store;
    *out = reader;
    return 0;
}

void journal_reader_close(struct journal_reader *reader)
{
    free(reader);
}

int journal_reader_next(struct journal_reader *reader, uint64_t from, struct batch **batches,
                        size_t max, size_t *count)
{
    struct store *store = reader->store;
    pthread_mutex_lock(&store->mutex);
    store->reads++;
    int error = store->error;
    size_t found = 0;
    for (size_t i = 0; error == 0 && i < store->count && found < max; i++) {
        uint64_t position = store->batches[i]->position;
        if (position >= from && position <= store->durable) {
            batches[found++] = batch_ref(store->batches[i]);
        }
    }
    pthread_mutex_unlock(&store->mutex);
    if (error < 0) {
        return error;
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
