/* SPDX-License-Identifier: Apache-2.0 */
/* parse: from text to steps, by the grammar of grammar.c. Recursion goes no deeper than EXPR_DEPTH_MAX. */
#include <string.h>

#include "base/mem.h"
#include "config/utf8.h"
#include "expr/draft.h"
#include "expr/function.h"
#include "expr/token.h"

struct parser {
    struct draft *draft;
    struct token token; /* the next one */
    size_t end;         /* of the one before */
    int depth;
};

/* From the weakest; `not` stands between and and comparisons. */
enum level { LEVEL_OR, LEVEL_AND, LEVEL_COMPARE, LEVEL_SUM, LEVEL_PRODUCT };

static const enum level levels[OPERATOR_COUNT] = {
    [OPERATOR_OR] = LEVEL_OR,
    [OPERATOR_AND] = LEVEL_AND,
    [OPERATOR_LESS] = LEVEL_COMPARE,
    [OPERATOR_LESS_EQUAL] = LEVEL_COMPARE,
    [OPERATOR_GREATER] = LEVEL_COMPARE,
    [OPERATOR_GREATER_EQUAL] = LEVEL_COMPARE,
    [OPERATOR_EQUAL] = LEVEL_COMPARE,
    [OPERATOR_NOT_EQUAL] = LEVEL_COMPARE,
    [OPERATOR_ADD] = LEVEL_SUM,
    [OPERATOR_SUBTRACT] = LEVEL_SUM,
    [OPERATOR_MULTIPLY] = LEVEL_PRODUCT,
    [OPERATOR_DIVIDE] = LEVEL_PRODUCT,
};

static bool parse_level(struct parser *parser, enum level level);
static bool parse_operand(struct parser *parser, enum level level);

static bool advance(struct parser *parser)
{
    parser->end = parser->token.end;
    return token_read(parser->draft, parser->token.end, &parser->token);
}

static bool is_next(const struct parser *parser, enum token_kind kind)
{
    return parser->token.kind == kind;
}

static bool is_operator(const struct parser *parser, enum operator_id op)
{
    return is_next(parser, TOKEN_OPERATOR) && parser->token.op == op;
}

static bool unexpected(struct parser *parser, const char *wanted)
{
    const struct token *token = &parser->token;
    if (token->kind == TOKEN_END) {
        draft_fault(parser->draft, token->start, "the text ends where %s should stand", wanted);
    } else {
        draft_fault(parser->draft, token->start, "%.*s stands where %s should",
                    (int)(token->end - token->start), parser->draft->text + token->start, wanted);
    }
    return false;
}

static bool expect(struct parser *parser, enum token_kind kind, const char *wanted)
{
    return is_next(parser, kind) ? advance(parser) : unexpected(parser, wanted);
}

static bool enter(struct parser *parser)
{
    if (parser->depth == EXPR_DEPTH_MAX) {
        draft_fault(parser->draft, parser->token.start,
                    "parentheses, calls and signs stand in each other deeper than %d",
                    EXPR_DEPTH_MAX);
        return false;
    }
    parser->depth++;
    return true;
}

/* A step without operands, of the text from start to what was read last. */
static struct step leaf(const struct parser *parser, enum step_kind kind, size_t start)
{
    return (struct step){.kind = (uint8_t)kind,
                         .first = (uint32_t)parser->draft->count,
                         .start = (uint32_t)start,
                         .end = (uint32_t)parser->end,
                         .at = (uint32_t)start};
}

static uint32_t add_mark(struct parser *parser, enum step_kind kind)
{
    struct step mark = leaf(parser, kind, parser->end);
    return draft_add(parser->draft, &mark);
}

/* ---- Names ---- */

static bool parse_word(struct parser *parser, const char *wanted, struct word *out)
{
    if (!is_next(parser, TOKEN_NAME) && !is_next(parser, TOKEN_STRING)) {
        return unexpected(parser, wanted);
    }
    *out = parser->token.word;
    return advance(parser);
}

