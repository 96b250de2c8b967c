/* SPDX-License-Identifier: Apache-2.0 */
/* influx_scene: see the header. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/sinks/influx_scene.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void influx_scene_init(struct influx_scene *scene, const char *extra_lines)
{
    *scene = (struct influx_scene){0};
    test_influx_init(&scene->influx, extra_lines);
    test_influx_start(&scene->influx);
    rig_init(&scene->rig, &influx_sink, &scene->options);
    scene->url = mem_format("http://127.0.0.1:%u/", scene->influx.port);
    scene->rejected_file = mem_format("%s/rejected.txt", scene->influx.folder);
    scene->options.url = scene->url;
    scene->options.rejected_file = scene->rejected_file;
    scene->options.flush_ms = 50;
    scene->options.patience_s = 0;
    const struct http_client_options options = {.username = "admin", .password = "sesame"};
    assert_int_equal(http_client_create(&options, &scene->http), 0);
}

void influx_scene_trust(struct influx_scene *scene, const char *url)
{
    free(scene->url);
    scene->url = mem_format("%s/", url);
    http_client_destroy(scene->http);
    const struct http_client_options options = {.is_insecure = true};
    assert_int_equal(http_client_create(&options, &scene->http), 0);
}

void influx_scene_finish(struct influx_scene *scene)
{
    rig_finish(&scene->rig);
    http_client_destroy(scene->http);
    test_influx_finish(&scene->influx);
    free(scene->rejected_file);
    free(scene->url);
}

json_t *influx_query(struct influx_scene *scene, const char *words)
{
    struct text url = {0};
    text_add_format(&url, "%squery?db=lingtan&epoch=u&q=", scene->url);
    http_add_escaped(&url, words);
    const struct http_request request = {.method = "POST", .url = url.data};
    struct http_response response;
    int result = http_client_send(scene->http, &request, &response);
    if (result < 0) {
        fail_msg("%s", response.error);
    }
    json_t *object = json_loadb(response.body, response.length, 0, NULL);
    if (response.status != 200 || strstr(response.body, "\"error\"")) {
        fail_msg("%s: %s", words, response.body);
    }
    json_t *results = json_array_get(json_object_get(object, "results"), 0);
    json_t *series = json_array_get(json_object_get(results, "series"), 0);
    json_incref(series);
    json_decref(object);
    text_finish(&url);
    return series;
}

int64_t influx_query_number(struct influx_scene *scene, const char *words)
{
    json_t *series = influx_query(scene, words);
    json_t *row = json_array_get(json_object_get(series, "values"), 0);
    int64_t value = json_integer_value(json_array_get(row, 1));
    json_decref(series);
    return value;
}

void influx_write_line(struct influx_scene *scene, const char *line)
{
    char *url = mem_format("%swrite?db=lingtan&precision=u", scene->url);
    const struct http_request request = {
        .method = "POST", .url = url, .body = line, .body_length = strlen(line)};
    struct http_response response;
    assert_int_equal(http_client_send(scene->http, &request, &response), 0);
    if (response.status != 204) {
        fail_msg("%s", response.body);
    }
    free(url);
}

void influx_assert_count(struct influx_scene *scene, int64_t expected)
{
    assert_int_equal(influx_query_number(scene, "SELECT count(active_power) FROM meter"), expected);
    assert_int_equal(influx_query_number(scene, "SELECT count(quality) FROM meter"), expected);
}
