/* SPDX-License-Identifier: Apache-2.0 */
/* store_ledger: what the sinks and the hub say, gathered and written to the ledger in one transaction. */
#include "store/store_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static const int64_t durable_period_us = 10 * 1000000LL;

static uint64_t smaller(uint64_t one, uint64_t other)
{
    return one < other ? one : other;
}

static uint64_t larger(uint64_t one, uint64_t other)
{
    return one > other ? one : other;
}

void store_ledger_learn(struct store *store)
{
    size_t count = 0;
    const struct ledger_cursor *known = ledger_cursors(store->ledger, &count);
    const unsigned standing = (unsigned)ledger_values(store->ledger).alarms & STORE_STANDING;
    pthread_mutex_lock(&store->mutex);
    for (size_t i = 0; i < count; i++) {
        struct store_cursor *cursor = store_cursor_of(store, known[i].sink, known[i].of_records);
        cursor->committed = known[i].position;
        if (cursor->wanted < known[i].position) {
            cursor->wanted = known[i].position;
        }
    }
    pthread_mutex_unlock(&store->mutex);
    store_bad_learn(store);
    atomic_store(&store->last_record, ledger_values(store->ledger).next_record - 1);
    store_clock_learn(store);
    /* What this run has found has better words. */
    const unsigned earlier = standing & ~alarms_bits(&store->alarms);
    if (earlier != 0) {
        alarms_raise(&store->alarms, earlier, "since an earlier run, until acknowledged");
    }
}

uint64_t store_wanted_from(struct store *store)
{
    const uint64_t durable = atomic_load(&store->durable);
    uint64_t lowest = UINT64_MAX;
    pthread_mutex_lock(&store->mutex);
    for (size_t i = 0; i < store->cursor_count; i++) {
        if (store->cursors[i].is_used && !store->cursors[i].of_records) {
            lowest = smaller(lowest, smaller(store->cursors[i].wanted, durable) + 1);
        }
    }
    pthread_mutex_unlock(&store->mutex);
    return lowest;
}

static bool is_seq_due(struct store *store)
{
    return atomic_load(&store->seq_used) + STORE_SEQ_BLOCK / 2 > atomic_load(&store->seq_reserved);
}

static bool is_news_due(struct store *store)
{
    bool is_due = false;
    pthread_mutex_lock(&store->mutex);
    for (size_t i = 0; i < store->cursor_count; i++) {
        const struct store_cursor *cursor = &store->cursors[i];
        is_due |= smaller(cursor->wanted, store_cursor_limit(store, cursor)) > cursor->committed;
    }
    is_due |= store->first_write != NULL || store->acknowledged != 0 || store->bad_changes > 0 ||
              store->steps_new > 0;
    pthread_mutex_unlock(&store->mutex);
    return is_due;
}

int64_t store_ledger_due_us(struct store *store)
{
    if (store->ledger == NULL) {
        return INT64_MAX;
    }
    const struct ledger_values known = ledger_values(store->ledger);
    const unsigned standing = alarms_bits(&store->alarms) & STORE_STANDING;
    if (atomic_load(&store->is_urgent)) {
        return 0;
    }
    if (is_seq_due(store) || is_news_due(store) || known.alarms != standing ||
        known.alarms_told != alarms_bits(&store->alarms) || store->acknowledged_untold != 0) {
        return store->next_ledger_us;
    }
    return known.durable != atomic_load(&store->durable) ? store->next_ledger_us + durable_period_us
                                                         : INT64_MAX;
}

/* Copies the cursors that moved. */
static void add_moved_cursors(struct store *store, struct ledger_changes *changes)
{
    pthread_mutex_lock(&store->mutex);
    struct ledger_cursor *moved = mem_alloc_array(store->cursor_count, sizeof(*moved));
    for (size_t i = 0; i < store->cursor_count; i++) {
        const struct store_cursor *cursor = &store->cursors[i];
        const uint64_t position = smaller(cursor->wanted, store_cursor_limit(store, cursor));
        if (position > cursor->committed) {
            struct ledger_cursor *added = &moved[changes->cursor_count++];
            added->position = position;
            added->of_records = cursor->of_records;
            snprintf(added->sink, sizeof(added->sink), "%s", cursor->sink);
        }
    }
    pthread_mutex_unlock(&store->mutex);
    changes->cursors = moved;
}

static void note_written(struct store *store, const struct ledger_changes *changes)
{
    pthread_mutex_lock(&store->mutex);
    for (size_t i = 0; i < changes->cursor_count; i++) {
        const struct ledger_cursor *moved = &changes->cursors[i];
        store_cursor_of(store, moved->sink, moved->of_records)->committed = moved->position;
    }
    pthread_mutex_unlock(&store->mutex);
    store_bad_written(store, changes->bad, changes->bad_count);
    store_clock_written(store, changes->step_count);
    if (changes->shed_records > 0) {
        store->shed_records = changes->shed_records;
    }
    if (atomic_load(&store->seq_reserved) < changes->values.seq_reserved) {
        atomic_store(&store->seq_reserved, changes->values.seq_reserved);
    }
}