static bool parse_item(struct parser *parser, struct word *out)
{
    return expect(parser, TOKEN_DOT, "a point and a name (.active_power)") &&
           parse_word(parser, "the name of a point", out);
}

/* "(" name ")" */
static bool parse_id(struct parser *parser, const char *wanted, struct word *out)
{
    return expect(parser, TOKEN_OPEN, "(") && parse_word(parser, wanted, out) &&
           expect(parser, TOKEN_CLOSE, ")");
}

/* Behind class or devices. */
static bool parse_set(struct parser *parser, const char *word, struct step *step)
{
    bool is_class = strcmp(word, "class") == 0;
    step->kind = STEP_SET;
    return parse_id(parser, is_class ? "a class of devices" : "ids of devices (\"pile-*\")",
                    is_class ? &step->class_word : &step->owner) &&
           parse_item(parser, &step->item);
}

/* Behind node(id).: a set in it or a value of it. */
static bool parse_of_node(struct parser *parser, struct step *step)
{
    if (is_operator(parser, OPERATOR_MULTIPLY)) {
        step->kind = STEP_SET;
        return advance(parser) && parse_item(parser, &step->item);
    }
    bool is_name = is_next(parser, TOKEN_NAME);
    if (!parse_word(parser, "a name or *", &step->item)) {
        return false;
    }
    if (is_name && is_next(parser, TOKEN_OPEN)) {
        const char *word = draft_word(parser->draft, step->item);
        if (strcmp(word, "class") != 0 && strcmp(word, "devices") != 0) {
            return unexpected(parser, "an operator or the end");
        }
        return parse_set(parser, word, step);
    }
    return true;
}

static bool add_reference(struct parser *parser, struct step *step)
{
    step->end = (uint32_t)parser->end;
    (void)draft_add(parser->draft, step);
    return true;
}

static bool parse_node(struct parser *parser, struct step *step)
{
    step->kind = STEP_NODE;
    return parse_id(parser, "the id of a node", &step->node) &&
           expect(parser, TOKEN_DOT, "a point and a name or * (.active_power, .*)") &&
           parse_of_node(parser, step) && add_reference(parser, step);
}

/* ---- Calls ---- */

static void link_marks(struct draft *draft, uint32_t mark, uint32_t partner)
{
    draft->steps[mark].partner = partner;
    draft->steps[partner].partner = mark;
}

static bool parse_argument(struct parser *parser, enum function_form form)
{
    uint32_t begin = form == FORM_SET ? add_mark(parser, STEP_MARK_BEGIN) : 0;
    if (!parse_level(parser, LEVEL_OR)) {
        return false;
    }
    if (form == FORM_SET) {
        link_marks(parser->draft, begin, add_mark(parser, STEP_MARK_END));
    }
    return true;
}

/* Where if() has to jump: behind its condition and behind its first branch. */
static void mark_branch(struct parser *parser, size_t index, uint32_t marks[2])
{
    if (index < 2) {
        marks[index] = add_mark(parser, index == 0 ? STEP_MARK_IF : STEP_MARK_ELSE);
    }
}

static bool parse_arguments(struct parser *parser, enum function_form form, struct step *call,
                            uint32_t marks[2])
{
    if (is_next(parser, TOKEN_CLOSE)) {
        return advance(parser);
    }
    while (call->arity == 0 || is_next(parser, TOKEN_COMMA)) {
        if ((call->arity > 0 && !advance(parser)) || !parse_argument(parser, form)) {
            return false;
        }
        if (form == FORM_IF) {
            mark_branch(parser, call->arity, marks);
        }
        call->arity++;
    }
    return expect(parser, TOKEN_CLOSE, ", or )");
}

static void link_call(struct parser *parser, enum function_form form, const uint32_t marks[2],
                      uint32_t call)
{
    struct step *steps = parser->draft->steps;
    if (form == FORM_SET) {
        link_marks(parser->draft, marks[0], call);
    }
    for (int i = 0; form == FORM_IF && i < 2 && i < steps[call].arity; i++) {
        steps[marks[i]].partner = call;
    }
}

