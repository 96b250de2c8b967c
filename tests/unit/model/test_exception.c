/* SPDX-License-Identifier: Apache-2.0 */
/* test_exception: what is done about a code follows from its row in the table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"

#include <lingtan/exception.h>

static void test_kinds(void **state)
{
    (void)state;
    static const enum exception_kind kinds[] = {
        [1] = EXCEPTION_IS_ABSENT,   [2] = EXCEPTION_IS_ABSENT,   [3] = EXCEPTION_IS_ABSENT,
        [4] = EXCEPTION_IS_FAILURE,  [5] = EXCEPTION_IS_BUSY,     [6] = EXCEPTION_IS_BUSY,
        [10] = EXCEPTION_IS_GATEWAY, [11] = EXCEPTION_IS_GATEWAY,
    };
    for (unsigned code = 0; code <= UINT8_MAX; code++) {
        enum exception_kind kind = code < ARRAY_SIZE(kinds) ? kinds[code] : EXCEPTION_IS_OTHER;
        assert_int_equal(exception_kind((uint8_t)code), kind);
    }
}

static void test_words(void **state)
{
    (void)state;
    assert_string_equal(exception_words(EXCEPTION_ADDRESS), "illegal data address");
    assert_string_equal(exception_words(9), "unknown");
    for (unsigned code = 0; code <= UINT8_MAX; code++) {
        assert_true(exception_advice((uint8_t)code)[0] != '\0');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
