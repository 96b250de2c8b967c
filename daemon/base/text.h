/* SPDX-License-Identifier: Apache-2.0 */
/* text: a growing string, and numbers as people and programs read them. One thread per text. */
#ifndef LINGTAN_BASE_TEXT_H
#define LINGTAN_BASE_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include <lingtan/error.h>

/* All-zero is an empty text. data is always NUL-terminated once anything was added, else NULL. */
struct text {
    char *data;
    size_t length;
    size_t capacity;
};

void text_finish(struct text *text); /* frees, back to all-zero; NULL-safe */
void text_clear(struct text *text);  /* keeps the memory */
void text_add(struct text *text, const char *bytes, size_t length);
void text_add_string(struct text *text, const char *string);
void text_add_char(struct text *text, char c);
void text_add_format(struct text *text, const char *format, ...) PRINTF_LIKE(2, 3);
void text_add_int(struct text *text, int64_t value);
char *text_take(
    struct text *text); /* the string, now the caller's (never NULL); text is all-zero again */

/* count / 10^decimals in plain decimal, trailing zeros dropped: (2301, 1) -> "230.1". decimals 0..18. */
void text_add_decimal(struct text *text, int64_t count, int decimals);

/* The shortest decimal that reads back as the same float (single != 0) or double. Not for NaN or infinity. */
void text_add_float(struct text *text, double value, int single);

/* value / 10^decimals with the digits of value, which is finite: the shortest decimal that reads back as the float when the
 * point is moved back. (1234.567f, 3) -> "1.234567". decimals 0..6. */
void text_add_single(struct text *text, float value, int decimals);

/* A JSON string with its quotes. */
void text_add_json_string(struct text *text, const char *string);

/* "2026-11-23T08:00:00.123Z" from microseconds since 1970; milliseconds are dropped when they are zero. */
void text_add_time(struct text *text, int64_t wall_us);

/* What an English noun takes after its number: "" for one, else "s". Static. */
const char *plural_s(size_t count);

/* Parses ISO 8601 with zone ("Z" or "+08:00"), or a bare integer of milliseconds since 1970. -EINVAL. */
int time_parse(const char *string, int64_t *wall_us) MUST_USE;

#endif
