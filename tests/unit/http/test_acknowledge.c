/* SPDX-License-Identifier: Apache-2.0 */
/* Acknowledging the alarms of a real store: through which door, with which bodies, and that they end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "http/routes/routes.h"
#include "unit/http/world.h"

static const char path[] = "/api/v1/store/acknowledge";
static const char both[] = "journal_corrupt ledger_restored ";

static int setup(void **state)
{
    struct world *world = mem_alloc(sizeof(*world));
    world_start_damaged(world);
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

/* The words of a list, "a b ". */
static void join(const json_t *list, const char *key, struct text *out)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *item = json_array_get(list, i);
        const char *word = json_string_value(key ? json_object_get(item, key) : item);
        assert_non_null(word);
        text_add_format(out, "%s ", word);
    }
}

static void assert_list(const json_t *list, const char *key, const char *expected)
{
    struct text words = {0};
    assert_true(json_is_array(list));
    join(list, key, &words);
    assert_string_equal(words.data ? words.data : "", expected);
    text_finish(&words);
}

/* The alarms that the status shows; all of them stand. */
static void assert_alarms(const struct world *world, const char *expected)
{
    json_t *root = world_get(world, "/api/v1/status", 200);
    const json_t *alarms = json_object_get(root, "alarms");
    assert_list(alarms, "id", expected);
    for (size_t i = 0; i < json_array_size(alarms); i++) {
        assert_true(json_is_true(json_object_get(json_array_get(alarms, i), "stands")));
    }
    json_decref(root);
}

/* Asks over the Unix socket; the answer must list those. */
static void acknowledge(const struct world *world, const char *body, const char *expected)
{
    struct reply reply = world_ask_local(world, "POST", path, body);
    if (reply.status != 200) {
        print_error("%s: %s\n", body, reply.bytes);
    }
    assert_int_equal(reply.status, 200);
    json_t *root = json_loads(reply.body, 0, NULL);
    assert_list(json_object_get(root, "acknowledged"), NULL, expected);
    json_decref(root);
    reply_finish(&reply);
}

static void ends_all_that_stand(void **state)
{
    assert_alarms(*state, both);
    acknowledge(*state, "{}", both);
    assert_alarms(*state, "");
    acknowledge(*state, "{}", "");
}

static void ends_those_that_are_named(void **state)
{
    acknowledge(*state, "{\"alarms\":[\"journal_shed\"]}", "");
    assert_alarms(*state, both);
    acknowledge(*state, "{\"alarms\":[\"journal_shed\",\"journal_corrupt\"]}", "journal_corrupt ");
    assert_alarms(*state, "ledger_restored ");
    acknowledge(*state, "{\"alarms\":[\"journal_corrupt\",\"ledger_restored\"]}",
                "ledger_restored ");
    assert_alarms(*state, "");
}

static void tcp_is_read_only(void **state)
{
    static const char *const bodies[] = {"{}", "{\"alarms\":[\"journal_corrupt\"]}", "nonsense"};
    for (size_t i = 0; i < ARRAY_SIZE(bodies); i++) {
        struct reply reply = world_ask(*state, "POST", path, bodies[i]);
        assert_int_equal(reply.status, 403);
        assert_non_null(strstr(reply.body, "that is read-only"));
        assert_non_null(strstr(reply.body, "Unix socket"));
        reply_finish(&reply);
    }
    assert_alarms(*state, both);
}

/* Whatever the table holds: TCP without a token refuses the rows that want more than a viewer, and no others. */
static void the_row_decides_who_may(void **state)
{
    size_t closed = 0;
    for (size_t i = 0; i < route_count; i++) {
        if (strcmp(routes[i].method, "POST") != 0) {
            continue;
        }
        struct reply reply = world_ask(*state, "POST", routes[i].path, "[]");
        assert_int_equal(reply.status, routes[i].role > ROLE_VIEWER ? 403 : 400);
        closed += reply.status == 403;
        reply_finish(&reply);
        reply = world_ask_local(*state, "POST", routes[i].path, "[]");
        assert_int_equal(reply.status, 400);
        reply_finish(&reply);
    }
    assert_int_equal(closed, 3);
}

static void refuses_bad_bodies(void **state)
{
    static const struct {
        const char *body;
        const char *part;
    } cases[] = {
        {"", "no JSON"},
        {"{", "no JSON"},
        {"[]", "one JSON object"},
        {"{\"alarm\":[]}", "no key but alarms"},
        {"{\"alarms\":[\"journal_corrupt\"],\"why\":1}", "no key but alarms"},
        {"{\"alarms\":\"journal_corrupt\"}", "a list of one or more"},
        {"{\"alarms\":null}", "a list of one or more"},
        {"{\"alarms\":[]}", "a list of one or more"},
        {"{\"alarms\":[7]}", "there is no alarm of that form"},
        {"{\"alarms\":[\"journal_corrupt\",\"x\\u0007\"]}", "there is no alarm x?"},
        {"{\"alarms\":[\"disk_full\"]}", "disk_full ends by itself"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct reply reply = world_ask_local(*state, "POST", path, cases[i].body);
        if (!strstr(reply.body, cases[i].part)) {
            print_error("%s: %s\n", cases[i].body, reply.body);
        }
        assert_int_equal(reply.status, 400);
        assert_non_null(strstr(reply.body, cases[i].part));
        assert_non_null(strstr(reply.body, "allowed"));
        reply_finish(&reply);
    }
    assert_alarms(*state, both);
}

/* Nobody is told that an alarm is over while it stands. */
static void says_so_when_the_store_does_not_take_it(void **state)
{
    struct world *world = *state;
    store_stop(world->store);
    struct reply reply = world_ask_local(world, "POST", path, "{}");
    assert_int_equal(reply.status, 503);
    assert_non_null(strstr(reply.body, "the store has not ended the alarms yet"));
    reply_finish(&reply);
    assert_alarms(world, both);
}

static void without_a_store_nothing_stands(void **state)
{
    acknowledge(*state, "{}", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(ends_all_that_stand, setup, teardown),
        cmocka_unit_test_setup_teardown(ends_those_that_are_named, setup, teardown),
        cmocka_unit_test_setup_teardown(tcp_is_read_only, setup, teardown),
        cmocka_unit_test_setup_teardown(the_row_decides_who_may, setup, teardown),
        cmocka_unit_test_setup_teardown(refuses_bad_bodies, setup, teardown),
        cmocka_unit_test_setup_teardown(says_so_when_the_store_does_not_take_it, setup, teardown),
        cmocka_unit_test_setup_teardown(without_a_store_nothing_stands, setup_without_store,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
