/* SPDX-License-Identifier: Apache-2.0 */
/* gate_scene: the influx sink under its runner, a gate, and a real influxd behind it. Include it after <cmocka.h>. */
#ifndef LINGTAN_TESTS_GATE_SCENE_H
#define LINGTAN_TESTS_GATE_SCENE_H

#include "unit/sinks/gate.h"
#include "unit/sinks/influx_scene.h"

struct gate_scene {
    struct influx_scene influx;
    struct gate gate;
    char *url;
};

void gate_scene_init(struct gate_scene *scene);
void gate_scene_start(struct gate_scene *scene); /* until the sink is up */
void gate_scene_finish(struct gate_scene *scene);

/* A batch whose line holds the word "poison". */
void gate_scene_poison(struct gate_scene *scene);

/* So many lines of poison, and no others, are set aside, with the reason. */
void gate_scene_assert_aside(struct gate_scene *scene, uint64_t count, const char *reason);

#endif
