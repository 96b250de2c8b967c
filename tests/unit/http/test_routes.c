/* SPDX-License-Identifier: Apache-2.0 */
/* Every route over a real socket: what it says, and what it says to a bad question. */
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

static void assert_error(const struct world *world, const char *path, int status, const char *part)
{
    json_t *root = world_get(world, path, status);
    const json_t *error = json_object_get(root, "error");
    if (!strstr(string_at(error, "what"), part)) {
        print_error("%s: %s\n", path, string_at(error, "what"));
    }
    assert_non_null(strstr(string_at(error, "what"), part));
    assert_true(strlen(string_at(error, "allowed")) > 0);
    assert_true(strlen(string_at(error, "code")) > 0);
    json_decref(root);
}

static void shows_the_site_as_a_tree(void **state)
{
    json_t *root = world_get(*state, "/api/v1/site", 200);
    assert_true(strlen(string_at(root, "time_zone")) > 0);
    assert_string_equal(string_at(root, "name"), "大院");
    const json_t *nodes = json_object_get(root, "nodes");
    assert_int_equal(json_array_size(nodes), 2);
    const json_t *first = json_array_get(nodes, 0);
    assert_string_equal(string_at(first, "name"), "1号楼");
    assert_int_equal(integer_at(first, "headcount"), 100);
    assert_string_equal(string_at(json_array_get(json_object_get(first, "nodes"), 0), "id"),
                        "b1-f1");
    json_decref(root);
}

static void lists_devices_with_health(void **state)
{
    json_t *root = world_get(*state, "/api/v1/devices", 200);
    const json_t *devices = json_object_get(root, "devices");
    assert_int_equal(json_array_size(devices), 2);
    const json_t *first = json_array_get(devices, 0);
    assert_string_equal(string_at(first, "id"), "m1");
    assert_string_equal(string_at(first, "class"), "meter");
    assert_string_equal(string_at(first, "health"), "online");
    assert_string_equal(string_at(first, "last_good"), "2023-11-14T22:13:20Z");
    const json_t *second = json_array_get(devices, 1);
    assert_string_equal(string_at(second, "health"), "offline");
    assert_int_equal(integer_at(second, "failed_polls"), 5);
    assert_int_equal(integer_at(second, "next_try_in_ms"), 2000);
    assert_true(json_is_null(json_object_get(second, "last_good")));
    assert_int_equal(integer_at(json_object_get(second, "errors"), "timeouts"), 5);
    json_decref(root);
}

static void shows_one_device_with_values(void **state)
{
    struct world *world = *state;
    world_post(world, 0, 230105, QUALITY_OK);
    world_wait_batches(world, 1);
    json_t *root = world_get(world, "/api/v1/devices/m1", 200);
    const json_t *points = json_object_get(root, "points");
    assert_int_equal(json_array_size(points), 4);
    const json_t *power = json_array_get(points, 0);
    assert_string_equal(string_at(power, "unit"), "kW");
    assert_string_equal(string_at(power, "chinese"), "有功功率");
    assert_string_equal(string_at(power, "quality"), "ok");
    assert_true(json_real_value(json_object_get(power, "value")) == 230.105);
    assert_true(json_is_true(json_object_get(json_array_get(points, 2), "writable")));
    assert_string_equal(string_at(json_array_get(points, 3), "value"), "SN-\"1\"");
    json_decref(root);
    assert_error(world, "/api/v1/devices/none", 404, "there is no device none");
    assert_error(world, "/api/v1/devices/%22%0a", 404, "there is no device \"?");
}

static void lists_points(void **state)
{
    json_t *root = world_get(*state, "/api/v1/points", 200);
    assert_int_equal(json_array_size(json_object_get(root, "points")), 8);
    const json_t *point = json_array_get(json_object_get(root, "points"), 2);
    assert_string_equal(string_at(point, "name"), "setpoint_temperature_2");
    assert_string_equal(string_at(point, "quantity"), "setpoint_temperature");
    assert_int_equal(integer_at(point, "index"), 2);
    assert_int_equal(integer_at(point, "period_ms"), 60000);
    json_decref(root);
    root = world_get(*state, "/api/v1/points?device=m2", 200);
    assert_int_equal(json_array_size(json_object_get(root, "points")), 4);
    json_decref(root);
    assert_error(*state, "/api/v1/points?node=b1", 400, "unknown parameter node");
}

