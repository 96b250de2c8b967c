/* SPDX-License-Identifier: Apache-2.0 */
/* feed: decides for every position where it comes from. */
#include "store/feed/feed.h"

#include <stdlib.h>

#include "base/mem.h"
#include <lingtan/log.h>

enum {
    RETRY_US = 1000000,
    GAP_PATIENCE_US = 10000000,
    OWED_ROOM = 16, /* at first */
};

void feed_init(struct feed *feed, struct store *store, const struct clock *clock,
               enum feed_mode mode, uint64_t next)
{
    *feed = (struct feed){.store = store, .clock = clock, .mode = mode, .next = next};
    ring_init(&feed->ring, FEED_RING);
}

static void drop_chunk(struct feed *feed)
{
    while (feed->chunk_at < feed->chunk_count) {
        batch_unref(feed->chunk[feed->chunk_at++]);
    }
    feed->chunk_at = 0;
    feed->chunk_count = 0;
}

void feed_drop_live(struct feed *feed)
{
    ring_discard_below(&feed->ring, UINT64_MAX);
    drop_chunk(feed);
}

void feed_finish(struct feed *feed)
{
    drop_chunk(feed);
    ring_finish(&feed->ring);
    journal_reader_close(feed->reader);
    feed->reader = NULL;
    free(feed->owed);
    feed->owed = NULL;
}

void feed_offer(struct feed *feed, const struct batch *take_batch)
{
    if (feed->mode == FEED_COMMITTED && take_batch->position >= POSITION_UNNUMBERED) {
        batch_unref(take_batch); /* it never will be */
    } else {
        ring_push(&feed->ring, take_batch);
    }
}

/* From where there are numbers, what came without has no place any more. */
static void drop_unnumbered(struct feed *feed)
{
    const struct batch *live = NULL;
    while ((live = ring_head(&feed->ring)) && live->position >= POSITION_UNNUMBERED) {
        batch_unref(ring_take(&feed->ring));
    }
}

void feed_rewind(struct feed *feed, uint64_t next)
{
    drop_chunk(feed);
    if (next < POSITION_UNNUMBERED) {
        drop_unnumbered(feed);
    }
    feed->next = next;
    feed->owed_first = 0;
    feed->owed_count = 0;
    feed->resume = 0;
}

/* NULL: nothing is owed. */
static const struct feed_span *first_owed(const struct feed *feed)
{
    return feed->owed_count > 0 ? &feed->owed[feed->owed_first] : NULL;
}

/* The store has dealt with all of what is owed first. */
static bool is_made_good(const struct feed *feed)
{
    const struct feed_span *owed = first_owed(feed);
    return owed && store_durable(feed->store) + 1 >= owed->to;
}

bool feed_wants_back(const struct feed *feed)
{
    return !feed->resume && is_made_good(feed);
}

void feed_go_back(struct feed *feed)
{
    drop_chunk(feed);
    feed->resume = feed->next;
    feed->next = first_owed(feed)->from;
}

uint64_t feed_limit(const struct feed *feed)
{
    const struct feed_span *owed = first_owed(feed);
    return (owed && !feed->resume ? owed->from : feed->next) - 1;
}

static const struct batch *give(struct feed *feed, const struct batch *batch)
{
    if (batch->position > feed->next) {
        feed->lost += batch->position - feed->next;
    }
    feed->next = batch->position + 1;
    return batch;
}

static int read_journal(struct feed *feed, uint64_t from, struct batch **out, size_t max,
                        size_t *count)
{
    if (!feed->reader) {
        int result = journal_reader_open(feed->store, &feed->reader);
        if (result < 0) {
            return result;
        }
    }
    return journal_reader_next(feed->reader, from, out, max, count);
}

static int read_chunk(struct feed *feed)
{
    drop_chunk(feed);
    int result = read_journal(feed, feed->next, feed->chunk, FEED_CHUNK, &feed->chunk_count);
    if (result < 0) {
        feed->chunk_count = 0;
        feed->retry_us = clock_mono_us(feed->clock) + RETRY_US;
    }
    feed->error = result;
    return result;
}

int feed_peek_time(struct feed *feed, uint64_t position, int64_t *time_us)
{
    struct batch *batch = NULL;
    size_t count = 0;
    int result = read_journal(feed, position, &batch, 1, &count);
    if (result < 0) {
        return result;
    }
    *time_us = count ? batch->time_us : 0;
    batch_unref(batch);
    return 0;
}

static const struct batch *chunk_head(struct feed *feed)
{
    while (feed->chunk_at < feed->chunk_count &&
           feed->chunk[feed->chunk_at]->position < feed->next) {
        batch_unref(feed->chunk[feed->chunk_at++]);
    }
    return feed->chunk_at < feed->chunk_count ? feed->chunk[feed->chunk_at] : NULL;
}

