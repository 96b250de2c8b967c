/* SPDX-License-Identifier: Apache-2.0 */
/* emit: from checked steps to a program.
 *
 * Steps become operations in their order, but for set functions within the arguments of set functions: those are
 * evaluated first and kept, so that `count(SET > avg(SET))` goes over the set twice and not once for each member, and
 * no loop ever runs in another. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "expr/program.h"

struct growing {
    void *items;
    size_t count;
    size_t capacity;
};

struct emission {
    struct draft *draft;
    struct growing ops;       /* of struct op */
    struct growing constants; /* of double */
    struct growing slots;     /* of struct expr_slot */
    struct text words;
    uint32_t *kept; /* by step: where the value of a set function is kept, plus one */
    size_t kept_count;
    int height; /* of the stack */
    int height_most;
};

static void emit_set_call(struct emission *emission, uint32_t mark, bool is_kept);

static size_t grow(struct growing *growing, const void *item, size_t size)
{
    if (growing->count == growing->capacity) {
        growing->capacity = growing->capacity > 0 ? 2 * growing->capacity : 16;
        growing->items = mem_grow(growing->items, growing->capacity, size);
    }
    memcpy((char *)growing->items + growing->count * size, item, size);
    return growing->count++;
}

static struct op *op_at(const struct emission *emission, size_t index)
{
    return (struct op *)emission->ops.items + index;
}

/* change: of the height of the stack. */
static size_t add_op(struct emission *emission, struct op op, int change)
{
    emission->height += change;
    if (emission->height > emission->height_most) {
        emission->height_most = emission->height;
    }
    return grow(&emission->ops, &op, sizeof(op));
}

static uint32_t add_constant(struct emission *emission, double number)
{
    return (uint32_t)grow(&emission->constants, &number, sizeof(number));
}

static void add_scale(struct emission *emission, uint32_t index)
{
    const struct step *step = &emission->draft->steps[index];
    if (step->scale.numerator == step->scale.denominator) {
        return;
    }
    uint32_t at = add_constant(emission, step->scale.numerator);
    (void)add_constant(emission, step->scale.denominator);
    (void)add_op(emission,
                 (struct op){.operation = OPERATION_SCALE, .part = (uint16_t)index, .at = at}, 0);
}

/* A slot that is there already is not read twice by two places. */
static uint32_t add_single_slot(struct emission *emission, struct expr_slot slot)
{
    const struct expr_slot *slots = emission->slots.items;
    for (size_t i = 0; i < emission->slots.count; i++) {
        if (slots[i].owner == slot.owner && slots[i].item == slot.item &&
            slots[i].source == slot.source) {
            return (uint32_t)i;
        }
    }
    return (uint32_t)grow(&emission->slots, &slot, sizeof(slot));
}

static uint32_t add_members(struct emission *emission, const struct step *step)
{
    size_t first = emission->slots.count;
    for (uint32_t i = 0; i < step->members; i++) {
        (void)grow(&emission->slots, &emission->draft->slots[step->slot + i],
                   sizeof(struct expr_slot));
    }
    return (uint32_t)first;
}

static void emit_constant(struct emission *emission, uint32_t index)
{
    struct op op = {.operation = OPERATION_CONSTANT,
                    .part = (uint16_t)index,
                    .at = add_constant(emission, emission->draft->steps[index].number)};
    (void)add_op(emission, op, 1);
}

static void emit_reference(struct emission *emission, uint32_t index)
{
    const struct step *step = &emission->draft->steps[index];
    struct op op = {.part = (uint16_t)index};
    if (step->kind == STEP_SET) {
        op.operation = step->is_slot ? OPERATION_SLOT_MEMBER : OPERATION_READ_MEMBER;
        op.at = add_members(emission, step);
    } else {
        op.operation = step->is_slot ? OPERATION_SLOT : OPERATION_READ;
        op.at = add_single_slot(emission, emission->draft->slots[step->slot]);
    }
    (void)add_op(emission, op, 1);
}

