/* SPDX-License-Identifier: Apache-2.0 */
/* store_bad: bad registers as the other threads say and ask; the ledger gets what changed with its next commit. */
#include "store/store_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static bool is_same(const struct bad_register *one, const struct bad_register *other)
{
    return one->first == other->first && one->last == other->last && one->unit == other->unit &&
           one->function == other->function && one->is_split == other->is_split &&
           strcmp(one->device, other->device) == 0;
}

static size_t find(const struct store *store, const struct bad_register *row)
{
    size_t at = 0;
    while (at < store->bad_count && !is_same(&store->bad[at].row, row)) {
        at++;
    }
    return at;
}

/* Mutex held. What is beyond the bound is not kept: it is found again after a restart. */
static void put(struct store *store, const struct bad_register *row, bool is_gone, bool is_news)
{
    const size_t at = find(store, row);
    if (at == LEDGER_BAD_MAX) {
        return;
    }
    if (at == store->bad_count) {
        store->bad = mem_grow(store->bad, store->bad_count + 1, sizeof(*store->bad));
        store->bad[store->bad_count++] = (struct store_bad){0};
    }
    store->bad[at].row = *row;
    store->bad[at].is_gone = is_gone;
    store->bad[at].changes += is_news;
    store->bad_changes += is_news;
}

void store_note_bad_register(struct store *store, const struct bad_register *row, bool is_gone)
{
    pthread_mutex_lock(&store->mutex);
    put(store, row, is_gone, true);
    store_unlock_and_wake(store);
}

size_t store_bad_registers(struct store *store, struct bad_register *out, size_t max)
{
    size_t count = 0;
    pthread_mutex_lock(&store->mutex);
    for (size_t i = 0; i < store->bad_count; i++) {
        if (!store->bad[i].is_gone) {
            if (count < max) {
                out[count] = store->bad[i].row;
            }
            count++;
        }
    }
    pthread_mutex_unlock(&store->mutex);
    return count;
}

/* What this run has said itself is newer than the file. */
void store_bad_learn(struct store *store)
{
    size_t count = 0;
    const struct bad_register *known = ledger_bad_registers(store->ledger, &count);
    pthread_mutex_lock(&store->mutex);
    for (size_t i = 0; i < count; i++) {
        if (find(store, &known[i]) == store->bad_count) {
            put(store, &known[i], false, false);
        }
    }
    pthread_mutex_unlock(&store->mutex);
}

void store_bad_rewrite(struct store *store)
{
    pthread_mutex_lock(&store->mutex);
    for (size_t i = 0; i < store->bad_count; i++) {
        store->bad[i].changes++;
        store->bad_changes++;
    }
    pthread_mutex_unlock(&store->mutex);
}

size_t store_bad_changed(struct store *store, struct ledger_bad **out)
{
    size_t count = 0;
    pthread_mutex_lock(&store->mutex);
    struct ledger_bad *changed = mem_alloc_array(store->bad_count + 1, sizeof(*changed));
    for (size_t i = 0; i < store->bad_count && store->bad_changes > 0; i++) {
        const struct store_bad *bad = &store->bad[i];
        if (bad->changes > 0) {
            changed[count++] = (struct ledger_bad){
                .row = bad->row, .is_gone = bad->is_gone, .changes = bad->changes};
        }
    }
    pthread_mutex_unlock(&store->mutex);
    *out = changed;
    return count;
}

/* What has changed again meanwhile stays to be written. */
void store_bad_written(struct store *store, const struct ledger_bad *changed, size_t count)
{
    pthread_mutex_lock(&store->mutex);
    for (size_t i = 0; i < count; i++) {
        const size_t at = find(store, &changed[i].row);
        struct store_bad *bad = &store->bad[at];
        bad->changes -= changed[i].changes;
        store->bad_changes -= changed[i].changes;
        if (bad->changes == 0 && bad->is_gone) {
            store->bad_count--;
            memmove(bad, bad + 1, (store->bad_count - at) * sizeof(*bad));
        }
    }
    pthread_mutex_unlock(&store->mutex);
}
