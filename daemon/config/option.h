/* SPDX-License-Identifier: Apache-2.0 */
/* option: one row of an option table: what it wants, its fallback, its checks. Inside daemon/config only. */
#ifndef LINGTAN_CONFIG_OPTION_H
#define LINGTAN_CONFIG_OPTION_H

#include "base/text.h"
#include "config/config.h"

enum {
    OPTION_STRING_MAX = 4096, /* bytes, where the row says nothing */
    OPTION_ID_MAX = 63,
};

/* The member of the struct that a row describes. */
void *option_field(const struct option *row, void *value);
const void *option_field_const(const struct option *row, const void *value);

/* "an integer 1..65535 ms", "one of tcp, rtu": what stands after "wants" in a message. */
void option_add_wants(struct text *text, const struct option *row);

/* A number as people write it: 86400000, 0.05. */
void option_add_number(struct text *text, double number);

/* The value of a row's member as a file has it. */
void option_add_value(struct text *text, const struct option *row, const void *field);

/* A cell of a table in Markdown, where a | of its own would end it. */
void option_add_cell(struct text *text, const char *string);

/* Whether a number is in the row's range. */
bool option_in_range(const struct option *row, double number);

/* The index of a word, -1 when it is none of them. */
int option_find_word(const char *const *words, const char *word);

/* 1..63 of a-z 0-9 _ -. */
bool option_is_id(const char *string);

/* Whether an id may be "". */
bool option_may_be_empty(const struct option *row);

bool option_is_required(const struct option *row);

/* The row of a name, those of its inline tables included; NULL when there is none. *base: where the struct that the
 * row's offset counts from begins in the table's own. */
const struct option *option_find(const struct option_table *table, const char *name, size_t *base);

/* All names of a table, NULL-terminated, for nearest_word. Free the array. */
const char **option_names(const struct option_table *table);

/* "<what>, wants <what the row wants>". Free it. */
char *option_refuse(const struct option *row, const char *format, ...) PRINTF_LIKE(2, 3);

/* Put a value into the member of a row. What is wrong with it, to free, or NULL when it was put. */
char *option_put_int(const struct option *row, int64_t value, void *field);
char *option_put_float(const struct option *row, double value, void *field);
/* Rows of type string, id and enum. */
char *option_put_string(const struct option *row, const char *string, struct config_memory *memory,
                        void *field);

#endif
