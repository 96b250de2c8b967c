/* SPDX-License-Identifier: Apache-2.0 */
/* slot: how wide the send slots are when the configuration leaves it open. Pure. */
#ifndef LINGTAN_MODBUS_SLOT_H
#define LINGTAN_MODBUS_SLOT_H

#include <stddef.h>
#include <stdint.h>

/* The widest of 50, 25, 20, 10 and 5 ms that divides every period, is at most a quarter of it, and holds no more polls
 * than leave in a fraction of a millisecond; 5 ms when there are too many for each, 0 when a period fits none.
 * period_ms: of the fastest class of every device, each above 0. */
int64_t slot_choose_us(const int64_t *period_ms, size_t count);

#endif
