/* SPDX-License-Identifier: Apache-2.0 */
/* gather: see gather.h. */
#include "store/rollup/gather.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum {
    MINUTES_AN_HOUR = 60,
    HOURS_A_DAY = 24,
    MINUTE_MS = 60000,
};

void gather_finish(struct gather *gather)
{
    free(gather->cells);
    free(gather->pieces);
    free(gather->is_worked_out);
    gather->cells = NULL;
    gather->pieces = NULL;
    gather->is_worked_out = NULL;
}

/* The first one found tells in what steps the cells are counted. */
static void learn(struct gather *gather, const struct point *point, const struct cell_scale *scale)
{
    if (gather->quantity == NULL) {
        gather->quantity = point->quantity;
        gather->scale = *scale;
    }
}

static void add(struct gather *gather, size_t slot, const struct cell *cell,
                const struct cell_scale *scale, uint32_t shift_ms)
{
    if (!cell_is_empty(cell)) {
        rollup_merge_cell(&gather->cells[slot], &gather->scale, *cell, scale, shift_ms);
    }
}

static int64_t first_hour(const struct gather *gather)
{
    return gather->kind == TIER_HOURS ? gather->first : gather->first / MINUTES_AN_HOUR;
}

static int64_t end_hour(const struct gather *gather)
{
    const int64_t end = gather->first + (int64_t)gather->count;
    return gather->kind == TIER_HOURS ? end : (end + MINUTES_AN_HOUR - 1) / MINUTES_AN_HOUR;
}

/* Where a minute stands among the cells; false: outside. */
static bool slot_of_minute(const struct gather *gather, int64_t minute, size_t *slot)
{
    const int64_t number = gather->kind == TIER_HOURS ? minute / MINUTES_AN_HOUR : minute;
    *slot = (size_t)(number - gather->first);
    return number >= gather->first && *slot < gather->count;
}

static void take_piece(struct gather *gather, const struct point *point, int64_t minute,
                       const struct cell *cell, uint64_t series, uint64_t serial)
{
    size_t slot = 0;
    const struct cell_scale scale = cell_scale_of(point);
    learn(gather, point, &scale);
    if (!slot_of_minute(gather, minute, &slot) || cell_is_empty(cell)) {
        return;
    }
    gather->pieces = mem_grow(gather->pieces, gather->piece_count + 1, sizeof(*gather->pieces));
    gather->pieces[gather->piece_count++] = (struct piece){
        .minute = minute,
        .cell = *cell,
        .scale = scale,
        .chunk = hot_chunk_of(series),
        .serial = serial,
    };
}

static void take_deltas(struct gather *gather, struct span span, uint64_t series,
                        const struct device *device, uint64_t serial)
{
    struct delta delta;
    const struct point *point = device_find_point(device, gather->point);
    while (point != NULL && delta_next(&span, &delta)) {
        size_t slot = 0;
        size_t next = 0;
        size_t index = 0;
        struct cell cell;
        if (delta.series != series || !slot_of_minute(gather, delta.minute, &slot)) {
            continue;
        }
        while (delta_next_cell(&delta, device, &next, &index, &cell)) {
            if (index == (size_t)(point - device->points)) {
                take_piece(gather, point, delta.minute, &cell, series, serial);
            }
        }
    }
}

static void take_row(struct gather *gather, const struct hot_series *series, uint64_t number)
{
    static const int64_t minute_us = 60 * 1000000LL;
    const struct point *point = device_find_point(series->device, gather->point);
    if (point != NULL && series->is_open) {
        take_piece(gather, point, series->start_us / minute_us,
                   &series->cells[point - series->device->points], number, UINT64_MAX);
    }
}

static struct span chunk_span(const struct hot_chunk *chunks, size_t count, uint64_t series)
{
    const size_t chunk = hot_chunk_of(series);
    return chunk < count ? span_of(chunks[chunk].deltas.data, chunks[chunk].deltas.length)
                         : span_of(NULL, 0);
}

/* Memory comes last in the order of the journal, but is looked at first. In two lists: `writing` may be in the tail when
 * that is read. Returns how many pieces are of `writing`. */
