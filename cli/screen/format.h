/* SPDX-License-Identifier: Apache-2.0 */
/* format: numbers, ages and marks as people read them, and how wide they are on a terminal. */
#ifndef LINGTAN_CLI_FORMAT_H
#define LINGTAN_CLI_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

enum style { STYLE_NONE, STYLE_GOOD, STYLE_WARN, STYLE_BAD, STYLE_DIM, STYLE_BOLD, STYLE_COUNT };

/* The escape sequence that starts a style, "" when there is no colour; STYLE_NONE ends one. */
const char *style_start(enum style style, bool has_colour);

/* Columns on a terminal: Chinese characters take two, combining ones none. Bytes that are no UTF-8 count one each. */
size_t text_width(const char *utf8);

/* Appends what fits into width columns and returns how many were used. Control characters become '?'. */
size_t text_add_clipped(struct text *text, const char *utf8, size_t width);
void text_add_spaces(struct text *text, size_t count);

/* "3 s", "12 min", "5 h", "3 d". Negative ages, from clocks that disagree, are "0 s". */
void text_add_age(struct text *text, int64_t age_us);
/* The same of a wall time seen from now; 0 is "never". */
void text_add_age_of(struct text *text, int64_t time_us, int64_t now_us);

/* About five digits: 0.1234, 12.345, 1234.5, 1234567; a whole number has no decimals. NaN is "-". */
void text_add_reading(struct text *text, double value, const char *unit);

/* The same with as many decimals as suit the unit, whatever the value: so that columns stand still. No unit. */
void text_add_steady(struct text *text, double value, const char *unit);

/* "12 kB", "3.4 MB". */
void text_add_bytes(struct text *text, int64_t bytes);

/* "850 us", "12.3 ms", "1.2 s"; 0 is "-". */
void text_add_duration(struct text *text, int64_t duration_us);

/* The letter that marks a value whose quality is not ok, 0 when it is: colour is never the only sign. */
char quality_letter(const char *quality);

/* degC as people write it, and so on. */
const char *unit_shown(const char *unit);

#endif
