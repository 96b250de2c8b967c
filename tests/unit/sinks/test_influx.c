/* SPDX-License-Identifier: Apache-2.0 */
/* influx: the whole sink with the real store and a real influxd, which stops and comes back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
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
#include "unit/sinks/influx_scene.h"
#include "unit/sinks/samples.h"

static const char *field_type(json_t *series, const char *name)
{
    size_t index = 0;
    json_t *row = NULL;
    json_array_foreach(json_object_get(series, "values"), index, row)
    {
        if (strcmp(json_string_value(json_array_get(row, 0)), name) == 0) {
            return json_string_value(json_array_get(row, 1));
        }
    }
    return "absent";
}

/* The database is made, the types are those of the dictionary, and every value comes back as it was. */
static void test_types_and_values(void **state)
{
    (void)state;
    struct influx_scene scene;
    influx_scene_init(&scene, NULL);
    rig_start(&scene.rig, true);
    rig_wait_state(&scene.rig, SINK_UP);
    struct batch *bad = rig_batch(&scene.rig, scene.rig.devices[1]);
    bad->readings[SAMPLE_VOLTAGE].quality = QUALITY_TIMEOUT;
    rig_give(&scene.rig, bad);
    rig_make(&scene.rig, 99);
    rig_wait_cursor(&scene.rig, 100);
    json_t *types = influx_query(&scene, "SHOW FIELD KEYS FROM meter");
    assert_string_equal(field_type(types, "active_power"), "float");
    assert_string_equal(field_type(types, "active_energy_import"), "float");
    assert_string_equal(field_type(types, "voltage_a"), "float");
    assert_string_equal(field_type(types, "inverter_state"), "integer");
    assert_string_equal(field_type(types, "serial_number"), "string");
    assert_string_equal(field_type(types, "quality"), "integer");
    json_decref(types);
    json_t *series =
        influx_query(&scene, "SELECT active_power, active_energy_import, inverter_state, "
                             "voltage_a, serial_number, quality, site, node, device "
                             "FROM meter ORDER BY time LIMIT 100");
    json_t *rows = json_object_get(series, "values");
    assert_int_equal(json_array_size(rows), 100);
    for (size_t i = 0; i < 100; i++) {
        json_t *row = json_array_get(rows, i);
        assert_int_equal(json_integer_value(json_array_get(row, 0)),
                         rig_time_us(&scene.rig, i + 1));
        assert_true(json_number_value(json_array_get(row, 1)) == (double)(i + 1) / 100.0);
        assert_true(json_number_value(json_array_get(row, 2)) == 1234567.89);
        assert_int_equal(json_integer_value(json_array_get(row, 3)), 512);
        assert_int_equal(json_is_null(json_array_get(row, 4)), i == 0);
        assert_string_equal(json_string_value(json_array_get(row, 5)), "SN \"7\"\\");
        assert_int_equal(json_integer_value(json_array_get(row, 6)), i == 0);
        assert_string_equal(json_string_value(json_array_get(row, 7)), "hq");
        assert_string_equal(json_string_value(json_array_get(row, 8)), "b1");
        assert_int_equal(json_string_value(json_array_get(row, 9))[1], '0' + (int)((i + 1) % 4));
    }
    json_decref(series);
    influx_scene_finish(&scene);
}

/* Names that need every escape come back as they were. */
static void test_escapes(void **state)
{
    (void)state;
    struct influx_scene scene;
    influx_scene_init(&scene, NULL);
    rig_start(&scene.rig, true);
    rig_wait_state(&scene.rig, SINK_UP);
    struct device *device = sample_device("a b,c=d\"e\\f");
    rig_give(&scene.rig, rig_batch(&scene.rig, device));
    device_unref(device);
    rig_wait_cursor(&scene.rig, 1);
    json_t *series = influx_query(&scene, "SELECT active_power, device FROM meter");
    json_t *row = json_array_get(json_object_get(series, "values"), 0);
    assert_string_equal(json_string_value(json_array_get(row, 2)), "a b,c=d\"e\\f");
    json_decref(series);
    influx_scene_finish(&scene);
}

