/* SPDX-License-Identifier: Apache-2.0 */
/* mqtt: the whole sink against brokers that do not take everything: sizes, rights, few messages at once, TLS. */
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

#include "base/mem.h"
#include "net/mqtt_client.h"
#include "support/support.h"
#include "unit/net/pki.h"
#include "unit/sinks/mqtt_scene.h"
#include "unit/sinks/samples.h"

/* A batch of m0 whose text makes it too large for a broker of max_packet_size 1000. */
static void give_large(struct rig *rig)
{
    enum { LENGTH = 2000 };
    struct batch *small = rig_batch(rig, rig->devices[0]);
    struct batch *batch = batch_create(rig->devices[0], SAMPLE_COUNT, LENGTH + 1);
    size_t size = 0;
    char *text = batch_texts_space(batch, &size);
    memset(text, 'x', LENGTH);
    batch->seq = small->seq;
    batch->time_us = small->time_us;
    batch->received_mono_us = small->received_mono_us;
    batch->count = small->count;
    memcpy(batch->readings, small->readings, small->count * sizeof(small->readings[0]));
    batch_unref(small);
    rig_give(rig, batch);
}

/* The state of m0 is too large as well. All else arrives, and the connection holds. */
static void check_large(int protocol, int qos)
{
    struct scene scene;
    scene_init(&scene, 1, "allow_anonymous true\nmax_packet_size 1000\n");
    scene.options.protocol = protocol;
    scene.options.qos = qos;
    rig_start(&scene.rig, true);
    rig_wait_state(&scene.rig, SINK_UP);
    rig_make(&scene.rig, 10);
    for (int i = 0; i < 3; i++) {
        give_large(&scene.rig);
        rig_make(&scene.rig, 20);
    }
    rig_wait_cursor(&scene.rig, scene.rig.position);
    scene_wait_count(scene.subscriber.file, "m1/state", 1);
    struct runner_status status = runner_status(scene.rig.runner);
    if (qos == 1) { /* with QoS 0 in 3.1.1 nobody can tell what was lost on the way */
        assert_int_equal(status.rejected, 3);
        scene_wait_position(scene.subscriber.file, scene.rig.position);
    }
    uint64_t sessions = status.sessions;
    uint64_t rejected = status.rejected;
    give_large(&scene.rig);
    rig_make(&scene.rig, 20);
    rig_wait_cursor(&scene.rig, scene.rig.position);
    sleep(2); /* a state is due every second */
    status = runner_status(scene.rig.runner);
    print_message("MQTT %s, QoS %d: %d connections until the size was known\n",
                  protocol == MQTT_5 ? "5" : "3.1.1", qos, (int)sessions);
    assert_int_equal(status.sessions, sessions);
    assert_int_equal(status.rejected, rejected + 1);
    assert_int_equal(status.state, SINK_UP);
    scene_finish(&scene);
}

static void test_large_in_3(void **state)
{
    (void)state;
    check_large(MQTT_3_1_1, 1);
}

static void test_large_in_5(void **state)
{
    (void)state;
    check_large(MQTT_5, 1);
    check_large(MQTT_5, 0);
}

/* Few at once: everything arrives, in order, and states are not starved. */
static void test_receive_maximum(void **state)
{
    (void)state;
    static const char *const rooms[] = {"1", "7"};
    for (size_t i = 0; i < ARRAY_SIZE(rooms); i++) {
        char *lines = mem_format("allow_anonymous true\nmax_inflight_messages %s\n", rooms[i]);
        struct scene scene;
        scene_init(&scene, 0, lines);
        scene.options.protocol = MQTT_5;
        rig_start(&scene.rig, true);
        rig_wait_state(&scene.rig, SINK_UP);
        rig_make(&scene.rig, 2000);
        rig_wait_cursor(&scene.rig, 2000);
        scene_wait_position(scene.subscriber.file, 2000);
        assert_int_equal(scene_check_telemetry(scene.subscriber.file, 2000), 0);
        scene_wait_count(scene.subscriber.file, "/state", 4);
        scene_finish(&scene);
        free(lines);
    }
}

