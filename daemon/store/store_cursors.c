/* SPDX-License-Identifier: Apache-2.0 */
/* store_cursors: how far each has got, as the other threads say and ask; the ledger gets what moved with its next commit. */
#include "store/store_internal.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"

static uint64_t smaller(uint64_t one, uint64_t other)
{
    return one < other ? one : other;
}

struct store_cursor *store_cursor_of(struct store *store, const char *name, bool of_records)
{
    for (size_t i = 0; i < store->cursor_count; i++) {
        struct store_cursor *cursor = &store->cursors[i];
        if (cursor->of_records == of_records && strcmp(cursor->sink, name) == 0) {
            return cursor;
        }
    }
    store->cursors = mem_grow(store->cursors, store->cursor_count + 1, sizeof(*store->cursors));
    struct store_cursor *cursor = &store->cursors[store->cursor_count++];
    *cursor = (struct store_cursor){.of_records = of_records};
    snprintf(cursor->sink, sizeof(cursor->sink), "%s", name);
    return cursor;
}

struct store_cursor *store_cursor_entry(struct store *store, const char *sink)
{
    return store_cursor_of(store, sink, false);
}

uint64_t store_cursor_limit(const struct store *store, const struct store_cursor *cursor)
{
    return atomic_load(cursor->of_records ? &store->last_record : &store->durable);
}

int store_claim(struct store *store, const char *name, bool of_records)
{
    if (strlen(name) >= sizeof(((struct store_cursor *)NULL)->sink)) {
        return -ENAMETOOLONG;
    }
    pthread_mutex_lock(&store->mutex);
    struct store_cursor *cursor = store_cursor_of(store, name, of_records);
    const int error = cursor->is_claimed ? -EEXIST : 0;
    cursor->is_claimed = true;
    cursor->is_used = true;
    pthread_mutex_unlock(&store->mutex);
    return error;
}

void store_release(struct store *store, const char *name, bool of_records)
{
    pthread_mutex_lock(&store->mutex);
    struct store_cursor *cursor = store_cursor_of(store, name, of_records);
    cursor->is_claimed = false;
    cursor->is_used = false;
    pthread_mutex_unlock(&store->mutex);
}

static uint64_t get(struct store *store, const char *name, bool of_records)
{
    pthread_mutex_lock(&store->mutex);
    struct store_cursor *cursor = store_cursor_of(store, name, of_records);
    cursor->is_used = true;
    cursor->life = store->ledger_life;
    const uint64_t position = smaller(cursor->wanted, store_cursor_limit(store, cursor));
    pthread_mutex_unlock(&store->mutex);
    return position;
}

static void set(struct store *store, const char *name, bool of_records, uint64_t position)
{
    if (!store_is_numbered(store)) {
        return;
    }
    pthread_mutex_lock(&store->mutex);
    struct store_cursor *cursor = store_cursor_of(store, name, of_records);
    const bool is_news = position > cursor->wanted;
    cursor->is_used = true;
    cursor->wanted = is_news ? position : cursor->wanted;
    if (is_news) {
        store_unlock_and_wake(store);
    } else {
        pthread_mutex_unlock(&store->mutex);
    }
}

static uint64_t position_in(const struct ledger *ledger, const struct store_cursor *cursor)
{
    size_t count = 0;
    const struct ledger_cursor *known = ledger_cursors(ledger, &count);
    for (size_t i = 0; i < count; i++) {
        if (known[i].of_records == cursor->of_records && strcmp(known[i].sink, cursor->sink) == 0) {
            return known[i].position;
        }
    }
    return 0;
}

void store_cursors_replaced(struct store *store)
{
    pthread_mutex_lock(&store->mutex);
    store->ledger_life++;
    for (size_t i = 0; i < store->cursor_count; i++) {
        struct store_cursor *cursor = &store->cursors[i];
        cursor->committed = cursor->has_rows ? position_in(store->ledger, cursor) : 0;
        cursor->wanted = cursor->has_rows ? cursor->committed : cursor->wanted;
    }
    pthread_mutex_unlock(&store->mutex);
}

bool store_cursors_are_stale(struct store *store, const struct ledger_cursor *cursors, size_t count)
{
    bool is_stale = false;
    pthread_mutex_lock(&store->mutex);
    for (size_t i = 0; i < count; i++) {
        struct store_cursor *cursor =
            store_cursor_of(store, cursors[i].sink, cursors[i].of_records);
        cursor->has_rows = true;
        is_stale |= cursor->life != store->ledger_life;
    }
    pthread_mutex_unlock(&store->mutex);
    return is_stale;
}

int store_claim_cursor(struct store *store, const char *sink)
{
    return store_claim(store, sink, false);
}

void store_release_cursor(struct store *store, const char *sink)
{
    store_release(store, sink, false);
}

uint64_t store_cursor(struct store *store, const char *sink)
{
    return get(store, sink, false);
}

void store_set_cursor(struct store *store, const char *sink, uint64_t position)
{
    set(store, sink, false, position);
}

uint64_t store_record_cursor(struct store *store, const char *name)
{
    return get(store, name, true);
}

void store_set_record_cursor(struct store *store, const char *name, uint64_t position)
{
    set(store, name, true, position);
}
