/* SPDX-License-Identifier: Apache-2.0 */
/* The codec of journal blocks and layouts: equal to the last bit, small, and safe against any bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/journal/block.h"
#include "support/support.h"
#include "unit/store/samples.h"

enum { DEVICES = 8 };

static struct layout *copy_layout(const struct layout *layout)
{
    struct bytes bytes = {0};
    struct layout *copy = NULL;
    layout_encode(layout, &bytes);
    assert_int_equal(layout_decode(bytes.data, bytes.length, NULL, &copy), 0);
    assert_true(device_same_layout(layout->device, copy->device));
    bytes_finish(&bytes);
    return copy;
}

struct fleet {
    struct device *devices[DEVICES];
    struct layout *layouts[DEVICES];
    struct layout *copies[DEVICES];
};

static void make_fleet(struct fleet *fleet, uint64_t *random)
{
    for (size_t i = 0; i < DEVICES; i++) {
        fleet->devices[i] = random_device("any", random);
        fleet->layouts[i] = layout_of_device(fleet->devices[i]);
        fleet->copies[i] = copy_layout(fleet->layouts[i]);
    }
}

static void drop_fleet(struct fleet *fleet)
{
    for (size_t i = 0; i < DEVICES; i++) {
        layout_destroy(fleet->layouts[i]);
        layout_destroy(fleet->copies[i]);
        device_unref(fleet->devices[i]);
    }
}

static void round_trip(struct fleet *fleet, struct block *block, uint64_t *random)
{
    enum { BATCHES = 60 };
    struct batch *batches[BATCHES];
    uint64_t position = test_random(random) >> 20;
    struct block_walk walk;
    struct block_entry entry;
    block_clear(block);
    for (size_t i = 0; i < BATCHES; i++) {
        const size_t which = i % DEVICES;
        position += 1 + test_random(random) % 3;
        batches[i] = random_batch(fleet->devices[which], position, random);
        assert_int_equal(block_add(block, which, fleet->layouts[which], batches[i]), 0);
    }
    assert_int_equal(block->batches, BATCHES);
    assert_true(block->last_position == position);
    assert_int_equal(block_walk_init(&walk, block->payload.data, block->payload.length), 0);
    for (size_t i = 0; i < BATCHES; i++) {
        struct batch *decoded = NULL;
        assert_true(block_walk_next(&walk, &entry));
        assert_true(entry.position == batches[i]->position);
        assert_int_equal(block_decode(&entry, fleet->copies[entry.layout_id], &decoded), 0);
        assert_same_batch(batches[i], decoded);
        batch_unref(decoded);
        batch_unref(batches[i]);
    }
    assert_false(block_walk_next(&walk, &entry));
    assert_false(walk.span.is_bad);
}

static void test_any_batch_comes_back_equal(void **state)
{
    uint64_t random = 20261123;
    struct block block = {0};
    (void)state;
    for (int i = 0; i < 60; i++) {
        struct fleet fleet;
        make_fleet(&fleet, &random);
        round_trip(&fleet, &block, &random);
        drop_fleet(&fleet);
    }
    block_finish(&block);
}

enum { FLOATS = 10 };

static struct device *float_device(void)
{
    struct point points[FLOATS];
    for (size_t i = 0; i < FLOATS; i++) {
        points[i] = (struct point){.name = "active_power",
                                   .quantity = quantity_get(QUANTITY_ID_active_power),
                                   .source = POINT_FLOAT32};
    }
    return device_create(&(struct device){.id = "f", .point_count = FLOATS, .points = points});
}

/* What decode makes of a noisy float register with a decimal scale. */
static struct batch *scaled_batch(const struct device *device, double divisor, uint64_t *random)
{
    struct batch *batch = batch_create(device, FLOATS, 0);
    batch->position = 1;
    for (uint16_t i = 0; i < FLOATS; i++) {
        float raw = (float)(test_random(random) % 16777216) / 4096.0F;
        batch->readings[i] = (struct reading){.point = i, .value = (double)raw / divisor};
    }
    batch->count = FLOATS;
    return batch;
}

static struct batch *decode_one(const uint8_t *data, size_t length, const struct layout *layout)
{
    struct block_walk walk;
    struct block_entry entry;
    struct batch *batch = NULL;
    assert_int_equal(block_walk_init(&walk, data, length), 0);
    assert_true(block_walk_next(&walk, &entry));
    assert_int_equal(block_decode(&entry, layout, &batch), 0);
    return batch;
}

/* A float with a decimal scale costs no more than the register. */
static void test_scaled_floats_are_small(void **state)
{
    uint64_t random = 5;
    struct device *device = float_device();
    struct layout *layout = layout_of_device(device);
    struct block block = {0};
    (void)state;
    for (double divisor = 1; divisor < 2e6; divisor *= 10) {
        struct batch *batch = scaled_batch(device, divisor, &random);
        block_clear(&block);
        assert_int_equal(block_add(&block, 0, layout, batch), 0);
        assert_in_range(block.payload.length, 4 * FLOATS, 4 * FLOATS + 12);
        struct batch *decoded = decode_one(block.payload.data, block.payload.length, layout);
        assert_same_batch(batch, decoded);
        batch_unref(decoded);
        batch_unref(batch);
    }
    block_finish(&block);
    layout_destroy(layout);
    device_unref(device);
}

