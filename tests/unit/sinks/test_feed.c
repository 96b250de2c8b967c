/* SPDX-License-Identifier: Apache-2.0 */
/* feed: from which source each position comes, and what happens when neither has it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "unit/sinks/fake_store.h"
#include "unit/sinks/feed_rig.h"
#include "unit/sinks/samples.h"

static uint64_t take_any(struct feed_rig *rig)
{
    const struct batch *batch = feed_take(&rig->feed);
    assert_non_null(batch);
    const uint64_t position = batch->position;
    batch_unref(batch);
    return position;
}

static void take_one(struct feed_rig *rig, uint64_t position)
{
    assert_int_equal(take_any(rig), position);
}

/* Until the patience with a store that stands is over. */
static void wait_in_gap(struct feed_rig *rig)
{
    if (rig->feed.gap_since_us == 0) {
        assert_null(feed_take(&rig->feed));
    }
    fake_clock_advance(&rig->clock, 10 * SECOND);
}

static void test_live_needs_no_journal(void **state)
{
    struct feed_rig *rig = *state;
    feed_rig_expect(rig, 1, 0);
    feed_rig_live(rig, 1, 5);
    feed_rig_expect(rig, 1, 5);
    feed_rig_live(rig, 6, 7);
    feed_rig_expect(rig, 6, 7);
    assert_int_equal(fake_store_reads(rig->store), 0);
}

static void test_drains_then_joins_live(void **state)
{
    struct feed_rig *rig = *state;
    feed_rig_keep(rig, 1, 1000);
    fake_store_commit(rig->store, 990);
    feed_rig_live(rig, 985, 1003); /* 985..990 are in both */
    feed_rig_expect(rig, 1, 1003);
    assert_int_equal(rig->feed.lost, 0);
    assert_true(fake_store_reads(rig->store) <= 990 / FEED_CHUNK + 2);
}

static void test_ring_overflow_waits_for_the_journal(void **state)
{
    struct feed_rig *rig = *state;
    feed_rig_keep(rig, 1, FEED_RING + 100);
    feed_rig_live(rig, 1, FEED_RING + 100); /* the first 100 are pushed out */
    feed_rig_expect(rig, 1, 0);
    fake_store_commit(rig->store, 60);
    feed_rig_expect(rig, 1, 60);
    fake_store_commit(rig->store, 100);
    feed_rig_expect(rig, 61, FEED_RING + 100);
    assert_int_equal(rig->feed.lost, 0);
}

static void test_what_is_durable_is_not_kept_in_memory(void **state)
{
    struct feed_rig *rig = *state;
    feed_rig_keep(rig, 1, 500);
    fake_store_commit(rig->store, 400);
    feed_rig_live(rig, 301, 500);
    batch_unref(feed_take(&rig->feed));
    assert_int_equal(rig->feed.ring.count, 100);
    feed_rig_expect(rig, 2, 500);
}

static void test_lost_positions(void **state)
{
    struct feed_rig *rig = *state;
    feed_rig_keep(rig, 3, 4);
    feed_rig_keep(rig, 8, 9);
    fake_store_commit(rig->store, 12);
    const uint64_t expected[] = {3, 4, 8, 9};
    for (size_t i = 0; i < 4; i++) {
        const struct batch *batch = feed_take(&rig->feed);
        assert_int_equal(batch->position, expected[i]);
        batch_unref(batch);
    }
    feed_rig_expect(rig, 1, 0);
    assert_int_equal(rig->feed.next, 13);
    assert_int_equal(rig->feed.lost, 2 + 3 + 3);
    feed_rig_live(rig, 13, 14);
    feed_rig_expect(rig, 13, 14);
}

/* The journal lost what the ring still has. */
static void test_lowest_of_both(void **state)
{
    struct feed_rig *rig = *state;
    fake_store_commit(rig->store, 5);
    feed_rig_live(rig, 7, 8);
    feed_rig_keep(rig, 9, 9);
    fake_store_commit(rig->store, 6);
    feed_rig_expect(rig, 7, 8);
    assert_int_equal(rig->feed.lost, 6);
}

