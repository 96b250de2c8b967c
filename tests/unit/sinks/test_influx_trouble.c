/* SPDX-License-Identifier: Apache-2.0 */
/* influx in trouble: a line that makes the server fail is found and set aside, a server that fails by itself costs
 * nothing, and what is too large or packed is sent otherwise. A real influxd behind a gate. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "support/support.h"
#include "unit/sinks/gate_scene.h"

/* 500 whenever it is there: found, set aside, all others arrive. */
static void poison_among_good(int status, const char *reason)
{
    struct gate_scene scene;
    gate_scene_init(&scene);
    struct rig *rig = &scene.influx.rig;
    atomic_store(&scene.gate.poison, status);
    gate_scene_start(&scene);
    rig_make(rig, 50);
    rig_wait_cursor(rig, 50);
    rig_make(rig, 150);
    gate_scene_poison(&scene);
    rig_make(rig, 150);
    rig_wait_cursor(rig, rig->position);
    influx_assert_count(&scene.influx, 350);
    gate_scene_assert_aside(&scene, 1, reason);
    gate_scene_finish(&scene);
}

static void test_line_that_breaks_the_server(void **state)
{
    (void)state;
    poison_among_good(500, "500 out of order");
}

/* A refusal without a word about lines needs the witness as well. */
static void test_line_refused_without_reason(void **state)
{
    (void)state;
    poison_among_good(400, "400 out of order");
}

/* Nothing was ever written when it comes: another line must be found good first. */
static void test_poison_is_first(void **state)
{
    (void)state;
    struct gate_scene scene;
    gate_scene_init(&scene);
    struct rig *rig = &scene.influx.rig;
    atomic_store(&scene.gate.poison, 500);
    rig_start(rig, false);
    gate_scene_poison(&scene);
    rig_make(rig, 20);
    rig_wait_durable(rig);
    rig_stop(rig);
    rig_start(rig, true);
    rig_wait_cursor(rig, rig->position);
    influx_assert_count(&scene.influx, 20);
    gate_scene_assert_aside(&scene, 1, "500 out of order");
    gate_scene_finish(&scene);
}

/* Everything fails for a while: nothing is set aside, nothing is missing. */
static void outage(int status, int warm_up)
{
    struct gate_scene scene;
    gate_scene_init(&scene);
    struct rig *rig = &scene.influx.rig;
    gate_scene_start(&scene);
    rig_make(rig, (size_t)warm_up);
    rig_wait_cursor(rig, (uint64_t)warm_up);
    atomic_store(&scene.gate.requests, 0);
    atomic_store(&scene.gate.status, status);
    rig_make(rig, 200);
    rig_wait_state(rig, SINK_DOWN);
    usleep(4000000);
    /* One in trouble is not pestered, though 400 is taken for a word about the lines. */
    assert_true(atomic_load(&scene.gate.requests) < (status == 400 ? 60 : 20));
    atomic_store(&scene.gate.status, 0);
    rig_wait_cursor(rig, rig->position);
    influx_assert_count(&scene.influx, 200 + warm_up);
    gate_scene_assert_aside(&scene, 0, "");
    gate_scene_finish(&scene);
}

static void test_server_fails_by_itself(void **state)
{
    (void)state;
    outage(500, 10);
}

static void test_server_fails_from_the_start(void **state)
{
    (void)state;
    outage(500, 0);
}

static void test_server_refuses_everything(void **state)
{
    (void)state;
    outage(400, 0);
}

static void test_server_is_busy(void **state)
{
    (void)state;
    outage(503, 10);
}

static bool has_passed_on(void *context)
{
    struct gate *gate = context;
    return atomic_load(&gate->requests) >= 3;
}

/* The lines arrive, the answers do not: they go again, and nothing shows twice. */
static void test_answers_are_lost(void **state)
{
    (void)state;
    struct gate_scene scene;
    gate_scene_init(&scene);
    struct rig *rig = &scene.influx.rig;
    gate_scene_start(&scene);
    atomic_store(&scene.gate.lost, 502);
    rig_make(rig, 100);
    assert_true(test_wait_until(has_passed_on, &scene.gate));
    assert_int_equal(runner_status(rig->runner).cursor, 0);
    atomic_store(&scene.gate.lost, 0);
    rig_wait_cursor(rig, 100);
    influx_assert_count(&scene.influx, 100);
    gate_scene_assert_aside(&scene, 0, "");
    gate_scene_finish(&scene);
}

