/* SPDX-License-Identifier: Apache-2.0 */
/* mqtt_scene: the sink, a broker and a subscriber whose file tells what came. */
#ifndef LINGTAN_TESTS_MQTT_SCENE_H
#define LINGTAN_TESTS_MQTT_SCENE_H

#include <jansson.h>

#include "sinks/mqtt/mqtt.h"
#include "unit/net/servers.h"
#include "unit/sinks/rig.h"

struct scene {
    struct test_broker broker;
    struct test_subscriber subscriber;
    struct mqtt_options options;
    struct rig rig;
};

/* broker_lines as in test_broker_init. The options may be changed before the rig is started. */
void scene_init(struct scene *scene, int subscriber_qos, const char *broker_lines);
void scene_finish(struct scene *scene);

/* A message the subscriber got. */
struct scene_message {
    char topic[128];
    int retained;
    int qos;
    json_t *payload;
};

/* The next message at or after *at in the subscriber's file; false at the end. */
bool scene_next_message(const char **at, struct scene_message *message);

/* Messages whose topic contains leaf. */
size_t scene_count(const char *file, const char *leaf);
void scene_wait_count(const char *file, const char *leaf, size_t count);

/* Messages arrive in order: with this one all before it are there. */
void scene_wait_position(const char *file, uint64_t position);

/* Checks that the telemetry of each device holds the seqs of 1..last in order, when those seen before are left out;
 * returns how many came twice. */
size_t scene_check_telemetry(const char *file, uint64_t last);

#endif