static void shows_live_values(void **state)
{
    struct world *world = *state;
    world_post(world, 0, 1500, QUALITY_OK);
    world_post(world, 1, 0, QUALITY_TIMEOUT);
    world_wait_batches(world, 2);
    json_t *root = world_get(world, "/api/v1/live", 200);
    const json_t *devices = json_object_get(root, "devices");
    const json_t *first = json_array_get(devices, 0);
    assert_true(
        json_real_value(json_object_get(json_object_get(first, "values"), "active_power")) == 1.5);
    assert_int_equal(json_object_size(json_object_get(first, "quality")), 0);
    assert_true(integer_at(json_object_get(first, "age_ms"), "voltage_a") >= 0);
    assert_true(integer_at(first, "ts") > 1700000000000);
    const json_t *second = json_array_get(devices, 1);
    assert_true(json_is_null(json_object_get(json_object_get(second, "values"), "active_power")));
    assert_string_equal(string_at(json_object_get(second, "quality"), "active_power"), "timeout");
    json_decref(root);
}

static void filters_live_values(void **state)
{
    json_t *root = world_get(*state, "/api/v1/live?node=b1", 200); /* through its floor */
    const json_t *devices = json_object_get(root, "devices");
    assert_int_equal(json_array_size(devices), 1);
    assert_string_equal(string_at(json_array_get(devices, 0), "device"), "m1");
    assert_true(json_is_null(json_object_get(json_array_get(devices, 0), "ts")));
    assert_string_equal(
        string_at(json_object_get(json_array_get(devices, 0), "quality"), "voltage_a"), "stale");
    json_decref(root);
    root = world_get(*state, "/api/v1/live?device=m2&node=b1", 200);
    assert_int_equal(json_array_size(json_object_get(root, "devices")), 0);
    json_decref(root);
    assert_error(*state, "/api/v1/live?device=m9", 400, "there is no device m9");
    assert_error(*state, "/api/v1/live?node=b9", 400, "there is no node b9");
    assert_error(*state, "/api/v1/live?device=m1&device=m2", 400, "given twice");
}

static void shows_lines(void **state)
{
    json_t *root = world_get(*state, "/api/v1/lines", 200);
    const json_t *first = json_array_get(json_object_get(root, "lines"), 0);
    assert_string_equal(string_at(first, "state"), "up");
    assert_true(json_real_value(json_object_get(first, "load")) == 0.25);
    assert_int_equal(integer_at(first, "round_trip_p99_us"), 9000);
    assert_int_equal(integer_at(json_object_get(first, "errors"), "timeouts"), 7);
    json_decref(root);
    root = world_get(*state, "/api/v1/lines/l1", 200);
    const json_t *units = json_object_get(root, "units");
    assert_int_equal(json_array_size(units), 2);
    assert_string_equal(string_at(json_array_get(units, 1), "health"), "offline");
    json_decref(root);
    root = world_get(*state, "/api/v1/lines/l%222", 200);
    assert_string_equal(string_at(root, "last_error"), "gone");
    json_decref(root);
    assert_error(*state, "/api/v1/lines/l3", 404, "there is no line l3");
}

static void shows_sinks_and_status(void **state)
{
    struct world *world = *state;
    json_t *root = world_get(world, "/api/v1/sinks", 200);
    assert_int_equal(json_array_size(json_object_get(root, "sinks")), 0);
    json_decref(root);
    atomic_store(&world->is_ready, false);
    root = world_get(world, "/api/v1/status", 200);
    assert_string_equal(string_at(root, "version"), "0.0.test");
    assert_true(json_is_false(json_object_get(root, "ready")));
    assert_string_equal(string_at(root, "not_ready_because"), "no line is up yet");
    const json_t *counts = json_object_get(root, "counts");
    assert_int_equal(integer_at(counts, "devices"), 2);
    assert_int_equal(integer_at(counts, "devices_online"), 1);
    assert_int_equal(integer_at(counts, "lines_up"), 1);
    assert_int_equal(integer_at(counts, "points"), 8);
    assert_int_equal(json_array_size(json_object_get(root, "alarms")), 0);
    json_decref(root);
}

