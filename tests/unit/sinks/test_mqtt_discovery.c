/* SPDX-License-Identifier: Apache-2.0 */
/* mqtt_discovery: the JSON for every quantity of the dictionary. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/mem.h"
#include "config/config.h"
#include "sinks/mqtt_discovery.h"
#include "unit/sinks/samples.h"

static struct node_config node = {.id = "b1", .name = "1号楼"};
static struct site site = {.id = "hq", .name = "兴政小区", .nodes = {.items = &node, .count = 1}};

static struct mqtt_discovery discovery = {.prefix = "homeassistant",
                                          .topics = "lingtan",
                                          .status_topic = "lingtan/hq/status",
                                          .site = &site,
                                          .expire_s = 180};

struct entity {
    struct text topic;
    json_t *json; /* NULL = empty */
};

static struct entity announce(const struct device *device, const struct point *point, bool is_gone)
{
    struct entity entity = {0};
    struct text payload = {0};
    const struct mqtt_announcement announcement = {device, point, is_gone};
    mqtt_discovery_add_point(&discovery, &announcement, &entity.topic, &payload);
    json_error_t error;
    entity.json = payload.length ? json_loads(payload.data, 0, &error) : NULL;
    if (payload.length && !entity.json) {
        fail_msg("%s: %s", error.text, payload.data);
    }
    text_finish(&payload);
    return entity;
}

static void entity_finish(struct entity *entity)
{
    text_finish(&entity->topic);
    json_decref(entity->json);
}

static const char *word(const struct entity *entity, const char *key)
{
    const char *value = json_string_value(json_object_get(entity->json, key));
    return value ? value : "";
}

static void test_point(void **state)
{
    (void)state;
    struct device *device = sample_device("m1");
    struct entity entity = announce(device, &device->points[SAMPLE_ENERGY], false);
    assert_string_equal(entity.topic.data,
                        "homeassistant/sensor/lingtan_hq_m1/active_energy_import/config");
    assert_string_equal(word(&entity, "name"), "Active energy import");
    assert_string_equal(word(&entity, "uniq_id"), "lingtan_hq_m1_active_energy_import");
    assert_string_equal(word(&entity, "stat_t"), "lingtan/hq/m1/state");
    assert_string_equal(word(&entity, "val_tpl"),
                        "{{ value_json['values']['active_energy_import'] | default(none) }}");
    assert_string_equal(word(&entity, "unit_of_meas"), "kWh");
    assert_string_equal(word(&entity, "dev_cla"), "energy");
    assert_string_equal(word(&entity, "stat_cla"), "total_increasing");
    assert_string_equal(word(&entity, "avty_t"), "lingtan/hq/status");
    assert_string_equal(word(&entity, "avty_tpl"), "{{ value_json.status }}");
    assert_int_equal(json_integer_value(json_object_get(entity.json, "exp_aft")), 180);
    json_t *about = json_object_get(entity.json, "dev");
    assert_string_equal(json_string_value(json_array_get(json_object_get(about, "ids"), 0)),
                        "lingtan_hq_m1");
    assert_string_equal(json_string_value(json_object_get(about, "via_device")), "lingtan_hq");
    assert_string_equal(json_string_value(json_object_get(about, "sa")), "1号楼");
    assert_string_equal(json_string_value(json_object_get(about, "name")), "Meter");
    assert_non_null(json_object_get(entity.json, "o"));
    entity_finish(&entity);
    entity = announce(device, &device->points[SAMPLE_ENERGY], true);
    assert_string_equal(entity.topic.data,
                        "homeassistant/sensor/lingtan_hq_m1/active_energy_import/config");
    assert_null(entity.json);
    entity_finish(&entity);
    device_unref(device);
}

