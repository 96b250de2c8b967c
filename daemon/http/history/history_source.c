/* SPDX-License-Identifier: Apache-2.0 */
/* history_source: the sources, the finest first. */
#include "http/history/history_source.h"

#include <math.h>

#include "base/mem.h"
#include "store/store.h"

enum {
    QUICK_SPAN_S = 7200, /* as read: the journal's blocks of two hours are read in some 10 ms */
    QUICK_SAMPLES = 20000,
};

struct raw_read {
    history_sample_fn fn;
    void *context;
};

static bool take_reading(void *context, const struct journal_reading *found)
{
    const struct raw_read *raw = context;
    const bool has_value = isfinite(found->reading->value);
    const struct history_sample sample = {
        .point = found->point,
        .text = found->text,
        .time_us = found->reading->time_us,
        .min = *found->reading,
        .max = *found->reading,
        .last = *found->reading,
        .count = has_value ? 1 : 0,
        .bad = has_value || found->text ? 0 : 1,
        .is_untrusted = found->clock->is_untrusted,
    };
    return raw->fn(raw->context, &sample);
}

static int read_raw(struct journal_reader *reader, const struct history_query *query,
                    history_sample_fn fn, void *context)
{
    struct raw_read raw = {fn, context};
    size_t limit = query->pixels > 0 ? SIZE_MAX : query->limit + 1;
    return journal_reader_history(reader, query->device, query->point, query->from_us, query->to_us,
                                  limit, take_reading, &raw);
}

static const struct history_source sources[] = {
    {.word = "raw", .step_us = 0, .read = read_raw},
};

const struct history_source *history_source_pick(const struct history_query *query)
{
    const struct history_source *best = &sources[0];
    if (query->pixels == 0) {
        return best;
    }
    int64_t pixel_us = (query->to_us - query->from_us) / (int64_t)query->pixels;
    for (size_t i = 1; i < ARRAY_SIZE(sources); i++) {
        best = sources[i].step_us <= pixel_us ? &sources[i] : best;
    }
    return best;
}

enum worker_queue history_source_queue(const struct history_source *source,
                                       const struct history_query *query)
{
    int64_t span_us = query->to_us - query->from_us;
    bool is_quick = source->step_us > 0 ? span_us / source->step_us <= QUICK_SAMPLES
                                        : span_us <= QUICK_SPAN_S * INT64_C(1000000);
    return is_quick ? WORKER_QUICK : WORKER_LONG;
}
