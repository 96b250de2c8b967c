/* SPDX-License-Identifier: Apache-2.0 */
/* expr: the one small language of virtual meters, goals, rules and measures (docs/EXPRESSIONS.md).
 *
 * A text is compiled once, when the configuration loads: names are looked up, quantities and units checked, sets
 * expanded. What comes out is immutable and is evaluated as often as is wanted, from any thread, without allocating,
 * locking or waiting. The library reads no value itself: the caller gives it a scope to look names up in and a reader
 * of values. */
#ifndef LINGTAN_EXPR_EXPR_H
#define LINGTAN_EXPR_EXPR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <lingtan/reading.h>

enum {
    EXPR_TEXT_MAX = 4096,    /* bytes of a text */
    EXPR_DEPTH_MAX = 64,     /* of parentheses, calls and signs in each other */
    EXPR_MEMBERS_MAX = 1000, /* of one set */
    EXPR_SLOTS_MAX =
        10000, /* points, node values and variables of one text, sets counted by members */
    EXPR_FAULTS_MAX = 20,    /* of one text that are told */
    EXPR_SET_CALLS_MAX = 64, /* calls of sum(), max(), ... within the arguments of such calls */
    EXPR_STACK_MAX = 512,    /* values in hand at one time */
};

/* ---- What can be named ---- */

enum expr_source {
    EXPR_POINT,    /* owner = index of the device, item = index of its point */
    EXPR_NODE,     /* owner = index of the node, item = index of its value */
    EXPR_VARIABLE, /* owner = index of the variable, item = 0 */
};

/* Where a value comes from. */
struct expr_slot {
    uint32_t owner;
    uint16_t item;
    uint8_t source; /* enum expr_source */
};

/* A value that is no point of a device: of a node, or of the caller. */
struct expr_item {
    const char *name;
    const char *unit; /* "kW", "kWh/m2", "1" for a ratio; "" for a state; "bool" for yes or no */
};

struct expr_node {
    const char *id;
    const char *parent;            /* id; "" = the site */
    const struct expr_item *items; /* `node(id).NAME` */
    size_t item_count;
};

/* What a text can name. All of it is borrowed during the compilation only. */
struct expr_scope {
    const struct device *const *devices;
    size_t device_count;
    /* The index of a device by id, -ENOENT. NULL = the list is searched, which is slow for thousands of texts. */
    int (*find_device)(const void *context, const char *id, size_t *index);
    const void *context;
    const struct expr_node *nodes;
    size_t node_count;
    const struct expr_item *variables;
    size_t variable_count;
};

/* ---- What comes out ---- */

enum expr_kind {
    EXPR_NUMBER,  /* with a unit; "1" = a ratio or a plain number */
    EXPR_BOOLEAN, /* 1 or 0 */
    EXPR_STATE,   /* a whole number that is only compared */
    EXPR_QUALITY, /* what quality() yields */
};

/* Values have the qualities of readings, and these, which come of calculating. */
enum expr_quality {
    EXPR_DIVISION_BY_ZERO = QUALITY_COUNT,
    EXPR_OVERFLOW,     /* larger than a number can be */
    EXPR_NOT_A_NUMBER, /* the reader gave none and said ok */
    EXPR_NO_MEMBERS,   /* no member of a set was left */
    EXPR_LEFT_OUT,     /* by valid(): inside a set only, never a result */
    EXPR_QUALITY_COUNT
};

/* number is NaN when there is no value: then quality says why, and is never ok. A number can be there beside a bad
 * quality: the last one before it went stale, a sum without a member that timed out. */
struct expr_value {
    double number;
    uint32_t quality; /* enum quality or enum expr_quality */
};

struct expr_result {
    struct expr_value value;
    uint32_t used;    /* members of sets that had part in it */
    uint32_t missing; /* those that had no value or were left out */
};

const char *expr_quality_word(unsigned quality); /* "ok", "timeout", ..., "division_by_zero", ... */

/* How bad: 0 = ok. A value that is made of several has the quality of the worst. */
unsigned expr_quality_rank(unsigned quality);

/* What readings may carry: those of calculating are implausible there. */
enum quality expr_quality_outward(unsigned quality);

/* ok or estimated, with a number: what a decision may be built on. */
bool expr_is_good(struct expr_value value);

/* Good and not 0: what a rule may fire on. */
bool expr_is_true(struct expr_value value);

/* Where values are read at the time of evaluation. Both are called from the evaluating thread and must not wait. */
struct expr_reader {
    /* In the unit of the slot. number is NaN where there is none, and quality is one of enum quality. */
    struct expr_value (*read)(const void *context, const struct expr_slot *slot);
    /* How old the newest value is, in us; negative = there never was one. */
    int64_t (*age_us)(const void *context, const struct expr_slot *slot);
    const void *context;
};

/* ---- Compiling ---- */

struct expr_fault {
    size_t column; /* 1-based, in characters */
    char *message; /* what is wrong, what is allowed */
};

/* All-zero is empty. In the order of columns. */
struct expr_faults {
    struct expr_fault items[EXPR_FAULTS_MAX];
    size_t count; /* of items */
    size_t more;  /* that were not kept */
};

void expr_faults_finish(struct expr_faults *faults);

/* What a text has to yield. */
enum expr_want { EXPR_WANT_ANY, EXPR_WANT_NUMBER, EXPR_WANT_BOOLEAN };

struct expr;

/* unit: of EXPR_WANT_NUMBER, the unit that the result is converted to, "1" for a ratio; else NULL. 0, or -EINVAL and
 * faults are added: one of syntax, or all that are wrong otherwise. Nothing of scope and text is kept. */
int expr_compile(const char *text, const struct expr_scope *scope, enum expr_want want,
                 const char *unit, struct expr_faults *faults, struct expr **out) MUST_USE;
void expr_destroy(struct expr *expr); /* NULL-safe */

const char *expr_text(const struct expr *expr);
enum expr_kind expr_kind(const struct expr *expr);
const char *expr_unit(const struct expr *expr); /* of the result: "kW"; "" when it is no number */

/* All that can be read, each once: who depends on what. */
const struct expr_slot *expr_slots(const struct expr *expr, size_t *count);

/* ---- Evaluating ---- */

struct expr_result expr_evaluate(const struct expr *expr, const struct expr_reader *reader);

struct text;
/* Evaluates and appends how the result came about: a line for each part with its value, parts of parts indented, each
 * line ended by a newline. */
struct expr_result expr_explain(const struct expr *expr, const struct expr_reader *reader,
                                struct text *text);

/* ---- Documentation ---- */

const char *expr_grammar(void); /* EBNF, static */

/* Grammar, functions, units and qualities as docs/EXPRESSIONS.md holds them. */
void expr_document(FILE *file);

#endif
