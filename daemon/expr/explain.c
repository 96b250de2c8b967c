/* SPDX-License-Identifier: Apache-2.0 */
/* explain: the parts of a text with the values that they had, the whole first, what it is made of indented below. */
#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/text.h"
#include "expr/program.h"

enum { OPERANDS_MAX = 1000, DIGITS = 10, INDENT = 2 };

struct explanation {
    const struct expr *expr;
    const struct trace *traces;
    struct text *text;
};

static void explain_part(struct explanation *explanation, size_t index, int depth);

static void add_source(struct explanation *explanation, size_t index)
{
    const struct part *part = &explanation->expr->parts[index];
    text_add(explanation->text, explanation->expr->text + part->start,
             (size_t)(part->end - part->start));
}

static bool is_literal(const struct part *part)
{
    return part->kind <= STEP_QUALITY;
}

static void add_number(struct explanation *explanation, const struct part *part, double number)
{
    const char *unit = explanation->expr->words + part->unit;
    text_add_format(explanation->text, "%.*g", DIGITS, number);
    if (part->value_kind == EXPR_NUMBER && !(unit[0] == '1' && unit[1] == '\0')) {
        text_add_format(explanation->text, " %s", unit);
    }
}

static void add_value(struct explanation *explanation, const struct part *part,
                      struct expr_value value)
{
    if (isnan(value.number)) {
        text_add_string(explanation->text, "no value");
    } else if (part->value_kind == EXPR_BOOLEAN) {
        text_add_string(explanation->text, value.number != 0 ? "true" : "false");
    } else if (part->value_kind == EXPR_QUALITY) {
        text_add_string(explanation->text, expr_quality_word((unsigned)value.number));
    } else {
        add_number(explanation, part, value.number);
    }
    if (value.quality != QUALITY_OK) {
        text_add_format(explanation->text, " (%s)", expr_quality_word(value.quality));
    }
}

static void add_members(struct explanation *explanation, const struct trace *trace)
{
    text_add_format(explanation->text, ", %u used", (unsigned)trace->used);
    if (trace->missing > 0) {
        text_add_format(explanation->text, ", %u missing", (unsigned)trace->missing);
    }
}

/* "m1.active_power = 212.4 kW", "a and b: true" */
static void add_result(struct explanation *explanation, size_t index)
{
    const struct part *part = &explanation->expr->parts[index];
    const struct trace *trace = &explanation->traces[index];
    if (!trace->is_known) {
        text_add_string(explanation->text, ": not needed");
        return;
    }
    text_add_string(explanation->text, part->value_kind == EXPR_BOOLEAN ? ": " : " = ");
    add_value(explanation, part, trace->value);
    if (part->kind == STEP_SET_CALL) {
        add_members(explanation, trace);
    }
}

static bool is_comparison(const struct part *part)
{
    return part->kind == STEP_BINARY && part->op >= OPERATOR_LESS && part->op <= OPERATOR_NOT_EQUAL;
}

static bool is_sure(const struct explanation *explanation, size_t index)
{
    return is_literal(&explanation->expr->parts[index]) || explanation->traces[index].is_known;
}

/* The operand before `index` among the parts of `first`.. */
static size_t operand_before(const struct expr *expr, size_t first, size_t index)
{
    while (index > first) {
        index--;
        if (expr->parts[index].kind < STEP_MARKS) {
            return index;
        }
    }
    return first;
}

static void add_side(struct explanation *explanation, size_t index)
{
    const struct part *part = &explanation->expr->parts[index];
    add_source(explanation, index);
    if (!is_literal(part)) {
        text_add_string(explanation->text, " = ");
        add_value(explanation, part, explanation->traces[index].value);
    }
}

/* "m1.active_power = 212.4 kW > 200 kW: true" */
static void add_head(struct explanation *explanation, size_t index)
{
    const struct part *part = &explanation->expr->parts[index];
    if (is_comparison(part) && explanation->traces[index].is_known) {
        size_t right = operand_before(explanation->expr, part->first, index);
        size_t left =
            operand_before(explanation->expr, part->first, explanation->expr->parts[right].first);
        if (is_sure(explanation, left) && is_sure(explanation, right)) {
            add_side(explanation, left);
            text_add_format(explanation->text, " %s ", operator_words[part->op]);
            add_side(explanation, right);
            add_result(explanation, index);
            return;
        }
    }
    add_source(explanation, index);
    add_result(explanation, index);
}

static bool is_sum(const struct part *part)
{
    return part->kind == STEP_BINARY && (part->op == OPERATOR_ADD || part->op == OPERATOR_SUBTRACT);
}

/* Does the operand go on with what it stands in: a term of a sum, a link of a chain of and? Then its own operands are
 * shown in its place. */
static bool continues(const struct part *part, const struct part *operand)
{
    if (operand->kind != STEP_BINARY || part->kind != STEP_BINARY) {
        return false;
    }
    return (is_sum(part) && is_sum(operand)) || (part->op == operand->op && !is_comparison(part));
}

/* A line in a comparison's head says all of a value that is not made of others. */
static bool is_told(const struct part *part, const struct part *operand)
{
    return is_literal(operand) || (is_comparison(part) && operand->arity == 0);
}

/* Operands from the last to the first; chains flat. Returns how many. */
static size_t list_operands(const struct expr *expr, size_t index, size_t *operands)
{
    const struct part *part = &expr->parts[index];
    size_t count = 0;
    size_t before = index;
    size_t first = part->first;
    while (before > first && count < OPERANDS_MAX) {
        size_t operand = operand_before(expr, first, before);
        const struct part *below = &expr->parts[operand];
        if (below->kind >= STEP_MARKS) {
            break;
        }
        bool is_left = below->first == first;
        if (is_left && continues(part, below)) {
            before = operand; /* its own operands are next */
            continue;
        }
        operands[count++] = operand;
        before = below->first;
    }
    return count;
}

static void explain_operands(struct explanation *explanation, size_t index, int depth)
{
    const struct expr *expr = explanation->expr;
    const struct part *part = &expr->parts[index];
    if (part->arity == 0) {
        return;
    }
    size_t *operands = mem_alloc_array(OPERANDS_MAX, sizeof(*operands));
    size_t count = list_operands(expr, index, operands);
    while (count > 0) {
        const struct part *operand = &expr->parts[operands[--count]];
        /* What a set is made of has a value for each member, not one. */
        if (!operand->is_set && !is_told(part, operand)) {
            explain_part(explanation, operands[count], depth + 1);
        } else if (is_comparison(part) && !is_literal(operand)) {
            explain_operands(explanation, operands[count], depth);
        }
    }
    free(operands);
}

static void explain_part(struct explanation *explanation, size_t index, int depth)
{
    text_add_format(explanation->text, "%*s", depth * INDENT, "");
    add_head(explanation, index);
    text_add_char(explanation->text, '\n');
    if (explanation->traces[index].is_known) {
        explain_operands(explanation, index, depth);
    }
}

struct expr_result expr_explain(const struct expr *expr, const struct expr_reader *reader,
                                struct text *text)
{
    struct trace *traces = mem_alloc_array(expr->part_count, sizeof(*traces));
    struct expr_result result = program_run(expr, reader, traces);
    struct explanation explanation = {.expr = expr, .traces = traces, .text = text};
    explain_part(&explanation, expr->part_count - 1, 0);
    free(traces);
    return result;
}