static size_t take_memory(struct gather *gather, uint64_t *serial)
{
    struct rollups *rollups = gather->rollups;
    struct hot *hot = &rollups->hot;
    size_t written = 0;
    pthread_mutex_lock(&rollups->mutex);
    *serial = rollups->serial;
    for (uint64_t number = 1; number <= hot->series_count && rollups->is_writing; number++) {
        const struct device *device = hot->series[number - 1].device;
        if (strcmp(device->id, gather->device) == 0) {
            take_deltas(gather,
                        chunk_span(rollups->writing.chunks, rollups->writing.chunk_count, number),
                        number, device, UINT64_MAX);
        }
    }
    written = gather->piece_count;
    *serial += rollups->is_writing;
    for (uint64_t number = 1; number <= hot->series_count; number++) {
        const struct hot_series *series = &hot->series[number - 1];
        if (strcmp(series->device->id, gather->device) == 0) {
            take_deltas(gather, chunk_span(hot->chunks, hot->chunk_count, number), number,
                        series->device, UINT64_MAX);
            take_row(gather, series, number);
        }
    }
    pthread_mutex_unlock(&rollups->mutex);
    return written;
}

struct tail_walk {
    struct gather *gather;
    const struct tail_series *series;
};

static int take_tail_row(void *context, uint64_t serial, struct span deltas)
{
    const struct tail_walk *walk = context;
    take_deltas(walk->gather, deltas, walk->series->number, walk->series->device, serial);
    return 0;
}

static int walk_tail(struct gather *gather, struct tail *tail)
{
    struct tail_series *series = NULL;
    size_t count = 0;
    int error = tail_find(tail, gather->device, &series, &count);
    for (size_t i = 0; i < count && error == 0; i++) {
        struct tail_walk walk = {.gather = gather, .series = &series[i]};
        error = tail_walk(tail, hot_chunk_of(series[i].number), take_tail_row, &walk);
    }
    tail_series_free(series, count);
    return error;
}

/* Drops the pieces [from, to). */
static void drop_pieces(struct gather *gather, size_t from, size_t to)
{
    if (to > from) {
        memmove(&gather->pieces[from], &gather->pieces[to],
                (gather->piece_count - to) * sizeof(*gather->pieces));
        gather->piece_count -= to - from;
    }
}

/* Puts the first `count` pieces behind the others: the order in which they are merged. */
static void rotate_pieces(struct gather *gather, size_t count)
{
    if (count == 0 || count == gather->piece_count) {
        return;
    }
    struct piece *copy = mem_alloc_array(count, sizeof(*copy));
    memcpy(copy, gather->pieces, count * sizeof(*copy));
    memmove(gather->pieces, gather->pieces + count, (gather->piece_count - count) * sizeof(*copy));
    memcpy(gather->pieces + (gather->piece_count - count), copy, count * sizeof(*copy));
    free(copy);
}

static int take_pieces(struct gather *gather)
{
    struct tail *tail = NULL;
    uint64_t serial = 0; /* what `writing` becomes, or the last one written */
    size_t written = take_memory(gather, &serial);
    const size_t in_memory = gather->piece_count;
    char *path = rollups_path(gather->rollups, "tail.db");
    int error = tail_open_read(path, &tail);
    free(path);
    if (error < 0) {
        return error == -ENOENT || error == -EACCES ? 0 : error;
    }
    gather->epoch = tail->epoch;
    error = walk_tail(gather, tail);
    /* What was in memory has been written in the meantime: the tail has it. */
    size_t left = in_memory;
    if (tail->serial > serial) {
        drop_pieces(gather, 0, in_memory);
        left = 0;
    } else if (tail->serial == serial) {
        drop_pieces(gather, 0, written);
        left -= written;
    }
    rotate_pieces(gather, left);
    tail_close(tail);
    return error;
}

