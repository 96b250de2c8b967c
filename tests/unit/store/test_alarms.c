/* SPDX-License-Identifier: Apache-2.0 */
/* Two alarms at once keep a sentence each, and it goes with its alarm. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store/alarms.h"

static struct store_status status_of(struct alarms *alarms)
{
    struct store_status status = {0};
    alarms_copy(alarms, &status);
    return status;
}

static void test_a_sentence_each(void **state)
{
    (void)state;
    struct alarms alarms;
    alarms_init(&alarms);
    alarms_raise(&alarms, STORE_DISK_FULL, "no room in %s", "/a");
    alarms_raise(&alarms, STORE_NEAR_LIMIT, "two days left");
    struct store_status status = status_of(&alarms);
    assert_int_equal(status.alarms, STORE_DISK_FULL | STORE_NEAR_LIMIT);
    assert_string_equal(store_reason(&status, STORE_DISK_FULL), "no room in /a");
    assert_string_equal(store_reason(&status, STORE_NEAR_LIMIT), "two days left");
    assert_string_equal(store_reason(&status, STORE_UNWRITABLE), "");
    alarms_clear(&alarms, STORE_DISK_FULL);
    status = status_of(&alarms);
    assert_string_equal(store_reason(&status, STORE_DISK_FULL), "");
    assert_string_equal(store_reason(&status, STORE_DISK_FULL | STORE_NEAR_LIMIT), "two days left");
    alarms_clear(&alarms, STORE_NEAR_LIMIT);
    status = status_of(&alarms);
    assert_string_equal(store_reason(&status, STORE_DISK_FULL | STORE_NEAR_LIMIT), "");
    alarms_finish(&alarms);
}

static void test_one_sentence_for_several(void **state)
{
    (void)state;
    struct alarms alarms;
    alarms_init(&alarms);
    alarms_raise(&alarms, STORE_STANDING, "since an earlier run");
    const struct store_status status = status_of(&alarms);
    assert_string_equal(store_reason(&status, STORE_JOURNAL_CORRUPT), "since an earlier run");
    assert_string_equal(store_reason(&status, STORE_JOURNAL_SHED), "since an earlier run");
    alarms_finish(&alarms);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_sentence_each),
        cmocka_unit_test(test_one_sentence_for_several),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
