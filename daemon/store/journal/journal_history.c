/* SPDX-License-Identifier: Apache-2.0 */
/* journal_history: the readings of one point by time. Blocks come in the order of their oldest reading; what they yield
 * is held until no later block can hold anything older, which is exact and, since blocks span a second, holds little. */
#include "store/journal/journal_reader.h"

#include <stdlib.h>

#include "base/mem.h"
#include "store/store_internal.h"

struct held {
    const struct point *point; /* of a layout of the open file */
    struct reading reading;
    struct batch_clock clock;
    char *text; /* owned: the batch is gone before the reading is given. NULL = none */
};

/* One query under way. */
struct history {
    struct journal_reader *reader;
    struct journal *journal;
    const char *device;
    const char *point;
    int64_t from_us;
    int64_t to_us;
    size_t left; /* readings that may still be given */
    journal_reading_fn fn;
    void *context;
    bool is_over;
    uint64_t *layout_ids; /* of the device, in the open file */
    size_t layout_count;
    struct held *held; /* by time; [given, count) wait */
    size_t given;
    size_t count;
    size_t capacity;
};

static void hold(struct history *history, const struct point *point, const struct batch *batch,
                 const struct reading *reading)
{
    const bool is_text = point->source == POINT_TEXT && reading->quality == QUALITY_OK;
    if (history->count == history->capacity) {
        history->capacity = history->capacity > 0 ? history->capacity * 2 : 64;
        history->held = mem_grow(history->held, history->capacity, sizeof(struct held));
    }
    size_t place = history->count++;
    while (place > history->given && history->held[place - 1].reading.time_us > reading->time_us) {
        history->held[place] = history->held[place - 1];
        place--;
    }
    history->held[place] = (struct held){
        .point = point,
        .reading = *reading,
        .clock = batch->clock,
        .text = is_text ? mem_dup_string(reading_text(batch, reading)) : NULL,
    };
}

static bool give_one(struct history *history, const struct held *held)
{
    const struct journal_reading found = {
        .point = held->point,
        .reading = &held->reading,
        .text = held->text,
        .clock = &held->clock,
    };
    return history->fn(history->context, &found);
}

/* Gives what is older than before_us. */
static void give(struct history *history, int64_t before_us)
{
    while (!history->is_over && history->given < history->count &&
           history->held[history->given].reading.time_us < before_us) {
        struct held *held = &history->held[history->given++];
        history->is_over = history->left == 0 || !give_one(history, held) || --history->left == 0;
        free(held->text);
    }
    if (history->given == history->count) {
        history->given = 0;
        history->count = 0;
    }
}

static void take_batch(struct history *history, const struct layout *layout,
                       const struct batch *batch)
{
    const struct point *point = device_find_point(layout->device, history->point);
    if (point == NULL) {
        return;
    }
    const size_t index = (size_t)(point - layout->device->points);
    for (size_t i = 0; i < batch->count; i++) {
        const struct reading *reading = &batch->readings[i];
        if (reading->point == index && reading->time_us >= history->from_us &&
            reading->time_us < history->to_us) {
            hold(history, point, batch, reading);
        }
    }
}

static void held_finish(struct history *history)
{
    for (size_t i = history->given; i < history->count; i++) {
        free(history->held[i].text);
    }
    free(history->held);
}

static bool is_of_device(const struct history *history, uint64_t layout_id)
{
    for (size_t i = 0; i < history->layout_count; i++) {
        if (history->layout_ids[i] == layout_id) {
            return true;
        }
    }
    return false;
}

static void take_block(struct history *history)
{
    struct journal_reader *reader = history->reader;
    struct block_walk walk;
    struct block_entry entry;
    int error = block_walk_init(&walk, reader->block.payload.data, reader->block.payload.length);
    while (error == 0 && block_walk_next(&walk, &entry)) {
        const struct layout *layout = NULL;
        struct batch *batch = NULL;
        if (!is_of_device(history, entry.layout_id)) {
            continue;
        }
        error = day_source_layout(reader->source, entry.layout_id, &layout);
        if (error == 0) {
            error = block_decode(&entry, layout, &batch);
        }
        if (error == 0) {
            batch->clock = reader->block.clock;
            take_batch(history, layout, batch);
        }
        batch_unref(batch);
    }
    if (error < 0) {
        reader_count_bad_block(reader, history->journal);
    }
}

static int walk_blocks(struct history *history)
{
    struct journal_reader *reader = history->reader;
    int found = 1;
    day_block_start(&reader->block);
    while (!history->is_over) {
        found =
            day_source_next_time(reader->source, history->from_us, history->to_us, &reader->block);
        if (found == -EBADMSG) {
            reader_count_bad_block(reader, history->journal);
        } else if (found != 1) {
            return found;
        } else {
            give(history, reader->block.first_us);
            take_block(history);
        }
    }
    return 0;
}

static int walk_file(struct history *history, const struct journal_file *file)
{
    int error = reader_use_file(history->reader, history->journal, file);
    if (error == 0) {
        error = day_source_device(history->reader->source, history->device, &history->layout_ids,
                                  &history->layout_count);
    }
    if (error == 0 && history->layout_count > 0) {
        error = walk_blocks(history);
    }
    /* Before the file is let go: the points are its layouts'. */
    give(history, INT64_MAX);
    free(history->layout_ids);
    history->layout_ids = NULL;
    history->layout_count = 0;
    return error < 0 ? reader_judge(history->reader, history->journal, file->serial, error) : 0;
}

int journal_reader_history(struct journal_reader *reader, const char *device, const char *point,
                           int64_t from_us, int64_t to_us, size_t limit, journal_reading_fn fn,
                           void *context)
{
    struct history history = {
        .reader = reader,
        .journal = atomic_load(&reader->store->journal),
        .device = device,
        .point = point,
        .from_us = from_us,
        .to_us = to_us,
        .left = limit,
        .fn = fn,
        .context = context,
        .is_over = limit == 0,
    };
    struct journal_file *files = NULL;
    size_t count = 0;
    int error = 0;
    reader->is_walking = false;
    if (history.journal != NULL) {
        count = journal_find_times(history.journal, from_us, to_us, &files);
    }
    for (size_t i = 0; i < count && error == 0 && !history.is_over; i++) {
        error = walk_file(&history, &files[i]);
    }
    free(files);
    held_finish(&history);
    reader_let_go(reader);
    return error;
}
