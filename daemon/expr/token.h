/* SPDX-License-Identifier: Apache-2.0 */
/* token: the words and signs of a text. Inside daemon/expr only. */
#ifndef LINGTAN_EXPR_TOKEN_H
#define LINGTAN_EXPR_TOKEN_H

#include "expr/draft.h"

enum token_kind {
    TOKEN_END,
    TOKEN_NUMBER, /* with its unit */
    TOKEN_NAME,
    TOKEN_STRING,
    TOKEN_TRUE,
    TOKEN_FALSE,
    TOKEN_NOT,
    TOKEN_OPEN,
    TOKEN_CLOSE,
    TOKEN_COMMA,
    TOKEN_DOT,
    TOKEN_OPERATOR, /* op says which */
};

struct token {
    enum token_kind kind;
    uint8_t op;
    uint32_t start;
    uint32_t end;
    double number;
    struct word word; /* name, string; the unit of a number */
};

/* Reads the token at `at`, behind spaces. false: a fault of syntax was added. */
bool token_read(struct draft *draft, size_t at, struct token *out);

#endif