/* Stopped in the middle, twice: every point is there once. Not killed: InfluxDB 1.x has lost sight of whole series after
 * that (influxdb#9052). */
static void test_stopped_server(void **state)
{
    (void)state;
    struct influx_scene scene;
    influx_scene_init(&scene, NULL);
    rig_start(&scene.rig, true);
    rig_wait_state(&scene.rig, SINK_UP);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 100; i++) {
            rig_make(&scene.rig, 20);
            usleep(3000);
            if (i == 50) {
                test_kill(&scene.influx.pid, SIGTERM);
            }
            assert_true(runner_status(scene.rig.runner).cursor <= store_durable(scene.rig.store));
        }
        rig_wait_state(&scene.rig, SINK_DOWN);
        assert_true(runner_status(scene.rig.runner).backlog > 500);
        test_influx_start(&scene.influx);
        rig_wait_cursor(&scene.rig, scene.rig.position);
    }
    influx_assert_count(&scene, 4000);
    assert_int_equal(runner_status(scene.rig.runner).rejected, 0);
    influx_scene_finish(&scene);
}

/* A field that exists with another type: its lines are set aside, all others arrive, and nothing stops. */
static void test_rejected_lines(void **state)
{
    (void)state;
    struct influx_scene scene;
    influx_scene_init(&scene, NULL);
    rig_start(&scene.rig, true);
    rig_wait_state(&scene.rig, SINK_UP);
    char *line = mem_format("meter,device=other frequency=\"fifty\" %" PRId64 "\n",
                            rig_time_us(&scene.rig, 1));
    influx_write_line(&scene, line);
    free(line);
    const struct point point = {
        .name = "frequency", .quantity = quantity_find("frequency"), .source = POINT_FLOAT64};
    struct device model = *scene.rig.devices[0];
    model.id = "bad";
    model.points = &point;
    model.point_count = 1;
    struct device *device = device_create(&model);
    for (int i = 0; i < 5; i++) {
        rig_make(&scene.rig, 200);
        struct batch *batch = batch_create(device, 1, 0);
        batch->seq = 1;
        batch->time_us = rig_time_us(&scene.rig, scene.rig.position + 1);
        batch->count = 1;
        batch->readings[0] = (struct reading){.value = 50.0, .time_us = batch->time_us};
        rig_give(&scene.rig, batch);
    }
    device_unref(device);
    rig_make(&scene.rig, 100);
    rig_wait_cursor(&scene.rig, scene.rig.position);
    influx_assert_count(&scene, 1100);
    struct runner_status status = runner_status(scene.rig.runner);
    assert_int_equal(status.rejected, 5);
    assert_int_equal(status.state, SINK_UP);
    char *aside = test_read_file(scene.rejected_file);
    assert_non_null(strstr(aside, "field type conflict"));
    assert_non_null(strstr(aside, "meter,site=hq,node=b1,device=bad frequency=50,quality=0i "));
    assert_null(strstr(aside, "device=m"));
    free(aside);
    influx_scene_finish(&scene);
}

/* Everything is refused (beyond the retention): it is set aside in few requests, and the cursor goes on. */
static void test_all_rejected(void **state)
{
    (void)state;
    struct influx_scene scene;
    influx_scene_init(&scene, NULL);
    rig_start(&scene.rig, true);
    rig_wait_state(&scene.rig, SINK_UP);
    json_decref(influx_query(&scene, "ALTER RETENTION POLICY autogen ON lingtan DURATION 1h SHARD "
                                     "DURATION 1h DEFAULT"));
    for (int i = 0; i < 1000; i++) {
        struct batch *batch = rig_batch(&scene.rig, scene.rig.devices[0]);
        batch->time_us -= INT64_C(7200000000);
        rig_give(&scene.rig, batch);
    }
    rig_make(&scene.rig, 10);
    rig_wait_cursor(&scene.rig, 1010);
    assert_int_equal(runner_status(scene.rig.runner).rejected, 1000);
    influx_assert_count(&scene, 10);
    influx_scene_finish(&scene);
}

