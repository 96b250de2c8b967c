/* SPDX-License-Identifier: Apache-2.0 */
/* runner_records: the records of a sink that takes them: given in order while it has room, its cursor moved as it
 * acknowledges. The sink's thread. */
#ifndef LINGTAN_SINKS_RUNNER_RECORDS_H
#define LINGTAN_SINKS_RUNNER_RECORDS_H

#include "store/feed/record_feed.h"
#include <lingtan/log.h>
#include <lingtan/sink.h>

struct runner_records {
    struct record_feed *feed; /* NULL: the sink takes none */
    struct store *store;
    const struct sink *sink;
    struct sink_instance *instance;
    uint64_t handed;  /* the last position given to the sink since the last rewind, 0 = none */
    uint64_t settled; /* handed to the store as the cursor */
    bool has_more;    /* the last round stopped before the feed was empty */
    struct log_limit limit;
};

/* wake: as of record_feed_join. */
int runner_records_join(struct runner_records *records, struct store *store,
                        const struct sink *sink, struct sink_instance *instance,
                        void (*wake)(void *context), void *context) MUST_USE;
void runner_records_leave(struct runner_records *records); /* all-zero is fine */

void runner_records_rewind(struct runner_records *records); /* a new session: back to the cursor */
void runner_records_send(struct runner_records *records, const struct clock *clock);
void runner_records_settle(struct runner_records *records);

/* How long the thread may sleep on their account; -1 = until it is woken. */
int64_t runner_records_wait_us(const struct runner_records *records);

#endif
