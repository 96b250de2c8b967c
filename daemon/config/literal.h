/* SPDX-License-Identifier: Apache-2.0 */
/* literal: numbers as they stand in a file, judged before libconfig 1.5 cuts them to 32 bits without a word. Inside
 * daemon/config only. */
#ifndef LINGTAN_CONFIG_LITERAL_H
#define LINGTAN_CONFIG_LITERAL_H

#include <stddef.h>

enum literal_verdict {
    LITERAL_NONE,      /* no number stands here */
    LITERAL_FINE,      /* libconfig reads it as it is meant */
    LITERAL_WANTS_L,   /* an integer over 32 bits without the suffix L */
    LITERAL_TOO_LARGE, /* an integer over 64 bits */
};

struct literal {
    enum literal_verdict verdict;
    size_t length; /* bytes of the number, suffix included */
};

/* Looks at the number that begins at bytes. Pure. */
struct literal literal_measure(const char *bytes, size_t size);

#endif
