/* SPDX-License-Identifier: Apache-2.0 */
/* store_write: writes on their way from their makers to the ledger's next commit, and what became of them on the way back. */
#include "store/store_internal.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/records.h"

struct store_writer {
    struct store *store;
    struct mailbox *settled; /* never full: only waiting_max are under way */
    size_t waiting_max;
    size_t waiting; /* sent and not settled */
};

struct store_write {
    struct ledger_edit edit;
    struct store_writer *writer;
    store_done_fn done;
    void *context;
    struct store_write *next; /* in the store's list; guarded by its mutex */
};

struct store_write *store_write_begin(void)
{
    return mem_alloc(sizeof(struct store_write));
}

void store_write_drop(struct store_write *write)
{
    if (write != NULL) {
        ledger_edit_finish(&write->edit);
        free(write);
    }
}

void store_write_insert(struct store_write *write, const struct ledger_table *table,
                        const void *row)
{
    ledger_edit_add(&write->edit, LEDGER_INSERT, table, row);
}

void store_write_put(struct store_write *write, const struct ledger_table *table, const void *row)
{
    ledger_edit_add(&write->edit, LEDGER_PUT, table, row);
}

void store_write_remove(struct store_write *write, const struct ledger_table *table,
                        const void *row)
{
    ledger_edit_add(&write->edit, LEDGER_REMOVE, table, row);
}

void store_write_cursor(struct store_write *write, const char *consumer, uint64_t position)
{
    ledger_edit_add_cursor(&write->edit, consumer, position);
}

int store_write_record(struct store_write *write, const struct record_draft *draft)
{
    return store_records_add(&write->edit, draft);
}

/* --- the store's side --- */

size_t store_writes_take(struct store *store, struct store_write **first,
                         struct ledger_edit ***edits)
{
    size_t count = 0;
    pthread_mutex_lock(&store->mutex);
    *first = store->first_write;
    store->first_write = NULL;
    store->last_write = NULL;
    atomic_store(&store->is_urgent, false);
    pthread_mutex_unlock(&store->mutex);
    *edits = NULL;
    for (struct store_write *write = *first; write != NULL; write = write->next) {
        *edits = mem_grow(*edits, count + 1, sizeof(**edits));
        (*edits)[count++] = &write->edit;
    }
    return count;
}

/* Its cursors are in the ledger: memory follows. */
static void note_cursors(struct store *store, const struct ledger_edit *edit)
{
    pthread_mutex_lock(&store->mutex);
    for (size_t i = 0; edit->error == 0 && i < edit->cursor_count; i++) {
        const uint64_t position = edit->cursors[i].position;
        struct store_cursor *cursor = store_cursor_entry(store, edit->cursors[i].sink);
        cursor->wanted = cursor->wanted > position ? cursor->wanted : position;
        cursor->committed = cursor->committed > position ? cursor->committed : position;
    }
    pthread_mutex_unlock(&store->mutex);
}

void store_writes_tell(struct store *store, struct store_write *take_first)
{
    while (take_first != NULL) {
        struct store_write *write = take_first;
        take_first = write->next;
        note_cursors(store, &write->edit);
        store_records_tell(store, &write->edit);
        const int never = mailbox_post(write->writer->settled, write);
        (void)never; /* it has room for all that are under way */
    }
}

void store_writes_fail(struct store_write *first, int error, const char *reason)
{
    for (struct store_write *write = first; write != NULL; write = write->next) {
        write->edit.error = error;
        snprintf(write->edit.reason, sizeof(write->edit.reason), "%s", reason);
    }
}

/* --- the maker's side --- */

static void drop_settled(void *item)
{
    store_write_drop(item);
}

int store_writer_create(struct store *store, const char *name, size_t waiting_max,
                        struct store_writer **out)
{
    struct store_writer *writer = mem_alloc(sizeof(*writer));
    writer->store = store;
    writer->waiting_max = waiting_max;
    writer->settled = mailbox_create(name, waiting_max, MAILBOX_REFUSE, drop_settled);
    *out = writer;
    return 0;
}

int store_writer_fd(const struct store_writer *writer)
{
    return mailbox_fd(writer->settled);
}

static void settle(struct store_writer *writer, struct store_write *take_write)
{
    struct store_result result = {.error = take_write->edit.error};
    if (result.error < 0) {
        snprintf(result.reason, sizeof(result.reason), "%s", take_write->edit.reason);
    }
    const store_done_fn done = take_write->done;
    void *context = take_write->context;
    store_write_drop(take_write);
    writer->waiting--;
    if (done != NULL) {
        done(context, &result);
    }
}

size_t store_writer_settle(struct store_writer *writer)
{
    enum { AT_ONCE = 32 };
    void *items[AT_ONCE];
    size_t total = 0;
    size_t count = 0;
    while ((count = mailbox_take(writer->settled, items, AT_ONCE)) > 0) {
        for (size_t i = 0; i < count; i++) {
            settle(writer, items[i]);
        }
        total += count;
    }
    return total;
}

int store_write_send(struct store_writer *writer, struct store_write *take_write,
                     enum store_urgency urgency, store_done_fn done, void *context)
{
    struct store *store = writer->store;
    if (writer->waiting == writer->waiting_max) {
        return -ENOSPC;
    }
    pthread_mutex_lock(&store->mutex);
    if (store->phase == STORE_STOPPED) {
        pthread_mutex_unlock(&store->mutex);
        return -ESHUTDOWN;
    }
    writer->waiting++;
    take_write->writer = writer;
    take_write->done = done;
    take_write->context = context;
    take_write->next = NULL;
    *(store->last_write != NULL ? &store->last_write->next : &store->first_write) = take_write;
    store->last_write = take_write;
    if (urgency != STORE_AT_ONCE) {
        store_unlock_and_wake(store);
        return 0;
    }
    atomic_store(&store->is_urgent, true);
    pthread_mutex_unlock(&store->mutex);
    store_wake(store);
    return 0;
}

/* Without a thread nobody would ever tell what is still in the list. */
static void take_back(struct store_writer *writer)
{
    struct store *store = writer->store;
    struct store_write *own = NULL;
    struct store_write **own_end = &own;
    pthread_mutex_lock(&store->mutex);
    struct store_write **link = &store->first_write;
    store->last_write = NULL;
    while (*link != NULL) {
        struct store_write *write = *link;
        if (store->phase != STORE_SERVES && write->writer == writer) {
            *link = write->next;
            write->next = NULL;
            *own_end = write;
            own_end = &write->next;
        } else {
            store->last_write = write;
            link = &write->next;
        }
    }
    pthread_mutex_unlock(&store->mutex);
    store_writes_fail(own, -ESHUTDOWN, "the store has stopped");
    store_writes_tell(store, own);
}

void store_writer_destroy(struct store_writer *writer)
{
    if (writer == NULL) {
        return;
    }
    take_back(writer);
    struct pollfd settled = {.fd = store_writer_fd(writer), .events = POLLIN};
    (void)store_writer_settle(writer);
    while (writer->waiting > 0) {
        (void)poll(&settled, 1, -1);
        (void)store_writer_settle(writer);
    }
    mailbox_destroy(writer->settled);
    free(writer);
}
