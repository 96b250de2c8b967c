/* SPDX-License-Identifier: Apache-2.0 */
/* check: goes over the steps once: names, types, sets, and whether the result is what is wanted. All faults at once. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "expr/draft.h"
#include "expr/function.h"
#include "expr/type.h"

struct checking {
    struct draft *draft;
    uint32_t *values; /* steps whose values are in hand */
    size_t count;
    uint32_t *
        sets; /* sets not yet joined, of the arguments that are open; those of the outer ones first */
    size_t set_count;
    uint32_t *open; /* where each open argument begins in sets */
    size_t open_count;
};

static const struct type wrong = {.kind = KIND_WRONG};

static bool is_wrong(const struct checking *check, uint32_t step)
{
    return check->draft->steps[step].type.kind == KIND_WRONG;
}

static void check_number(struct draft *draft, struct step *step)
{
    struct unit_wrong what;
    const char *name = draft_word(draft, step->unit);
    step->type = (struct type){.kind = EXPR_NUMBER, .is_literal = true, .unit = unit_one};
    if (step->unit.name == 0) {
        step->type.is_bare = true;
        step->type.is_zero = step->number == 0;
        return;
    }
    int error = unit_parse(name, strlen(name), &step->type.unit, &what);
    if (error == 0) {
        return;
    }
    size_t at = step->unit.at + (size_t)(what.at - name);
    step->type = wrong;
    if (error == -EDOM) {
        draft_fault(draft, at, "%s: in a quotient of units a temperature is a difference, in K",
                    name);
        return;
    }
    const char *words[128] = {0};
    for (size_t i = 0; i + 1 < ARRAY_SIZE(words) && unit_name_at(i); i++) {
        words[i] = unit_name_at(i);
    }
    char *unknown = mem_format("%.*s", (int)what.length, what.at);
    char *nearest = names_nearest(unknown, words);
    const char *hint = what.at != name ? "; a division has spaces around its slash" : "";
    draft_fault(draft, at, "%s is no unit%s%s", unknown, nearest, hint);
    free(nearest);
    free(unknown);
}

/* ---- Sets ---- */

static void check_reference(struct checking *check, uint32_t index)
{
    struct step *step = &check->draft->steps[index];
    if (step->kind != STEP_SET) {
        names_resolve(check->draft, step);
        return;
    }
    select_members(check->draft, step);
    if (check->open_count == 0) {
        draft_fault(check->draft, step->at,
                    "a set stands where one value should: put it into sum(), avg(), min(), max(), "
                    "count(), any() or all()");
        step->type = wrong;
    } else if (step->type.kind != KIND_WRONG) {
        check->sets[check->set_count++] = index;
    }
}

static void open_argument(struct checking *check)
{
    check->open[check->open_count++] = (uint32_t)check->set_count;
}

/* Joins the sets of the argument that ends: they are gone over together. */
static void close_argument(struct checking *check, struct step *end)
{
    struct draft *draft = check->draft;
    uint32_t from = check->open[--check->open_count];
    size_t count = check->set_count - from;
    check->set_count = from;
    if (count > 0) {
        draft->steps[end->partner].members = select_join(draft, &check->sets[from], count);
    }
}

/* ---- Calls ---- */

static void tell_unknown_function(struct draft *draft, const struct step *step)
{
    const char **words = mem_alloc_array(function_count + 1, sizeof(*words));
    for (size_t i = 0; i < function_count; i++) {
        words[i] = functions[i].name;
    }
    const char *name = draft_word(draft, step->owner);
    char *nearest = names_nearest(name, words);
    draft_fault(draft, step->owner.at, "no function is named %s%s", name, nearest);
    free(nearest);
    free(words);
}

static bool check_arity(struct draft *draft, const struct step *step)
{
    const struct function *function = step->function;
    if (!function) {
        tell_unknown_function(draft, step);
        return false;
    }
    if (step->arity < function->least || step->arity > function->most) {
        draft_fault(draft, step->at, "%s() with %u arguments; it is %s", function->name,
                    step->arity, function->usage);
        return false;
    }
    return true;
}

static bool is_readable(const struct step *step)
{
    return step->kind >= STEP_POINT && step->kind <= STEP_SET;
}

static bool take_slot(struct draft *draft, const struct step *call, uint32_t argument)
{
    struct step *step = &draft->steps[argument];
    if (!is_readable(step)) {
        draft_fault(draft, step->start,
                    "%s() takes a point, a node's value or a variable itself, no calculation",
                    call->function->name);
        return false;
    }
    step->is_slot = true;
    return true;
}

static bool is_of_set(const struct draft *draft, const uint32_t *arguments, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (draft->steps[arguments[i]].type.is_set) {
            return true;
        }
    }
    return false;
}

/* A single value has no sum. */
static bool has_several(struct draft *draft, const struct step *call, const uint32_t *arguments)
{
    if (call->arity > 1 || is_of_set(draft, arguments, call->arity)) {
        return true;
    }
    draft_fault(draft, call->at, "%s() of one value; it is %s", call->function->name,
                call->function->usage);
    return false;
}

