/* SPDX-License-Identifier: Apache-2.0 */
/* mqtt: the whole sink with the real store and a real mosquitto, which is killed and comes back. */
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
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "support/support.h"
#include "unit/sinks/mqtt_scene.h"
#include "unit/sinks/samples.h"

static void test_topics(void **state)
{
    (void)state;
    struct scene scene;
    scene_init(&scene, 1, NULL);
    rig_start(&scene.rig, true);
    rig_wait_state(&scene.rig, SINK_UP);
    rig_make(&scene.rig, 8);
    rig_wait_cursor(&scene.rig, 8);
    scene_wait_count(scene.subscriber.file, "/telemetry", 8);
    scene_wait_count(scene.subscriber.file, "/state", 4);
    rig_stop(&scene.rig);
    scene_wait_count(scene.subscriber.file, "/status", 2);
    assert_int_equal(scene_check_telemetry(scene.subscriber.file, 8), 0);
    char *content = test_read_file(scene.subscriber.file);
    const char *at = content;
    struct scene_message message;
    size_t status = 0;
    while (scene_next_message(&at, &message)) {
        assert_int_equal(message.qos, 1);
        json_t *ts = json_object_get(message.payload, "ts");
        if (strcmp(message.topic, "lingtan/hq/status") == 0) {
            static const char *const words[] = {"online", "offline"};
            assert_string_equal(json_string_value(json_object_get(message.payload, "status")),
                                words[status++]);
            assert_true(json_is_integer(ts));
        } else if (strstr(message.topic, "/telemetry")) {
            int64_t position = json_integer_value(json_object_get(message.payload, "seq")) - 1000;
            assert_int_equal(json_integer_value(ts),
                             rig_time_us(&scene.rig, (uint64_t)position) / 1000);
            json_t *values = json_object_get(message.payload, "values");
            assert_true(json_number_value(json_object_get(values, "active_power")) ==
                        (double)position / 100.0);
        }
        json_decref(message.payload);
    }
    free(content);
    assert_int_equal(status, 2);
    /* A newcomer gets the retained state and status. */
    char *file = mem_format("%s/later", scene.broker.folder);
    struct test_subscriber later;
    test_subscriber_start(&later, &scene.broker, file, 1);
    scene_wait_count(later.file, "/state", 4);
    scene_wait_count(later.file, "/status", 1);
    assert_int_equal(scene_count(later.file, "/telemetry"), 0);
    test_subscriber_stop(&later);
    free(file);
    scene_finish(&scene);
}

/* A derived device is one like any other on the way out. */
static void test_derived(void **state)
{
    (void)state;
    struct scene scene;
    scene_init(&scene, 1, NULL);
    rig_start(&scene.rig, true);
    rig_wait_state(&scene.rig, SINK_UP);
    struct device model = *scene.rig.devices[0];
    model.kind = DEVICE_DERIVED;
    model.id = "roof";
    model.line = "";
    model.profile = "node";
    model.unit = 0;
    model.point_count = 1;
    struct device *node = device_create(&model);
    struct batch *batch = batch_create_derived(node, clock_real());
    batch->seq = 1;
    batch->readings[0].value = 12.5;
    batch->readings[0].count = 1250;
    batch->readings[0].resolution = 0.01;
    batch->readings[0].quality = QUALITY_OK;
    rig_give(&scene.rig, batch);
    rig_wait_cursor(&scene.rig, 1);
    scene_wait_count(scene.subscriber.file, "/roof/telemetry", 1);
    scene_wait_count(scene.subscriber.file, "/roof/state", 1);
    char *content = test_read_file(scene.subscriber.file);
    assert_non_null(strstr(content, "\"values\":{\"active_power\":12.5}"));
    free(content);
    device_unref(node);
    scene_finish(&scene);
}

static pid_t start_front(uint16_t front, uint16_t back)
{
    char *listen = mem_format("TCP-LISTEN:%u,bind=127.0.0.1,reuseaddr,fork", front);
    char *connect = mem_format("TCP:127.0.0.1:%u", back);
    const char *const argv[] = {"socat", listen, connect, NULL};
    pid_t pid = test_spawn(argv, NULL);
    free(listen);
    free(connect);
    assert_true(test_wait_for_port(front));
    return pid;
}

/* The broker is killed three times while messages flow, with a backlog on the way. The sink reaches it through a
 * relay that comes back only after the subscriber: else the broker would confirm what nobody can see. The subscriber
 * takes QoS 0: when its acknowledgements meet a dead broker it drops what it has not read yet. */
