/* SPDX-License-Identifier: Apache-2.0 */
/* mqtt_payload: the JSON of our topics. Text is appended; names of points need no escaping ([a-z0-9_]). */
#ifndef LINGTAN_SINKS_MQTT_PAYLOAD_H
#define LINGTAN_SINKS_MQTT_PAYLOAD_H

#include "base/text.h"
#include <lingtan/reading.h>
#include <lingtan/record.h>

/* {"ts": ms since 1970, "seq": n, "values": {...}, "quality": {...}}, in three steps: begin, every reading twice -
 * first all values, then all qualities - and end. "quality" is left out when every value is ok. */
struct mqtt_payload {
    struct text *text;
    size_t values;
    size_t qualities;
};

void mqtt_payload_begin(struct mqtt_payload *payload, struct text *text, int64_t time_us,
                        uint64_t seq);
/* string: of a text point, else unused. The caller leaves out what is not ok. */
void mqtt_payload_value(struct mqtt_payload *payload, const struct point *point,
                        const struct reading *reading, const char *string);
/* The caller leaves out what is ok. */
void mqtt_payload_quality(struct mqtt_payload *payload, const struct point *point,
                          enum quality quality);
void mqtt_payload_end(struct mqtt_payload *payload, bool is_clock_untrusted);

/* One batch as telemetry. */
void mqtt_add_telemetry(struct text *text, const struct batch *batch);

/* {"status": "online", "version": "...", "ts": ms}; without ts when time_us is 0: a last will cannot know its hour.
 * The string is the caller's. */
char *mqtt_status_payload(const char *status, int64_t time_us);

/* {"ts":1795420800000,"position":7, and what is in body}: a record. */
void mqtt_add_record(struct text *text, const struct record *record, const char *body);

#endif
