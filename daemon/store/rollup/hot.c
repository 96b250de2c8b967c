/* SPDX-License-Identifier: Apache-2.0 */
/* hot: see hot.h. */
#include "store/rollup/hot.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static const int64_t minute_us = 60 * 1000000LL;
static const int64_t latest_us = 253402300799LL * 1000000; /* the end of year 9999 */

struct hot_scales {
    const struct point *points;
    struct cell_scale *rows;
};

struct hot_place {
    const struct device *device; /* a reference is held; NULL = free */
    uint64_t number;
};

static void forget_places(struct hot *hot)
{
    for (size_t i = 0; i < hot->place_capacity; i++) {
        device_unref(hot->places[i].device);
    }
    free(hot->places);
    hot->places = NULL;
    hot->place_count = 0;
    hot->place_capacity = 0;
}

void hot_finish(struct hot *hot)
{
    forget_places(hot);
    for (size_t i = 0; i < hot->series_count; i++) {
        device_unref(hot->series[i].device);
        free(hot->series[i].cells);
    }
    for (size_t i = 0; i < hot->chunk_count; i++) {
        bytes_finish(&hot->chunks[i].deltas);
    }
    for (size_t i = 0; i < hot->scales_count; i++) {
        free(hot->scales[i].rows);
    }
    free(hot->series);
    free(hot->chunks);
    free(hot->scales);
    free(hot->by_id);
    *hot = (struct hot){0};
}

static size_t hash_address(const struct device *device, size_t capacity)
{
    return (size_t)(((uintptr_t)device >> 4) * UINT64_C(0x9E3779B97F4A7C15) >> 20) & (capacity - 1);
}

static size_t hash_id(const char *id, size_t capacity)
{
    return (size_t)bytes_checksum(id, strlen(id)) & (capacity - 1);
}

/* Where the device stands, or a free place. */
static struct hot_place *place_of(const struct hot *hot, const struct device *device)
{
    size_t i = hash_address(device, hot->place_capacity);
    while (hot->places[i].device != NULL && hot->places[i].device != device) {
        i = (i + 1) & (hot->place_capacity - 1);
    }
    return &hot->places[i];
}

/* Readers of the journal make their devices anew with each file: addresses that nobody uses are let go. */
static void make_room(struct hot *hot)
{
    enum { PLACES_MIN = 64 };
    size_t wanted = PLACES_MIN;
    if (hot->place_count * 2 < hot->place_capacity) {
        return;
    }
    while (wanted < (hot->series_count + 1) * 4) {
        wanted *= 2;
    }
    if (wanted <= hot->place_capacity) {
        forget_places(hot);
    }
    struct hot_place *old = hot->places;
    const size_t old_capacity = hot->place_capacity;
    hot->places = mem_alloc_array(wanted, sizeof(*hot->places));
    hot->place_capacity = wanted;
    for (size_t i = 0; i < old_capacity && old != NULL; i++) {
        if (old[i].device != NULL) {
            *place_of(hot, old[i].device) = old[i];
        }
    }
    free(old);
}

static const struct cell_scale *scales_of(struct hot *hot, const struct device *device)
{
    for (size_t i = 0; i < hot->scales_count; i++) {
        if (hot->scales[i].points == device->points) {
            return hot->scales[i].rows;
        }
    }
    struct cell_scale *rows = mem_alloc_array(device->point_count, sizeof(*rows));
    for (size_t i = 0; i < device->point_count; i++) {
        rows[i] = cell_scale_of(&device->points[i]);
    }
    hot->scales = mem_grow(hot->scales, hot->scales_count + 1, sizeof(*hot->scales));
    hot->scales[hot->scales_count++] = (struct hot_scales){.points = device->points, .rows = rows};
    return rows;
}

static void put_by_id(struct hot *hot, uint64_t number)
{
    size_t i = hash_id(hot->series[number - 1].device->id, hot->id_capacity);
    while (hot->by_id[i] != 0) {
        i = (i + 1) & (hot->id_capacity - 1);
    }
    hot->by_id[i] = (uint32_t)number;
}