/* Home Assistant refuses an energy that is a measurement, and units that do not belong to the class. */
static void check_quantity(const struct quantity *quantity, const struct entity *entity)
{
    static const char *const pairs[][2] = {
        {"voltage", "V"},  {"current", "A"},      {"frequency", "Hz"},       {"power", "kW"},
        {"energy", "kWh"}, {"temperature", "°C"}, {"irradiance", "W/m²"},    {"wind_speed", "m/s"},
        {"duration", "s"}, {"distance", "m"},     {"pressure", "kPa"},       {"water", "m³"},
        {"gas", "m³"},     {"humidity", "%"},     {"carbon_dioxide", "ppm"}, {"power_factor", ""},
    };
    const char *device_class = word(entity, "dev_cla");
    bool is_known = device_class[0] == '\0';
    for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
        if (!strcmp(pairs[i][0], device_class)) {
            assert_string_equal(word(entity, "unit_of_meas"), pairs[i][1]);
            is_known = true;
        }
    }
    assert_true(is_known);
    bool is_number = quantity->kind == QUANTITY_GAUGE || quantity->kind == QUANTITY_COUNTER;
    bool has_unit = quantity->unit[0] && strcmp(quantity->unit, "1") != 0;
    if (!!word(entity, "unit_of_meas")[0] != (is_number && has_unit)) {
        fail_msg("%s: unit \"%s\"", quantity->name, word(entity, "unit_of_meas"));
    }
    bool is_sum = quantity->kind == QUANTITY_COUNTER || !strcmp(device_class, "energy");
    assert_string_equal(word(entity, "stat_cla"), is_sum      ? "total_increasing"
                                                  : is_number ? "measurement"
                                                              : "");
}

static void test_every_quantity(void **state)
{
    (void)state;
    for (int id = 0; id < QUANTITY_COUNT; id++) {
        const struct quantity *quantity = quantity_get((enum quantity_id)id);
        const struct point point = {.name = quantity->name, .quantity = quantity};
        struct device *device = device_create(&(struct device){
            .id = "d", .name = "\"D\"", .site = "hq", .point_count = 1, .points = &point});
        struct entity entity = announce(device, device->points, false);
        check_quantity(quantity, &entity);
        bool is_switch = !strcmp(quantity->name, "on_off") || !strcmp(quantity->name, "contact");
        assert_int_equal(strstr(entity.topic.data, "/binary_sensor/") != NULL, is_switch);
        assert_int_equal(strstr(word(&entity, "val_tpl"), "'ON' if v > 0") != NULL, is_switch);
        entity_finish(&entity);
        device_unref(device);
    }
}

static void check_model(const char *profile, const char *maker, const char *model)
{
    const struct point point = {.name = "level", .quantity = quantity_find("level")};
    struct device *device = device_create(&(struct device){
        .id = "d", .site = "hq", .profile = profile, .point_count = 1, .points = &point});
    struct entity entity = announce(device, device->points, false);
    json_t *about = json_object_get(entity.json, "dev");
    const char *told = json_string_value(json_object_get(about, "mf"));
    assert_string_equal(told ? told : "", maker);
    told = json_string_value(json_object_get(about, "mdl"));
    assert_string_equal(told ? told : "", model);
    assert_string_equal(json_string_value(json_object_get(about, "name")), "d");
    entity_finish(&entity);
    device_unref(device);
}

static void test_maker_and_model(void **state)
{
    (void)state;
    struct faults *faults = faults_create();
    struct profiles *profiles = profiles_load(LINGTAN_SOURCE_FOLDER "/conf/devices", faults);
    discovery.profiles = profiles;
    check_model("chint-ddsu666", "Chint", "DDSU666");
    check_model("pulse-counter-generic", "", "Pulse counter input on a water meter");
    check_model("no-such", "", "");
    discovery.profiles = NULL;
    profiles_destroy(profiles);
    faults_destroy(faults);
}

static void test_daemon(void **state)
{
    (void)state;
    struct text topic = {0};
    struct text payload = {0};
    mqtt_discovery_add_daemon(&discovery, &topic, &payload);
    assert_string_equal(topic.data, "homeassistant/binary_sensor/lingtan_hq/connection/config");
    json_t *json = json_loads(payload.data, 0, NULL);
    assert_non_null(json);
    assert_string_equal(json_string_value(json_object_get(json, "stat_t")), "lingtan/hq/status");
    json_t *about = json_object_get(json, "dev");
    assert_string_equal(json_string_value(json_object_get(about, "name")), "兴政小区");
    json_decref(json);
    text_finish(&topic);
    text_finish(&payload);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_point),
        cmocka_unit_test(test_every_quantity),
        cmocka_unit_test(test_maker_and_model),
        cmocka_unit_test(test_daemon),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
