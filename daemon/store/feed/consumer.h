/* SPDX-License-Identifier: Apache-2.0 */
/* consumer: somebody who takes the journal's batches in order and remembers by a cursor how far. A sink is one, so are
 * roll-ups and energy. It joins and leaves at any time, also while the store runs; its cursor stays in the ledger and is
 * found again under its name.
 *
 * To consume: join; once consumer_find_cursor tells the cursor, begin a feed behind it (store/feed/feed.h: FEED_AT_ONCE, or
 * FEED_COMMITTED for who must not see what could still be lost); take batches; when their results are safe, set the cursor.
 * Results that stand in the ledger go there together with the cursor: store/write.h. Until it leaves, a day that it still
 * wants is shed only with an alarm. */
#ifndef LINGTAN_STORE_CONSUMER_H
#define LINGTAN_STORE_CONSUMER_H

#include "store/store.h"

struct consumer;

/* wake runs on the store's thread after every commit and once the store is numbered; it must only wake somebody. NULL: not
 * wanted. -EEXIST: one of that name has joined and not left. -ENAMETOOLONG: more than 63 bytes. Any thread. */
int consumer_join(struct store *store, const char *name, store_durable_fn wake, void *context,
                  struct consumer **out) MUST_USE;

/* After it wake is not called any more, nor is it running. What the cursor was set to is still written. NULL-safe. Any
 * thread but the store's, before store_destroy. */
void consumer_leave(struct consumer *consumer);

/* False while the store is not numbered. Where the consumer stands: it has dealt with everything up to there. A cursor
 * beyond the end of the journal (the journal was lost, the ledger was not) is put at the end, with a word. One thread. */
bool consumer_find_cursor(const struct consumer *consumer, uint64_t *cursor) MUST_USE;

/* For a cursor that is not written with rows (store/write.h). Never goes back, never above what is durable; written with the ledger's next commit. One thread. */
void consumer_set_cursor(struct consumer *consumer, uint64_t position);

const char *consumer_name(const struct consumer *consumer);

#endif
