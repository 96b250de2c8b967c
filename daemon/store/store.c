/* SPDX-License-Identifier: Apache-2.0 */
/* store: the face to the other threads. What they say is left in a mailbox, an atomic or the cursor table, and the store
 * thread finds it there. */
#include "store/store_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/mem.h"
#include <lingtan/log.h>

enum {
    MAILBOX_CAPACITY = 32768,
    RETRY_US = 10 * 1000000,
    RECORDS_KEEP_US = 600 * 1000000, /* what a stream may ask for again */
    PATIENCE_US = 8 * 1000000,       /* less than a sink waits for what is missing */
};

static const struct option rows[] = {
    {.name = "folder",
     .type = OPTION_STRING,
     .offset = offsetof(struct store_options, folder),
     .fallback = "/var/lib/lingtan",
     .min = 1,
     .max = 4000,
     .help = "Where journal and ledger live; made when absent. One daemon a folder."},
    {.name = "commit_ms",
     .type = OPTION_INT,
     .offset = offsetof(struct store_options, commit_ms),
     .fallback = "500",
     .min = 50,
     .max = 1000,
     .unit = "ms",
     .help = "How long readings may wait for the disk: what a power cut can cost at most."},
    {.name = "journal_days",
     .type = OPTION_INT,
     .offset = offsetof(struct store_options, journal_days),
     .fallback = "90",
     .min = 1,
     .max = 3650,
     .unit = "days",
     .help = "Days of raw readings to keep at most; the oldest day goes first."},
    {.name = "journal_mb",
     .type = OPTION_INT,
     .offset = offsetof(struct store_options, journal_mb),
     .fallback = "10000",
     .min = 16,
     .max = 10000000,
     .unit = "MB",
     .help = "Size of the raw readings at most; the oldest day goes first."},
    {.name = "min_free_mb",
     .type = OPTION_INT,
     .offset = offsetof(struct store_options, min_free_mb),
     .fallback = "200",
     .min = 0,
     .max = 1000000,
     .unit = "MB",
     .help = "Free space to leave on the disk: with less, the oldest day goes."},
    {.name = "minute_days",
     .type = OPTION_INT,
     .offset = offsetof(struct store_options, minute_days),
     .fallback = "400",
     .min = 1,
     .max = 3650,
     .unit = "days",
     .help = "How long each point's lowest, mean, highest and last value of every minute is kept, "
             "in whole months. A "
             "thousand points take about a GB a year."},
    {.name = "hour_days",
     .type = OPTION_INT,
     .offset = offsetof(struct store_options, hour_days),
     .fallback = "3650",
     .min = 1,
     .max = 36500,
     .unit = "days",
     .help = "The same of every hour, in whole years."},
};

const struct option_table store_table = {
    .name = "store",
    .size = sizeof(struct store_options),
    .rows = rows,
    .count = ARRAY_SIZE(rows),
    .help = "The journal of raw readings and the ledger of what must never be lost.",
};

static void drop_batch(void *item)
{
    batch_unref(item);
}

static struct store *create(const struct store_options *options, const struct clock *clock)
{
    struct store *store = mem_alloc(sizeof(*store));
    store->options = *options;
    store->options.folder = mem_dup_string(options->folder);
    store->clock = clock;
    store->lock_fd = -1;
    store->retry_us = RETRY_US;
    store->patience_us = PATIENCE_US;
    atomic_store(&store->wants_upkeep, true);
    store->mailbox = mailbox_create("store intake", MAILBOX_CAPACITY, MAILBOX_REFUSE, drop_batch);
    store->waiting = mem_alloc_array(STORE_TAKE_MAX, sizeof(struct batch *));
    pthread_mutex_init(&store->mutex, NULL);
    pthread_mutex_init(&store->listening, NULL);
    alarms_init(&store->alarms);
    store->alarms.clock = clock;
    store->records_keep_us = RECORDS_KEEP_US;
    store->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    store->rollups = rollups_create(store, store->options.folder, options, clock, &store->alarms);
    return store;
}

