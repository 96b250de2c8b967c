/* SPDX-License-Identifier: Apache-2.0 */
/* The hub: numbering, live state, staleness under a fake clock, subscribers, the store behind it. */
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <unistd.h>

#include "base/mem.h"
#include "hub/hub.h"
#include "store/store_internal.h"
#include "support/support.h"

struct world {
    struct fake_clock clock;
    struct loop *loop;
    struct hub *hub;
    uint64_t seen_positions[64];
    uint64_t seen_seqs[64];
    char seen_devices[64][16];
    size_t seen;
};

static const struct point points[] = {
    {.name = "active_power", .period_ms = 1000, .resolution = 0.001},
    {.name = "serial_number", .period_ms = 86400000, .source = POINT_TEXT},
};

static const struct device *make_device(const char *id, size_t point_count)
{
    struct point copy[2];
    memcpy(copy, points, sizeof(copy));
    copy[0].quantity = quantity_get(QUANTITY_ID_active_power);
    copy[1].quantity = quantity_get(QUANTITY_ID_serial_number);
    struct device model = {.id = id,
                           .name = id,
                           .site = "s",
                           .node = "",
                           .line = "l1",
                           .profile = "p",
                           .point_count = (uint16_t)point_count,
                           .points = copy};
    return device_create(&model);
}

static struct batch *make_batch(struct world *world, const struct device *device, int64_t watts,
                                enum quality quality)
{
    struct batch *batch = batch_create(device, 2, 32);
    size_t size = 0;
    char *texts = batch_texts_space(batch, &size);
    snprintf(texts, size, "SN-%lld", (long long)watts);
    batch->time_us = clock_wall_us(&world->clock.clock);
    batch->received_mono_us = clock_mono_us(&world->clock.clock);
    bool is_ok = quality == QUALITY_OK;
    batch->readings[0] = (struct reading){.time_us = batch->time_us,
                                          .value = is_ok ? (double)watts / 1000 : (double)NAN,
                                          .count = is_ok ? watts : 0,
                                          .resolution = 0.001,
                                          .quality = (uint8_t)quality};
    batch->readings[1] = (struct reading){
        .time_us = batch->time_us, .value = (double)NAN, .point = 1, .quality = (uint8_t)quality};
    batch->count = device->point_count;
    return batch;
}

static void see(void *context, const struct batch *batch)
{
    struct world *world = context;
    assert_true(world->seen < 64);
    world->seen_positions[world->seen] = batch->position;
    world->seen_seqs[world->seen] = batch->seq;
    snprintf(world->seen_devices[world->seen++], 16, "%s", batch->device->id);
}

static int subscribe(struct world *world)
{
    const struct hub_subscriber subscriber = {.batch = see, .context = world};
    return hub_subscribe(world->hub, &subscriber);
}

static int setup(void **state)
{
    struct world *world = calloc(1, sizeof(*world));
    fake_clock_init(&world->clock, 1000000, 1700000000000000);
    assert_int_equal(loop_create(&world->clock.clock, &world->loop), 0);
    assert_int_equal(hub_create(world->loop, NULL, &world->hub), 0);
    *state = world;
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;
    hub_destroy(world->hub);
    loop_destroy(world->loop);
    free(world);
    return 0;
}

static void run(struct world *world)
{
    hub_flush(world->hub);
    assert_true(loop_run_once(world->loop) >= 0);
}

static void numbers_positions_over_all_and_seq_per_device(void **state)
{
    struct world *world = *state;
    const struct device *one = make_device("one", 2);
    const struct device *two = make_device("two", 2);
    assert_true(subscribe(world) >= 0);
    hub_post(world->hub, make_batch(world, one, 1, QUALITY_OK));
    hub_post(world->hub, make_batch(world, two, 2, QUALITY_OK));
    hub_post(world->hub, make_batch(world, one, 3, QUALITY_OK));
    run(world);
    assert_int_equal(world->seen, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(world->seen_positions[i], i + 1);
    }
    assert_string_equal(world->seen_devices[1], "two");
    assert_int_equal(world->seen_seqs[0], 1);
    assert_int_equal(world->seen_seqs[1], 1);
    assert_int_equal(world->seen_seqs[2], 2);
    device_unref(one);
    device_unref(two);
}

