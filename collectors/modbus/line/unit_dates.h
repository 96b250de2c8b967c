/* SPDX-License-Identifier: Apache-2.0 */
/* unit_dates: units of a line of which something is true until a time. There is room for a few; when more come at once
 * it is true of all until then, so whoever is careful with those units is careful with too many rather than with too
 * few. Pure; all-zero is empty. */
#ifndef LINGTAN_MODBUS_UNIT_DATES_H
#define LINGTAN_MODBUS_UNIT_DATES_H

#include <stdbool.h>
#include <stdint.h>

enum { UNIT_DATES_MAX = 6 };

struct unit_dates {
    int64_t last_us; /* nothing is true of anybody from then on */
    int64_t all_us;  /* until then it is true of all */
    struct {
        int64_t until_us;
        uint8_t unit;
    } rows[UNIT_DATES_MAX];
};

void unit_dates_set(struct unit_dates *dates, uint8_t unit, int64_t until_us, int64_t now_us);

/* Until when it is true of the unit; not after time_us: it is not, at that time. */
int64_t unit_dates_until_us(const struct unit_dates *dates, uint8_t unit, int64_t time_us);

/* The date of this one unit is over; one that holds for all of them is not. */
void unit_dates_clear(struct unit_dates *dates, uint8_t unit);

#endif
