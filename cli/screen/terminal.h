/* SPDX-License-Identifier: Apache-2.0 */
/* terminal: the alternate screen without line editing, and back again. One per process. */
#ifndef LINGTAN_CLI_TERMINAL_H
#define LINGTAN_CLI_TERMINAL_H

#include <stddef.h>

#include "base/text.h"

enum key {
    KEY_NONE,
    KEY_UP,
    KEY_DOWN,
    KEY_PAGE_UP,
    KEY_PAGE_DOWN,
    KEY_HOME,
    KEY_END,
    KEY_QUIT,
};

/* Returns a negative errno when stdin or stdout is no terminal. terminal_leave is safe at any time. */
int terminal_enter(void) MUST_USE;
void terminal_leave(void);

void terminal_size(size_t *columns, size_t *rows); /* 80 x 24 when it is not known */

/* The next key of what was read; *used is how many bytes it took (0: none left, or a sequence cut in two). */
enum key terminal_key(const char *bytes, size_t length, size_t *used);

/* Writes all of it; negative errno when the terminal is gone. */
int terminal_write(const struct text *text) MUST_USE;

#endif
