/* SPDX-License-Identifier: Apache-2.0 */
/* feed, committed only: nothing is given that a crash could still take back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/sinks/fake_store.h"
#include "unit/sinks/feed_rig.h"

static void begin_committed(struct feed_rig *rig)
{
    feed_finish(&rig->feed);
    feed_init(&rig->feed, rig->store, &rig->clock.clock, FEED_COMMITTED, 1);
}

static void test_committed_waits_for_the_commit(void **state)
{
    struct feed_rig *rig = *state;
    begin_committed(rig);
    feed_rig_keep(rig, 1, 10);
    feed_rig_live(rig, 1, 10);
    fake_clock_advance(&rig->clock, 100 * SECOND);
    feed_rig_expect(rig, 1, 0);
    fake_store_commit(rig->store, 4);
    feed_rig_expect(rig, 1, 4);
    assert_int_equal(feed_limit(&rig->feed), 4);
    fake_store_commit(rig->store, 10);
    feed_rig_expect(rig, 5, 10);
    assert_int_equal(fake_store_reads(rig->store), 0); /* what was offered is not read back */
    feed_rig_keep(rig, 11, 20);
    fake_store_commit(rig->store, 20);
    feed_rig_expect(rig, 11, 20);
    assert_true(fake_store_reads(rig->store) > 0);
    feed_rig_live(rig, 22, 22); /* 21 was not offered, and the store has given it up */
    fake_store_commit(rig->store, 21);
    feed_rig_expect(rig, 1, 0);
    fake_store_commit(rig->store, 22);
    feed_rig_expect(rig, 22, 22);
    assert_int_equal(rig->feed.lost, 1);
}

/* What has no number is never committed. */
static void test_committed_before_there_are_numbers(void **state)
{
    struct feed_rig *rig = *state;
    begin_committed(rig);
    feed_rig_live(rig, POSITION_UNNUMBERED, POSITION_UNNUMBERED + 5);
    feed_rig_expect(rig, 1, 0);
    feed_rig_live(rig, 1, 2);
    fake_store_commit(rig->store, 2);
    feed_rig_expect(rig, 1, 2);
}

static bool take_one_committed(struct feed_rig *rig, uint64_t durable, uint64_t *last)
{
    const struct batch *batch = feed_take(&rig->feed);
    if (batch) {
        assert_true(batch->position > *last && batch->position <= durable);
        *last = batch->position;
        batch_unref(batch);
    }
    return batch != NULL;
}

/* Whatever is offered, lost or dropped: never before the commit, in order, and all that the journal has. */
static void test_committed_in_any_mixture(void **state)
{
    struct feed_rig *rig = *state;
    uint64_t seed = 11;
    uint64_t made = 0;
    uint64_t durable = 0;
    uint64_t last = 0;
    uint64_t kept = 0;
    uint64_t given = 0;
    begin_committed(rig);
    for (int step = 0; step < 20000; step++) {
        const uint64_t dice = test_random(&seed) % 8;
        if (dice < 3) {
            made++;
            if (test_random(&seed) % 50) {
                feed_rig_keep(rig, made, made);
                kept++;
            }
            if (test_random(&seed) % 10) {
                feed_rig_live(rig, made, made);
            }
        } else if (dice == 3) {
            durable += test_random(&seed) % (made - durable + 1);
            fake_store_commit(rig->store, durable);
        } else {
            given += take_one_committed(rig, durable, &last);
        }
    }
    fake_store_commit(rig->store, made);
    while (take_one_committed(rig, made, &last)) {
        given++;
    }
    assert_true(given >= kept && last <= made);
    assert_int_equal(rig->feed.next, made + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_committed_waits_for_the_commit, feed_rig_set_up,
                                        feed_rig_tear_down),
        cmocka_unit_test_setup_teardown(test_committed_before_there_are_numbers, feed_rig_set_up,
                                        feed_rig_tear_down),
        cmocka_unit_test_setup_teardown(test_committed_in_any_mixture, feed_rig_set_up,
                                        feed_rig_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
