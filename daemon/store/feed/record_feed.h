/* SPDX-License-Identifier: Apache-2.0 */
/* record_feed: records in order for somebody who must miss none, with a cursor of his own in the ledger. As with a
 * consumer of batches (consumer.h) the cursor is found again under the name, and until he leaves, what he has not had is
 * not shed. One thread but for join's callback. */
#ifndef LINGTAN_STORE_RECORD_FEED_H
#define LINGTAN_STORE_RECORD_FEED_H

#include "store/records.h"

struct record_feed;

/* wake runs on the store's thread when there is more; it must only wake somebody. -EEXIST, -ENAMETOOLONG: see
 * consumer_join. Any thread. */
int record_feed_join(struct store *store, const char *name, void (*wake)(void *context),
                     void *context, struct record_feed **out) MUST_USE;
void record_feed_leave(struct record_feed *feed); /* NULL-safe; before store_destroy */

/* Whether something may be there to be taken: cheap. */
bool record_feed_has_more(const struct record_feed *feed);

/* The next one, the caller's reference; NULL: there is none, the store is not numbered yet, or the ledger cannot be read
 * (record_feed_error; tried again a second later). */
const struct record *record_feed_take(struct record_feed *feed);
int record_feed_error(const struct record_feed *feed);

/* What was taken beyond the cursor comes again. */
void record_feed_rewind(struct record_feed *feed);

/* All up to this position are dealt with: the cursor moves, with the ledger's next commit. */
void record_feed_settle(struct record_feed *feed, uint64_t position);

#endif
