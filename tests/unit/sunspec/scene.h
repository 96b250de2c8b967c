/* SPDX-License-Identifier: Apache-2.0 */
/* scene: a device whose registers a test writes, discovered, and its points read as the daemon reads them. */
#ifndef TESTS_SUNSPEC_SCENE_H
#define TESTS_SUNSPEC_SCENE_H

#include "collectors/modbus/plan/decode.h"
#include "collectors/modbus/sunspec/sunspec_profile.h"
#include "map.h"

enum { BASE = 40000 };

struct scene {
    struct map map;
    struct sunspec_chain chain;
    struct sunspec_role roles[SUNSPEC_MODELS_MAX];
    struct profile *profile;
    struct device *device;
    struct plan *plan;
    struct batch *batch;
    unsigned most_registers;
};
extern struct scene scene;
extern const struct profile scene_file; /* that says "discovery" */

/* Around each test: a map that begins with a common model. */
int scene_begin(void **state);
int scene_finish(void **state);

/* Ends the map, walks it and makes profile and plan of it. */
void scene_discover(void);
const struct profile_point *scene_find(const char *name); /* NULL = there is none */

/* Everything once, from the registers of the map; returns how many requests that took. */
size_t scene_poll(void);
const struct reading *scene_reading(const char *name);
void scene_assert_value(const char *name, double value);
void scene_assert_quality(const char *name, enum quality quality);

#endif
