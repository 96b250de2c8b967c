/* SPDX-License-Identifier: Apache-2.0 */
/* feed: batches strictly in order of position, from two sources that are one: the live ring when it has the next
 * position, else the journal once that position is durable. So catching up and being live are not two modes.
 *
 * One thread, that of the sink. */
#ifndef LINGTAN_SINKS_FEED_H
#define LINGTAN_SINKS_FEED_H

#include "sinks/ring.h"
#include "store/store.h"

enum {
    FEED_RING = 2048,
    FEED_CHUNK = 128, /* batches read from the journal at once */
};

struct feed {
    struct store *store;
    const struct clock *clock;
    struct journal_reader *reader; /* opened when first needed */
    struct ring ring;
    struct batch *chunk[FEED_CHUNK]; /* read ahead from the journal: [chunk_at, chunk_count) */
    size_t chunk_at;
    size_t chunk_count;
    uint64_t next;         /* the position wanted */
    uint64_t lost;         /* positions that neither source had */
    int error;             /* of the journal, 0 = none */
    int64_t retry_us;      /* monotonic: the journal is left alone until then after an error */
    int64_t gap_since_us;  /* since when a gap waits for a store that does not move, 0 = no gap */
    uint64_t gap_durable;  /* where the store stood then */
    uint64_t skipped_from; /* first position jumped over because of that, 0 = none */
};

void feed_init(struct feed *feed, struct store *store, const struct clock *clock, uint64_t next);
void feed_finish(struct feed *feed);

/* A live batch; positions only grow. */
void feed_offer(struct feed *feed, const struct batch *take_batch);

/* The sink is down: live batches are dropped, the journal has them. */
void feed_drop_live(struct feed *feed);

/* The next batch, the caller's reference; NULL when there is none yet. */
const struct batch *feed_take(struct feed *feed);

/* The wall time of the first batch in the journal at or after this position: 0 when there is none. */
int feed_peek_time(struct feed *feed, uint64_t position, int64_t *time_us) MUST_USE;

/* Starts again at this position. */
void feed_rewind(struct feed *feed, uint64_t next);

/* A store that cannot write would hold up live batches for ever: after 10 s without a commit the feed jumps over what
 * waits for the journal. True when that was made good by the store and should be sent after all: rewind then, once
 * everything given is acknowledged. */
bool feed_wants_rewind(const struct feed *feed);

#endif
