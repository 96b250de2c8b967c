/* SPDX-License-Identifier: Apache-2.0 */
/* clock: the one source of time. Implemented by daemon/base.
 *
 * Monotonic time is for schedules and ages, wall time (UTC, microseconds since 1970) for stamps. Nothing else in the
 * project calls clock_gettime or time. A clock is read from any thread; a fake one is moved only by the test that owns
 * it. */
#ifndef LINGTAN_CLOCK_H
#define LINGTAN_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

struct clock {
    int64_t (*mono_us)(const struct clock *clock);
    int64_t (*wall_us)(const struct clock *clock);
    bool (*is_synchronised)(const struct clock *clock);
};

static inline int64_t clock_mono_us(const struct clock *clock)
{
    return clock->mono_us(clock);
}

static inline int64_t clock_wall_us(const struct clock *clock)
{
    return clock->wall_us(clock);
}

/* Whether somebody keeps the wall clock right: what the kernel was told by its NTP client (adjtimex). A system call. */
static inline bool clock_is_synchronised(const struct clock *clock)
{
    return clock->is_synchronised(clock);
}

/* The machine's clock. Static: never freed. */
const struct clock *clock_real(void);

/* Names this boot of the machine, over which monotonic time counts; never 0. The same in every process. */
uint64_t clock_boot(void);

/* Wall and monotonic time that part by less were not stepped: it may be the time between two calls. */
enum { CLOCK_STEP_US = 50000 };

/* The wall clock was set, by a person or by NTP. */
struct clock_step {
    uint64_t boot;
    int64_t mono_us;   /* when it was noticed: a second afterwards at most */
    int64_t before_us; /* what the wall clock would have said then */
    int64_t after_us;  /* what it said */
};

/* A clock that stands still until it is told to move. */
struct fake_clock {
    struct clock clock;
    _Atomic int64_t now_mono_us;
    _Atomic int64_t now_wall_us;
    _Atomic bool is_unsynchronised;
};

void fake_clock_init(struct fake_clock *fake, int64_t mono_us, int64_t wall_us);

/* Moves both times forward by delta_us >= 0. */
void fake_clock_advance(struct fake_clock *fake, int64_t delta_us);

/* Steps the wall clock alone, as an operator or NTP does; delta_us may be negative. */
void fake_clock_step_wall(struct fake_clock *fake, int64_t delta_us);

#endif
