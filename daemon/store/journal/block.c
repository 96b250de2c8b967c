/* SPDX-License-Identifier: Apache-2.0 */
/* block: batches to bytes and back. The forms of single values are in block_value.c. */
#include "store/journal/block.h"

#include <string.h>

#include "base/mem.h"
#include "store/journal/block_value.h"

enum {
    LIST_SHIFT = 1, /* in the head: readings << 3 | list << 1 | has texts */
    LIST_MASK = 3,
    COUNT_SHIFT = 3,
    SPARSE = 8, /* fewer than one in so many points: naming them is shorter than a bit each */
};

void block_clear(struct block *block)
{
    struct bytes payload = block->payload;
    struct bytes entry = block->entry;
    payload.length = 0;
    entry.length = 0;
    *block = (struct block){.payload = payload, .entry = entry};
}

void block_finish(struct block *block)
{
    bytes_finish(&block->payload);
    bytes_finish(&block->entry);
}

static bool is_valid(const struct batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        if (batch->readings[i].point >= batch->device->point_count ||
            batch->readings[i].quality >= QUALITY_COUNT) {
            return false;
        }
    }
    return batch->count <= BLOCK_READINGS_MAX;
}

static enum point_list list_kind(const struct batch *batch)
{
    const size_t points = batch->device->point_count;
    for (size_t i = 1; i < batch->count; i++) {
        if (batch->readings[i].point <= batch->readings[i - 1].point) {
            return POINTS_NAMED;
        }
    }
    if (batch->count == points) {
        return POINTS_ALL;
    }
    return (size_t)batch->count * SPARSE < points ? POINTS_NAMED : POINTS_BITMAP;
}

static void put_points(struct bytes *out, const struct batch *batch, enum point_list kind)
{
    if (kind == POINTS_NAMED) {
        int64_t expected = 0;
        for (size_t i = 0; i < batch->count; i++) {
            bytes_put_signed(out, batch->readings[i].point - expected);
            expected = batch->readings[i].point + 1;
        }
    } else if (kind == POINTS_BITMAP) {
        uint8_t bits[(UINT16_MAX + 1) / 8] = {0};
        for (size_t i = 0; i < batch->count; i++) {
            const unsigned point = batch->readings[i].point;
            bits[point / 8] |= (uint8_t)(1U << (point % 8));
        }
        bytes_put(out, bits, (batch->device->point_count + 7U) / 8);
    }
}

/* Room for every ok text with its NUL, as value_take will lay them out. */
static size_t texts_size(const struct batch *batch)
{
    size_t size = 0;
    for (size_t i = 0; i < batch->count; i++) {
        const struct reading *reading = &batch->readings[i];
        if (reading->quality == QUALITY_OK &&
            batch->device->points[reading->point].source == POINT_TEXT) {
            size += strlen(reading_text(batch, reading)) + 1;
        }
    }
    return size;
}

static void put_head(struct bytes *out, const struct batch *batch, size_t texts)
{
    const enum point_list kind = list_kind(batch);
    bytes_put_unsigned(out, ((uint64_t)batch->count << COUNT_SHIFT) |
                                ((uint64_t)kind << LIST_SHIFT) | (texts > 0));
    if (texts > 0) {
        bytes_put_unsigned(out, texts);
    }
    put_points(out, batch, kind);
}

/* Readings [first, end) that one run can hold. */
static size_t run_end(const struct value_place *first, struct value_shape shape)
{
    const struct reading *start = &first->batch->readings[first->index];
    struct value_place place = *first;
    for (place.index++; place.index < first->batch->count; place.index++) {
        const struct reading *reading = &first->batch->readings[place.index];
        if (reading->quality != start->quality || reading->exception != start->exception ||
            reading->time_us != start->time_us || !value_fits(&place, shape)) {
            break;
        }
    }
    return place.index;
}

/* One value in five, divided by 100, is also a single-precision number divided by 10: the exponent that most of the
 * following values have too makes the fewest runs. */
static struct value_shape run_shape(const struct value_place *first)
{
    struct value_shape best = value_shape_of(first);
    size_t best_end = best.form == FORM_SCALED ? run_end(first, best) : SIZE_MAX;
    struct value_shape shape = best;
    while (shape.form == FORM_SCALED && shape.exponent < SCALED_EXPONENT_MAX) {
        shape.exponent++;
        const size_t end = value_fits(first, shape) ? run_end(first, shape) : 0;
        if (end > best_end) {
            best = shape;
            best_end = end;
        }
    }
    return best;
}

