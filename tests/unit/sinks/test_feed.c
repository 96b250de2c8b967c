/* SPDX-License-Identifier: Apache-2.0 */
/* feed: from which source each position comes, and what happens when neither has it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "store/feed/feed.h"
#include "support/support.h"
#include "unit/sinks/fake_store.h"
#include "unit/sinks/samples.h"

enum { SECOND = 1000000 };

struct rig {
    struct device *device;
    struct store *store;
    struct fake_clock clock;
    struct feed feed;
};

static int set_up(void **state)
{
    static struct rig rig;
    rig = (struct rig){.device = sample_device("m1"), .store = fake_store_create(0, 1)};
    fake_clock_init(&rig.clock, SECOND, SECOND);
    feed_init(&rig.feed, rig.store, &rig.clock.clock, FEED_AT_ONCE, 1);
    *state = &rig;
    return 0;
}

static int tear_down(void **state)
{
    struct rig *rig = *state;
    feed_finish(&rig->feed);
    fake_store_destroy(rig->store);
    assert_int_equal(rig->device->references, 1); /* no batch is kept */
    device_unref(rig->device);
    return 0;
}

static void live(struct rig *rig, uint64_t from, uint64_t to)
{
    for (uint64_t position = from; position <= to; position++) {
        feed_offer(&rig->feed, sample_batch(rig->device, position));
    }
}

static void keep(struct rig *rig, uint64_t from, uint64_t to)
{
    for (uint64_t position = from; position <= to; position++) {
        fake_store_keep(rig->store, sample_batch(rig->device, position));
    }
}

/* Takes all there is: it must be exactly from..to (nothing when from > to). */
static void expect(struct rig *rig, uint64_t from, uint64_t to)
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

static uint64_t take_any(struct rig *rig)
{
    const struct batch *batch = feed_take(&rig->feed);
    assert_non_null(batch);
    const uint64_t position = batch->position;
    batch_unref(batch);
    return position;
}

static void take_one(struct rig *rig, uint64_t position)
{
    assert_int_equal(take_any(rig), position);
}

/* Until the patience with a store that stands is over. */
static void wait_in_gap(struct rig *rig)
{
    if (rig->feed.gap_since_us == 0) {
        assert_null(feed_take(&rig->feed));
    }
    fake_clock_advance(&rig->clock, 10 * SECOND);
}

static void test_live_needs_no_journal(void **state)
{
    struct rig *rig = *state;
    expect(rig, 1, 0);
    live(rig, 1, 5);
    expect(rig, 1, 5);
    live(rig, 6, 7);
    expect(rig, 6, 7);
    assert_int_equal(fake_store_reads(rig->store), 0);
}

static void test_drains_then_joins_live(void **state)
{
    struct rig *rig = *state;
    keep(rig, 1, 1000);
    fake_store_commit(rig->store, 990);
    live(rig, 985, 1003); /* 985..990 are in both */
    expect(rig, 1, 1003);
    assert_int_equal(rig->feed.lost, 0);
    assert_true(fake_store_reads(rig->store) <= 990 / FEED_CHUNK + 2);
}

static void test_ring_overflow_waits_for_the_journal(void **state)
{
    struct rig *rig = *state;
    keep(rig, 1, FEED_RING + 100);
    live(rig, 1, FEED_RING + 100); /* the first 100 are pushed out */
    expect(rig, 1, 0);
    fake_store_commit(rig->store, 60);
    expect(rig, 1, 60);
    fake_store_commit(rig->store, 100);
    expect(rig, 61, FEED_RING + 100);
    assert_int_equal(rig->feed.lost, 0);
}

static void test_what_is_durable_is_not_kept_in_memory(void **state)
{
    struct rig *rig = *state;
    keep(rig, 1, 500);
    fake_store_commit(rig->store, 400);
    live(rig, 301, 500);
    batch_unref(feed_take(&rig->feed));
    assert_int_equal(rig->feed.ring.count, 100);
    expect(rig, 2, 500);
}

static void test_lost_positions(void **state)
{
    struct rig *rig = *state;
    keep(rig, 3, 4);
    keep(rig, 8, 9);
    fake_store_commit(rig->store, 12);
    const uint64_t expected[] = {3, 4, 8, 9};
    for (size_t i = 0; i < 4; i++) {
        const struct batch *batch = feed_take(&rig->feed);
        assert_int_equal(batch->position, expected[i]);
        batch_unref(batch);
    }
    expect(rig, 1, 0);
    assert_int_equal(rig->feed.next, 13);
    assert_int_equal(rig->feed.lost, 2 + 3 + 3);
    live(rig, 13, 14);
    expect(rig, 13, 14);
}

