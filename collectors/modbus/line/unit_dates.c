/* SPDX-License-Identifier: Apache-2.0 */
/* unit_dates: a handful of rows, searched one by one. */
#include "collectors/modbus/line/unit_dates.h"

static int64_t later(int64_t one_us, int64_t other_us)
{
    return one_us > other_us ? one_us : other_us;
}

void unit_dates_set(struct unit_dates *dates, uint8_t unit, int64_t until_us, int64_t now_us)
{
    unsigned place = UNIT_DATES_MAX;
    for (unsigned i = 0; i < UNIT_DATES_MAX; i++) {
        bool is_own = dates->rows[i].unit == unit && dates->rows[i].until_us > now_us;
        if (is_own || dates->rows[i].until_us <= now_us) {
            place = i;
        }
        if (is_own) {
            until_us = later(until_us, dates->rows[i].until_us);
            break;
        }
    }
    if (place < UNIT_DATES_MAX) {
        dates->rows[place].unit = unit;
        dates->rows[place].until_us = until_us;
    } else {
        dates->all_us = later(dates->all_us, until_us);
    }
    dates->last_us = later(dates->last_us, until_us);
}

int64_t unit_dates_until_us(const struct unit_dates *dates, uint8_t unit, int64_t time_us)
{
    int64_t until_us = dates->all_us;
    if (time_us >= dates->last_us) {
        return until_us;
    }
    for (unsigned i = 0; i < UNIT_DATES_MAX; i++) {
        if (dates->rows[i].unit == unit) {
            until_us = later(until_us, dates->rows[i].until_us);
        }
    }
    return until_us;
}

void unit_dates_clear(struct unit_dates *dates, uint8_t unit)
{
    for (unsigned i = 0; i < UNIT_DATES_MAX; i++) {
        if (dates->rows[i].unit == unit) {
            dates->rows[i].until_us = 0;
        }
    }
}
