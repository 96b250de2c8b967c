/* SPDX-License-Identifier: Apache-2.0 */
/* function: the table of functions. Inside daemon/expr only.
 *
 * A function is a row: its name, how many arguments it takes, what type comes of theirs, and how its value is made. */
#ifndef LINGTAN_EXPR_FUNCTION_H
#define LINGTAN_EXPR_FUNCTION_H

#include "expr/draft.h"

enum function_form {
    FORM_CALL, /* of single values */
    FORM_SET,  /* of sets and single values, member after member */
    FORM_IF,   /* evaluates one of its branches */
};

/* The arguments of a call that is evaluated. */
struct call {
    const struct expr_value *arguments;
    size_t count;
    const struct expr_reader *reader;
    const struct expr_slot
        *slots; /* arguments[i].number is an index here when the argument is a slot */
};

/* What a FORM_SET function has seen so far. */
struct total {
    double number;
    double lost; /* digits that a sum could not hold */
    uint32_t used;
    uint32_t missing;
    uint32_t quality; /* the worst */
};

struct function {
    const char *name;
    const char *usage; /* "round(x), round(x, step)" */
    const char *help;  /* one sentence */
    enum function_form form;
    uint16_t least; /* arguments */
    uint16_t most;
    bool takes_slots; /* its first argument is a point, node value or variable itself */
    /* Checks the types of the arguments, which are indices of steps and none of them wrong. false: faults were added. */
    bool (*type)(struct draft *draft, const struct step *call, const uint32_t *arguments,
                 size_t count, struct type *out);
    struct expr_value (*evaluate)(const struct call *call);      /* FORM_CALL */
    void (*take)(struct total *total, struct expr_value member); /* FORM_SET: usable ones */
    struct expr_value (*end)(const struct total *total);         /* FORM_SET */
};

extern const struct function functions[];
extern const size_t function_count;

const struct function *function_find(const char *name); /* NULL when unknown */

/* Takes a member, or counts it as missing. */
void total_take(struct total *total, const struct function *function, struct expr_value member);

/* set_functions.c: what FORM_SET rows are made of. */
#define SET_FUNCTION(name)                                                                         \
    void name##_take(struct total *total, struct expr_value member);                               \
    struct expr_value name##_end(const struct total *total)
SET_FUNCTION(sum);
SET_FUNCTION(avg);
SET_FUNCTION(min);
SET_FUNCTION(max);
SET_FUNCTION(count);
SET_FUNCTION(any);
SET_FUNCTION(all);
#undef SET_FUNCTION

#endif
