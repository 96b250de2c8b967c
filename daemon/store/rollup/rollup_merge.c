/* SPDX-License-Identifier: Apache-2.0 */
/* rollup_merge: the tail into the minutes, chunk by chunk, then the minutes that changed into hours.
 *
 * A chunk's blocks and how much of the tail is in them are one transaction of each file; only when all are committed the tail
 * forgets it. An hour is worked out from its block alone and replaces what there was; only then its mark goes. */
#include "store/rollup/rollup_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum {
    MINUTES_AN_HOUR = 60,
    HOURS_A_DAY = 24,
    MINUTE_MS = 60000,
    STALE_MAX = 256, /* hours worked out in one transaction */
};

/* A file open for writing during the merge. */
struct open_file {
    struct rollup_file file;
    struct tier *tier;
    uint64_t applied; /* of the chunk that is being merged */
    bool is_used;     /* by that chunk */
};

struct row {
    uint64_t serial;
    struct bytes deltas;
};

struct merge {
    struct rollups *rollups;
    struct open_file *files; /* of both kinds */
    size_t file_count;
    uint64_t chunk;
    struct row *rows; /* of the tail, of the chunk */
    size_t row_count;
};

void rollup_merge_cell(struct cell *cell, const struct cell_scale *scale, struct cell later,
                       const struct cell_scale *later_scale, uint32_t shift_ms)
{
    if (scale->exponent != later_scale->exponent ||
        (scale->exponent == CELL_EXPONENT_OF_POINT &&
         (scale->step != later_scale->step || scale->offset != later_scale->offset))) { // NOLINT
        cell_rescale(&later, later_scale, scale);
    }
    cell_merge(cell, &later, shift_ms);
}

static int fail(struct merge *merge, const char *path, int error)
{
    if (error == -EUCLEAN) {
        for (size_t i = 0; i < merge->file_count; i++) {
            tier_close(merge->files[i].tier);
        }
        merge->file_count = 0;
        rollups_set_aside(merge->rollups, path);
    }
    return error;
}

/* Judges the error of a file that may be gone afterwards. */
static int judge(struct merge *merge, const struct tier *tier, int error)
{
    if (error >= 0) {
        return error;
    }
    char *path = mem_dup_string(tier->path);
    error = fail(merge, path, error);
    free(path);
    return error;
}

/* The file of that hour, opened when it is not; NULL in *out: there is none, and it must not be made. The index stays good
 * until the next call. */
static int use_file(struct merge *merge, enum tier_kind kind, int64_t hour, size_t *out)
{
    struct open_file file = {0};
    for (size_t i = 0; i < merge->file_count; i++) {
        const struct open_file *open = &merge->files[i];
        if (open->tier->kind == kind && hour >= open->file.first && hour < open->file.end) {
            *out = i;
            return 0;
        }
    }
    tier_name(kind, hour, file.file.name);
    if (!tier_hours(kind, file.file.name, &file.file.first, &file.file.end)) {
        return -EINVAL;
    }
    char *path = rollups_path(merge->rollups, file.file.name);
    int error = tier_open(kind, path, &file.tier);
    if (error < 0) {
        error = fail(merge, path, error);
    } else {
        merge->files = mem_grow(merge->files, merge->file_count + 1, sizeof(file));
        merge->files[merge->file_count] = file;
        *out = merge->file_count++;
    }
    free(path);
    return error;
}

static void close_files(struct merge *merge)
{
    for (size_t i = 0; i < merge->file_count; i++) {
        tier_close(merge->files[i].tier);
    }
    free(merge->files);
    merge->files = NULL;
    merge->file_count = 0;
}

/* What stood in the block; 0 when it is empty, 1 when something was there. A damaged one is as good as none. */
static int load_block(struct merge *merge, struct tier *tier, uint64_t layout, int64_t number,
                      const struct point *points, struct grid *grid)
{
    const void *data = NULL;
    size_t length = 0;
    int found = tier_get(tier, layout, number, &data, &length);
    if (found == 1 && grid_decode(data, length, points, grid) < 0) {
        found = -EBADMSG;
    }
    if (found == -EBADMSG) {
        alarms_raise(merge->rollups->alarms, STORE_JOURNAL_CORRUPT,
                     "a block of %s is damaged: roll-ups of that time are lost", tier->path);
        found = 0;
    }
    if (found == 0) {
        grid_clear(grid);
        for (size_t i = 0; i < grid->points; i++) {
            grid->exponents[i] = cell_scale_of(&points[i]).exponent;
        }
    }
    return judge(merge, tier, found);
}