/* influxd itself refuses more than a megabyte, the gate more than 20 kB. */
static void test_too_large(void **state)
{
    (void)state;
    struct gate_scene scene;
    gate_scene_init(&scene);
    struct rig *rig = &scene.influx.rig;
    scene.influx.options.batch_points = 50000;
    gate_scene_start(&scene);
    test_kill(&scene.influx.influx.pid, SIGTERM);
    rig_make(rig, 1);
    rig_wait_state(rig, SINK_DOWN);
    for (int i = 0; i < 20; i++) {
        rig_make(rig, 1000);
        rig_wait_durable(rig);
    }
    test_influx_start(&scene.influx.influx);
    rig_wait_cursor(rig, rig->position);
    influx_assert_count(&scene.influx, 20001);
    atomic_store(&scene.gate.body_max, 20000);
    atomic_store(&scene.gate.requests, 0);
    for (int i = 0; i < 5; i++) {
        rig_make(rig, 1000);
        rig_wait_cursor(rig, rig->position);
    }
    influx_assert_count(&scene.influx, 25001);
    print_message("%d requests for 5000 lines of which 20 kB go at once\n",
                  atomic_load(&scene.gate.requests));
    gate_scene_assert_aside(&scene, 0, "");
    gate_scene_finish(&scene);
}

static void test_gzip(void **state)
{
    (void)state;
    struct gate_scene scene;
    gate_scene_init(&scene);
    scene.influx.options.gzip = true;
    struct rig *rig = &scene.influx.rig;
    gate_scene_start(&scene);
    rig_make(rig, 500);
    rig_wait_cursor(rig, 500);
    assert_true(atomic_load(&scene.gate.packed) > 0);
    assert_int_equal(atomic_load(&scene.gate.packed), atomic_load(&scene.gate.requests));
    influx_assert_count(&scene.influx, 500);
    gate_scene_finish(&scene);
}

static void gzip_refused(int status)
{
    struct gate_scene scene;
    gate_scene_init(&scene);
    scene.influx.options.gzip = true;
    atomic_store(&scene.gate.gzip, status);
    struct rig *rig = &scene.influx.rig;
    gate_scene_start(&scene);
    for (uint64_t i = 1; i <= 5; i++) {
        rig_make(rig, 100);
        rig_wait_cursor(rig, i * 100);
    }
    influx_assert_count(&scene.influx, 500);
    assert_int_equal(atomic_load(&scene.gate.packed), 0);
    assert_int_equal(runner_status(rig->runner).sessions, 1);
    gate_scene_assert_aside(&scene, 0, "");
    gate_scene_finish(&scene);
}

static void test_gzip_refused(void **state)
{
    (void)state;
    gzip_refused(415);
    gzip_refused(400);
}

static void test_redirect_is_not_followed(void **state)
{
    (void)state;
    struct gate_scene scene;
    gate_scene_init(&scene);
    struct rig *rig = &scene.influx.rig;
    gate_scene_start(&scene);
    atomic_store(&scene.gate.status, 301);
    rig_make(rig, 10);
    rig_wait_state(rig, SINK_DOWN);
    const struct runner_status status = runner_status(rig->runner);
    assert_non_null(strstr(status.reason, "points elsewhere (301 http://127.0.0.1:9/"));
    assert_non_null(strstr(status.reason, "set influx.url"));
    assert_int_equal(status.cursor, 0);
    gate_scene_finish(&scene);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_line_that_breaks_the_server),
        cmocka_unit_test(test_line_refused_without_reason),
        cmocka_unit_test(test_poison_is_first),
        cmocka_unit_test(test_server_fails_by_itself),
        cmocka_unit_test(test_server_fails_from_the_start),
        cmocka_unit_test(test_server_refuses_everything),
        cmocka_unit_test(test_server_is_busy),
        cmocka_unit_test(test_answers_are_lost),
        cmocka_unit_test(test_too_large),
        cmocka_unit_test(test_gzip),
        cmocka_unit_test(test_gzip_refused),
        cmocka_unit_test(test_redirect_is_not_followed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
