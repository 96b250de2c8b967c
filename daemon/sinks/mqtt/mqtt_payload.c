/* SPDX-License-Identifier: Apache-2.0 */
/* mqtt_payload: telemetry is written by hand, since it is the hot path; what is rare goes through jansson. */
#include "sinks/mqtt/mqtt_payload.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/mem.h"

void mqtt_payload_begin(struct mqtt_payload *payload, struct text *text, int64_t time_us,
                        uint64_t seq)
{
    *payload = (struct mqtt_payload){.text = text};
    text_add_string(text, "{\"ts\":");
    text_add_int(text, time_us / 1000);
    if (seq) {
        text_add_string(text, ",\"seq\":");
        text_add_int(text, (int64_t)seq);
    }
    text_add_string(text, ",\"values\":{");
}

static void add_key(struct text *text, size_t before, const char *name)
{
    text_add_string(text, before ? ",\"" : "\"");
    text_add_string(text, name);
    text_add_string(text, "\":");
}

void mqtt_payload_value(struct mqtt_payload *payload, const struct point *point,
                        const struct reading *reading, const char *string)
{
    struct text *text = payload->text;
    add_key(text, payload->values++, point->name);
    switch (point->quantity->kind) {
    case QUANTITY_TEXT:
        text_add_json_string(text, string);
        break;
    case QUANTITY_STATE:
        text_add_int(text, reading_state(point, reading));
        break;
    case QUANTITY_GAUGE:
    case QUANTITY_COUNTER:
        reading_add_value(text, point, reading);
        break;
    }
}

void mqtt_payload_quality(struct mqtt_payload *payload, const struct point *point,
                          enum quality quality)
{
    struct text *text = payload->text;
    if (payload->qualities == 0) {
        text_add_string(text, "},\"quality\":{");
    }
    add_key(text, payload->qualities++, point->name);
    text_add_char(text, '"');
    text_add_string(text, quality_word(quality));
    text_add_char(text, '"');
}

void mqtt_payload_end(struct mqtt_payload *payload, bool is_clock_untrusted)
{
    text_add_string(payload->text, is_clock_untrusted ? "},\"clock\":\"untrusted\"}" : "}}");
}

void mqtt_add_telemetry(struct text *text, const struct batch *batch)
{
    struct mqtt_payload payload;
    mqtt_payload_begin(&payload, text, batch->time_us, batch->seq);
    const struct point *points = batch->device->points;
    size_t bad = 0;
    for (size_t i = 0; i < batch->count; i++) {
        const struct reading *reading = &batch->readings[i];
        const struct point *point = &points[reading->point];
        if (reading_quality(point, reading) == QUALITY_OK) {
            mqtt_payload_value(&payload, point, reading, reading_text(batch, reading));
        } else {
            bad++;
        }
    }
    for (size_t i = 0; bad > 0 && i < batch->count; i++) {
        const struct point *point = &points[batch->readings[i].point];
        enum quality quality = reading_quality(point, &batch->readings[i]);
        if (quality != QUALITY_OK) {
            mqtt_payload_quality(&payload, point, quality);
            bad--;
        }
    }
    mqtt_payload_end(&payload, batch->clock.is_untrusted);
}

void mqtt_add_record(struct text *text, const struct record *record, const char *body)
{
    const char *rest = body + 1 + strspn(body + 1, " \t\r\n");
    text_add_string(text, "{\"ts\":");
    text_add_int(text, record->time_us / 1000);
    text_add_string(text, ",\"position\":");
    text_add_int(text, (int64_t)record->position);
    text_add_string(text, *rest == '}' ? "" : ",");
    text_add_string(text, rest);
}

char *mqtt_status_payload(const char *status, int64_t time_us)
{
    json_t *object = json_pack("{s:s, s:s}", "status", status, "version", LINGTAN_VERSION);
    if (time_us) {
        json_object_set_new(object, "ts", json_integer(time_us / 1000));
    }
    char *text = json_dumps(object, JSON_COMPACT);
    char *copy = mem_dup_string(text); /* ends the process when there is no memory, as elsewhere */
    free(text);
    json_decref(object);
    return copy;
}