static int add_minutes(struct gather *gather, struct tier *tier, const struct tier_layout *layout,
                       size_t point, int64_t hour)
{
    struct cell cells[GRID_SLOTS_MAX];
    uint8_t exponent = 0;
    const void *data = NULL;
    size_t length = 0;
    const struct point *points = layout->layout->device->points;
    int found = tier_get(tier, layout->id, hour, &data, &length);
    if (found == 1 &&
        grid_decode_point(data, length, points, point, GRID_SLOTS_MAX, cells, &exponent) < 0) {
        found = -EBADMSG;
    }
    if (found != 1) {
        return found == -EBADMSG ? 0 : found; /* who writes will find and tell it */
    }
    const struct cell_scale scale = cell_scale_written(&points[point], exponent);
    learn(gather, &points[point], &scale);
    if (gather->kind == TIER_HOURS) {
        const size_t slot = (size_t)(hour - gather->first);
        add(gather, slot, &cells[GRID_CARRIED], &scale, 0);
        gather->is_worked_out[slot] = true;
    }
    for (uint32_t i = 0; i < GRID_MINUTES; i++) {
        size_t slot = 0;
        if (slot_of_minute(gather, hour * MINUTES_AN_HOUR + i, &slot)) {
            add(gather, slot, &cells[i], &scale, gather->kind == TIER_HOURS ? i * MINUTE_MS : 0);
        }
    }
    return 0;
}

static bool has_piece(const struct gather *gather, int64_t hour)
{
    for (size_t i = 0; i < gather->piece_count; i++) {
        if (gather->pieces[i].minute / MINUTES_AN_HOUR == hour) {
            return true;
        }
    }
    return false;
}

/* Hours are read as such but for those that are marked, or have something that is in no file yet. */
static int add_stale(struct gather *gather, struct tier *tier, const struct tier_layout *layout,
                     size_t point, int64_t first, int64_t end)
{
    int64_t *hours = NULL;
    size_t count = 0;
    int error = tier_stale_hours(tier, layout->id, &hours, &count);
    for (int64_t hour = first; hour < end && error == 0; hour++) {
        bool is_wanted = gather->piece_count > 0 && has_piece(gather, hour);
        for (size_t i = 0; i < count && !is_wanted; i++) {
            is_wanted = hours[i] == hour;
        }
        if (is_wanted) {
            error = add_minutes(gather, tier, layout, point, hour);
        }
    }
    free(hours);
    return error;
}

static int64_t later(int64_t one, int64_t other)
{
    return one > other ? one : other;
}

static int64_t earlier(int64_t one, int64_t other)
{
    return one < other ? one : other;
}

static int add_layout(struct gather *gather, struct tier *tier, const struct rollup_file *file,
                      const struct tier_layout *layout)
{
    const struct device *device = layout->layout->device;
    const struct point *point = device_find_point(device, gather->point);
    const int64_t first = later(file->first, first_hour(gather));
    const int64_t end = earlier(file->end, end_hour(gather));
    int error = 0;
    if (point == NULL) {
        return 0;
    }
    const size_t index = (size_t)(point - device->points);
    if (gather->kind == TIER_HOURS) {
        return add_stale(gather, tier, layout, index, first, end);
    }
    for (int64_t hour = first; hour < end && error == 0; hour++) {
        error = add_minutes(gather, tier, layout, index, hour);
    }
    return error;
}

/* Forgets the pieces that the file has. */
static int drop_applied(struct gather *gather, struct tier *tier, const struct rollup_file *file)
{
    size_t kept = 0;
    int error = 0;
    uint64_t chunk = UINT64_MAX;
    uint64_t applied = 0;
    for (size_t i = 0; i < gather->piece_count && error == 0; i++) {
        const struct piece *piece = &gather->pieces[i];
        const int64_t hour = piece->minute / MINUTES_AN_HOUR;
        const bool is_there =
            piece->serial != UINT64_MAX && hour >= file->first && hour < file->end;
        if (is_there && piece->chunk != chunk) {
            chunk = piece->chunk;
            error = tier_applied(tier, gather->epoch, chunk, &applied);
        }
        if (!is_there || piece->serial > applied) {
            gather->pieces[kept++] = *piece;
        }
    }
    gather->piece_count = error == 0 ? kept : gather->piece_count;
    return error;
}

static int read_minutes(struct gather *gather, struct tier *tier, const struct rollup_file *file)
{
    struct tier_layout *layouts = NULL;
    size_t count = 0;
    int error = sql_run(tier->db, "BEGIN");
    if (error == 0) {
        error = drop_applied(gather, tier, file);
    }
    if (error == 0) {
        error = tier_layouts(tier, gather->device, &layouts, &count);
    }
    for (size_t i = 0; i < count && error == 0; i++) {
        error = add_layout(gather, tier, file, &layouts[i]);
    }
    tier_layouts_free(layouts, count);
    return error;
}

