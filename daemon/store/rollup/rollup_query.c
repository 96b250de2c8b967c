/* SPDX-License-Identifier: Apache-2.0 */
/* rollup_query: a range of time as columns, from the tier that suits it. */
#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "store/rollup/gather.h"
#include "store/store_internal.h"

enum { CELLS_MAX = 300000 }; /* of one answer: 200 days of minutes, 34 years of hours */

static const int64_t minute_us = 60LL * 1000000;
static const int64_t hour_us = 3600LL * 1000000;
/* Raw readings of one point lie among those of all: what is longer than this takes longer than anybody waits. */
static const int64_t raw_range_us = 2 * 3600LL * 1000000;
static const int64_t latest_us = 253402300799LL * 1000000; /* the end of year 9999 */

const char *rollup_tier_word(enum rollup_tier tier)
{
    static const char *const words[] = {"auto", "raw", "minute", "hour"};
    return words[tier];
}

void rollup_answer_finish(struct rollup_answer *answer)
{
    free(answer->columns);
    *answer = (struct rollup_answer){0};
}

/* Columns as they come, by time. */
struct thinner {
    const struct rollup_ask *ask;
    struct rollup_answer *answer;
    size_t pixel; /* of the last column */
    double sum;   /* of its good values */
    uint64_t valued;
};

static size_t pixel_of(const struct rollup_ask *ask, int64_t time_us)
{
    /* Multiplied first, and not in doubles: what begins a column must not fall into the one before. */
    const long double place = (long double)(time_us - ask->from_us) * (long double)ask->pixels /
                              (long double)(ask->to_us - ask->from_us);
    const size_t pixel = place > 0 ? (size_t)place : 0;
    return pixel < ask->pixels ? pixel : ask->pixels - 1;
}

static struct rollup_column *column_at(struct thinner *thinner, int64_t time_us)
{
    struct rollup_answer *answer = thinner->answer;
    const size_t pixel = pixel_of(thinner->ask, time_us);
    if (answer->count == 0 || pixel != thinner->pixel) {
        thinner->pixel = pixel;
        thinner->sum = 0;
        thinner->valued = 0;
        answer->columns[answer->count++] = (struct rollup_column){
            .time_us = time_us, .min = NAN, .max = NAN, .mean = NAN, .last = NAN};
    }
    return &answer->columns[answer->count - 1];
}

struct sample {
    double min;
    double max;
    double sum; /* NaN: no gauge */
    double last;
    uint64_t good;
    uint64_t bad;
    uint8_t worst;
};

static void put_sample(struct thinner *thinner, int64_t time_us, const struct sample *sample)
{
    struct rollup_column *column = column_at(thinner, time_us);
    struct cell worst = {.worst = column->worst};
    const struct cell other = {.worst = sample->worst};
    cell_merge(&worst, &other, 0);
    column->worst = worst.worst;
    column->good += sample->good;
    column->bad += sample->bad;
    if (sample->good == 0) {
        return;
    }
    column->min = fmin(column->min, sample->min);
    column->max = fmax(column->max, sample->max);
    column->last = sample->last;
    thinner->sum += sample->sum;
    thinner->valued += sample->good;
    column->mean = thinner->sum / (double)thinner->valued;
}

static struct sample sample_of_cell(const struct cell_scale *scale, const struct cell *cell)
{
    struct sample sample = {.min = NAN,
                            .max = NAN,
                            .sum = NAN,
                            .last = NAN,
                            .good = cell->good,
                            .bad = cell->bad,
                            .worst = cell->worst};
    if (cell->good == 0 || scale->kind == QUANTITY_TEXT) {
        return sample;
    }
    sample.last = cell_value(scale, cell->last);
    /* Of a counter each cell has its last value alone. */
    const bool has_range = scale->kind != QUANTITY_COUNTER;
    sample.min = has_range ? cell_value(scale, cell->min) : sample.last;
    sample.max = has_range ? cell_value(scale, cell->max) : sample.last;
    if (scale->kind == QUANTITY_GAUGE) {
        sample.sum = cell_mean(scale, cell) * cell->good;
    }
    return sample;
}

static void thin_cells(struct thinner *thinner, const struct gather *gather, int64_t slot_us)
{
    for (size_t i = 0; i < gather->count; i++) {
        const int64_t time_us = (gather->first + (int64_t)i) * slot_us;
        if (!cell_is_empty(&gather->cells[i])) {
            const struct sample sample = sample_of_cell(&gather->scale, &gather->cells[i]);
            put_sample(thinner, time_us, &sample);
        }
    }
}