static void keeps_the_newest_reading_and_text(void **state)
{
    struct world *world = *state;
    const struct device *device = make_device("one", 2);
    hub_add_device(world->hub, device);
    assert_int_equal(hub_device_count(world->hub), 1);
    assert_int_equal(hub_device_at(world->hub, 0)->time_us, 0);
    hub_post(world->hub, make_batch(world, device, 5, QUALITY_OK));
    hub_post(world->hub, make_batch(world, device, 7, QUALITY_OK));
    run(world);
    const struct live_device *live = hub_find_device(world->hub, "one");
    assert_non_null(live);
    assert_int_equal(live->readings[0].count, 7);
    assert_string_equal(live->texts[1], "SN-7");
    assert_int_equal(live->seq, 2);
    assert_null(hub_find_device(world->hub, "none"));
    hub_post(world->hub, make_batch(world, device, 9, QUALITY_TIMEOUT));
    run(world);
    assert_int_equal(live->readings[0].quality, QUALITY_TIMEOUT);
    assert_string_equal(live->texts[1], "SN-7");
    device_unref(device);
}

static void a_reading_is_stale_after_two_and_a_half_periods(void **state)
{
    struct world *world = *state;
    const struct device *device = make_device("one", 2);
    hub_add_device(world->hub, device);
    const struct live_device *live = hub_device_at(world->hub, 0);
    assert_int_equal(hub_quality(world->hub, live, 0), QUALITY_STALE);
    hub_post(world->hub, make_batch(world, device, 5, QUALITY_OK));
    run(world);
    assert_int_equal(hub_quality(world->hub, live, 0), QUALITY_OK);
    fake_clock_advance(&world->clock, 2500000);
    assert_int_equal(hub_quality(world->hub, live, 0), QUALITY_OK);
    fake_clock_step_wall(&world->clock, 3600000000); /* a stepped clock makes nothing stale */
    assert_int_equal(hub_quality(world->hub, live, 0), QUALITY_OK);
    fake_clock_advance(&world->clock, 1);
    assert_int_equal(hub_quality(world->hub, live, 0), QUALITY_STALE);
    assert_int_equal(hub_quality(world->hub, live, 1), QUALITY_OK);
    device_unref(device);
}

/* A device that is silent for an hour and tried now and then does not answer: "stale" would hide why. */
static void a_failed_reading_keeps_its_reason(void **state)
{
    struct world *world = *state;
    const struct device *device = make_device("one", 2);
    hub_post(world->hub, make_batch(world, device, 5, QUALITY_TIMEOUT));
    run(world);
    const struct live_device *live = hub_find_device(world->hub, "one");
    assert_int_equal(hub_quality(world->hub, live, 0), QUALITY_TIMEOUT);
    fake_clock_advance(&world->clock, 3600000000);
    assert_int_equal(hub_quality(world->hub, live, 0), QUALITY_TIMEOUT);
    device_unref(device);
}

static void a_new_layout_begins_a_fresh_state_but_seq_goes_on(void **state)
{
    struct world *world = *state;
    const struct device *before = make_device("one", 2);
    const struct device *after = make_device("one", 1);
    hub_post(world->hub, make_batch(world, before, 5, QUALITY_OK));
    run(world);
    hub_post(world->hub, make_batch(world, after, 6, QUALITY_OK));
    run(world);
    const struct live_device *live = hub_find_device(world->hub, "one");
    assert_int_equal(hub_device_count(world->hub), 1);
    assert_int_equal(live->device->point_count, 1);
    assert_int_equal(live->seq, 2);
    device_unref(before);
    device_unref(after);
}

static void subscribers_come_and_go(void **state)
{
    struct world *world = *state;
    const struct device *device = make_device("one", 2);
    int handle = subscribe(world);
    hub_post(world->hub, make_batch(world, device, 5, QUALITY_OK));
    run(world);
    hub_unsubscribe(world->hub, handle);
    hub_post(world->hub, make_batch(world, device, 6, QUALITY_OK));
    run(world);
    assert_int_equal(world->seen, 1);
    for (int i = 0; i < 16; i++) {
        assert_int_equal(subscribe(world), i);
    }
    assert_int_equal(subscribe(world), -ENOSPC);
    device_unref(device);
}

