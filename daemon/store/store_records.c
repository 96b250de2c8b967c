/* SPDX-License-Identifier: Apache-2.0 */
/* store_records: records into an edit of the ledger, and from its commit to those who listen. */
#include "store/store_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/records.h"
#include "store/tables.h"

int store_records_add(struct ledger_edit *edit, const struct record_draft *draft)
{
    const struct record_row row = {
        .kind = record_kinds[draft->kind].word,
        .subject = draft->subject,
        .time_us = draft->time_us,
        .body = draft->body,
        .reference = draft->reference,
    };
    const int error = record_check(draft);
    if (error == 0) {
        ledger_edit_add(edit, LEDGER_INSERT, &record_table, &row);
    }
    return error;
}

void store_on_record(struct store *store, store_record_fn fn, void *context)
{
    pthread_mutex_lock(&store->listening);
    store->record_listeners = mem_grow(store->record_listeners, store->record_listener_count + 1,
                                       sizeof(*store->record_listeners));
    store->record_listeners[store->record_listener_count++] =
        (struct store_record_listener){.fn = fn, .context = context};
    pthread_mutex_unlock(&store->listening);
}

void store_off_record(struct store *store, store_record_fn fn, void *context)
{
    size_t at = 0;
    pthread_mutex_lock(&store->listening);
    struct store_record_listener *all = store->record_listeners;
    while (at < store->record_listener_count && (all[at].fn != fn || all[at].context != context)) {
        at++;
    }
    if (at < store->record_listener_count) {
        store->record_listener_count--;
        memmove(&all[at], &all[at + 1], (store->record_listener_count - at) * sizeof(*all));
    }
    pthread_mutex_unlock(&store->listening);
}

/* NULL: of a kind that a later version has left and this one does not know. */
static struct record *record_of(const struct record_row *row)
{
    struct record_draft draft = {
        .subject = row->subject != NULL ? row->subject : "",
        .time_us = row->time_us,
        .body = row->body,
        .reference = row->reference,
    };
    const bool is_known = row->kind != NULL && record_kind_parse(row->kind, &draft.kind) == 0;
    return is_known ? record_create(&draft, row->position) : NULL;
}

static void tell(struct store *store, const struct record_row *row)
{
    struct record *record = record_of(row);
    atomic_store(&store->last_record, row->position);
    pthread_mutex_lock(&store->listening);
    for (size_t i = 0; i < store->record_listener_count; i++) {
        store->record_listeners[i].fn(store->record_listeners[i].context, record);
    }
    pthread_mutex_unlock(&store->listening);
    record_unref(record);
}

void store_records_tell(struct store *store, const struct ledger_edit *edit)
{
    for (size_t i = 0; edit->error == 0 && i < edit->op_count; i++) {
        if (edit->ops[i].table == &record_table) {
            tell(store, edit->ops[i].row);
        }
    }
}

uint64_t store_last_record(const struct store *store)
{
    return atomic_load(&store->last_record);
}

/* --- shedding --- */

static int64_t now_us(void)
{
    return clock_mono_us(clock_real());
}

/* Once in so long the newest becomes the mark, and the mark becomes old: so what is old is so old at least. */
static uint64_t old_position(struct store *store)
{
    const int64_t now = now_us();
    if (now - store->record_mark_us >= store->records_keep_us) {
        store->old_record = store->record_mark;
        store->record_mark = atomic_load(&store->last_record);
        store->record_mark_us = now;
    }
    return store->old_record;
}

uint64_t store_records_passed(struct store *store)
{
    uint64_t lowest = old_position(store);
    pthread_mutex_lock(&store->mutex);
    for (size_t i = 0; i < store->cursor_count; i++) {
        const struct store_cursor *cursor = &store->cursors[i];
        if (cursor->is_used && cursor->of_records && cursor->committed < lowest) {
            lowest = cursor->committed;
        }
    }
    pthread_mutex_unlock(&store->mutex);
    return lowest > store->shed_records ? lowest : 0;
}

/* --- reading back --- */

struct record_query {
    store_found_record_fn fn;
    void *context;
};

static bool give_record(void *context, const void *row)
{
    const struct record_query *query = context;
    struct record *record = record_of(row);
    const bool goes_on = record == NULL || query->fn(query->context, record);
    record_unref(record);
    return goes_on;
}

int store_read_records(struct store *store, uint64_t after, size_t limit, store_found_record_fn fn,
                       void *context)
{
    struct record_query query = {.fn = fn, .context = context};
    return store_read_rows(store, &record_table, (int64_t)after + 1, INT64_MAX, limit, give_record,
                           &query);
}

void store_provide_bodies(struct store *store, enum record_kind kind, store_body_fn fn,
                          void *context)
{
    store->bodies[kind] = (struct store_body_keeper){.fn = fn, .context = context};
}

char *store_record_body(struct store *store, const struct record *record)
{
    const struct store_body_keeper *keeper = &store->bodies[record->kind];
    if (record->body != NULL) {
        return mem_dup_string(record->body);
    }
    return keeper->fn != NULL ? keeper->fn(keeper->context, record) : NULL;
}
