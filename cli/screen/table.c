/* SPDX-License-Identifier: Apache-2.0 */
/* table: widths first, then the rows. */
#include "cli/screen/table.h"

#include <stdlib.h>

#include "base/mem.h"

enum {
    GAP = 2,
};

void table_init(struct table *table, const struct table_column *columns, size_t column_count)
{
    *table = (struct table){.columns = columns, .column_count = column_count};
}

void table_finish(struct table *table)
{
    for (size_t i = 0; i < table->cell_count; i++) {
        free(table->cells[i].text);
    }
    free(table->cells);
    *table = (struct table){0};
}

static void add(struct table *table, enum style style, char *take_text)
{
    if (table->cell_count == table->capacity) {
        table->capacity = table->capacity ? 2 * table->capacity : 64;
        table->cells = mem_grow(table->cells, table->capacity, sizeof(*table->cells));
    }
    table->cells[table->cell_count++] = (struct table_cell){take_text, style};
}

void table_add(struct table *table, enum style style, const char *text)
{
    add(table, style, mem_dup_string(text));
}

void table_add_format(struct table *table, enum style style, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add(table, style, mem_format_args(format, args));
    va_end(args);
}

void table_add_text(struct table *table, enum style style, struct text *take_text)
{
    add(table, style, text_take(take_text));
}

/* The caller frees it. */
static size_t *measure(const struct table *table)
{
    size_t *widths = mem_alloc_array(table->column_count, sizeof(*widths));
    for (size_t i = 0; i < table->column_count; i++) {
        widths[i] = text_width(table->columns[i].title);
    }
    size_t column = 0;
    for (size_t i = 0; i < table->cell_count; i++) {
        size_t width = text_width(table->cells[i].text);
        widths[column] = width > widths[column] ? width : widths[column];
        column = column + 1 < table->column_count ? column + 1 : 0;
    }
    return widths;
}

struct place {
    size_t width;
    bool is_right;
    bool is_last; /* no blanks at the end of a row */
    bool has_colour;
};

static void render_cell(struct text *out, const char *cell, enum style style, struct place place)
{
    size_t blanks = place.width - text_width(cell);
    if (place.is_right) {
        text_add_spaces(out, blanks);
    }
    if (style != STYLE_NONE) {
        text_add_string(out, style_start(style, place.has_colour));
    }
    (void)text_add_clipped(out, cell, place.width);
    if (style != STYLE_NONE) {
        text_add_string(out, style_start(STYLE_NONE, place.has_colour));
    }
    if (!place.is_right && !place.is_last) {
        text_add_spaces(out, blanks);
    }
    if (place.is_last) {
        while (out->length > 0 && out->data[out->length - 1] == ' ') {
            out->length--; /* of empty cells */
        }
        text_add_char(out, '\n');
    } else {
        text_add_spaces(out, GAP);
    }
}

void table_render(const struct table *table, bool has_colour, struct text *out)
{
    size_t *widths = measure(table);
    size_t count = table->column_count;
    size_t column = 0;
    for (size_t i = 0; i < count + table->cell_count; i++) {
        const struct place place = {widths[column], table->columns[column].is_right,
                                    column + 1 == count, has_colour};
        if (i < count) {
            render_cell(out, table->columns[column].title, STYLE_BOLD, place);
        } else {
            render_cell(out, table->cells[i - count].text, table->cells[i - count].style, place);
        }
        column = column + 1 < count ? column + 1 : 0;
    }
    free(widths);
}

void table_print(const struct table *table, bool has_colour, FILE *out)
{
    struct text text = {0};
    table_render(table, has_colour, &text);
    fwrite(text.data, 1, text.length, out);
    text_finish(&text);
}
