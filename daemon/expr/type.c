/* SPDX-License-Identifier: Apache-2.0 */
/* type: units and kinds where values meet. */
#include "expr/type.h"

#include <math.h>
#include <stdio.h>

static struct type *type_of(struct draft *draft, uint32_t step)
{
    return &draft->steps[step].type;
}

/* %, ppm */
static bool is_percentage(const struct type *type)
{
    return type->kind == EXPR_NUMBER && unit_is_ratio(&type->unit) &&
           !unit_is_equal(&type->unit, &unit_one);
}

static void describe_number(const struct type *type, char words[static TYPE_WORDS_MAX])
{
    char name[UNIT_NAME_MAX];
    const char *meaning = unit_meaning(&type->unit);
    unit_name(&type->unit, name);
    if (is_percentage(type)) {
        (void)snprintf(words, TYPE_WORDS_MAX, "a share (%s)", name);
    } else if (unit_is_ratio(&type->unit)) {
        (void)snprintf(words, TYPE_WORDS_MAX, "%s", type->is_bare ? meaning : "a ratio");
    } else {
        (void)snprintf(words, TYPE_WORDS_MAX, "%s (%s)", meaning ? meaning : "an amount", name);
    }
}

void type_describe(const struct type *type, char words[static TYPE_WORDS_MAX])
{
    static const char *const kinds[] = {
        [EXPR_BOOLEAN] = "yes or no", [EXPR_STATE] = "a state", [EXPR_QUALITY] = "a quality"};
    if (type->kind == EXPR_NUMBER) {
        describe_number(type, words);
    } else {
        (void)snprintf(words, TYPE_WORDS_MAX, "%s", kinds[type->kind]);
    }
}

void type_convert(struct draft *draft, uint32_t index, const struct unit *to)
{
    struct step *step = &draft->steps[index];
    struct unit_scale scale = unit_scale(&step->type.unit, to);
    if (step->kind == STEP_NUMBER) {
        step->number = step->number * scale.numerator / scale.denominator;
    } else {
        step->scale.numerator *= scale.numerator;
        step->scale.denominator *= scale.denominator;
    }
    step->type.unit = *to;
}

void type_plain_ratio(struct draft *draft, uint32_t step)
{
    if (is_percentage(type_of(draft, step))) {
        type_convert(draft, step, &unit_one);
    }
}

/* ---- Two of one type ---- */

static void add_written_so(struct text *text, const struct step *number, const struct unit *unit)
{
    char name[UNIT_NAME_MAX];
    unit_name(unit, name);
    text_add_format(text, "; write %.15g %s", number->number, name);
}

/* What to do about it, when one side is a number of the text. */
static void add_remedy(struct text *text, const struct draft *draft, uint32_t left, uint32_t right)
{
    const struct step *one = &draft->steps[left];
    const struct step *other = &draft->steps[right];
    if (one->type.kind != EXPR_NUMBER || other->type.kind != EXPR_NUMBER) {
        return;
    }
    if (other->type.is_literal && other->type.is_bare) {
        add_written_so(text, other, &one->type.unit);
    } else if (one->type.is_literal && one->type.is_bare) {
        add_written_so(text, one, &other->type.unit);
    } else if (one->type.unit.powers[BASE_TEMPERATURE] == 1 &&
               other->type.unit.powers[BASE_TEMPERATURE] == 1) {
        text_add_string(text, "; a temperature is in degC, a difference of two in K");
    } else {
        char name[UNIT_NAME_MAX];
        unit_name(&one->type.unit, name);
        text_add_format(text, "; allowed beside %s: ", name);
        unit_add_allowed(text, &one->type.unit);
    }
}

static bool do_not_meet(struct draft *draft, uint32_t left, uint32_t right, size_t at,
                        const char *sign)
{
    char one[TYPE_WORDS_MAX];
    char other[TYPE_WORDS_MAX];
    struct text remedy = {0};
    type_describe(type_of(draft, left), one);
    type_describe(type_of(draft, right), other);
    add_remedy(&remedy, draft, left, right);
    draft_fault(draft, at, "%s joins %s and %s, which are not of one kind%s", sign, one, other,
                remedy.data ? remedy.data : "");
    text_finish(&remedy);
    return false;
}

/* 60 beside a humidity in % would be 6000 %: no one means that. */
static bool is_bare_beside_percentage(const struct type *one, const struct type *other)
{
    return (one->is_bare && is_percentage(other)) || (other->is_bare && is_percentage(one));
}

static void unify_units(struct draft *draft, uint32_t left, uint32_t right)
{
    if (type_of(draft, left)->is_literal && !type_of(draft, right)->is_literal) {
        type_convert(draft, left, &type_of(draft, right)->unit);
    } else {
        type_convert(draft, right, &type_of(draft, left)->unit);
    }
}

static bool fits_any(const struct type *zero, const struct type *other)
{
    return zero->is_zero && other->kind == EXPR_NUMBER && !other->unit.is_point;
}