static bool check_call(struct checking *check, struct step *step, const uint32_t *arguments,
                       struct type *out)
{
    struct draft *draft = check->draft;
    if (!check_arity(draft, step)) {
        return false;
    }
    for (size_t i = 0; i < step->arity; i++) {
        if (is_wrong(check, arguments[i])) {
            return false;
        }
    }
    if (step->kind == STEP_SET_CALL && !has_several(draft, step, arguments)) {
        return false;
    }
    if (step->function->takes_slots && !take_slot(draft, step, arguments[0])) {
        return false;
    }
    *out = (struct type){.is_set = is_of_set(draft, arguments, step->arity)};
    bool is_set = out->is_set && step->kind != STEP_SET_CALL;
    bool is_good = step->function->type(draft, step, arguments, step->arity, out);
    out->is_set = is_set;
    return is_good;
}

/* ---- Steps ---- */

static bool check_negation(struct checking *check, const struct step *step, uint32_t operand,
                           struct type *out)
{
    struct draft *draft = check->draft;
    const struct type *type = &draft->steps[operand].type;
    if (step->kind == STEP_NOT) {
        *out = *type;
        return type_require(draft, operand, EXPR_BOOLEAN, "not");
    }
    if (!type_require(draft, operand, EXPR_NUMBER, "a minus")) {
        return false;
    }
    if (type->unit.is_point) {
        draft_fault(draft, step->at,
                    "a temperature in degC has no opposite; only a number is "
                    "written with a minus: -5 degC");
        return false;
    }
    *out = *type;
    out->is_literal = false;
    out->is_zero = false;
    return true;
}

static bool check_operands(struct checking *check, uint32_t index, const uint32_t *operands,
                           struct type *out)
{
    struct step *step = &check->draft->steps[index];
    if (step->kind >= STEP_IF) {
        return check_call(check, step, operands, out);
    }
    for (size_t i = 0; i < step->arity; i++) {
        if (is_wrong(check, operands[i])) {
            return false;
        }
    }
    if (step->kind == STEP_BINARY) {
        return type_binary(check->draft, index, operands[0], operands[1], out);
    }
    return check_negation(check, step, operands[0], out);
}

static void check_operator(struct checking *check, uint32_t index)
{
    struct step *step = &check->draft->steps[index];
    struct type type = wrong;
    check->count -= step->arity;
    step->type = wrong;
    if (check_operands(check, index, &check->values[check->count], &type)) {
        step->type = type;
    }
}

static void check_value(struct checking *check, uint32_t index)
{
    struct step *step = &check->draft->steps[index];
    switch (step->kind) {
    case STEP_NUMBER:
        check_number(check->draft, step);
        break;
    case STEP_BOOLEAN:
        step->type = (struct type){.kind = EXPR_BOOLEAN};
        break;
    case STEP_QUALITY:
        step->type = (struct type){.kind = EXPR_QUALITY};
        break;
    case STEP_POINT:
    case STEP_NODE:
    case STEP_VARIABLE:
    case STEP_SET:
        check_reference(check, index);
        break;
    default:
        check_operator(check, index);
    }
    check->values[check->count++] = index;
}

static void check_step(struct checking *check, uint32_t index)
{
    struct step *step = &check->draft->steps[index];
    if (step->kind == STEP_MARK_BEGIN) {
        open_argument(check);
    } else if (step->kind == STEP_MARK_END) {
        close_argument(check, step);
    } else if (step->kind < STEP_MARKS) {
        check_value(check, index);
    }
}

/* ---- The whole ---- */

static void check_unit_wanted(struct draft *draft, uint32_t root, const char *name)
{
    struct type wanted = {.kind = EXPR_NUMBER};
    struct unit_wrong what;
    struct type *type = &draft->steps[root].type;
    if (unit_parse(name, strlen(name), &wanted.unit, &what) < 0) {
        draft_fault(draft, 0, "the result is wanted in %s, which is no unit", name);
        return;
    }
    if (type->is_zero && !wanted.unit.is_point) {
        type->unit = wanted.unit;
        return;
    }
    bool is_bare_share = type->is_bare && !unit_is_equal(&wanted.unit, &unit_one);
    if (unit_same_kind(&type->unit, &wanted.unit) && !is_bare_share) {
        type_convert(draft, root, &wanted.unit);
        return;
    }
    char words[TYPE_WORDS_MAX];
    char wanted_words[TYPE_WORDS_MAX];
    type_describe(type, words);
    type_describe(&wanted, wanted_words);
    draft_fault(draft, draft->steps[root].start, "the result is %s; wanted is %s", words,
                wanted_words);
}

static void check_wanted(struct draft *draft, uint32_t root, enum expr_want want, const char *unit)
{
    if (want == EXPR_WANT_BOOLEAN) {
        (void)type_require(draft, root, EXPR_BOOLEAN, "the whole");
    } else if (want == EXPR_WANT_NUMBER && type_require(draft, root, EXPR_NUMBER, "the whole")) {
        check_unit_wanted(draft, root, unit);
    }
}

void draft_check(struct draft *draft, enum expr_want want, const char *unit)
{
    struct checking check = {
        .draft = draft,
        .values = mem_alloc_array(draft->count, sizeof(uint32_t)),
        .sets = mem_alloc_array(draft->count, sizeof(uint32_t)),
        .open = mem_alloc_array(draft->count, sizeof(uint32_t)),
    };
    for (size_t i = 0; i < draft->count; i++) {
        check_step(&check, (uint32_t)i);
    }
    uint32_t root = (uint32_t)draft->count - 1;
    if (!is_wrong(&check, root)) {
        check_wanted(draft, root, want, unit);
    }
    free(check.values);
    free(check.sets);
    free(check.open);
}
