/* SPDX-License-Identifier: Apache-2.0 */
/* writer: JSON written straight into a text, without a tree: a snapshot of every device costs the main thread one pass
 * and no allocation a value. One thread per writer. */
#ifndef LINGTAN_HTTP_WRITER_H
#define LINGTAN_HTTP_WRITER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

/* Start as {.text = ...}. The caller closes what it opens. */
struct writer {
    struct text *text;
    bool needs_comma;
};

void writer_open(struct writer *writer, char bracket); /* '{' or '[' */
void writer_close(struct writer *writer, char bracket);
void writer_key(struct writer *writer, const char *key);

void writer_string(struct writer *writer, const char *value); /* NULL gives null */
void writer_int(struct writer *writer, int64_t value);
void writer_uint(struct writer *writer, uint64_t value);
void writer_real(struct writer *writer, double value); /* NaN and infinity give null */
void writer_bool(struct writer *writer, bool value);
void writer_null(struct writer *writer);
void writer_time(struct writer *writer, int64_t wall_us); /* ISO 8601; 0 gives null */

/* Makes room for a value that the caller adds to the text itself. */
void writer_value(struct writer *writer);

void writer_field_string(struct writer *writer, const char *key, const char *value);
void writer_field_int(struct writer *writer, const char *key, int64_t value);
void writer_field_uint(struct writer *writer, const char *key, uint64_t value);
void writer_field_real(struct writer *writer, const char *key, double value);
void writer_field_bool(struct writer *writer, const char *key, bool value);
void writer_field_time(struct writer *writer, const char *key, int64_t wall_us);
void writer_field_open(struct writer *writer, const char *key, char bracket);

#endif
