/* SPDX-License-Identifier: Apache-2.0 */
/* token_book: the token file as the daemon knows it, read again when it has changed. Any thread. */
#ifndef LINGTAN_ACCESS_TOKEN_BOOK_H
#define LINGTAN_ACCESS_TOKEN_BOOK_H

#include "access/principal.h"

struct token_book;

/* path is borrowed for life; the file need not be there. "" = there are no tokens. */
struct token_book *token_book_create(const char *path);
void token_book_destroy(struct token_book *book); /* NULL-safe */

/* Whose token it is; false when it is nobody's. A file that is wrong holds no tokens: that is logged once. */
bool token_book_find(struct token_book *book, const char *token, struct principal *out);

#endif
