/* SPDX-License-Identifier: Apache-2.0 */
/* value: qualities of values, how bad each is, and what readings may carry of them. */
#include <math.h>

#include "base/mem.h"
#include "expr/expr.h"

struct row {
    const char *word; /* NULL = quality_word */
    unsigned rank;
};

/* The less is known of a value, the higher: an estimate, an old value, a value that cannot be, a calculation that has
 * none, a device that has none, a device that is not there. */
static const struct row rows[EXPR_QUALITY_COUNT] = {
    [QUALITY_OK] = {NULL, 0},
    [QUALITY_ESTIMATED] = {NULL, 1},
    [QUALITY_STALE] = {NULL, 2},
    [QUALITY_IMPLAUSIBLE] = {NULL, 3},
    [QUALITY_LATE] = {NULL, 4},
    [EXPR_NOT_A_NUMBER] = {"not_a_number", 5},
    [EXPR_DIVISION_BY_ZERO] = {"division_by_zero", 6},
    [EXPR_OVERFLOW] = {"overflow", 7},
    [EXPR_NO_MEMBERS] = {"no_members", 8},
    [QUALITY_NOT_IMPLEMENTED] = {NULL, 9},
    [QUALITY_EXCEPTION] = {NULL, 10},
    [QUALITY_BAD_REPLY] = {NULL, 11},
    [QUALITY_TIMEOUT] = {NULL, 12},
    [EXPR_LEFT_OUT] = {"left_out", 13},
};

const char *expr_quality_word(unsigned quality)
{
    if (quality >= EXPR_QUALITY_COUNT) {
        return "unknown";
    }
    return rows[quality].word ? rows[quality].word : quality_word((enum quality)quality);
}

unsigned expr_quality_rank(unsigned quality)
{
    return quality < EXPR_QUALITY_COUNT ? rows[quality].rank : EXPR_QUALITY_COUNT;
}

enum quality expr_quality_outward(unsigned quality)
{
    return quality < QUALITY_COUNT ? (enum quality)quality : QUALITY_IMPLAUSIBLE;
}

bool expr_is_good(struct expr_value value)
{
    return expr_quality_rank(value.quality) <= rows[QUALITY_ESTIMATED].rank && !isnan(value.number);
}

bool expr_is_true(struct expr_value value)
{
    return expr_is_good(value) && value.number != 0;
}