static int store_block(struct merge *merge, struct tier *tier, uint64_t layout, int64_t number,
                       const struct point *points, const struct grid *grid)
{
    struct bytes bytes = {0};
    grid_encode(grid, points, &bytes);
    const int error = tier_put(tier, layout, number, &bytes);
    bytes_finish(&bytes);
    return judge(merge, tier, error);
}

/* The minutes of an hour that is already known as a whole are lost: what is known of it is carried on. */
static int carry_hour(struct merge *merge, const struct device *device, int64_t hour,
                      struct grid *grid)
{
    char name[TIER_NAME_SIZE];
    size_t place = 0;
    uint64_t layout = 0;
    struct grid day;
    tier_name(TIER_HOURS, hour, name);
    char *path = rollups_path(merge->rollups, name);
    struct tier *there = NULL;
    const bool is_there = tier_open_read(TIER_HOURS, path, &there) == 0;
    tier_close(there);
    free(path);
    if (!is_there) {
        return 0;
    }
    int error = use_file(merge, TIER_HOURS, hour, &place);
    if (error == 0) {
        struct tier *tier = merge->files[place].tier;
        error = tier_begin(tier);
        error = judge(merge, tier, error == 0 ? tier_place(tier, device, &layout) : error);
    }
    if (error < 0) {
        return error;
    }
    grid_init(&day, GRID_HOURS, device->point_count);
    const int found = load_block(merge, merge->files[place].tier, layout, hour / HOURS_A_DAY,
                                 device->points, &day);
    for (size_t i = 0; i < grid->points && found == 1; i++) {
        grid->cells[i * grid->slots + GRID_CARRIED] =
            day.cells[i * day.slots + (size_t)(hour % HOURS_A_DAY)];
        grid->exponents[i] = day.exponents[i];
    }
    grid_finish(&day);
    return found < 0 ? found : 0;
}

static void merge_delta(struct grid *grid, const struct device *device, struct delta *delta)
{
    size_t next = 0;
    size_t point = 0;
    struct cell cell;
    const size_t slot = (size_t)(delta->minute % MINUTES_AN_HOUR);
    while (delta_next_cell(delta, device, &next, &point, &cell)) {
        const struct point *row = &device->points[point];
        const struct cell_scale from = cell_scale_of(row);
        const struct cell_scale to = cell_scale_written(row, grid->exponents[point]);
        rollup_merge_cell(&grid->cells[point * grid->slots + slot], &to, cell, &from, 0);
    }
}

/* All of the tail that is of the series and the hour, but what the file has already. */
static void merge_rows(const struct merge *merge, uint64_t applied, uint64_t series, int64_t hour,
                       const struct device *device, struct grid *grid)
{
    for (size_t i = 0; i < merge->row_count; i++) {
        struct delta delta;
        struct span span = span_of(merge->rows[i].deltas.data, merge->rows[i].deltas.length);
        while (merge->rows[i].serial > applied && delta_next(&span, &delta)) {
            if (delta.series == series && delta.minute / MINUTES_AN_HOUR == hour) {
                merge_delta(grid, device, &delta);
            }
        }
    }
}

static int begin_file(struct merge *merge, size_t place)
{
    struct open_file *file = &merge->files[place];
    if (file->is_used) {
        return 0;
    }
    int error = tier_begin(file->tier);
    if (error == 0) {
        error = tier_applied(file->tier, merge->rollups->tail->epoch, merge->chunk, &file->applied);
    }
    file->is_used = error == 0;
    return judge(merge, file->tier, error);
}

static int merge_hour(struct merge *merge, uint64_t series, const struct device *device,
                      int64_t hour)
{
    size_t place = 0;
    uint64_t layout = 0;
    int error = use_file(merge, TIER_MINUTES, hour, &place);
    if (error == 0) {
        error = begin_file(merge, place);
    }
    if (error < 0 || merge->files[place].applied >= merge->rows[merge->row_count - 1].serial) {
        return error;
    }
    struct tier *tier = merge->files[place].tier;
    error = judge(merge, tier, tier_place(tier, device, &layout));
    if (error < 0) {
        return error;
    }
    const uint64_t applied = merge->files[place].applied;
    struct grid grid;
    grid_init(&grid, GRID_SLOTS_MAX, device->point_count);
    const int found = load_block(merge, tier, layout, hour, device->points, &grid);
    error = found == 0 ? carry_hour(merge, device, hour, &grid) : found < 0 ? found : 0;
    if (error == 0) {
        merge_rows(merge, applied, series, hour, device, &grid);
        error = store_block(merge, tier, layout, hour, device->points, &grid);
    }
    grid_finish(&grid);
    return error;
}

static void note_hour(int64_t **hours, size_t *count, int64_t hour)
{
    size_t k = *count;
    while (k > 0 && (*hours)[k - 1] != hour) {
        k--;
    }
    if (k == 0) {
        *hours = mem_grow(*hours, *count + 1, sizeof(**hours));
        (*hours)[(*count)++] = hour;
    }
}