/* The journal will never have `next` if it holds something later, so the lowest position available goes on. */
static const struct batch *take_lower(struct feed *feed)
{
    const struct batch *live = ring_head(&feed->ring);
    const struct batch *stored = chunk_head(feed);
    if (live && (!stored || live->position <= stored->position)) {
        return give(feed, ring_take(&feed->ring));
    }
    feed->chunk_at++;
    return give(feed, stored);
}

/* Has something in the chunk if the journal has it. Negative: not now. */
static int find_stored(struct feed *feed)
{
    if (chunk_head(feed)) {
        return 0;
    }
    return clock_mono_us(feed->clock) < feed->retry_us ? -EAGAIN : read_chunk(feed);
}

static const struct batch *take_stored(struct feed *feed, uint64_t durable)
{
    /* What is durable need not be kept in memory as well. */
    ring_discard_below(&feed->ring, durable + 1);
    if (find_stored(feed) < 0) {
        return NULL;
    }
    if (chunk_head(feed)) {
        return take_lower(feed);
    }
    feed->lost += durable + 1 - feed->next;
    feed->next = durable + 1;
    const struct batch *live = feed->mode == FEED_AT_ONCE ? ring_head(&feed->ring) : NULL;
    return live && live->position == feed->next ? give(feed, ring_take(&feed->ring)) : NULL;
}

static const struct batch *take_committed(struct feed *feed)
{
    const uint64_t durable = store_durable(feed->store);
    if (durable < feed->next) {
        return NULL;
    }
    ring_discard_below(&feed->ring, feed->next);
    const struct batch *live = ring_head(&feed->ring);
    return live && live->position == feed->next ? give(feed, ring_take(&feed->ring))
                                                : take_stored(feed, durable);
}

/* Positions grow from one owed span to the next, so that between two nothing need be waited for. */
static void end_owed(struct feed *feed)
{
    feed->owed_first++;
    feed->owed_count--;
    if (is_made_good(feed)) {
        feed->next = first_owed(feed)->from;
        return;
    }
    drop_chunk(feed);
    feed->next = feed->resume;
    feed->resume = 0;
}

/* All of it is durable, so what the journal does not have is lost. NULL: that was all, or the journal cannot be read. */
static const struct batch *take_owed(struct feed *feed)
{
    while (feed->resume) {
        const uint64_t end = first_owed(feed)->to;
        if (feed->next < end && find_stored(feed) < 0) {
            return NULL;
        }
        const struct batch *stored = chunk_head(feed);
        if (stored && stored->position < end) {
            feed->chunk_at++;
            return give(feed, stored);
        }
        feed->lost += end - feed->next;
        end_owed(feed);
    }
    return NULL;
}

static void owe(struct feed *feed, uint64_t to)
{
    if (feed->owed_count == 0) {
        feed->owed_first = 0;
    }
    const size_t end = feed->owed_first + feed->owed_count;
    if (end == feed->owed_room) {
        feed->owed_room = feed->owed_room > 0 ? 2 * feed->owed_room : OWED_ROOM;
        feed->owed = mem_grow(feed->owed, feed->owed_room, sizeof(*feed->owed));
    }
    feed->owed[end] = (struct feed_span){.from = feed->next, .to = to};
    feed->owed_count++;
}

/* A ring that is full loses one for each that comes, and each would be a gap of its own. The journal will have those that
 * it loses here too. */
static void make_gaps_few(struct feed *feed)
{
    if (feed->owed_count == 0 || feed->ring.count < feed->ring.capacity) {
        return;
    }
    for (size_t i = 0; i < feed->ring.capacity / 2; i++) {
        batch_unref(ring_take(&feed->ring));
    }
}

/* `next` was dropped from the ring and is not durable yet. */
static const struct batch *wait_in_gap(struct feed *feed, uint64_t durable)
{
    int64_t now_us = clock_mono_us(feed->clock);
    if (feed->gap_since_us == 0 || feed->gap_durable != durable) {
        feed->gap_since_us = now_us;
        feed->gap_durable = durable;
    }
    if (now_us - feed->gap_since_us < GAP_PATIENCE_US) {
        return NULL;
    }
    make_gaps_few(feed);
    const struct batch *live = ring_head(&feed->ring);
    owe(feed, live->position);
    feed->next = live->position; /* not lost: the store may still commit what lies between */
    return give(feed, ring_take(&feed->ring));
}

static bool is_next(const struct feed *feed, const struct batch *live)
{
    return live->position == feed->next || live->position >= POSITION_UNNUMBERED;
}

const struct batch *feed_take(struct feed *feed)
{
    if (feed->mode == FEED_COMMITTED) {
        return take_committed(feed);
    }
    if (feed->resume) {
        const struct batch *owed = take_owed(feed);
        if (owed || feed->resume) {
            return owed;
        }
    }
    ring_discard_below(&feed->ring, feed->next);
    const struct batch *live = ring_head(&feed->ring);
    if (live && is_next(feed, live)) {
        return give(feed, ring_take(&feed->ring));
    }
    uint64_t durable = store_durable(feed->store);
    if (durable >= feed->next) {
        return take_stored(feed, durable);
    }
    return live ? wait_in_gap(feed, durable) : NULL;
}
