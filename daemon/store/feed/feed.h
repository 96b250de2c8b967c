/* SPDX-License-Identifier: Apache-2.0 */
/* feed: batches strictly in order of position, from two sources that are one: the live ring when it has the next
 * position, else the journal once that position is durable. So catching up and being live are not two modes.
 *
 * A store that cannot write would hold up live batches for ever. So after 10 s without a commit the feed jumps over what
 * waits for the journal, remembers it as owed, and gives it once the store has made it good. No cursor may pass what is
 * owed. Each jump is remembered by itself, since one that covered what was given between two would give that twice. While
 * more comes than is taken, a jump passes half a ring, so that they stay few: 16 bytes for each thousand batches.
 *
 * As long as the store knows no numbers, batches have positions from POSITION_UNNUMBERED on: they are never in the journal,
 * so nothing is waited for.
 *
 * A committed-only feed gives a batch once its position is durable, never before, and owes nothing. The ring is then a short
 * way round the disk: what was offered to it and became durable need not be read back. What the store could not write and
 * gave up comes from the ring or is lost.
 *
 * One thread, that of the consumer. */
#ifndef LINGTAN_STORE_FEED_H
#define LINGTAN_STORE_FEED_H

#include "store/feed/ring.h"
#include "store/store.h"

enum {
    FEED_RING = 2048,
    FEED_CHUNK = 128, /* batches read from the journal at once */
};

/* Positions [from, to). */
struct feed_span {
    uint64_t from;
    uint64_t to;
};

enum feed_mode { FEED_AT_ONCE, FEED_COMMITTED };

struct feed {
    struct store *store;
    enum feed_mode mode;
    const struct clock *clock;
    struct journal_reader *reader; /* opened when first needed */
    struct ring ring;
    struct batch *chunk[FEED_CHUNK]; /* read ahead from the journal: [chunk_at, chunk_count) */
    size_t chunk_at;
    size_t chunk_count;
    uint64_t next;    /* the position wanted */
    uint64_t lost;    /* positions that neither source had */
    int error;        /* of the journal, 0 = none */
    int64_t retry_us; /* monotonic: the journal is left alone until then after an error */
    int64_t
        gap_since_us; /* since when the store has not moved while a gap waited, 0 = no gap yet */
    uint64_t gap_durable;   /* where it has stood since */
    struct feed_span *owed; /* jumped over, lowest first: owed_count from owed_first on */
    size_t owed_first;
    size_t owed_count;
    size_t owed_room;
    uint64_t resume; /* the first owed is being given, then this comes; 0 = not now */
};

/* next: the position behind the cursor. */
void feed_init(struct feed *feed, struct store *store, const struct clock *clock,
               enum feed_mode mode, uint64_t next);
void feed_finish(struct feed *feed);

/* A live batch; positions only grow. A committed-only feed works without as well. */
void feed_offer(struct feed *feed, const struct batch *take_batch);

/* The sink is down: live batches are dropped, the journal has them. */
void feed_drop_live(struct feed *feed);

/* The next batch, the caller's reference; NULL when there is none yet. */
const struct batch *feed_take(struct feed *feed);

/* The wall time of the first batch in the journal at or after this position: 0 when there is none. */
int feed_peek_time(struct feed *feed, uint64_t position, int64_t *time_us) MUST_USE;

/* Starts again at this position, owing nothing. */
void feed_rewind(struct feed *feed, uint64_t next);

/* What is owed first is all durable: feed_go_back has it given next, with all other owed that is durable by then, and
 * after it what would have come now. Only once everything given is acknowledged: two orders in flight at once could not
 * be told apart. */
bool feed_wants_back(const struct feed *feed);
void feed_go_back(struct feed *feed);

/* The highest position that a cursor may reach: all up to it were given or are lost. */
uint64_t feed_limit(const struct feed *feed);

#endif