static void counts_by_quality(void **state)
{
    struct world *world = *state;
    const struct device *device = make_device("one", 2);
    hub_post(world->hub, make_batch(world, device, 5, QUALITY_OK));
    hub_post(world->hub, make_batch(world, device, 5, QUALITY_TIMEOUT));
    hub_drain(world->hub);
    struct hub_status status = hub_status(world->hub);
    assert_int_equal(status.batches, 2);
    assert_int_equal(status.readings, 4);
    assert_int_equal(status.by_quality[QUALITY_OK], 2);
    assert_int_equal(status.by_quality[QUALITY_TIMEOUT], 2);
    assert_int_equal(status.intake.waiting, 0);
    device_unref(device);
}

enum {
    POSTERS = 3,
    POSTS_EACH = 5000,
};

struct poster {
    struct world *world;
    const struct device *device;
};

static void *post_many(void *argument)
{
    struct poster *poster = argument;
    for (int i = 0; i < POSTS_EACH; i++) {
        hub_post(poster->world->hub, make_batch(poster->world, poster->device, i, QUALITY_OK));
    }
    return NULL;
}

static void takes_batches_from_many_threads(void **state)
{
    struct world *world = *state;
    pthread_t threads[POSTERS];
    struct poster posters[POSTERS];
    for (size_t i = 0; i < POSTERS; i++) {
        char id[8];
        snprintf(id, sizeof(id), "d%zu", i);
        posters[i] = (struct poster){.world = world, .device = make_device(id, 2)};
        assert_int_equal(pthread_create(&threads[i], NULL, post_many, &posters[i]), 0);
    }
    while (hub_status(world->hub).batches < (uint64_t)POSTERS * POSTS_EACH) {
        run(world);
    }
    for (size_t i = 0; i < POSTERS; i++) {
        pthread_join(threads[i], NULL);
        const struct live_device *live = hub_find_device(world->hub, posters[i].device->id);
        assert_int_equal(live->seq, POSTS_EACH);
        assert_int_equal(live->readings[0].count, POSTS_EACH - 1);
        device_unref(posters[i].device);
    }
}

static void appends_to_the_store_and_goes_on_after_a_restart(void **state)
{
    struct world *world = *state;
    char *folder = test_folder_create();
    struct store_options options = {
        .folder = folder, .commit_ms = 50, .journal_days = 2, .journal_mb = 100, .min_free_mb = 1};
    const struct device *device = make_device("one", 2);
    uint64_t last_seq = 0;
    for (int round = 0; round < 2; round++) {
        struct store *store = NULL;
        struct hub *hub = NULL;
        assert_int_equal(store_open(&options, clock_real(), &store), 0);
        assert_int_equal(store_start(store), 0);
        assert_int_equal(hub_create(world->loop, store, &hub), 0);
        for (int i = 0; i < 10; i++) {
            hub_post(hub, make_batch(world, device, i, QUALITY_OK));
        }
        hub_drain(hub);
        assert_true(hub_find_device(hub, "one")->seq > last_seq + 9);
        last_seq = hub_find_device(hub, "one")->seq;
        store_stop(store);
        assert_int_equal(store_durable(store), 10 * (round + 1));
        hub_destroy(hub);
        store_destroy(store);
    }
    device_unref(device);
    test_folder_remove(folder);
}

/* A node's power, as an energy module will work it out: two of three meters give theirs. */
static struct batch *make_sum(struct world *world, const struct device *node, bool is_whole)
{
    struct batch *batch = batch_create_derived(node, &world->clock.clock);
    assert_int_equal(batch->count, 1);
    assert_int_equal(batch->readings[0].quality, QUALITY_ESTIMATED);
    batch->readings[0].value = 12.5;
    batch->readings[0].quality = is_whole ? QUALITY_OK : QUALITY_ESTIMATED;
    return batch;
}

static const struct device *make_node(void)
{
    const struct point power = {.name = "active_power",
                                .quantity = quantity_get(QUANTITY_ID_active_power),
                                .source = POINT_FLOAT64,
                                .period_ms = 1000};
    return device_create(&(struct device){.kind = DEVICE_DERIVED,
                                          .id = "roof",
                                          .site = "s",
                                          .node = "roof",
                                          .profile = "node",
                                          .point_count = 1,
                                          .points = &power});
}

