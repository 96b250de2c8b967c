/* SPDX-License-Identifier: Apache-2.0 */
/* schedule: when one poll class of one device is read next. Polls stand on a grid of the wall clock (UTC), so counters are
 * read within seconds of every quarter hour, but the dates are kept in monotonic time, so a stepped wall clock only
 * moves the next polls to the new grid: no burst, no stop. Where the period alone does not meet the quarter hours (two
 * minutes, two hours), those are dates besides. Pure. */
#ifndef LINGTAN_MODBUS_SCHEDULE_H
#define LINGTAN_MODBUS_SCHEDULE_H

#include <stdint.h>

enum {
    SCHEDULE_SPREAD_US = 4000000, /* devices are spread over this much of a period at the most */
};

/* How the two clocks stand to each other, and how wide the send slots are. */
struct timeline {
    int64_t offset_us; /* wall minus monotonic */
    int64_t
        slot_us; /* dates are rounded up to multiples of it, so that lines leave together; 0 = no slots */
};

struct schedule {
    int64_t period_us;  /* 0 = nothing to read: never due */
    int64_t quarter_us; /* a second grid, for counters: 0 = none is needed */
    int64_t phase_us;   /* behind the grid */
    int64_t due_us;     /* monotonic; SCHEDULE_NEVER = not now */
    int64_t last_us;    /* monotonic: when the last poll began, or the schedule itself */
};

#define SCHEDULE_NEVER INT64_MAX

/* The second grid of a class that has counters: a quarter hour, 0 when the period meets it. */
int64_t schedule_quarter(int64_t period_us);

/* The phase of the index-th device for a class: the same index gives the same offset within base_us, its shortest
 * period, so that its classes coincide; neighbouring indexes lie far apart. Below min(period_us, 4 s). */
int64_t schedule_phase(uint32_t index, int64_t base_us, int64_t period_us);

/* The place of the index-th of many within a span: evenly spread, however many there are. */
int64_t schedule_spread(uint32_t index, int64_t span_us);

/* A first poll soon, within the device's phase; then the grid. For start and for the return of a line. */
void schedule_begin(struct schedule *schedule, int64_t now_us, const struct timeline *timeline);

/* Due at once. */
void schedule_demand(struct schedule *schedule, int64_t now_us);

/* Leaves out the whole periods that have passed since the date and returns how many; the newest stays due. */
uint32_t schedule_skip(struct schedule *schedule, int64_t now_us);

/* The poll that is due begins now: sets the next date, always later than now. */
void schedule_advance(struct schedule *schedule, int64_t now_us, const struct timeline *timeline);

/* The wall clock was stepped: moves the next date to the new grid. */
void schedule_realign(struct schedule *schedule, int64_t now_us, const struct timeline *timeline);

#endif