static void end_acknowledged(struct store *store)
{
    pthread_mutex_lock(&store->mutex);
    const unsigned ended = store->acknowledged;
    store->acknowledged = 0;
    if (ended != 0) {
        memcpy(store->untold_by, store->acknowledged_by, sizeof(store->untold_by));
    }
    pthread_mutex_unlock(&store->mutex);
    store->acknowledged_untold |= ended & alarms_bits(&store->alarms);
    alarms_clear(&store->alarms, ended & STORE_STANDING);
}

/* Memory knows better than any file: cursors count as moved again, but for those that go with rows; all bad registers as
 * changed. */
static int replace_ledger(struct store *store)
{
    ledger_close(store->ledger);
    store->ledger = NULL;
    const int error = ledger_open(store->options.folder, store->clock, &store->ledger);
    if (error < 0) {
        return error;
    }
    alarms_raise(&store->alarms, STORE_LEDGER_RESTORED,
                 "%s/ledger.db became corrupt and was replaced", store->options.folder);
    store_cursors_replaced(store);
    ledger_number_records(store->ledger, atomic_load(&store->last_record) + 1);
    store_bad_rewrite(store);
    store_clock_rewrite(store);
    return 0;
}

static int write_once(struct store *store, struct ledger_edit **edits, size_t edit_count)
{
    struct ledger_changes changes = {
        .values = ledger_values(store->ledger), .edits = edits, .edit_count = edit_count};
    struct ledger_values *values = &changes.values;
    values->durable = atomic_load(&store->durable);
    values->alarms = alarms_bits(&store->alarms) & STORE_STANDING;
    /* What was promised counts, also when the file is an old one from the backup. */
    values->seq_reserved = larger(values->seq_reserved, atomic_load(&store->seq_reserved));
    if (is_seq_due(store)) {
        values->seq_reserved =
            larger(values->seq_reserved, atomic_load(&store->seq_used) + STORE_SEQ_BLOCK);
    }
    add_moved_cursors(store, &changes);
    changes.bad_count = store_bad_changed(store, &changes.bad);
    struct clock_step *steps = NULL;
    changes.step_count = store_clock_new(store, &steps);
    changes.steps = steps;
    changes.shed_records = store_records_passed(store);
    struct ledger_edit own = {0};
    unsigned told = 0;
    store_alarms_add_changes(store, (unsigned)values->alarms_told, &told, &own);
    values->alarms_told = told;
    changes.own = &own;
    const int error = ledger_commit(store->ledger, &changes);
    if (error == 0) {
        note_written(store, &changes);
        store->acknowledged_untold = 0;
        store_records_tell(store, &own);
    }
    ledger_edit_finish(&own);
    free(changes.cursors);
    free(changes.bad);
    free(steps);
    return error;
}

/* What goes on from rows that the ledger has lost must not be written. Returns how many are left in edits. */
static size_t drop_stale(struct store *store, struct ledger_edit **edits, size_t count)
{
    size_t left = 0;
    for (size_t i = 0; i < count; i++) {
        struct ledger_edit *edit = edits[i];
        if (store_cursors_are_stale(store, edit->cursors, edit->cursor_count)) {
            edit->error = -ESTALE;
            snprintf(edit->reason, sizeof(edit->reason),
                     "the ledger was replaced meanwhile: what it has lost is to be made again");
        } else {
            edits[left++] = edit;
        }
    }
    return left;
}

static int write_or_replace(struct store *store, struct ledger_edit **edits, size_t *count)
{
    *count = drop_stale(store, edits, *count);
    int error = store->ledger != NULL ? write_once(store, edits, *count) : -EUCLEAN;
    if (error == -EUCLEAN) {
        error = replace_ledger(store);
        if (error == 0) {
            *count = drop_stale(store, edits, *count);
            error = write_once(store, edits, *count);
        }
    }
    return error;
}

/* That the disk refused somebody's rows is the store's trouble as well. */
static int worst(int error, struct ledger_edit *const *edits, size_t count)
{
    for (size_t i = 0; error == 0 && i < count; i++) {
        const int own = edits[i]->error;
        error = own == -ENOSPC || own == -EROFS || own == -EIO ? own : 0;
    }
    return error;
}

int store_ledger_write(struct store *store)
{
    struct store_write *first = NULL;
    struct ledger_edit **edits = NULL;
    end_acknowledged(store);
    size_t count = store_writes_take(store, &first, &edits);
    int error = write_or_replace(store, edits, &count);
    if (error == -EUCLEAN || store->ledger == NULL) {
        store_writes_fail(first, error, "the ledger is corrupt and could not be replaced");
    }
    error = worst(error, edits, count);
    free(edits);
    store_writes_tell(store, first);
    return error;
}
