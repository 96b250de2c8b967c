/* SPDX-License-Identifier: Apache-2.0 */
/* backoff: arithmetic of patience. */
#include "sinks/backoff.h"

enum {
    FIRST_US = 1000000,
    LONGEST_US = 30000000,
};

void backoff_reset(struct backoff *backoff)
{
    *backoff = (struct backoff){0};
}

/* The low bits of the clock are random enough to spread a fleet. */
static int64_t shortened(int64_t delay_us, int64_t now_us)
{
    uint64_t mixed = (uint64_t)now_us * 0x9e3779b97f4a7c15u;
    return delay_us - (int64_t)((mixed >> 40) % (uint64_t)(delay_us / 4));
}

void backoff_fail(struct backoff *backoff, int64_t now_us)
{
    int64_t delay_us = backoff->delay_us ? backoff->delay_us * 2 : FIRST_US;
    backoff->delay_us = delay_us < LONGEST_US ? delay_us : LONGEST_US;
    backoff->until_us = now_us + shortened(backoff->delay_us, now_us);
}

void backoff_refused(struct backoff *backoff, int64_t now_us)
{
    backoff->delay_us = LONGEST_US;
    backoff->until_us = now_us + shortened(LONGEST_US, now_us);
}
