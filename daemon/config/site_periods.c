/* SPDX-License-Identifier: Apache-2.0 */
/* site_periods: polls are aligned to the clock, so a period has to meet the quarter hour that bills are made of. */
#include "config/site_parts.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/mem.h"

enum {
    QUARTER_MS = 900000,
    PERIOD_LEAST_MS = 100,
};

static bool meets_quarter(int64_t period_ms)
{
    return QUARTER_MS % period_ms == 0 || period_ms % QUARTER_MS == 0;
}

/* What to say of a period; NULL when it is fine. */
static char *judge_period(int64_t period_ms)
{
    if (period_ms < PERIOD_LEAST_MS) {
        return mem_format("is %" PRId64 ", wants at least %d ms", period_ms, PERIOD_LEAST_MS);
    }
    if (meets_quarter(period_ms)) {
        return NULL;
    }
    int64_t below = period_ms;
    int64_t above = period_ms;
    if (period_ms > QUARTER_MS) {
        below -= period_ms % QUARTER_MS;
        above = below + QUARTER_MS;
    }
    while (!meets_quarter(below)) {
        below--;
    }
    while (!meets_quarter(above)) {
        above++;
    }
    return mem_format("is %" PRId64
                      ", wants a divisor or a multiple of a quarter of an hour: %" PRId64
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
