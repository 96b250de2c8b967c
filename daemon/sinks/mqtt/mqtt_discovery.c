/* SPDX-License-Identifier: Apache-2.0 */
/* mqtt_discovery: the table from our units to those of Home Assistant, and the JSON around it. Its short keys save half
 * the bytes. */
#include "sinks/mqtt/mqtt_discovery.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "sinks/mqtt/mqtt_discovery_words.h"

struct spelling {
    const char *unit;         /* ours */
    const char *theirs;       /* NULL = none */
    const char *device_class; /* NULL = none that versions since 2022.12 know */
};

static const struct spelling spellings[] = {
    {"V", "V", "voltage"},
    {"A", "A", "current"},
    {"Hz", "Hz", "frequency"},
    {"kW", "kW", "power"},
    {"kvar", "kvar", NULL},
    {"kVA", "kVA", NULL},
    {"kWh", "kWh", "energy"},
    {"kvarh", "kvarh", NULL},
    {"1", NULL, NULL},
    {"", NULL, NULL},
    {"%", "%", NULL},
    {"kOhm", "kΩ", NULL},
    {"W/m2", "W/m²", "irradiance"},
    {"degC", "°C", "temperature"},
    {"m/s", "m/s", "wind_speed"},
    {"s", "s", "duration"},
    {"ppm", "ppm", NULL},
    {"m3", "m³", NULL},
    {"m3/h", "m³/h", NULL},
    {"m", "m", "distance"},
    {"kPa", "kPa", "pressure"},
};

/* What late versions know besides. */
static const char *const late_classes[][2] = {
    {"kvar", "reactive_power"},
    {"kVA", "apparent_power"},
    {"kvarh", "reactive_energy"},
    {"m3/h", "volume_flow_rate"},
};

/* Where the unit does not tell. */
static const struct {
    enum quantity_id id;
    const char *device_class;
} classes[] = {
    {QUANTITY_ID_power_factor, "power_factor"},
    {QUANTITY_ID_power_factor_a, "power_factor"},
    {QUANTITY_ID_power_factor_b, "power_factor"},
    {QUANTITY_ID_power_factor_c, "power_factor"},
    {QUANTITY_ID_relative_humidity, "humidity"},
    {QUANTITY_ID_co2, "carbon_dioxide"},
    {QUANTITY_ID_water_volume, "water"},
    {QUANTITY_ID_hot_water_volume, "water"},
    {QUANTITY_ID_gas_volume, "gas"},
};

static const struct spelling *find_spelling(const struct quantity *quantity)
{
    for (size_t i = 0; i < ARRAY_SIZE(spellings); i++) {
        if (!strcmp(spellings[i].unit, quantity->unit)) {
            return &spellings[i];
        }
    }
    return NULL;
}

static const char *device_class_of(const struct mqtt_discovery *discovery,
                                   const struct quantity *quantity, const struct spelling *spelling)
{
    for (size_t i = 0; i < ARRAY_SIZE(classes); i++) {
        if (quantity == quantity_get(classes[i].id)) {
            return classes[i].device_class;
        }
    }
    for (size_t i = 0; discovery->classes == DISCOVERY_CLASSES_ALL && i < ARRAY_SIZE(late_classes);
         i++) {
        if (!strcmp(late_classes[i][0], quantity->unit)) {
            return late_classes[i][1];
        }
    }
    return spelling ? spelling->device_class : NULL;
}

static bool is_switch(const struct point *point)
{
    return point->quantity == quantity_get(QUANTITY_ID_on_off) ||
           point->quantity == quantity_get(QUANTITY_ID_contact);
}

static void add_string(struct text *text, const char *key, const char *value)
{
    text_add_format(text, ",\"%s\":", key);
    text_add_json_string(text, value);
}

/* A point without a good value is missing in "values": its state is unknown then. (A plain value_json.values would be
 * the method of that name.) A state whose numbers have words shows them, and another number itself. */
static void add_template(const struct mqtt_discovery *discovery, struct text *payload,
                         const struct device *device, const struct point *point)
{
    struct text words = {0};
    struct text template = {0};
    mqtt_words_add_states(&words, discovery, device, point);
    text_add_format(&template, "{%% set v = value_json['values']['%s'] | default(none) %%}{{ ",
                    point->name);
    if (is_switch(point)) {
        text_add_string(&template, "none if v is none else 'ON' if v > 0 else 'OFF' }}");
    } else if (words.length > 0) {
        text_add_format(&template, "none if v is none else {%s}.get(v, v) }}", words.data);
    } else {
        text_clear(&template);
        text_add_format(&template, "{{ value_json['values']['%s'] | default(none) }}", point->name);
    }
    add_string(payload, "val_tpl", template.data);
    text_finish(&template);
    text_finish(&words);
}

