/* SPDX-License-Identifier: Apache-2.0 */
/* history_source: where the history of a point is read, coarse or fine. This is the one place that picks. */
#ifndef LINGTAN_HTTP_HISTORY_SOURCE_H
#define LINGTAN_HTTP_HISTORY_SOURCE_H

#include "http/history/history_query.h"
#include "http/server/worker.h"

struct history_source {
    const char *word; /* the resolution, as the answer says it */
    int64_t step_us;  /* between its samples; 0 = as read */
    /* Samples of [from, to), oldest first but where the clock was stepped back. */
    int (*read)(struct journal_reader *reader, const struct history_query *query,
                history_sample_fn fn, void *context);
};

/* The coarsest that has a sample for every pixel; as read when nothing is to be thinned. */
const struct history_source *history_source_pick(const struct history_query *query);

/* Which queue it belongs into: what reads many blocks goes where nothing quick waits. */
enum worker_queue history_source_queue(const struct history_source *source,
                                       const struct history_query *query);

#endif
