/* SPDX-License-Identifier: Apache-2.0 */
/* feed_rig: making it, and what the tests of the feed do over and over. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/sinks/fake_store.h"
#include "unit/sinks/feed_rig.h"
#include "unit/sinks/samples.h"

int feed_rig_set_up(void **state)
{
    static struct feed_rig rig;
    rig = (struct feed_rig){.device = sample_device("m1"), .store = fake_store_create(0, 1)};
    fake_clock_init(&rig.clock, SECOND, SECOND);
    feed_init(&rig.feed, rig.store, &rig.clock.clock, FEED_AT_ONCE, 1);
    *state = &rig;
    return 0;
}

int feed_rig_tear_down(void **state)
{
    struct feed_rig *rig = *state;
    feed_finish(&rig->feed);
    fake_store_destroy(rig->store);
    assert_int_equal(rig->device->references, 1); /* no batch is kept */
    device_unref(rig->device);
    return 0;
}

void feed_rig_live(struct feed_rig *rig, uint64_t from, uint64_t to)
{
    for (uint64_t position = from; position <= to; position++) {
        feed_offer(&rig->feed, sample_batch(rig->device, position));
    }
}

void feed_rig_keep(struct feed_rig *rig, uint64_t from, uint64_t to)
{
    for (uint64_t position = from; position <= to; position++) {
        fake_store_keep(rig->store, sample_batch(rig->device, position));
    }
}

void feed_rig_expect(struct feed_rig *rig, uint64_t from, uint64_t to)
{
    const struct batch *batch = NULL;
    while ((batch = feed_take(&rig->feed)) != NULL) {
        assert_true(from <= to);
        assert_int_equal(batch->position, from);
        from++;
        batch_unref(batch);
    }
    assert_int_equal(from, to + 1);
}