static void test_rewind(void **state)
{
    struct feed_rig *rig = *state;
    feed_rig_keep(rig, 1, 20);
    feed_rig_live(rig, 1, 20);
    feed_rig_expect(rig, 1, 20);
    fake_store_commit(rig->store, 15);
    feed_rewind(&rig->feed, 8);
    feed_rig_live(rig, 21, 22);
    feed_rig_expect(rig, 8, 15); /* 16.. are neither durable nor in the ring any more */
    fake_store_commit(rig->store, 20);
    feed_rig_expect(rig, 16, 22);
    assert_int_equal(rig->feed.lost, 0);
}

static void test_drop_live(void **state)
{
    struct feed_rig *rig = *state;
    feed_rig_keep(rig, 1, 10);
    fake_store_commit(rig->store, 5);
    batch_unref(feed_take(&rig->feed));
    feed_rig_live(rig, 6, 10);
    feed_drop_live(&rig->feed);
    assert_int_equal(rig->feed.ring.count, 0);
    feed_rig_expect(rig, 2, 5);
    fake_store_commit(rig->store, 10);
    feed_rig_expect(rig, 6, 10);
}

static void test_broken_journal_is_tried_again(void **state)
{
    struct feed_rig *rig = *state;
    feed_rig_keep(rig, 1, 3);
    fake_store_commit(rig->store, 3);
    fake_store_break(rig->store, -EIO);
    feed_rig_expect(rig, 1, 0);
    assert_int_equal(rig->feed.error, -EIO);
    fake_store_break(rig->store, 0);
    feed_rig_expect(rig, 1, 0); /* not before a second has passed */
    assert_int_equal(fake_store_reads(rig->store), 1);
    fake_clock_advance(&rig->clock, SECOND);
    feed_rig_expect(rig, 1, 3);
    assert_int_equal(rig->feed.error, 0);
}

/* A disk that takes nothing must not stop live data; what it takes later is sent after all, and nothing twice. */
static void test_store_that_stands_still(void **state)
{
    struct feed_rig *rig = *state;
    feed_rig_keep(rig, 1, 6);
    feed_rig_live(rig, 4, 5);
    feed_rig_expect(rig, 1, 0);
    fake_clock_advance(&rig->clock, 9 * SECOND);
    feed_rig_expect(rig, 1, 0);
    fake_clock_advance(&rig->clock, SECOND);
    feed_rig_expect(rig, 4, 5);
    assert_int_equal(feed_limit(&rig->feed), 0);
    feed_rig_live(rig, 6, 6);
    feed_rig_expect(rig, 6, 6);
    fake_store_commit(rig->store, 2);
    assert_false(feed_wants_back(&rig->feed));
    fake_store_commit(rig->store, 6);
    assert_int_equal(feed_limit(&rig->feed), 0);
    assert_true(feed_wants_back(&rig->feed));
    feed_go_back(&rig->feed);
    assert_false(feed_wants_back(&rig->feed));
    feed_rig_live(rig, 7, 7);
    batch_unref(feed_take(&rig->feed));
    assert_int_equal(feed_limit(&rig->feed), 1);
    for (uint64_t position = 2; position <= 3; position++) {
        const struct batch *batch = feed_take(&rig->feed);
        assert_int_equal(batch->position, position);
        batch_unref(batch);
    }
    feed_rig_expect(rig, 7, 7);
    assert_int_equal(feed_limit(&rig->feed), 7);
    assert_int_equal(rig->feed.lost, 0);
}

/* Several gaps while the store stands, what it never wrote, and a journal that cannot be read just then. What is owed is
 * given in one go. */
