/* SPDX-License-Identifier: Apache-2.0 */
/* bad_runs: the list, and which splits a search leaves behind. */
#include "collectors/modbus/plan/bad_runs.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#include <lingtan/exception.h>

#define SECONDS INT64_C(1000000)
#define MINUTES (60 * SECONDS)
#define HOURS (60 * MINUTES)

const struct bad_run_limits *bad_run_limits(enum quality quality, uint8_t exception)
{
    /* Once may be a device that has just been switched on. */
    static const struct bad_run_limits absent = {2, 0, false, true, 24 * HOURS};
    /* 4 is what a starting device says to everything, and a gateway of a unit that it does not reach. */
    static const struct bad_run_limits failing = {2, 1 * MINUTES, false, false, 1 * HOURS};
    static const struct bad_run_limits busy = {2, 10 * MINUTES, true, false, 1 * HOURS};
    /* Replies get lost; and each time it is asked costs the line a timeout. */
    static const struct bad_run_limits silent = {4, 0, true, false, 1 * HOURS};
    if (quality == QUALITY_TIMEOUT) {
        return &silent;
    }
    if (quality != QUALITY_EXCEPTION) {
        return &absent;
    }
    enum exception_kind kind = exception_kind(exception);
    return kind == EXCEPTION_IS_ABSENT ? &absent : kind == EXCEPTION_IS_BUSY ? &busy : &failing;
}

#undef SECONDS
#undef MINUTES
#undef HOURS

void bad_runs_finish(struct bad_runs *bad_runs)
{
    free(bad_runs->items);
    *bad_runs = (struct bad_runs){0};
}

void bad_runs_add(struct bad_runs *bad_runs, const struct bad_run *run)
{
    bad_runs->items = mem_grow(bad_runs->items, bad_runs->count + 1, sizeof(*bad_runs->items));
    bad_runs->items[bad_runs->count++] = *run;
}

void bad_runs_remove(struct bad_runs *bad_runs, size_t index)
{
    bad_runs->count--;
    memmove(&bad_runs->items[index], &bad_runs->items[index + 1],
            (bad_runs->count - index) * sizeof(*bad_runs->items));
}

bool bad_runs_are_sought(const struct bad_runs *bad_runs)
{
    for (size_t i = 0; i < bad_runs->count; i++) {
        if (bad_runs->items[i].is_sought) {
            return true;
        }
    }
    return false;
}

bool bad_runs_are_doubtful(const struct bad_runs *bad_runs)
{
    for (size_t i = 0; i < bad_runs->count; i++) {
        if (bad_runs->items[i].is_doubtful) {
            return true;
        }
    }
    return false;
}

/* Something that stays lies within the refused request, so it would have been refused without the split too. */
static bool is_explained(const struct bad_runs *bad_runs, const struct bad_run *split)
{
    for (size_t i = 0; i < bad_runs->count; i++) {
        const struct bad_run *other = &bad_runs->items[i];
        if (!other->is_sought && other->unit == split->unit && other->function == split->function &&
            other->first >= split->block_first && other->last <= split->block_last) {
            return true;
        }
    }
    return false;
}

/* Newest first: the innermost split explains those around it. */
void bad_runs_settle(struct bad_runs *bad_runs)
{
    for (size_t i = bad_runs->count; i > 0; i--) {
        struct bad_run *split = &bad_runs->items[i - 1];
        if (split->is_sought && is_explained(bad_runs, split)) {
            bad_runs_remove(bad_runs, i - 1);
        } else {
            split->is_sought = false;
        }
    }
}