/* The journal lost what the ring still has. */
static void test_lowest_of_both(void **state)
{
    struct rig *rig = *state;
    fake_store_commit(rig->store, 5);
    live(rig, 7, 8);
    keep(rig, 9, 9);
    fake_store_commit(rig->store, 6);
    expect(rig, 7, 8);
    assert_int_equal(rig->feed.lost, 6);
}

static void test_rewind(void **state)
{
    struct rig *rig = *state;
    keep(rig, 1, 20);
    live(rig, 1, 20);
    expect(rig, 1, 20);
    fake_store_commit(rig->store, 15);
    feed_rewind(&rig->feed, 8);
    live(rig, 21, 22);
    expect(rig, 8, 15); /* 16.. are neither durable nor in the ring any more */
    fake_store_commit(rig->store, 20);
    expect(rig, 16, 22);
    assert_int_equal(rig->feed.lost, 0);
}

static void test_drop_live(void **state)
{
    struct rig *rig = *state;
    keep(rig, 1, 10);
    fake_store_commit(rig->store, 5);
    batch_unref(feed_take(&rig->feed));
    live(rig, 6, 10);
    feed_drop_live(&rig->feed);
    assert_int_equal(rig->feed.ring.count, 0);
    expect(rig, 2, 5);
    fake_store_commit(rig->store, 10);
    expect(rig, 6, 10);
}

static void test_broken_journal_is_tried_again(void **state)
{
    struct rig *rig = *state;
    keep(rig, 1, 3);
    fake_store_commit(rig->store, 3);
    fake_store_break(rig->store, -EIO);
    expect(rig, 1, 0);
    assert_int_equal(rig->feed.error, -EIO);
    fake_store_break(rig->store, 0);
    expect(rig, 1, 0); /* not before a second has passed */
    assert_int_equal(fake_store_reads(rig->store), 1);
    fake_clock_advance(&rig->clock, SECOND);
    expect(rig, 1, 3);
    assert_int_equal(rig->feed.error, 0);
}

/* A disk that takes nothing must not stop live data; what it takes later is sent after all, and nothing twice. */
static void test_store_that_stands_still(void **state)
{
    struct rig *rig = *state;
    keep(rig, 1, 6);
    live(rig, 4, 5);
    expect(rig, 1, 0);
    fake_clock_advance(&rig->clock, 9 * SECOND);
    expect(rig, 1, 0);
    fake_clock_advance(&rig->clock, SECOND);
    expect(rig, 4, 5);
    assert_int_equal(feed_limit(&rig->feed), 0);
    live(rig, 6, 6);
    expect(rig, 6, 6);
    fake_store_commit(rig->store, 2);
    assert_false(feed_wants_back(&rig->feed));
    fake_store_commit(rig->store, 6);
    assert_int_equal(feed_limit(&rig->feed), 0);
    assert_true(feed_wants_back(&rig->feed));
    feed_go_back(&rig->feed);
    assert_false(feed_wants_back(&rig->feed));
    live(rig, 7, 7);
    batch_unref(feed_take(&rig->feed));
    assert_int_equal(feed_limit(&rig->feed), 1);
    for (uint64_t position = 2; position <= 3; position++) {
        const struct batch *batch = feed_take(&rig->feed);
        assert_int_equal(batch->position, position);
        batch_unref(batch);
    }
    expect(rig, 7, 7);
    assert_int_equal(feed_limit(&rig->feed), 7);
    assert_int_equal(rig->feed.lost, 0);
}

/* Several gaps while the store stands, what it never wrote, and a journal that cannot be read just then. What is owed is
 * given in one go. */
