/* SPDX-License-Identifier: Apache-2.0 */
/* History thinned to pixels, and long queries that keep no quick one waiting. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "http/history/history_columns.h"
#include "http/history/history_query.h"
#include "unit/http/world.h"

static int setup(void **state)
{
    struct world *world = mem_alloc(sizeof(*world));
    world_start(world, true);
    *state = world;
    return 0;
}

static int teardown(void **state)
{
    world_stop(*state);
    free(*state);
    return 0;
}

static void wait_durable(const struct world *world, uint64_t position)
{
    int64_t until_ms = mono_ms() + 20000;
    while (store_durable(world->store) < position && mono_ms() < until_ms) {
        usleep(5000);
    }
    assert_true(store_durable(world->store) >= position);
}

static void picks_the_queue(void **state)
{
    (void)state;
    const int64_t hour_us = 3600LL * 1000000;
    static const struct {
        int64_t hours;
        size_t pixels;
        enum worker_queue queue;
    } cases[] = {
        {1, 0, WORKER_QUICK},
        {2, 0, WORKER_QUICK},
        {3, 0, WORKER_LONG},
        {24 * 365, 0, WORKER_LONG},
        {24, 1000, WORKER_QUICK},
        {14 * 24, 1000, WORKER_QUICK},
        {15 * 24, 1000, WORKER_LONG},
        {24 * 365, 1000, WORKER_QUICK}, /* out of hours */
        {24 * 365, 10000, WORKER_LONG},
        {24 * 3650, 1000, WORKER_QUICK},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        const struct history_query query = {
            .to_us = cases[i].hours * hour_us, .limit = 10, .pixels = cases[i].pixels};
        assert_int_equal(history_query_queue(&query), cases[i].queue);
    }
}

static double number_at(const json_t *columns, const char *name, size_t index)
{
    const json_t *number = json_array_get(json_object_get(columns, name), index);
    assert_true(json_is_number(number));
    return json_number_value(number);
}

static void writes_columns(void **state)
{
    (void)state;
    struct rollup_column rows[] = {
        {.time_us = 1000,
         .min = 230.10000000000002,
         .max = (double)230.1F,
         .mean = 1e-9,
         .last = 123456789.012,
         .good = 3},
        {.time_us = 2000,
         .min = (double)NAN,
         .max = (double)NAN,
         .mean = (double)NAN,
         .last = (double)NAN,
         .bad = 2,
         .worst = QUALITY_TIMEOUT},
    };
    const struct rollup_answer answer = {.columns = rows, .count = 2};
    struct text text = {0};
    struct writer writer = {.text = &text};
    history_columns_write(&writer, &answer);
    assert_string_equal(text.data,
                        "{\"time\":[1000,2000],\"min\":[230.1,null],\"max\":[230.100006104,null],"
                        "\"mean\":[1e-09,null],\"last\":[123456789.012,null],\"good\":[3,0],"
                        "\"bad\":[0,2],\"worst\":[\"ok\",\"timeout\"]}");
    text_finish(&text);
}