static void emit_binary(struct emission *emission, uint32_t index)
{
    const struct step *step = &emission->draft->steps[index];
    struct op op = {.operation = (uint8_t)(OPERATION_OPERATOR + step->op), .part = (uint16_t)index};
    if (step->op <= OPERATOR_AND) {
        op.operation = step->op == OPERATOR_AND ? OPERATION_AND : OPERATION_OR;
    }
    size_t at = add_op(emission, op, -1);
    for (size_t i = step->first; step->op <= OPERATOR_AND && i < index; i++) {
        const struct step *mark = &emission->draft->steps[i];
        if ((mark->kind == STEP_MARK_AND || mark->kind == STEP_MARK_OR) && mark->partner == index) {
            op_at(emission, mark->slot)->at = (uint32_t)at + 1;
        }
    }
}

/* A jump whose end is not known yet; the mark keeps where it is. */
static void emit_jump(struct emission *emission, uint32_t index, enum operation operation,
                      int change)
{
    struct step *mark = &emission->draft->steps[index];
    struct op op = {.operation = (uint8_t)operation, .part = (uint16_t)mark->partner};
    mark->slot = (uint32_t)add_op(emission, op, change);
}

/* The condition stays below its branch. The jump over the second branch stands right before it: IF_JUMP finds the end
 * there when the condition is not known. */
static void emit_if(struct emission *emission, uint32_t index)
{
    struct step *steps = emission->draft->steps;
    size_t end =
        add_op(emission, (struct op){.operation = OPERATION_IF_END, .part = (uint16_t)index}, -1);
    for (size_t i = steps[index].first; i < index; i++) {
        if (steps[i].partner != index) {
            continue;
        }
        if (steps[i].kind == STEP_MARK_ELSE) {
            op_at(emission, steps[i].slot)->at = (uint32_t)end;
        } else if (steps[i].kind == STEP_MARK_IF) {
            op_at(emission, steps[i].slot)->at = steps[i].members;
        }
    }
}

static void note_branch(struct emission *emission, uint32_t index)
{
    struct step *steps = emission->draft->steps;
    uint32_t owner = steps[index].partner;
    for (uint32_t i = steps[owner].first; i < index; i++) {
        if (steps[i].kind == STEP_MARK_IF && steps[i].partner == owner) {
            steps[i].members = (uint32_t)emission->ops.count;
        }
    }
}

static void emit_call(struct emission *emission, uint32_t index)
{
    const struct step *step = &emission->draft->steps[index];
    struct op op = {.operation = OPERATION_CALL,
                    .part = (uint16_t)index,
                    .count = (uint8_t)step->arity,
                    .at = (uint32_t)(step->function - functions)};
    (void)add_op(emission, op, 1 - (int)step->arity);
}

static void emit_mark(struct emission *emission, uint32_t index)
{
    switch (emission->draft->steps[index].kind) {
    case STEP_MARK_AND:
        emit_jump(emission, index, OPERATION_AND_JUMP, 0);
        break;
    case STEP_MARK_OR:
        emit_jump(emission, index, OPERATION_OR_JUMP, 0);
        break;
    case STEP_MARK_IF:
        emit_jump(emission, index, OPERATION_IF_JUMP, 0);
        break;
    default: /* STEP_MARK_ELSE: the second branch stands where the first one did */
        emit_jump(emission, index, OPERATION_JUMP, -1);
        note_branch(emission, index);
        break;
    }
}

