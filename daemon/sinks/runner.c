/* SPDX-License-Identifier: Apache-2.0 */
/* runner: makes, starts and stops the thread of a sink, and decides how long it sleeps. */
#include "sinks/runner.h"

#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/mem.h"
#include "sinks/runner_round.h"

enum {
    MAILBOX_SIZE = 2048,
    SINK_FDS_MAX = 8,
    IDLE_US = 1000000, /* while the cursor is behind what was acknowledged, or the journal failed */
};

static void wake(struct runner *runner)
{
    const uint64_t one = 1;
    ssize_t written = write(runner->wake_fd, &one, sizeof(one));
    (void)written; /* it only fails when a wake-up is pending already */
}

/* Store thread. */
static void on_durable(void *context, uint64_t durable)
{
    (void)durable;
    struct runner *runner = context;
    if (atomic_exchange(&runner->wants_journal, false)) {
        wake(runner);
    }
}

static void drop_batch(void *item)
{
    batch_unref(item);
}

/* A journal that was lost while the ledger lived may number from below a cursor; waiting for the numbers to catch up
 * would send nothing for days. */
static uint64_t first_cursor(struct runner *runner)
{
    uint64_t cursor = store_cursor(runner->store, runner->sink->name);
    uint64_t next = store_next_position(runner->store);
    if (cursor < next) {
        return cursor;
    }
    log_warning("%s: the cursor %" PRIu64 " is beyond the journal's end %" PRIu64
                ": the journal was lost; going on at its end",
                runner->sink->name, cursor, next - 1);
    return next - 1;
}

int runner_create(const struct sink *sink, const struct sink_setup *setup, struct store *store,
                  struct runner **out)
{
    struct sink_instance *instance = NULL;
    int result = sink->create(setup, &instance);
    if (result < 0) {
        return result;
    }
    int wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (wake_fd < 0) {
        result = -errno;
        sink->destroy(instance);
        return result;
    }
    struct runner *runner = mem_alloc(sizeof(*runner));
    runner->sink = sink;
    runner->instance = instance;
    runner->store = store;
    runner->clock = setup->clock;
    runner->wake_fd = wake_fd;
    runner->mailbox = mailbox_create(sink->name, MAILBOX_SIZE, MAILBOX_DROP_OLDEST, drop_batch);
    runner->cursor = first_cursor(runner);
    runner->saved_cursor = runner->cursor;
    runner->peeked_cursor = UINT64_MAX;
    runner->down_since_us = clock_mono_us(setup->clock);
    runner->journal_limit.period_us = 60000000;
    feed_init(&runner->feed, store, setup->clock, runner->cursor + 1);
    pthread_mutex_init(&runner->mutex, NULL);
    runner->status = (struct runner_status){
        .name = sink->name, .state = SINK_CONNECTING, .cursor = runner->cursor};
    store_on_durable(store, on_durable, runner);
    *out = runner;
    return 0;
}

static int64_t sooner(int64_t one_us, int64_t other_us)
{
    if (one_us < 0 || other_us < 0) {
        return one_us < 0 ? other_us : one_us;
    }
    return one_us < other_us ? one_us : other_us;
}

/* How long to wait for the journal: -1 when nothing is missing from it. */
static int64_t journal_sleep(struct runner *runner)
{
    const struct feed *feed = &runner->feed;
    if (!runner->sink->has_room(runner->instance)) {
        return -1;
    }
    if (feed->next <= runner->seen) {
        atomic_store(&runner->wants_journal, true);
    }
    if (store_durable(runner->store) >= feed->next) {
        return feed->error ? IDLE_US : 0;
    }
    return feed->next <= runner->seen ? IDLE_US : -1;
}

static int64_t longest_sleep(struct runner *runner, int64_t sink_wait_us)
{
    if (runner->has_more) {
        return 0;
    }
    int64_t wait_us = sooner(sink_wait_us, journal_sleep(runner));
    bool is_unsaved = runner->saved_cursor + 1 < runner->feed.next;
    return is_unsaved ? sooner(wait_us, IDLE_US) : wait_us;
}

static void clear_wake(const struct runner *runner)
{
    uint64_t count = 0;
    ssize_t got = read(runner->wake_fd, &count, sizeof(count));
    (void)got; /* -EAGAIN: something else woke us */
}

static void sleep_until_due(struct runner *runner)
{
    struct pollfd fds[2 + SINK_FDS_MAX] = {
        {.fd = runner->wake_fd, .events = POLLIN},
        {.fd = mailbox_fd(runner->mailbox), .events = POLLIN},
    };
    int64_t wait_us = -1;
    size_t count = runner->sink->wait_for(runner->instance, fds + 2, SINK_FDS_MAX, &wait_us);
    wait_us = longest_sleep(runner, wait_us);
    int64_t linger_us = runner->next_intake_us - clock_mono_us(runner->clock);
    if (linger_us > 0) {
        fds[1].fd = -1; /* poll skips it */
        wait_us = sooner(wait_us, linger_us);
    }
    const struct timespec limit = {.tv_sec = wait_us / 1000000,
                                   .tv_nsec = wait_us % 1000000 * 1000};
    int ready = ppoll(fds, 2 + count, wait_us < 0 ? NULL : &limit, NULL);
    if (ready > 0 && fds[0].revents) {
        clear_wake(runner);
    }
    atomic_store(&runner->wants_journal, false);
}

static void *run(void *context)
{
    struct runner *runner = context;
    const struct sink *sink = runner->sink;
    while (!atomic_load(&runner->is_stopping)) {
        runner_round(runner);
        sleep_until_due(runner);
    }
    runner_settle_last(runner);
    if (sink->goodbye) {
        sink->goodbye(runner->instance);
    }
    return NULL;
}

int runner_start(struct runner *runner)
{
    /* Signals belong to the main thread; a write to a closed socket must be an error, not a signal. */
    sigset_t all;
    sigset_t old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    int error = pthread_create(&runner->thread, NULL, run, runner);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (error != 0) {
        return -error;
    }
    runner->has_thread = true;
    char name[16];
    snprintf(name, sizeof(name), "sink-%.10s", runner->sink->name);
    pthread_setname_np(runner->thread, name);
    return 0;
}

void runner_stop(struct runner *runner)
{
    if (!runner->has_thread) {
        return;
    }
    atomic_store(&runner->is_stopping, true);
    wake(runner);
    pthread_join(runner->thread, NULL);
    runner->has_thread = false;
}

void runner_destroy(struct runner *runner)
{
    if (!runner) {
        return;
    }
    runner_stop(runner);
    runner->sink->destroy(runner->instance);
    feed_finish(&runner->feed);
    mailbox_destroy(runner->mailbox);
    pthread_mutex_destroy(&runner->mutex);
    close(runner->wake_fd);
    free(runner);
}

void runner_offer(struct runner *runner, const struct batch *batch)
{
    atomic_store_explicit(&runner->newest, batch->position, memory_order_relaxed);
    int result = mailbox_put(runner->mailbox, batch_ref(batch));
    (void)result; /* this mailbox never refuses */
}

void runner_flush(struct runner *runner)
{
    mailbox_wake(runner->mailbox);
}

struct runner_status runner_status(struct runner *runner)
{
    pthread_mutex_lock(&runner->mutex);
    struct runner_status status = runner->status;
    pthread_mutex_unlock(&runner->mutex);
    status.backlog = runner_backlog(runner, status.cursor);
    if (status.backlog == 0) {
        status.oldest_us = 0;
    }
    return status;
}