/* The hours that the series has something of in these rows. */
static size_t find_hours(const struct merge *merge, uint64_t series, int64_t **out)
{
    size_t count = 0;
    int64_t *hours = NULL;
    for (size_t i = 0; i < merge->row_count; i++) {
        struct delta delta;
        struct span span = span_of(merge->rows[i].deltas.data, merge->rows[i].deltas.length);
        while (delta_next(&span, &delta)) {
            if (delta.series == series) {
                note_hour(&hours, &count, delta.minute / MINUTES_AN_HOUR);
            }
        }
    }
    *out = hours;
    return count;
}

static const struct device *device_of(struct rollups *rollups, uint64_t series)
{
    pthread_mutex_lock(&rollups->mutex);
    const struct device *device = series <= rollups->hot.series_count
                                      ? device_ref(rollups->hot.series[series - 1].device)
                                      : NULL;
    pthread_mutex_unlock(&rollups->mutex);
    return device;
}

static int merge_series(struct merge *merge, uint64_t series)
{
    int64_t *hours = NULL;
    int error = 0;
    const struct device *device = device_of(merge->rollups, series);
    const size_t count = device != NULL ? find_hours(merge, series, &hours) : 0;
    for (size_t i = 0; i < count && error == 0; i++) {
        error = merge_hour(merge, series, device, hours[i]);
    }
    free(hours);
    device_unref(device);
    return error;
}

static int take_row(void *context, uint64_t serial, struct span deltas)
{
    struct merge *merge = context;
    struct row row = {.serial = serial};
    bytes_put(&row.deltas, deltas.at, span_left(&deltas));
    merge->rows = mem_grow(merge->rows, merge->row_count + 1, sizeof(row));
    merge->rows[merge->row_count++] = row;
    return 0;
}

static void drop_rows(struct merge *merge)
{
    for (size_t i = 0; i < merge->row_count; i++) {
        bytes_finish(&merge->rows[i].deltas);
    }
    free(merge->rows);
    merge->rows = NULL;
    merge->row_count = 0;
}

static int commit_files(struct merge *merge)
{
    const struct tail *tail = merge->rollups->tail;
    const uint64_t serial = merge->rows[merge->row_count - 1].serial;
    for (size_t i = 0; i < merge->file_count; i++) {
        struct open_file *file = &merge->files[i];
        int error = 0;
        if (file->is_used) {
            error = tier_set_applied(file->tier, tail->epoch, merge->chunk, serial);
        }
        error = error == 0 ? tier_commit(file->tier) : error;
        if (error < 0) {
            return judge(merge, file->tier, error);
        }
        file->is_used = false;
    }
    return 0;
}

static int merge_chunk(struct merge *merge, uint64_t chunk)
{
    struct rollups *rollups = merge->rollups;
    merge->chunk = chunk;
    int error = tail_walk(rollups->tail, chunk, take_row, merge);
    for (uint64_t i = 1; i <= HOT_CHUNK && error == 0 && merge->row_count > 0; i++) {
        error = merge_series(merge, chunk * HOT_CHUNK + i);
    }
    if (error == 0 && merge->row_count > 0) {
        error = commit_files(merge);
    }
    if (error == 0 && merge->row_count > 0) {
        error = tail_remove(rollups->tail, chunk, merge->rows[merge->row_count - 1].serial);
    }
    drop_rows(merge);
    return error;
}

/* All chunks are in: whoever loses the tail now goes on from here. */
static int note_position(struct merge *merge)
{
    int error = 0;
    for (size_t i = 0; i < merge->file_count && error == 0; i++) {
        struct tier *tier = merge->files[i].tier;
        error = tier->kind == TIER_MINUTES
                    ? judge(merge, tier,
                            tier_set_number(tier, "position", merge->rollups->tail->position))
                    : 0;
    }
    return error;
}

static void work_out(const struct grid *minutes, const struct point *points, size_t slot,
                     struct grid *day)
{
    for (size_t i = 0; i < day->points; i++) {
        const struct cell *cells = &minutes->cells[i * minutes->slots];
        const struct cell_scale from = cell_scale_written(&points[i], minutes->exponents[i]);
        const struct cell_scale to = cell_scale_written(&points[i], day->exponents[i]);
        struct cell hour = {0};
        rollup_merge_cell(&hour, &to, cells[GRID_CARRIED], &from, 0);
        for (uint32_t minute = 0; minute < GRID_MINUTES; minute++) {
            rollup_merge_cell(&hour, &to, cells[minute], &from, minute * MINUTE_MS);
        }
        day->cells[i * day->slots + slot] = hour;
    }
}

