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
#include "sinks/mqtt/mqtt_discovery_words.h"
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
    /* These 2024.3 does not know, or not with these units: it refuses the message, or warns. */
    static const char *const late[][2] = {
        {"reactive_power", "kvar"},
        {"apparent_power", "kVA"},
        {"reactive_energy", "kvarh"},
        {"volume_flow_rate", "m³/h"},
    };
    const char *device_class = word(entity, "dev_cla");
    bool is_known = device_class[0] == '\0';
    for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
        if (!strcmp(pairs[i][0], device_class)) {
            assert_string_equal(word(entity, "unit_of_meas"), pairs[i][1]);
            is_known = true;
        }
    }
    for (size_t i = 0; i < ARRAY_SIZE(late); i++) {
        bool is_it = !strcmp(late[i][1], word(entity, "unit_of_meas"));
        bool is_told = discovery.classes == DISCOVERY_CLASSES_ALL;
        if (is_it) {
            assert_string_equal(device_class, is_told ? late[i][0] : "");
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

static void check_every_quantity(void)
{
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

static void test_every_quantity(void **state)
{
    (void)state;
    check_every_quantity();
    discovery.classes = DISCOVERY_CLASSES_ALL;
    check_every_quantity();
    discovery.classes = DISCOVERY_CLASSES_COMMON;
}

static void check_name(const char *point_name, const char *quantity, const char *name)
{
    struct text text = {0};
    const struct point point = {.name = point_name, .quantity = quantity_find(quantity)};
    mqtt_words_add_name(&text, &point, LANGUAGE_ZH);
    assert_string_equal(text.data, name);
    text_finish(&text);
}

/* No two points of a device may have one name. */
static void test_names_in_chinese(void **state)
{
    (void)state;
    char *names[QUANTITY_COUNT];
    for (int id = 0; id < QUANTITY_COUNT; id++) {
        const struct quantity *quantity = quantity_get((enum quantity_id)id);
        const struct point point = {.name = quantity->name, .quantity = quantity};
        struct text text = {0};
        mqtt_words_add_name(&text, &point, LANGUAGE_ZH);
        names[id] = text_take(&text);
        for (int other = 0; other < id; other++) {
            assert_string_not_equal(names[id], names[other]);
        }
    }
    for (int id = 0; id < QUANTITY_COUNT; id++) {
        free(names[id]);
    }
    check_name("voltage_a", "voltage_a", "相电压 A");
    check_name("voltage_ca", "voltage_ca", "线电压 CA");
    check_name("active_power", "active_power", "有功功率");
    check_name("active_energy_import_a", "active_energy_import_a", "正向有功电能（A 相）");
    check_name("dc_power_12", "dc_power", "直流功率（组串） 12");
    check_name("current_a_2", "current_a", "电流 A 2");
}

static void check_states(const char *profile, const char *name, const char *expected)
{
    const struct point point = {.name = name, .quantity = quantity_find(name)};
    struct device *device = device_create(&(struct device){
        .id = "d", .site = "hq", .profile = profile, .point_count = 1, .points = &point});
    struct entity entity = announce(device, device->points, false);
    char *template = mem_format(
        "{%% set v = value_json['values']['%s'] | default(none) %%}{{ none if v is none else {%s}"
        ".get(v, v) }}",
        name, expected);
    char *plain = mem_format("{{ value_json['values']['%s'] | default(none) }}", name);
    assert_string_equal(word(&entity, "val_tpl"), expected[0] ? template : plain);
    assert_string_equal(word(&entity, "dev_cla"), "");
    assert_string_equal(word(&entity, "stat_cla"), "");
    free(plain);
    free(template);
    entity_finish(&entity);
    device_unref(device);
}

static void test_states_as_words(void **state)
{
    (void)state;
    struct faults *faults = faults_create();
    struct profiles *profiles = profiles_load(LINGTAN_SOURCE_FOLDER "/conf/devices", faults);
    discovery.profiles = profiles;
    check_states("growatt-mid-mac", "inverter_state", "0:'waiting',1:'normal',3:'fault'");
    check_states("goodwe-dt", "inverter_state", "");
    check_states("no-such", "inverter_state", "");
    site.language = LANGUAGE_ZH;
    check_states("growatt-mid-mac", "inverter_state", "0:'等待',1:'正常',3:'故障'");
    check_states("phoenix-ev-cc-eth", "connector_state",
                 "65:'A',66:'B',67:'C',68:'D',69:'E',70:'F'");
    check_states("sunspec", "inverter_state",
                 "1:'关',2:'休眠',3:'启动中',4:'运行',5:'限功率运行',6:'关机中',7:'故障',8:'待机'");
    check_states("sunspec", "alarm_word", "");
    site.language = LANGUAGE_EN;
    discovery.profiles = NULL;
    profiles_destroy(profiles);
    faults_destroy(faults);
}

/* Letters of a standard are the same in both languages. */
static void check_translated(const char *entry)
{
    int64_t number = 0;
    const char *name = NULL;
    assert_true(profile_split_word(entry, &number, &name));
    if (strlen(name) > 2 && !mqtt_words_chinese(name)) {
        fail_msg("\"%s\" has no Chinese", name);
    }
}

static void test_every_word_has_its_chinese(void **state)
{
    (void)state;
    struct faults *faults = faults_create();
    struct profiles *profiles = profiles_load(LINGTAN_SOURCE_FOLDER "/conf/devices", faults);
    size_t count = 0;
    for (size_t i = 0; i < profiles_count(profiles); i++) {
        const struct option_list *points = &profiles_at(profiles, i)->points;
        for (size_t k = 0; k < points->count; k++) {
            const struct option_strings *words =
                &((const struct profile_point *)points->items)[k].words;
            for (size_t w = 0; w < words->count; w++, count++) {
                check_translated(words->items[w]);
            }
        }
    }
    assert_true(count > 80);
    profiles_destroy(profiles);
    faults_destroy(faults);
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
        cmocka_unit_test(test_names_in_chinese),
        cmocka_unit_test(test_states_as_words),
        cmocka_unit_test(test_every_word_has_its_chinese),
        cmocka_unit_test(test_maker_and_model),
        cmocka_unit_test(test_daemon),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
