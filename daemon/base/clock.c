/* SPDX-License-Identifier: Apache-2.0 */
/* clock: the machine's time, and a time that tests move. */
#include <lingtan/clock.h>

#include <stdatomic.h>
#include <time.h>

static int64_t read_us(clockid_t id)
{
    struct timespec now;
    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int64_t real_mono_us(const struct clock *clock)
{
    (void)clock;
    return read_us(CLOCK_MONOTONIC);
}

static int64_t real_wall_us(const struct clock *clock)
{
    (void)clock;
    return read_us(CLOCK_REALTIME);
}

/* The clock is the first member of its fake. */
static int64_t fake_mono_us(const struct clock *clock)
{
    return atomic_load(&((const struct fake_clock *)clock)->now_mono_us);
}

static int64_t fake_wall_us(const struct clock *clock)
{
    return atomic_load(&((const struct fake_clock *)clock)->now_wall_us);
}

const struct clock *clock_real(void)
{
    static const struct clock real = {.mono_us = real_mono_us, .wall_us = real_wall_us};
    return &real;
}

void fake_clock_init(struct fake_clock *fake, int64_t mono_us, int64_t wall_us)
{
    fake->clock = (struct clock){.mono_us = fake_mono_us, .wall_us = fake_wall_us};
    atomic_init(&fake->now_mono_us, mono_us);
    atomic_init(&fake->now_wall_us, wall_us);
}

void fake_clock_advance(struct fake_clock *fake, int64_t delta_us)
{
    atomic_fetch_add(&fake->now_mono_us, delta_us);
    atomic_fetch_add(&fake->now_wall_us, delta_us);
}

void fake_clock_step_wall(struct fake_clock *fake, int64_t delta_us)
{
    atomic_fetch_add(&fake->now_wall_us, delta_us);
}
