/* SPDX-License-Identifier: Apache-2.0 */
/* type: what operators make of types, and how types are told to people. Inside daemon/expr only.
 *
 * All of these get indices of steps, may give the steps a scale so that units meet, and add faults. */
#ifndef LINGTAN_EXPR_TYPE_H
#define LINGTAN_EXPR_TYPE_H

#include "expr/draft.h"

enum { TYPE_WORDS_MAX = 96 };

/* "a power (kW)", "a state", "yes or no". */
void type_describe(const struct type *type, char words[static TYPE_WORDS_MAX]);

/* Converts the value of a step to a unit of the same kind. */
void type_convert(struct draft *draft, uint32_t step, const struct unit *to);

/* A percentage becomes the plain ratio that it is; other values stay. */
void type_plain_ratio(struct draft *draft, uint32_t step);

/* Brings both to one type, that of `left` where it is no literal. `sign` names what joins them and stands at `at`. */
bool type_unify(struct draft *draft, uint32_t left, uint32_t right, size_t at, const char *sign,
                struct type *out);

/* All arguments of a function to one type. */
bool type_unify_all(struct draft *draft, const struct step *call, const uint32_t *arguments,
                    size_t count, struct type *out);

/* Is the step of the kind? A fault says what is wanted. */
bool type_require(struct draft *draft, uint32_t step, enum expr_kind kind, const char *who);

/* The type of a STEP_BINARY; its own scale may be set. */
bool type_binary(struct draft *draft, uint32_t step, uint32_t left, uint32_t right,
                 struct type *out);

#endif
