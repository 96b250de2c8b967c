/* SPDX-License-Identifier: Apache-2.0 */
/* functions: the table, and the functions of single values. */
#include "expr/function.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "expr/type.h"

enum { BIT_MAX = 31, ANY_NUMBER = 1000 };

static const double us_per_s = 1e6;

/* ---- Types ---- */

static bool type_if(struct draft *draft, const struct step *call, const uint32_t *arguments,
                    size_t count, struct type *out)
{
    (void)call;
    (void)count;
    bool is_good = type_require(draft, arguments[0], EXPR_BOOLEAN, "the condition of if()");
    return type_unify(draft, arguments[1], arguments[2], draft->steps[arguments[2]].start, "if()",
                      out) &&
           is_good;
}

static bool type_abs(struct draft *draft, const struct step *call, const uint32_t *arguments,
                     size_t count, struct type *out)
{
    (void)count;
    if (!type_require(draft, arguments[0], EXPR_NUMBER, "abs()")) {
        return false;
    }
    *out = draft->steps[arguments[0]].type;
    out->is_literal = false;
    out->is_zero = false;
    if (out->unit.is_point) {
        draft_fault(draft, call->at,
                    "abs() takes no temperature in degC, whose zero is no nothing");
        return false;
    }
    return true;
}

/* The step of round(): of the unit, of a temperature in K. */
static bool type_round_step(struct draft *draft, const uint32_t *arguments, struct type *out)
{
    const struct step *step = &draft->steps[arguments[1]];
    if (step->type.is_literal && !(step->number > 0)) {
        draft_fault(draft, step->start, "the step of round() is more than 0");
        return false;
    }
    struct unit unit = out->unit;
    unit.is_point = false;
    if (out->unit.is_point && step->type.kind == EXPR_NUMBER &&
        unit_same_kind(&unit, &step->type.unit)) {
        return true;
    }
    struct type both;
    if (!type_unify(draft, arguments[0], arguments[1], step->start, "round()", &both)) {
        return false;
    }
    out->unit = both.unit;
    return true;
}

static bool type_round(struct draft *draft, const struct step *call, const uint32_t *arguments,
                       size_t count, struct type *out)
{
    (void)call;
    if (!type_require(draft, arguments[0], EXPR_NUMBER, "round()")) {
        return false;
    }
    *out = draft->steps[arguments[0]].type;
    out->is_literal = false;
    out->is_zero = false;
    return count == 1 || type_round_step(draft, arguments, out);
}

static bool type_bit(struct draft *draft, const struct step *call, const uint32_t *arguments,
                     size_t count, struct type *out)
{
    (void)call;
    (void)count;
    const struct step *bit = &draft->steps[arguments[1]];
    bool is_bit = bit->type.is_literal && bit->type.is_bare && bit->number >= 0 &&
                  bit->number <= BIT_MAX && bit->number == trunc(bit->number);
    if (!is_bit) {
        draft_fault(draft, bit->start, "the bit is a whole number from 0 to %d", BIT_MAX);
    }
    out->kind = EXPR_BOOLEAN;
    return type_require(draft, arguments[0], EXPR_STATE, "bit()") && is_bit;
}

static bool type_quality(struct draft *draft, const struct step *call, const uint32_t *arguments,
                         size_t count, struct type *out)
{
    (void)draft;
    (void)call;
    (void)arguments;
    (void)count;
    out->kind = EXPR_QUALITY;
    return true;
}

static bool type_ok(struct draft *draft, const struct step *call, const uint32_t *arguments,
                    size_t count, struct type *out)
{
    (void)draft;
    (void)call;
    (void)arguments;
    (void)count;
    out->kind = EXPR_BOOLEAN;
    return true;
}

static bool type_age(struct draft *draft, const struct step *call, const uint32_t *arguments,
                     size_t count, struct type *out)
{
    (void)draft;
    (void)call;
    (void)arguments;
    (void)count;
    struct unit_wrong wrong;
    out->kind = EXPR_NUMBER;
    return unit_parse("s", 1, &out->unit, &wrong) == 0;
}

static bool type_default(struct draft *draft, const struct step *call, const uint32_t *arguments,
                         size_t count, struct type *out)
{
    return type_unify_all(draft, call, arguments, count, out);
}

static bool type_valid(struct draft *draft, const struct step *call, const uint32_t *arguments,
                       size_t count, struct type *out)
{
    (void)count;
    if (!out->is_set) {
        draft_fault(draft, call->at,
                    "valid() leaves members out of a set, within sum() and the "
                    "like; for one value write default(x, y)");
        return false;
    }
    *out = draft->steps[arguments[0]].type;
    return true;
}

