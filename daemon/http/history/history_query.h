/* SPDX-License-Identifier: Apache-2.0 */
/* history_query: what is asked of the history of one point, and by whom it is answered. Plain data. */
#ifndef LINGTAN_HTTP_HISTORY_QUERY_H
#define LINGTAN_HTTP_HISTORY_QUERY_H

#include "http/live.h"
#include <lingtan/reading.h>

enum {
    HISTORY_LIMIT_DEFAULT = 10000,
    HISTORY_LIMIT_MAX = 100000,
    HISTORY_PIXELS_MAX = 10000,
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

/* What a source gives of one moment or one step: a reading stands for itself in all three. */
struct history_sample {
    const struct point *point; /* valid during the call */
    const char *text;          /* of a text point whose quality is ok, else NULL */
    int64_t time_us;           /* of the reading, or where the step begins */
    struct reading min;
    struct reading max;
    struct reading last;
    uint64_t count;    /* values behind them; 0: only last counts, for its quality */
    uint64_t bad;      /* readings that brought no value */
    bool is_untrusted; /* nobody vouched for the clock */
};

/* Returns false to end. */
typedef bool (*history_sample_fn)(void *context, const struct history_sample *sample);

#endif