static void test_owed_in_turn(void **state)
{
    struct feed_rig *rig = *state;
    feed_rig_keep(rig, 1, 3);
    feed_rig_live(rig, 4, 4);
    feed_rig_expect(rig, 1, 0);
    fake_clock_advance(&rig->clock, 10 * SECOND);
    feed_rig_expect(rig, 4, 4);
    feed_rig_live(rig, 8, 8); /* no patience again: the store has not moved */
    feed_rig_expect(rig, 8, 8);
    assert_int_equal(rig->feed.owed_count, 2);
    feed_rig_keep(rig, 6, 6); /* 5 and 7 the store has dropped */
    fake_store_commit(rig->store, 8);
    feed_go_back(&rig->feed);
    fake_store_break(rig->store, -EIO);
    feed_rig_expect(rig, 1, 0);
    assert_int_equal(feed_limit(&rig->feed), 0);
    fake_store_break(rig->store, 0);
    fake_clock_advance(&rig->clock, SECOND);
    for (uint64_t position = 1; position <= 3; position++) {
        take_one(rig, position);
    }
    assert_int_equal(feed_limit(&rig->feed), 3);
    feed_rig_expect(rig, 6, 6);
    assert_int_equal(feed_limit(&rig->feed), 8);
    assert_int_equal(rig->feed.lost, 2);
    assert_false(feed_wants_back(&rig->feed));
}

/* Only the first of what is owed has been made good: the live ones go on before the rest. */
static void test_owed_in_part(void **state)
{
    struct feed_rig *rig = *state;
    feed_rig_keep(rig, 1, 9);
    feed_rig_live(rig, 3, 3);
    feed_rig_expect(rig, 1, 0);
    fake_clock_advance(&rig->clock, 10 * SECOND);
    feed_rig_expect(rig, 3, 3);
    feed_rig_live(rig, 8, 9);
    feed_rig_expect(rig, 8, 9);
    fake_store_commit(rig->store, 5);
    assert_true(feed_wants_back(&rig->feed));
    feed_go_back(&rig->feed);
    feed_rig_live(rig, 10, 10);
    take_one(rig, 1);
    take_one(rig, 2);
    feed_rig_expect(rig, 10, 10);
    assert_int_equal(feed_limit(&rig->feed), 3);
    assert_false(feed_wants_back(&rig->feed));
    fake_store_commit(rig->store, 10);
    feed_go_back(&rig->feed);
    feed_rig_expect(rig, 4, 7);
    assert_int_equal(feed_limit(&rig->feed), 10);
}

/* However many gaps there are, each position is given once. */
static void test_many_gaps(void **state)
{
    struct feed_rig *rig = *state;
    enum { GAPS = 300 };
    feed_rig_keep(rig, 1, 2 * GAPS);
    for (uint64_t gap = 1; gap <= GAPS; gap++) {
        feed_rig_live(rig, 2 * gap, 2 * gap);
        wait_in_gap(rig);
        take_one(rig, 2 * gap);
    }
    fake_store_commit(rig->store, 2 * GAPS);
    assert_true(feed_wants_back(&rig->feed));
    feed_go_back(&rig->feed);
    for (uint64_t odd = 1; odd < 2 * GAPS; odd += 2) {
        assert_int_equal(feed_limit(&rig->feed), odd == 1 ? 0 : odd - 2);
        take_one(rig, odd);
    }
    feed_rig_expect(rig, 1, 0);
    assert_false(feed_wants_back(&rig->feed));
    assert_int_equal(feed_limit(&rig->feed), 2 * GAPS);
    assert_int_equal(rig->feed.lost, 0);
}

/* The disk hangs, and more comes than is taken: the ring loses some all the time. Few gaps come of it, all is given, and
 * nothing twice. */
