/* SPDX-License-Identifier: Apache-2.0 */
/* clock_watch: notices that the wall clock was stepped, and whether it is vouched for. Main thread, once a second. */
#ifndef LINGTAN_CLOCK_WATCH_H
#define LINGTAN_CLOCK_WATCH_H

#include <lingtan/clock.h>

struct clock_watch {
    const struct clock *clock;
    bool is_always_trusted; /* nobody is asked */
    bool is_trusted;
    int64_t offset_us; /* wall minus monotonic time */
};

void clock_watch_init(struct clock_watch *watch, const struct clock *clock, bool is_always_trusted);

/* True when the clock was stepped since the last look, by 50 ms or more: how is in step. is_trusted is anew. */
bool clock_watch_look(struct clock_watch *watch, struct clock_step *step);

#endif