static void wait_durable(struct world *world, uint64_t position)
{
    int64_t until_ms = mono_ms() + 20000;
    while (store_durable(world->store) < position && mono_ms() < until_ms) {
        usleep(5000);
    }
    assert_true(store_durable(world->store) >= position);
}

static void gives_history(void **state)
{
    struct world *world = *state;
    for (int64_t i = 1; i <= 5; i++) {
        world_post(world, 0, i * 1000 + 1, i == 3 ? QUALITY_TIMEOUT : QUALITY_OK);
    }
    wait_durable(world, 5);
    json_t *root = world_get(world, "/api/v1/history?device=m1&point=active_power", 200);
    const json_t *readings = json_object_get(root, "readings");
    assert_string_equal(string_at(root, "unit"), "kW");
    assert_int_equal(json_array_size(readings), 5);
    assert_true(json_real_value(json_array_get(json_array_get(readings, 4), 1)) == 5.001);
    assert_true(json_is_null(json_array_get(json_array_get(readings, 2), 1)));
    assert_string_equal(json_string_value(json_array_get(json_array_get(readings, 2), 2)),
                        "timeout");
    assert_true(json_is_false(json_object_get(root, "truncated")));
    json_int_t second_us = json_integer_value(json_array_get(json_array_get(readings, 2), 0));
    json_decref(root);
    root = world_get(world, "/api/v1/history?device=m1&point=active_power&limit=2", 200);
    assert_int_equal(json_array_size(json_object_get(root, "readings")), 2);
    assert_true(json_is_true(json_object_get(root, "truncated")));
    assert_true(strlen(string_at(root, "next")) > 0);
    json_decref(root);
    char *path = mem_format("/api/v1/history?device=m1&point=active_power&to=%lld",
                            (long long)(second_us / 1000 + 60000));
    root = world_get(world, path, 200);
    assert_int_equal(json_array_size(json_object_get(root, "readings")), 5);
    json_decref(root);
    free(path);
    root = world_get(world, "/api/v1/history?device=m1&point=serial_number", 200);
    readings = json_object_get(root, "readings");
    assert_int_equal(json_array_size(readings), 5);
    assert_string_equal(json_string_value(json_array_get(json_array_get(readings, 4), 1)),
                        "SN-\"1\"");
    assert_true(json_is_null(json_array_get(json_array_get(readings, 2), 1)));
    json_decref(root);
}

static void refuses_bad_history(void **state)
{
    static const char base[] = "/api/v1/history?device=m1&point=active_power";
    assert_error(*state, "/api/v1/history", 400, "device and point must be given");
    assert_error(*state, "/api/v1/history?device=m1&point=", 400, "must be given");
    assert_error(*state, "/api/v1/history?device=m9&point=active_power", 404, "knows");
    char *path = mem_format("%s&from=yesterday", base);
    assert_error(*state, path, 400, "from=yesterday is no time");
    free(path);
    path = mem_format("%s&from=-9223372036854775", base);
    assert_error(*state, path, 400, "is no time");
    free(path);
    path = mem_format("%s&from=2000&to=1000", base);
    assert_error(*state, path, 400, "empty");
    free(path);
    const char *const limits[] = {"0", "100001", "abc", "", "1e3", "99999999999999999999"};
    for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
        path = mem_format("%s&limit=%s", base, limits[i]);
        assert_error(*state, path, 400, "limit=");
        free(path);
    }
    path = mem_format("%s&form=1", base);
    assert_error(*state, path, 400, "unknown parameter form");
    free(path);
}

static void *ask_history(void *context)
{
    struct reply reply = world_ask(
        context, "GET", "/api/v1/history?device=m1&point=active_power&limit=100000", NULL);
    uintptr_t status = (uintptr_t)reply.status;
    reply_finish(&reply);
    return (void *)status;
}