static void check_journal(struct store *store, const struct device *node)
{
    struct journal_reader *reader = NULL;
    struct batch *batches[4];
    size_t count = 0;
    assert_int_equal(journal_reader_open(store, &reader), 0);
    assert_int_equal(journal_reader_next(reader, 1, batches, 4, &count), 0);
    assert_int_equal(count, 2);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(batches[i]->device->kind, DEVICE_DERIVED);
        assert_true(device_same_layout(batches[i]->device, node));
        assert_true(batches[i]->readings[0].value == 12.5);
        batch_unref(batches[i]);
    }
    journal_reader_close(reader);
}

/* Live state, staleness, numbers, subscribers and journal, by the one way in. */
static void takes_what_is_derived_as_what_is_read(void **state)
{
    struct world *world = *state;
    char *folder = test_folder_create();
    const struct store_options options = {
        .folder = folder, .commit_ms = 50, .journal_days = 2, .journal_mb = 100, .min_free_mb = 1};
    const struct device *node = make_node();
    struct store *store = NULL;
    struct hub *hub = NULL;
    assert_int_equal(store_open(&options, &world->clock.clock, &store), 0);
    assert_int_equal(store_start(store), 0);
    assert_int_equal(hub_create(world->loop, store, &hub), 0);
    const struct hub_subscriber subscriber = {.batch = see, .context = world};
    assert_true(hub_subscribe(hub, &subscriber) >= 0);
    hub_add_device(hub, node);
    const struct live_device *live = hub_find_device(hub, "roof");
    assert_int_equal(hub_quality(hub, live, 0), QUALITY_STALE);
    hub_post(hub, make_sum(world, node, false));
    hub_drain(hub);
    assert_int_equal(hub_quality(hub, live, 0), QUALITY_ESTIMATED);
    hub_post(hub, make_sum(world, node, true));
    hub_drain(hub);
    assert_int_equal(hub_quality(hub, live, 0), QUALITY_OK);
    assert_true(live->readings[0].value == 12.5 && live->seq == store_first_seq(store) + 1);
    assert_true(live->time_us == clock_wall_us(&world->clock.clock));
    fake_clock_advance(&world->clock, 2500001);
    assert_int_equal(hub_quality(hub, live, 0), QUALITY_STALE);
    assert_int_equal(world->seen, 2);
    assert_string_equal(world->seen_devices[1], "roof");
    store_stop(store);
    check_journal(store, node);
    hub_destroy(hub);
    store_destroy(store);
    device_unref(node);
    test_folder_remove(folder);
}

static void post_and_see(struct world *world, struct hub *hub, const struct device *device)
{
    world->seen = 0;
    hub_post(hub, make_batch(world, device, 1, QUALITY_OK));
    hub_drain(hub);
    assert_int_equal(world->seen, 1);
}

/* The disk comes late: until then batches have neither a place in the journal nor a number. */
static void numbers_nothing_before_the_store_can(void **state)
{
    struct world *world = *state;
    char *folder = test_folder_create();
    char path[256];
    snprintf(path, sizeof(path), "%s/disk", folder);
    struct store_options options = {
        .folder = path, .commit_ms = 50, .journal_days = 2, .journal_mb = 100, .min_free_mb = 1};
    fclose(fopen(path, "w"));
    struct store *store = NULL;
    struct hub *hub = NULL;
    assert_int_equal(store_open(&options, clock_real(), &store), 0);
    store->retry_us = 10000;
    store->next_retry_us = 0;
    assert_int_equal(hub_create(world->loop, store, &hub), 0);
    const struct hub_subscriber subscriber = {.batch = see, .context = world};
    assert_true(hub_subscribe(hub, &subscriber) >= 0);
    const struct device *device = make_device("one", 2);
    hub_add_device(hub, device);
    post_and_see(world, hub, device);
    assert_true(world->seen_positions[0] >= POSITION_UNNUMBERED && world->seen_seqs[0] == 0);
    post_and_see(world, hub, device);
    assert_true(world->seen_positions[0] > POSITION_UNNUMBERED && world->seen_seqs[0] == 0);
    unlink(path);
    assert_int_equal(store_start(store), 0);
    while (!store_is_numbered(store)) {
        usleep(1000);
    }
    post_and_see(world, hub, device);
    assert_int_equal(world->seen_positions[0], 1);
    assert_int_equal(world->seen_seqs[0], 1);
    hub_destroy(hub);
    store_destroy(store);
    device_unref(device);
    test_folder_remove(folder);
}