/* Minutes and hours say the same of a range; where readings are there and wanted as fine, they are read. */
static void gives_columns(void **state)
{
    struct world *world = *state;
    for (int64_t i = 1; i <= 100; i++) {
        world_post(world, 0, i * 1000 + 1, i == 50 ? QUALITY_TIMEOUT : QUALITY_OK);
    }
    wait_durable(world, 100);
    usleep(200000); /* the roll-ups have it too */
    static const struct {
        int64_t from_s; /* ago */
        int pixels;
        const char *resolution;
    } cases[] = {{3600, 1, "hour"}, {86400, 100, "minute"}, {86400, 2, "hour"}};
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        int64_t to_ms = clock_wall_us(world->clock) / 1000 + 1000;
        char *path = mem_format(
            "/api/v1/history?device=m1&point=active_power&pixels=%d&from=%lld&to=%lld",
            cases[i].pixels, (long long)(to_ms - cases[i].from_s * 1000), (long long)to_ms);
        json_t *root = world_get(world, path, 200);
        const json_t *columns = json_object_get(root, "columns");
        size_t count = json_array_size(json_object_get(columns, "time"));
        double max = 0;
        json_int_t good = 0;
        json_int_t bad = 0;
        assert_string_equal(string_at(root, "resolution"), cases[i].resolution);
        assert_string_equal(string_at(root, "unit"), "kW");
        assert_true(count > 0 && count <= (size_t)cases[i].pixels);
        for (size_t j = 0; j < count; j++) {
            max = fmax(max, number_at(columns, "max", j));
            good += (json_int_t)number_at(columns, "good", j);
            bad += (json_int_t)number_at(columns, "bad", j);
        }
        assert_true(number_at(columns, "min", 0) == 1.001);
        assert_true(number_at(columns, "last", count - 1) == 100.001);
        assert_true(max == 100.001);
        assert_int_equal(good, 99);
        assert_int_equal(bad, 1);
        json_decref(root);
        free(path);
    }
    int64_t oldest_ms = store_status(world->store).oldest_day_us / 1000 + 1;
    char *recent =
        mem_format("/api/v1/history?device=m1&point=active_power&pixels=9&from=%lld&to=%lld",
                   (long long)oldest_ms, (long long)oldest_ms + 60000);
    json_t *root = world_get(world, recent, 200);
    assert_string_equal(string_at(root, "resolution"), "raw");
    json_decref(root);
    free(recent);
    root =
        world_get(world, "/api/v1/history?device=m1&point=active_power&to=1000000&pixels=5", 200);
    assert_int_equal(json_array_size(json_object_get(json_object_get(root, "columns"), "time")), 0);
    json_decref(root);
    root = world_get(world, "/api/v1/history?device=m9&point=active_power&pixels=5", 404);
    json_decref(root);
    static const char *const bad[] = {"pixels=0", "pixels=10001", "pixels=x", "pixels=10&limit=10"};
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        char *path = mem_format("/api/v1/history?device=m1&point=active_power&%s", bad[i]);
        root = world_get(world, path, 400);
        json_decref(root);
        free(path);
    }
}

enum { LONG_ONES = 8, ROWS = 15000 };

struct asker {
    pthread_t thread;
    const struct world *world;
    atomic_int *done;
    int64_t took_ms;
};

static void *ask_for_a_year(void *context)
{
    struct asker *asker = context;
    int64_t started_ms = mono_ms();
    struct reply reply = world_ask(asker->world, "GET",
                                   "/api/v1/history?device=m1&point=active_power&from=1000000000000"
                                   "&limit=100000",
                                   NULL);
    asker->took_ms = mono_ms() - started_ms;
    atomic_fetch_add(asker->done, 1);
    int status = reply.status;
    reply_finish(&reply);
    return status == 200 ? NULL : context;
}

/* Eight ask for years at once; who asks for an hour is answered while they still wait. */
static void a_long_query_delays_no_quick_one(void **state)
{
    struct world *world = *state;
    struct asker askers[LONG_ONES];
    atomic_int done = 0;
    for (uint64_t i = 1; i <= ROWS; i++) {
        world_post(world, 0, (int64_t)i, QUALITY_OK);
        if (i % 1000 == 0) {
            wait_durable(world, i);
        }
    }
    for (size_t i = 0; i < LONG_ONES; i++) {
        askers[i] = (struct asker){.world = world, .done = &done};
        assert_int_equal(pthread_create(&askers[i].thread, NULL, ask_for_a_year, &askers[i]), 0);
    }
    usleep(20000); /* they are all in the queue */
    int64_t started_ms = mono_ms();
    json_t *root = world_get(
        world, "/api/v1/history?device=m2&point=active_power&from=1700000000000&to=1700000001000",
        200);
    int64_t took_ms = mono_ms() - started_ms;
    int done_meanwhile = atomic_load(&done);
    json_decref(root);
    int64_t longest_ms = 0;
    for (size_t i = 0; i < LONG_ONES; i++) {
        void *failed = NULL;
        pthread_join(askers[i].thread, &failed);
        assert_null(failed);
        longest_ms = askers[i].took_ms > longest_ms ? askers[i].took_ms : longest_ms;
    }
    print_message("a quick query took %lld ms beside long ones of up to %lld ms\n",
                  (long long)took_ms, (long long)longest_ms);
    assert_true(done_meanwhile < LONG_ONES - 1);
    assert_true(took_ms < longest_ms / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(picks_the_queue),
        cmocka_unit_test(writes_columns),
        cmocka_unit_test_setup_teardown(gives_columns, setup, teardown),
        cmocka_unit_test_setup_teardown(a_long_query_delays_no_quick_one, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