/* One thread answers them all, 16 may wait, the others are told to come back; nobody else notices. */
static void bounds_queries_that_wait(void **state)
{
    struct world *world = *state;
    pthread_t threads[60];
    size_t answered = 0;
    for (int64_t i = 1; i <= 3000; i++) {
        world_post(world, 0, i, QUALITY_OK);
    }
    wait_durable(world, 3000);
    for (size_t i = 0; i < ARRAY_SIZE(threads); i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, ask_history, world), 0);
    }
    struct reply reply = world_ask(world, "GET", "/healthz", NULL);
    assert_int_equal(reply.status, 200);
    reply_finish(&reply);
    for (size_t i = 0; i < ARRAY_SIZE(threads); i++) {
        void *status = NULL;
        pthread_join(threads[i], &status);
        assert_true((uintptr_t)status == 200 || (uintptr_t)status == 503);
        answered += (uintptr_t)status == 200;
    }
    assert_true(answered >= 16);
}

static void gives_metrics(void **state)
{
    struct world *world = *state;
    world_post(world, 0, 1, QUALITY_OK);
    world_wait_batches(world, 1);
    struct reply reply = world_ask(world, "GET", "/metrics", NULL);
    assert_int_equal(reply.status, 200);
    static const char *const parts[] = {
        "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n",
        "# TYPE lingtan_line_requests_total counter\n",
        "lingtan_line_requests_total{line=\"l1\"} 100\n",
        "lingtan_line_up{line=\"l\\\"2\"} 0\n",
        "lingtan_line_errors_total{line=\"l1\",class=\"timeout\"} 7\n",
        "lingtan_device_online{device=\"m1\",line=\"l1\",class=\"meter\"} 1\n",
        "lingtan_devices{health=\"offline\"} 1\n",
        "lingtan_hub_readings_total{quality=\"ok\"} 4\n",
        "lingtan_mailbox_capacity{mailbox=\"http queries\"} 16\n",
        "lingtan_store_commits_total ",
        "process_resident_memory_bytes ",
        "process_open_fds ",
    };
    for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
        if (!strstr(reply.bytes, parts[i])) {
            print_error("missing: %s\n", parts[i]);
        }
        assert_non_null(strstr(reply.bytes, parts[i]));
    }
    assert_null(strstr(reply.body, "process_resident_memory_bytes 0\n"));
    reply_finish(&reply);
}

/* Each family once, each sample after its own HELP and TYPE: what Prometheus insists on. */
static void metrics_are_well_formed(void **state)
{
    struct reply reply = world_ask(*state, "GET", "/metrics", NULL);
    char family[128] = "";
    char *save = NULL;
    char *seen = mem_dup_string("\n");
    for (char *line = strtok_r((char *)reply.body, "\n", &save); line;
         line = strtok_r(NULL, "\n", &save)) {
        if (strncmp(line, "# HELP ", 7) == 0) {
            size_t length = strcspn(line + 7, " ");
            (void)snprintf(family, sizeof(family), "%.*s", (int)length, line + 7);
            char *mark = mem_format("\n%s\n", family);
            assert_null(strstr(seen, mark));
            char *more = mem_format("%s%s\n", seen, family);
            free(seen);
            free(mark);
            seen = more;
        } else if (strncmp(line, "# TYPE ", 7) == 0) {
            assert_memory_equal(line + 7, family, strlen(family));
        } else {
            assert_memory_equal(line, family, strlen(family));
            assert_true(line[strlen(family)] == '{' || line[strlen(family)] == ' ');
        }
    }
    free(seen);
    reply_finish(&reply);
}

static void tells_health(void **state)
{
    struct world *world = *state;
    struct reply reply = world_ask(world, "GET", "/healthz", NULL);
    assert_int_equal(reply.status, 200);
    assert_string_equal(reply.body, "ok\n");
    reply_finish(&reply);
    reply = world_ask(world, "GET", "/readyz", NULL);
    assert_int_equal(reply.status, 200);
    reply_finish(&reply);
    atomic_store(&world->is_ready, false);
    reply = world_ask(world, "GET", "/readyz", NULL);
    assert_int_equal(reply.status, 503);
    assert_string_equal(reply.body, "no line is up yet\n");
    reply_finish(&reply);
}