static void emit_step(struct emission *emission, uint32_t index)
{
    const struct step *step = &emission->draft->steps[index];
    struct op op = {.part = (uint16_t)index};
    switch (step->kind) {
    case STEP_NUMBER:
    case STEP_BOOLEAN:
    case STEP_QUALITY:
        emit_constant(emission, index);
        break;
    case STEP_POINT:
    case STEP_NODE:
    case STEP_VARIABLE:
    case STEP_SET:
        emit_reference(emission, index);
        break;
    case STEP_NEGATE:
    case STEP_NOT:
        op.operation = step->kind == STEP_NOT ? OPERATION_NOT : OPERATION_NEGATE;
        (void)add_op(emission, op, 0);
        break;
    case STEP_BINARY:
        emit_binary(emission, index);
        break;
    case STEP_IF:
        emit_if(emission, index);
        break;
    case STEP_CALL:
        emit_call(emission, index);
        break;
    default:
        emit_mark(emission, index);
        return;
    }
    if (!step->is_slot) {
        add_scale(emission, index);
    }
}

/* Set functions met in it are evaluated here, or were before and are loaded. */
static void emit_range(struct emission *emission, uint32_t from, uint32_t to, bool is_argument)
{
    for (uint32_t i = from; i < to; i++) {
        const struct step *step = &emission->draft->steps[i];
        if (step->kind != STEP_MARK_CALL) {
            emit_step(emission, i);
            continue;
        }
        uint32_t call = step->partner;
        if (is_argument) {
            struct op op = {.operation = OPERATION_LOAD,
                            .part = (uint16_t)call,
                            .at = emission->kept[call] - 1};
            (void)add_op(emission, op, 1);
        } else {
            emit_set_call(emission, i, false);
        }
        i = call;
    }
}

/* The set functions within the arguments of the one that begins at `mark`. */
static void emit_inner_calls(struct emission *emission, uint32_t mark)
{
    uint32_t call = emission->draft->steps[mark].partner;
    for (uint32_t i = mark + 1; i < call; i++) {
        if (emission->draft->steps[i].kind == STEP_MARK_CALL) {
            emit_set_call(emission, i, true);
            i = emission->draft->steps[i].partner;
        }
    }
}

static void emit_argument(struct emission *emission, uint32_t begin, uint32_t call)
{
    const struct step *mark = &emission->draft->steps[begin];
    struct op op = {.operation = OPERATION_TAKE, .part = (uint16_t)call};
    if (mark->members > 0) {
        struct op loop = {.operation = OPERATION_LOOP, .part = (uint16_t)call, .at = mark->members};
        op.operation = OPERATION_NEXT;
        op.at = (uint32_t)add_op(emission, loop, 0) + 1;
    }
    emit_range(emission, begin + 1, mark->partner, true);
    (void)add_op(emission, op, -1);
}

static void keep(struct emission *emission, uint32_t call)
{
    struct op op = {
        .operation = OPERATION_STORE, .part = (uint16_t)call, .at = (uint32_t)emission->kept_count};
    (void)add_op(emission, op, -1);
    emission->kept[call] = (uint32_t)++emission->kept_count;
}

static void emit_set_call(struct emission *emission, uint32_t mark, bool is_kept)
{
    const struct step *steps = emission->draft->steps;
    uint32_t call = steps[mark].partner;
    emit_inner_calls(emission, mark);
    struct op op = {.operation = OPERATION_BEGIN,
                    .part = (uint16_t)call,
                    .at = (uint32_t)(steps[call].function - functions)};
    (void)add_op(emission, op, 0);
    for (uint32_t i = mark + 1; i < call; i = steps[i].partner + 1) {
        emit_argument(emission, i, call);
    }
    op.operation = OPERATION_END;
    (void)add_op(emission, op, 1);
    add_scale(emission, call);
    if (is_kept) {
        keep(emission, call);
    }
}

/* ---- One block ---- */

