/* SPDX-License-Identifier: Apache-2.0 */
/* runner_round: live batches in, sockets, batches out, one flush, cursor - all in each wake-up, because wake-ups cost
 * more than bytes. */
#include "sinks/runner_round.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    INTAKE_AT_ONCE = 256,
    INTAKE_MAX = 4096, /* a round */
    SENDS_MAX = 256,   /* a round; then the sink may read its sockets again */
    CURSOR_PERIOD_US = 200000,
    DOWN_LINGER_US = 250000, /* a sink that is down is not woken for every batch */
    PEEK_PERIOD_US = 5000000,
    STORE_HANGS_US = 10000000, /* without a commit */
};

uint64_t runner_backlog(const struct runner *runner, uint64_t cursor)
{
    if (!store_is_numbered(runner->store)) {
        return 0; /* nobody can know */
    }
    uint64_t newest = atomic_load_explicit(&runner->newest, memory_order_relaxed);
    uint64_t durable = store_durable(runner->store);
    uint64_t end = newest > durable ? newest : durable;
    return end > cursor ? end - cursor : 0;
}

/* What came before the store knew its numbers is given then or never. */
static bool is_late(const struct runner *runner, const struct batch *batch)
{
    return batch->position >= POSITION_UNNUMBERED && runner->knows_cursor;
}

static void take_live(struct runner *runner, struct batch *take_batch)
{
    if (runner->sink->live) {
        runner->sink->live(runner->instance, take_batch);
    }
    bool is_wanted = !is_late(runner, take_batch);
    if (is_wanted) {
        runner->seen = take_batch->position;
    }
    if (is_wanted && runner->is_up) {
        feed_offer(&runner->feed, take_batch);
    } else {
        batch_unref(take_batch);
    }
}

/* Returns how many came. */
static size_t take_waiting(struct runner *runner, size_t most)
{
    void *items[INTAKE_AT_ONCE];
    size_t total = 0;
    size_t count = 0;
    do {
        count = mailbox_take(runner->mailbox, items, INTAKE_AT_ONCE);
        for (size_t i = 0; i < count; i++) {
            take_live(runner, items[i]);
        }
        total += count;
    } while (count > 0 && total < most);
    return total;
}

static void take_in(struct runner *runner, int64_t now_us)
{
    /* What is durable already would be read from the journal although it waits in the mailbox. */
    bool is_durable = runner->is_up && store_durable(runner->store) >= runner->feed.next;
    if (now_us < runner->next_intake_us && !is_durable) {
        return;
    }
    const size_t total = take_waiting(runner, INTAKE_MAX);
    if (total > 0) {
        runner->next_intake_us =
            now_us + (runner->is_up ? runner->sink->linger_us : DOWN_LINGER_US);
    }
}

static void note_up(struct runner *runner)
{
    uint64_t backlog = runner_backlog(runner, runner->cursor);
    int64_t now_us = clock_mono_us(runner->clock); /* the sink may have waited long in this round */
    if (runner->is_down_reported) {
        int64_t down_us = now_us - runner->down_since_us;
        log_notice("%s: up again after %" PRId64 " s, %" PRIu64 " batches to send",
                   runner->sink->name, down_us / 1000000, backlog);
    } else if (!runner->has_been_up) {
        log_notice("%s: up, %" PRIu64 " batches to send", runner->sink->name, backlog);
    }
    runner->is_down_reported = false;
    runner->is_up = true;
    runner->has_been_up = true;
    runner->up_since_us = now_us;
    runner->next_intake_us = 0;
}

/* "3 times" says what "4 times" says. */
static bool is_same_but_for_numbers(const char *one, const char *other)
{
    static const char digits[] = "0123456789";
    for (;;) {
        one += strspn(one, digits);
        other += strspn(other, digits);
        if (*one != *other || !*one) {
            return *one == *other;
        }
        one++;
        other++;
    }
}

static void note_not_up(struct runner *runner, const char *reason)
{
    int64_t now_us = clock_mono_us(runner->clock);
    const struct sink *sink = runner->sink;
    int64_t silent_us = sink->silent_since ? sink->silent_since(runner->instance) : now_us;
    runner->is_up = false;
    pthread_mutex_lock(&runner->mutex);
    runner->down_since_us = silent_us > 0 && silent_us < now_us ? silent_us : now_us;
    pthread_mutex_unlock(&runner->mutex);
    feed_drop_live(&runner->feed);
    bool is_flap = now_us - runner->up_since_us < RUNNER_STEADY_US &&
                   is_same_but_for_numbers(reason, runner->told);
    uint64_t held = 0;
    runner->is_flap_held = is_flap && !log_limit_pass(&runner->flap_limit, runner->clock, &held);
    runner->flaps_held = held;
}