static void *hold_main(void *context)
{
    struct reply reply = world_ask(context, "GET", "/readyz", NULL);
    reply_finish(&reply);
    return NULL;
}

static void says_so_when_the_main_thread_hangs(void **state)
{
    struct world *world = *state;
    pthread_t thread;
    atomic_store(&world->hold_main_ms, 5000);
    assert_int_equal(pthread_create(&thread, NULL, hold_main, world), 0);
    usleep(300000);
    int64_t started_ms = mono_ms();
    struct reply reply = world_ask(world, "GET", "/healthz", NULL);
    assert_int_equal(reply.status, 503);
    assert_in_range((unsigned long)(mono_ms() - started_ms), 1900, 4600);
    reply_finish(&reply);
    atomic_store(&world->hold_main_ms, 0);
    pthread_join(thread, NULL);
}

/* Whatever the table holds: known to GET or POST, 405 for the rest, no body for HEAD. */
static void answers_methods(void **state)
{
    for (size_t i = 0; i < route_count; i++) {
        bool is_post = strcmp(routes[i].method, "POST") == 0;
        if (strcmp(routes[i].path, "/api/v1/live/stream") == 0) {
            continue;
        }
        struct reply reply = world_ask(*state, is_post ? "GET" : "DELETE", routes[i].path, NULL);
        assert_int_equal(reply.status, 405);
        assert_non_null(strstr(reply.bytes, is_post ? "Allow: POST\r\n" : "Allow: GET, HEAD\r\n"));
        reply_finish(&reply);
    }
    struct reply reply = world_ask(*state, "HEAD", "/api/v1/status", NULL);
    assert_int_equal(reply.status, 200);
    assert_string_equal(reply.body, "");
    assert_null(strstr(reply.bytes, "Content-Length: 0\r\n"));
    reply_finish(&reply);
    reply = world_ask(*state, "BREW", "/api/v1/nothing", NULL);
    assert_int_equal(reply.status, 404);
    reply_finish(&reply);
}

static void knows_no_other_paths(void **state)
{
    static const char *const paths[] = {
        "/",
        "/api",
        "/api/v1/",
        "/api/v1/devices/",
        "/api/v1/devices/m1/points",
        "/API/V1/site",
        "/api/v1/../../etc/passwd",
        "/metricsx",
        "//metrics",
        "/api/v1/lines/a%2Fb",
    };
    for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
        assert_error(*state, paths[i], 404, "there is nothing at");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(shows_the_site_as_a_tree, setup, teardown),
        cmocka_unit_test_setup_teardown(lists_devices_with_health, setup, teardown),
        cmocka_unit_test_setup_teardown(shows_one_device_with_values, setup, teardown),
        cmocka_unit_test_setup_teardown(lists_points, setup, teardown),
        cmocka_unit_test_setup_teardown(shows_live_values, setup, teardown),
        cmocka_unit_test_setup_teardown(filters_live_values, setup, teardown),
        cmocka_unit_test_setup_teardown(shows_lines, setup, teardown),
        cmocka_unit_test_setup_teardown(shows_sinks_and_status, setup, teardown),
        cmocka_unit_test_setup_teardown(gives_history, setup, teardown),
        cmocka_unit_test_setup_teardown(refuses_bad_history, setup, teardown),
        cmocka_unit_test_setup_teardown(bounds_queries_that_wait, setup, teardown),
        cmocka_unit_test_setup_teardown(gives_metrics, setup, teardown),
        cmocka_unit_test_setup_teardown(metrics_are_well_formed, setup, teardown),
        cmocka_unit_test_setup_teardown(tells_health, setup, teardown),
        cmocka_unit_test_setup_teardown(says_so_when_the_main_thread_hangs, setup, teardown),
        cmocka_unit_test_setup_teardown(answers_methods, setup, teardown),
        cmocka_unit_test_setup_teardown(knows_no_other_paths, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
