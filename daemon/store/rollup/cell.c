/* SPDX-License-Identifier: Apache-2.0 */
/* cell: see cell.h. */
#include "store/rollup/cell.h"

#include <math.h>

enum { STEPS_A_BAND = 50 };

/* What a gauge may be at most, in steps: so that the sum of an hour at 20 readings a second fits. */
static const int64_t gauge_max = INT64_C(1) << 44;

static uint8_t exponent_of(double band)
{
    double step = 1;
    uint8_t exponent = 0;
    while (exponent < CELL_EXPONENT_MAX &&
           (band <= 0 ? exponent < 6 : step * STEPS_A_BAND > band * (1 + 1e-9))) {
        step /= 10;
        exponent++;
    }
    return exponent;
}

struct cell_scale cell_scale_written(const struct point *point, uint8_t exponent)
{
    static const double steps[CELL_EXPONENT_MAX + 1] = {1,    1e-1, 1e-2, 1e-3,  1e-4,  1e-5, 1e-6,
                                                        1e-7, 1e-8, 1e-9, 1e-10, 1e-11, 1e-12};
    const bool is_own = exponent == CELL_EXPONENT_OF_POINT;
    struct cell_scale scale = {
        .step = is_own ? point->resolution : 1,
        .offset = is_own ? point->offset : 0,
        .kind = (uint8_t)point->quantity->kind,
        .exponent = exponent,
    };
    if (exponent <= CELL_EXPONENT_MAX) {
        scale.step = steps[exponent];
    }
    return scale;
}

struct cell_scale cell_scale_of(const struct point *point)
{
    const enum quantity_kind kind = point->quantity->kind;
    const bool is_counted = point->source == POINT_INTEGER || kind == QUANTITY_COUNTER;
    if (kind == QUANTITY_STATE || kind == QUANTITY_TEXT) {
        return cell_scale_written(point, 0);
    }
    if (is_counted && point->resolution > 0) {
        return cell_scale_written(point, CELL_EXPONENT_OF_POINT);
    }
    return cell_scale_written(point, exponent_of(point->quantity->dead_band));
}

double cell_value(const struct cell_scale *scale, int64_t steps)
{
    return reading_value_of_count(steps, scale->step, scale->offset);
}

double cell_mean(const struct cell_scale *scale, const struct cell *cell)
{
    return (double)cell->sum / cell->good * scale->step + scale->offset;
}

static int64_t to_steps(double steps)
{
    static const double most = 9.0e18;
    return steps >= most ? INT64_MAX : steps <= -most ? INT64_MIN : llround(steps);
}

static int64_t steps_of(const struct cell_scale *scale, const struct point *point,
                        const struct reading *reading)
{
    if (scale->kind == QUANTITY_STATE) {
        return reading_state(point, reading);
    }
    /* Written in the same resolution, as nearly always: the count is exact. */
    const bool is_exact = scale->exponent == CELL_EXPONENT_OF_POINT &&
                          reading->resolution == scale->step && // NOLINT: exactly the same
                          (scale->offset == 0 || point->source == POINT_INTEGER);
    const int64_t steps =
        is_exact ? reading->count : to_steps((reading->value - scale->offset) / scale->step);
    if (scale->kind == QUANTITY_COUNTER) {
        return steps;
    }
    return steps > gauge_max ? gauge_max : steps < -gauge_max ? -gauge_max : steps;
}

/* What says most about why there is no value. */
static uint8_t worse(uint8_t one, uint8_t other)
{
    static const uint8_t rank[QUALITY_COUNT] = {
        [QUALITY_OK] = 0,        [QUALITY_ESTIMATED] = 1,   [QUALITY_LATE] = 2,
        [QUALITY_STALE] = 3,     [QUALITY_IMPLAUSIBLE] = 4, [QUALITY_NOT_IMPLEMENTED] = 5,
        [QUALITY_EXCEPTION] = 6, [QUALITY_BAD_REPLY] = 7,   [QUALITY_TIMEOUT] = 8,
    };
    return rank[other % QUALITY_COUNT] > rank[one % QUALITY_COUNT] ? other : one;
}

static void add_good(struct cell *cell, int64_t steps, uint32_t ms)
{
    const bool is_first = cell->good == 0;
    cell->min = is_first || steps < cell->min ? steps : cell->min;
    cell->max = is_first || steps > cell->max ? steps : cell->max;
    if (is_first || ms >= cell->last_ms) {
        cell->last = steps;
        cell->last_ms = ms;
    }
    cell->good++;
}

void cell_add(struct cell *cell, const struct cell_scale *scale, const struct point *point,
              const struct reading *reading, uint32_t ms)
{
    const enum quality quality = reading_quality(point, reading);
    cell->worst = quality == QUALITY_OK ? cell->worst : worse(cell->worst, (uint8_t)quality);
    if (quality != QUALITY_OK && quality != QUALITY_ESTIMATED) {
        cell->bad++;
        return;
    }
    const int64_t steps = scale->kind == QUANTITY_TEXT ? 0 : steps_of(scale, point, reading);
    add_good(cell, steps, ms);
    cell->sum += scale->kind == QUANTITY_GAUGE ? steps : 0;
}

void cell_merge(struct cell *cell, const struct cell *later, uint32_t shift_ms)
{
    if (later->good > 0) {
        const bool is_first = cell->good == 0;
        cell->min = is_first || later->min < cell->min ? later->min : cell->min;
        cell->max = is_first || later->max > cell->max ? later->max : cell->max;
        if (is_first || later->last_ms + shift_ms >= cell->last_ms) {
            cell->last = later->last;
            cell->last_ms = later->last_ms + shift_ms;
        }
        cell->sum += later->sum;
    }
    cell->worst = worse(cell->worst, later->worst);
    cell->good += later->good;
    cell->bad += later->bad;
}

void cell_rescale(struct cell *cell, const struct cell_scale *from, const struct cell_scale *to)
{
    const double factor = from->step / to->step;
    cell->min = to_steps((double)cell->min * factor);
    cell->max = to_steps((double)cell->max * factor);
    cell->sum = to_steps((double)cell->sum * factor);
    cell->last = to_steps((double)cell->last * factor);
}

bool cell_is_empty(const struct cell *cell)
{
    return cell->good == 0 && cell->bad == 0;
}
