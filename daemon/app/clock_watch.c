/* SPDX-License-Identifier: Apache-2.0 */
/* clock_watch: compares the wall clock with the monotonic one, which nobody sets. NTP slews both alike, so that they part
 * by steps alone. */
#include "app/clock_watch.h"

static int64_t offset_of(const struct clock *clock, int64_t *mono_us)
{
    *mono_us = clock_mono_us(clock);
    return clock_wall_us(clock) - *mono_us;
}

static bool is_trusted(const struct clock_watch *watch)
{
    return watch->is_always_trusted || clock_is_synchronised(watch->clock);
}

void clock_watch_init(struct clock_watch *watch, const struct clock *clock, bool is_always_trusted)
{
    int64_t mono_us = 0;
    *watch = (struct clock_watch){.clock = clock, .is_always_trusted = is_always_trusted};
    watch->offset_us = offset_of(clock, &mono_us);
    watch->is_trusted = is_trusted(watch);
}

bool clock_watch_look(struct clock_watch *watch, struct clock_step *step)
{
    int64_t mono_us = 0;
    const int64_t offset_us = offset_of(watch->clock, &mono_us);
    const int64_t change_us = offset_us - watch->offset_us;
    watch->is_trusted = is_trusted(watch);
    if (change_us < CLOCK_STEP_US && change_us > -CLOCK_STEP_US) {
        return false;
    }
    *step = (struct clock_step){
        .boot = clock_boot(),
        .mono_us = mono_us,
        .before_us = watch->offset_us + mono_us,
        .after_us = offset_us + mono_us,
    };
    watch->offset_us = offset_us;
    return true;
}