/* Version 1 had thousandths only, and no exponent in the run: a journal of that time is still read. */
static void test_version_1_is_read(void **state)
{
    uint64_t random = 6;
    struct device *device = float_device();
    struct layout *layout = layout_of_device(device);
    struct block block = {0};
    (void)state;
    struct batch *batch = scaled_batch(device, 1000, &random);
    assert_int_equal(block_add(&block, 0, layout, batch), 0);
    uint8_t *bytes = block.payload.data;
    const size_t length = block.payload.length;
    const size_t exponent = length - 4 * FLOATS - 1;
    assert_int_equal(bytes[0], 2);
    assert_int_equal(bytes[exponent], 3);
    memmove(bytes + exponent, bytes + exponent + 1, 4 * FLOATS);
    bytes[0] = 1;
    bytes[1]--; /* the entry's length */
    struct batch *decoded = decode_one(bytes, length - 1, layout);
    assert_same_batch(batch, decoded);
    batch_unref(decoded);
    batch_unref(batch);
    struct block_walk walk;
    bytes[0] = 3;
    assert_int_equal(block_walk_init(&walk, bytes, length - 1), -EBADMSG);
    block_finish(&block);
    layout_destroy(layout);
    device_unref(device);
}

/* Whatever the bytes are: an error or some batch, never a crash; the sanitizers watch. */
static void read_anything(const struct fleet *fleet, const uint8_t *data, size_t length)
{
    struct block_walk walk;
    struct block_entry entry;
    if (block_walk_init(&walk, data, length) < 0) {
        return;
    }
    while (block_walk_next(&walk, &entry)) {
        struct batch *batch = NULL;
        if (block_decode(&entry, fleet->copies[entry.layout_id % DEVICES], &batch) == 0) {
            assert_true(batch->count <= batch->capacity);
            for (size_t i = 0; i < batch->count; i++) {
                assert_true(batch->readings[i].point < batch->device->point_count);
                assert_non_null(reading_text(batch, &batch->readings[i]));
            }
            batch_unref(batch);
        }
    }
}

static size_t any_place(size_t length, uint64_t *random)
{
    return length > 0 ? (size_t)(test_random(random) % length) : 0;
}

static void test_damaged_blocks_are_refused(void **state)
{
    uint64_t random = 7;
    struct fleet fleet;
    struct block block = {0};
    (void)state;
    make_fleet(&fleet, &random);
    round_trip(&fleet, &block, &random);
    uint8_t *copy = mem_alloc(block.payload.length);
    for (size_t length = 0; length < block.payload.length; length += 3) {
        uint8_t *exact = mem_alloc(length);
        memcpy(exact, block.payload.data, length);
        read_anything(&fleet, exact, length);
        free(exact);
    }
    for (int i = 0; i < 6000; i++) {
        memcpy(copy, block.payload.data, block.payload.length);
        for (uint64_t flips = 1 + test_random(&random) % 4; flips > 0; flips--) {
            copy[any_place(block.payload.length, &random)] = (uint8_t)test_random(&random);
        }
        read_anything(&fleet, copy, block.payload.length);
    }
    free(copy);
    block_finish(&block);
    drop_fleet(&fleet);
}

static void test_damaged_layouts_are_refused(void **state)
{
    uint64_t random = 11;
    struct device *device = sample_device("meter-1");
    struct layout *layout = layout_of_device(device);
    struct layout *decoded = NULL;
    struct bytes bytes = {0};
    (void)state;
    layout_encode(layout, &bytes);
    for (size_t length = 0; length < bytes.length; length++) {
        assert_int_equal(layout_decode(bytes.data, length, NULL, &decoded), -EBADMSG);
    }
    for (int i = 0; i < 6000; i++) {
        const size_t place = any_place(bytes.length, &random);
        const uint8_t old = bytes.data[place];
        bytes.data[place] = (uint8_t)test_random(&random);
        if (layout_decode(bytes.data, bytes.length, NULL, &decoded) == 0) {
            layout_destroy(decoded);
        }
        bytes.data[place] = old;
    }
    char *name = memmem(bytes.data, bytes.length, "voltage_a", 9);
    assert_non_null(name);
    name[8] = 'x';
    assert_int_equal(layout_decode(bytes.data, bytes.length, NULL, &decoded), -ENOENT);
    bytes_finish(&bytes);
    layout_destroy(layout);
    device_unref(device);
}

static void test_senseless_batch_is_refused(void **state)
{
    struct device *device = sample_device("meter-1");
    struct layout *layout = layout_of_device(device);
    struct block block = {0};
    struct batch *batch = sample_batch(device, 1, 1, 1);
    (void)state;
    batch->readings[3].point = SAMPLE_POINTS;
    assert_int_equal(block_add(&block, 1, layout, batch), -EINVAL);
    assert_int_equal(block.batches, 0);
    assert_int_equal(block.payload.length, 0);
    batch_unref(batch);
    block_finish(&block);
    layout_destroy(layout);
    device_unref(device);
}

static void test_checksum_sees_every_byte(void **state)
{
    uint8_t data[67];
    uint64_t random = 3;
    (void)state;
    for (size_t i = 0; i < sizeof(data); i++) {
        data[i] = (uint8_t)test_random(&random);
    }
    const uint64_t sum = bytes_checksum(data, sizeof(data));
    for (size_t i = 0; i < sizeof(data); i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            data[i] ^= (uint8_t)(1U << bit);
            assert_true(bytes_checksum(data, sizeof(data)) != sum);
            data[i] ^= (uint8_t)(1U << bit);
        }
    }
    assert_true(bytes_checksum(data, sizeof(data) - 1) != sum);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_batch_comes_back_equal),
        cmocka_unit_test(test_scaled_floats_are_small),
        cmocka_unit_test(test_version_1_is_read),
        cmocka_unit_test(test_damaged_blocks_are_refused),
        cmocka_unit_test(test_damaged_layouts_are_refused),
        cmocka_unit_test(test_senseless_batch_is_refused),
        cmocka_unit_test(test_checksum_sees_every_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
