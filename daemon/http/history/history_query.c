/* SPDX-License-Identifier: Apache-2.0 */
/* history_query: how long it will take, and its end. */
#include "http/history/history_query.h"

#include <stdlib.h>

static const int64_t hour_us = INT64_C(3600) * 1000000;

enum {
    QUICK_HOURS_RAW = 2,           /* as read, in some 10 ms */
    QUICK_HOURS_MINUTES = 14 * 24, /* out of minutes */
};

void history_query_finish(struct history_query *query)
{
    free(query->device);
    free(query->point);
    free(query->unit);
    *query = (struct history_query){0};
}

/* A pixel of an hour or more is made of hours, of which a year is as quick as a day. */
enum worker_queue history_query_queue(const struct history_query *query)
{
    int64_t span_us = query->to_us - query->from_us;
    if (query->pixels > 0 && span_us / (int64_t)query->pixels >= hour_us) {
        return WORKER_QUICK;
    }
    int64_t quick_hours = query->pixels > 0 ? QUICK_HOURS_MINUTES : QUICK_HOURS_RAW;
    return span_us <= quick_hours * hour_us ? WORKER_QUICK : WORKER_LONG;
}
