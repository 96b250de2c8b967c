/* SPDX-License-Identifier: Apache-2.0 */
/* token_file: the tokens by which programs are known, one line each: NAME ROLE MADE SHA-256. A token is 256 random bits,
 * so that its plain hash tells nothing of it; the token itself is shown once and kept nowhere. Lines that begin with #
 * are comments. One thread; several processes may change the file. */
#ifndef LINGTAN_ACCESS_TOKEN_FILE_H
#define LINGTAN_ACCESS_TOKEN_FILE_H

#include <stdint.h>

#include "access/principal.h"
#include "net/digest.h"
#include <lingtan/error.h>

enum {
    TOKEN_BYTES = DIGEST_SIZE,
    TOKEN_TEXT_SIZE = 3 + 2 * TOKEN_BYTES + 1, /* "lt_", hexadecimal digits */
    TOKENS_MAX = 1000,
    TOKEN_WHY_SIZE = 256,
};

struct token_row {
    char name[PRINCIPAL_NAME_SIZE]; /* of a-z A-Z 0-9 . _ - */
    enum role role;
    int64_t made_us; /* wall; 0 = not known */
    uint8_t digest[DIGEST_SIZE];
};

/* All-zero is empty. */
struct token_list {
    struct token_row *rows;
    size_t count;
};
void token_list_finish(struct token_list *list); /* NULL-safe */
const struct token_row *token_list_find(const struct token_list *list, const char *name);

bool token_name_is_good(const char *name);

/* A new token, from the kernel's random numbers. */
int token_make(char out[static TOKEN_TEXT_SIZE]) MUST_USE;

/* Each gives 0 or a negative errno with what is wrong and what to do in why.
 *
 * Reads the file: -ENOENT, -EACCES, ...; -EPERM when others than its owner may write it, or its owner is neither root nor
 * whoever asks (root may read everybody's); -EINVAL at the first line that is no token. */
int token_file_read(const char *path, struct token_list *out,
                    char why[static TOKEN_WHY_SIZE]) MUST_USE;

/* Changes it as a whole or not at all, mode 0600, owned as the folder is when root does it. -EEXIST when there is a token
 * of that name; the folder must be there. */
int token_file_add(const char *path, const struct token_row *row,
                   char why[static TOKEN_WHY_SIZE]) MUST_USE;
/* -ENOENT when there is none of that name. */
int token_file_remove(const char *path, const char *name, char why[static TOKEN_WHY_SIZE]) MUST_USE;

#endif
