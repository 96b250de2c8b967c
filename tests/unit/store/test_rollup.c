/* SPDX-License-Identifier: Apache-2.0 */
/* Roll-ups against a naive model that keeps every reading: random devices and qualities, times that come late, jump and
 * repeat, restarts in between; then the same again from the journal alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/rollup/gather.h"
#include "support/support.h"
#include "unit/store/samples.h"

enum {
    DEVICES = 5,
    BATCHES = 600,
    SPAN_MINUTES = 3 * 60,
    TIMES_MAX = 40,
};

static const int64_t minute_us = 60LL * 1000000;

static struct gather cells_of(struct store *store, const char *device, const char *point,
                              enum tier_kind kind, int64_t from_us, int64_t to_us)
{
    const int64_t slot_us = tier_shape(kind)->slot_us;
    struct gather gather = {.rollups = store->rollups,
                            .device = device,
                            .point = point,
                            .kind = kind,
                            .first = from_us / slot_us};
    gather.count = (size_t)((to_us + slot_us - 1) / slot_us - gather.first);
    assert_int_equal(gather_cells(&gather), 0);
    return gather;
}

/* All batches that were given to the store, in order. */
struct model {
    struct batch *batches[BATCHES];
    size_t count;
};

static void model_finish(struct model *model)
{
    for (size_t i = 0; i < model->count; i++) {
        batch_unref(model->batches[i]);
    }
    *model = (struct model){0};
}

/* One reading after the other, by the plainest means. */
static struct cell expected(const struct model *model, const struct device *device, size_t point,
                            int64_t from_us, int64_t to_us)
{
    struct cell cell = {0};
    int64_t last_ms = -1;
    const struct cell_scale scale = cell_scale_of(&device->points[point]);
    for (size_t i = 0; i < model->count; i++) {
        const struct batch *batch = model->batches[i];
        for (size_t k = 0; k < batch->count; k++) {
            const struct reading *reading = &batch->readings[k];
            struct cell one = {0};
            if (batch->device != device || reading->point != point || reading->time_us < from_us ||
                reading->time_us >= to_us) {
                continue;
            }
            cell_add(&one, &scale, &device->points[point], reading, 0);
            const int64_t ms = (reading->time_us - from_us) / 1000;
            const bool is_first = cell.good == 0;
            cell.good += one.good;
            cell.bad += one.bad;
            cell.sum += one.sum;
            if (one.good > 0) {
                cell.min = is_first || one.min < cell.min ? one.min : cell.min;
                cell.max = is_first || one.max > cell.max ? one.max : cell.max;
                cell.last = ms >= last_ms ? one.last : cell.last;
                last_ms = ms >= last_ms ? ms : last_ms;
            }
        }
    }
    cell.last_ms = last_ms >= 0 ? (uint32_t)last_ms : 0;
    return cell;
}

static void assert_same_cell(const struct point *point, const struct cell *cell,
                             const struct cell *wanted)
{
    const enum quantity_kind kind = point->quantity->kind;
    assert_int_equal(cell->good, wanted->good);
    assert_int_equal(cell->bad, wanted->bad);
    if (wanted->good == 0 || kind == QUANTITY_TEXT) {
        return;
    }
    assert_true(cell->last == wanted->last);
    assert_int_equal(cell->last_ms, wanted->last_ms);
    if (kind != QUANTITY_COUNTER) {
        assert_true(cell->min == wanted->min && cell->max == wanted->max);
    }
    if (kind == QUANTITY_GAUGE) {
        assert_true(cell->sum == wanted->sum);
    }
}

static void check_point(struct store *store, const struct model *model, const struct device *device,
                        size_t point, enum tier_kind kind)
{
    const int64_t from_us = start_us - day_us;
    const int64_t slot_us = tier_shape(kind)->slot_us;
    struct gather gather =
        cells_of(store, device->id, device->points[point].name, kind, from_us, start_us + day_us);
    for (size_t i = 0; i < gather.count; i++) {
        const int64_t time_us = (gather.first + (int64_t)i) * slot_us;
        if (i % 7 == 0 || !cell_is_empty(&gather.cells[i])) {
            const struct cell wanted = expected(model, device, point, time_us, time_us + slot_us);
            assert_same_cell(&device->points[point], &gather.cells[i], &wanted);
        }
    }
    gather_finish(&gather);
}

