/* SPDX-License-Identifier: Apache-2.0 */
/* refusal: the list, and which splits a search leaves behind. */
#include "collectors/modbus/refusal.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

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
