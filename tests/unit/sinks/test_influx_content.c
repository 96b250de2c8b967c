/* SPDX-License-Identifier: Apache-2.0 */
/* influx: a server that does not take some lines because of what they hold, whatever it answers: they are set aside,
 * all others are written, and the sink stays up. A real influxd behind a gate. */
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

enum { NEW = 50 };

static bool has_rejected(void *context)
{
    return runner_status(context).rejected >= 1;
}

static size_t count_aside(const struct gate_scene *scene, const char *words)
{
    size_t count = 0;
    char *aside = test_read_file(scene->influx.rejected_file);
    for (const char *at = aside; (at = strstr(at, words)); at++) {
        count++;
    }
    free(aside);
    return count;
}

/* Live ones are made until the backlog is through: in life they never cease. */
static void make_until(struct rig *rig, uint64_t position)
{
    for (int i = 0; i < 600 && runner_status(rig->runner).cursor < position; i++) {
        rig_make(rig, 1);
        usleep(50000);
    }
    rig_wait_cursor(rig, rig->position);
}

/* A backlog from before a time that the server does not take any more, and a daemon that has just started. */
static void old_lines(int status, size_t old, int requests_max, const char *reason)
{
    struct gate_scene scene;
    gate_scene_init(&scene);
    struct rig *rig = &scene.influx.rig;
    rig_start(rig, false);
    for (size_t made = 0; made < old + NEW; made += NEW) {
        rig_make(rig, NEW);
    }
    rig_wait_durable(rig);
    rig_stop(rig);
    atomic_store(&scene.gate.old_us, rig_time_us(rig, old + 1));
    atomic_store(&scene.gate.old_status, status);
    gate_scene_start(&scene);
    int64_t start_us = clock_mono_us(clock_real());
    make_until(rig, old + NEW);
    print_message("%d: %zu old lines within %" PRId64 " ms and %d requests\n", status, old,
                  (clock_mono_us(clock_real()) - start_us) / 1000,
                  atomic_load(&scene.gate.requests));
    influx_assert_count(&scene.influx, (int64_t)(rig->position - old));
    assert_int_equal(runner_status(rig->runner).rejected, old);
    assert_int_equal(runner_status(rig->runner).state, SINK_UP);
    assert_true(count_aside(&scene, reason) > 0);
    assert_int_equal(count_aside(&scene, "device=m"), old);
    assert_true(atomic_load(&scene.gate.requests) < requests_max);
    gate_scene_finish(&scene);
}

static void test_old_lines(void **state)
{
    (void)state;
    old_lines(500, 200, 800, "500 out of order");
}

/* Beyond a hundred in a row what follows is not tried line by line. */
static void test_many_old_lines(void **state)
{
    (void)state;
    old_lines(500, 3000, 1000, "500 out of order");
}

static void test_old_lines_by_other_words(void **state)
{
    (void)state;
    old_lines(400, 100, 600, "400 out of order");
    old_lines(422, 100, 600, "422 out of order");
    old_lines(413, 100, 600, "413 out of order");
    old_lines(403, 100, 600, "denies access (403");
    old_lines(406, 100, 600, "406 out of order");
}

/* It gets over it: nothing is set aside. */
static void test_server_that_fails_for_a_while(void **state)
{
    (void)state;
    struct gate_scene scene;
    gate_scene_init(&scene);
    scene.influx.options.patience_s = 20;
    struct rig *rig = &scene.influx.rig;
    rig_start(rig, false);
    rig_make(rig, 200);
    rig_wait_durable(rig);
    rig_stop(rig);
    atomic_store(&scene.gate.old_us, rig_time_us(rig, 101));
    atomic_store(&scene.gate.old_status, 500);
    gate_scene_start(&scene);
    rig_make(rig, 1);
    rig_wait_state(rig, SINK_DOWN);
    for (int i = 0; i < 100; i++) {
        rig_make(rig, 1);
        usleep(50000);
    }
    atomic_store(&scene.gate.old_status, 0);
    make_until(rig, rig->position);
    assert_int_equal(runner_status(rig->runner).rejected, 0);
    assert_true(atomic_load(&scene.gate.requests) < 60);
    influx_assert_count(&scene.influx, (int64_t)rig->position);
    gate_scene_finish(&scene);
}

/* It goes on as it was, and then no line is taken at all: now nothing more is set aside. */
static void test_server_that_fails_later(void **state)
{
    (void)state;
    struct gate_scene scene;
    gate_scene_init(&scene);
    struct rig *rig = &scene.influx.rig;
    rig_start(rig, false);
    rig_make(rig, 2000);
    rig_wait_durable(rig);
    rig_stop(rig);
    atomic_store(&scene.gate.old_us, rig_time_us(rig, 1001));
    atomic_store(&scene.gate.old_status, 500);
    gate_scene_start(&scene);
    for (int i = 0; i < 1200 && !has_rejected(rig->runner); i++) {
        rig_make(rig, 1); /* as readings come on a site */
        usleep(50000);
    }
    assert_true(has_rejected(rig->runner));
    atomic_store(&scene.gate.status, 500);
    rig_wait_state(rig, SINK_DOWN);
    uint64_t rejected = runner_status(rig->runner).rejected;
    for (int i = 0; i < 60; i++) {
        rig_make(rig, 1);
        usleep(50000);
    }
    assert_int_equal(runner_status(rig->runner).rejected, rejected);
    atomic_store(&scene.gate.status, 0);
    make_until(rig, rig->position);
    assert_true(runner_status(rig->runner).rejected >= 1000);
    influx_assert_count(&scene.influx, (int64_t)(rig->position - 1000));
    gate_scene_finish(&scene);
}

/* The server, or a filter before it, hangs up on one line. */
static void test_line_that_ends_the_connection(void **state)
{
    (void)state;
    struct gate_scene scene;
    gate_scene_init(&scene);
    struct rig *rig = &scene.influx.rig;
    atomic_store(&scene.gate.poison, -1);
    gate_scene_start(&scene);
    rig_make(rig, 20);
    gate_scene_poison(&scene);
    rig_make(rig, 20);
    uint64_t position = rig->position;
    make_until(rig, position);
    influx_assert_count(&scene.influx, (int64_t)rig->position - 1);
    gate_scene_assert_aside(&scene, 1, "closed the connection");
    gate_scene_finish(&scene);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_old_lines),
        cmocka_unit_test(test_many_old_lines),
        cmocka_unit_test(test_old_lines_by_other_words),
        cmocka_unit_test(test_server_that_fails_for_a_while),
        cmocka_unit_test(test_server_that_fails_later),
        cmocka_unit_test(test_line_that_ends_the_connection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
