/* SPDX-License-Identifier: Apache-2.0 */
/* draft: a text on its way to a program. Inside daemon/expr only.
 *
 * Parsing makes a list of steps, operands before what uses them, so that the later passes - names, types, code - go
 * over the list once and never recurse. Marks stand among the steps where code has to jump. */
#ifndef LINGTAN_EXPR_DRAFT_H
#define LINGTAN_EXPR_DRAFT_H

#include "base/text.h"
#include "expr/expr.h"
#include "expr/unit.h"

struct function;

enum step_kind {
    STEP_NUMBER,
    STEP_BOOLEAN,
    STEP_QUALITY,
    STEP_POINT,    /* owner.item */
    STEP_NODE,     /* node(node).item */
    STEP_VARIABLE, /* owner */
    STEP_SET,      /* [node.](*|class|devices).item */
    STEP_NEGATE,
    STEP_NOT,
    STEP_BINARY,
    STEP_IF,
    STEP_CALL,     /* of a function of single values */
    STEP_SET_CALL, /* of a function of sets */
    STEP_MARKS,    /* from here on marks, which have no value */
    STEP_MARK_AND = STEP_MARKS,
    STEP_MARK_OR,
    STEP_MARK_IF,    /* behind the condition */
    STEP_MARK_ELSE,  /* behind the first branch */
    STEP_MARK_CALL,  /* before the first argument of a STEP_SET_CALL */
    STEP_MARK_BEGIN, /* before each of its arguments */
    STEP_MARK_END,   /* behind each of them */
};

enum operator_id {
    OPERATOR_OR,
    OPERATOR_AND,
    OPERATOR_LESS,
    OPERATOR_LESS_EQUAL,
    OPERATOR_GREATER,
    OPERATOR_GREATER_EQUAL,
    OPERATOR_EQUAL,
    OPERATOR_NOT_EQUAL,
    OPERATOR_ADD,
    OPERATOR_SUBTRACT,
    OPERATOR_MULTIPLY,
    OPERATOR_DIVIDE,
    OPERATOR_COUNT
};

extern const char *const operator_words[OPERATOR_COUNT];

enum { KIND_WRONG = EXPR_QUALITY + 1 }; /* beside enum expr_kind: a fault was told */

struct type {
    uint8_t kind;
    bool is_set;      /* a value for each member */
    bool is_bare;     /* a number written without unit, or made of such */
    bool is_literal;  /* one number of the text */
    bool is_zero;     /* 0 without a unit: fits every unit but temperatures */
    struct unit unit; /* EXPR_NUMBER */
};

/* A word of the text: where it is kept without quotes, and where it stands. name 0 = there is none. */
struct word {
    uint32_t name; /* offset in draft.names */
    uint32_t at;   /* offset in the text */
    bool is_quoted;
};

struct step {
    uint8_t kind;
    uint8_t op;       /* STEP_BINARY: enum operator_id */
    uint16_t arity;   /* values it takes */
    uint32_t first;   /* the first step of all that it is made of */
    uint32_t partner; /* marks: the step that they belong to; STEP_SET_CALL: its STEP_MARK_CALL */
    uint32_t start;   /* of the text, in bytes */
    uint32_t end;
    uint32_t at; /* of its operator or name, for faults */
    double number;
    const struct function *function;
    struct word unit; /* STEP_NUMBER */
    struct word owner;
    struct word node;
    struct word class_word;
    struct word item;
    uint32_t slot; /* first in draft.slots */
    uint32_t
        members; /* STEP_SET; STEP_MARK_BEGIN: of the set of the argument, 0 = a single value */
    struct type type;
    struct unit_scale scale; /* applied to its value */
    bool is_slot;            /* the function takes where it is read, not what */
};

struct draft {
    const char *text;
    size_t length;
    const struct expr_scope *scope;
    struct expr_faults *faults;
    struct step *steps;
    size_t count;
    size_t capacity;
    struct text names; /* NUL-terminated words; offset 0 is the empty one */
    struct expr_slot *slots;
    size_t slot_count;
    size_t slot_capacity;
};

void draft_init(struct draft *draft, const char *text, const struct expr_scope *scope,
                struct expr_faults *faults);
void draft_finish(struct draft *draft);

/* Adds a fault at a byte of the text. */
void draft_fault(struct draft *draft, size_t at, const char *format, ...) PRINTF_LIKE(3, 4);

/* Appends a step, whose scale is 1; returns its index. */
uint32_t draft_add(struct draft *draft, const struct step *step);

/* Keeps a word; returns its offset. */
uint32_t draft_name(struct draft *draft, const char *bytes, size_t length);

/* A word as it was kept. Valid until the next is kept. */
const char *draft_word(const struct draft *draft, struct word word);

/* The step that ends right before `index` within `first`.., marks passed over: walks over the operands from the last to
 * the first. SIZE_MAX when there is none. */
size_t draft_operand(const struct step *steps, size_t first, size_t index);

void draft_add_slot(struct draft *draft, struct expr_slot slot);

/* The passes, in this order. Each adds faults; the next is not begun after a fault, but that check_types goes on behind
 * names that are not known. */
bool draft_parse(struct draft *draft); /* false: the one fault of syntax was added */
void draft_check(struct draft *draft, enum expr_want want, const char *unit);
struct expr *draft_emit(struct draft *draft); /* NULL: a fault was added */

/* names.c: finds the point, node value or variable that a step names, sets its type and slot. */
void names_resolve(struct draft *draft, struct step *step);
/* The nearest known name, as "; did you mean X?", or "". Free it. */
char *names_nearest(const char *wrong, const char *const *words);
const struct expr_node *names_node(struct draft *draft, struct word word,
                                   size_t *index); /* NULL: a fault was added */
/* The type of a point; false: it is a text. */
bool type_of_point(const struct point *point, struct type *out);

/* select.c: finds the members of a STEP_SET. */
void select_members(struct draft *draft, struct step *step);
/* Leaves the members that all sets of an argument have; sets: indices of steps. Returns their number, 0 = a fault. */
uint32_t select_join(struct draft *draft, const uint32_t *sets, size_t count);

#endif
