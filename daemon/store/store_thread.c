/* SPDX-License-Identifier: Apache-2.0 */
/* store_thread: waits for batches, lets them gather for a commit period, commits them, and does the housekeeping in
 * between. Its own timing follows the machine's monotonic clock: a fake or stepped clock must not stop commits. */
#include "store/store_internal.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>

#include "base/mem.h"
#include "store/disk/disk.h"

static const int64_t second_us = 1000000;
static const int64_t idle_us = 10 * 1000000LL;
static const int64_t backup_period_us = 86400LL * 1000000;
static const int64_t backup_slice_us = 20000;

enum {
    BACKUP_PAGES = 64,
    BACKUP_PAGES_AT_STOP = 4096,
};

static int64_t now_us(void)
{
    return clock_mono_us(clock_real());
}

static int64_t earlier(int64_t one, int64_t other)
{
    return one < other ? one : other;
}

static int milliseconds_until(int64_t when_us)
{
    const int64_t wait_us = when_us - now_us();
    return wait_us <= 0 ? 0 : (int)((wait_us + 999) / 1000);
}

static void set_idle(struct store *store, bool is_idle)
{
    pthread_mutex_lock(&store->mutex);
    store->is_idle = is_idle;
    pthread_mutex_unlock(&store->mutex);
}

static void clear_wake(struct store *store)
{
    eventfd_t ignored;
    eventfd_read(store->wake_fd, &ignored);
}

static int64_t next_duty_us(struct store *store)
{
    int64_t next = earlier(now_us() + idle_us, store_ledger_due_us(store));
    if (atomic_load(&store->journal) == NULL || store->ledger == NULL) {
        next = earlier(next, store->next_retry_us);
    } else if (atomic_load(&store->wants_upkeep)) {
        next = earlier(next, store->next_upkeep_us);
    }
    if (store->waiting_count > 0) {
        next = earlier(next, store->next_retry_us);
    }
    return store->is_backing_up ? now_us() : next;
}

static void write_ledger(struct store *store)
{
    const int error = store_ledger_write(store);
    store->next_ledger_us = now_us() + second_us;
    if (store->ledger == NULL) {
        store->next_retry_us = now_us() + store->retry_us;
    }
    store->ledger_trouble = error < 0 ? store_complain(store, "ledger", error) : 0;
    store_settle_alarms(store);
}

/* Whoever writes must not wait for a folder that may never come. */
static void refuse_writes(struct store *store)
{
    struct store_write *first = NULL;
    struct ledger_edit **edits = NULL;
    const size_t count = store_writes_take(store, &first, &edits);
    free(edits);
    if (count > 0) {
        const struct store_status status = store_status(store);
        store_writes_fail(first, -ENODEV, store_reason(&status, ~0U));
        store_writes_tell(store, first);
    }
}

static bool has_folder(struct store *store)
{
    return atomic_load(&store->journal) != NULL;
}

static void serve_urgent(struct store *store)
{
    if (atomic_load(&store->is_urgent) && has_folder(store)) {
        write_ledger(store);
    }
}

/* Lets batches gather, but leaves time for the commit itself. */
static void gather(struct store *store)
{
    const int64_t period_us = store->options.commit_ms * 1000;
    const int64_t commit_us = atomic_load(&store->last_commit_us);
    const int64_t until_us = now_us() + period_us - earlier(commit_us, period_us / 2);
    struct pollfd wake = {.fd = store->wake_fd, .events = POLLIN};
    while (!atomic_load(&store->is_stopping) && now_us() < until_us) {
        if (poll(&wake, 1, milliseconds_until(until_us)) > 0) {
            clear_wake(store);
        }
        serve_urgent(store);
    }
}

static void wait_for_work(struct store *store)
{
    struct pollfd fds[] = {{.fd = mailbox_fd(store->mailbox), .events = POLLIN},
                           {.fd = store->wake_fd, .events = POLLIN}};
    set_idle(store, true);
    const int ready = atomic_load(&store->is_stopping)
                          ? 0
                          : poll(fds, ARRAY_SIZE(fds), milliseconds_until(next_duty_us(store)));
    set_idle(store, false);
    if (ready > 0 && fds[1].revents != 0) {
        clear_wake(store);
    }
    if (ready > 0 && fds[0].revents != 0) {
        gather(store);
    }
}

static void notify(struct store *store, uint64_t durable)
{
    pthread_mutex_lock(&store->listening);
    for (size_t i = 0; i < store->listener_count; i++) {
        store->listeners[i].fn(store->listeners[i].context, durable);
    }
    pthread_mutex_unlock(&store->listening);
}

static bool may_try(const struct store *store)
{
    return atomic_load(&store->journal) != NULL &&
           (store->journal_trouble == 0 || now_us() >= store->next_retry_us);
}

/* A commit that failed may work the next time: its batches stay for a while, the next ones wait behind them. */
static bool is_patient(const struct store *store)
{
    return store->failing_since_us == 0 || now_us() - store->failing_since_us < store->patience_us;
}

