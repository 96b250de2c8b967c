/* SPDX-License-Identifier: Apache-2.0 */
/* gate_scene: see the header. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/sinks/gate_scene.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "unit/sinks/samples.h"

void gate_scene_init(struct gate_scene *scene)
{
    influx_scene_init(&scene->influx, "max-body-size = 1000000\n");
    gate_start(&scene->gate, scene->influx.influx.port);
    scene->url = mem_format("http://127.0.0.1:%u", scene->gate.port);
    scene->influx.options.url = scene->url;
}

void gate_scene_start(struct gate_scene *scene)
{
    rig_start(&scene->influx.rig, true);
    rig_wait_state(&scene->influx.rig, SINK_UP);
}

void gate_scene_finish(struct gate_scene *scene)
{
    rig_stop(&scene->influx.rig);
    gate_stop(&scene->gate);
    influx_scene_finish(&scene->influx);
    free(scene->url);
}

void gate_scene_poison(struct gate_scene *scene)
{
    struct rig *rig = &scene->influx.rig;
    struct device *device = sample_device("poison");
    rig_give(rig, rig_batch(rig, device));
    device_unref(device);
}

void gate_scene_assert_aside(struct gate_scene *scene, uint64_t count, const char *reason)
{
    assert_int_equal(runner_status(scene->influx.rig.runner).rejected, count);
    char *aside = test_read_file(scene->influx.rejected_file);
    if (count == 0) {
        assert_string_equal(aside, "");
    } else {
        assert_non_null(strstr(aside, "device=poison"));
        assert_non_null(strstr(aside, reason));
        assert_null(strstr(aside, "device=m"));
    }
    free(aside);
}