static void put_runs(struct bytes *out, const struct layout *layout, const struct batch *batch)
{
    struct value_place place = {.layout = layout, .batch = batch};
    int64_t time_us = batch->time_us;
    while (place.index < batch->count) {
        const struct reading *reading = &batch->readings[place.index];
        const struct value_shape shape = run_shape(&place);
        const size_t end = run_end(&place, shape);
        const bool has_time = reading->time_us != time_us;
        bytes_put_u8(out, (uint8_t)(reading->quality | ((unsigned)shape.form << RUN_FORM_SHIFT) |
                                    (has_time ? RUN_HAS_TIME : 0)));
        bytes_put_unsigned(out, end - place.index);
        if (reading->quality == QUALITY_EXCEPTION) {
            bytes_put_u8(out, reading->exception);
        }
        if (has_time) {
            bytes_put_signed(out, (int64_t)((uint64_t)reading->time_us - (uint64_t)time_us));
            time_us = reading->time_us;
        }
        if (shape.form == FORM_SCALED) {
            bytes_put_u8(out, shape.exponent);
        }
        for (; place.index < end; place.index++) {
            value_put(out, shape, &place);
        }
    }
}

static void widen(struct block *block, int64_t time_us)
{
    if (time_us < block->first_us) {
        block->first_us = time_us;
    }
    if (time_us > block->last_us) {
        block->last_us = time_us;
    }
}

static void note(struct block *block, const struct batch *batch)
{
    if (block->batches == 0) {
        block->first_position = batch->position;
        block->first_us = batch->time_us;
        block->last_us = batch->time_us;
    }
    widen(block, batch->time_us);
    for (size_t i = 0; i < batch->count; i++) {
        widen(block, batch->readings[i].time_us);
    }
    block->last_position = batch->position;
    block->seq = batch->seq;
    block->time_us = batch->time_us;
    block->max_seq = batch->seq > block->max_seq ? batch->seq : block->max_seq;
    block->batches++;
}

int block_add(struct block *block, uint64_t layout_id, const struct layout *layout,
              const struct batch *batch)
{
    const size_t texts = is_valid(batch) ? texts_size(batch) : SIZE_MAX;
    if (texts > BLOCK_TEXTS_MAX) {
        return -EINVAL;
    }
    struct bytes *entry = &block->entry;
    entry->length = 0;
    bytes_put_unsigned(entry, layout_id);
    bytes_put_unsigned(entry, batch->position - block->last_position);
    bytes_put_signed(entry, (int64_t)(batch->seq - block->seq));
    bytes_put_signed(entry, (int64_t)((uint64_t)batch->time_us - (uint64_t)block->time_us));
    put_head(entry, batch, texts);
    put_runs(entry, layout, batch);
    if (block->batches == 0) {
        bytes_put_u8(&block->payload, BLOCK_VERSION);
    }
    bytes_put_unsigned(&block->payload, entry->length);
    bytes_put(&block->payload, entry->data, entry->length);
    note(block, batch);
    return 0;
}

int block_walk_init(struct block_walk *walk, const void *payload, size_t length)
{
    struct span span = span_of(payload, length);
    const uint8_t version = span_u8(&span);
    if (version != BLOCK_VERSION && version != BLOCK_VERSION_MILLI) {
        return -EBADMSG;
    }
    *walk = (struct block_walk){.span = span, .version = version};
    return 0;
}

bool block_walk_next(struct block_walk *walk, struct block_entry *out)
{
    if (walk->span.is_bad || span_left(&walk->span) == 0) {
        return false;
    }
    const uint64_t length = span_unsigned(&walk->span);
    if (length > span_left(&walk->span)) {
        walk->span.is_bad = true;
        return false;
    }
    struct span entry = span_of(span_take(&walk->span, (size_t)length), (size_t)length);
    const uint64_t layout_id = span_unsigned(&entry);
    walk->position += span_unsigned(&entry);
    walk->seq += (uint64_t)span_signed(&entry);
    walk->time_us = (int64_t)((uint64_t)walk->time_us + (uint64_t)span_signed(&entry));
    walk->span.is_bad |= entry.is_bad;
    *out = (struct block_entry){.layout_id = layout_id,
                                .position = walk->position,
                                .seq = walk->seq,
                                .time_us = walk->time_us,
                                .version = walk->version,
                                .body = entry};
    return !walk->span.is_bad;
}