static void test_more_than_is_taken_while_the_store_stands(void **state)
{
    struct feed_rig *rig = *state;
    enum { MADE = 40000, TAKES = 10 };
    static uint8_t times[MADE + 1];
    memset(times, 0, sizeof(times));
    const struct batch *batch = NULL;
    feed_rig_keep(rig, 1, MADE);
    feed_rig_live(rig, 1, FEED_RING + 1);
    feed_rig_expect(rig, 1, 0);
    fake_clock_advance(&rig->clock, 10 * SECOND);
    for (uint64_t position = FEED_RING + 2; position <= MADE; position++) {
        feed_rig_live(rig, position, position);
        if (position % TAKES == 0) {
            times[take_any(rig)]++;
        }
    }
    assert_in_range(rig->feed.owed_count, 2, 2 * MADE / FEED_RING);
    fake_store_commit(rig->store, MADE);
    bool has_more = true;
    while (has_more) {
        if (feed_wants_back(&rig->feed)) {
            feed_go_back(&rig->feed);
        }
        while ((batch = feed_take(&rig->feed)) != NULL) {
            times[batch->position]++;
            batch_unref(batch);
        }
        has_more = feed_wants_back(&rig->feed);
    }
    for (uint64_t position = 1; position <= MADE; position++) {
        assert_int_equal(times[position], 1);
    }
    assert_int_equal(feed_limit(&rig->feed), MADE);
    assert_int_equal(rig->feed.lost, 0);
}

/* A new session owes nothing: all behind the cursor is given anew. */
static void test_rewind_while_much_is_owed(void **state)
{
    struct feed_rig *rig = *state;
    feed_rig_keep(rig, 1, 100);
    for (uint64_t position = 2; position <= 100; position += 2) {
        feed_rig_live(rig, position, position);
        wait_in_gap(rig);
        take_one(rig, position);
    }
    fake_store_commit(rig->store, 100);
    feed_go_back(&rig->feed);
    take_one(rig, 1);
    take_one(rig, 3);
    feed_rewind(&rig->feed, 1);
    assert_false(feed_wants_back(&rig->feed));
    feed_rig_expect(rig, 1, 100);
    assert_int_equal(feed_limit(&rig->feed), 100);
}

/* Before the store knows its numbers nothing waits for the journal. */
static void test_unnumbered_goes_on_at_once(void **state)
{
    struct feed_rig *rig = *state;
    feed_rewind(&rig->feed, POSITION_UNNUMBERED);
    feed_rig_live(rig, POSITION_UNNUMBERED, POSITION_UNNUMBERED + 2);
    feed_rig_expect(rig, POSITION_UNNUMBERED, POSITION_UNNUMBERED + 2);
    feed_rig_live(rig, POSITION_UNNUMBERED + 7, POSITION_UNNUMBERED + 8);
    feed_rig_expect(rig, POSITION_UNNUMBERED + 7, POSITION_UNNUMBERED + 8);
    assert_int_equal(rig->feed.lost, 4);
    assert_int_equal(fake_store_reads(rig->store), 0);
    feed_rig_keep(rig, 1, 3);
    fake_store_commit(rig->store, 3);
    feed_rewind(&rig->feed, 2);
    feed_rig_expect(rig, 2, 3);
}

static void test_a_slow_commit_is_not_a_standstill(void **state)
{
    struct feed_rig *rig = *state;
    feed_rig_keep(rig, 1, 9);
    feed_rig_live(rig, 9, 9);
    for (uint64_t durable = 1; durable <= 8; durable++) {
        fake_clock_advance(&rig->clock, 8 * SECOND);
        fake_store_commit(rig->store, durable);
        feed_rig_expect(rig, durable, durable == 8 ? 9 : durable);
    }
}

static void test_peek(void **state)
{
    struct feed_rig *rig = *state;
    int64_t time_us = -1;
    assert_int_equal(feed_peek_time(&rig->feed, 1, &time_us), 0);
    assert_int_equal(time_us, 0);
    feed_rig_keep(rig, 5, 6);
    fake_store_commit(rig->store, 6);
    assert_int_equal(feed_peek_time(&rig->feed, 1, &time_us), 0);
    assert_int_equal(time_us, ((int64_t)SAMPLE_START_S + 5) * SECOND);
}

/* Any mixture of offers, commits, losses, outages and rewinds: strictly in order, and nothing that is in the journal is
 * missed. */
