/* SPDX-License-Identifier: Apache-2.0 */
/* runner_round: live batches in, sockets, batches out, one flush, cursor - all in each wake-up, because wake-ups cost
 * more than bytes. */
#include "sinks/runner_round.h"

#include <inttypes.h>
#include <string.h>

enum {
    INTAKE_AT_ONCE = 256,
    INTAKE_MAX = 4096, /* a round */
    SENDS_MAX = 256,   /* a round; then the sink may read its sockets again */
    CURSOR_PERIOD_US = 200000,
    DOWN_LINGER_US = 250000, /* a sink that is down is not woken for every batch */
    PEEK_PERIOD_US = 5000000,
};

uint64_t runner_backlog(const struct runner *runner, uint64_t cursor)
{
    uint64_t newest = atomic_load_explicit(&runner->newest, memory_order_relaxed);
    uint64_t durable = store_durable(runner->store);
    uint64_t end = newest > durable ? newest : durable;
    return end > cursor ? end - cursor : 0;
}

static void take_live(struct runner *runner, struct batch *take_batch)
{
    runner->seen = take_batch->position;
    if (runner->sink->live) {
        runner->sink->live(runner->instance, take_batch);
    }
    if (runner->is_up) {
        feed_offer(&runner->feed, take_batch);
    } else {
        batch_unref(take_batch);
    }
}

static void take_in(struct runner *runner, int64_t now_us)
{
    /* What is durable already would be read from the journal although it waits in the mailbox. */
    bool is_durable = runner->is_up && store_durable(runner->store) >= runner->feed.next;
    if (now_us < runner->next_intake_us && !is_durable) {
        return;
    }
    void *items[INTAKE_AT_ONCE];
    size_t total = 0;
    size_t count = 0;
    do {
        count = mailbox_take(runner->mailbox, items, INTAKE_AT_ONCE);
        for (size_t i = 0; i < count; i++) {
            take_live(runner, items[i]);
        }
        total += count;
    } while (count > 0 && total < INTAKE_MAX);
    if (total > 0) {
        runner->next_intake_us =
            now_us + (runner->is_up ? runner->sink->linger_us : DOWN_LINGER_US);
    }
}

static void note_up(struct runner *runner, int64_t now_us)
{
    uint64_t backlog = runner_backlog(runner, runner->cursor);
    if (runner->is_down_reported) {
        log_notice("%s: up again after %" PRId64 " s, %" PRIu64 " batches to send",
                   runner->sink->name, (now_us - runner->down_since_us) / 1000000, backlog);
    } else {
        log_notice("%s: up, %" PRIu64 " batches to send", runner->sink->name, backlog);
    }
    runner->is_down_reported = false;
    runner->is_up = true;
    runner->next_intake_us = 0;
}

static void note_not_up(struct runner *runner, int64_t now_us)
{
    runner->is_up = false;
    runner->down_since_us = now_us;
    feed_drop_live(&runner->feed);
}

static void rewind_feed(struct runner *runner)
{
    feed_rewind(&runner->feed, runner->cursor + 1);
    runner->handed = 0;
}

static void watch(struct runner *runner, int64_t now_us)
{
    char reason[sizeof(runner->status.reason)] = "";
    enum sink_state state = runner->sink->state(runner->instance, reason, sizeof(reason));
    uint64_t session = runner->sink->session(runner->instance);
    if (state == SINK_UP && !runner->is_up) {
        note_up(runner, now_us);
    } else if (state != SINK_UP && runner->is_up) {
        note_not_up(runner, now_us);
    }
    /* Once per outage: tries that fail later do not repeat it. */
    if (state == SINK_DOWN && !runner->is_down_reported) {
        log_warning("%s: down: %s; batches wait in the journal", runner->sink->name, reason);
        runner->is_down_reported = true;
    }
    if (session != runner->session) {
        runner->session = session;
        rewind_feed(runner);
    }
    pthread_mutex_lock(&runner->mutex);
    runner->status.state = state;
    runner->status.sessions = session;
    memcpy(runner->status.reason, reason, sizeof(reason));
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

static void send_all(struct runner *runner)
{
    runner->has_more = false;
    if (feed_wants_rewind(&runner->feed)) {
        /* Two orders in flight at once could not be told apart by their acknowledgements. */
        if (acknowledged(runner) + 1 < runner->feed.next) {
            return;
        }
        rewind_feed(runner);
    }
    uint64_t sent = send_some(runner);
    report_journal(runner);
    runner->sink->flush(runner->instance);
    pthread_mutex_lock(&runner->mutex);
    runner->status.sent += sent;
    pthread_mutex_unlock(&runner->mutex);
}

static void save_cursor(struct runner *runner, int64_t now_us)
{
    if (runner->cursor > runner->saved_cursor) {
        store_set_cursor(runner->store, runner->sink->name, runner->cursor);
        runner->saved_cursor = runner->cursor;
        runner->next_save_us = now_us + CURSOR_PERIOD_US;
    }
}

static void settle(struct runner *runner)
{
    uint64_t durable = store_durable(runner->store);
    uint64_t position = acknowledged(runner);
    if (position > durable) {
        position = durable;
    }
    if (position > runner->cursor) {
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
    if (lags && feed_peek_time(&runner->feed, runner->cursor + 1, &oldest_us) == 0 && oldest_us) {
        runner->peeked_cursor = runner->cursor;
    }
    pthread_mutex_lock(&runner->mutex);
    runner->status.oldest_us = oldest_us;
    pthread_mutex_unlock(&runner->mutex);
}

void runner_round(struct runner *runner)
{
    int64_t now_us = clock_mono_us(runner->clock);
    take_in(runner, now_us);
    runner->sink->work(runner->instance);
    watch(runner, now_us);
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
