/* SPDX-License-Identifier: Apache-2.0 */
/* A clock that is stepped, slewed, synchronised and lost: each step is told once, with its size and moment. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdatomic.h>

#include "app/clock_watch.h"

static const int64_t second_us = 1000000;
static const int64_t year_us = 365LL * 86400 * 1000000;
static const int64_t wall_us = 1795420800LL * 1000000;

struct scene {
    struct fake_clock fake;
    struct clock_watch watch;
    struct clock_step step;
};

static void set_up(struct scene *scene, bool is_always_trusted, bool is_synchronised)
{
    fake_clock_init(&scene->fake, 500 * second_us, wall_us);
    atomic_store(&scene->fake.is_unsynchronised, !is_synchronised);
    clock_watch_init(&scene->watch, &scene->fake.clock, is_always_trusted);
}

static bool look(struct scene *scene)
{
    fake_clock_advance(&scene->fake, second_us);
    return clock_watch_look(&scene->watch, &scene->step);
}

static void a_step_is_told_once(void **state)
{
    (void)state;
    struct scene scene;
    set_up(&scene, false, true);
    assert_false(look(&scene));
    fake_clock_step_wall(&scene.fake, 7 * year_us);
    assert_true(look(&scene));
    assert_true(scene.step.after_us - scene.step.before_us == 7 * year_us);
    assert_true(scene.step.before_us == wall_us + 2 * second_us);
    assert_true(scene.step.mono_us == 502 * second_us);
    assert_true(scene.step.boot == clock_boot() && scene.step.boot != 0);
    assert_false(look(&scene));
    fake_clock_step_wall(&scene.fake, -3600 * second_us);
    assert_true(look(&scene));
    assert_true(scene.step.after_us - scene.step.before_us == -3600 * second_us);
    assert_false(look(&scene));
}

static void less_than_a_step_is_none(void **state)
{
    (void)state;
    struct scene scene;
    set_up(&scene, false, true);
    fake_clock_step_wall(&scene.fake, 49000);
    assert_false(look(&scene));
    fake_clock_step_wall(&scene.fake, 2000);
    assert_true(look(&scene));
    assert_true(scene.step.after_us - scene.step.before_us == 51000);
}

static void trust_is_the_kernels_or_given(void **state)
{
    (void)state;
    struct scene scene;
    set_up(&scene, false, false);
    assert_false(scene.watch.is_trusted);
    atomic_store(&scene.fake.is_unsynchronised, false);
    assert_false(look(&scene));
    assert_true(scene.watch.is_trusted);
    atomic_store(&scene.fake.is_unsynchronised, true);
    assert_false(look(&scene));
    assert_false(scene.watch.is_trusted);
    set_up(&scene, true, false);
    assert_true(scene.watch.is_trusted);
    assert_false(look(&scene));
    assert_true(scene.watch.is_trusted);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_step_is_told_once),
        cmocka_unit_test(less_than_a_step_is_none),
        cmocka_unit_test(trust_is_the_kernels_or_given),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
