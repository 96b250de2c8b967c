/* SPDX-License-Identifier: Apache-2.0 */
/* table: rows of cells printed in columns as wide as they need. */
#ifndef LINGTAN_CLI_TABLE_H
#define LINGTAN_CLI_TABLE_H

#include <stdio.h>

#include "cli/screen/format.h"

struct table_column {
    const char *title;
    bool is_right; /* numbers */
};

struct table_cell {
    char *text;
    enum style style;
};

/* Start with table_init; columns are borrowed. */
struct table {
    const struct table_column *columns;
    size_t column_count;
    struct table_cell *cells; /* row by row */
    size_t cell_count;
    size_t capacity;
};

void table_init(struct table *table, const struct table_column *columns, size_t column_count);
void table_finish(struct table *table);

/* The next cell, row by row; a row ends when it has all its cells. */
void table_add(struct table *table, enum style style, const char *text);
void table_add_format(struct table *table, enum style style, const char *format, ...)
    PRINTF_LIKE(3, 4);
/* Takes what the text holds and leaves it empty. */
void table_add_text(struct table *table, enum style style, struct text *take_text);

void table_render(const struct table *table, bool has_colour, struct text *out);
void table_print(const struct table *table, bool has_colour, FILE *out);

#endif
