/* SPDX-License-Identifier: Apache-2.0 */
/* The cells of a device as bytes: what comes out equals what went in, for any cells and for a cut or damaged block. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/rollup/bits.h"
#include "store/rollup/grid.h"
#include "support/support.h"
#include "unit/store/samples.h"

enum { ROUNDS = 100 };

static int64_t random_value(uint64_t *random)
{
    static const int64_t limits[] = {INT64_MIN, INT64_MAX, 0, -1, INT64_C(1) << 44};
    const uint64_t draw = test_random(random);
    switch (draw % 5) {
    case 0:
        return limits[test_random(random) % ARRAY_SIZE(limits)];
    case 1:
        return (int64_t)test_random(random);
    default:
        return 2300 + (int64_t)(test_random(random) % 40);
    }
}

static void columns_come_back(void **state)
{
    (void)state;
    uint64_t random = 7;
    for (int round = 0; round < ROUNDS; round++) {
        int64_t values[GRID_SLOTS_MAX];
        int64_t back[GRID_SLOTS_MAX];
        const size_t count = test_random(&random) % (GRID_SLOTS_MAX + 1);
        for (size_t i = 0; i < count; i++) {
            values[i] = round % 3 == 0 ? 5 + (int64_t)i : random_value(&random);
        }
        struct bytes bytes = {0};
        struct bit_writer writer = {.bytes = &bytes};
        bits_put(&writer, 5, 3);
        bits_put_column(&writer, values, count);
        bits_flush(&writer);
        assert_true(bytes.length <= (3 + bits_of_column(values, count) + 7) / 8);
        struct bit_reader reader = {.span = span_of(bytes.data, bytes.length)};
        assert_int_equal(bits_take(&reader, 3), 5);
        bits_take_column(&reader, back, count);
        assert_false(reader.span.is_bad);
        assert_memory_equal(values, back, count * sizeof(int64_t));
        bytes_finish(&bytes);
    }
}

static struct cell random_cell(uint8_t kind, uint64_t *random)
{
    struct cell cell = {0};
    const uint64_t draw = test_random(random);
    if (draw % 8 == 0) {
        return cell;
    }
    if (draw % 8 == 1) {
        cell.bad = 1 + (uint32_t)(test_random(random) % 7);
        cell.worst = QUALITY_TIMEOUT;
        return cell;
    }
    cell.good = 1 + (uint32_t)(draw % 60);
    cell.last_ms = (uint32_t)(test_random(random) % 60000);
    cell.last = kind == QUANTITY_TEXT ? 0 : random_value(random);
    cell.min = kind == QUANTITY_GAUGE || kind == QUANTITY_STATE ? random_value(random) : cell.last;
    cell.max = kind == QUANTITY_GAUGE || kind == QUANTITY_STATE ? random_value(random) : cell.last;
    cell.sum = kind == QUANTITY_GAUGE ? random_value(random) : 0;
    return cell;
}

static void fill(struct grid *grid, const struct device *device, uint64_t *random)
{
    grid_clear(grid);
    for (size_t i = 0; i < grid->points; i++) {
        grid->exponents[i] = cell_scale_of(&device->points[i]).exponent;
        for (size_t slot = 0; slot < grid->slots; slot++) {
            grid->cells[i * grid->slots + slot] =
                random_cell((uint8_t)device->points[i].quantity->kind, random);
        }
    }
}

static void assert_same_cells(const struct cell *one, const struct cell *other, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        assert_true(one[i].min == other[i].min && one[i].max == other[i].max);
        assert_true(one[i].sum == other[i].sum && one[i].last == other[i].last);
        assert_int_equal(one[i].good, other[i].good);
        assert_int_equal(one[i].bad, other[i].bad);
        assert_int_equal(one[i].last_ms, other[i].last_ms);
        assert_int_equal(one[i].worst, other[i].worst);
    }
}

static void check_point(const struct grid *grid, const struct device *device,
                        const struct bytes *bytes, size_t point)
{
    struct cell cells[GRID_SLOTS_MAX];
    uint8_t exponent = 0;
    assert_int_equal(grid_decode_point(bytes->data, bytes->length, device->points, point,
                                       grid->slots, cells, &exponent),
                     0);
    assert_same_cells(cells, &grid->cells[point * grid->slots], grid->slots);
    assert_int_equal(exponent, grid->exponents[point]);
}

static void blocks_come_back(void **state)
{
    (void)state;
    uint64_t random = 11;
    for (int round = 0; round < ROUNDS; round++) {
        struct device *device = random_device("d", &random);
        struct grid grid;
        struct grid back;
        const size_t slots = round % 2 == 0 ? GRID_SLOTS_MAX : GRID_HOURS;
        grid_init(&grid, slots, device->point_count);
        grid_init(&back, slots, device->point_count);
        fill(&grid, device, &random);
        struct bytes bytes = {0};
        grid_encode(&grid, device->points, &bytes);
        assert_int_equal(grid_decode(bytes.data, bytes.length, device->points, &back), 0);
        assert_same_cells(grid.cells, back.cells, grid.points * grid.slots);
        for (size_t point = 0; point < grid.points; point++) {
            check_point(&grid, device, &bytes, point);
        }
        bytes_finish(&bytes);
        grid_finish(&grid);
        grid_finish(&back);
        device_unref(device);
    }
}

/* Rows have a checksum, but what it lets through must still do no harm. */
static void damage_does_no_harm(void **state)
{
    (void)state;
    uint64_t random = 13;
    struct device *device = sample_device("d");
    struct grid grid;
    struct grid back;
    struct bytes bytes = {0};
    grid_init(&grid, GRID_SLOTS_MAX, device->point_count);
    grid_init(&back, GRID_SLOTS_MAX, device->point_count);
    fill(&grid, device, &random);
    grid_encode(&grid, device->points, &bytes);
    for (size_t length = 0; length < bytes.length; length += 7) {
        assert_int_equal(grid_decode(bytes.data, length, device->points, &back), -EBADMSG);
    }
    for (int round = 0; round < ROUNDS; round++) {
        uint8_t *copy = mem_alloc(bytes.length);
        memcpy(copy, bytes.data, bytes.length);
        copy[test_random(&random) % bytes.length] ^= (uint8_t)(1U << test_random(&random) % 8);
        const int ignored = grid_decode(copy, bytes.length, device->points, &back);
        (void)ignored;
        free(copy);
    }
    bytes_finish(&bytes);
    grid_finish(&grid);
    grid_finish(&back);
    device_unref(device);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_come_back),
        cmocka_unit_test(blocks_come_back),
        cmocka_unit_test(damage_does_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
