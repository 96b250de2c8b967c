/* SPDX-License-Identifier: Apache-2.0 */
/* set_functions: what is made of the members of a set, one after the other. */
#include <math.h>

#include "expr/function.h"

/* A member without a value, or whose value cannot be, has no part in the number. */
static bool is_usable(struct expr_value member)
{
    return !isnan(member.number) &&
           expr_quality_rank(member.quality) < expr_quality_rank(QUALITY_IMPLAUSIBLE);
}

void total_take(struct total *total, const struct function *function, struct expr_value member)
{
    if (member.quality == EXPR_LEFT_OUT) {
        total->missing++;
        return;
    }
    if (expr_quality_rank(member.quality) > expr_quality_rank(total->quality)) {
        total->quality = member.quality;
    }
    if (!is_usable(member)) {
        total->missing++;
        return;
    }
    total->used++;
    function->take(total, member);
}

static struct expr_value end_number(const struct total *total, double number)
{
    if (total->used == 0) {
        bool is_named = total->quality != QUALITY_OK;
        return (struct expr_value){.number = NAN,
                                   .quality = is_named ? total->quality : EXPR_NO_MEMBERS};
    }
    return (struct expr_value){.number = number, .quality = total->quality};
}

/* Neumaier's sum: what is lost of the smaller number at each step is kept and added at the end, so that a thousand
 * decimals add up to the decimal that people get. */
void sum_take(struct total *total, struct expr_value member)
{
    double sum = total->number + member.number;
    total->lost += fabs(total->number) >= fabs(member.number)
                       ? (total->number - sum) + member.number
                       : (member.number - sum) + total->number;
    total->number = sum;
}

struct expr_value sum_end(const struct total *total)
{
    return end_number(total, total->number + total->lost);
}

void avg_take(struct total *total, struct expr_value member)
{
    sum_take(total, member);
}

struct expr_value avg_end(const struct total *total)
{
    return end_number(total, (total->number + total->lost) / total->used);
}

void min_take(struct total *total, struct expr_value member)
{
    if (total->used == 1 || member.number < total->number) {
        total->number = member.number;
    }
}

struct expr_value min_end(const struct total *total)
{
    return end_number(total, total->number);
}

void max_take(struct total *total, struct expr_value member)
{
    if (total->used == 1 || member.number > total->number) {
        total->number = member.number;
    }
}

struct expr_value max_end(const struct total *total)
{
    return end_number(total, total->number);
}

void count_take(struct total *total, struct expr_value member)
{
    total->number += member.number != 0;
}

struct expr_value count_end(const struct total *total)
{
    return (struct expr_value){.number = total->number, .quality = total->quality};
}

/* number counts those that decide; lost is 2 when one of them is ok, 1 when one is estimated: then the answer is sure,
 * whatever the others are. */
static void take_deciding(struct total *total, struct expr_value member, bool decides)
{
    if (!decides) {
        return;
    }
    total->number++;
    if (expr_is_good(member)) {
        total->lost = fmax(total->lost, member.quality == QUALITY_OK ? 2 : 1);
    }
}

static uint32_t decided_quality(const struct total *total)
{
    if (total->lost > 0) {
        return total->lost > 1 ? QUALITY_OK : QUALITY_ESTIMATED;
    }
    return total->quality;
}

void any_take(struct total *total, struct expr_value member)
{
    take_deciding(total, member, member.number != 0);
}

struct expr_value any_end(const struct total *total)
{
    return (struct expr_value){.number = total->number > 0, .quality = decided_quality(total)};
}

void all_take(struct total *total, struct expr_value member)
{
    take_deciding(total, member, member.number == 0);
}

struct expr_value all_end(const struct total *total)
{
    return (struct expr_value){.number = total->number == 0, .quality = decided_quality(total)};
}
