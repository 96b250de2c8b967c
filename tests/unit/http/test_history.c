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
#include "http/history/history_pixels.h"
#include "http/history/history_source.h"
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

static struct point power(void)
{
    return (struct point){.name = "active_power",
                          .quantity = quantity_get(QUANTITY_ID_active_power),
                          .resolution = 0.1};
}

static void add(struct history_pixels *pixels, const struct point *point, int64_t time_us,
                int64_t count, enum quality quality)
{
    bool is_ok = quality == QUALITY_OK;
    struct reading reading = {.time_us = time_us,
                              .value = is_ok ? reading_value_of_count(count, 0.1, 0) : (double)NAN,
                              .count = is_ok ? count : 0,
                              .resolution = 0.1,
                              .quality = (uint8_t)quality};
    const struct history_sample sample = {.point = point,
                                          .time_us = time_us,
                                          .min = reading,
                                          .max = reading,
                                          .last = reading,
                                          .count = is_ok ? 1 : 0,
                                          .bad = is_ok ? 0 : 1};
    history_pixels_add(pixels, &sample);
}

static void assert_written(const struct history_pixels *pixels, const char *wanted)
{
    struct text text = {0};
    struct writer writer = {.text = &text};
    history_pixels_write(pixels, &writer);
    assert_string_equal(text.data, wanted);
    text_finish(&text);
}

static void keeps_lowest_highest_and_last(void **state)
{
    (void)state;
    const struct history_query query = {.from_us = 1000, .to_us = 1040, .pixels = 4};
    struct history_pixels *pixels = history_pixels_create(&query);
    const struct point point = power();
    assert_int_equal(history_pixels_width_us(pixels), 10);
    add(pixels, &point, 999, 9999, QUALITY_OK); /* before the range */
    add(pixels, &point, 1000, 50, QUALITY_OK);
    add(pixels, &point, 1001, 2301, QUALITY_OK);
    add(pixels, &point, 1002, -7, QUALITY_OK);
    add(pixels, &point, 1009, 60, QUALITY_OK);
    add(pixels, &point, 1005, 70, QUALITY_OK);     /* late: not the last */
    add(pixels, &point, 1020, 80, QUALITY_OK);     /* nothing in the second */
    add(pixels, &point, 1021, 0, QUALITY_TIMEOUT); /* a value stands before a failure */
    add(pixels, &point, 1030, 0, QUALITY_TIMEOUT);
    add(pixels, &point, 1039, 0, QUALITY_BAD_REPLY);
    add(pixels, &point, 1040, 9999, QUALITY_OK); /* behind it */
    assert_int_equal(history_pixels_count(pixels), 3);
    assert_written(pixels,
                   "{\"time\":[1000,1020,1030],\"min\":[-0.7,8,null],\"max\":[230.1,8,null],"
                   "\"last\":[6,8,null],\"count\":[5,1,0],\"bad\":[0,1,2],"
                   "\"untrusted\":[0,0,0],\"quality\":[\"ok\",\"ok\",\"bad_reply\"]}");
    history_pixels_destroy(pixels);
}

/* Against all values, kept: widths that do not divide the range, and times from its first to its last microsecond. */
static void thins_as_all_values_say(void **state)
{
    (void)state;
    enum { READINGS = 5000 };
    static double values[READINGS];
    const struct point point = power();
    for (size_t pixel_count = 1; pixel_count <= 997; pixel_count += 83) {
        const struct history_query query = {
            .from_us = 77, .to_us = 77 + READINGS, .pixels = pixel_count};
        struct history_pixels *pixels = history_pixels_create(&query);
        int64_t width = history_pixels_width_us(pixels);
        for (int i = 0; i < READINGS; i++) {
            int64_t count = (int64_t)i * 7919 % 10007 - 5000;
            values[i] = reading_value_of_count(count, 0.1, 0);
            add(pixels, &point, 77 + i, count, QUALITY_OK);
        }
        struct text text = {0};
        struct writer writer = {.text = &text};
        history_pixels_write(pixels, &writer);
        json_t *root = json_loads(text.data, 0, NULL);
        assert_non_null(root);
        size_t count = json_array_size(json_object_get(root, "time"));
        assert_true(count <= pixel_count);
        assert_int_equal(count, (READINGS + width - 1) / width);
        for (size_t i = 0; i < count; i++) {
            double min = INFINITY;
            double max = -INFINITY;
            double last = 0;
            for (int64_t j = (int64_t)i * width; j < READINGS && j < ((int64_t)i + 1) * width;
                 j++) {
                min = fmin(min, values[j]);
                max = fmax(max, values[j]);
                last = values[j];
            }
            assert_true(min == json_number_value(json_array_get(json_object_get(root, "min"), i)));
            assert_true(max == json_number_value(json_array_get(json_object_get(root, "max"), i)));
            assert_true(last ==
                        json_number_value(json_array_get(json_object_get(root, "last"), i)));
        }
        json_decref(root);
        text_finish(&text);
        history_pixels_destroy(pixels);
    }
}