static bool check_limits(struct emission *emission)
{
    struct draft *draft = emission->draft;
    size_t faults = draft->faults->count;
    if (emission->slots.count > EXPR_SLOTS_MAX) {
        draft_fault(draft, 0, "%zu values are read; at most %d", emission->slots.count,
                    EXPR_SLOTS_MAX);
    }
    if (emission->kept_count > EXPR_SET_CALLS_MAX) {
        draft_fault(draft, 0,
                    "%zu calls of sum(), max() and the like stand within the arguments of such "
                    "calls; at most %d",
                    emission->kept_count, EXPR_SET_CALLS_MAX);
    }
    if (emission->height_most > EXPR_STACK_MAX) {
        draft_fault(draft, 0, "%d values wait for each other; at most %d", emission->height_most,
                    EXPR_STACK_MAX);
    }
    return draft->faults->count == faults;
}

static uint16_t add_unit(struct emission *emission, const struct type *type)
{
    char name[UNIT_NAME_MAX] = "";
    if (type->kind == EXPR_NUMBER) {
        unit_name(&type->unit, name);
    }
    for (size_t at = 0; at < emission->words.length; at += strlen(emission->words.data + at) + 1) {
        if (strcmp(emission->words.data + at, name) == 0) {
            return (uint16_t)at;
        }
    }
    size_t at = emission->words.length;
    text_add(&emission->words, name, strlen(name) + 1);
    return (uint16_t)at;
}

static struct part *make_parts(struct emission *emission)
{
    struct draft *draft = emission->draft;
    struct part *parts = mem_alloc_array(draft->count, sizeof(*parts));
    for (size_t i = 0; i < draft->count; i++) {
        const struct step *step = &draft->steps[i];
        parts[i] =
            (struct part){.start = (uint16_t)step->start,
                          .end = (uint16_t)step->end,
                          .first = (uint16_t)step->first,
                          .arity = step->arity,
                          .unit = step->kind < STEP_MARKS ? add_unit(emission, &step->type) : 0,
                          .kind = step->kind,
                          .op = step->op,
                          .value_kind = step->type.kind,
                          .is_set = step->type.is_set};
    }
    return parts;
}

/* Copies to the place in the block and moves the place on; every size before is a multiple of the alignment. */
static const void *put(char **place, const void *bytes, size_t size)
{
    void *at = *place;
    if (size > 0) {
        memcpy(at, bytes, size);
    }
    *place += size;
    return at;
}

static struct expr *pack(struct emission *emission)
{
    const struct draft *draft = emission->draft;
    struct part *parts = make_parts(emission);
    size_t constants = emission->constants.count * sizeof(double);
    size_t ops = emission->ops.count * sizeof(struct op);
    size_t slots = emission->slots.count * sizeof(struct expr_slot);
    size_t part_bytes = draft->count * sizeof(struct part);
    struct expr *expr = mem_alloc(sizeof(*expr) + constants + ops + slots + part_bytes +
                                  emission->words.length + draft->length + 1);
    char *place = (char *)(expr + 1);
    expr->constants = put(&place, emission->constants.items, constants);
    expr->ops = put(&place, emission->ops.items, ops);
    expr->slots = put(&place, emission->slots.items, slots);
    expr->parts = put(&place, parts, part_bytes);
    expr->words = put(&place, emission->words.data, emission->words.length);
    expr->text = put(&place, draft->text, draft->length + 1);
    expr->op_count = emission->ops.count;
    expr->slot_count = emission->slots.count;
    expr->part_count = draft->count;
    expr->height = (size_t)emission->height_most;
    expr->kept_count = emission->kept_count;
    free(parts);
    return expr;
}

struct expr *draft_emit(struct draft *draft)
{
    struct emission emission = {.draft = draft,
                                .kept = mem_alloc_array(draft->count, sizeof(uint32_t))};
    struct expr *expr = NULL;
    emit_range(&emission, 0, (uint32_t)draft->count, false);
    if (check_limits(&emission)) {
        expr = pack(&emission);
    }
    free(emission.kept);
    free(emission.ops.items);
    free(emission.constants.items);
    free(emission.slots.items);
    text_finish(&emission.words);
    return expr;
}