static void test_password(void **state)
{
    (void)state;
    struct influx_scene scene;
    influx_scene_init(&scene, "auth-enabled = true\n");
    char *password_file = mem_format("%s/password", scene.influx.folder);
    char *command = mem_format("printf 'wrong' > '%s'", password_file);
    const char *const argv[] = {"sh", "-c", command, NULL};
    pid_t pid = test_spawn(argv, NULL);
    test_kill(&pid, 0);
    json_decref(
        influx_query(&scene, "CREATE USER admin WITH PASSWORD 'sesame' WITH ALL PRIVILEGES"));
    scene.options.username = "admin";
    scene.options.password_file = password_file;
    rig_start(&scene.rig, true);
    rig_wait_state(&scene.rig, SINK_DOWN);
    const char *reason = NULL;
    struct runner_status status = runner_status(scene.rig.runner);
    reason = status.reason;
    assert_non_null(strstr(reason, "denies access"));
    assert_non_null(strstr(reason, "influx.password_file"));
    rig_stop(&scene.rig);
    free(command);
    command = mem_format("printf 'sesame' > '%s'", password_file);
    const char *const again[] = {"sh", "-c", command, NULL};
    pid = test_spawn(again, NULL);
    test_kill(&pid, 0);
    rig_start(&scene.rig, true);
    rig_wait_state(&scene.rig, SINK_UP);
    rig_make(&scene.rig, 10);
    rig_wait_cursor(&scene.rig, 10);
    influx_assert_count(&scene, 10);
    free(command);
    rig_stop(&scene.rig);
    free(password_file);
    influx_scene_finish(&scene);
}

static void test_drain(void **state)
{
    (void)state;
    enum { BATCHES = 40000 };
    struct influx_scene scene;
    influx_scene_init(&scene, NULL);
    scene.options.flush_ms = 1000;
    test_kill(&scene.influx.pid, SIGTERM);
    rig_start(&scene.rig, true);
    rig_wait_state(&scene.rig, SINK_DOWN);
    assert_non_null(
        strstr(runner_status(scene.rig.runner).reason, "connection refused by 127.0.0.1"));
    for (int i = 0; i < BATCHES / 1000; i++) {
        rig_make(&scene.rig, 1000);
        rig_wait_durable(&scene.rig);
    }
    assert_true(atomic_load(&scene.rig.devices[0]->references) < 2048 / 4 + 200);
    test_influx_start(&scene.influx);
    rig_wait_state(&scene.rig, SINK_UP);
    int64_t start_us = clock_mono_us(clock_real());
    rig_wait_cursor(&scene.rig, BATCHES);
    int64_t took_us = clock_mono_us(clock_real()) - start_us;
    print_message("drained %d batches in %" PRId64 " ms: %" PRId64 " a second\n", BATCHES,
                  took_us / 1000, BATCHES * INT64_C(1000000) / (took_us + 1));
    influx_assert_count(&scene, BATCHES);
    assert_true(took_us < 20000000);
    influx_scene_finish(&scene);
}

/* The server stands still with a request in its hands: stopping waits for the request at most. */
static void test_stop_in_time(void **state)
{
    (void)state;
    struct influx_scene scene;
    influx_scene_init(&scene, NULL);
    rig_start(&scene.rig, true);
    rig_wait_state(&scene.rig, SINK_UP);
    kill(scene.influx.pid, SIGSTOP);
    rig_make(&scene.rig, 100);
    usleep(500000);
    int64_t start_us = clock_mono_us(clock_real());
    runner_stop(scene.rig.runner);
    int64_t took_us = clock_mono_us(clock_real()) - start_us;
    print_message("stop with a frozen server: %" PRId64 " ms\n", took_us / 1000);
    assert_true(took_us < 15000000);
    test_kill(&scene.influx.pid, SIGKILL);
    rig_stop(&scene.rig);
    influx_scene_finish(&scene);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_types_and_values),
        cmocka_unit_test(test_escapes),
        cmocka_unit_test(test_stopped_server),
        cmocka_unit_test(test_rejected_lines),
        cmocka_unit_test(test_all_rejected),
        cmocka_unit_test(test_password),
        cmocka_unit_test(test_drain),
        cmocka_unit_test(test_stop_in_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
