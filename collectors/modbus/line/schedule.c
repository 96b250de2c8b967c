/* SPDX-License-Identifier: Apache-2.0 */
/* schedule: dates on the grid of the wall clock, kept in monotonic time. */
#include "collectors/modbus/line/schedule.h"

#include <stdbool.h>

static const int64_t quarter_us = 900000000;

/* Between two dates at the most. */
static int64_t step_us(const struct schedule *schedule)
{
    const bool is_shorter = schedule->quarter_us == 0 || schedule->period_us < schedule->quarter_us;
    return is_shorter ? schedule->period_us : schedule->quarter_us;
}

/* How far behind its date a grid point may be and still be the one that was meant: more than slots and slewing move
 * it, less than half a period. */
static int64_t tolerance_us(const struct schedule *schedule)
{
    int64_t half_us = step_us(schedule) / 2;
    return half_us < 1000000 ? half_us : 1000000;
}

static int64_t round_to_slot(int64_t time_us, int64_t slot_us)
{
    if (slot_us <= 0) {
        return time_us;
    }
    int64_t rest_us = time_us % slot_us;
    return rest_us == 0 ? time_us : time_us + slot_us - rest_us;
}

/* The first multiple of the period at or after a wall time. */
static int64_t multiple_after(int64_t wall_us, int64_t period_us)
{
    int64_t rest_us = wall_us % period_us;
    if (rest_us < 0) {
        rest_us += period_us;
    }
    return rest_us == 0 ? wall_us : wall_us + period_us - rest_us;
}

/* The first point of the grid at or after a monotonic time. */
static int64_t grid_after(const struct schedule *schedule, int64_t from_us,
                          const struct timeline *timeline)
{
    const int64_t shift_us = timeline->offset_us - schedule->phase_us;
    const int64_t wall_us = from_us + shift_us;
    int64_t point_us = multiple_after(wall_us, schedule->period_us);
    if (schedule->quarter_us != 0) {
        const int64_t quarter = multiple_after(wall_us, schedule->quarter_us);
        point_us = quarter < point_us ? quarter : point_us;
    }
    return round_to_slot(point_us - shift_us, timeline->slot_us);
}

/* Multiples of an irrational number modulo 1, in 32 bits: every run of them is spread evenly, so both the devices of
 * one line and the lines of the site fill the period. */
static int64_t share(uint32_t index, uint32_t step, int64_t span)
{
    uint32_t fraction = index * step;
    return (int64_t)(((uint64_t)fraction * (uint64_t)span) >> 32);
}

int64_t schedule_spread(uint32_t index, int64_t span_us)
{
    const uint32_t golden = 2654435769U; /* 2^32 / 1.6180, the golden ratio */
    return share(index, golden, span_us);
}

int64_t schedule_quarter(int64_t period_us)
{
    return quarter_us % period_us == 0 ? 0 : quarter_us;
}

int64_t schedule_phase(uint32_t index, int64_t base_us, int64_t period_us)
{
    const uint32_t plastic = 3242174889U; /* 2^32 / 1.3247, so that it does not follow the other */
    int64_t span_us = period_us < SCHEDULE_SPREAD_US ? period_us : SCHEDULE_SPREAD_US;
    int64_t step_us = base_us < span_us ? base_us : span_us;
    return schedule_spread(index, step_us) + share(index, plastic, span_us / step_us) * step_us;
}

void schedule_begin(struct schedule *schedule, int64_t now_us, const struct timeline *timeline)
{
    if (schedule->period_us == 0) {
        schedule->due_us = SCHEDULE_NEVER;
        return;
    }
    int64_t soon_us = round_to_slot(now_us + schedule->phase_us, timeline->slot_us);
    int64_t grid_us = grid_after(schedule, now_us, timeline);
    schedule->due_us = soon_us < grid_us ? soon_us : grid_us;
    schedule->last_us = now_us;
}

void schedule_demand(struct schedule *schedule, int64_t now_us)
{
    if (schedule->period_us != 0) {
        schedule->due_us = now_us;
    }
}

uint32_t schedule_skip(struct schedule *schedule, int64_t now_us)
{
    const int64_t step = step_us(schedule);
    if (schedule->due_us > now_us - step) {
        return 0;
    }
    int64_t periods = (now_us - schedule->due_us) / step;
    schedule->due_us += periods * step;
    return periods > UINT32_MAX ? UINT32_MAX : (uint32_t)periods;
}

void schedule_advance(struct schedule *schedule, int64_t now_us, const struct timeline *timeline)
{
    int64_t from_us = schedule->due_us + tolerance_us(schedule);
    if (from_us <= now_us) {
        from_us = now_us + 1;
    }
    schedule->due_us = grid_after(schedule, from_us, timeline);
    schedule->last_us = now_us;
}

void schedule_realign(struct schedule *schedule, int64_t now_us, const struct timeline *timeline)
{
    if (schedule->period_us == 0 || schedule->due_us == SCHEDULE_NEVER ||
        schedule->due_us <= now_us) {
        return;
    }
    int64_t from_us = schedule->last_us + tolerance_us(schedule);
    schedule->due_us = grid_after(schedule, from_us > now_us ? from_us : now_us, timeline);
    /* A clock that is stepped again and again must not put the poll off for ever. */
    int64_t latest_us = schedule->last_us + 2 * step_us(schedule);
    if (schedule->due_us > latest_us) {
        schedule->due_us = latest_us > now_us ? latest_us : now_us;
    }
}