static void grow_by_id(struct hot *hot)
{
    enum { CAPACITY_MIN = 64 };
    if (hot->series_count * 2 < hot->id_capacity) {
        return;
    }
    hot->id_capacity = hot->id_capacity > 0 ? hot->id_capacity * 2 : CAPACITY_MIN;
    free(hot->by_id);
    hot->by_id = mem_alloc_array(hot->id_capacity, sizeof(*hot->by_id));
    for (uint64_t number = 1; number <= hot->series_count; number++) {
        put_by_id(hot, number);
    }
}

static uint64_t add_series(struct hot *hot, const struct device *device)
{
    hot->series = mem_grow(hot->series, hot->series_count + 1, sizeof(*hot->series));
    hot->series[hot->series_count++] = (struct hot_series){
        .device = device_ref(device),
        .scales = scales_of(hot, device),
    };
    const uint64_t number = hot->series_count;
    if (hot_chunk_of(number) >= hot->chunk_count) {
        hot->chunks = mem_grow(hot->chunks, hot->chunk_count + 1, sizeof(*hot->chunks));
        hot->chunks[hot->chunk_count++] = (struct hot_chunk){0};
    }
    grow_by_id(hot);
    put_by_id(hot, number);
    return number;
}

static uint64_t find_same(const struct hot *hot, const struct device *device)
{
    if (hot->id_capacity == 0) {
        return 0;
    }
    size_t i = hash_id(device->id, hot->id_capacity);
    for (; hot->by_id[i] != 0; i = (i + 1) & (hot->id_capacity - 1)) {
        if (device_same_layout(hot->series[hot->by_id[i] - 1].device, device)) {
            return hot->by_id[i];
        }
    }
    return 0;
}

uint64_t hot_number(struct hot *hot, const struct device *device)
{
    if (hot->place_capacity > 0) {
        const struct hot_place *place = place_of(hot, device);
        if (place->device != NULL) {
            return place->number;
        }
    }
    uint64_t number = find_same(hot, device);
    if (number == 0) {
        number = add_series(hot, device);
    }
    make_room(hot);
    *place_of(hot, device) = (struct hot_place){.device = device_ref(device), .number = number};
    hot->place_count++;
    return number;
}

static void close_row(struct hot *hot, uint64_t number)
{
    struct hot_series *series = &hot->series[number - 1];
    struct bytes *deltas = &hot->chunks[hot_chunk_of(number)].deltas;
    const size_t before = deltas->length;
    if (!series->is_open) {
        return;
    }
    delta_put(deltas, number, series->start_us / minute_us, series->device, series->cells);
    memset(series->cells, 0, series->device->point_count * sizeof(struct cell));
    series->is_open = false;
    hot->bytes += deltas->length - before;
}

static void open_row(struct hot *hot, uint64_t number, int64_t time_us)
{
    close_row(hot, number);
    struct hot_series *series = &hot->series[number - 1];
    if (series->cells == NULL) {
        series->cells = mem_alloc_array(series->device->point_count, sizeof(struct cell));
    }
    series->start_us = time_us - time_us % minute_us;
    series->is_open = true;
}

static bool are_points_known(const struct batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        if (batch->readings[i].point >= batch->device->point_count) {
            return false;
        }
    }
    return true;
}

bool hot_add(struct hot *hot, const struct batch *batch)
{
    if (!are_points_known(batch)) {
        return false;
    }
    const uint64_t number = hot_number(hot, batch->device);
    struct hot_series *series = &hot->series[number - 1];
    for (size_t i = 0; i < batch->count; i++) {
        const struct reading *reading = &batch->readings[i];
        const int64_t time_us = reading->time_us;
        if (time_us < 0 || time_us > latest_us) {
            continue;
        }
        if (!series->is_open || (uint64_t)(time_us - series->start_us) >= (uint64_t)minute_us) {
            open_row(hot, number, time_us);
        }
        cell_add(&series->cells[reading->point], &series->scales[reading->point],
                 &series->device->points[reading->point], reading,
                 (uint32_t)(time_us - series->start_us) / 1000);
    }
    return true;
}

void hot_close(struct hot *hot)
{
    for (uint64_t number = 1; number <= hot->series_count; number++) {
        close_row(hot, number);
    }
}

void hot_drop(struct hot *hot)
{
    hot_close(hot);
    for (size_t i = 0; i < hot->chunk_count; i++) {
        bytes_finish(&hot->chunks[i].deltas);
    }
    hot->bytes = 0;
}