static void add_kind(const struct mqtt_discovery *discovery, struct text *payload,
                     const struct point *point)
{
    const struct quantity *quantity = point->quantity;
    const struct spelling *spelling = find_spelling(quantity);
    const char *device_class = device_class_of(discovery, quantity, spelling);
    if (quantity->kind == QUANTITY_TEXT) {
        add_string(payload, "ent_cat", "diagnostic");
        return;
    }
    if (quantity->kind == QUANTITY_STATE) {
        return;
    }
    if (spelling && spelling->theirs) {
        add_string(payload, "unit_of_meas", spelling->theirs);
    }
    if (device_class) {
        add_string(payload, "dev_cla", device_class);
    }
    /* An energy of today or of a session starts again at zero, which total_increasing allows for. */
    bool is_sum =
        quantity->kind == QUANTITY_COUNTER || (device_class && strcmp(device_class, "energy") == 0);
    add_string(payload, "stat_cla", is_sum ? "total_increasing" : "measurement");
}

/* The maker is the first word where the profile is named after it; "Pulse counter" is no maker. */
static void add_model(struct text *payload, const struct profile *profile)
{
    size_t length = strcspn(profile->device, " ");
    bool has_maker = strncasecmp(profile->id, profile->device, length) == 0 &&
                     profile->id[length] == '-' && profile->device[length] == ' ' &&
                     !islower((unsigned char)profile->device[length + 1]);
    if (has_maker) {
        char *maker = mem_format("%.*s", (int)length, profile->device);
        add_string(payload, "mf", maker);
        free(maker);
    }
    add_string(payload, "mdl", has_maker ? profile->device + length + 1 : profile->device);
}

static void add_device(const struct mqtt_discovery *discovery, const struct device *device,
                       struct text *payload)
{
    text_add_format(payload, ",\"dev\":{\"ids\":[\"lingtan_%s_%s\"]", device->site, device->id);
    add_string(payload, "name", device->name[0] ? device->name : device->id);
    const struct profile *profile =
        discovery->profiles ? profiles_find(discovery->profiles, device->profile) : NULL;
    if (profile) {
        add_model(payload, profile);
    }
    const struct node_config *node = site_find_node(discovery->site, device->node);
    if (node) {
        add_string(payload, "sa", node->name[0] ? node->name : node->id);
    }
    text_add_format(payload, ",\"via_device\":\"lingtan_%s\"}", device->site);
}

static void add_origin(struct text *payload)
{
    text_add_string(payload, ",\"o\":{\"name\":\"Lingtan\",\"sw\":\"" LINGTAN_VERSION "\"}}");
}

void mqtt_discovery_add_point(const struct mqtt_discovery *discovery,
                              const struct mqtt_announcement *announcement, struct text *topic,
                              struct text *payload)
{
    const struct device *device = announcement->device;
    const struct point *point = announcement->point;
    text_add_format(topic, "%s/%s/lingtan_%s_%s/%s/config", discovery->prefix,
                    is_switch(point) ? "binary_sensor" : "sensor", device->site, device->id,
                    point->name);
    if (announcement->is_gone) {
        return;
    }
    text_add_string(payload, "{\"name\":\"");
    mqtt_words_add_name(payload, point, discovery->site->language);
    text_add_char(payload, '"');
    text_add_format(payload, ",\"uniq_id\":\"lingtan_%s_%s_%s\",\"stat_t\":\"%s/%s/%s/state\"",
                    device->site, device->id, point->name, discovery->topics, device->site,
                    device->id);
    add_template(discovery, payload, device, point);
    add_kind(discovery, payload, point);
    add_string(payload, "avty_t", discovery->status_topic);
    add_string(payload, "avty_tpl", "{{ value_json.status }}");
    text_add_format(payload, ",\"exp_aft\":%d", (int)discovery->expire_s);
    add_device(discovery, device, payload);
    add_origin(payload);
}

void mqtt_discovery_add_daemon(const struct mqtt_discovery *discovery, struct text *topic,
                               struct text *payload)
{
    const struct site *site = discovery->site;
    text_add_format(topic, "%s/binary_sensor/lingtan_%s/connection/config", discovery->prefix,
                    site->id);
    text_add_format(payload, "{\"name\":\"%s\",\"uniq_id\":\"lingtan_%s_connection\"",
                    site->language == LANGUAGE_ZH ? "连接" : "Connection", site->id);
    add_string(payload, "stat_t", discovery->status_topic);
    add_string(payload, "val_tpl", "{{ 'ON' if value_json.status == 'online' else 'OFF' }}");
    add_string(payload, "dev_cla", "connectivity");
    add_string(payload, "ent_cat", "diagnostic");
    text_add_format(payload, ",\"dev\":{\"ids\":[\"lingtan_%s\"]", site->id);
    add_string(payload, "name", site->name && site->name[0] ? site->name : site->id);
    add_string(payload, "mdl", "Lingtan");
    text_add_char(payload, '}');
    add_origin(payload);
}