/* The name was read, "(" is next. */
static bool parse_call(struct parser *parser, struct step call)
{
    static const enum step_kind kinds[] = {
        [FORM_CALL] = STEP_CALL, [FORM_SET] = STEP_SET_CALL, [FORM_IF] = STEP_IF};
    call.function = function_find(draft_word(parser->draft, call.owner));
    enum function_form form = call.function ? call.function->form : FORM_CALL;
    uint32_t marks[2] = {0, 0};
    call.kind = (uint8_t)kinds[form];
    if (!enter(parser) || !advance(parser)) {
        return false;
    }
    if (form == FORM_SET) {
        marks[0] = add_mark(parser, STEP_MARK_CALL);
    }
    if (!parse_arguments(parser, form, &call, marks)) {
        return false;
    }
    parser->depth--;
    call.end = (uint32_t)parser->end;
    link_call(parser, form, marks, draft_add(parser->draft, &call));
    return true;
}

/* ---- Values ---- */

static int find_quality(const char *word)
{
    for (unsigned i = 0; i < EXPR_LEFT_OUT; i++) {
        if (strcmp(expr_quality_word(i), word) == 0) {
            return (int)i;
        }
    }
    return -1;
}

static bool add_bare_name(struct parser *parser, struct step *step)
{
    int quality = find_quality(draft_word(parser->draft, step->owner));
    step->kind = STEP_VARIABLE;
    if (quality >= 0) {
        step->kind = STEP_QUALITY;
        step->number = quality;
    }
    return add_reference(parser, step);
}

static bool parse_name(struct parser *parser)
{
    struct step step = leaf(parser, STEP_POINT, parser->token.start);
    step.owner = parser->token.word;
    if (!advance(parser)) {
        return false;
    }
    if (is_next(parser, TOKEN_DOT)) {
        return parse_item(parser, &step.item) && add_reference(parser, &step);
    }
    if (!is_next(parser, TOKEN_OPEN)) {
        return add_bare_name(parser, &step);
    }
    const char *word = draft_word(parser->draft, step.owner);
    if (strcmp(word, "node") == 0) {
        step.owner = (struct word){0};
        return parse_node(parser, &step);
    }
    if (strcmp(word, "class") == 0 || strcmp(word, "devices") == 0) {
        step.owner = (struct word){0};
        return parse_set(parser, word, &step) && add_reference(parser, &step);
    }
    return parse_call(parser, step);
}

static bool parse_quoted(struct parser *parser)
{
    struct step step = leaf(parser, STEP_POINT, parser->token.start);
    step.owner = parser->token.word;
    return advance(parser) && parse_item(parser, &step.item) && add_reference(parser, &step);
}

static bool parse_number(struct parser *parser, size_t start, double sign)
{
    struct token token = parser->token;
    if (!advance(parser)) {
        return false;
    }
    struct step step = leaf(parser, STEP_NUMBER, start);
    step.number = token.number * sign;
    step.unit = token.word;
    (void)draft_add(parser->draft, &step);
    return true;
}

static bool parse_boolean(struct parser *parser)
{
    size_t start = parser->token.start;
    bool is_true = is_next(parser, TOKEN_TRUE);
    if (!advance(parser)) {
        return false;
    }
    struct step step = leaf(parser, STEP_BOOLEAN, start);
    step.number = is_true ? 1 : 0;
    (void)draft_add(parser->draft, &step);
    return true;
}

static bool parse_parentheses(struct parser *parser)
{
    if (!enter(parser) || !advance(parser) || !parse_level(parser, LEVEL_OR) ||
        !expect(parser, TOKEN_CLOSE, "an operator or )")) {
        return false;
    }
    parser->depth--;
    return true;
}

static bool parse_value(struct parser *parser)
{
    switch (parser->token.kind) {
    case TOKEN_NUMBER:
        return parse_number(parser, parser->token.start, 1);
    case TOKEN_TRUE:
    case TOKEN_FALSE:
        return parse_boolean(parser);
    case TOKEN_NAME:
        return parse_name(parser);
    case TOKEN_STRING:
        return parse_quoted(parser);
    case TOKEN_OPEN:
        return parse_parentheses(parser);
    default:
        return unexpected(parser, "a value");
    }
}