static void take_bitmap(struct span *span, struct batch *batch)
{
    const size_t points = batch->device->point_count;
    const uint8_t *bits = span_take(span, (points + 7) / 8);
    size_t count = 0;
    for (size_t i = 0; bits != NULL && i < points; i++) {
        if (!(bits[i / 8] & (1U << (i % 8)))) {
            continue;
        }
        if (count < batch->capacity) {
            batch->readings[count].point = (uint16_t)i;
        }
        count++;
    }
    span->is_bad |= count != batch->capacity;
}

static void take_names(struct span *span, struct batch *batch)
{
    uint64_t expected = 0;
    for (size_t i = 0; i < batch->capacity; i++) {
        const uint64_t point = expected + (uint64_t)span_signed(span);
        if (point >= batch->device->point_count) {
            span->is_bad = true;
            return;
        }
        batch->readings[i].point = (uint16_t)point;
        expected = point + 1;
    }
}

static void take_points(struct span *span, struct batch *batch, unsigned kind)
{
    if (kind == POINTS_BITMAP) {
        take_bitmap(span, batch);
    } else if (kind == POINTS_NAMED) {
        take_names(span, batch);
    } else {
        span->is_bad |= kind != POINTS_ALL || batch->capacity != batch->device->point_count;
        for (size_t i = 0; i < batch->capacity; i++) {
            batch->readings[i].point = (uint16_t)i;
        }
    }
}

/* What the readings of a run have in common. */
struct run {
    size_t length;
    struct value_shape shape;
    uint8_t quality;
    uint8_t exception;
};

static struct run take_run(struct span *span, uint8_t version, int64_t *time_us)
{
    const unsigned flags = span_u8(span);
    struct run run = {.length = (size_t)span_unsigned(span),
                      .shape.form = (enum value_form)((flags >> RUN_FORM_SHIFT) & RUN_FORM_MASK),
                      .quality = flags & RUN_QUALITY_MASK};
    if (run.quality == QUALITY_EXCEPTION) {
        run.exception = span_u8(span);
    }
    if (flags & RUN_HAS_TIME) {
        *time_us = (int64_t)((uint64_t)*time_us + (uint64_t)span_signed(span));
    }
    if (run.shape.form == FORM_SCALED) {
        run.shape.exponent = version == BLOCK_VERSION_MILLI ? MILLI_EXPONENT : span_u8(span);
    }
    return run;
}

static void take_runs(struct span *span, uint8_t version, const struct layout *layout,
                      struct batch *batch)
{
    struct value_place place = {.layout = layout, .batch = batch};
    struct texts_room texts = {0};
    texts.data = batch_texts_space(batch, &texts.size);
    int64_t time_us = batch->time_us;
    while (place.index < batch->capacity && !span->is_bad) {
        const struct run run = take_run(span, version, &time_us);
        if (run.length == 0 || run.length > batch->capacity - place.index ||
            run.quality >= QUALITY_COUNT) {
            span->is_bad = true;
            return;
        }
        for (const size_t end = place.index + run.length; place.index < end; place.index++) {
            struct reading *reading = &batch->readings[place.index];
            reading->time_us = time_us;
            reading->quality = run.quality;
            reading->exception = run.exception;
            value_take(span, run.shape, &place, reading, &texts);
        }
    }
    batch->count = batch->capacity;
}

int block_decode(const struct block_entry *entry, const struct layout *layout, struct batch **out)
{
    struct span span = entry->body;
    const uint64_t head = span_unsigned(&span);
    const uint64_t texts = head & 1 ? span_unsigned(&span) : 0;
    const uint64_t count = head >> COUNT_SHIFT;
    if (span.is_bad || count > BLOCK_READINGS_MAX || texts > BLOCK_TEXTS_MAX) {
        return -EBADMSG;
    }
    struct batch *batch = batch_create(layout->device, (size_t)count, (size_t)texts);
    batch->position = entry->position;
    batch->seq = entry->seq;
    batch->time_us = entry->time_us;
    take_points(&span, batch, (head >> LIST_SHIFT) & LIST_MASK);
    if (!span.is_bad) {
        take_runs(&span, entry->version, layout, batch);
    }
    if (span.is_bad || span_left(&span) > 0) {
        batch_unref(batch);
        return -EBADMSG;
    }
    *out = batch;
    return 0;
}
