/* SPDX-License-Identifier: Apache-2.0 */
/* rejects: what was refused can be read later, and the file stays bounded. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "sinks/rejects.h"
#include "support/support.h"

static void test_sets_aside(void **state)
{
    (void)state;
    char *folder = test_folder_create();
    char *path = mem_format("%s/rejected.txt", folder);
    struct rejects rejects;
    rejects_init(&rejects, "influx", path, clock_real());
    rejects_add(&rejects, "a x=1\nb x=2\n", 12, "type conflict");
    assert_int_equal(rejects.count, 2);
    FILE *file = fopen(path, "r");
    char content[256] = "";
    assert_true(fread(content, 1, sizeof(content) - 1, file) > 0);
    fclose(file);
    assert_int_equal(content[0], '#');
    assert_non_null(strstr(content, ": type conflict\na x=1\nb x=2\n"));
    free(path);
    test_folder_remove(folder);
}

static int64_t size_of(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 ? info.st_size : -1;
}

static void test_stays_bounded(void **state)
{
    (void)state;
    char *folder = test_folder_create();
    char *path = mem_format("%s/rejected.txt", folder);
    char *old = mem_format("%s.old", path);
    char *line = mem_format("%99999s\n", "x");
    struct rejects rejects;
    rejects_init(&rejects, "influx", path, clock_real());
    for (int i = 0; i < 35; i++) {
        rejects_add(&rejects, line, strlen(line), "no");
        assert_true(size_of(path) <= REJECTS_FILE_MAX);
    }
    assert_true(size_of(old) > 0 && size_of(old) <= REJECTS_FILE_MAX);
    assert_int_equal(rejects.count, 35);
    free(line);
    free(old);
    free(path);
    test_folder_remove(folder);
}

static void test_without_a_file(void **state)
{
    (void)state;
    struct rejects rejects;
    rejects_init(&rejects, "influx", "", clock_real());
    rejects_add(&rejects, "a\n", 2, "no");
    rejects_init(&rejects, "influx", "/nonexistent/rejected.txt", clock_real());
    rejects_add(&rejects, "a\n", 2, "no");
    assert_int_equal(rejects.count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sets_aside),
        cmocka_unit_test(test_stays_bounded),
        cmocka_unit_test(test_without_a_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
