/* SPDX-License-Identifier: Apache-2.0 */
/* loop_threads: posting to a loop and calling it from other threads, also while it ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/loop.h"
#include "support/support.h"

enum { CALLERS = 4, CALLS_EACH = 500, POSTS_MAX = 1024 };

struct world {
    struct loop *loop;
    int count; /* the loop's thread only: nothing locks it */
    atomic_int callers_left;
    atomic_int answers[2]; /* of calls: run, shut down */
    atomic_int strange;
};

static void count_up(void *context)
{
    ((struct world *)context)->count++;
}

static void quit(void *context)
{
    loop_quit(((struct world *)context)->loop, 3);
}

static void *call_many(void *context)
{
    struct world *world = context;
    for (int i = 0; i < CALLS_EACH; i++) {
        if (loop_call(world->loop, count_up, world) != 0) {
            atomic_fetch_add(&world->strange, 1);
        }
    }
    if (atomic_fetch_sub(&world->callers_left, 1) == 1 &&
        loop_post(world->loop, quit, world) != 0) {
        atomic_fetch_add(&world->strange, 1);
    }
    return NULL;
}

static void start_callers(struct world *world, pthread_t *threads, void *(*run)(void *context))
{
    atomic_store(&world->callers_left, CALLERS);
    for (size_t i = 0; i < CALLERS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, run, world), 0);
    }
}

static void join_callers(pthread_t *threads)
{
    for (size_t i = 0; i < CALLERS; i++) {
        pthread_join(threads[i], NULL);
    }
}

static void test_calls_run_on_the_loop(void **state)
{
    (void)state;
    struct world world = {0};
    pthread_t threads[CALLERS];
    assert_int_equal(loop_create(clock_real(), &world.loop), 0);
    start_callers(&world, threads, call_many);
    assert_int_equal(loop_run(world.loop), 3);
    join_callers(threads);
    assert_int_equal(world.count, CALLERS * CALLS_EACH);
    assert_int_equal(atomic_load(&world.strange), 0);
    loop_destroy(world.loop);
}

static void *call_until_shut_down(void *context)
{
    struct world *world = context;
    int result = 0;
    while (result == 0) {
        result = loop_call(world->loop, count_up, world);
        if (result != 0 && result != -ESHUTDOWN) {
            atomic_fetch_add(&world->strange, 1);
        }
        atomic_fetch_add(&world->answers[result == 0 ? 0 : 1], 1);
    }
    return NULL;
}

/* Callers hammer the loop while it ends: each gets an answer, and every call that was answered 0 has run. */
static void test_no_caller_hangs_when_the_loop_ends(void **state)
{
    (void)state;
    for (int round = 0; round < 50; round++) {
        struct world world = {0};
        struct loop_source *timer = NULL;
        pthread_t threads[CALLERS];
        assert_int_equal(loop_create(clock_real(), &world.loop), 0);
        assert_int_equal(loop_add_timer(world.loop, quit, &world, &timer), 0);
        loop_timer_at(timer, clock_mono_us(clock_real()) + round * 100);
        start_callers(&world, threads, call_until_shut_down);
        assert_int_equal(loop_run(world.loop), 3);
        join_callers(threads);
        assert_int_equal(atomic_load(&world.strange), 0);
        assert_int_equal(atomic_load(&world.answers[1]), CALLERS);
        assert_int_equal(atomic_load(&world.answers[0]), world.count);
        loop_remove(timer);
        loop_destroy(world.loop);
    }
}

static void *call_once(void *context)
{
    struct world *world = context;
    int result = loop_call(world->loop, count_up, world);
    atomic_store(&world->answers[0], result);
    atomic_fetch_sub(&world->callers_left, 1);
    return NULL;
}

static bool is_answered(void *context)
{
    return atomic_load(&((struct world *)context)->callers_left) == 0;
}

/* The call comes in behind the request to quit, in the same wake-up; should it be later still, the answer is the same. */
static void test_waiting_call_is_answered_after_quit(void **state)
{
    (void)state;
    struct world world = {.callers_left = 1};
    pthread_t thread;
    assert_int_equal(loop_create(clock_real(), &world.loop), 0);
    assert_int_equal(loop_post(world.loop, quit, &world), 0);
    assert_int_equal(pthread_create(&thread, NULL, call_once, &world), 0);
    usleep(50000);
    assert_int_equal(loop_run(world.loop), 3);
    assert_true(test_wait_until(is_answered, &world));
    pthread_join(thread, NULL);
    assert_int_equal(atomic_load(&world.answers[0]), -ESHUTDOWN);
    assert_int_equal(world.count, 0);
    loop_destroy(world.loop);
}

static void test_after_quit(void **state)
{
    (void)state;
    struct world world = {0};
    pthread_t thread;
    assert_int_equal(loop_create(clock_real(), &world.loop), 0);
    assert_int_equal(loop_post(world.loop, quit, &world), 0);
    assert_int_equal(loop_post(world.loop, count_up, &world), 0);
    assert_int_equal(loop_run(world.loop), 3);
    assert_int_equal(world.count, 1); /* posted before the end: it has run */
    assert_int_equal(loop_post(world.loop, count_up, &world), -ESHUTDOWN);
    assert_int_equal(loop_run(world.loop), 3);
    assert_int_equal(loop_run_once(world.loop), 3);
    assert_int_equal(pthread_create(&thread, NULL, call_once, &world), 0);
    pthread_join(thread, NULL);
    assert_int_equal(atomic_load(&world.answers[0]), -ESHUTDOWN);
    assert_int_equal(world.count, 1);
    loop_destroy(world.loop);
}

static void test_bounds(void **state)
{
    (void)state;
    struct world world = {0};
    assert_int_equal(loop_create(clock_real(), &world.loop), 0);
    assert_int_equal(loop_call(world.loop, count_up, &world), -EDEADLK);
    for (int i = 0; i < POSTS_MAX; i++) {
        assert_int_equal(loop_post(world.loop, count_up, &world), 0);
    }
    assert_int_equal(loop_post(world.loop, count_up, &world), -ENOSPC);
    assert_int_equal(loop_run_once(world.loop), 0);
    assert_int_equal(world.count, POSTS_MAX);
    assert_int_equal(loop_post(world.loop, count_up, &world), 0);
    loop_destroy(world.loop);
    assert_int_equal(world.count, POSTS_MAX);
    loop_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_calls_run_on_the_loop),
        cmocka_unit_test(test_no_caller_hangs_when_the_loop_ends),
        cmocka_unit_test(test_waiting_call_is_answered_after_quit),
        cmocka_unit_test(test_after_quit),
        cmocka_unit_test(test_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