/* A disk that hangs raises no alarm of the store, whose thread hangs with it. */
static void watch_store(struct runner *runner, int64_t now_us)
{
    const uint64_t durable = store_durable(runner->store);
    if (!runner->has_store_waiting || durable != runner->store_stands_at) {
        runner->store_stood_us = now_us;
    }
    runner->has_store_waiting =
        atomic_load_explicit(&runner->newest, memory_order_relaxed) > durable;
    runner->store_stands_at = durable;
}

/* Where batches wait for a sink that is down. */
static void say_where(const struct runner *runner, int64_t now_us, char *words, size_t size)
{
    const unsigned trouble = STORE_UNWRITABLE | STORE_DISK_FULL;
    const struct store_status status = store_status(runner->store);
    const int64_t stood_us = runner->has_store_waiting ? now_us - runner->store_stood_us : 0;
    if (status.alarms & trouble) {
        snprintf(words, size,
                 "the store cannot write either (%s): until it can, batches may be lost to this "
                 "sink",
                 store_reason(&status, trouble));
    } else if (stood_us >= STORE_HANGS_US) {
        snprintf(words, size,
                 "the store has written nothing for %" PRId64 " s either: batches wait in memory, "
                 "and what finds no room there is lost to this sink",
                 stood_us / 1000000);
    } else {
        snprintf(words, size, "batches wait in the journal");
    }
}

/* Once an outage: tries that fail later do not repeat it, and of a connection that comes and goes all the time not every
 * end is told. */
static void report_down(struct runner *runner, const char *reason)
{
    int64_t now_us = clock_mono_us(runner->clock);
    int64_t down_us = now_us - runner->down_since_us;
    if (runner->is_down_reported || (runner->is_flap_held && down_us < RUNNER_STEADY_US)) {
        return;
    }
    char more[64] = "";
    if (runner->flaps_held) {
        snprintf(more, sizeof(more), ", as %" PRIu64 " times since that was said last",
                 runner->flaps_held);
    } else if (down_us >= 2000000) {
        snprintf(more, sizeof(more), " for %" PRId64 " s", down_us / 1000000);
    }
    snprintf(runner->told, sizeof(runner->told), "%s", reason);
    char where[STORE_REASON_SIZE + 120];
    say_where(runner, now_us, where, sizeof(where));
    log_warning("%s: down%s: %s; %s", runner->sink->name, more, reason, where);
    runner->is_down_reported = true;
}

static void rewind_feed(struct runner *runner)
{
    feed_rewind(&runner->feed, runner->knows_cursor ? runner->cursor + 1 : runner->feed.next);
    runner->handed = 0;
}

void runner_find_cursor(struct runner *runner)
{
    runner->knows_cursor = consumer_find_cursor(runner->consumer, &runner->cursor);
    if (!runner->knows_cursor) {
        return;
    }
    runner->saved_cursor = runner->cursor;
    rewind_feed(runner);
}

static void watch(struct runner *runner)
{
    char reason[sizeof(runner->status.reason)];
    reason[0] = '\0';
    enum sink_state state = runner->sink->state(runner->instance, reason, sizeof(reason));
    uint64_t session = runner->sink->session(runner->instance);
    if (state == SINK_UP && !runner->is_up) {
        note_up(runner);
    } else if (state != SINK_UP && runner->is_up) {
        note_not_up(runner, reason);
    }
    if (state == SINK_DOWN) {
        report_down(runner, reason);
    }
    if (session != runner->session) {
        runner->session = session;
        rewind_feed(runner);
        runner_records_rewind(&runner->records);
    }
    pthread_mutex_lock(&runner->mutex);
    runner->status.state = state;
    runner->status.sessions = session;
    if (reason[0] || runner->status.reason[0]) {
        memcpy(runner->status.reason, reason, sizeof(reason));
    }
    pthread_mutex_unlock(&runner->mutex);
}

static uint64_t acknowledged(const struct runner *runner)
{
    uint64_t position = runner->sink->acknowledged(runner->instance);
    /* When nothing is on its way, what was lost before it could be given is settled as well. */
    return position >= runner->handed ? runner->feed.next - 1 : position;
}

static uint64_t send_some(struct runner *runner)
{
    uint64_t sent = 0;
    while (sent < SENDS_MAX && runner->sink->has_room(runner->instance)) {
        const struct batch *batch = feed_take(&runner->feed);
        if (!batch) {
            return sent;
        }
        runner->sink->send(runner->instance, batch);
        runner->handed = batch->position;
        batch_unref(batch);
        sent++;
    }
    runner->has_more = sent == SENDS_MAX;
    return sent;
}

