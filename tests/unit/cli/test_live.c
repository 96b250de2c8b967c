/* SPDX-License-Identifier: Apache-2.0 */
/* What lingtan live shows of what the API says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/live/live_view.h"
#include "cli/screen/format.h"

static const int64_t SECOND_US = 1000000;
static const int64_t NOW_US = 1000 * 1000000LL;

static const char site_json[] =
    "{\"id\":\"s\",\"name\":\"大院\",\"nodes\":[{\"id\":\"b1\",\"name\":\"1号楼\",\"nodes\":["
    "{\"id\":\"f1\",\"name\":\"一层\",\"nodes\":[]}]},{\"id\":\"b2\",\"name\":\"\",\"nodes\":[]}]}";
static const char devices_json[] =
    "{\"devices\":["
    "{\"id\":\"z9\",\"name\":\"总表\",\"node\":\"f1\",\"class\":\"meter\",\"health\":\"online\"},"
    "{\"id\":\"c1\",\"name\":\"双枪\",\"node\":\"b2\",\"class\":\"charger\",\"health\":\"offline\"}"
    ","
    "{\"id\":\"a1\",\"name\":\"空调\",\"node\":\"b1\",\"class\":\"hvac\",\"health\":\"online\"},"
    "{\"id\":\"w1\",\"name\":\"\",\"node\":\"\",\"class\":\"water_meter\",\"health\":\"unknown\"},"
    "{\"id\":\"x1\",\"name\":\"x\",\"node\":\"lost\",\"class\":\"sensor\",\"health\":\"online\"}]}";
static const struct {
    const char *device;
    const char *name;
    const char *quantity;
    int index;
    const char *unit;
} points[] = {
    {"z9", "voltage_a", "voltage_a", 0, "V"},
    {"z9", "active_power", "active_power", 0, "kW"},
    {"z9", "frequency", "frequency", 0, "Hz"},
    {"c1", "connector_state_1", "connector_state", 1, ""},
    {"c1", "connector_state_2", "connector_state", 2, ""},
    {"c1", "charge_power_1", "charge_power", 1, "kW"},
    {"c1", "charge_power_2", "charge_power", 2, "kW"},
    {"a1", "on_off", "on_off", 0, ""},
    {"a1", "setpoint_temperature", "setpoint_temperature", 0, "degC"},
    {"x1", "level", "level", 0, "m"},
};

static json_t *make_points(void)
{
    json_t *list = json_array();
    for (size_t i = 0; i < ARRAY_SIZE(points); i++) {
        json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:i, s:s, s:s, s:i}", "device",
                                              points[i].device, "name", points[i].name, "quantity",
                                              points[i].quantity, "index", points[i].index, "unit",
                                              points[i].unit, "kind", "gauge", "period_ms", 1000));
    }
    return json_pack("{s:o}", "points", list);
}

static json_t *parse(const char *text)
{
    json_error_t fault;
    json_t *root = json_loads(text, 0, &fault);
    if (!root) {
        print_error("%s\n", fault.text);
    }
    assert_non_null(root);
    return root;
}

static int setup(void **state)
{
    struct live_model *model = mem_alloc(sizeof(*model));
    json_t *site = parse(site_json);
    json_t *devices = parse(devices_json);
    json_t *all_points = make_points();
    live_model_load(model, site, devices, all_points);
    live_model_take_devices(model, devices, 0, NOW_US);
    json_decref(site);
    json_decref(devices);
    json_decref(all_points);
    *state = model;
    return 0;
}

static int teardown(void **state)
{
    live_model_finish(*state);
    free(*state);
    return 0;
}

static void take_batch(struct live_model *model, const char *text, int64_t now_us)
{
    json_t *batch = parse(text);
    live_model_take_batch(model, batch, now_us);
    json_decref(batch);
}

static char *table_of(const struct live_model *model, int64_t now_us)
{
    struct text text = {0};
    const struct live_frame frame = {.now_mono_us = now_us, .note = "the note"};
    live_view_table(model, &frame, &text);
    return text_take(&text);
}

/* The n-th line of a text; static. */
static const char *line_at(const char *text, size_t n)
{
    static char line[400];
    for (; n > 0; n--) {
        text = strchr(text, '\n');
        assert_non_null(text);
        text++;
    }
    size_t length = strcspn(text, "\n");
    assert_true(length < sizeof(line));
    memcpy(line, text, length);
    line[length] = '\0';
    return line;
}