/* The block as it is now, worked out into its day. */
static int settle_day(struct merge *merge, const struct layout *layout, int64_t hour,
                      const struct grid *minutes)
{
    size_t place = 0;
    uint64_t there = 0;
    const struct device *device = layout->device;
    int error = use_file(merge, TIER_HOURS, hour, &place);
    if (error < 0) {
        return error;
    }
    struct tier *tier = merge->files[place].tier;
    error = tier_begin(tier);
    error = judge(merge, tier, error == 0 ? tier_place(tier, device, &there) : error);
    if (error < 0) {
        return error;
    }
    struct grid day;
    grid_init(&day, GRID_HOURS, device->point_count);
    error = load_block(merge, tier, there, hour / HOURS_A_DAY, device->points, &day);
    if (error >= 0) {
        work_out(minutes, device->points, (size_t)(hour % HOURS_A_DAY), &day);
        error = store_block(merge, tier, there, hour / HOURS_A_DAY, device->points, &day);
    }
    grid_finish(&day);
    return error;
}

static int settle_hour(struct merge *merge, size_t place, const struct tier_stale *stale)
{
    struct layout *layout = NULL;
    struct tier *tier = merge->files[place].tier;
    int error = tier_layout(tier, stale->layout, &layout);
    if (error == -EBADMSG || error == -ENOENT) {
        return 0; /* a layout that this version can't understand: its mark goes */
    }
    if (error < 0) {
        return judge(merge, tier, error);
    }
    struct grid grid;
    grid_init(&grid, GRID_SLOTS_MAX, layout->device->point_count);
    const int found =
        load_block(merge, tier, stale->layout, stale->hour, layout->device->points, &grid);
    error = found == 1 ? settle_day(merge, layout, stale->hour, &grid) : found;
    grid_finish(&grid);
    layout_destroy(layout);
    return error;
}

static int commit_hours(struct merge *merge)
{
    int error = 0;
    for (size_t i = 0; i < merge->file_count && error == 0; i++) {
        if (merge->files[i].tier->kind == TIER_HOURS) {
            error = judge(merge, merge->files[i].tier, tier_commit(merge->files[i].tier));
        }
    }
    return error;
}

static int remove_marks(struct merge *merge, size_t place, const struct tier_stale *stale,
                        size_t count)
{
    struct tier *tier = merge->files[place].tier;
    int error = tier_begin(tier);
    for (size_t i = 0; i < count && error == 0; i++) {
        error = tier_settle(tier, &stale[i]);
    }
    return judge(merge, tier, error == 0 ? tier_commit(tier) : error);
}

static int settle_file(struct merge *merge, size_t place)
{
    struct tier_stale stale[STALE_MAX];
    size_t count = STALE_MAX;
    int error = 0;
    while (count == STALE_MAX && error == 0) {
        error = judge(merge, merge->files[place].tier,
                      tier_stale(merge->files[place].tier, stale, STALE_MAX, &count));
        for (size_t i = 0; i < count && error == 0; i++) {
            error = settle_hour(merge, place, &stale[i]);
        }
        if (error == 0 && count > 0) {
            error = commit_hours(merge);
        }
        if (error == 0 && count > 0) {
            error = remove_marks(merge, place, stale, count);
        }
    }
    return error;
}

/* An earlier run may have been killed between minutes and hours. */
static int open_all(struct merge *merge)
{
    struct rollup_file *files = NULL;
    size_t place = 0;
    int error = 0;
    const size_t count =
        merge->rollups->was_checked ? 0 : rollups_list(merge->rollups, TIER_MINUTES, &files);
    for (size_t i = 0; i < count && error == 0; i++) {
        error = use_file(merge, TIER_MINUTES, files[i].first, &place);
    }
    free(files);
    return error;
}

static int settle_hours(struct merge *merge)
{
    int error = open_all(merge);
    for (size_t i = 0; i < merge->file_count && error == 0; i++) {
        if (merge->files[i].tier->kind == TIER_MINUTES) {
            error = settle_file(merge, i);
        }
    }
    merge->rollups->was_checked |= error == 0;
    return error;
}

int rollups_merge(struct rollups *rollups)
{
    struct merge merge = {.rollups = rollups};
    uint64_t *chunks = NULL;
    size_t count = 0;
    int error = tail_chunks(rollups->tail, &chunks, &count);
    for (size_t i = 0; i < count && error == 0; i++) {
        error = merge_chunk(&merge, chunks[i]);
    }
    if (error == 0) {
        error = note_position(&merge);
    }
    if (error == 0) {
        error = settle_hours(&merge);
    }
    close_files(&merge);
    free(chunks);
    if (error == 0) {
        rollups_shed(rollups);
    }
    return error;
}
