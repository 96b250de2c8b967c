/* SPDX-License-Identifier: Apache-2.0 */
/* bench: private folders for the tests of configuration. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "base/text.h"
#include "config/memory.h"
#include "support/support.h"

void bench_start(struct bench *bench)
{
    bench->folder = test_folder_create();
    bench->memory = config_memory_create();
    bench->faults = faults_create();
}

void bench_stop(struct bench *bench)
{
    faults_destroy(bench->faults);
    config_memory_destroy(bench->memory);
    test_folder_remove(bench->folder);
}

const char *bench_path(const struct bench *bench, const char *name)
{
    char *path = mem_format("%s/%s", bench->folder, name);
    const char *kept = config_memory_string(bench->memory, path);
    free(path);
    return kept;
}

static void make_folders(const char *path)
{
    char *copy = mem_dup_string(path);
    for (char *slash = strchr(copy + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        (void)mkdir(copy, 0700);
        *slash = '/';
    }
    free(copy);
}

const char *bench_write_bytes(const struct bench *bench, const char *name, const char *bytes,
                              size_t size)
{
    const char *path = bench_path(bench, name);
    make_folders(path);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
    return path;
}

const char *bench_write(const struct bench *bench, const char *name, const char *text)
{
    return bench_write_bytes(bench, name, text, strlen(text));
}

/* The lines as faults_print writes them, without the folder. */
static char *found_lines(const struct bench *bench)
{
    struct text text = {0};
    char *folder = mem_format("%s/", bench->folder);
    size_t count = faults_count(bench->faults);
    for (size_t i = 0; i < count; i++) {
        const char *at = faults_line(bench->faults, i);
        const char *hit = strstr(at, folder);
        while (hit) {
            text_add(&text, at, (size_t)(hit - at));
            at = hit + strlen(folder);
            hit = strstr(at, folder);
        }
        text_add_format(&text, "%s\n", at);
    }
    free(folder);
    return text_take(&text);
}

void bench_expect_at(struct bench *bench, const char *lines, const char *file, int line)
{
    char *found = found_lines(bench);
    if (strcmp(found, lines) != 0) {
        print_error("expected:\n%sfound:\n%s", lines, found);
        free(found);
        _fail(file, line);
    }
    free(found);
    faults_destroy(bench->faults);
    bench->faults = faults_create();
}