static bool type_numbers(struct draft *draft, const struct step *call, const uint32_t *arguments,
                         size_t count, struct type *out)
{
    bool is_good = true;
    for (size_t i = 0; i < count; i++) {
        is_good = type_require(draft, arguments[i], EXPR_NUMBER, draft_word(draft, call->owner)) &&
                  is_good;
    }
    return is_good && type_unify_all(draft, call, arguments, count, out);
}

static bool type_sum(struct draft *draft, const struct step *call, const uint32_t *arguments,
                     size_t count, struct type *out)
{
    if (!type_numbers(draft, call, arguments, count, out)) {
        return false;
    }
    if (out->unit.is_point) {
        draft_fault(draft, call->at, "temperatures have no sum; allowed are avg(), min(), max()");
        return false;
    }
    return true;
}

/* min() and max() know states as well. */
static bool type_extreme(struct draft *draft, const struct step *call, const uint32_t *arguments,
                         size_t count, struct type *out)
{
    bool is_state = draft->steps[arguments[0]].type.kind == EXPR_STATE;
    return is_state ? type_unify_all(draft, call, arguments, count, out)
                    : type_numbers(draft, call, arguments, count, out);
}

static bool require_booleans(struct draft *draft, const struct step *call,
                             const uint32_t *arguments, size_t count)
{
    bool is_good = true;
    for (size_t i = 0; i < count; i++) {
        is_good = type_require(draft, arguments[i], EXPR_BOOLEAN, draft_word(draft, call->owner)) &&
                  is_good;
    }
    return is_good;
}

static bool type_count(struct draft *draft, const struct step *call, const uint32_t *arguments,
                       size_t count, struct type *out)
{
    *out = (struct type){.kind = EXPR_NUMBER, .unit = unit_one};
    return require_booleans(draft, call, arguments, count);
}

static bool type_any(struct draft *draft, const struct step *call, const uint32_t *arguments,
                     size_t count, struct type *out)
{
    *out = (struct type){.kind = EXPR_BOOLEAN};
    return require_booleans(draft, call, arguments, count);
}

/* ---- Values ---- */

static struct expr_value worse(struct expr_value one, struct expr_value other)
{
    return expr_quality_rank(other.quality) > expr_quality_rank(one.quality) ? other : one;
}

static struct expr_value evaluate_abs(const struct call *call)
{
    struct expr_value value = call->arguments[0];
    value.number = fabs(value.number);
    return value;
}

static struct expr_value evaluate_round(const struct call *call)
{
    struct expr_value value = call->arguments[0];
    if (call->count == 1) {
        value.number = round(value.number);
        return value;
    }
    struct expr_value step = call->arguments[1];
    struct expr_value result = worse(value, step);
    result.number = round(value.number / step.number) * step.number;
    if (step.number == 0) {
        result = worse(result, (struct expr_value){.quality = EXPR_DIVISION_BY_ZERO});
        result.number = NAN;
    }
    return result;
}

static struct expr_value evaluate_bit(const struct call *call)
{
    static const double word_max = 4294967295.0;
    struct expr_value value = call->arguments[0];
    if (!(value.number >= 0 && value.number <= word_max)) {
        bool is_known = !isnan(value.number);
        value.number = NAN;
        return is_known ? worse(value, (struct expr_value){NAN, QUALITY_IMPLAUSIBLE}) : value;
    }
    value.number = (double)(((uint32_t)value.number >> (unsigned)call->arguments[1].number) & 1);
    return value;
}

static struct expr_value evaluate_quality(const struct call *call)
{
    return (struct expr_value){.number = call->arguments[0].quality, .quality = QUALITY_OK};
}

static struct expr_value evaluate_ok(const struct call *call)
{
    return (struct expr_value){.number = call->arguments[0].quality == QUALITY_OK,
                               .quality = QUALITY_OK};
}

static struct expr_value evaluate_age(const struct call *call)
{
    const struct expr_slot *slot = &call->slots[(size_t)call->arguments[0].number];
    int64_t age_us = call->reader->age_us(call->reader->context, slot);
    if (age_us < 0) {
        return (struct expr_value){.number = NAN, .quality = QUALITY_STALE};
    }
    return (struct expr_value){.number = (double)age_us / us_per_s, .quality = QUALITY_OK};
}

static struct expr_value evaluate_default(const struct call *call)
{
    size_t last = call->count - 1;
    for (size_t i = 0; i < last; i++) {
        if (expr_is_good(call->arguments[i])) {
            return call->arguments[i];
        }
    }
    return call->arguments[last];
}