static bool commit_to_journal(struct store *store, size_t count)
{
    uint64_t refused = 0;
    if (!may_try(store)) {
        return false;
    }
    const int64_t start_us = now_us();
    const int error = journal_commit(atomic_load(&store->journal), store->waiting, count,
                                     store_wanted_from(store), &refused);
    atomic_store(&store->last_commit_us, now_us() - start_us);
    if (error < 0) {
        store->journal_trouble = store_complain(store, "journal", error);
        store->next_retry_us = now_us() + earlier(store->retry_us, second_us);
        store->failing_since_us = store->failing_since_us != 0 ? store->failing_since_us : start_us;
        return false;
    }
    store->journal_trouble = 0;
    store->failing_since_us = 0;
    atomic_store(&store->wants_upkeep, true);
    store_settle_alarms(store);
    atomic_fetch_add(&store->commits, 1);
    atomic_fetch_add(&store->dropped, refused);
    rollups_offer(store->rollups, store->waiting, count);
    return true;
}

/* False: they stay to be tried again. What could not be written after a while counts as done: live sinks must not wait for
 * a disk. */
static bool commit_batches(struct store *store, bool is_last)
{
    const size_t count = store->waiting_count;
    if (!commit_to_journal(store, count)) {
        if (atomic_load(&store->journal) != NULL && is_patient(store) && !is_last) {
            return false;
        }
        atomic_fetch_add(&store->dropped, count);
    }
    const uint64_t last = store->waiting[count - 1]->position;
    if (last > atomic_load(&store->durable)) {
        atomic_store(&store->durable, last);
    }
    for (size_t i = 0; i < count; i++) {
        batch_unref(store->waiting[i]);
    }
    store->waiting_count = 0;
    notify(store, atomic_load(&store->durable));
    return true;
}

static void commit_waiting(struct store *store, bool is_last)
{
    bool has_more = true;
    while (has_more) {
        store->waiting_count +=
            mailbox_take(store->mailbox, (void **)store->waiting + store->waiting_count,
                         STORE_TAKE_MAX - store->waiting_count);
        has_more = store->waiting_count == STORE_TAKE_MAX;
        if (store->waiting_count > 0 && !commit_batches(store, is_last)) {
            return;
        }
        serve_urgent(store);
    }
}

static void retry_folder(struct store *store)
{
    const int error = store_folder_open(store);
    store->next_retry_us = now_us() + store->retry_us;
    if (error < 0) {
        store->journal_trouble = store_complain(store, "journal", error);
        return;
    }
    store->journal_trouble = 0;
    store_settle_alarms(store);
    notify(store, atomic_load(&store->durable));
}

static void step_backup(struct store *store, int pages)
{
    const int64_t until_us = now_us() + backup_slice_us;
    int error = 1;
    while (error == 1 && now_us() < until_us && !atomic_load(&store->is_urgent)) {
        error = ledger_backup_step(store->ledger, pages);
    }
    store->is_backing_up = error == 1;
    if (error != 1) {
        /* A failure needs no word of its own: what hinders a backup hinders commits, and those tell. */
        store->next_backup_us = now_us() + (error < 0 ? idle_us : backup_period_us);
    }
}

/* It became corrupt, and replacing it failed. */
static bool is_ledger_missing(const struct store *store, int64_t now)
{
    return atomic_load(&store->journal) != NULL && store->ledger == NULL &&
           now >= store->next_retry_us;
}

static void keep_up(struct store *store)
{
    const int64_t now = now_us();
    if (!has_folder(store) && now >= store->next_retry_us) {
        retry_folder(store);
    }
    if (!has_folder(store)) {
        refuse_writes(store);
    }
    if (now >= store_ledger_due_us(store) || is_ledger_missing(store, now)) {
        write_ledger(store);
    }
    if (atomic_load(&store->journal) != NULL && now >= store->next_upkeep_us) {
        store->next_upkeep_us = now + second_us;
        atomic_store(&store->wants_upkeep, false);
        journal_upkeep(atomic_load(&store->journal), store_wanted_from(store));
        if (store->ledger != NULL) {
            ledger_keep_reserve(store->ledger, store->options.min_free_mb * 1000000);
        }
    }
    if (store->ledger != NULL && (store->is_backing_up || now >= store->next_backup_us)) {
        step_backup(store, BACKUP_PAGES);
    }
}

static void finish(struct store *store)
{
    commit_waiting(store, true);
    pthread_mutex_lock(&store->mutex);
    store->phase = STORE_STOPPED;
    pthread_mutex_unlock(&store->mutex);
    if (store->ledger != NULL) {
        write_ledger(store);
    }
    refuse_writes(store); /* there are some only where there was no ledger */
    int more = store->ledger != NULL ? 1 : 0;
    while (more == 1) {
        more = ledger_backup_step(store->ledger, BACKUP_PAGES_AT_STOP);
    }
}

void *store_thread_run(void *context)
{
    struct store *store = context;
    if (store->ledger != NULL && ledger_backup_age_us(store->ledger) < backup_period_us) {
        store->next_backup_us = now_us() + backup_period_us;
    }
    while (!atomic_load(&store->is_stopping)) {
        wait_for_work(store);
        serve_urgent(store);
        commit_waiting(store, false);
        keep_up(store);
    }
    finish(store);
    return NULL;
}
