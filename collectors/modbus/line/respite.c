/* SPDX-License-Identifier: Apache-2.0 */
/* respite: doubling waits with jitter. */
#include "collectors/modbus/line/respite.h"

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

int64_t respite_next(struct respite *respite, uint32_t *chance)
{
    int64_t wait_us = respite->first_us;
    for (unsigned i = 0; i < respite->steps && wait_us < respite->cap_us; i++) {
        wait_us *= 2;
    }
    if (wait_us > respite->cap_us) {
        wait_us = respite->cap_us;
    }
    if (respite->steps < STEPS_MAX) {
        respite->steps++;
    }
    return wait_us - (int64_t)(chance_next(chance) % (uint64_t)(wait_us / 4 + 1));
}

void respite_reset(struct respite *respite)
{
    respite->steps = 0;
}
