/* SPDX-License-Identifier: Apache-2.0 */
/* bench: a private folder with configuration files in it, and what loading them found. Include it after <cmocka.h>. */
#ifndef LINGTAN_TESTS_CONFIG_BENCH_H
#define LINGTAN_TESTS_CONFIG_BENCH_H

#include "site/site.h"

struct bench {
    char *folder;
    struct config_memory *memory;
    struct faults *faults;
};

void bench_start(struct bench *bench);
void bench_stop(struct bench *bench);

/* The path of a file in the folder; lives as long as the bench. */
const char *bench_path(const struct bench *bench, const char *name);

/* Writes the file, folders on its way included, and returns its path. */
const char *bench_write(const struct bench *bench, const char *name, const char *text);
const char *bench_write_bytes(const struct bench *bench, const char *name, const char *bytes,
                              size_t size);

/* Fails unless the faults are exactly these lines, each ended by a newline, the folder's path left out; then forgets
 * them. */
#define bench_expect(bench, lines) bench_expect_at((bench), (lines), __FILE__, __LINE__)
void bench_expect_at(struct bench *bench, const char *lines, const char *file, int line);

#endif
