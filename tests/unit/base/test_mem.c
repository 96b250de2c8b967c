/* SPDX-License-Identifier: Apache-2.0 */
/* mem: memory is zeroed, and a request that cannot be met ends the process. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"

static void test_strings(void **state)
{
    (void)state;
    assert_null(mem_dup_string(NULL));
    char *copy = mem_dup_string("行政大院");
    assert_string_equal(copy, "行政大院");
    free(copy);
    char *text = mem_format("%s has %d points", "meter-1", 12);
    assert_string_equal(text, "meter-1 has 12 points");
    free(text);
}

static void test_zeroed_and_grown(void **state)
{
    (void)state;
    int *numbers = mem_alloc_array(4, sizeof(int));
    for (int i = 0; i < 4; i++) {
        assert_int_equal(numbers[i], 0);
        numbers[i] = i;
    }
    numbers = mem_grow(numbers, 1000, sizeof(int));
    assert_int_equal(numbers[3], 3);
    free(numbers);
    void *nothing = mem_alloc_array(0, 8);
    assert_non_null(nothing);
    free(nothing);
}

/* In a child, for it must end; its complaint is not for our output. */
static int end_of(void (*greedy)(void))
{
    pid_t child = fork();
    if (child == 0) {
        signal(SIGABRT, SIG_DFL);
        if (freopen("/dev/null", "w", stderr) != NULL) {
            greedy();
        }
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void overflow_array(void)
{
    free(mem_alloc_array((size_t)1 << 62, 16));
}

static void overflow_grow(void)
{
    free(mem_grow(NULL, (size_t)1 << 62, 16));
}

static void test_overflow_ends_the_process(void **state)
{
    (void)state;
    assert_int_not_equal(end_of(overflow_array), 0);
    assert_int_not_equal(end_of(overflow_grow), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_strings),
        cmocka_unit_test(test_zeroed_and_grown),
        cmocka_unit_test(test_overflow_ends_the_process),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
