/* SPDX-License-Identifier: Apache-2.0 */
/* influx_scene: the influx sink under its runner with a private influxd, and what that holds in the end. Include it
 * after <cmocka.h>. */
#ifndef LINGTAN_TESTS_INFLUX_SCENE_H
#define LINGTAN_TESTS_INFLUX_SCENE_H

#include <jansson.h>

#include "net/http_client.h"
#include "sinks/influx/influx.h"
#include "unit/net/servers.h"
#include "unit/sinks/rig.h"

struct influx_scene {
    struct test_influx influx;
    struct influx_options options; /* may be changed until the rig is started */
    char *url;
    char *rejected_file;
    struct http_client *http; /* the test's own */
    struct rig rig;
};

/* Starts influxd with more lines in its section [http]; the rig is ready to start. */
void influx_scene_init(struct influx_scene *scene, const char *extra_lines);
/* The test's own queries go to this URL of it, whatever its certificate. */
void influx_scene_trust(struct influx_scene *scene, const char *url);
void influx_scene_finish(struct influx_scene *scene);

/* The first series of a query's answer, NULL when there is none. */
json_t *influx_query(struct influx_scene *scene, const char *words);
int64_t influx_query_number(struct influx_scene *scene, const char *words);

/* Each of so many points is there, once. */
void influx_assert_count(struct influx_scene *scene, int64_t expected);

void influx_write_line(struct influx_scene *scene, const char *line);

#endif
