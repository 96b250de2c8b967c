/* SPDX-License-Identifier: Apache-2.0 */
/* mqtt_scene: see the header. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/sinks/mqtt_scene.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "support/support.h"

void scene_init(struct scene *scene, int subscriber_qos, const char *broker_lines)
{
    test_broker_init(&scene->broker, broker_lines);
    test_broker_start(&scene->broker);
    char *file = mem_format("%s/messages", scene->broker.folder);
    test_subscriber_start(&scene->subscriber, &scene->broker, file, subscriber_qos);
    free(file);
    rig_init(&scene->rig, &mqtt_sink, &scene->options);
    scene->options.port = scene->broker.port;
}

void scene_finish(struct scene *scene)
{
    rig_finish(&scene->rig);
    test_subscriber_stop(&scene->subscriber);
    test_broker_finish(&scene->broker);
}

bool scene_next_message(const char **at, struct scene_message *message)
{
    for (const char *line = *at; line && *line;
         line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
        if (line[0] != '|') {
            continue;
        }
        const char *end = strchr(line, '\n');
        if (!end ||
            sscanf(line, "|%127s %d %d", message->topic, &message->retained, &message->qos) != 3) {
            return false;
        }
        const char *payload = strchr(line, '{');
        message->payload = payload ? json_loadb(payload, (size_t)(end - payload), 0, NULL) : NULL;
        if (!message->payload) {
            fail_msg("no JSON: %.*s", (int)(end - line), line);
        }
        *at = end + 1;
        return true;
    }
    return false;
}

size_t scene_count(const char *file, const char *leaf)
{
    char *content = test_read_file(file);
    const char *at = content;
    size_t count = 0;
    struct scene_message message;
    while (scene_next_message(&at, &message)) {
        count += strstr(message.topic, leaf) != NULL;
        json_decref(message.payload);
    }
    free(content);
    return count;
}

struct counted {
    const char *file;
    const char *leaf;
    size_t count;
};

static bool has_count(void *context)
{
    const struct counted *counted = context;
    return scene_count(counted->file, counted->leaf) >= counted->count;
}

void scene_wait_count(const char *file, const char *leaf, size_t count)
{
    struct counted counted = {file, leaf, count};
    if (!test_wait_until(has_count, &counted)) {
        fail_msg("%zu of %zu messages to %s", scene_count(file, leaf), count, leaf);
    }
}

struct awaited {
    const char *file;
    char text[32];
};

static bool has_text(void *context)
{
    const struct awaited *awaited = context;
    char *content = test_read_file(awaited->file);
    bool has = false;
    for (const char *at = strstr(content, awaited->text); at && !has;
         at = strstr(at + 1, awaited->text)) {
        const char *line = at; /* the state, which overtakes, has the same number */
        while (line > content && line[-1] != '\n') {
            line--;
        }
        const char *topic = strstr(line, "/telemetry ");
        has = topic && topic < at;
    }
    free(content);
    return has;
}

void scene_wait_position(const char *file, uint64_t position)
{
    struct awaited awaited = {.file = file};
    snprintf(awaited.text, sizeof(awaited.text), "\"seq\":%" PRIu64 ",", position + 1000);
    assert_true(test_wait_until(has_text, &awaited));
}

size_t scene_check_telemetry(const char *file, uint64_t last)
{
    char *content = test_read_file(file);
    const char *at = content;
    bool *seen = mem_alloc_array(last + 1, sizeof(bool));
    int64_t newest[4] = {0};
    size_t twice = 0;
    struct scene_message message;
    while (scene_next_message(&at, &message)) {
        unsigned device = 0;
        if (sscanf(message.topic, "lingtan/hq/m%u/telemetry", &device) == 1 &&
            strstr(message.topic, "telemetry")) {
            int64_t position = json_integer_value(json_object_get(message.payload, "seq")) - 1000;
            assert_in_range(position, 1, last);
            assert_int_equal((uint64_t)position % 4, device);
            twice += seen[position];
            assert_true(seen[position] || position > newest[device]);
            newest[device] = position > newest[device] ? position : newest[device];
            seen[position] = true;
        }
        json_decref(message.payload);
    }
    for (uint64_t position = 1; position <= last; position++) {
        if (!seen[position]) {
            fail_msg("position %" PRIu64 " is missing", position);
        }
    }
    free(seen);
    free(content);
    return twice;
}
