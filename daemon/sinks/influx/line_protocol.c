/* SPDX-License-Identifier: Apache-2.0 */
/* line_protocol: formatting is most of what sending costs, so it goes straight into the text. */
#include "sinks/influx/line_protocol.h"

#include <string.h>

/* The characters with a meaning in tag values take a backslash. Two cannot be written at all: a newline would end the
 * line, and a backslash at the end would swallow the separator. */
void line_protocol_add_name(struct text *text, const char *name)
{
    for (const char *c = name; *c; c++) {
        if (strchr(",= ", *c)) {
            text_add_char(text, '\\');
        }
        bool is_unwritable = (unsigned char)*c < ' ' || (*c == '\\' && !c[1]);
        text_add_char(text, is_unwritable ? '_' : *c);
    }
}

void line_protocol_add_tag(struct text *text, const char *key, const char *value)
{
    if (!value[0]) {
        return;
    }
    text_add_char(text, ',');
    text_add_string(text, key);
    text_add_char(text, '=');
    line_protocol_add_name(text, value);
}

void line_protocol_add_string(struct text *text, const char *string)
{
    text_add_char(text, '"');
    for (const char *c = string; *c; c++) {
        if (*c == '"' || *c == '\\') {
            text_add_char(text, '\\');
        }
        text_add_char(text, (unsigned char)*c < ' ' ? ' ' : *c);
    }
    text_add_char(text, '"');
}

static void add_field(struct text *text, const struct batch *batch, const struct reading *reading)
{
    const struct point *point = &batch->device->points[reading->point];
    text_add_string(text, point->name);
    text_add_char(text, '=');
    switch (point->quantity->kind) {
    case QUANTITY_TEXT:
        line_protocol_add_string(text, reading_text(batch, reading));
        break;
    case QUANTITY_STATE:
        text_add_int(text, reading_state(point, reading));
        text_add_char(text, 'i');
        break;
    case QUANTITY_GAUGE:
    case QUANTITY_COUNTER:
        reading_add_value(text, point, reading);
        break;
    }
    text_add_char(text, ',');
}

void line_protocol_add(struct text *text, const struct batch *batch)
{
    if (batch->count == 0) {
        return;
    }
    const struct device *device = batch->device;
    text_add_string(text, device_class_words[device->device_class]);
    line_protocol_add_tag(text, "site", device->site);
    line_protocol_add_tag(text, "node", device->node);
    line_protocol_add_tag(text, "device", device->id);
    text_add_char(text, ' ');
    int64_t not_ok = 0;
    for (size_t i = 0; i < batch->count; i++) {
        const struct reading *reading = &batch->readings[i];
        if (reading_quality(&device->points[reading->point], reading) == QUALITY_OK) {
            add_field(text, batch, reading);
        } else {
            not_ok++;
        }
    }
    text_add_string(text, "quality=");
    text_add_int(text, not_ok);
    text_add_string(text, "i ");
    text_add_int(text, batch->time_us);
    text_add_char(text, '\n');
}
