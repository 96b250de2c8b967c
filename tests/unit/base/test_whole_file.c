/* SPDX-License-Identifier: Apache-2.0 */
/* whole_file: the old content or the new one, and nothing beside it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/whole_file.h"
#include "support/support.h"

static size_t count_files(const char *folder)
{
    size_t count = 0;
    DIR *entries = opendir(folder);
    assert_non_null(entries);
    while (readdir(entries)) {
        count++;
    }
    closedir(entries);
    return count - 2; /* . and .. */
}

static void assert_holds(const char *path, const char *wanted)
{
    char found[64] = "";
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_int_equal(fread(found, 1, sizeof(found) - 1, file), strlen(wanted));
    fclose(file);
    assert_string_equal(found, wanted);
}

static void replaces_a_whole_file(void **state)
{
    (void)state;
    char *folder = test_folder_create();
    char *path = mem_format("%s/file", folder);
    struct stat status;
    assert_int_equal(whole_file_write(path, 0600, -1, "one", 3), 0);
    assert_holds(path, "one");
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_int_equal(whole_file_write(path, 0644, -1, "three", 5), 0);
    assert_holds(path, "three");
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0644);
    assert_int_equal(count_files(folder), 1);
    free(path);
    test_folder_remove(folder);
}

static void leaves_nothing_of_what_fails(void **state)
{
    (void)state;
    char *folder = test_folder_create();
    char *path = mem_format("%s/taken", folder);
    char *inside = mem_format("%s/none/file", folder);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(whole_file_write(path, 0600, -1, "one", 3), -EISDIR);
    assert_int_equal(whole_file_write(inside, 0600, -1, "one", 3), -ENOENT);
    assert_int_equal(count_files(folder), 1);
    free(inside);
    free(path);
    test_folder_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replaces_a_whole_file),
        cmocka_unit_test(leaves_nothing_of_what_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