/* Without the right to publish, batches wait, and people are told; a right too few for state stops nothing. */
static void test_rights(void **state)
{
    (void)state;
    char *folder = test_folder_create();
    char *path = test_pki_path(folder, "acl");
    char *lines = mem_format("allow_anonymous true\nmax_queued_messages 1000\nacl_file %s\n", path);
    FILE *file = fopen(path, "w");
    fputs("topic read #\ntopic lingtan/hq/status\ntopic lingtan/hq/+/state\n", file);
    fclose(file);
    struct scene scene;
    scene_init(&scene, 1, lines);
    scene.options.protocol = MQTT_5;
    rig_start(&scene.rig, true);
    rig_wait_state(&scene.rig, SINK_UP);
    rig_make(&scene.rig, 10);
    rig_wait_state(&scene.rig, SINK_DOWN);
    struct runner_status status = runner_status(scene.rig.runner);
    assert_non_null(strstr(status.reason, "does not take telemetry of m1: not authorised"));
    assert_int_equal(status.rejected, 0);
    rig_wait_durable(&scene.rig);
    usleep(1500000); /* the runner looks again */
    assert_int_equal(runner_status(scene.rig.runner).cursor, 0);
    rig_stop(&scene.rig);
    file = fopen(path, "w");
    fputs("topic read #\ntopic lingtan/hq/+/telemetry\n", file);
    fclose(file);
    kill(scene.broker.pid, SIGHUP);
    usleep(200000);
    rig_start(&scene.rig, true);
    rig_wait_cursor(&scene.rig, 10);
    rig_make(&scene.rig, 10);
    rig_wait_cursor(&scene.rig, 20);
    assert_int_equal(runner_status(scene.rig.runner).sessions, 1);
    scene_finish(&scene);
    free(lines);
    free(path);
    test_folder_remove(folder);
}

static void test_tls(void **state)
{
    (void)state;
    char *folder = test_pki_create();
    /* A second listener for the subscriber, in the clear. */
    uint16_t port = test_free_port();
    char *lines = mem_format("allow_anonymous true\nlistener %u 127.0.0.1\nallow_anonymous true\n"
                             "cafile %s/ca.pem\ncertfile %s/server.pem\nkeyfile %s/server.key\n"
                             "require_certificate true\n",
                             port, folder, folder, folder);
    struct scene scene;
    scene_init(&scene, 1, lines);
    char *files[] = {test_pki_path(folder, "ca.pem"), test_pki_path(folder, "client.pem"),
                     test_pki_path(folder, "absent.key")};
    scene.options.host = "127.0.0.1";
    scene.options.port = port;
    scene.options.tls = true;
    scene.options.ca_file = files[0];
    scene.options.cert_file = files[1];
    scene.options.key_file = files[2];
    rig_start(&scene.rig, true);
    rig_wait_state(&scene.rig, SINK_DOWN);
    assert_non_null(strstr(runner_status(scene.rig.runner).reason, "absent.key: No such file"));
    rig_stop(&scene.rig);
    free(files[2]);
    files[2] = test_pki_path(folder, "client.key");
    scene.options.key_file = files[2];
    rig_start(&scene.rig, true);
    rig_make(&scene.rig, 1000);
    rig_wait_cursor(&scene.rig, 1000);
    scene_wait_position(scene.subscriber.file, 1000);
    rig_stop(&scene.rig);
    scene_wait_count(scene.subscriber.file, "/status", 2);
    scene_finish(&scene);
    for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
        free(files[i]);
    }
    free(lines);
    test_folder_remove(folder);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_large_in_3),
        cmocka_unit_test(test_large_in_5),
        cmocka_unit_test(test_receive_maximum),
        cmocka_unit_test(test_rights),
        cmocka_unit_test(test_tls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