/* ---- Operators ---- */

/* The sign or `not` is next. */
static bool parse_prefix(struct parser *parser, enum step_kind kind, enum level level)
{
    size_t start = parser->token.start;
    uint32_t first = (uint32_t)parser->draft->count;
    if (!enter(parser) || !advance(parser)) {
        return false;
    }
    if (kind == STEP_NEGATE && is_next(parser, TOKEN_NUMBER)) {
        parser->depth--;
        return parse_number(parser, start, -1);
    }
    if (!parse_operand(parser, level)) {
        return false;
    }
    parser->depth--;
    struct step step = leaf(parser, kind, start);
    step.first = first;
    step.arity = 1;
    (void)draft_add(parser->draft, &step);
    return true;
}

/* What stands on either side of an operator of the level. */
static bool parse_operand(struct parser *parser, enum level level)
{
    if (level == LEVEL_AND && is_next(parser, TOKEN_NOT)) {
        return parse_prefix(parser, STEP_NOT, LEVEL_AND);
    }
    if (level < LEVEL_PRODUCT) {
        return parse_level(parser, level + 1);
    }
    if (is_operator(parser, OPERATOR_SUBTRACT)) {
        return parse_prefix(parser, STEP_NEGATE, LEVEL_PRODUCT);
    }
    return parse_value(parser);
}

static bool is_of_level(const struct parser *parser, enum level level)
{
    return is_next(parser, TOKEN_OPERATOR) && levels[parser->token.op] == level;
}

/* The operator is next; its left operand begins with step `first`. */
static bool parse_right(struct parser *parser, enum level level, size_t start, uint32_t first)
{
    uint8_t op = parser->token.op;
    size_t at = parser->token.start;
    uint32_t mark = 0;
    if (level <= LEVEL_AND) {
        mark = add_mark(parser, level == LEVEL_AND ? STEP_MARK_AND : STEP_MARK_OR);
    }
    if (!advance(parser) || !parse_operand(parser, level)) {
        return false;
    }
    struct step step = leaf(parser, STEP_BINARY, start);
    step.first = first;
    step.at = (uint32_t)at;
    step.arity = 2;
    step.op = op;
    uint32_t index = draft_add(parser->draft, &step);
    if (level <= LEVEL_AND) {
        parser->draft->steps[mark].partner = index;
    }
    return true;
}

static bool parse_level(struct parser *parser, enum level level)
{
    size_t start = parser->token.start;
    uint32_t first = (uint32_t)parser->draft->count;
    bool is_good = parse_operand(parser, level);
    while (is_good && is_of_level(parser, level)) {
        is_good = parse_right(parser, level, start, first);
        if (is_good && level == LEVEL_COMPARE && is_of_level(parser, level)) {
            draft_fault(parser->draft, parser->token.start,
                        "two comparisons in a row: write a < b and b < c");
            return false;
        }
    }
    return is_good;
}

static bool check_text(struct draft *draft)
{
    const char *wrong = utf8_find_wrong(draft->text);
    if (draft->length > EXPR_TEXT_MAX) {
        draft_fault(draft, EXPR_TEXT_MAX, "the text has %zu bytes; at most %d", draft->length,
                    EXPR_TEXT_MAX);
        return false;
    }
    if (*wrong) {
        draft_fault(draft, (size_t)(wrong - draft->text),
                    "a byte (0x%02x) is no part of UTF-8: save the file as UTF-8",
                    (unsigned char)*wrong);
        return false;
    }
    return true;
}

bool draft_parse(struct draft *draft)
{
    struct parser parser = {.draft = draft};
    if (!check_text(draft) || !token_read(draft, 0, &parser.token)) {
        return false;
    }
    if (is_next(&parser, TOKEN_END)) {
        draft_fault(draft, 0, "the text is empty; an expression is wanted");
        return false;
    }
    if (!parse_level(&parser, LEVEL_OR)) {
        return false;
    }
    return is_next(&parser, TOKEN_END) || unexpected(&parser, "an operator or the end");
}