/* A ledger that cannot be written reserves no more numbers: rather none than one that may come again after a crash. */
static void gives_no_number_that_is_not_reserved(void **state)
{
    struct world *world = *state;
    char *folder = test_folder_create();
    struct store_options options = {
        .folder = folder, .commit_ms = 50, .journal_days = 2, .journal_mb = 100, .min_free_mb = 1};
    struct store *store = NULL;
    struct hub *hub = NULL;
    assert_int_equal(store_open(&options, clock_real(), &store), 0);
    assert_int_equal(hub_create(world->loop, store, &hub), 0);
    const struct hub_subscriber subscriber = {.batch = see, .context = world};
    assert_true(hub_subscribe(hub, &subscriber) >= 0);
    const struct device *device = make_device("one", 2);
    atomic_store(&store->seq_reserved, 3);
    const uint64_t wanted[] = {1, 2, 0, 0, 3, 4};
    for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
        if (i == 4) {
            atomic_store(&store->seq_reserved, 1000);
        }
        post_and_see(world, hub, device);
        assert_int_equal(world->seen_seqs[0], wanted[i]);
        assert_int_equal(world->seen_positions[0], i + 1);
    }
    hub_destroy(hub);
    store_destroy(store);
    device_unref(device);
    test_folder_remove(folder);
}

/* Those that stay keep their state and number; a number of one that went is not given again when it comes back. */
static void devices_come_and_go(void **state)
{
    struct world *world = *state;
    const struct device *one = make_device("m1", 2);
    const struct device *two = make_device("m2", 2);
    const struct device *three = make_device("m3", 2);
    hub_add_device(world->hub, one);
    hub_add_device(world->hub, two);
    assert_true(subscribe(world) >= 0);
    for (int i = 0; i < 3; i++) {
        hub_post(world->hub, make_batch(world, one, 100 + i, QUALITY_OK));
        hub_post(world->hub, make_batch(world, two, 200 + i, QUALITY_OK));
    }
    hub_drain(world->hub);
    const struct device *const later[] = {three, one};
    hub_keep_devices(world->hub, later, ARRAY_SIZE(later));
    assert_int_equal(hub_device_count(world->hub), 2);
    assert_string_equal(hub_device_at(world->hub, 0)->device->id, "m3");
    assert_string_equal(hub_device_at(world->hub, 1)->device->id, "m1");
    assert_null(hub_find_device(world->hub, "m2"));
    assert_int_equal(hub_find_device(world->hub, "m1")->readings[0].count, 102);
    hub_post(world->hub, make_batch(world, one, 103, QUALITY_OK));
    hub_drain(world->hub);
    assert_int_equal(world->seen_seqs[6], 4);
    const struct device *const back[] = {one, two};
    hub_keep_devices(world->hub, back, ARRAY_SIZE(back));
    hub_post(world->hub, make_batch(world, two, 203, QUALITY_OK));
    hub_drain(world->hub);
    assert_true(world->seen_seqs[7] > 3);
    device_unref(one);
    device_unref(two);
    device_unref(three);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(numbers_positions_over_all_and_seq_per_device, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(keeps_the_newest_reading_and_text, setup, teardown),
        cmocka_unit_test_setup_teardown(a_failed_reading_keeps_its_reason, setup, teardown),
        cmocka_unit_test_setup_teardown(a_reading_is_stale_after_two_and_a_half_periods, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_new_layout_begins_a_fresh_state_but_seq_goes_on, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(subscribers_come_and_go, setup, teardown),
        cmocka_unit_test_setup_teardown(devices_come_and_go, setup, teardown),
        cmocka_unit_test_setup_teardown(counts_by_quality, setup, teardown),
        cmocka_unit_test_setup_teardown(takes_batches_from_many_threads, setup, teardown),
        cmocka_unit_test_setup_teardown(appends_to_the_store_and_goes_on_after_a_restart, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(takes_what_is_derived_as_what_is_read, setup, teardown),
        cmocka_unit_test_setup_teardown(numbers_nothing_before_the_store_can, setup, teardown),
        cmocka_unit_test_setup_teardown(gives_no_number_that_is_not_reserved, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
