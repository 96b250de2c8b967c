/* SPDX-License-Identifier: Apache-2.0 */
/* history_columns: column by column. */
#include "http/history/history_columns.h"

#include <math.h>
#include <stddef.h>

#include "base/mem.h"

/* Twelve digits: more than any meter has, and none of a float's last ones, which mean nothing. */
static void write_number(struct writer *writer, double value)
{
    if (isfinite(value)) {
        writer_value(writer);
        text_add_format(writer->text, "%.12g", value);
    } else {
        writer_null(writer);
    }
}

static void write_time(struct writer *writer, const struct rollup_column *column)
{
    writer_int(writer, column->time_us);
}

static void write_min(struct writer *writer, const struct rollup_column *column)
{
    write_number(writer, column->min);
}

static void write_max(struct writer *writer, const struct rollup_column *column)
{
    write_number(writer, column->max);
}

static void write_mean(struct writer *writer, const struct rollup_column *column)
{
    write_number(writer, column->mean);
}

static void write_last(struct writer *writer, const struct rollup_column *column)
{
    write_number(writer, column->last);
}

static void write_good(struct writer *writer, const struct rollup_column *column)
{
    writer_uint(writer, column->good);
}

static void write_bad(struct writer *writer, const struct rollup_column *column)
{
    writer_uint(writer, column->bad);
}

static void write_worst(struct writer *writer, const struct rollup_column *column)
{
    writer_string(writer, quality_word((enum quality)column->worst));
}

static const struct {
    const char *name;
    void (*write)(struct writer *writer, const struct rollup_column *column);
} columns[] = {
    {"time", write_time}, {"min", write_min},   {"max", write_max}, {"mean", write_mean},
    {"last", write_last}, {"good", write_good}, {"bad", write_bad}, {"worst", write_worst},
};

void history_columns_write(struct writer *writer, const struct rollup_answer *answer)
{
    writer_open(writer, '{');
    for (size_t i = 0; i < ARRAY_SIZE(columns); i++) {
        writer_field_open(writer, columns[i].name, '[');
        for (size_t j = 0; j < answer->count; j++) {
            columns[i].write(writer, &answer->columns[j]);
        }
        writer_close(writer, ']');
    }
    writer_close(writer, '}');
}
