/* SPDX-License-Identifier: Apache-2.0 */
/* writer: JSON into a text, commas included. */
#include "http/server/writer.h"

#include <math.h>

void writer_value(struct writer *writer)
{
    if (writer->needs_comma) {
        text_add_char(writer->text, ',');
    }
    writer->needs_comma = true;
}

void writer_open(struct writer *writer, char bracket)
{
    writer_value(writer);
    text_add_char(writer->text, bracket);
    writer->needs_comma = false;
}

void writer_close(struct writer *writer, char bracket)
{
    text_add_char(writer->text, bracket);
    writer->needs_comma = true;
}

void writer_key(struct writer *writer, const char *key)
{
    writer_value(writer);
    text_add_json_string(writer->text, key);
    text_add_char(writer->text, ':');
    writer->needs_comma = false;
}

void writer_string(struct writer *writer, const char *value)
{
    writer_value(writer);
    if (value) {
        text_add_json_string(writer->text, value);
    } else {
        text_add_string(writer->text, "null");
    }
}

void writer_int(struct writer *writer, int64_t value)
{
    writer_value(writer);
    text_add_int(writer->text, value);
}

void writer_uint(struct writer *writer, uint64_t value)
{
    writer_value(writer);
    text_add_format(writer->text, "%llu", (unsigned long long)value);
}

void writer_real(struct writer *writer, double value)
{
    writer_value(writer);
    if (isfinite(value)) {
        text_add_float(writer->text, value, 0);
    } else {
        text_add_string(writer->text, "null");
    }
}

void writer_bool(struct writer *writer, bool value)
{
    writer_value(writer);
    text_add_string(writer->text, value ? "true" : "false");
}

void writer_null(struct writer *writer)
{
    writer_string(writer, NULL);
}

void writer_time(struct writer *writer, int64_t wall_us)
{
    writer_value(writer);
    if (wall_us == 0) {
        text_add_string(writer->text, "null");
        return;
    }
    text_add_char(writer->text, '"');
    text_add_time(writer->text, wall_us);
    text_add_char(writer->text, '"');
}

void writer_field_string(struct writer *writer, const char *key, const char *value)
{
    writer_key(writer, key);
    writer_string(writer, value);
}

void writer_field_int(struct writer *writer, const char *key, int64_t value)
{
    writer_key(writer, key);
    writer_int(writer, value);
}

void writer_field_uint(struct writer *writer, const char *key, uint64_t value)
{
    writer_key(writer, key);
    writer_uint(writer, value);
}

void writer_field_real(struct writer *writer, const char *key, double value)
{
    writer_key(writer, key);
    writer_real(writer, value);
}

void writer_field_bool(struct writer *writer, const char *key, bool value)
{
    writer_key(writer, key);
    writer_bool(writer, value);
}

void writer_field_time(struct writer *writer, const char *key, int64_t wall_us)
{
    writer_key(writer, key);
    writer_time(writer, wall_us);
}

void writer_field_open(struct writer *writer, const char *key, char bracket)
{
    writer_key(writer, key);
    writer_open(writer, bracket);
}
