/* SPDX-License-Identifier: Apache-2.0 */
/* influx by the v2 interface, and by v1, to a real VictoriaMetrics: what was sent is there, once, also when it was sent
 * twice. Its times are milliseconds, its values doubles, its names <measurement>_<field>. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "base/mem.h"
#include "net/http_client.h"
#include "sinks/influx/influx.h"
#include "support/support.h"
#include "unit/net/servers.h"
#include "unit/sinks/gate.h"
#include "unit/sinks/rig.h"

struct scene {
    struct test_victoria victoria;
    struct influx_options options;
    char *url;
    struct http_client *http;
    struct rig rig;
};

static void scene_init(struct scene *scene, enum influx_api api)
{
    *scene = (struct scene){0};
    test_victoria_init(&scene->victoria);
    test_victoria_start(&scene->victoria);
    rig_init(&scene->rig, &influx_sink, &scene->options);
    scene->url = mem_format("http://127.0.0.1:%u", scene->victoria.port);
    scene->options.url = scene->url;
    scene->options.api = (int)api;
    scene->options.rejected_file = "";
    scene->options.flush_ms = 50;
    assert_int_equal(http_client_create(&(struct http_client_options){0}, &scene->http), 0);
}

static void scene_finish(struct scene *scene)
{
    rig_finish(&scene->rig);
    http_client_destroy(scene->http);
    test_victoria_finish(&scene->victoria);
    free(scene->url);
}

static void get(struct scene *scene, const char *path, struct http_response *response)
{
    char *url = mem_format("%s%s", scene->url, path);
    const struct http_request request = {.method = "GET", .url = url};
    if (http_client_send(scene->http, &request, response) < 0) {
        fail_msg("%s", response->error);
    }
    assert_int_equal(response->status, 200);
    free(url);
}

/* What a series of one device holds: {"metric": {...}, "values": [...], "timestamps": [...]}. */
static json_t *export(struct scene *scene, const char *name, const char *device)
{
    struct http_response response;
    get(scene, "/internal/force_flush", &response);
    struct text path = {0};
    char *match = mem_format("%s{device=\"%s\"}", name, device);
    text_add_string(&path, "/api/v1/export?reduce_mem_usage=0&match=");
    http_add_escaped(&path, match);
    get(scene, path.data, &response);
    json_t *series = json_loadb(response.body, response.length, JSON_DISABLE_EOF_CHECK, NULL);
    if (!series) {
        fail_msg("%s: %s", match, response.body);
    }
    free(match);
    text_finish(&path);
    return series;
}

static void assert_label(json_t *series, const char *name, const char *value)
{
    const char *is = json_string_value(json_object_get(json_object_get(series, "metric"), name));
    if (value) {
        assert_string_equal(is, value);
    } else {
        assert_null(is);
    }
}

/* Positions device, device + 4, ...: their times and values, each once. */
static void assert_powers(struct scene *scene, int device, size_t count)
{
    char id[8];
    snprintf(id, sizeof(id), "m%d", device);
    json_t *series = export(scene, "meter_active_power", id);
    json_t *values = json_object_get(series, "values");
    json_t *times = json_object_get(series, "timestamps");
    assert_int_equal(json_array_size(values), count);
    uint64_t first = device ? (uint64_t)device : 4;
    for (size_t i = 0; i < count; i++) {
        uint64_t position = first + 4 * i;
        assert_true(json_number_value(json_array_get(values, i)) == (double)position / 100.0);
        assert_int_equal(json_integer_value(json_array_get(times, i)),
                         rig_time_us(&scene->rig, position) / 1000);
    }
    json_decref(series);
}

static void assert_constant(struct scene *scene, const char *name, double value, size_t count)
{
    json_t *series = export(scene, name, "m1");
    json_t *values = json_object_get(series, "values");
    assert_int_equal(json_array_size(values), count);
    for (size_t i = 0; i < count; i++) {
        assert_true(json_number_value(json_array_get(values, i)) == value);
    }
    json_decref(series);
}

static void values_come_back(enum influx_api api)
{
    struct scene scene;
    scene_init(&scene, api);
    scene.options.gzip = api == INFLUX_V2;
    rig_start(&scene.rig, true);
    rig_wait_state(&scene.rig, SINK_UP);
    rig_make(&scene.rig, 400);
    rig_wait_cursor(&scene.rig, 400);
    for (int device = 0; device < 4; device++) {
        assert_powers(&scene, device, 100);
    }
    assert_constant(&scene, "meter_active_energy_import", 1234567.89, 100);
    assert_constant(&scene, "meter_inverter_state", 512, 100);
    assert_constant(&scene, "meter_voltage_a", 230.1, 100);
    assert_constant(&scene, "meter_quality", 0, 100);
    json_t *series = export(&scene, "meter_quality", "m1");
    assert_label(series, "site", "hq");
    assert_label(series, "node", "b1");
    assert_label(series, "db", api == INFLUX_V1 ? "lingtan" : NULL);
    json_decref(series);
    scene_finish(&scene);
}