static int answer_from_cells(struct rollups *rollups, const struct rollup_ask *ask,
                             enum tier_kind kind, struct rollup_answer *out)
{
    struct gather gather = {
        .rollups = rollups, .device = ask->device, .point = ask->point, .kind = kind};
    const int64_t slot_us = tier_shape(kind)->slot_us;
    gather.first = ask->from_us / slot_us;
    const int64_t end = (ask->to_us + slot_us - 1) / slot_us;
    if (end - gather.first > CELLS_MAX) {
        return -E2BIG;
    }
    gather.count = (size_t)(end - gather.first);
    const int error = gather_cells(&gather);
    if (error == 0) {
        struct thinner thinner = {.ask = ask, .answer = out};
        out->quantity = gather.quantity;
        thin_cells(&thinner, &gather, slot_us);
    }
    gather_finish(&gather);
    return error;
}

static bool take_reading(void *context, const struct journal_reading *found)
{
    struct thinner *thinner = context;
    const struct point *point = found->point;
    const enum quality quality = reading_quality(point, found->reading);
    const bool is_good = quality == QUALITY_OK || quality == QUALITY_ESTIMATED;
    const bool has_value = is_good && point->quantity->kind != QUANTITY_TEXT;
    const double value = has_value ? found->reading->value : NAN;
    const struct sample sample = {
        .min = value,
        .max = value,
        .sum = point->quantity->kind == QUANTITY_GAUGE ? value : NAN,
        .last = value,
        .good = is_good,
        .bad = !is_good,
        .worst = (uint8_t)quality,
    };
    thinner->answer->quantity = point->quantity;
    put_sample(thinner, found->reading->time_us, &sample);
    return true;
}

static int answer_from_journal(struct journal_reader *reader, const struct rollup_ask *ask,
                               struct rollup_answer *out)
{
    struct thinner thinner = {.ask = ask, .answer = out};
    return journal_reader_history(reader, ask->device, ask->point, ask->from_us, ask->to_us,
                                  SIZE_MAX, take_reading, &thinner);
}

static int answer_from(struct store *store, struct journal_reader *reader,
                       const struct rollup_ask *ask, enum rollup_tier tier,
                       struct rollup_answer *out)
{
    out->tier = tier;
    out->count = 0;
    out->quantity = NULL;
    if (tier == ROLLUP_RAW) {
        return answer_from_journal(reader, ask, out);
    }
    return answer_from_cells(store->rollups, ask, tier == ROLLUP_MINUTE ? TIER_MINUTES : TIER_HOURS,
                             out);
}

/* The coarsest with a value a pixel. */
static enum rollup_tier suggest(struct store *store, const struct rollup_ask *ask)
{
    const int64_t width_us = (ask->to_us - ask->from_us) / (int64_t)ask->pixels;
    const int64_t range_us = ask->to_us - ask->from_us;
    if (width_us >= hour_us || range_us / minute_us >= CELLS_MAX) {
        return ROLLUP_HOUR;
    }
    const int64_t oldest_us = store_status(store).oldest_day_us;
    const bool is_kept = oldest_us != 0 && ask->from_us >= oldest_us;
    return width_us < minute_us && range_us <= raw_range_us && is_kept ? ROLLUP_RAW : ROLLUP_MINUTE;
}

/* Minutes that begin later than asked for, where hours know more: those have the whole range. */
static int look_further_back(struct store *store, const struct rollup_ask *ask,
                             struct rollup_answer *out)
{
    const int64_t begin_us = out->count > 0 ? out->columns[0].time_us : ask->to_us;
    if (begin_us - ask->from_us < 2 * hour_us) {
        return 0;
    }
    struct rollup_answer hours = {.columns =
                                      mem_alloc_array(ask->pixels, sizeof(struct rollup_column))};
    const int error = answer_from(store, NULL, ask, ROLLUP_HOUR, &hours);
    if (error == 0 && hours.count > 0 && hours.columns[0].time_us < begin_us - hour_us) {
        rollup_answer_finish(out);
        *out = hours;
        return 0;
    }
    rollup_answer_finish(&hours);
    return error;
}

int rollup_query(struct store *store, struct journal_reader *reader, const struct rollup_ask *ask,
                 struct rollup_answer *out)
{
    struct rollup_answer answer = {0};
    if (ask->from_us < 0 || ask->from_us >= ask->to_us || ask->to_us > latest_us ||
        ask->pixels == 0 || ask->pixels > ROLLUP_PIXELS_MAX) {
        return -EINVAL;
    }
    const bool is_free = ask->tier == ROLLUP_AUTO;
    answer.columns = mem_alloc_array(ask->pixels, sizeof(*answer.columns));
    int error = answer_from(store, reader, ask, is_free ? suggest(store, ask) : ask->tier, &answer);
    if (error == 0 && is_free && answer.tier == ROLLUP_MINUTE) {
        error = look_further_back(store, ask, &answer);
    }
    if (error < 0) {
        rollup_answer_finish(&answer);
        return error;
    }
    *out = answer;
    return 0;
}
