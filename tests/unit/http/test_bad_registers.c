/* SPDX-License-Identifier: Apache-2.0 */
/* test_bad_registers: what devices refuse, as the API shows it, and asking for it again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "world.h"

static const char path[] = "/api/v1/bad-registers";

static int setup(void **state)
{
    struct world *world = mem_alloc(sizeof(*world));
    world_start(world, true);
    *state = world;
    return 0;
}

static int setup_without_store(void **state)
{
    struct world *world = mem_alloc(sizeof(*world));
    world_start(world, false);
    *state = world;
    return 0;
}

static int teardown(void **state)
{
    world_stop(*state);
    free(*state);
    return 0;
}

static void note(struct world *world, const char *device, uint16_t first, bool is_split)
{
    struct bad_register row = {
        .unit = 3,
        .function = 4,
        .quality = QUALITY_EXCEPTION,
        .exception = 2,
        .is_split = is_split,
        .first = first,
        .last = (uint16_t)(first + 1),
        .first_printed = 30001 + first,
        .last_printed = 30002 + first,
        .since_us = 1795420800000000,
        .next_try_us = 1795507200000000,
    };
    (void)snprintf(row.device, sizeof(row.device), "%s", device);
    store_note_bad_register(world->store, &row, false);
}

static void check(const json_t *row, const char *device, int first, const char *kind)
{
    assert_string_equal(json_string_value(json_object_get(row, "device")), device);
    assert_int_equal(json_integer_value(json_object_get(row, "unit")), 3);
    assert_int_equal(json_integer_value(json_object_get(row, "function")), 4);
    assert_int_equal(json_integer_value(json_object_get(row, "address")), first);
    assert_int_equal(json_integer_value(json_object_get(row, "count")), 2);
    assert_int_equal(json_integer_value(json_object_get(row, "first")), 30001 + first);
    assert_int_equal(json_integer_value(json_object_get(row, "last")), 30002 + first);
    assert_int_equal(json_integer_value(json_object_get(row, "exception")), 2);
    assert_string_equal(json_string_value(json_object_get(row, "kind")), kind);
    assert_string_equal(json_string_value(json_object_get(row, "since")), "2026-11-23T08:00:00Z");
    assert_string_equal(json_string_value(json_object_get(row, "next_try")),
                        "2026-11-24T08:00:00Z");
}

static void lists_them_in_order(void **state)
{
    struct world *world = *state;
    note(world, "m2", 5, false);
    note(world, "m1", 70, true);
    note(world, "m1", 7, false);
    json_t *root = world_get(world, path, 200);
    const json_t *rows = json_object_get(root, "bad_registers");
    assert_int_equal(json_array_size(rows), 3);
    check(json_array_get(rows, 0), "m1", 7, "refused");
    check(json_array_get(rows, 1), "m1", 70, "not_together");
    check(json_array_get(rows, 2), "m2", 5, "refused");
    json_decref(root);
}

static void without_a_store_there_are_none(void **state)
{
    json_t *root = world_get(*state, path, 200);
    assert_int_equal(json_array_size(json_object_get(root, "bad_registers")), 0);
    json_decref(root);
}

static void ask(struct world *world, const char *device, const char *body, int wanted)
{
    char *target = mem_format("%s/%s", path, device);
    struct reply reply = world_ask_local(world, "POST", target, body);
    assert_int_equal(reply.status, wanted);
    reply_finish(&reply);
    free(target);
}

static void asks_a_device_again(void **state)
{
    struct world *world = *state;
    const char *id = world->devices[0]->id;
    ask(world, "nobody", "{}", 404);
    ask(world, id, "{\"all\":true}", 400);
    ask(world, id, "", 400);
    assert_int_equal(atomic_load(&world->retries), 0);
    ask(world, id, "{}", 200);
    assert_int_equal(atomic_load(&world->retries), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(lists_them_in_order, setup, teardown),
        cmocka_unit_test_setup_teardown(without_a_store_there_are_none, setup_without_store,
                                        teardown),
        cmocka_unit_test_setup_teardown(asks_a_device_again, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