static void picks_source_and_queue(void **state)
{
    (void)state;
    struct history_query query = {.from_us = 0, .to_us = 7200LL * 1000000, .limit = 10};
    const struct history_source *source = history_source_pick(&query);
    assert_string_equal(source->word, "raw");
    assert_int_equal(history_source_queue(source, &query), WORKER_QUICK);
    query.to_us += 1;
    assert_int_equal(history_source_queue(source, &query), WORKER_LONG);
    query.pixels = 1000;
    assert_string_equal(history_source_pick(&query)->word, "raw");
}

static void gives_columns(void **state)
{
    struct world *world = *state;
    for (int64_t i = 1; i <= 100; i++) {
        world_post(world, 0, i * 1000 + 1, i == 50 ? QUALITY_TIMEOUT : QUALITY_OK);
    }
    wait_durable(world, 100);
    json_t *root = world_get(world, "/api/v1/history?device=m1&point=active_power&pixels=1", 200);
    const json_t *columns = json_object_get(root, "columns");
    assert_string_equal(string_at(root, "resolution"), "raw");
    assert_string_equal(string_at(root, "unit"), "kW");
    assert_int_equal(integer_at(root, "pixel_us"), 3600000000);
    assert_true(json_real_value(json_array_get(json_object_get(columns, "min"), 0)) == 1.001);
    assert_true(json_real_value(json_array_get(json_object_get(columns, "max"), 0)) == 100.001);
    assert_true(json_real_value(json_array_get(json_object_get(columns, "last"), 0)) == 100.001);
    assert_int_equal(json_integer_value(json_array_get(json_object_get(columns, "count"), 0)), 99);
    assert_int_equal(json_integer_value(json_array_get(json_object_get(columns, "bad"), 0)), 1);
    json_decref(root);
    root = world_get(world, "/api/v1/history?device=m1&point=serial_number&pixels=10000", 200);
    columns = json_object_get(root, "columns");
    size_t count = json_array_size(json_object_get(columns, "last"));
    assert_true(count > 0);
    assert_string_equal(
        json_string_value(json_array_get(json_object_get(columns, "last"), count - 1)), "SN-\"1\"");
    assert_true(json_is_null(json_array_get(json_object_get(columns, "min"), 0)));
    json_decref(root);
    root =
        world_get(world, "/api/v1/history?device=m1&point=active_power&to=1000000&pixels=5", 200);
    columns = json_object_get(root, "columns");
    assert_int_equal(json_array_size(json_object_get(columns, "time")), 0);
    json_decref(root);
    static const char *const bad[] = {"pixels=0", "pixels=10001", "pixels=x", "pixels=10&limit=10"};
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        char *path = mem_format("/api/v1/history?device=m1&point=active_power&%s", bad[i]);
        root = world_get(world, path, 400);
        json_decref(root);
        free(path);
    }
}

enum { LONG_ONES = 8 };

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
                                   "&pixels=1000",
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
    for (uint64_t i = 1; i <= 40000; i++) {
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
        cmocka_unit_test(keeps_lowest_highest_and_last),
        cmocka_unit_test(thins_as_all_values_say),
        cmocka_unit_test(picks_source_and_queue),
        cmocka_unit_test_setup_teardown(gives_columns, setup, teardown),
        cmocka_unit_test_setup_teardown(a_long_query_delays_no_quick_one, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