static void groups_by_node_in_order(void **state)
{
    char *table = table_of(*state, NOW_US);
    static const char *const starts[] = {
        "大院",         "",         "    device", "大院",     "?   w1", "1号楼", "?   空调",
        "1号楼 / 一层", "?   总表", "b2",         "OFF 双枪", "?",      "?   x", "the note"};
    for (size_t i = 2; i < ARRAY_SIZE(starts); i++) {
        assert_memory_equal(line_at(table, i), starts[i], strlen(starts[i]));
    }
    free(table);
}

static void shows_the_values_of_the_class(void **state)
{
    struct live_model *model = *state;
    take_batch(model,
               "{\"device\":\"z9\",\"ts\":1,\"seq\":1,\"values\":{\"active_power\":12.345,"
               "\"voltage_a\":230.1,\"frequency\":50},\"quality\":{}}",
               NOW_US);
    take_batch(model,
               "{\"device\":\"a1\",\"values\":{\"on_off\":1,\"setpoint_temperature\":26},"
               "\"quality\":{}}",
               NOW_US - 60 * SECOND_US);
    char *table = table_of(model, NOW_US + SECOND_US);
    assert_string_equal(line_at(table, 8), "ok  总表                      meter       1 s          "
                                           "12.35 kW          230.1 V");
    assert_null(strstr(table, "Hz"));
    /* A minute old with a period of a second. */
    assert_memory_equal(line_at(table, 6), "OLD 空调", strlen("OLD 空调"));
    assert_non_null(strstr(line_at(table, 6), " on (s)"));
    assert_non_null(strstr(line_at(table, 6), "set   26.0 °C (s)"));
    assert_non_null(strstr(line_at(table, 6), " 61 s "));
    free(table);
}

static void shows_both_guns(void **state)
{
    struct live_model *model = *state;
    take_batch(model,
               "{\"device\":\"c1\",\"values\":{\"connector_state_1\":3,\"charge_power_1\":60.5,"
               "\"connector_state_2\":1,\"charge_power_2\":0},\"quality\":{}}",
               NOW_US);
    char *table = table_of(model, NOW_US);
    const char *line = line_at(table, 10);
    const char *at = line;
    static const char *const parts[] = {"state1", " 3 ", "#1", "60.50 kW",
                                        "state2", " 1 ", "#2", "0.00 kW"};
    for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
        at = strstr(at, parts[i]);
        assert_non_null(at);
    }
    free(table);
}

static void marks_what_failed(void **state)
{
    struct live_model *model = *state;
    take_batch(model,
               "{\"device\":\"z9\",\"values\":{\"active_power\":1,\"voltage_a\":230.1},"
               "\"quality\":{\"voltage_a\":\"implausible\"}}",
               NOW_US);
    take_batch(model,
               "{\"device\":\"z9\",\"values\":{\"active_power\":null},"
               "\"quality\":{\"active_power\":\"timeout\"}}",
               NOW_US + SECOND_US);
    char *table = table_of(model, NOW_US + 2 * SECOND_US);
    const char *line = line_at(table, 8);
    assert_non_null(strstr(line, "- kW (t)"));
    assert_non_null(strstr(line, "230.1 V (i)"));
    assert_non_null(strstr(line, " 2 s ")); /* the age of the last good value */
    free(table);
    /* What failed keeps its reason, what had a value is stale. */
    table = table_of(model, NOW_US + 3600 * SECOND_US);
    line = line_at(table, 8);
    assert_non_null(strstr(line, "- kW (t)"));
    assert_non_null(strstr(line, "230.1 V (s)"));
    free(table);
}

/* One that is being asked and gives nothing is not one that was never asked. */
static void tells_what_was_asked(void **state)
{
    struct live_model *model = *state;
    json_t *devices = parse("{\"devices\":[{\"id\":\"w1\",\"health\":\"unknown\",\"polls\":3},"
                            "{\"id\":\"x1\",\"health\":\"unknown\",\"polls\":0}]}");
    live_model_take_devices(model, devices, NOW_US, NOW_US);
    json_decref(devices);
    char *table = table_of(model, NOW_US);
    assert_memory_equal(line_at(table, 4), "BAD w1", strlen("BAD w1"));
    assert_memory_equal(line_at(table, 12), "?   x", strlen("?   x"));
    free(table);
}

static void takes_snapshots_with_ages(void **state)
{
    struct live_model *model = *state;
    json_t *snapshot =
        parse("{\"devices\":[{\"device\":\"z9\",\"values\":{\"active_power\":5,\"voltage_a\":null},"
              "\"quality\":{\"voltage_a\":\"stale\"},\"age_ms\":{\"active_power\":2000}},"
              "{\"device\":\"unknown\",\"values\":{}}]}");
    live_model_take_snapshot(model, snapshot, NOW_US);
    json_decref(snapshot);
    char *table = table_of(model, NOW_US);
    const char *line = line_at(table, 8);
    assert_non_null(strstr(line, " 2 s "));
    assert_non_null(strstr(line, "5.00 kW"));
    free(table);
}

