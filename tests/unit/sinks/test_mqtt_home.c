/* SPDX-License-Identifier: Apache-2.0 */
/* mqtt: what a Home Assistant at the same broker sees: everything announced, again when it starts, and what is gone. */
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
#include "support/support.h"
#include "unit/sinks/mqtt_scene.h"
#include "unit/sinks/samples.h"

enum { POINTS = 4 * SAMPLE_COUNT };

static void say(const struct scene *scene, const char *payload, bool is_retained)
{
    char port[8];
    snprintf(port, sizeof(port), "%u", scene->broker.port);
    const char *const argv[] = {"mosquitto_pub",
                                "-h",
                                "127.0.0.1",
                                "-p",
                                port,
                                "-t",
                                "homeassistant/status",
                                "-m",
                                payload,
                                is_retained ? "-r" : NULL,
                                NULL};
    char *log = mem_format("%s/pub.log", scene->broker.folder);
    pid_t pid = test_spawn(argv, log);
    usleep(500000);
    test_kill(&pid, SIGTERM);
    free(log);
}

/* Lines of configurations; the payload of a removed one is empty, so the lines are not parsed. */
static size_t count_lines(const char *file, const char *word)
{
    char *content = test_read_file(file);
    size_t count = 0;
    for (const char *at = strstr(content, word); at; at = strstr(at + 1, word)) {
        count++;
    }
    free(content);
    return count;
}

struct counted {
    const char *file;
    const char *word;
    size_t count;
};

static bool has_lines(void *context)
{
    const struct counted *counted = context;
    return count_lines(counted->file, counted->word) >= counted->count;
}

static void wait_lines(const char *file, const char *word, size_t count)
{
    struct counted counted = {file, word, count};
    if (!test_wait_until(has_lines, &counted)) {
        fail_msg("%zu of %zu %s", count_lines(file, word), count, word);
    }
}

static void test_announced(void **state)
{
    (void)state;
    struct scene scene;
    scene_init(&scene, 0, NULL);
    scene.options.home_assistant = true;
    rig_start(&scene.rig, true);
    rig_wait_state(&scene.rig, SINK_UP);
    rig_make(&scene.rig, 8);
    wait_lines(scene.subscriber.file, "/config 0 0 {", POINTS + 1); /* one for the daemon */
    rig_make(&scene.rig, 8);
    rig_wait_cursor(&scene.rig, 16);
    assert_int_equal(count_lines(scene.subscriber.file, "/config 0 0 {"), POINTS + 1);
    char *file = mem_format("%s/later", scene.broker.folder);
    struct test_subscriber later;
    test_subscriber_start(&later, &scene.broker, file, 1);
    wait_lines(later.file, "/config 1 ", POINTS + 1);
    test_subscriber_stop(&later);
    free(file);
    scene_finish(&scene);
}

/* Words of anybody else on that topic do nothing; "online" tells everything again, after a while. */
static void test_birth(void **state)
{
    (void)state;
    struct scene scene;
    scene_init(&scene, 0, NULL);
    scene.options.home_assistant = true;
    say(&scene, "online", true); /* from before our connection */
    rig_start(&scene.rig, true);
    rig_wait_state(&scene.rig, SINK_UP);
    rig_make(&scene.rig, 4);
    wait_lines(scene.subscriber.file, "/config 0 0 {", POINTS + 1);
    say(&scene, "offline", false);
    say(&scene, "onlinex", false);
    say(&scene, "", false);
    sleep(11);
    assert_int_equal(count_lines(scene.subscriber.file, "/config 0 0 {"), POINTS + 1);
    say(&scene, "online", false);
    say(&scene, "online", false);
    wait_lines(scene.subscriber.file, "/config 0 0 {", 2 * (POINTS + 1));
    sleep(1);
    assert_int_equal(count_lines(scene.subscriber.file, "/config 0 0 {"), 2 * (POINTS + 1));
    scene_finish(&scene);
}

/* A device comes back with one point less: that one is removed, the others are announced again. */
static void test_layout_changes(void **state)
{
    (void)state;
    struct scene scene;
    scene_init(&scene, 0, NULL);
    scene.options.home_assistant = true;
    rig_start(&scene.rig, true);
    rig_wait_state(&scene.rig, SINK_UP);
    rig_make(&scene.rig, 4);
    wait_lines(scene.subscriber.file, "/config 0 0 {", POINTS + 1);
    const struct device *whole = scene.rig.devices[0];
    const struct device model = {.id = whole->id,
                                 .name = whole->name,
                                 .site = whole->site,
                                 .node = whole->node,
                                 .line = whole->line,
                                 .profile = whole->profile,
                                 .device_class = whole->device_class,
                                 .unit = whole->unit,
                                 .point_count = SAMPLE_SERIAL, /* the last one */
                                 .points = whole->points};
    struct device *smaller = device_create(&model);
    struct batch *batch = batch_create(smaller, 1, 0);
    batch->time_us = rig_time_us(&scene.rig, scene.rig.position + 1);
    batch->received_mono_us = clock_mono_us(clock_real());
    batch->count = 1;
    batch->readings[0] =
        (struct reading){.time_us = batch->time_us, .value = 1.0, .count = 100, .resolution = 0.01};
    rig_give(&scene.rig, batch);
    device_unref(smaller);
    wait_lines(scene.subscriber.file, "_m0/serial_number/config 0 0 \n", 1);
    wait_lines(scene.subscriber.file, "/config 0 0 {", POINTS + 1 + SAMPLE_SERIAL);
    scene_finish(&scene);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_announced),
        cmocka_unit_test(test_birth),
        cmocka_unit_test(test_layout_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