static void test_any_mixture(void **state)
{
    struct feed_rig *rig = *state;
    uint64_t seed = 7;
    uint64_t made = 0;
    uint64_t durable = 0;
    uint64_t last = 0;
    uint64_t lost_at_store = 0;
    for (int step = 0; step < 20000; step++) {
        switch (test_random(&seed) % 8) {
        case 0:
        case 1:
        case 2:
            made++;
            if (test_random(&seed) % 50) {
                feed_rig_keep(rig, made, made);
            } else {
                lost_at_store++;
            }
            if (test_random(&seed) % 10) {
                feed_rig_live(rig, made, made);
            }
            break;
        case 3:
            durable += test_random(&seed) % (made - durable + 1);
            fake_store_commit(rig->store, durable);
            break;
        case 4:
            if (test_random(&seed) % 20 == 0) {
                feed_drop_live(&rig->feed);
            }
            break;
        default: {
            const struct batch *batch = feed_take(&rig->feed);
            if (batch) {
                assert_true(batch->position > last);
                assert_true(batch->position <= made);
                last = batch->position;
                batch_unref(batch);
            }
        }
        }
    }
    fake_store_commit(rig->store, made);
    const struct batch *batch = NULL;
    while ((batch = feed_take(&rig->feed)) != NULL) {
        assert_true(batch->position > last);
        last = batch->position;
        batch_unref(batch);
    }
    assert_int_equal(rig->feed.next, made + 1);
    assert_true(rig->feed.lost <= lost_at_store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_live_needs_no_journal, feed_rig_set_up,
                                        feed_rig_tear_down),
        cmocka_unit_test_setup_teardown(test_drains_then_joins_live, feed_rig_set_up,
                                        feed_rig_tear_down),
        cmocka_unit_test_setup_teardown(test_ring_overflow_waits_for_the_journal, feed_rig_set_up,
                                        feed_rig_tear_down),
        cmocka_unit_test_setup_teardown(test_what_is_durable_is_not_kept_in_memory, feed_rig_set_up,
                                        feed_rig_tear_down),
        cmocka_unit_test_setup_teardown(test_lost_positions, feed_rig_set_up, feed_rig_tear_down),
        cmocka_unit_test_setup_teardown(test_lowest_of_both, feed_rig_set_up, feed_rig_tear_down),
        cmocka_unit_test_setup_teardown(test_rewind, feed_rig_set_up, feed_rig_tear_down),
        cmocka_unit_test_setup_teardown(test_drop_live, feed_rig_set_up, feed_rig_tear_down),
        cmocka_unit_test_setup_teardown(test_broken_journal_is_tried_again, feed_rig_set_up,
                                        feed_rig_tear_down),
        cmocka_unit_test_setup_teardown(test_store_that_stands_still, feed_rig_set_up,
                                        feed_rig_tear_down),
        cmocka_unit_test_setup_teardown(test_owed_in_turn, feed_rig_set_up, feed_rig_tear_down),
        cmocka_unit_test_setup_teardown(test_owed_in_part, feed_rig_set_up, feed_rig_tear_down),
        cmocka_unit_test_setup_teardown(test_many_gaps, feed_rig_set_up, feed_rig_tear_down),
        cmocka_unit_test_setup_teardown(test_more_than_is_taken_while_the_store_stands,
                                        feed_rig_set_up, feed_rig_tear_down),
        cmocka_unit_test_setup_teardown(test_rewind_while_much_is_owed, feed_rig_set_up,
                                        feed_rig_tear_down),
        cmocka_unit_test_setup_teardown(test_unnumbered_goes_on_at_once, feed_rig_set_up,
                                        feed_rig_tear_down),
        cmocka_unit_test_setup_teardown(test_a_slow_commit_is_not_a_standstill, feed_rig_set_up,
                                        feed_rig_tear_down),
        cmocka_unit_test_setup_teardown(test_peek, feed_rig_set_up, feed_rig_tear_down),
        cmocka_unit_test_setup_teardown(test_any_mixture, feed_rig_set_up, feed_rig_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
