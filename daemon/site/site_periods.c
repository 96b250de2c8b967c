/* SPDX-License-Identifier: Apache-2.0 */
/* site_periods: polls stand on a grid of the wall clock that begins at midnight (UTC), so that a period has to divide the
 * day, or its grid would be another one every day. Whole quarter hours are counted through the days; that they do not
 * divide one harms nobody. Quarter hours themselves, which bills are made of, are met whatever the period is:
 * collectors/modbus/schedule.h. */
#include "site/site_parts.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/mem.h"

enum {
    DAY_MS = 86400000,
    QUARTER_MS = 900000,
    PERIOD_LEAST_MS = 100,
};

static bool is_even(int64_t period_ms)
{
    return DAY_MS % period_ms == 0 || period_ms % QUARTER_MS == 0;
}

/* What to say of a period; NULL when it is fine. */
static char *judge_period(int64_t period_ms)
{
    if (period_ms < PERIOD_LEAST_MS) {
        return mem_format("is %" PRId64 ", wants at least %d ms", period_ms, PERIOD_LEAST_MS);
    }
    if (is_even(period_ms)) {
        return NULL;
    }
    int64_t below = period_ms;
    int64_t above = period_ms;
    while (!is_even(below)) {
        below--;
    }
    while (!is_even(above)) {
        above++;
    }
    return mem_format("is %" PRId64 ", wants what divides an hour or a day without rest: %" PRId64
                      " or %" PRId64 " ms",
                      period_ms, below, above);
}

void site_check_periods(const struct site_checking *check)
{
    const struct site *site = check->site;
    struct origin origin = {.file = site->file};
    const char *const names[] = {"fast_ms", "normal_ms", "slow_ms"};
    const int64_t periods[] = {site->fast_ms, site->normal_ms, site->slow_ms};
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        char *what = judge_period(periods[i]);
        if (what) {
            faults_add(check->faults, origin, names[i], "%s", what);
        }
        free(what);
    }
}

void site_check_device_periods(const struct site_checking *check, const struct site_spot *spot)
{
    const struct device_config *device = spot->device;
    const char *const names[] = {"fast_ms", "normal_ms", "slow_ms"};
    const int64_t periods[] = {device->fast_ms, device->normal_ms, device->slow_ms};
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        char *what = periods[i] != 0 ? judge_period(periods[i]) : NULL;
        if (what) {
            site_device_fault(check, spot, names[i], "%s", what);
        }
        free(what);
    }
}
