/* SPDX-License-Identifier: Apache-2.0 */
/* arguments: of the adversaries: --seed N, --first N --seeds N, --verbose, --no-shrink. LINGTAN_SEEDS is the count when
 * no argument says so. */
#ifndef TESTS_ADVERSARY_ARGUMENTS_H
#define TESTS_ADVERSARY_ARGUMENTS_H

#include <stdbool.h>
#include <stdint.h>

struct arguments {
    uint64_t first;
    uint64_t count;
    bool is_verbose;
    bool stays_large; /* no shrinking */
};

/* Negative: it has printed how to call it. */
int arguments_read(int count, char **words, struct arguments *arguments);

#endif