int store_open(const struct store_options *options, const struct clock *clock, struct store **out)
{
    struct store *store = create(options, clock);
    int error = store->wake_fd < 0 ? -errno : store_folder_open(store);
    if (error == -EPROTONOSUPPORT) {
        store->journal_trouble = store_complain(store, "journal", error);
        const struct store_status status = store_status(store);
        log_error("the store refuses to start: %s", store_reason(&status, STORE_UNWRITABLE));
    }
    if (error == -EBUSY || error == -EPROTONOSUPPORT || store->wake_fd < 0) {
        store_destroy(store);
        return error;
    }
    if (error < 0) {
        store->journal_trouble = store_complain(store, "journal", error);
        store->next_retry_us = clock_mono_us(clock_real()) + store->retry_us;
    }
    *out = store;
    return 0;
}

static void set_phase(struct store *store, enum store_phase phase)
{
    pthread_mutex_lock(&store->mutex);
    store->phase = phase;
    pthread_mutex_unlock(&store->mutex);
}

int store_start(struct store *store)
{
    set_phase(store, STORE_SERVES);
    const int error = pthread_create(&store->thread, NULL, store_thread_run, store);
    if (error != 0) {
        set_phase(store, STORE_NOT_STARTED);
        return -error;
    }
    pthread_setname_np(store->thread, "store");
    store->is_started = true;
    return rollups_start(store->rollups);
}

void store_stop(struct store *store)
{
    if (store == NULL || !store->is_started) {
        return;
    }
    atomic_store(&store->is_stopping, true);
    store_wake(store);
    pthread_join(store->thread, NULL);
    store->is_started = false;
    rollups_stop(store->rollups);
}

void store_destroy(struct store *store)
{
    if (store == NULL) {
        return;
    }
    store_stop(store);
    rollups_destroy(store->rollups);
    store_folder_close(store);
    mailbox_destroy(store->mailbox);
    if (store->wake_fd >= 0) {
        close(store->wake_fd);
    }
    alarms_finish(&store->alarms);
    pthread_mutex_destroy(&store->mutex);
    pthread_mutex_destroy(&store->listening);
    free(store->listeners);
    free(store->record_listeners);
    free(store->cursors);
    free(store->bad);
    free(store->steps);
    free(store->waiting);
    free(store->options.folder);
    free(store);
}

/* The thread looks at every commit, and using numbers is what makes commits. */
void store_seq_used(struct store *store, uint64_t seq)
{
    uint64_t known = atomic_load_explicit(&store->seq_used, memory_order_relaxed);
    while (seq > known && !atomic_compare_exchange_weak(&store->seq_used, &known, seq)) {
    }
}

int store_append(struct store *store, const struct batch *batch)
{
    if (batch->position >= POSITION_UNNUMBERED) {
        atomic_fetch_add(&store->dropped, 1);
        return 0;
    }
    const int error = mailbox_post(store->mailbox, batch_ref(batch));
    if (error < 0) {
        batch_unref(batch);
        atomic_fetch_add(&store->dropped, 1);
    }
    return error;
}

void store_on_durable(struct store *store, store_durable_fn fn, void *context)
{
    pthread_mutex_lock(&store->listening);
    store->listeners =
        mem_grow(store->listeners, store->listener_count + 1, sizeof(*store->listeners));
    store->listeners[store->listener_count++] =
        (struct store_listener){.fn = fn, .context = context};
    pthread_mutex_unlock(&store->listening);
}

void store_off_durable(struct store *store, store_durable_fn fn, void *context)
{
    pthread_mutex_lock(&store->listening);
    size_t at = 0;
    while (at < store->listener_count &&
           (store->listeners[at].fn != fn || store->listeners[at].context != context)) {
        at++;
    }
    if (at < store->listener_count) {
        store->listeners[at] = store->listeners[--store->listener_count];
    }
    pthread_mutex_unlock(&store->listening);
}

void store_acknowledge(struct store *store, unsigned alarms)
{
    store_acknowledge_by(store, alarms, "");
}

void store_acknowledge_by(struct store *store, unsigned alarms, const char *who)
{
    pthread_mutex_lock(&store->mutex);
    store->acknowledged |= alarms & STORE_STANDING;
    snprintf(store->acknowledged_by, sizeof(store->acknowledged_by), "%s", who);
    store_unlock_and_wake(store);
}
