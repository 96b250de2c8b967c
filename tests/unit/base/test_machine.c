/* SPDX-License-Identifier: Apache-2.0 */
/* machine: the mark is the same each time, and another one for another use. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/machine.h"

static void test_mark(void **state)
{
    (void)state;
    char one[MACHINE_MARK_SIZE];
    char again[MACHINE_MARK_SIZE];
    char other[MACHINE_MARK_SIZE];
    machine_mark("/var/lib/lingtan", one);
    machine_mark("/var/lib/lingtan", again);
    machine_mark("/var/lib/lingtan2", other);
    assert_string_equal(one, again);
    assert_string_not_equal(one, other);
    assert_int_equal(strlen(one), 8);
    assert_int_equal(strspn(one, "0123456789abcdef"), 8);
    machine_mark("", other);
    assert_int_equal(strlen(other), 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_mark)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