static void test_owed_in_turn(void **state)
{
    struct rig *rig = *state;
    keep(rig, 1, 3);
    live(rig, 4, 4);
    expect(rig, 1, 0);
    fake_clock_advance(&rig->clock, 10 * SECOND);
    expect(rig, 4, 4);
    live(rig, 8, 8); /* no patience again: the store has not moved */
    expect(rig, 8, 8);
    assert_int_equal(rig->feed.owed_count, 2);
    keep(rig, 6, 6); /* 5 and 7 the store has dropped */
    fake_store_commit(rig->store, 8);
    feed_go_back(&rig->feed);
    fake_store_break(rig->store, -EIO);
    expect(rig, 1, 0);
    assert_int_equal(feed_limit(&rig->feed), 0);
    fake_store_break(rig->store, 0);
    fake_clock_advance(&rig->clock, SECOND);
    for (uint64_t position = 1; position <= 3; position++) {
        take_one(rig, position);
    }
    assert_int_equal(feed_limit(&rig->feed), 3);
    expect(rig, 6, 6);
    assert_int_equal(feed_limit(&rig->feed), 8);
    assert_int_equal(rig->feed.lost, 2);
    assert_false(feed_wants_back(&rig->feed));
}

/* Only the first of what is owed has been made good: the live ones go on before the rest. */
static void test_owed_in_part(void **state)
{
    struct rig *rig = *state;
    keep(rig, 1, 9);
    live(rig, 3, 3);
    expect(rig, 1, 0);
    fake_clock_advance(&rig->clock, 10 * SECOND);
    expect(rig, 3, 3);
    live(rig, 8, 9);
    expect(rig, 8, 9);
    fake_store_commit(rig->store, 5);
    assert_true(feed_wants_back(&rig->feed));
    feed_go_back(&rig->feed);
    live(rig, 10, 10);
    take_one(rig, 1);
    take_one(rig, 2);
    expect(rig, 10, 10);
    assert_int_equal(feed_limit(&rig->feed), 3);
    assert_false(feed_wants_back(&rig->feed));
    fake_store_commit(rig->store, 10);
    feed_go_back(&rig->feed);
    expect(rig, 4, 7);
    assert_int_equal(feed_limit(&rig->feed), 10);
}