/* A state meets states and whole numbers. */
static bool meets_state(const struct draft *draft, uint32_t state, uint32_t other)
{
    const struct step *step = &draft->steps[other];
    bool is_whole =
        step->type.is_literal && step->type.is_bare && step->number == trunc(step->number);
    return draft->steps[state].type.kind == EXPR_STATE &&
           (step->type.kind == EXPR_STATE || is_whole);
}

static bool meets(const struct type *one, const struct type *other)
{
    if (one->kind != other->kind) {
        return false;
    }
    return one->kind != EXPR_NUMBER ||
           (unit_same_kind(&one->unit, &other->unit) && !is_bare_beside_percentage(one, other));
}

static struct type joined(const struct type *one, const struct type *other)
{
    struct type type = *one;
    type.is_set = one->is_set || other->is_set;
    type.is_bare = one->is_bare && other->is_bare;
    type.is_literal = false;
    type.is_zero = false;
    return type;
}

bool type_unify(struct draft *draft, uint32_t left, uint32_t right, size_t at, const char *sign,
                struct type *out)
{
    struct type *one = type_of(draft, left);
    struct type *other = type_of(draft, right);
    if (fits_any(one, other) || meets_state(draft, right, left)) {
        *out = joined(other, one);
    } else if (fits_any(other, one) || meets_state(draft, left, right)) {
        *out = joined(one, other);
    } else if (meets(one, other)) {
        if (one->kind == EXPR_NUMBER) {
            unify_units(draft, left, right);
        }
        *out = joined(one, other);
    } else {
        return do_not_meet(draft, left, right, at, sign);
    }
    return true;
}

/* The argument that the others follow: the first that is no number of the text. */
static uint32_t find_leader(const struct draft *draft, const uint32_t *arguments, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!draft->steps[arguments[i]].type.is_literal) {
            return arguments[i];
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (!draft->steps[arguments[i]].type.is_zero) {
            return arguments[i];
        }
    }
    return arguments[0];
}

bool type_unify_all(struct draft *draft, const struct step *call, const uint32_t *arguments,
                    size_t count, struct type *out)
{
    uint32_t leader = find_leader(draft, arguments, count);
    struct type type = *type_of(draft, leader);
    bool is_good = true;
    type.is_literal = false;
    type.is_zero = false;
    for (size_t i = 0; i < count; i++) {
        struct type both;
        if (arguments[i] == leader) {
            continue;
        }
        size_t at = draft->steps[arguments[i]].start;
        if (type_unify(draft, leader, arguments[i], at, draft_word(draft, call->owner), &both)) {
            type.is_set = type.is_set || both.is_set;
            type.is_bare = type.is_bare && both.is_bare;
        } else {
            is_good = false;
        }
    }
    *out = type;
    return is_good;
}

bool type_require(struct draft *draft, uint32_t step, enum expr_kind kind, const char *who)
{
    static const char *const wanted[] = {[EXPR_NUMBER] = "a number",
                                         [EXPR_BOOLEAN] = "yes or no, such as a comparison",
                                         [EXPR_STATE] = "a state",
                                         [EXPR_QUALITY] = "a quality"};
    char words[TYPE_WORDS_MAX];
    const struct type *type = type_of(draft, step);
    if (type->kind == kind) {
        return true;
    }
    type_describe(type, words);
    draft_fault(draft, draft->steps[step].start, "%s takes %s; this is %s", who, wanted[kind],
                words);
    return false;
}

/* ---- Operators ---- */

static const char *word_of(const struct draft *draft, uint32_t step)
{
    return operator_words[draft->steps[step].op];
}

static size_t place_of(const struct draft *draft, uint32_t step)
{
    return draft->steps[step].at;
}

static bool are_numbers(struct draft *draft, uint32_t step, uint32_t left, uint32_t right)
{
    bool is_good = type_require(draft, left, EXPR_NUMBER, word_of(draft, step));
    return type_require(draft, right, EXPR_NUMBER, word_of(draft, step)) && is_good;
}

static bool is_difference(const struct type *type)
{
    struct unit kelvin = type->unit;
    kelvin.is_point = true;
    return !type->unit.is_point && kelvin.powers[BASE_TEMPERATURE] == 1 &&
           unit_meaning(&kelvin) != NULL;
}

/* One of them is a temperature in degC. */
static bool add_temperatures(struct draft *draft, uint32_t step, uint32_t left, uint32_t right,
                             struct type *out)
{
    const struct type *one = type_of(draft, left);
    const struct type *other = type_of(draft, right);
    bool is_sum = draft->steps[step].op == OPERATOR_ADD;
    *out = joined(one, other);
    if (one->unit.is_point && other->unit.is_point) {
        out->unit.is_point = false;
        if (is_sum) {
            draft_fault(draft, place_of(draft, step),
                        "two temperatures cannot be added; a difference to add is in K");
        }
        return !is_sum;
    }
    if (one->unit.is_point && is_difference(other)) {
        return true;
    }
    if (is_sum && is_difference(one)) {
        out->unit = other->unit;
        return true;
    }
    return do_not_meet(draft, left, right, place_of(draft, step), word_of(draft, step));
}