static void shows_the_state_of_the_whole(void **state)
{
    struct live_model *model = *state;
    json_t *status =
        parse("{\"ready\":false,\"not_ready_because\":\"no line is up\",\"alarms\":[{}],"
              "\"counts\":{\"devices_online\":3,\"devices_offline\":2,\"lines\":4,\"lines_up\":1,"
              "\"points\":99},\"sinks\":[{\"name\":\"mqtt\",\"state\":\"up\",\"backlog\":3},"
              "{\"name\":\"influx\",\"state\":\"down\",\"backlog\":1234}]}");
    live_model_take_status(model, status);
    json_decref(status);
    char *table = table_of(model, NOW_US);
    assert_non_null(strstr(line_at(table, 0), "not ready: no line is up"));
    assert_string_equal(line_at(table, 1),
                        "3/5 devices online, 2 OFFLINE   1/4 lines up   99 points   mqtt up, "
                        "influx DOWN (1234 behind)   1 ALARM: lingtan status");
    free(table);
}

/* Every line of a screen fits the window, whatever its size, and there are exactly as many as it has rows. */
static void fits_the_window(void **state)
{
    struct live_model *model = *state;
    for (size_t columns = 1; columns < 150; columns += 7) {
        for (size_t rows = 5; rows < 30; rows += 6) {
            const struct live_frame frame = {.columns = columns,
                                             .rows = rows,
                                             .note = "主题 lingtan/#",
                                             .banner = "daemon not reachable, trying again",
                                             .now_mono_us = NOW_US};
            struct text text = {0};
            live_view_screen(model, &frame, &text);
            size_t lines = 1;
            char *save = NULL;
            for (char *line = strtok_r(text.data + strlen("\033[H"), "\n", &save); line;
                 line = strtok_r(NULL, "\n", &save)) {
                line[strcspn(line, "\033\r")] = '\0';
                assert_true(text_width(line) <= columns);
                lines += save && *save != '\0' ? 1 : 0;
            }
            assert_int_equal(lines, rows);
            text_finish(&text);
        }
    }
}

static void scrolls_to_the_end(void **state)
{
    struct live_model *model = *state;
    struct live_frame frame = {.columns = 80, .rows = 8, .now_mono_us = NOW_US};
    assert_int_equal(live_view_body_rows(&frame), 4);
    assert_int_equal(live_view_scroll_max(model, &frame), model->entry_count - 4);
    frame.scroll = live_view_scroll_max(model, &frame);
    struct text text = {0};
    live_view_screen(model, &frame, &text);
    assert_non_null(strstr(text.data, "7-10 of 10"));
    assert_null(strstr(text.data, "空调"));
    text_finish(&text);
}

static void survives_an_empty_world(void **state)
{
    struct live_model model = {0};
    const struct live_frame frame = {
        .columns = 80, .rows = 24, .banner = "daemon not reachable", .now_mono_us = NOW_US};
    struct text text = {0};
    (void)state;
    live_view_screen(&model, &frame, &text);
    assert_non_null(strstr(text.data, "daemon not reachable"));
    text_finish(&text);
    json_t *nothing = parse("{}");
    live_model_load(&model, nothing, nothing, nothing);
    live_model_take_status(&model, nothing);
    live_model_take_snapshot(&model, nothing, 0);
    live_model_take_batch(&model, nothing, 0);
    live_view_table(&model, &frame, &text);
    text_finish(&text);
    json_decref(nothing);
    live_model_finish(&model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(groups_by_node_in_order, setup, teardown),
        cmocka_unit_test_setup_teardown(shows_the_values_of_the_class, setup, teardown),
        cmocka_unit_test_setup_teardown(shows_both_guns, setup, teardown),
        cmocka_unit_test_setup_teardown(marks_what_failed, setup, teardown),
        cmocka_unit_test_setup_teardown(tells_what_was_asked, setup, teardown),
        cmocka_unit_test_setup_teardown(takes_snapshots_with_ages, setup, teardown),
        cmocka_unit_test_setup_teardown(shows_the_state_of_the_whole, setup, teardown),
        cmocka_unit_test_setup_teardown(fits_the_window, setup, teardown),
        cmocka_unit_test_setup_teardown(scrolls_to_the_end, setup, teardown),
        cmocka_unit_test(survives_an_empty_world),
    };
    setlocale(LC_CTYPE, "C.UTF-8");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