static void test_killed_broker(void **state)
{
    (void)state;
    enum { ROUNDS = 3, EACH = 2000 };
    struct scene scene;
    scene_init(&scene, 0, NULL);
    uint16_t front = test_free_port();
    scene.options.port = front;
    pid_t relay = start_front(front, scene.broker.port);
    rig_start(&scene.rig, true);
    rig_wait_state(&scene.rig, SINK_UP);
    char *all = mem_format("%s/all", scene.broker.folder);
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < EACH / 20; i++) {
            rig_make(&scene.rig, 20);
            usleep(500);
            if (i == EACH / 40) {
                test_kill(&scene.broker.pid, SIGKILL);
                test_kill(&relay, SIGKILL);
            }
            struct runner_status status = runner_status(scene.rig.runner);
            assert_true(status.cursor <= store_durable(scene.rig.store));
            assert_true(store_cursor(scene.rig.store, "mqtt") <= status.cursor);
        }
        rig_wait_state(&scene.rig, SINK_DOWN);
        usleep(200000); /* the subscriber reads what the dead broker had sent */
        test_kill(&scene.subscriber.pid, SIGTERM);
        char *command = mem_format("cat '%s' >> '%s'", scene.subscriber.file, all);
        const char *const argv[] = {"sh", "-c", command, NULL};
        pid_t cat = test_spawn(argv, NULL);
        waitpid(cat, NULL, 0);
        free(command);
        test_subscriber_stop(&scene.subscriber);
        test_broker_start(&scene.broker);
        char *file = mem_format("%s/round%d", scene.broker.folder, round);
        test_subscriber_start(&scene.subscriber, &scene.broker, file, 0);
        free(file);
        relay = start_front(front, scene.broker.port);
        rig_wait_cursor(&scene.rig, scene.rig.position);
        scene_wait_position(scene.subscriber.file, scene.rig.position);
    }
    char *command = mem_format("cat '%s' >> '%s'", scene.subscriber.file, all);
    const char *const argv[] = {"sh", "-c", command, NULL};
    pid_t cat = test_spawn(argv, NULL);
    waitpid(cat, NULL, 0);
    size_t twice = scene_check_telemetry(all, scene.rig.position);
    print_message("%d kills, %" PRIu64 " batches, %zu sent twice\n", ROUNDS, scene.rig.position,
                  twice);
    assert_true(runner_status(scene.rig.runner).sessions >= ROUNDS + 1);
    free(command);
    free(all);
    test_kill(&relay, SIGKILL);
    scene_finish(&scene);
}

/* The daemon restarts: it goes on where the acknowledged and durable ended. */
static void test_restart(void **state)
{
    (void)state;
    struct scene scene;
    scene_init(&scene, 1, NULL);
    rig_start(&scene.rig, true);
    rig_wait_state(&scene.rig, SINK_UP);
    rig_make(&scene.rig, 500);
    rig_stop(&scene.rig);
    rig_start(&scene.rig, true);
    assert_int_equal(scene.rig.position, 500);
    rig_make(&scene.rig, 500);
    rig_wait_cursor(&scene.rig, 1000);
    scene_wait_position(scene.subscriber.file, 1000);
    scene_check_telemetry(scene.subscriber.file, 1000);
    scene_finish(&scene);
}

/* While the broker is away nothing piles up in memory; when it comes the backlog goes out fast. */
static void test_absent_broker_and_drain(void **state)
{
    (void)state;
    enum { BATCHES = 30000 };
    struct scene scene;
    scene_init(&scene, 1, NULL);
    test_kill(&scene.broker.pid, SIGKILL);
    rig_start(&scene.rig, true);
    rig_wait_state(&scene.rig, SINK_DOWN);
    assert_non_null(strstr(runner_status(scene.rig.runner).reason, "Connection refused"));
    for (int i = 0; i < BATCHES / 1000; i++) {
        rig_make(&scene.rig, 1000);
        rig_wait_durable(&scene.rig);
    }
    /* Some are in the mailbox until the next look; the rest is on disk only. */
    assert_true(atomic_load(&scene.rig.devices[0]->references) < 2048 / 4 + 200);
    assert_int_equal(runner_status(scene.rig.runner).backlog, BATCHES);
    test_broker_start(&scene.broker);
    rig_wait_state(&scene.rig, SINK_UP);
    int64_t start_us = clock_mono_us(clock_real());
    rig_wait_cursor(&scene.rig, BATCHES);
    int64_t took_us = clock_mono_us(clock_real()) - start_us;
    print_message("drained %d batches in %" PRId64 " ms: %" PRId64 " a second\n", BATCHES,
                  took_us / 1000, BATCHES * INT64_C(1000000) / (took_us + 1));
    assert_true(took_us < 15000000);
    scene_finish(&scene);
}

/* State: at most once a second per device, while telemetry has every batch; QoS 0 as well. */
static void test_state_rate_and_qos_0(void **state)
{
    (void)state;
    struct scene scene;
    scene_init(&scene, 1, NULL);
    scene.options.qos = 0;
    rig_start(&scene.rig, true);
    rig_wait_state(&scene.rig, SINK_UP);
    int64_t start_us = clock_mono_us(clock_real());
    int made = 0;
    while (clock_mono_us(clock_real()) - start_us < 2500000) {
        made++;
        struct batch *batch = rig_batch(&scene.rig, scene.rig.devices[made % 4]);
        batch->readings[SAMPLE_POWER].count = made * 100;
        batch->readings[SAMPLE_POWER].value = made;
        rig_give(&scene.rig, batch);
        usleep(5000);
    }
    rig_wait_cursor(&scene.rig, scene.rig.position);
    scene_wait_count(scene.subscriber.file, "/telemetry", (size_t)made);
    int64_t took_us = clock_mono_us(clock_real()) - start_us;
    size_t states = scene_count(scene.subscriber.file, "/state");
    assert_in_range(states, 8, 4 * ((size_t)(took_us / 1000000) + 2));
    rig_stop(&scene.rig);
    scene_finish(&scene);
}