/* However many gaps there are, each position is given once. */
static void test_many_gaps(void **state)
{
    struct rig *rig = *state;
    enum { GAPS = 300 };
    keep(rig, 1, 2 * GAPS);
    for (uint64_t gap = 1; gap <= GAPS; gap++) {
        live(rig, 2 * gap, 2 * gap);
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
    expect(rig, 1, 0);
    assert_false(feed_wants_back(&rig->feed));
    assert_int_equal(feed_limit(&rig->feed), 2 * GAPS);
    assert_int_equal(rig->feed.lost, 0);
}

/* The disk hangs, and more comes than is taken: the ring loses some all the time. Few gaps come of it, all is given, and
 * nothing twice. */
static void test_more_than_is_taken_while_the_store_stands(void **state)
{
    struct rig *rig = *state;
    enum { MADE = 40000, TAKES = 10 };
    static uint8_t times[MADE + 1];
    memset(times, 0, sizeof(times));
    const struct batch *batch = NULL;
    keep(rig, 1, MADE);
    live(rig, 1, FEED_RING + 1);
    expect(rig, 1, 0);
    fake_clock_advance(&rig->clock, 10 * SECOND);
    for (uint64_t position = FEED_RING + 2; position <= MADE; position++) {
        live(rig, position, position);
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
    struct rig *rig = *state;
    keep(rig, 1, 100);
    for (uint64_t position = 2; position <= 100; position += 2) {
        live(rig, position, position);
        wait_in_gap(rig);
        take_one(rig, position);
    }
    fake_store_commit(rig->store, 100);
    feed_go_back(&rig->feed);
    take_one(rig, 1);
    take_one(rig, 3);
    feed_rewind(&rig->feed, 1);
    assert_false(feed_wants_back(&rig->feed));
    expect(rig, 1, 100);
    assert_int_equal(feed_limit(&rig->feed), 100);
}

/* Before the store knows its numbers nothing waits for the journal. */
static void test_unnumbered_goes_on_at_once(void **state)
{
    struct rig *rig = *state;
    feed_rewind(&rig->feed, POSITION_UNNUMBERED);
    live(rig, POSITION_UNNUMBERED, POSITION_UNNUMBERED + 2);
    expect(rig, POSITION_UNNUMBERED, POSITION_UNNUMBERED + 2);
    live(rig, POSITION_UNNUMBERED + 7, POSITION_UNNUMBERED + 8);
    expect(rig, POSITION_UNNUMBERED + 7, POSITION_UNNUMBERED + 8);
    assert_int_equal(rig->feed.lost, 4);
    assert_int_equal(fake_store_reads(rig->store), 0);
    keep(rig, 1, 3);
    fake_store_commit(rig->store, 3);
    feed_rewind(&rig->feed, 2);
    expect(rig, 2, 3);
}

static void test_a_slow_commit_is_not_a_standstill(void **state)
{
    struct rig *rig = *state;
    keep(rig, 1, 9);
    live(rig, 9, 9);
    for (uint64_t durable = 1; durable <= 8; durable++) {
        fake_clock_advance(&rig->clock, 8 * SECOND);
        fake_store_commit(rig->store, durable);
        expect(rig, durable, durable == 8 ? 9 : durable);
    }
}

static void test_peek(void **state)
{
    struct rig *rig = *state;
    int64_t time_us = -1;
    assert_int_equal(feed_peek_time(&rig->feed, 1, &time_us), 0);
    assert_int_equal(time_us, 0);
    keep(rig, 5, 6);
    fake_store_commit(rig->store, 6);
    assert_int_equal(feed_peek_time(&rig->feed, 1, &time_us), 0);
    assert_int_equal(time_us, ((int64_t)SAMPLE_START_S + 5) * SECOND);
}

/* Any mixture of offers, commits, losses, outages and rewinds: strictly in order, and nothing that is in the journal is
 * missed. */
static void test_any_mixture(void **state)
{
    struct rig *rig = *state;
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
                keep(rig, made, made);
            } else {
                lost_at_store++;
            }
            if (test_random(&seed) % 10) {
                live(rig, made, made);
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

static void begin_committed(struct rig *rig)
{
    feed_finish(&rig->feed);
    feed_init(&rig->feed, rig->store, &rig->clock.clock, FEED_COMMITTED, 1);
}

static void test_committed_waits_for_the_commit(void **state)
{
    struct rig *rig = *state;
    begin_committed(rig);
    keep(rig, 1, 10);
    live(rig, 1, 10);
    fake_clock_advance(&rig->clock, 100 * SECOND);
    expect(rig, 1, 0);
    fake_store_commit(rig->store, 4);
    expect(rig, 1, 4);
    assert_int_equal(feed_limit(&rig->feed), 4);
    fake_store_commit(rig->store, 10);
    expect(rig, 5, 10);
    assert_int_equal(fake_store_reads(rig->store), 0); /* what was offered is not read back */
    keep(rig, 11, 20);
    fake_store_commit(rig->store, 20);
    expect(rig, 11, 20);
    assert_true(fake_store_reads(rig->store) > 0);
    live(rig, 22, 22); /* 21 was not offered, and the store has given it up */
    fake_store_commit(rig->store, 21);
    expect(rig, 1, 0);
    fake_store_commit(rig->store, 22);
    expect(rig, 22, 22);
    assert_int_equal(rig->feed.lost, 1);
}

/* What has no number is never committed. */
static void test_committed_before_there_are_numbers(void **state)
{
    struct rig *rig = *state;
    begin_committed(rig);
    live(rig, POSITION_UNNUMBERED, POSITION_UNNUMBERED + 5);
    expect(rig, 1, 0);
    live(rig, 1, 2);
    fake_store_commit(rig->store, 2);
    expect(rig, 1, 2);
}

static bool take_one_committed(struct rig *rig, uint64_t durable, uint64_t *last)
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
    struct rig *rig = *state;
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
                keep(rig, made, made);
                kept++;
            }
            if (test_random(&seed) % 10) {
                live(rig, made, made);
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
        cmocka_unit_test_setup_teardown(test_live_needs_no_journal, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_drains_then_joins_live, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_ring_overflow_waits_for_the_journal, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_what_is_durable_is_not_kept_in_memory, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_lost_positions, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_lowest_of_both, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_rewind, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_drop_live, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_broken_journal_is_tried_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_store_that_stands_still, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_owed_in_turn, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_owed_in_part, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_many_gaps, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_more_than_is_taken_while_the_store_stands, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_rewind_while_much_is_owed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_unnumbered_goes_on_at_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_slow_commit_is_not_a_standstill, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_peek, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_any_mixture, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_committed_waits_for_the_commit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_committed_before_there_are_numbers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_committed_in_any_mixture, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
