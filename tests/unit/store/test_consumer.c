/* SPDX-License-Identifier: Apache-2.0 */
/* Consumers of the journal: they join and leave while it is written, and go on where they stood. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <unistd.h>

#include "store/feed/consumer.h"
#include "store/feed/feed.h"
#include "support/support.h"
#include "unit/store/samples.h"

static void count_wakes(void *context, uint64_t durable)
{
    atomic_uint_least64_t *wakes = context;
    (void)durable;
    atomic_fetch_add(wakes, 1);
}

/* Takes what is there; each position once and in order. Returns the last one. */
static uint64_t consume(struct feed *feed, uint64_t last)
{
    const struct batch *batch = NULL;
    while ((batch = feed_take(feed)) != NULL) {
        assert_true(batch->position == last + 1);
        sample_check(batch);
        last = batch->position;
        batch_unref(batch);
    }
    return last;
}

static void test_one_name_one_consumer(void **state)
{
    struct scene *scene = *state;
    struct store *store = open_store(scene->folder, scene->clock, false);
    struct consumer *one = NULL;
    struct consumer *other = NULL;
    const char *long_name =
        "a-name-that-is-longer-than-the-ledger-has-room-for-in-its-table-of-cursors";
    assert_int_equal(consumer_join(store, "energy", NULL, NULL, &one), 0);
    assert_int_equal(consumer_join(store, "energy", NULL, NULL, &other), -EEXIST);
    assert_int_equal(consumer_join(store, long_name, NULL, NULL, &other), -ENAMETOOLONG);
    assert_int_equal(consumer_join(store, "rollup", NULL, NULL, &other), 0);
    assert_string_equal(consumer_name(other), "rollup");
    consumer_leave(one);
    assert_int_equal(consumer_join(store, "energy", NULL, NULL, &one), 0);
    consumer_leave(one);
    consumer_leave(other);
    consumer_leave(NULL);
    store_destroy(store);
}

static void test_joins_and_leaves_while_it_runs(void **state)
{
    struct scene *scene = *state;
    struct store *store = open_store(scene->folder, scene->clock, true);
    atomic_uint_least64_t wakes = 0;
    uint64_t last = 0;
    for (uint64_t round = 0; round < 4; round++) {
        struct consumer *consumer = NULL;
        struct feed feed;
        uint64_t cursor = 99999;
        assert_int_equal(consumer_join(store, "energy", count_wakes, &wakes, &consumer), 0);
        assert_true(consumer_find_cursor(consumer, &cursor));
        assert_true(cursor == last);
        feed_init(&feed, store, scene->clock, FEED_COMMITTED, cursor + 1);
        append_samples(store, scene->device, round * 40 + 1, 20, start_us);
        wait_durable(store, round * 40 + 20);
        last = consume(&feed, last);
        assert_true(last == round * 40 + 20);
        consumer_set_cursor(consumer, last);
        feed_finish(&feed);
        consumer_leave(consumer);
        const uint64_t heard = atomic_load(&wakes);
        assert_true(heard > 0);
        append_samples(store, scene->device, round * 40 + 21, 20, start_us);
        wait_durable(store, round * 40 + 40);
        assert_true(atomic_load(&wakes) == heard);
        /* a life of its own goes on from the same place */
        if (round == 1) {
            store_destroy(store);
            store = open_store(scene->folder, scene->clock, true);
        }
    }
    store_destroy(store);
}

/* While it is there a day that it wants is shed with an alarm; once it has left, without. */
static void test_who_has_left_wants_nothing(void **state)
{
    struct scene *scene = *state;
    struct consumer *consumer = NULL;
    write_days(scene, 3, 20);
    struct store_options options = sample_options(scene->folder);
    options.journal_days = 2;
    struct store *store = open_store_with(&options, scene->clock, false);
    assert_int_equal(consumer_join(store, "energy", NULL, NULL, &consumer), 0);
    assert_true(store_wanted_from(store) == 1);
    consumer_set_cursor(consumer, 25);
    assert_true(store_wanted_from(store) == 26);
    consumer_leave(consumer);
    assert_true(store_wanted_from(store) == UINT64_MAX);
    store_destroy(store);
}

struct restless {
    struct store *store;
    pthread_t thread;
    atomic_bool *is_over;
    const char *name;
    uint64_t joins;
    const char *fault;
};

static void *join_and_leave(void *context)
{
    struct restless *restless = context;
    atomic_uint_least64_t *wakes = NULL;
    while (!atomic_load(restless->is_over)) {
        struct consumer *consumer = NULL;
        atomic_uint_least64_t here = 0;
        wakes = &here;
        if (consumer_join(restless->store, restless->name, count_wakes, wakes, &consumer) < 0) {
            restless->fault = "cannot join";
            return NULL;
        }
        consumer_set_cursor(consumer, store_durable(restless->store));
        usleep(200);
        consumer_leave(consumer);
        restless->joins++;
    }
    return NULL;
}

static void test_many_come_and_go(void **state)
{
    struct scene *scene = *state;
    struct store_options options = sample_options(scene->folder);
    options.commit_ms = 50;
    struct store *store = open_store_with(&options, scene->clock, true);
    atomic_bool is_over = false;
    struct restless all[] = {{.name = "a"}, {.name = "b"}, {.name = "c"}};
    for (size_t i = 0; i < 3; i++) {
        all[i].store = store;
        all[i].is_over = &is_over;
        assert_int_equal(pthread_create(&all[i].thread, NULL, join_and_leave, &all[i]), 0);
    }
    for (uint64_t position = 1; position <= 200; position += 20) {
        append_samples(store, scene->device, position, 20, start_us);
        wait_durable(store, position + 19);
    }
    atomic_store(&is_over, true);
    for (size_t i = 0; i < 3; i++) {
        pthread_join(all[i].thread, NULL);
        assert_null(all[i].fault);
        assert_true(all[i].joins > 10);
    }
    store_destroy(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_one_name_one_consumer, scene_set_up, scene_tear_down),
        cmocka_unit_test_setup_teardown(test_joins_and_leaves_while_it_runs, scene_set_up,
                                        scene_tear_down),
        cmocka_unit_test_setup_teardown(test_who_has_left_wants_nothing, scene_set_up,
                                        scene_tear_down),
        cmocka_unit_test_setup_teardown(test_many_come_and_go, scene_set_up, scene_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
