/* SPDX-License-Identifier: Apache-2.0 */
/* samples: see samples.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/store/samples.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>

#include "base/mem.h"
#include "support/support.h"

int scene_set_up(void **state)
{
    struct scene *scene = mem_alloc(sizeof(*scene));
    scene->folder = test_folder_create();
    scene->journal = mem_format("%s/journal", scene->folder);
    fake_clock_init(&scene->fake, 0, start_us);
    scene->clock = &scene->fake.clock;
    scene->device = sample_device("meter-1");
    *state = scene;
    return 0;
}

int scene_tear_down(void **state)
{
    struct scene *scene = *state;
    if (scene->is_mounted) {
        umount(scene->folder);
    }
    test_folder_remove(scene->folder);
    free(scene->journal);
    device_unref(scene->device);
    free(scene);
    return 0;
}

struct sample_point {
    enum quantity_id quantity;
    double resolution;
    int32_t typical; /* count */
    int32_t noise;
    int64_t modulus;
};

static const struct sample_point sample_points[SAMPLE_POINTS] = {
    {QUANTITY_ID_voltage_a, 0.1, 2301, 25, 0},
    {QUANTITY_ID_voltage_b, 0.1, 2297, 25, 0},
    {QUANTITY_ID_voltage_c, 0.1, 2312, 25, 0},
    {QUANTITY_ID_voltage_ab, 0.1, 3985, 40, 0},
    {QUANTITY_ID_voltage_bc, 0.1, 3991, 40, 0},
    {QUANTITY_ID_voltage_ca, 0.1, 3979, 40, 0},
    {QUANTITY_ID_current_a, 0.001, 31250, 9000, 0},
    {QUANTITY_ID_current_b, 0.001, 28411, 9000, 0},
    {QUANTITY_ID_current_c, 0.001, 35020, 9000, 0},
    {QUANTITY_ID_active_power, 0.001, 21000, 8000, 0},
    {QUANTITY_ID_active_power_a, 0.001, 7100, 4000, 0},
    {QUANTITY_ID_active_power_b, 0.001, 6500, 4000, 0},
    {QUANTITY_ID_active_power_c, 0.001, 7400, 4000, 0},
    {QUANTITY_ID_reactive_power, 0.001, -2100, 3000, 0},
    {QUANTITY_ID_apparent_power, 0.001, 22000, 8000, 0},
    {QUANTITY_ID_power_factor, 0.001, 954, 40, 0},
    {QUANTITY_ID_frequency, 0.01, 5000, 8, 0},
    {QUANTITY_ID_active_energy_import, 0.01, 123456789, 500, 4294967296},
    {QUANTITY_ID_active_energy_export, 0.01, 4711, 3, 4294967296},
    {QUANTITY_ID_reactive_energy_import, 0.01, 45678901, 500, 4294967296},
};

struct device *sample_device(const char *id)
{
    struct point points[SAMPLE_POINTS] = {0};
    for (size_t i = 0; i < SAMPLE_POINTS; i++) {
        const struct sample_point *sample = &sample_points[i];
        points[i] = (struct point){.quantity = quantity_get(sample->quantity),
                                   .source = POINT_INTEGER,
                                   .resolution = sample->resolution,
                                   .modulus = sample->modulus,
                                   .period_ms = 1000};
        points[i].name = points[i].quantity->name;
    }
    const struct device model = {.id = id,
                                 .name = "楼宇总表",
                                 .site = "compound",
                                 .node = "building-1",
                                 .line = "line-1",
                                 .profile = "chint-dtsu666",
                                 .device_class = DEVICE_METER,
                                 .unit = 7,
                                 .point_count = SAMPLE_POINTS,
                                 .points = points};
    return device_create(&model);
}

static struct batch *new_batch(const struct device *device, uint64_t position, uint64_t seq,
                               int64_t time_us)
{
    struct batch *batch = batch_create(device, device->point_count, 0);
    batch->position = position;
    batch->seq = seq;
    batch->time_us = time_us;
    batch->received_mono_us = 123;
    return batch;
}

static void set_count(const struct batch *batch, struct reading *reading, int point, int64_t count)
{
    const struct point *row = &batch->device->points[point];
    reading->point = (uint16_t)point;
    reading->quality = QUALITY_OK;
    reading->count = count;
    reading->resolution = row->resolution;
    reading->value = reading_value_of_count(count, row->resolution, row->offset);
}

/* As noisy as a meter, so that a journal of such batches is as large as one in the field. */
static int64_t sample_count(uint64_t position, int point)
{
    const struct sample_point *sample = &sample_points[point];
    uint64_t random = position * SAMPLE_POINTS + (uint64_t)point + 1;
    return sample->typical + (int64_t)(test_random(&random) % (2 * (uint64_t)sample->noise + 1)) -
           sample->noise;
}

