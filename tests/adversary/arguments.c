/* SPDX-License-Identifier: Apache-2.0 */
/* arguments: see the header. */
#include "adversary/arguments.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SEEDS = 1000 };

static uint64_t read_number(const char *text)
{
    return text != NULL ? strtoull(text, NULL, 10) : 0;
}

int arguments_read(int count, char **words, struct arguments *arguments)
{
    const char *seeds = getenv("LINGTAN_SEEDS");
    *arguments =
        (struct arguments){.first = 1, .count = seeds != NULL ? read_number(seeds) : SEEDS};
    for (int i = 1; i < count; i++) {
        if (strcmp(words[i], "--verbose") == 0) {
            arguments->is_verbose = true;
        } else if (strcmp(words[i], "--no-shrink") == 0) {
            arguments->stays_large = true;
        } else if (strcmp(words[i], "--seed") == 0 && i + 1 < count) {
            arguments->first = read_number(words[++i]);
            arguments->count = 1;
        } else if (strcmp(words[i], "--first") == 0 && i + 1 < count) {
            arguments->first = read_number(words[++i]);
        } else if (strcmp(words[i], "--seeds") == 0 && i + 1 < count) {
            arguments->count = read_number(words[++i]);
        } else {
            fprintf(stderr,
                    "usage: %s [--seed N | --first N --seeds N] [--verbose] [--no-shrink]\n",
                    words[0]);
            return -1;
        }
    }
    return 0;
}
