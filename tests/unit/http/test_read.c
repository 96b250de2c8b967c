/* SPDX-License-Identifier: Apache-2.0 */
/* POST /api/v1/read over a real socket: registers, refusals of devices, and bad bodies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "http/routes/routes.h"
#include "unit/http/world.h"

static int setup(void **state)
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

static struct reply post_read(struct world *world, enum command_mode mode, const char *body)
{
    atomic_store(&world->mode, mode);
    return world_ask(world, "POST", "/api/v1/read", body);
}

static void reads_registers(void **state)
{
    struct reply reply =
        post_read(*state, COMMAND_ANSWERED,
                  "{\"line\":\"l1\",\"unit\":1,\"address\":100,\"quantity\":3,\"function\":4}");
    assert_int_equal(reply.status, 200);
    json_t *root = json_loads(reply.body, 0, NULL);
    assert_int_equal(json_array_size(json_object_get(root, "registers")), 3);
    assert_int_equal(json_integer_value(json_array_get(json_object_get(root, "registers"), 2)),
                     102);
    assert_int_equal(integer_at(root, "round_trip_us"), 4321);
    assert_int_equal(integer_at(root, "function"), 4);
    json_decref(root);
    reply_finish(&reply);
}

static void reports_failed_reads(void **state)
{
    static const char body[] = "{\"line\":\"l1\",\"unit\":1,\"address\":100}";
    static const struct {
        enum command_mode mode;
        int status;
        const char *part;
    } cases[] = {
        {COMMAND_TIMEOUT, 504,
         "{\"error\":{\"code\":\"no_reply\",\"what\":\"unit 1 on line l1 did not answer\","},
        {COMMAND_NO_LINE, 404,
         "{\"error\":{\"code\":\"unknown_line\",\"what\":\"there is no line l1\","},
        {COMMAND_FULL, 503,
         "{\"error\":{\"code\":\"line_busy\",\"what\":\"line l1 takes no command now: its queue is "
         "full\","},
        {COMMAND_PUT_OFF, 503,
         "{\"error\":{\"code\":\"unit_put_off\",\"what\":\"unit 1 on line l1 was not asked: it is "
         "not known to answer"},
        {COMMAND_PUT_OFF, 503, "\"allowed\":\"ask again in 21 s\",\"retry_in_s\":21}}"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct reply reply = post_read(*state, cases[i].mode, body);
        assert_int_equal(reply.status, cases[i].status);
        assert_non_null(strstr(reply.body, cases[i].part));
        reply_finish(&reply);
    }
}

/* Each exception has its own words and advice: what helps against one leads astray with another. */
static void explains_every_exception(void **state)
{
    static const char body[] = "{\"line\":\"l1\",\"unit\":1,\"address\":100}";
    static const struct {
        int exception;
        const char *words;
        const char *advice;
    } cases[] = {
        {1, "illegal function", "another function"},
        {2, "illegal data address", "registers that the device's document lists"},
        {3, "illegal data value", "fewer registers at once"},
        {4, "device failure", "ask again: a device that is starting"},
        {5, "acknowledged, still at work", "ask again in some seconds"},
        {6, "device busy", "ask again in some seconds, and less often"},
        {7, "negative acknowledge", "what the device's document says of exception 7"},
        {8, "memory parity error", "have it serviced"},
        {9, "unknown", "what the device's document says of this exception"},
        {10, "gateway: no path", "its table of ports and unit ids"},
        {11, "gateway: no answer", "see its power, wiring, unit id, baud rate"},
        {12, "unknown", "what the device's document says of this exception"},
        {255, "unknown", "what the device's document says of this exception"},
    };
    struct world *world = *state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        atomic_store(&world->exception, cases[i].exception);
        struct reply reply = post_read(world, COMMAND_REFUSED, body);
        assert_int_equal(reply.status, 502);
        json_t *root = json_loads(reply.body, 0, NULL);
        const json_t *error = json_object_get(root, "error");
        char *what = mem_format("unit 1 on line l1 refused: exception %d, %s", cases[i].exception,
                                cases[i].words);
        assert_string_equal(string_at(error, "code"), "modbus_exception");
        assert_string_equal(string_at(error, "what"), what);
        assert_int_equal(integer_at(error, "exception"), cases[i].exception);
        assert_non_null(strstr(string_at(error, "allowed"), cases[i].advice));
        free(what);
        json_decref(root);
        reply_finish(&reply);
    }
}

static void refuses_bad_reads(void **state)
{
    static const char *const bodies[] = {
        "",
        "{",
        "[]",
        "7",
        "{\"unit\":1,\"address\":1}",
        "{\"line\":7,\"unit\":1,\"address\":1}",
        "{\"line\":\"l1\",\"address\":1}",
        "{\"line\":\"l1\",\"unit\":256,\"address\":1}",
        "{\"line\":\"l1\",\"unit\":-1,\"address\":1}",
        "{\"line\":\"l1\",\"unit\":1.5,\"address\":1}",
        "{\"line\":\"l1\",\"unit\":1,\"address\":65536}",
        "{\"line\":\"l1\",\"unit\":1,\"address\":65535,\"quantity\":2}",
        "{\"line\":\"l1\",\"unit\":1,\"address\":1,\"quantity\":126}",
        "{\"line\":\"l1\",\"unit\":1,\"address\":1,\"function\":1,\"quantity\":2001}",
        "{\"line\":\"l1\",\"unit\":1,\"address\":1,\"quantity\":0}",
        "{\"line\":\"l1\",\"unit\":1,\"address\":1,\"function\":6}",
        "{\"line\":\"l1\",\"unit\":1,\"address\":1,\"value\":6}",
        "{\"line\":\"l1\",\"line\":\"l1\",\"unit\":1,\"address\":1}",
        ("{\"line\":\"0123456789012345678901234567890123456789012345678901234567890123\","
         "\"unit\":1,\"address\":1}"),
    };
    for (size_t i = 0; i < ARRAY_SIZE(bodies); i++) {
        struct reply reply = post_read(*state, COMMAND_ANSWERED, bodies[i]);
        if (reply.status != 400) {
            print_error("%s -> %d\n", bodies[i], reply.status);
        }
        assert_int_equal(reply.status, 400);
        json_t *root = json_loads(reply.body, 0, NULL);
        assert_string_equal(string_at(json_object_get(root, "error"), "code"), "bad_body");
        assert_non_null(json_object_get(json_object_get(root, "error"), "allowed"));
        json_decref(root);
        reply_finish(&reply);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(reads_registers, setup, teardown),
        cmocka_unit_test_setup_teardown(reports_failed_reads, setup, teardown),
        cmocka_unit_test_setup_teardown(explains_every_exception, setup, teardown),
        cmocka_unit_test_setup_teardown(refuses_bad_reads, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
