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
#include "unit/sinks/gate.h"
#include "unit/sinks/influx_scene.h"
#include "unit/sinks/samples.h"

struct scene {
    struct influx_scene influx;
    struct gate gate;
    char *url;
};

static void scene_init(struct scene *scene)
{
    influx_scene_init(&scene->influx, "max-body-size = 1000000\n");
    gate_start(&scene->gate, scene->influx.influx.port);
    scene->url = mem_format("http://127.0.0.1:%u", scene->gate.port);
    scene->influx.options.url = scene->url;
}

static void scene_start(struct scene *scene)
{
    rig_start(&scene->influx.rig, true);
    rig_wait_state(&scene->influx.rig, SINK_UP);
}

static void scene_finish(struct scene *scene)
{
    rig_stop(&scene->influx.rig);
    gate_stop(&scene->gate);
    influx_scene_finish(&scene->influx);
    free(scene->url);
}

static void give_poison(struct rig *rig)
{
    struct device *device = sample_device("poison");
    rig_give(rig, rig_batch(rig, device));
    device_unref(device);
}

static void assert_aside(struct scene *scene, uint64_t count, const char *reason)
{
    assert_int_equal(runner_status(scene->influx.rig.runner).rejected, count);
    char *aside = test_read_file(scene->influx.rejected_file);
    if (count == 0) {
        assert_string_equal(aside, "");
    } else {
        assert_non_null(strstr(aside, "device=poison"));
        assert_non_null(strstr(aside, reason));
        assert_null(strstr(aside, "device=m"));
    }
    free(aside);
}

/* 500 whenever it is there: found, set aside, all others arrive. */
static void poison_among_good(int status, const char *reason)
{
    struct scene scene;
    scene_init(&scene);
    struct rig *rig = &scene.influx.rig;
    atomic_store(&scene.gate.poison, status);
    scene_start(&scene);
    rig_make(rig, 50);
    rig_wait_cursor(rig, 50);
    rig_make(rig, 150);
    give_poison(rig);
    rig_make(rig, 150);
    rig_wait_cursor(rig, rig->position);
    influx_assert_count(&scene.influx, 350);
    assert_aside(&scene, 1, reason);
    scene_finish(&scene);
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
    struct scene scene;
    scene_init(&scene);
    struct rig *rig = &scene.influx.rig;
    atomic_store(&scene.gate.poison, 500);
    rig_start(rig, false);
    give_poison(rig);
    rig_make(rig, 20);
    rig_wait_durable(rig);
    rig_stop(rig);
    rig_start(rig, true);
    rig_wait_cursor(rig, rig->position);
    influx_assert_count(&scene.influx, 20);
    assert_aside(&scene, 1, "500 out of order");
    scene_finish(&scene);
}

static bool has_tried(void *context)
{
    struct gate *gate = context;
    return atomic_load(&gate->requests) >= 20;
}

/* Everything fails for a while: nothing is set aside, nothing is missing. */
static void outage(int status, int warm_up)
{
    struct scene scene;
    scene_init(&scene);
    struct rig *rig = &scene.influx.rig;
    scene_start(&scene);
    rig_make(rig, (size_t)warm_up);
    rig_wait_cursor(rig, (uint64_t)warm_up);
    atomic_store(&scene.gate.requests, 0);
    atomic_store(&scene.gate.status, status);
    rig_make(rig, 200);
    rig_wait_state(rig, SINK_DOWN);
    if (warm_up == 0 && status != 503) {
        assert_true(test_wait_until(has_tried, &scene.gate)); /* halving went as far as it goes */
    } else {
        usleep(4000000);
    }
    atomic_store(&scene.gate.status, 0);
    rig_wait_cursor(rig, rig->position);
    influx_assert_count(&scene.influx, 200 + warm_up);
    assert_aside(&scene, 0, "");
    scene_finish(&scene);
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
    struct scene scene;
    scene_init(&scene);
    struct rig *rig = &scene.influx.rig;
    scene_start(&scene);
    atomic_store(&scene.gate.lost, 502);
    rig_make(rig, 100);
    assert_true(test_wait_until(has_passed_on, &scene.gate));
    assert_int_equal(runner_status(rig->runner).cursor, 0);
    atomic_store(&scene.gate.lost, 0);
    rig_wait_cursor(rig, 100);
    influx_assert_count(&scene.influx, 100);
    assert_aside(&scene, 0, "");
    scene_finish(&scene);
}

/* influxd itself refuses more than a megabyte, the gate more than 20 kB. */
static void test_too_large(void **state)
{
    (void)state;
    struct scene scene;
    scene_init(&scene);
    struct rig *rig = &scene.influx.rig;
    scene.influx.options.batch_points = 50000;
    scene_start(&scene);
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
    assert_aside(&scene, 0, "");
    scene_finish(&scene);
}

static void test_gzip(void **state)
{
    (void)state;
    struct scene scene;
    scene_init(&scene);
    scene.influx.options.gzip = true;
    struct rig *rig = &scene.influx.rig;
    scene_start(&scene);
    rig_make(rig, 500);
    rig_wait_cursor(rig, 500);
    assert_true(atomic_load(&scene.gate.packed) > 0);
    assert_int_equal(atomic_load(&scene.gate.packed), atomic_load(&scene.gate.requests));
    influx_assert_count(&scene.influx, 500);
    scene_finish(&scene);
}

static void gzip_refused(int status)
{
    struct scene scene;
    scene_init(&scene);
    scene.influx.options.gzip = true;
    atomic_store(&scene.gate.gzip, status);
    struct rig *rig = &scene.influx.rig;
    scene_start(&scene);
    for (uint64_t i = 1; i <= 5; i++) {
        rig_make(rig, 100);
        rig_wait_cursor(rig, i * 100);
    }
    influx_assert_count(&scene.influx, 500);
    assert_int_equal(atomic_load(&scene.gate.packed), 0);
    assert_int_equal(runner_status(rig->runner).sessions, 1);
    assert_aside(&scene, 0, "");
    scene_finish(&scene);
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
    struct scene scene;
    scene_init(&scene);
    struct rig *rig = &scene.influx.rig;
    scene_start(&scene);
    atomic_store(&scene.gate.status, 301);
    rig_make(rig, 10);
    rig_wait_state(rig, SINK_DOWN);
    const struct runner_status status = runner_status(rig->runner);
    assert_non_null(strstr(status.reason, "points elsewhere (301 http://127.0.0.1:9/"));
    assert_non_null(strstr(status.reason, "set influx.url"));
    assert_int_equal(status.cursor, 0);
    scene_finish(&scene);
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
