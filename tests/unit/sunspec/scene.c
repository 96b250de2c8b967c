/* SPDX-License-Identifier: Apache-2.0 */
/* scene: a device of registers, its profile and plan. */
#include "scene.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { ALL_CLASSES = (1 << POLL_CLASS_COUNT) - 1 };

struct scene scene;

const struct profile scene_file = {
    .id = (char *)"sunspec",
    .device = (char *)"SunSpec device",
    .device_class = DEVICE_INVERTER,
    .discovery = DISCOVERY_SUNSPEC,
    .link = {.unit = 1, .max_registers = 125},
};

static const struct device_config config = {.id = (char *)"pv",
                                            .name = (char *)"",
                                            .profile = (char *)"sunspec",
                                            .node = (char *)"",
                                            .unit = 1,
                                            .ct_ratio = 1,
                                            .vt_ratio = 1,
                                            .pulse_weight = 1};

int scene_begin(void **state)
{
    (void)state;
    memset(&scene.map, 0, sizeof(scene.map));
    map_begin(&scene.map, BASE);
    map_text(&scene.map, map_model(&scene.map, 1, 66) + 2U, "Acme");
    scene.most_registers = 125;
    return 0;
}

int scene_finish(void **state)
{
    (void)state;
    batch_unref(scene.batch);
    plan_unref(scene.plan);
    device_unref(scene.device);
    profile_destroy(scene.profile);
    scene.batch = NULL;
    scene.plan = NULL;
    scene.device = NULL;
    scene.profile = NULL;
    return 0;
}

static void make_plan(void)
{
    static const int64_t period_ms[POLL_CLASS_COUNT] = {1000, 10000, 60000, 86400000};
    static const struct site site = {.id = (char *)"site",
                                     .name = (char *)"",
                                     .fast_ms = 1000,
                                     .normal_ms = 10000,
                                     .slow_ms = 60000};
    static const struct line_config line = {.id = (char *)"line"};
    scene.device = site_device(&site, &line, &config, scene.profile);
    scene.plan = plan_create(scene.profile, &config, period_ms);
}

void scene_discover(void)
{
    struct sunspec_walk walk = {0};
    struct profile own = scene_file;
    own.link.max_registers = scene.most_registers;
    map_end(&scene.map);
    sunspec_walk_begin(&walk, NULL);
    assert_int_equal(map_walk(&scene.map, &walk), SUNSPEC_FOUND);
    scene.chain = walk.chain;
    sunspec_roles(&scene.chain, scene.roles);
    scene_finish(NULL);
    scene.profile = sunspec_profile_create(&own, &scene.chain);
    make_plan();
}

const struct profile_point *scene_find(const char *name)
{
    const struct profile_point *points = scene.profile->points.items;
    for (size_t i = 0; i < scene.profile->points.count; i++) {
        if (strcmp(points[i].name, name) == 0) {
            return &points[i];
        }
    }
    return NULL;
}

static void read_request(const struct plan_request *request, uint16_t *registers)
{
    assert_int_equal(request->request.function, 3);
    assert_true(request->request.quantity <= scene.most_registers);
    for (uint32_t i = 0; i < request->request.quantity; i++) {
        assert_true(scene.map.is_written[request->request.address + i]);
        registers[request->answer_offset + i] = scene.map.words[request->request.address + i];
    }
}

size_t scene_poll(void)
{
    size_t count = 0;
    const struct plan_request *requests = plan_requests(scene.plan, &count);
    uint16_t *registers = mem_alloc_array(plan_answer_size(scene.plan) + 1, sizeof(*registers));
    struct plan_outcome *outcomes = mem_alloc_array(count + 1, sizeof(*outcomes));
    for (size_t i = 0; i < count; i++) {
        read_request(&requests[i], registers);
    }
    batch_unref(scene.batch);
    scene.batch = decode_batch(scene.plan, ALL_CLASSES, scene.device, registers, outcomes);
    free(registers);
    free(outcomes);
    return count;
}

const struct reading *scene_reading(const char *name)
{
    for (size_t i = 0; i < scene.batch->count; i++) {
        if (strcmp(scene.batch->device->points[scene.batch->readings[i].point].name, name) == 0) {
            return &scene.batch->readings[i];
        }
    }
    fail_msg("no point %s", name);
    return NULL;
}

void scene_assert_value(const char *name, double value)
{
    const struct reading *found = scene_reading(name);
    if (found->quality != QUALITY_OK || fabs(found->value - value) > fabs(value) * 1e-12) {
        fail_msg("%s is %.15g, %s; wanted %.15g", name, found->value,
                 quality_word((enum quality)found->quality), value);
    }
}

void scene_assert_quality(const char *name, enum quality quality)
{
    assert_string_equal(quality_word((enum quality)scene_reading(name)->quality),
                        quality_word(quality));
}