static void report_journal(struct runner *runner)
{
    uint64_t held = 0;
    if (runner->feed.error && log_limit_pass(&runner->journal_limit, runner->clock, &held)) {
        log_error("%s: cannot read the journal: %s; trying again every second", runner->sink->name,
                  strerrordesc_np(-runner->feed.error));
    }
}

/* The store could not be read and now can, or it has made good what the feed had jumped over. */
static void turn_back(struct runner *runner)
{
    if (!runner->knows_cursor) {
        runner_find_cursor(runner);
        log_notice("%s: the data folder can be read: going on where the sink stood, %" PRIu64
                   " batches to send",
                   runner->sink->name, runner_backlog(runner, runner->cursor));
    } else {
        feed_go_back(&runner->feed);
        runner->handed = 0;
    }
}

/* What a sink that is down was given is forgotten: it begins anew anyway. */
static bool is_nothing_in_flight(const struct runner *runner)
{
    return runner->status.state == SINK_DOWN || acknowledged(runner) + 1 >= runner->feed.next;
}

static void send_all(struct runner *runner)
{
    runner->has_more = false;
    runner->is_turning = (!runner->knows_cursor && store_is_numbered(runner->store)) ||
                         feed_wants_back(&runner->feed);
    if (runner->is_turning && is_nothing_in_flight(runner)) {
        turn_back(runner);
        runner->is_turning = false;
    }
    runner_records_send(&runner->records, runner->clock);
    uint64_t sent = runner->is_turning ? 0 : send_some(runner);
    report_journal(runner);
    runner->sink->flush(runner->instance);
    pthread_mutex_lock(&runner->mutex);
    runner->status.sent += sent;
    pthread_mutex_unlock(&runner->mutex);
}

static void save_cursor(struct runner *runner, int64_t now_us)
{
    if (runner->cursor > runner->saved_cursor) {
        consumer_set_cursor(runner->consumer, runner->cursor);
        runner->saved_cursor = runner->cursor;
        runner->next_save_us = now_us + CURSOR_PERIOD_US;
    }
}

static uint64_t smaller(uint64_t one, uint64_t other)
{
    return one < other ? one : other;
}

static void settle(struct runner *runner)
{
    runner_records_settle(&runner->records);
    uint64_t position = acknowledged(runner);
    position = smaller(position, store_durable(runner->store));
    position = smaller(position, feed_limit(&runner->feed));
    if (runner->knows_cursor && position > runner->cursor) {
        runner->cursor = position;
    }
    const struct sink *sink = runner->sink;
    uint64_t rejected = sink->rejected ? sink->rejected(runner->instance) : 0;
    pthread_mutex_lock(&runner->mutex);
    runner->status.cursor = runner->cursor;
    runner->status.rejected = rejected;
    pthread_mutex_unlock(&runner->mutex);
}

/* For people: how old is what the sink still owes? Only while it lags, since it reads the journal. */
static void peek_oldest(struct runner *runner, int64_t now_us)
{
    if (runner->cursor == runner->peeked_cursor || now_us < runner->next_peek_us) {
        return;
    }
    runner->next_peek_us = now_us + PEEK_PERIOD_US;
    int64_t oldest_us = 0;
    bool lags = !runner->is_up || runner->feed.next <= store_durable(runner->store);
    lags &= runner->knows_cursor;
    if (lags && feed_peek_time(&runner->feed, runner->cursor + 1, &oldest_us) == 0 && oldest_us) {
        runner->peeked_cursor = runner->cursor;
    }
    pthread_mutex_lock(&runner->mutex);
    runner->status.oldest_us = oldest_us;
    pthread_mutex_unlock(&runner->mutex);
}

/* Behind the batches that came before it, also those that linger: one of a device that is gone would bring it back. What
 * the sink followed until now is let go only then. */
static void follow(struct runner *runner)
{
    const struct snapshot *next = atomic_exchange(&runner->next_site, NULL);
    if (next == NULL) {
        return;
    }
    (void)take_waiting(runner, mailbox_stats(runner->mailbox).capacity);
    if (runner->sink->follow) {
        runner->sink->follow(runner->instance, &next->site, next->profiles);
    }
    snapshot_unref(runner->site);
    runner->site = next;
}

void runner_round(struct runner *runner)
{
    int64_t now_us = clock_mono_us(runner->clock);
    take_in(runner, now_us);
    watch_store(runner, now_us);
    follow(runner);
    runner->sink->work(runner->instance);
    watch(runner);
    send_all(runner);
    settle(runner);
    if (now_us >= runner->next_save_us) {
        save_cursor(runner, now_us);
    }
    peek_oldest(runner, now_us);
}

void runner_settle_last(struct runner *runner)
{
    runner->sink->work(runner->instance);
    settle(runner);
    save_cursor(runner, clock_mono_us(runner->clock));
}
