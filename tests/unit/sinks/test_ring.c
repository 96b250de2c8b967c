/* SPDX-License-Identifier: Apache-2.0 */
/* ring: order, its bound, and no reference kept or lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store/feed/ring.h"
#include "unit/sinks/samples.h"

static void test_drops_the_oldest(void **state)
{
    struct device *device = *state;
    struct ring ring;
    ring_init(&ring, 4);
    assert_null(ring_head(&ring));
    assert_null(ring_take(&ring));
    for (uint64_t position = 1; position <= 10; position++) {
        ring_push(&ring, sample_batch(device, position));
    }
    assert_int_equal(device->references, 1 + 4);
    for (uint64_t position = 7; position <= 10; position++) {
        assert_int_equal(ring_head(&ring)->position, position);
        batch_unref(ring_take(&ring));
    }
    assert_null(ring_head(&ring));
    assert_int_equal(device->references, 1);
    ring_finish(&ring);
}

static void test_discards(void **state)
{
    struct device *device = *state;
    struct ring ring;
    ring_init(&ring, 8);
    for (uint64_t position = 2; position <= 12; position += 2) {
        ring_push(&ring, sample_batch(device, position));
    }
    ring_discard_below(&ring, 7);
    assert_int_equal(ring_head(&ring)->position, 8);
    ring_discard_below(&ring, 8);
    assert_int_equal(ring_head(&ring)->position, 8);
    ring_finish(&ring);
    assert_int_equal(device->references, 1);
    ring_finish(&(struct ring){0});
}

static int make_device(void **state)
{
    *state = sample_device("m1");
    return 0;
}

static int drop_device(void **state)
{
    device_unref(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_drops_the_oldest),
        cmocka_unit_test(test_discards),
    };
    return cmocka_run_group_tests(tests, make_device, drop_device);
}
