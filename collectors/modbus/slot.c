/* SPDX-License-Identifier: Apache-2.0 */
/* slot: at one poll a second a wake-up costs more than a poll, so few devices get wide slots; the polls of one slot
 * leave one after the other, so many devices get narrow ones. */
#include "collectors/modbus/slot.h"

#include <stdbool.h>

#include "base/mem.h"

enum {
    POLLS_MAX = 25,   /* in a slot: some 0.2 ms between the first and the last */
    PERIOD_SHARE = 4, /* slots in the shortest period, at least */
};

static bool fits_all(int64_t slot_ms, const int64_t *period_ms, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (period_ms[i] % slot_ms != 0 || period_ms[i] < PERIOD_SHARE * slot_ms) {
            return false;
        }
    }
    return true;
}

int64_t slot_choose_us(const int64_t *period_ms, size_t count)
{
    static const int64_t widths_ms[] = {50, 25, 20, 10, 5};
    double polls_per_ms = 0;
    for (size_t i = 0; i < count; i++) {
        polls_per_ms += 1.0 / (double)period_ms[i];
    }
    int64_t chosen_ms = 0;
    for (size_t i = 0; i < ARRAY_SIZE(widths_ms); i++) {
        if (!fits_all(widths_ms[i], period_ms, count)) {
            continue;
        }
        chosen_ms = widths_ms[i];
        if ((double)chosen_ms * polls_per_ms < POLLS_MAX + 1) {
            break;
        }
    }
    return 1000 * chosen_ms;
}