static void check_all(struct store *store, const struct model *model, struct device **devices)
{
    for (size_t i = 0; i < DEVICES; i++) {
        for (size_t point = 0; point < devices[i]->point_count; point += 3) {
            check_point(store, model, devices[i], point, TIER_MINUTES);
            check_point(store, model, devices[i], point, TIER_HOURS);
        }
    }
}

/* Mostly the next seconds, sometimes late, sometimes from a clock that was stepped. */
static int64_t random_time(int64_t *now_us, uint64_t *random)
{
    *now_us += (int64_t)(test_random(random) % 40) * 1000000;
    if (test_random(random) % 50 == 0) {
        *now_us += ((int64_t)(test_random(random) % 240) - 120) * minute_us;
    }
    const bool is_late = test_random(random) % 10 == 0;
    return *now_us - (is_late ? (int64_t)(test_random(random) % SPAN_MINUTES) * minute_us : 0);
}

static void append_random(struct store *store, struct model *model, struct device **devices,
                          int64_t *now_us, uint64_t *random)
{
    const struct device *device = devices[test_random(random) % DEVICES];
    const uint64_t position = store_next_position(store) + model->count;
    struct batch *batch = random_batch(device, position, random);
    batch->position = position;
    batch->time_us = random_time(now_us, random);
    for (size_t i = 0; i < batch->count; i++) {
        struct reading *reading = &batch->readings[i];
        reading->point = (uint16_t)(reading->point % device->point_count);
        reading->time_us = batch->time_us + (int64_t)(test_random(random) % 30000000);
        if (test_random(random) % 4 != 0 && device->points[reading->point].source != POINT_TEXT) {
            reading->quality = QUALITY_OK;
            reading->exception = 0;
            reading->count = 1000 + (int64_t)(test_random(random) % 50);
            reading->resolution = device->points[reading->point].resolution;
            reading->value = (double)reading->count;
        }
    }
    assert_int_equal(store_append(store, batch), 0);
    model->batches[model->count++] = batch;
}

static struct store *reopen(struct scene *scene, struct store *store)
{
    store_destroy(store);
    return open_store(scene->folder, scene->clock, true);
}

static void make_devices(struct device **devices, uint64_t *random)
{
    for (size_t i = 0; i < DEVICES; i++) {
        char id[16];
        snprintf(id, sizeof(id), "d-%zu", i);
        do {
            devices[i] = random_device(id, random);
            if (devices[i]->point_count == 0) {
                device_unref(devices[i]);
                devices[i] = NULL;
            }
        } while (devices[i] == NULL);
    }
}

static void remove_rollups(struct scene *scene)
{
    char *folder = mem_format("%s/rollup", scene->folder);
    test_folder_remove(folder); /* frees the name too */
}

static void it_is_what_a_naive_model_says(void **state)
{
    struct scene *scene = *state;
    uint64_t random = 5;
    struct device *devices[DEVICES];
    struct model model = {0};
    int64_t now_us = start_us;
    make_devices(devices, &random);
    struct store *store = open_store(scene->folder, scene->clock, true);
    const uint64_t first = store_next_position(store);
    assert_int_equal(first, 1);
    for (size_t i = 0; i < BATCHES; i++) {
        store->rollups->bytes_max = 2000;
        append_random(store, &model, devices, &now_us, &random);
        if (test_random(&random) % 60 == 0) {
            wait_durable(store, model.count);
            assert_int_equal(rollups_settle(store->rollups), 0);
        }
        if (test_random(&random) % 150 == 0) {
            wait_durable(store, model.count);
            check_all(store, &model, devices); /* half in memory, half in files */
        }
    }
    wait_durable(store, model.count);
    check_all(store, &model, devices);
    assert_int_equal(rollups_settle(store->rollups), 0);
    check_all(store, &model, devices);
    store = reopen(scene, store);
    assert_int_equal(rollups_settle(store->rollups), 0);
    check_all(store, &model, devices);
    store_destroy(store);
    remove_rollups(scene);
    store = open_store(scene->folder, scene->clock, true);
    assert_int_equal(rollups_settle(store->rollups), 0);
    check_all(store, &model, devices);
    store_destroy(store);
    model_finish(&model);
    for (size_t i = 0; i < DEVICES; i++) {
        device_unref(devices[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(it_is_what_a_naive_model_says, scene_set_up,
                                        scene_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
