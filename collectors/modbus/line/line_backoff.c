/* SPDX-License-Identifier: Apache-2.0 */
/* line_backoff: doubling waits with jitter. */
#include "collectors/modbus/line/line_backoff.h"

enum { STEPS_MAX = 30 };

uint32_t chance_next(uint32_t *chance)
{
    uint32_t x = *chance;
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    *chance = x;
    return x;
}

int64_t line_backoff_next(struct line_backoff *backoff, uint32_t *chance)
{
    int64_t wait_us = backoff->first_us;
    for (unsigned i = 0; i < backoff->steps && wait_us < backoff->cap_us; i++) {
        wait_us *= 2;
    }
    if (wait_us > backoff->cap_us) {
        wait_us = backoff->cap_us;
    }
    if (backoff->steps < STEPS_MAX) {
        backoff->steps++;
    }
    return wait_us - (int64_t)(chance_next(chance) % (uint64_t)(wait_us / 4 + 1));
}

void line_backoff_reset(struct line_backoff *backoff)
{
    backoff->steps = 0;
}
