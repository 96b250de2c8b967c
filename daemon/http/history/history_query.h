/* SPDX-License-Identifier: Apache-2.0 */
/* history_query: what is asked of the history of one point, and in which queue it waits. Plain data. */
#ifndef LINGTAN_HTTP_HISTORY_QUERY_H
#define LINGTAN_HTTP_HISTORY_QUERY_H

#include "http/server/worker.h"

enum {
    HISTORY_LIMIT_DEFAULT = 10000,
    HISTORY_LIMIT_MAX = 100000,
};

struct history_query {
    char *device;
    char *point;
    int64_t from_us;
    int64_t to_us; /* not in it any more */
    size_t limit;  /* readings at the most, as read */
    size_t pixels; /* thinned to so many; 0 = as read */
    bool is_known; /* to the configuration of now */
    char *unit;    /* NULL = not known yet */
};

/* Owned by whoever calls. */
void history_query_finish(struct history_query *query);

/* What reads many blocks goes where nothing quick waits. */
enum worker_queue history_query_queue(const struct history_query *query);

#endif
