/* SPDX-License-Identifier: Apache-2.0 */
/* id_map: finds every id among many, replaces, and lets the caller move the strings. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/id_map.h"

enum { MANY = 5000 };

static char names[MANY][16];
static int values[MANY];

static void finds_every_id_among_many(void **state)
{
    (void)state;
    struct id_map map = {0};
    assert_null(id_map_find(&map, "d0"));
    for (int i = 0; i < MANY; i++) {
        snprintf(names[i], sizeof(names[i]), "d%d", i);
        id_map_set(&map, names[i], &values[i]);
    }
    assert_int_equal(map.count, MANY);
    for (int i = 0; i < MANY; i++) {
        char copy[16];
        snprintf(copy, sizeof(copy), "d%d", i);
        assert_ptr_equal(id_map_find(&map, copy), &values[i]);
    }
    assert_null(id_map_find(&map, "d5000"));
    assert_null(id_map_find(&map, ""));
    id_map_finish(&map);
}

static void replaces_value_and_string(void **state)
{
    (void)state;
    struct id_map map = {0};
    char first[] = "meter";
    char second[] = "meter";
    id_map_set(&map, first, &values[0]);
    id_map_set(&map, second, &values[1]);
    memset(first, 'x', sizeof(first) - 1);
    assert_int_equal(map.count, 1);
    assert_ptr_equal(id_map_find(&map, "meter"), &values[1]);
    id_map_finish(&map);
    assert_null(id_map_find(&map, "meter"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_every_id_among_many),
        cmocka_unit_test(replaces_value_and_string),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
