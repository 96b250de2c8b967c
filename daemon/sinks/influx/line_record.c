/* SPDX-License-Identifier: Apache-2.0 */
/* line_record: records are rare, so the body goes through jansson. */
#include "sinks/influx/line_record.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include <jansson.h>

#include "sinks/influx/line_protocol.h"

static void add_field(struct text *text, const char *name, const json_t *value)
{
    const bool is_number = json_is_number(value) && isfinite(json_number_value(value));
    if (!is_number && !json_is_string(value) && !json_is_boolean(value)) {
        return;
    }
    text_add_char(text, ',');
    line_protocol_add_name(text, name);
    text_add_char(text, '=');
    if (json_is_string(value)) {
        line_protocol_add_string(text, json_string_value(value));
    } else if (json_is_boolean(value)) {
        text_add_string(text, json_is_true(value) ? "true" : "false");
    } else {
        text_add_float(text, json_number_value(value), 0);
    }
}

void line_record_add(struct text *text, const char *site, const struct record *record,
                     const char *body)
{
    json_t *object = json_loads(body, 0, NULL);
    const char *name = NULL;
    json_t *value = NULL;
    text_add_string(text, record_kinds[record->kind].word);
    line_protocol_add_tag(text, "site", site);
    line_protocol_add_tag(text, "subject", record->subject);
    text_add_format(text, " position=%" PRIu64 "i", record->position);
    json_object_foreach(object, name, value)
    {
        if (strcmp(name, "position") != 0) {
            add_field(text, name, value);
        }
    }
    json_decref(object);
    text_add_char(text, ' ');
    text_add_int(text, record->time_us);
    text_add_char(text, '\n');
}