/* State overtakes: a backlog is on its way, and the new state does not queue behind it. */
static void test_state_overtakes_the_backlog(void **state)
{
    (void)state;
    struct scene scene;
    scene_init(&scene, 1, NULL);
    rig_start(&scene.rig, false);
    rig_make(&scene.rig, 20000);
    rig_wait_durable(&scene.rig);
    rig_stop(&scene.rig);
    scene.options.window = 10; /* slow on purpose */
    rig_start(&scene.rig, true);
    rig_wait_state(&scene.rig, SINK_UP);
    rig_make(&scene.rig, 1); /* position 20001, device m1 */
    scene_wait_count(scene.subscriber.file, "m1/state", 1);
    struct runner_status status = runner_status(scene.rig.runner);
    assert_true(status.backlog > 1000);
    scene_finish(&scene);
}

/* A broker that forgot everything is told the state again, without waiting for news. */
static void test_state_after_reconnect(void **state)
{
    (void)state;
    struct scene scene;
    scene_init(&scene, 1, NULL);
    rig_start(&scene.rig, true);
    rig_wait_state(&scene.rig, SINK_UP);
    rig_make(&scene.rig, 4);
    rig_wait_cursor(&scene.rig, 4);
    scene_wait_count(scene.subscriber.file, "/state", 4);
    test_kill(&scene.broker.pid, SIGKILL);
    test_subscriber_stop(&scene.subscriber);
    test_broker_start(&scene.broker);
    char *file = mem_format("%s/again", scene.broker.folder);
    test_subscriber_start(&scene.subscriber, &scene.broker, file, 1);
    scene_wait_count(scene.subscriber.file, "/state", 4);
    scene_wait_count(scene.subscriber.file, "/status", 1);
    assert_int_equal(scene_count(scene.subscriber.file, "/telemetry"), 0);
    free(file);
    scene_finish(&scene);
}

/* A daemon that dies without a word: the broker says offline. The sink runs alone in a child that is killed. */
static void test_last_will(void **state)
{
    (void)state;
    struct scene scene;
    scene_init(&scene, 1, NULL);
    const struct sink_setup setup = {
        .options = &scene.options, .site = &scene.rig.site, .clock = clock_real()};
    pid_t pid = fork();
    if (pid == 0) {
        struct sink_instance *sink = NULL;
        if (mqtt_sink.create(&setup, &sink) < 0) {
            _exit(1);
        }
        for (;;) {
            mqtt_sink.work(sink);
            mqtt_sink.flush(sink);
            usleep(5000);
        }
    }
    scene_wait_count(scene.subscriber.file, "/status", 1);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    scene_wait_count(scene.subscriber.file, "/status", 2);
    char *content = test_read_file(scene.subscriber.file);
    assert_non_null(strstr(content, "\"status\":\"online\""));
    assert_non_null(strstr(content, "|lingtan/hq/status 0 1 {\"status\":\"offline\""));
    free(content);
    scene_finish(&scene);
}

/* Stopping is quick, whatever the broker does: it is frozen, then absent. */
static void test_stop_in_time(void **state)
{
    (void)state;
    struct scene scene;
    scene_init(&scene, 1, NULL);
    rig_start(&scene.rig, true);
    rig_wait_state(&scene.rig, SINK_UP);
    kill(scene.broker.pid, SIGSTOP);
    rig_make(&scene.rig, 3000);
    int64_t start_us = clock_mono_us(clock_real());
    runner_stop(scene.rig.runner);
    int64_t took_us = clock_mono_us(clock_real()) - start_us;
    print_message("stop with a frozen broker: %" PRId64 " ms\n", took_us / 1000);
    assert_true(took_us < 15000000);
    rig_stop(&scene.rig);
    test_kill(&scene.broker.pid, SIGKILL);
    scene_finish(&scene);
}

static void test_password_file_missing(void **state)
{
    (void)state;
    struct scene scene;
    scene_init(&scene, 1, NULL);
    scene.options.username = "energy";
    scene.options.password_file = "/nonexistent/password";
    rig_start(&scene.rig, true);
    rig_wait_state(&scene.rig, SINK_DOWN);
    assert_non_null(strstr(runner_status(scene.rig.runner).reason, "/nonexistent/password"));
    scene_finish(&scene);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_topics),
        cmocka_unit_test(test_derived),
        cmocka_unit_test(test_killed_broker),
        cmocka_unit_test(test_restart),
        cmocka_unit_test(test_absent_broker_and_drain),
        cmocka_unit_test(test_state_rate_and_qos_0),
        cmocka_unit_test(test_state_overtakes_the_backlog),
        cmocka_unit_test(test_state_after_reconnect),
        cmocka_unit_test(test_last_will),
        cmocka_unit_test(test_stop_in_time),
        cmocka_unit_test(test_password_file_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