static int add_day(struct gather *gather, struct tier *tier, const struct tier_layout *layout,
                   size_t point, int64_t day)
{
    struct cell cells[GRID_HOURS];
    uint8_t exponent = 0;
    const void *data = NULL;
    size_t length = 0;
    const struct point *points = layout->layout->device->points;
    int found = tier_get(tier, layout->id, day, &data, &length);
    if (found == 1 &&
        grid_decode_point(data, length, points, point, GRID_HOURS, cells, &exponent) < 0) {
        found = -EBADMSG;
    }
    if (found != 1) {
        return found == -EBADMSG ? 0 : found;
    }
    const struct cell_scale scale = cell_scale_written(&points[point], exponent);
    learn(gather, &points[point], &scale);
    for (int64_t i = 0; i < GRID_HOURS; i++) {
        const int64_t slot = day * HOURS_A_DAY + i - gather->first;
        if (slot >= 0 && slot < (int64_t)gather->count && !gather->is_worked_out[slot]) {
            add(gather, (size_t)slot, &cells[i], &scale, 0);
        }
    }
    return 0;
}

static int read_hours(struct gather *gather, struct tier *tier, const struct rollup_file *file)
{
    struct tier_layout *layouts = NULL;
    size_t count = 0;
    int error = sql_run(tier->db, "BEGIN");
    if (error == 0) {
        error = tier_layouts(tier, gather->device, &layouts, &count);
    }
    const int64_t first = later(file->first, gather->first);
    const int64_t end = earlier(file->end, gather->first + (int64_t)gather->count);
    for (size_t i = 0; i < count && error == 0; i++) {
        const struct device *device = layouts[i].layout->device;
        const struct point *point = device_find_point(device, gather->point);
        for (int64_t day = first / HOURS_A_DAY;
             point != NULL && day * HOURS_A_DAY < end && error == 0; day++) {
            error = add_day(gather, tier, &layouts[i], (size_t)(point - device->points), day);
        }
    }
    tier_layouts_free(layouts, count);
    return error;
}

typedef int (*read_fn)(struct gather *gather, struct tier *tier, const struct rollup_file *file);

static int read_file(struct gather *gather, enum tier_kind kind, const struct rollup_file *file,
                     read_fn read)
{
    struct tier *tier = NULL;
    char *path = rollups_path(gather->rollups, file->name);
    int error = tier_open_read(kind, path, &tier);
    if (error == 0) {
        error = read(gather, tier, file);
    }
    tier_close(tier);
    free(path);
    /* Shed since it was listed, or just being made. */
    return error == -ENOENT || error == -EACCES ? 0 : error;
}

static int read_files(struct gather *gather, enum tier_kind kind, read_fn read)
{
    struct rollup_file *files = NULL;
    const size_t count = rollups_list(gather->rollups, kind, &files);
    int error = 0;
    for (size_t i = 0; i < count && error == 0; i++) {
        if (files[i].first < end_hour(gather) && files[i].end > first_hour(gather)) {
            error = read_file(gather, kind, &files[i], read);
        }
    }
    free(files);
    return error;
}

static void add_pieces(struct gather *gather)
{
    for (size_t i = 0; i < gather->piece_count; i++) {
        const struct piece *piece = &gather->pieces[i];
        size_t slot = 0;
        if (slot_of_minute(gather, piece->minute, &slot)) {
            const int64_t minute = piece->minute % MINUTES_AN_HOUR;
            add(gather, slot, &piece->cell, &piece->scale,
                gather->kind == TIER_HOURS ? (uint32_t)minute * MINUTE_MS : 0);
        }
    }
}

int gather_cells(struct gather *gather)
{
    gather->cells = mem_alloc_array(gather->count, sizeof(*gather->cells));
    gather->is_worked_out = mem_alloc_array(gather->count, sizeof(bool));
    int error = take_pieces(gather);
    if (error == 0) {
        error = read_files(gather, TIER_MINUTES, read_minutes);
    }
    if (error == 0 && gather->kind == TIER_HOURS) {
        error = read_files(gather, TIER_HOURS, read_hours);
    }
    if (error == 0) {
        add_pieces(gather);
    }
    return error;
}
