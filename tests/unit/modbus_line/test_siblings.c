/* SPDX-License-Identifier: Apache-2.0 */
/* siblings: equal devices share, and every setting that a plan depends on keeps two apart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "collectors/modbus/siblings.h"
#include "support/support.h"

static const char *const text =
    "device = \"M\"; class = \"meter\"; confidence = \"high\"; sources = (\"a:b\"); address_base = "
    "0;\n"
    "link: { unit = 1; };\n"
    "points = ( { quantity = \"voltage_a\"; function = 3; address = 1; type = \"u16\"; } );\n";

static struct plan *plan_of(struct siblings *siblings, const struct profile *profile,
                            const struct device_config *device, int64_t fast_ms)
{
    const int64_t period_ms[POLL_CLASS_COUNT] = {fast_ms, 5000, 60000, 0};
    return siblings_plan(siblings, profile, device, period_ms);
}

static void shares_only_what_is_equal(void **state)
{
    (void)state;
    char *folder = test_folder_create();
    char *path = mem_format("%s/m.conf", folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    free(path);
    struct faults *faults = faults_create();
    struct profiles *profiles = profiles_load(folder, faults);
    assert_int_equal(faults_count(faults), 0);
    const struct profile *profile = profiles_find(profiles, "m");
    struct siblings siblings = {0};
    const struct device_config one = {.unit = 1, .ct_ratio = 1, .vt_ratio = 1, .pulse_weight = 1};
    struct device_config other[4] = {one, one, one, one};
    other[0].unit = 2;
    other[1].ct_ratio = 20;
    other[2].vt_ratio = 20;
    other[3].pulse_weight = 20;
    struct plan *plan = plan_of(&siblings, profile, &one, 1000);
    struct plan *twin = plan_of(&siblings, profile, &one, 1000);
    struct plan *slower = plan_of(&siblings, profile, &one, 2000);
    assert_ptr_equal(plan, twin);
    assert_ptr_not_equal(plan, slower);
    for (size_t i = 0; i < ARRAY_SIZE(other); i++) {
        struct plan *apart = plan_of(&siblings, profile, &other[i], 1000);
        assert_ptr_not_equal(plan, apart);
        plan_unref(apart);
    }
    siblings_finish(&siblings);
    size_t count = 0;
    assert_non_null(plan_requests(twin, &count)); /* lives on */
    assert_int_equal(count, 1);
    plan_unref(plan);
    plan_unref(twin);
    plan_unref(slower);
    profiles_destroy(profiles);
    faults_destroy(faults);
    test_folder_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shares_only_what_is_equal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