struct batch *sample_batch(const struct device *device, uint64_t position, uint64_t seq,
                           int64_t time_us)
{
    struct batch *batch = new_batch(device, position, seq, time_us);
    for (int i = 0; i < SAMPLE_POINTS; i++) {
        struct reading *reading = &batch->readings[batch->count++];
        set_count(batch, reading, i, sample_count(position, i));
        reading->time_us = time_us + (i < 10 ? 0 : 20000);
    }
    return batch;
}

void sample_check(const struct batch *batch)
{
    assert_int_equal(batch->count, SAMPLE_POINTS);
    for (int i = 0; i < SAMPLE_POINTS; i++) {
        const struct reading *reading = &batch->readings[i];
        assert_int_equal(reading->point, i);
        assert_int_equal(reading->quality, QUALITY_OK);
        assert_int_equal(reading->count, sample_count(batch->position, i));
        assert_true(reading->time_us == batch->time_us + (i < 10 ? 0 : 20000));
    }
}

struct batch *noisy_batch(const struct device *device, uint64_t position, uint64_t seq,
                          int64_t time_us, uint64_t *random)
{
    struct batch *batch = new_batch(device, position, seq, time_us);
    for (int i = 0; i < SAMPLE_POINTS; i++) {
        const struct sample_point *sample = &sample_points[i];
        const int64_t noise =
            (int64_t)(test_random(random) % (2 * (uint64_t)sample->noise + 1)) - sample->noise;
        struct reading *reading = &batch->readings[batch->count++];
        const int64_t growth = sample->modulus > 0 ? (int64_t)position : 0;
        set_count(batch, reading, i, sample->typical + growth + noise);
        reading->time_us = time_us + (i < 9 ? 0 : i < 17 ? 21345 : 43210);
    }
    return batch;
}

static double random_resolution(uint64_t *random)
{
    static const double some[] = {0.1, 0.01, 0.001, 1, 10, 0.25, 1.0 / 3, 60, 1e-7, 0.1 * 40};
    return some[test_random(random) % ARRAY_SIZE(some)];
}

struct device *random_device(const char *id, uint64_t *random)
{
    const size_t count = test_random(random) % 40;
    struct point *points = mem_alloc_array(count, sizeof(*points));
    char(*names)[32] = mem_alloc_array(count, sizeof(*names));
    for (size_t i = 0; i < count; i++) {
        const uint8_t source = test_random(random) % 4;
        snprintf(names[i], sizeof(names[i]), "p_%zu", i);
        points[i] = (struct point){
            .name = names[i],
            .quantity = quantity_get((enum quantity_id)(test_random(random) % QUANTITY_COUNT)),
            .index = (uint16_t)test_random(random),
            .source = source,
            .is_writable = test_random(random) % 2,
            .resolution = source == POINT_INTEGER ? random_resolution(random) : 0,
            .offset = test_random(random) % 4 == 0 ? -40 : 0,
            .dead_band = 0.5,
            .modulus = test_random(random) % 3 == 0 ? INT64_MAX : 0,
            .period_ms = 1000,
        };
        if (test_random(random) % 3 == 0) {
            points[i].name = points[i].quantity->name;
        }
    }
    const struct device model = {.kind =
                                     (enum device_kind)(test_random(random) % DEVICE_KIND_COUNT),
                                 .id = id,
                                 .name = "n",
                                 .site = "s",
                                 .node = "",
                                 .line = "l",
                                 .profile = "p",
                                 .device_class = DEVICE_SENSOR,
                                 .unit = 255,
                                 .point_count = (uint16_t)count,
                                 .points = points};
    struct device *device = device_create(&model);
    free(names);
    free(points);
    return device;
}

static int64_t random_integer(uint64_t *random)
{
    static const int64_t extremes[] = {0, 1, -1, INT64_MAX, INT64_MIN, INT32_MAX, UINT16_MAX};
    const uint64_t bits = test_random(random);
    switch (test_random(random) % 4) {
    case 0:
        return extremes[bits % ARRAY_SIZE(extremes)];
    case 1:
        return (int64_t)bits;
    default:
        return (int16_t)bits;
    }
}

static double random_value(uint64_t *random)
{
    static const double extremes[] = {0, -0.0, INFINITY, -INFINITY, 1e308, 5e-324, 1.0 / 3};
    const int64_t integer = random_integer(random);
    const float single = (float)integer / 7;
    switch (test_random(random) % 5) {
    case 0:
        return extremes[(uint64_t)integer % ARRAY_SIZE(extremes)];
    case 1:
        return (double)single;
    case 2:
        return (double)single / 1000;
    case 3:
        return (double)single * 0.001;
    default:
        return (double)integer / 9;
    }
}

