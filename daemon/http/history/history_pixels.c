/* SPDX-License-Identifier: Apache-2.0 */
/* history_pixels: an array of pixels, and columns of it. */
#include "http/history/history_pixels.h"

#include <stdlib.h>

#include "base/mem.h"

struct pixel {
    struct reading min; /* with count > 0 */
    struct reading max;
    struct reading last; /* the newest that has a value or, while none has, the newest */
    int64_t last_us;     /* when last was read */
    uint64_t count;
    uint64_t bad;
    uint64_t untrusted;
    char *text;
};

struct history_pixels {
    int64_t from_us;
    int64_t width_us;
    size_t count;
    struct point point; /* how its values are written; the name is gone */
    struct pixel *pixels;
};

struct history_pixels *history_pixels_create(const struct history_query *query)
{
    struct history_pixels *pixels = mem_alloc(sizeof(*pixels));
    int64_t span_us = query->to_us - query->from_us;
    int64_t wanted = (int64_t)query->pixels;
    pixels->from_us = query->from_us;
    pixels->width_us = span_us / wanted + (span_us % wanted > 0 ? 1 : 0);
    pixels->count = query->pixels;
    pixels->pixels = mem_alloc_array(pixels->count, sizeof(*pixels->pixels));
    return pixels;
}

void history_pixels_destroy(struct history_pixels *pixels)
{
    if (!pixels) {
        return;
    }
    for (size_t i = 0; i < pixels->count; i++) {
        free(pixels->pixels[i].text);
    }
    free(pixels->pixels);
    free(pixels);
}

static bool is_empty(const struct pixel *pixel)
{
    return pixel->count == 0 && pixel->bad == 0 && !pixel->text;
}

/* A text counts as a value here. */
static bool has_value(const struct history_sample *sample)
{
    return sample->count > 0 || sample->text;
}

static void take_last(struct pixel *pixel, const struct history_sample *sample)
{
    bool had_value = pixel->count > 0 || pixel->text;
    bool is_newer = sample->last.time_us >= pixel->last_us;
    if (is_empty(pixel) || (has_value(sample) && (!had_value || is_newer)) ||
        (!had_value && is_newer)) {
        pixel->last = sample->last;
        pixel->last_us = sample->last.time_us;
        free(pixel->text);
        pixel->text = mem_dup_string(sample->text);
    }
}

static void take_extremes(struct pixel *pixel, const struct history_sample *sample)
{
    if (sample->count == 0) {
        return;
    }
    if (pixel->count == 0 || sample->min.value < pixel->min.value) {
        pixel->min = sample->min;
    }
    if (pixel->count == 0 || sample->max.value > pixel->max.value) {
        pixel->max = sample->max;
    }
}

void history_pixels_add(struct history_pixels *pixels, const struct history_sample *sample)
{
    int64_t index = (sample->time_us - pixels->from_us) / pixels->width_us;
    if (sample->time_us < pixels->from_us || (size_t)index >= pixels->count) {
        return;
    }
    struct pixel *pixel = &pixels->pixels[index];
    pixels->point = *sample->point;
    pixels->point.name = NULL;
    take_last(pixel, sample);
    take_extremes(pixel, sample);
    pixel->count += sample->count;
    pixel->bad += sample->bad;
    pixel->untrusted += sample->is_untrusted ? 1 : 0;
}

size_t history_pixels_count(const struct history_pixels *pixels)
{
    size_t count = 0;
    for (size_t i = 0; i < pixels->count; i++) {
        count += is_empty(&pixels->pixels[i]) ? 0 : 1;
    }
    return count;
}

int64_t history_pixels_width_us(const struct history_pixels *pixels)
{
    return pixels->width_us;
}

typedef void (*column_fn)(const struct history_pixels *pixels, const struct pixel *pixel,
                          struct writer *writer);

static void write_time(const struct history_pixels *pixels, const struct pixel *pixel,
                       struct writer *writer)
{
    writer_int(writer, pixels->from_us + (pixel - pixels->pixels) * pixels->width_us);
}

static void write_value(const struct history_pixels *pixels, const struct pixel *pixel,
                        const struct reading *reading, struct writer *writer)
{
    if (pixel->count > 0) {
        live_write_value(writer, &pixels->point, reading, NULL);
    } else {
        writer_null(writer);
    }
}

static void write_min(const struct history_pixels *pixels, const struct pixel *pixel,
                      struct writer *writer)
{
    write_value(pixels, pixel, &pixel->min, writer);
}

static void write_max(const struct history_pixels *pixels, const struct pixel *pixel,
                      struct writer *writer)
{
    write_value(pixels, pixel, &pixel->max, writer);
}

static void write_last(const struct history_pixels *pixels, const struct pixel *pixel,
                       struct writer *writer)
{
    if (pixel->text) {
        writer_string(writer, pixel->text);
    } else {
        write_value(pixels, pixel, &pixel->last, writer);
    }
}

static void write_count(const struct history_pixels *pixels, const struct pixel *pixel,
                        struct writer *writer)
{
    (void)pixels;
    writer_uint(writer, pixel->count);
}

static void write_bad(const struct history_pixels *pixels, const struct pixel *pixel,
                      struct writer *writer)
{
    (void)pixels;
    writer_uint(writer, pixel->bad);
}

static void write_untrusted(const struct history_pixels *pixels, const struct pixel *pixel,
                            struct writer *writer)
{
    (void)pixels;
    writer_uint(writer, pixel->untrusted);
}

static void write_quality(const struct history_pixels *pixels, const struct pixel *pixel,
                          struct writer *writer)
{
    writer_string(writer, quality_word(reading_quality(&pixels->point, &pixel->last)));
}

static const struct {
    const char *name;
    column_fn write;
} columns[] = {
    {"time", write_time},           {"min", write_min},         {"max", write_max},
    {"last", write_last},           {"count", write_count},     {"bad", write_bad},
    {"untrusted", write_untrusted}, {"quality", write_quality},
};

void history_pixels_write(const struct history_pixels *pixels, struct writer *writer)
{
    writer_open(writer, '{');
    for (size_t i = 0; i < ARRAY_SIZE(columns); i++) {
        writer_field_open(writer, columns[i].name, '[');
        for (size_t j = 0; j < pixels->count; j++) {
            if (!is_empty(&pixels->pixels[j])) {
                columns[i].write(pixels, &pixels->pixels[j], writer);
            }
        }
        writer_close(writer, ']');
    }
    writer_close(writer, '}');
}
