/* SPDX-License-Identifier: Apache-2.0 */
/* evaluate: runs a program. No allocation, no recursion: its stack is bounded by what the compilation allows. */
#include <math.h>
#include <string.h>

#include "expr/program.h"

struct machine {
    const struct expr *expr;
    const struct expr_reader *reader;
    struct trace *traces;
    struct expr_value *top; /* the value in hand that was pushed last */
    size_t at;              /* the next operation */
    uint32_t member;        /* of the loop */
    uint32_t members;
    const struct function *function; /* the set function that is open: never two at a time */
    struct total total;
    struct expr_result result;
    struct expr_value stack[EXPR_STACK_MAX + 1];
    struct expr_value kept[EXPR_SET_CALLS_MAX];
};

static uint32_t worst(uint32_t one, uint32_t other)
{
    return expr_quality_rank(other) > expr_quality_rank(one) ? other : one;
}

static bool is_good_quality(uint32_t quality)
{
    return expr_quality_rank(quality) <= expr_quality_rank(QUALITY_ESTIMATED);
}

/* A number that is none has a quality that says so. */
static struct expr_value settle(double number, uint32_t quality, uint32_t reason)
{
    if (isfinite(number)) {
        return (struct expr_value){.number = number, .quality = quality};
    }
    return (struct expr_value){.number = NAN,
                               .quality = is_good_quality(quality) ? reason : quality};
}

static void push(struct machine *machine, struct expr_value value)
{
    *++machine->top = value;
}

static struct expr_value read_slot(struct machine *machine, size_t at)
{
    struct expr_value value =
        machine->reader->read(machine->reader->context, &machine->expr->slots[at]);
    return settle(value.number, value.quality, EXPR_NOT_A_NUMBER);
}

static double compare(enum operator_id op, double one, double other)
{
    switch (op) {
    case OPERATOR_LESS:
        return one < other;
    case OPERATOR_LESS_EQUAL:
        return one <= other;
    case OPERATOR_GREATER:
        return one > other;
    case OPERATOR_GREATER_EQUAL:
        return one >= other;
    case OPERATOR_EQUAL:
        return one == other;
    default:
        return one != other;
    }
}

static double calculate(enum operator_id op, double one, double other)
{
    switch (op) {
    case OPERATOR_ADD:
        return one + other;
    case OPERATOR_SUBTRACT:
        return one - other;
    case OPERATOR_MULTIPLY:
        return one * other;
    case OPERATOR_DIVIDE:
        return one / other;
    default:
        return isnan(one) || isnan(other) ? NAN : compare(op, one, other);
    }
}

static void run_operator(struct machine *machine, enum operator_id op)
{
    struct expr_value other = *machine->top--;
    struct expr_value one = *machine->top;
    bool is_by_zero = op == OPERATOR_DIVIDE && other.number == 0;
    *machine->top = settle(is_by_zero ? NAN : calculate(op, one.number, other.number),
                           worst(one.quality, other.quality),
                           is_by_zero ? (uint32_t)EXPR_DIVISION_BY_ZERO : (uint32_t)EXPR_OVERFLOW);
}

/* Does the value decide an and (it is false) or an or (it is true), whatever the other is? */
static bool decides(struct expr_value value, bool is_or)
{
    return !isnan(value.number) && (value.number != 0) == is_or;
}

/* Neither was decided well by the left side alone. When one decides, the other is not used; of two that decide the
 * better one is. */
static struct expr_value join_logic(struct expr_value one, struct expr_value other, bool is_or)
{
    bool is_one = decides(one, is_or);
    bool is_other = decides(other, is_or);
    if (is_one && is_other) {
        return worst(one.quality, other.quality) == one.quality ? other : one;
    }
    if (is_one || is_other) {
        return is_one ? one : other;
    }
    return (struct expr_value){.number = isnan(one.number) ? one.number : other.number,
                               .quality = worst(one.quality, other.quality)};
}

static void run_logic(struct machine *machine, bool is_or)
{
    struct expr_value other = *machine->top--;
    *machine->top = join_logic(*machine->top, other, is_or);
}

static void run_logic_jump(struct machine *machine, const struct op *op, bool is_or)
{
    if (decides(*machine->top, is_or) && is_good_quality(machine->top->quality)) {
        machine->at = op->at;
    }
}

/* A condition that is not known has no branch: its quality is the result's. */
static void run_if_jump(struct machine *machine, const struct op *op)
{
    if (isnan(machine->top->number)) {
        push(machine, *machine->top);
        machine->at = machine->expr->ops[op->at - 1].at;
    } else if (machine->top->number == 0) {
        machine->at = op->at;
    }
}

static void run_if_end(struct machine *machine)
{
    struct expr_value branch = *machine->top--;
    branch.quality = worst(branch.quality, machine->top->quality);
    *machine->top = branch;
}

static void run_scale(struct machine *machine, const struct op *op)
{
    const double *scale = &machine->expr->constants[op->at];
    *machine->top =
        settle(machine->top->number * scale[0] / scale[1], machine->top->quality, EXPR_OVERFLOW);
}

