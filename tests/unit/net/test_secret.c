/* SPDX-License-Identifier: Apache-2.0 */
/* secret: one line, whole or not at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "net/secret.h"
#include "support/support.h"

static char *folder;

static int set_up(void **state)
{
    (void)state;
    folder = test_folder_create();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    test_folder_remove(folder);
    return 0;
}

static char *write_secret(const char *name, const char *content)
{
    char *path = mem_format("%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    fputs(content, file);
    fclose(file);
    return path;
}

static void check(const char *content, size_t size, int result, const char *expected)
{
    char out[SECRET_SIZE] = "untouched";
    char *path = write_secret("password", content);
    assert_int_equal(secret_read(path, out, size), result);
    if (result == 0) {
        assert_string_equal(out, expected);
    }
    free(path);
}

static void test_first_line(void **state)
{
    (void)state;
    check("geheim", SECRET_SIZE, 0, "geheim");
    check("geheim\n", SECRET_SIZE, 0, "geheim");
    check("geheim\r\nmore\n", SECRET_SIZE, 0, "geheim");
    check(" with space \n", SECRET_SIZE, 0, " with space ");
    check("", SECRET_SIZE, -ENODATA, NULL);
    check("\nsecond\n", SECRET_SIZE, -ENODATA, NULL);
    check("1234567\n", 8, -EMSGSIZE, NULL);
    check("123456\n", 8, 0, "123456");
}

static void test_missing(void **state)
{
    (void)state;
    char out[SECRET_SIZE];
    assert_int_equal(secret_read("/nonexistent/password", out, sizeof(out)), -ENOENT);
}

static void test_credential(void **state)
{
    (void)state;
    char *path = write_secret("mqtt", "from systemd\n");
    char out[SECRET_SIZE];
    setenv("CREDENTIALS_DIRECTORY", folder, 1);
    assert_int_equal(secret_read("mqtt", out, sizeof(out)), 0);
    assert_string_equal(out, "from systemd");
    assert_int_equal(secret_read(path, out, sizeof(out)), 0);
    unsetenv("CREDENTIALS_DIRECTORY");
    assert_int_equal(secret_read("mqtt", out, sizeof(out)), -ENOENT);
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_line),
        cmocka_unit_test(test_missing),
        cmocka_unit_test(test_credential),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
