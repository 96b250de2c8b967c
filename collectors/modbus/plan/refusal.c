/* SPDX-License-Identifier: Apache-2.0 */
/* refusal: the list, and which splits a search leaves behind. */
#include "collectors/modbus/plan/refusal.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#include <lingtan/exception.h>

#define SECONDS INT64_C(1000000)
#define MINUTES (60 * SECONDS)
#define HOURS (60 * MINUTES)

const struct refusal_limits *refusal_limits(enum quality quality, uint8_t exception)
{
    /* Once may be a device that has just been switched on. */
    static const struct refusal_limits absent = {2, 0, false, true, 24 * HOURS};
    /* 4 is what a starting device says to everything, and a gateway of a unit that it does not reach. */
    static const struct refusal_limits failing = {2, 1 * MINUTES, false, false, 1 * HOURS};
    static const struct refusal_limits busy = {2, 10 * MINUTES, true, false, 1 * HOURS};
    /* Replies get lost; and each time it is asked costs the line a timeout. */
    static const struct refusal_limits silent = {4, 0, true, false, 1 * HOURS};
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

void refusals_finish(struct refusals *refusals)
{
    free(refusals->items);
    *refusals = (struct refusals){0};
}

void refusals_add(struct refusals *refusals, const struct refusal *refusal)
{
    refusals->items = mem_grow(refusals->items, refusals->count + 1, sizeof(*refusals->items));
    refusals->items[refusals->count++] = *refusal;
}

void refusals_remove(struct refusals *refusals, size_t index)
{
    refusals->count--;
    memmove(&refusals->items[index], &refusals->items[index + 1],
            (refusals->count - index) * sizeof(*refusals->items));
}

bool refusals_are_sought(const struct refusals *refusals)
{
    for (size_t i = 0; i < refusals->count; i++) {
        if (refusals->items[i].is_sought) {
            return true;
        }
    }
    return false;
}

bool refusals_are_doubtful(const struct refusals *refusals)
{
    for (size_t i = 0; i < refusals->count; i++) {
        if (refusals->items[i].is_doubtful) {
            return true;
        }
    }
    return false;
}

/* Something that stays lies within the refused request, so it would have been refused without the split too. */
static bool is_explained(const struct refusals *refusals, const struct refusal *split)
{
    for (size_t i = 0; i < refusals->count; i++) {
        const struct refusal *other = &refusals->items[i];
        if (!other->is_sought && other->unit == split->unit && other->function == split->function &&
            other->first >= split->block_first && other->last <= split->block_last) {
            return true;
        }
    }
    return false;
}

/* Newest first: the innermost split explains those around it. */
void refusals_settle(struct refusals *refusals)
{
    for (size_t i = refusals->count; i > 0; i--) {
        struct refusal *split = &refusals->items[i - 1];
        if (split->is_sought && is_explained(refusals, split)) {
            refusals_remove(refusals, i - 1);
        } else {
            split->is_sought = false;
        }
    }
}