static void test_v2(void **state)
{
    (void)state;
    values_come_back(INFLUX_V2);
}

static void test_v1(void **state)
{
    (void)state;
    values_come_back(INFLUX_V1);
}

static bool has_passed_on(void *context)
{
    struct gate *gate = context;
    return atomic_load(&gate->requests) >= 3;
}

/* The answers are lost, not the lines: they go again, and nothing shows twice. */
static void test_sent_again(void **state)
{
    (void)state;
    struct scene scene;
    struct gate gate;
    scene_init(&scene, INFLUX_V2);
    gate_start(&gate, scene.victoria.port);
    char *url = mem_format("http://127.0.0.1:%u", gate.port);
    scene.options.url = url;
    rig_start(&scene.rig, true);
    rig_wait_state(&scene.rig, SINK_UP);
    rig_make(&scene.rig, 100);
    rig_wait_cursor(&scene.rig, 100);
    atomic_store(&gate.requests, 0);
    atomic_store(&gate.lost, 503);
    rig_make(&scene.rig, 100);
    assert_true(test_wait_until(has_passed_on, &gate));
    atomic_store(&gate.lost, 0);
    rig_wait_cursor(&scene.rig, 200);
    for (int device = 0; device < 4; device++) {
        assert_powers(&scene, device, 50);
    }
    rig_stop(&scene.rig);
    gate_stop(&gate);
    free(url);
    scene_finish(&scene);
}

/* Stopped in the middle. */
static void test_restarted_server(void **state)
{
    (void)state;
    struct scene scene;
    scene_init(&scene, INFLUX_V2);
    rig_start(&scene.rig, true);
    rig_wait_state(&scene.rig, SINK_UP);
    for (int i = 0; i < 60; i++) {
        rig_make(&scene.rig, 20);
        usleep(3000);
        if (i == 30) {
            test_kill(&scene.victoria.pid, SIGTERM);
        }
    }
    rig_wait_state(&scene.rig, SINK_DOWN);
    test_victoria_start(&scene.victoria);
    rig_wait_cursor(&scene.rig, 1200);
    for (int device = 0; device < 4; device++) {
        assert_powers(&scene, device, 300);
    }
    scene_finish(&scene);
}

static void write_file(const char *path, const char *content)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(content, file);
    assert_int_equal(fclose(file), 0);
}

/* vmauth stands before it and knows one token (and answers 400 to others, not 401). */
static void test_token(void **state)
{
    (void)state;
    struct scene scene;
    scene_init(&scene, INFLUX_V2);
    const char *folder = scene.victoria.folder;
    const uint16_t port = test_free_port();
    char *auth = mem_format("%s/auth.yml", folder);
    char *content = mem_format("users:\n- bearer_token: sesame\n  url_prefix: %s\n", scene.url);
    write_file(auth, content);
    char *option = mem_format("-auth.config=%s", auth);
    char *address = mem_format("-httpListenAddr=127.0.0.1:%u", port);
    char *log = mem_format("%s/vmauth.log", folder);
    const char *const argv[] = {"vmauth", option, address, NULL};
    pid_t vmauth = test_spawn(argv, log);
    assert_true(test_wait_for_port(port));
    char *guarded = mem_format("http://127.0.0.1:%u", port);
    char *token_file = mem_format("%s/token", folder);
    scene.options.url = guarded;
    scene.options.token_file = token_file;
    rig_start(&scene.rig, true);
    rig_wait_state(&scene.rig, SINK_DOWN);
    assert_non_null(strstr(runner_status(scene.rig.runner).reason, "influx.token_file"));
    rig_stop(&scene.rig);
    write_file(token_file, "wrong\n");
    rig_start(&scene.rig, true);
    rig_wait_state(&scene.rig, SINK_DOWN);
    if (!strstr(runner_status(scene.rig.runner).reason, "auth token")) {
        fail_msg("%s", runner_status(scene.rig.runner).reason);
    }
    rig_stop(&scene.rig);
    write_file(token_file, "sesame\n");
    rig_start(&scene.rig, true);
    rig_make(&scene.rig, 40);
    rig_wait_cursor(&scene.rig, 40);
    assert_powers(&scene, 1, 10);
    test_kill(&vmauth, SIGKILL);
    free(token_file);
    free(guarded);
    free(log);
    free(address);
    free(option);
    free(content);
    free(auth);
    scene_finish(&scene);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_v2),         cmocka_unit_test(test_v1),
        cmocka_unit_test(test_sent_again), cmocka_unit_test(test_restarted_server),
        cmocka_unit_test(test_token),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