static struct expr_value evaluate_valid(const struct call *call)
{
    struct expr_value value = call->arguments[0];
    return expr_is_good(value) ? value
                               : (struct expr_value){.number = NAN, .quality = EXPR_LEFT_OUT};
}

/* ---- The table ---- */

const struct function functions[] = {
    {.name = "if",
     .usage = "if(c, a, b)",
     .help = "`a` when the condition `c` holds, else `b`; the other one does not spoil the result",
     .form = FORM_IF,
     .least = 3,
     .most = 3,
     .type = type_if},
    {.name = "abs",
     .usage = "abs(x)",
     .help = "`x` without its sign",
     .least = 1,
     .most = 1,
     .type = type_abs,
     .evaluate = evaluate_abs},
    {.name = "round",
     .usage = "round(x) or round(x, step)",
     .help = "`x` to the nearest whole number of its unit, or the nearest multiple of `step`; a "
             "half goes away from zero",
     .least = 1,
     .most = 2,
     .type = type_round,
     .evaluate = evaluate_round},
    {.name = "bit",
     .usage = "bit(state, n)",
     .help = "is bit `n` of a state set? Bit 0 is the lowest",
     .least = 2,
     .most = 2,
     .type = type_bit,
     .evaluate = evaluate_bit},
    {.name = "ok",
     .usage = "ok(x)",
     .help = "has `x` the quality `ok`? Is itself always ok",
     .least = 1,
     .most = 1,
     .type = type_ok,
     .evaluate = evaluate_ok},
    {.name = "quality",
     .usage = "quality(x)",
     .help = "the quality of `x`, to be compared with a quality word. Is itself always ok",
     .least = 1,
     .most = 1,
     .type = type_quality,
     .evaluate = evaluate_quality},
    {.name = "age",
     .usage = "age(point)",
     .help = "the time since the newest value of a point, a node's value or a variable; stale when "
             "there never was one",
     .least = 1,
     .most = 1,
     .takes_slots = true,
     .type = type_age,
     .evaluate = evaluate_age},
    {.name = "default",
     .usage = "default(x, y, ...)",
     .help = "the first that is ok or estimated, else the last; the others do not spoil the result",
     .least = 2,
     .most = 8,
     .type = type_default,
     .evaluate = evaluate_default},
    {.name = "valid",
     .usage = "valid(x)",
     .help = "within a set: leaves out the members whose `x` is neither ok nor estimated",
     .least = 1,
     .most = 1,
     .type = type_valid,
     .evaluate = evaluate_valid},
    {.name = "sum",
     .usage = "sum(set) or sum(a, b, ...)",
     .help = "the sum",
     .form = FORM_SET,
     .least = 1,
     .most = ANY_NUMBER,
     .type = type_sum,
     .take = sum_take,
     .end = sum_end},
    {.name = "avg",
     .usage = "avg(set) or avg(a, b, ...)",
     .help = "the sum divided by the number of members used",
     .form = FORM_SET,
     .least = 1,
     .most = ANY_NUMBER,
     .type = type_numbers,
     .take = avg_take,
     .end = avg_end},
    {.name = "min",
     .usage = "min(set) or min(a, b, ...)",
     .help = "the least",
     .form = FORM_SET,
     .least = 1,
     .most = ANY_NUMBER,
     .type = type_extreme,
     .take = min_take,
     .end = min_end},
    {.name = "max",
     .usage = "max(set) or max(a, b, ...)",
     .help = "the greatest",
     .form = FORM_SET,
     .least = 1,
     .most = ANY_NUMBER,
     .type = type_extreme,
     .take = max_take,
     .end = max_end},
    {.name = "count",
     .usage = "count(condition on a set)",
     .help = "how many members meet the condition",
     .form = FORM_SET,
     .least = 1,
     .most = ANY_NUMBER,
     .type = type_count,
     .take = count_take,
     .end = count_end},
    {.name = "any",
     .usage = "any(condition on a set)",
     .help = "does a member meet the condition? A good one that does is enough",
     .form = FORM_SET,
     .least = 1,
     .most = ANY_NUMBER,
     .type = type_any,
     .take = any_take,
     .end = any_end},
    {.name = "all",
     .usage = "all(condition on a set)",
     .help = "do all members meet the condition? A good one that does not is enough for a no",
     .form = FORM_SET,
     .least = 1,
     .most = ANY_NUMBER,
     .type = type_any,
     .take = all_take,
     .end = all_end},
};

const size_t function_count = ARRAY_SIZE(functions);

const struct function *function_find(const char *name)
{
    for (size_t i = 0; i < function_count; i++) {
        if (strcmp(functions[i].name, name) == 0) {
            return &functions[i];
        }
    }
    return NULL;
}