static void run_call(struct machine *machine, const struct op *op)
{
    machine->top -= op->count;
    struct call call = {.arguments = machine->top + 1,
                        .count = op->count,
                        .reader = machine->reader,
                        .slots = machine->expr->slots};
    struct expr_value value = functions[op->at].evaluate(&call);
    push(machine, settle(value.number, value.quality, EXPR_OVERFLOW));
}

static void run_begin(struct machine *machine, const struct op *op)
{
    machine->function = &functions[op->at];
    machine->total = (struct total){.quality = QUALITY_OK};
}

static void run_next(struct machine *machine, const struct op *op)
{
    total_take(&machine->total, machine->function, *machine->top--);
    if (++machine->member < machine->members) {
        machine->at = op->at;
    }
}

static void run_end(struct machine *machine, const struct op *op)
{
    struct expr_value value = machine->function->end(&machine->total);
    machine->result.used += machine->total.used;
    machine->result.missing += machine->total.missing;
    push(machine, settle(value.number, value.quality, EXPR_OVERFLOW));
    if (machine->traces) {
        machine->traces[op->part].used = machine->total.used;
        machine->traces[op->part].missing = machine->total.missing;
    }
}

static void run_not(struct machine *machine)
{
    if (!isnan(machine->top->number)) {
        machine->top->number = machine->top->number == 0;
    }
}

/* Operations that jump, loop or call. */
static void run_flow(struct machine *machine, const struct op *op)
{
    switch (op->operation) {
    case OPERATION_AND:
    case OPERATION_OR:
        run_logic(machine, op->operation == OPERATION_OR);
        break;
    case OPERATION_AND_JUMP:
    case OPERATION_OR_JUMP:
        run_logic_jump(machine, op, op->operation == OPERATION_OR_JUMP);
        break;
    case OPERATION_IF_JUMP:
        run_if_jump(machine, op);
        break;
    case OPERATION_JUMP:
        machine->at = op->at;
        break;
    case OPERATION_IF_END:
        run_if_end(machine);
        break;
    case OPERATION_BEGIN:
        run_begin(machine, op);
        break;
    case OPERATION_LOOP:
        machine->member = 0;
        machine->members = op->at;
        break;
    case OPERATION_NEXT:
        run_next(machine, op);
        break;
    case OPERATION_TAKE:
        total_take(&machine->total, machine->function, *machine->top--);
        break;
    case OPERATION_END:
        run_end(machine, op);
        break;
    case OPERATION_STORE:
        machine->kept[op->at] = *machine->top--;
        break;
    default: /* OPERATION_LOAD */
        push(machine, machine->kept[op->at]);
    }
}

static void run_op(struct machine *machine, const struct op *op)
{
    switch (op->operation) {
    case OPERATION_CONSTANT:
        push(machine, (struct expr_value){.number = machine->expr->constants[op->at]});
        break;
    case OPERATION_READ:
        push(machine, read_slot(machine, op->at));
        break;
    case OPERATION_READ_MEMBER:
        push(machine, read_slot(machine, op->at + machine->member));
        break;
    case OPERATION_SLOT:
        push(machine, (struct expr_value){.number = op->at});
        break;
    case OPERATION_SLOT_MEMBER:
        push(machine, (struct expr_value){.number = op->at + machine->member});
        break;
    case OPERATION_NEGATE:
        machine->top->number = -machine->top->number;
        break;
    case OPERATION_NOT:
        run_not(machine);
        break;
    case OPERATION_SCALE:
        run_scale(machine, op);
        break;
    case OPERATION_CALL:
        run_call(machine, op);
        break;
    default:
        if (op->operation < OPERATION_AND) {
            run_operator(machine, (enum operator_id)(op->operation - OPERATION_OPERATOR));
        } else {
            run_flow(machine, op);
        }
    }
}

/* The value on top belongs to the part, unless the operation only jumped, took or stored. */
static bool leaves_value(const struct op *op)
{
    switch (op->operation) {
    case OPERATION_IF_JUMP:
    case OPERATION_JUMP:
    case OPERATION_BEGIN:
    case OPERATION_LOOP:
    case OPERATION_NEXT:
    case OPERATION_TAKE:
    case OPERATION_STORE:
        return false;
    default:
        return true;
    }
}

static void trace(struct machine *machine, const struct op *op)
{
    if (leaves_value(op)) {
        machine->traces[op->part].value = *machine->top;
        machine->traces[op->part].is_known = true;
    }
}

struct expr_result program_run(const struct expr *expr, const struct expr_reader *reader,
                               struct trace *traces)
{
    struct machine machine;
    machine.expr = expr;
    machine.reader = reader;
    machine.traces = traces;
    machine.top = machine.stack;
    machine.function = functions;
    machine.total = (struct total){0};
    machine.member = 0;
    machine.members = 0;
    memset(machine.stack, 0, (expr->height + 1) * sizeof(machine.stack[0]));
    memset(machine.kept, 0, expr->kept_count * sizeof(machine.kept[0]));
    machine.at = 0;
    machine.result = (struct expr_result){0};
    while (machine.at < expr->op_count) {
        const struct op *op = &expr->ops[machine.at++];
        run_op(&machine, op);
        if (traces) {
            trace(&machine, op);
        }
    }
    machine.result.value = *machine.top;
    return machine.result;
}

struct expr_result expr_evaluate(const struct expr *expr, const struct expr_reader *reader)
{
    return program_run(expr, reader, NULL);
}