static void random_text(struct batch *batch, struct reading *reading, size_t *used,
                        uint64_t *random)
{
    size_t room = 0;
    char *texts = batch_texts_space(batch, &room);
    const size_t length = test_random(random) % 12;
    reading->resolution = 0;
    reading->value = test_random(random) % 4 == 0 ? 0 : NAN;
    if (reading->quality != QUALITY_OK || *used + length + 1 > room) {
        reading->quality = reading->quality == QUALITY_OK ? QUALITY_TIMEOUT : reading->quality;
        reading->count = 0;
        return;
    }
    reading->count = (int64_t)*used;
    memset(texts + *used, 'a' + (int)(length % 26), length);
    *used += length + 1;
}

static void random_number(const struct point *point, struct reading *reading, uint64_t *random)
{
    const bool is_failed = reading->quality != QUALITY_OK && test_random(random) % 4 != 0;
    reading->resolution =
        test_random(random) % 5 == 0 ? random_resolution(random) : point->resolution;
    if (is_failed) {
        reading->value = NAN;
        reading->resolution = test_random(random) % 2 == 0 ? 0 : reading->resolution;
        return;
    }
    if (reading->resolution != 0 && test_random(random) % 4 != 0) {
        reading->count = random_integer(random);
        reading->value = reading_value_of_count(reading->count, reading->resolution, point->offset);
        return;
    }
    reading->value = random_value(random);
    if (reading->resolution != 0 && fabs(reading->value / reading->resolution) < 9e18 &&
        test_random(random) % 2 == 0) {
        reading->count = llround(reading->value / reading->resolution);
    }
}

struct batch *random_batch(const struct device *device, uint64_t position, uint64_t *random)
{
    enum { TEXTS_SIZE = 100 };
    const bool is_subset = test_random(random) % 2 == 0;
    const bool is_shuffled = test_random(random) % 8 == 0;
    struct batch *batch = batch_create(device, device->point_count, TEXTS_SIZE);
    size_t used = 0;
    batch->position = position;
    batch->seq = test_random(random) >> (test_random(random) % 64);
    batch->time_us = random_integer(random);
    int64_t time_us = batch->time_us;
    for (uint16_t i = 0; i < device->point_count; i++) {
        if (is_subset && test_random(random) % 3 != 0) {
            continue;
        }
        struct reading *reading = &batch->readings[batch->count++];
        time_us = test_random(random) % 6 == 0 ? random_integer(random) : time_us;
        reading->point = i;
        if (is_shuffled) {
            reading->point = (uint16_t)(test_random(random) % device->point_count);
        }
        reading->time_us = time_us;
        reading->quality = test_random(random) % 3 == 0
                               ? (uint8_t)(test_random(random) % QUALITY_COUNT)
                               : QUALITY_OK;
        reading->exception =
            reading->quality == QUALITY_EXCEPTION ? (uint8_t)test_random(random) : 0;
        if (device->points[reading->point].source == POINT_TEXT) {
            random_text(batch, reading, &used, random);
        } else {
            random_number(&device->points[reading->point], reading, random);
        }
    }
    return batch;
}

static uint64_t bits_of(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof(bits));
    return bits;
}

static bool same_bits(double one, double other)
{
    return (isnan(one) && isnan(other)) || bits_of(one) == bits_of(other);
}

static void assert_same_reading(const struct batch *one, const struct batch *other, size_t index)
{
    const struct reading *left = &one->readings[index];
    const struct reading *right = &other->readings[index];
    assert_int_equal(left->point, right->point);
    assert_int_equal(left->quality, right->quality);
    assert_int_equal(left->exception, right->exception);
    assert_true(left->time_us == right->time_us);
    assert_true(left->count == right->count);
    assert_true(same_bits(left->resolution, right->resolution));
    assert_true(same_bits(left->value, right->value));
    if (one->device->points[left->point].source == POINT_TEXT) {
        assert_string_equal(reading_text(one, left), reading_text(other, right));
    }
}

void assert_same_batch(const struct batch *one, const struct batch *other)
{
    assert_true(device_same_layout(one->device, other->device));
    assert_true(one->position == other->position);
    assert_true(one->seq == other->seq);
    assert_true(one->time_us == other->time_us);
    assert_int_equal(one->count, other->count);
    for (size_t i = 0; i < one->count; i++) {
        assert_same_reading(one, other, i);
    }
}

struct store_options sample_options(const char *folder)
{
    return (struct store_options){.folder = (char *)folder,
                                  .commit_ms = 50,
                                  .journal_days = 90,
                                  .journal_mb = 1000,
                                  .min_free_mb = 0,
                                  .minute_days = 400,
                                  .hour_days = 3650};
}