static bool type_sum(struct draft *draft, uint32_t step, uint32_t left, uint32_t right,
                     struct type *out)
{
    if (!are_numbers(draft, step, left, right)) {
        return false;
    }
    if (type_of(draft, left)->unit.is_point || type_of(draft, right)->unit.is_point) {
        return add_temperatures(draft, step, left, right, out);
    }
    return type_unify(draft, left, right, place_of(draft, step), word_of(draft, step), out);
}

static bool is_no_temperature(struct draft *draft, uint32_t step, uint32_t side)
{
    if (!type_of(draft, side)->unit.is_point) {
        return true;
    }
    draft_fault(draft, place_of(draft, step),
                "%s takes no temperature in degC, whose zero is no nothing; subtract another one "
                "first: the difference is in K",
                word_of(draft, step));
    return false;
}

/* Gives the result the unit that people use for its kind. */
static void prefer_unit(struct draft *draft, uint32_t step, struct type *out)
{
    struct unit preferred = unit_is_ratio(&out->unit) ? unit_one : unit_preferred(&out->unit);
    struct unit_scale scale = unit_scale(&out->unit, &preferred);
    draft->steps[step].scale = scale;
    out->unit = preferred;
}

/* A share of a share is in the unit of one of them, a share of anything else in that thing's. */
static void plain_for_product(struct draft *draft, uint32_t left, uint32_t right)
{
    bool is_right_plain = unit_is_equal(&type_of(draft, right)->unit, &unit_one);
    if (!is_right_plain) {
        type_plain_ratio(draft, left);
    }
    if (!unit_is_ratio(&type_of(draft, left)->unit)) {
        type_plain_ratio(draft, right);
    }
}

static bool type_product(struct draft *draft, uint32_t step, uint32_t left, uint32_t right,
                         struct type *out)
{
    if (!are_numbers(draft, step, left, right) || !is_no_temperature(draft, step, left) ||
        !is_no_temperature(draft, step, right)) {
        return false;
    }
    bool is_product = draft->steps[step].op == OPERATOR_MULTIPLY;
    if (is_product) {
        plain_for_product(draft, left, right);
    } else {
        type_plain_ratio(draft, right);
        if (!unit_is_equal(&type_of(draft, right)->unit, &unit_one)) {
            type_plain_ratio(draft, left);
        }
    }
    const struct type *one = type_of(draft, left);
    const struct type *other = type_of(draft, right);
    *out = joined(one, other);
    if ((is_product ? unit_multiply : unit_divide)(&one->unit, &other->unit, &out->unit) < 0) {
        draft_fault(draft, place_of(draft, step), "%s makes a unit that nothing is measured in",
                    word_of(draft, step));
        return false;
    }
    /* A share of a plain number stays a share. */
    if (!is_percentage(out)) {
        prefer_unit(draft, step, out);
    }
    return true;
}

static bool is_division_by_nothing(struct draft *draft, uint32_t step, uint32_t right)
{
    const struct step *divisor = &draft->steps[right];
    if (draft->steps[step].op != OPERATOR_DIVIDE || !divisor->type.is_literal ||
        divisor->number != 0) {
        return false;
    }
    draft_fault(draft, place_of(draft, step), "a division by 0");
    return true;
}

static bool type_comparison(struct draft *draft, uint32_t step, uint32_t left, uint32_t right,
                            struct type *out)
{
    uint8_t op = draft->steps[step].op;
    struct type both;
    if (!type_unify(draft, left, right, place_of(draft, step), word_of(draft, step), &both)) {
        return false;
    }
    bool is_ordered = both.kind == EXPR_NUMBER || both.kind == EXPR_STATE;
    if (!is_ordered && op != OPERATOR_EQUAL && op != OPERATOR_NOT_EQUAL) {
        char words[TYPE_WORDS_MAX];
        type_describe(&both, words);
        draft_fault(draft, place_of(draft, step),
                    "%s: %s has no order; allowed are == and !=", word_of(draft, step), words);
        return false;
    }
    *out = (struct type){.kind = EXPR_BOOLEAN, .is_set = both.is_set};
    return true;
}

static bool type_logic(struct draft *draft, uint32_t step, uint32_t left, uint32_t right,
                       struct type *out)
{
    bool is_good = type_require(draft, left, EXPR_BOOLEAN, word_of(draft, step));
    is_good = type_require(draft, right, EXPR_BOOLEAN, word_of(draft, step)) && is_good;
    *out = (struct type){.kind = EXPR_BOOLEAN,
                         .is_set = type_of(draft, left)->is_set || type_of(draft, right)->is_set};
    return is_good;
}

bool type_binary(struct draft *draft, uint32_t step, uint32_t left, uint32_t right,
                 struct type *out)
{
    switch (draft->steps[step].op) {
    case OPERATOR_OR:
    case OPERATOR_AND:
        return type_logic(draft, step, left, right, out);
    case OPERATOR_ADD:
    case OPERATOR_SUBTRACT:
        return type_sum(draft, step, left, right, out);
    case OPERATOR_MULTIPLY:
    case OPERATOR_DIVIDE:
        return !is_division_by_nothing(draft, step, right) &&
               type_product(draft, step, left, right, out);
    default:
        return type_comparison(draft, step, left, right, out);
    }
}
