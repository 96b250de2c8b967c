/* SPDX-License-Identifier: Apache-2.0 */
/* program: what a text is compiled to. Inside daemon/expr only.
 *
 * A list of operations for a stack of values, operands before what uses them; no operation calls another, so evaluating
 * needs a bounded stack and no recursion. One block of memory, const once made. */
#ifndef LINGTAN_EXPR_PROGRAM_H
#define LINGTAN_EXPR_PROGRAM_H

#include "expr/function.h"

enum operation {
    OPERATION_CONSTANT,    /* pushes constants[at] */
    OPERATION_READ,        /* pushes the value of slots[at] */
    OPERATION_READ_MEMBER, /* pushes that of slots[at + member of the loop] */
    OPERATION_SLOT,        /* pushes at: for functions that take a slot */
    OPERATION_SLOT_MEMBER,
    OPERATION_NEGATE,
    OPERATION_NOT,
    OPERATION_OPERATOR, /* + enum operator_id, for all but or and and */
    OPERATION_AND = OPERATION_OPERATOR + OPERATOR_COUNT,
    OPERATION_OR,
    OPERATION_AND_JUMP, /* to at, when what is on top decides alone */
    OPERATION_OR_JUMP,
    OPERATION_IF_JUMP, /* to at, the second branch, when the condition does not hold */
    OPERATION_JUMP,    /* to at */
    OPERATION_IF_END,  /* joins the condition and its branch */
    OPERATION_SCALE,   /* times constants[at], divided by constants[at + 1] */
    OPERATION_CALL,    /* functions[at] of count values */
    OPERATION_BEGIN,   /* a set function, functions[at] */
    OPERATION_LOOP,    /* over at members */
    OPERATION_NEXT,    /* takes the value of a member; to at while there are more */
    OPERATION_TAKE,    /* takes a single value */
    OPERATION_END,     /* pushes what the set function makes of what it took */
    OPERATION_STORE,   /* pops into kept[at] */
    OPERATION_LOAD,
};

struct op {
    uint8_t operation; /* enum operation */
    uint8_t count;
    uint16_t part; /* whose value is on top then */
    uint32_t at;
};

/* A part of the text, for explanations; one for each step, in the same order. */
struct part {
    uint16_t start; /* of the text, in bytes */
    uint16_t end;
    uint16_t first; /* the first part of all that it is made of */
    uint16_t arity;
    uint16_t unit;      /* offset of its name in words */
    uint8_t kind;       /* enum step_kind */
    uint8_t op;         /* enum operator_id */
    uint8_t value_kind; /* enum expr_kind */
    bool is_set;
};

struct expr {
    const char *text;
    const char *words;
    const struct op *ops;
    size_t op_count;
    const double *constants;
    const struct expr_slot *slots;
    size_t slot_count;
    const struct part *parts;
    size_t part_count;
    size_t height;     /* values in hand at most */
    size_t kept_count; /* values kept for later */
};

/* How a part came out. */
struct trace {
    struct expr_value value;
    uint32_t used; /* of a set function */
    uint32_t missing;
    bool is_known; /* it was evaluated */
};

/* traces: one for each part, zeroed, or NULL. */
struct expr_result program_run(const struct expr *expr, const struct expr_reader *reader,
                               struct trace *traces);

#endif
