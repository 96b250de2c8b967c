/* SPDX-License-Identifier: Apache-2.0 */
/* runner: makes, starts and stops the thread of a sink, and decides how long it sleeps. */
#include "sinks/runner.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/mem.h"
#include "sinks/runner_round.h"

enum {
    MAILBOX_SIZE = 2048,
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

/* Store thread. */
static void on_record(void *context)
{
    wake(context);
}

static void drop_batch(void *item)
{
    batch_unref(item);
}

int runner_create(const struct sink *sink, const struct sink_setup *setup, struct store *store,
                  struct runner **out)
{
    int wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (wake_fd < 0) {
        return -errno;
    }
    struct runner *runner = mem_alloc(sizeof(*runner));
    struct sink_setup own_setup = *setup;
    own_setup.is_stopping = &runner->is_stopping;
    runner->wake_fd = wake_fd;
    int result = consumer_join(store, sink->name, on_durable, runner, &runner->consumer);
    if (result == 0) {
        result = sink->create(&own_setup, &runner->instance);
    }
    if (result == 0) {
        result =
            runner_records_join(&runner->records, store, sink, runner->instance, on_record, runner);
    }
    if (result < 0) {
        consumer_leave(runner->consumer);
        sink->destroy(runner->instance);
        close(wake_fd);
        free(runner);
        return result;
    }
    runner->sink = sink;
    runner->store = store;
    runner->clock = setup->clock;
    runner->mailbox = mailbox_create(sink->name, MAILBOX_SIZE, MAILBOX_DROP_OLDEST, drop_batch);
    runner->peeked_cursor = UINT64_MAX;
    runner->down_since_us = clock_mono_us(setup->clock);
    runner->journal_limit.period_us = 60000000;
    runner->flap_limit.period_us = RUNNER_FLAP_PERIOD_US;
    feed_init(&runner->feed, store, setup->clock, FEED_AT_ONCE, POSITION_UNNUMBERED);
    runner_find_cursor(runner);
    pthread_mutex_init(&runner->mutex, NULL);
    runner->status = (struct runner_status){
        .name = sink->name, .state = SINK_CONNECTING, .cursor = runner->cursor};
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
    bool waits_for_store = !runner->knows_cursor || feed->owed_count > 0;
    if (waits_for_store) {
        atomic_store(&runner->wants_journal, true);
    }
    if (runner->is_turning || !runner->sink->has_room(runner->instance)) {
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
    wait_us = sooner(wait_us, runner_records_wait_us(&runner->records));
    bool is_unsaved = runner->saved_cursor + 1 < runner->feed.next;
    return is_unsaved ? sooner(wait_us, IDLE_US) : wait_us;
}

static void clear_wake(const struct runner *runner)
{
    uint64_t count = 0;
    ssize_t got = read(runner->wake_fd, &count, sizeof(count));
    (void)got; /* -EAGAIN: something else woke us */
}

void runner_plan_sleep(struct runner *runner, struct runner_sleep *sleep)
{
    sleep->fds[0] = (struct pollfd){.fd = runner->wake_fd, .events = POLLIN};
    sleep->fds[1] = (struct pollfd){.fd = mailbox_fd(runner->mailbox), .events = POLLIN};
    sleep->wait_us = -1;
    sleep->count = 2 + runner->sink->wait_for(runner->instance, sleep->fds + 2, RUNNER_SINK_FDS,
                                              &sleep->wait_us);
    sleep->wait_us = longest_sleep(runner, sleep->wait_us);
    int64_t linger_us = runner->next_intake_us - clock_mono_us(runner->clock);
    if (linger_us > 0) {
        sleep->fds[1].fd = -1; /* poll skips it */
        sleep->wait_us = sooner(sleep->wait_us, linger_us);
    }
}

void runner_wake_up(struct runner *runner, const struct runner_sleep *sleep)
{
    if (sleep->fds[0].revents != 0) {
        clear_wake(runner);
    }
    atomic_store(&runner->wants_journal, false);
}

static void sleep_until_due(struct runner *runner)
{
    struct runner_sleep sleep = {0};
    runner_plan_sleep(runner, &sleep);
    const struct timespec limit = {.tv_sec = sleep.wait_us / 1000000,
                                   .tv_nsec = sleep.wait_us % 1000000 * 1000};
    int ready = ppoll(sleep.fds, sleep.count, sleep.wait_us < 0 ? NULL : &limit, NULL);
    if (ready < 0) {
        sleep.fds[0].revents = 0;
    }
    runner_wake_up(runner, &sleep);
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

void runner_tell_stop(struct runner *runner)
{
    atomic_store(&runner->is_stopping, true);
    wake(runner);
}

void runner_stop(struct runner *runner)
{
    if (!runner->has_thread) {
        return;
    }
    runner_tell_stop(runner);
    pthread_join(runner->thread, NULL);
    runner->has_thread = false;
}

void runner_destroy(struct runner *runner)
{
    if (!runner) {
        return;
    }
    runner_stop(runner);
    consumer_leave(runner->consumer);
    runner_records_leave(&runner->records);
    runner->sink->destroy(runner->instance);
    feed_finish(&runner->feed);
    mailbox_destroy(runner->mailbox);
    snapshot_unref(runner->site);
    snapshot_unref(atomic_load(&runner->next_site));
    pthread_mutex_destroy(&runner->mutex);
    close(runner->wake_fd);
    free(runner);
}

void runner_offer(struct runner *runner, const struct batch *batch)
{
    if (batch->position < POSITION_UNNUMBERED) {
        atomic_store_explicit(&runner->newest, batch->position, memory_order_relaxed);
    }
    int result = mailbox_put(runner->mailbox, batch_ref(batch));
    (void)result; /* this mailbox never refuses */
}

void runner_flush(struct runner *runner)
{
    mailbox_wake(runner->mailbox);
}

void runner_follow(struct runner *runner, const struct snapshot *snapshot)
{
    snapshot_unref(atomic_exchange(&runner->next_site, snapshot_ref(snapshot)));
    wake(runner);
}

struct runner_status runner_status(struct runner *runner)
{
    pthread_mutex_lock(&runner->mutex);
    struct runner_status status = runner->status;
    if (status.state != SINK_UP) {
        status.down_us = clock_mono_us(runner->clock) - runner->down_since_us;
    }
    pthread_mutex_unlock(&runner->mutex);
    status.backlog = runner_backlog(runner, status.cursor);
    if (status.backlog == 0) {
        status.oldest_us = 0;
    }
    return status;
}
