/* SPDX-License-Identifier: Apache-2.0 */
/* line_backoff: how long to leave something alone that has just failed: doubling from a first wait up to a cap, each wait
 * shortened by up to a quarter at random so that what failed together does not come back together. Pure. */
#ifndef LINGTAN_MODBUS_LINE_BACKOFF_H
#define LINGTAN_MODBUS_LINE_BACKOFF_H

#include <stdint.h>

struct line_backoff {
    int64_t first_us;
    int64_t cap_us;
    unsigned steps; /* waits given since the last reset */
};

/* The next wait. chance is the state of chance_next and never 0. */
int64_t line_backoff_next(struct line_backoff *backoff, uint32_t *chance);
void line_backoff_reset(struct line_backoff *backoff);

/* The next of a cheap pseudo-random sequence: for spreading things, not for secrets. */
uint32_t chance_next(uint32_t *chance);

#endif