struct store *open_store_with(const struct store_options *options, const struct clock *clock,
                              bool start)
{
    struct store *store = NULL;
    assert_int_equal(store_open(options, clock, &store), 0);
    store->retry_us = 100000;
    store->patience_us = 300000;
    store->next_retry_us = 0;
    if (start) {
        assert_int_equal(store_start(store), 0);
    }
    return store;
}

struct store *open_store(const char *folder, const struct clock *clock, bool start)
{
    const struct store_options options = sample_options(folder);
    return open_store_with(&options, clock, start);
}

void append_samples(struct store *store, const struct device *device, uint64_t first, size_t count,
                    int64_t time_us)
{
    for (size_t i = 0; i < count; i++) {
        struct batch *batch = sample_batch(device, first + i, store_first_seq(store) + i,
                                           time_us + (int64_t)i * 1000000);
        store_seq_used(store, batch->seq);
        assert_int_equal(store_append(store, batch), 0);
        batch_unref(batch);
    }
}

struct wish {
    struct store *store;
    uint64_t position;
    unsigned set;
    unsigned clear;
};

static bool is_durable(void *context)
{
    const struct wish *wish = context;
    return store_durable(wish->store) >= wish->position;
}

static bool is_so(void *context)
{
    const struct wish *wish = context;
    const unsigned alarms = store_status(wish->store).alarms;
    return (alarms & wish->set) == wish->set && (alarms & wish->clear) == 0;
}

void wait_durable(struct store *store, uint64_t position)
{
    struct wish wish = {.store = store, .position = position};
    assert_true(test_wait_until(is_durable, &wish));
}

void wait_alarm(struct store *store, unsigned alarm)
{
    struct wish wish = {.store = store, .set = alarm};
    assert_true(test_wait_until(is_so, &wish));
}

void wait_no_alarm(struct store *store, unsigned alarm)
{
    struct wish wish = {.store = store, .clear = alarm};
    assert_true(test_wait_until(is_so, &wish));
}

struct drained drain(struct store *store, uint64_t from)
{
    enum { AT_ONCE = 37 };
    struct drained drained = {0};
    struct journal_reader *reader = NULL;
    struct batch *batches[AT_ONCE];
    size_t count = 1;
    assert_int_equal(journal_reader_open(store, &reader), 0);
    while (count > 0) {
        assert_int_equal(journal_reader_next(reader, from, batches, AT_ONCE, &count), 0);
        for (size_t i = 0; i < count; i++) {
            assert_true(batches[i]->position >= from);
            sample_check(batches[i]);
            drained.first = drained.count == 0 ? batches[i]->position : drained.first;
            drained.last = batches[i]->position;
            drained.highest_seq =
                batches[i]->seq > drained.highest_seq ? batches[i]->seq : drained.highest_seq;
            drained.count++;
            from = batches[i]->position + 1;
            batch_unref(batches[i]);
        }
    }
    journal_reader_close(reader);
    return drained;
}

char *find_file(const char *folder, const char *ending)
{
    char *found = NULL;
    DIR *listing = opendir(folder);
    assert_non_null(listing);
    for (struct dirent *entry = readdir(listing); entry != NULL; entry = readdir(listing)) {
        const size_t length = strlen(entry->d_name);
        const size_t tail = strlen(ending);
        if (length >= tail && strcmp(entry->d_name + length - tail, ending) == 0) {
            assert_null(found);
            found = mem_format("%s/%s", folder, entry->d_name);
        }
    }
    closedir(listing);
    return found;
}

size_t count_files(const char *folder, const char *part)
{
    size_t count = 0;
    DIR *listing = opendir(folder);
    assert_non_null(listing);
    for (struct dirent *entry = readdir(listing); entry != NULL; entry = readdir(listing)) {
        count += strstr(entry->d_name, part) != NULL;
    }
    closedir(listing);
    return count;
}

void write_days(struct scene *scene, size_t days, size_t count)
{
    const size_t at_once = count >= 1000 ? 200 : 20;
    struct store *store = open_store(scene->folder, scene->clock, true);
    for (size_t day = 0; day < days; day++) {
        const uint64_t first = 1 + day * count;
        if (day > 0) {
            fake_clock_advance(&scene->fake, day_us);
        }
        for (uint64_t position = first; position < first + count; position += at_once) {
            append_samples(store, scene->device, position, at_once, clock_wall_us(scene->clock));
            wait_durable(store, position + at_once - 1);
        }
    }
    store_set_cursor(store, "mqtt", 10);
    store_destroy(store);
}
