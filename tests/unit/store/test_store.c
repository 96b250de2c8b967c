/* SPDX-License-Identifier: Apache-2.0 */
/* The store as its users see it: commits, cursors, numbering over restarts, reading back, history, clocks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "support/support.h"
#include "unit/store/samples.h"

static void note_durable(void *context, uint64_t durable)
{
    atomic_uint_least64_t *seen = context;
    assert_true(durable > atomic_load(seen));
    atomic_store(seen, durable);
}

static void test_commit_makes_durable_and_tells(void **state)
{
    struct scene *scene = *state;
    atomic_uint_least64_t seen = 0;
    struct store *store = open_store(scene->folder, scene->clock, false);
    assert_true(store_next_position(store) == 1);
    assert_true(store_durable(store) == 0);
    assert_int_equal(store_status(store).alarms, 0);
    store_on_durable(store, note_durable, &seen);
    assert_int_equal(store_start(store), 0);
    append_samples(store, scene->device, 1, 100, start_us);
    wait_durable(store, 100);
    const struct drained drained = drain(store, 0);
    assert_int_equal(drained.count, 100);
    assert_true(drained.first == 1 && drained.last == 100);
    store_stop(store);
    assert_true(atomic_load(&seen) == 100);
    const struct store_status status = store_status(store);
    assert_true(status.commits >= 1 && status.dropped == 0 && status.durable == 100);
    assert_true(status.journal_bytes > 0 && status.oldest_day_us == start_us);
    store_destroy(store);
}

static void test_cursor_follows_and_never_passes_durable(void **state)
{
    struct scene *scene = *state;
    struct store *store = open_store(scene->folder, scene->clock, true);
    assert_true(store_cursor(store, "mqtt") == 0);
    append_samples(store, scene->device, 1, 100, start_us);
    wait_durable(store, 100);
    store_set_cursor(store, "mqtt", 60);
    store_set_cursor(store, "mqtt", 50);
    assert_true(store_cursor(store, "mqtt") == 60);
    store_set_cursor(store, "influx", 5000);
    assert_true(store_cursor(store, "influx") == 100);
    store_destroy(store);
    store = open_store(scene->folder, scene->clock, true);
    assert_true(store_cursor(store, "mqtt") == 60);
    assert_true(store_cursor(store, "influx") == 100);
    assert_true(store_cursor(store, "other") == 0);
    append_samples(store, scene->device, 101, 1, start_us);
    wait_durable(store, 101);
    assert_true(store_cursor(store, "influx") == 100);
    store_destroy(store);
}

static bool is_cursor_on_disk(void *context)
{
    struct store *store = context;
    pthread_mutex_lock(&store->mutex);
    const uint64_t committed = store_cursor_entry(store, "mqtt")->committed;
    pthread_mutex_unlock(&store->mutex);
    return committed == 7;
}

/* Nothing but the cursor moves: the sleeping thread must still write it. */
static void test_cursor_is_written_when_nothing_else_happens(void **state)
{
    struct scene *scene = *state;
    struct store *store = open_store(scene->folder, scene->clock, true);
    append_samples(store, scene->device, 1, 10, start_us);
    wait_durable(store, 10);
    store_set_cursor(store, "mqtt", 7);
    assert_true(test_wait_until(is_cursor_on_disk, store));
    store_destroy(store);
}

static void test_numbers_go_on_after_restarts(void **state)
{
    struct scene *scene = *state;
    uint64_t next = 1;
    uint64_t highest_seq = 0;
    for (int run = 0; run < 5; run++) {
        struct store *store = open_store(scene->folder, scene->clock, true);
        assert_true(store_next_position(store) == next);
        assert_true(store_durable(store) == next - 1);
        assert_true(store_first_seq(store) > highest_seq);
        assert_true(store_reserved_seq(store) >= store_first_seq(store) + STORE_SEQ_BLOCK);
        append_samples(store, scene->device, next, 40, start_us);
        highest_seq = store_first_seq(store) + 39;
        next += 40;
        store_destroy(store); /* commits what waits */
    }
    struct store *store = open_store(scene->folder, scene->clock, false);
    const struct drained drained = drain(store, 1);
    assert_int_equal(drained.count, 200);
    assert_true(drained.highest_seq == highest_seq);
    store_destroy(store);
    assert_int_equal(count_files(scene->journal, ".db"), 1);
}

static void test_sequence_block_is_extended_in_time(void **state)
{
    struct scene *scene = *state;
    struct store *store = open_store(scene->folder, scene->clock, true);
    const uint64_t reserved = store_reserved_seq(store);
    const uint64_t used = store_first_seq(store) + STORE_SEQ_BLOCK * 3 / 4;
    store_seq_used(store, used);
    store_seq_used(store, 1);
    append_samples(store, scene->device, 1, 1, start_us);
    wait_durable(store, 1);
    store_stop(store);
    assert_true(store_reserved_seq(store) > reserved);
    assert_true(store_reserved_seq(store) >= used + STORE_SEQ_BLOCK);
    const uint64_t extended = store_reserved_seq(store);
    store_destroy(store);
    store = open_store(scene->folder, scene->clock, false);
    assert_true(store_first_seq(store) >= extended);
    store_destroy(store);
}

static void test_second_daemon_is_refused(void **state)
{
    struct scene *scene = *state;
    const struct store_options options = sample_options(scene->folder);
    struct store *other = NULL;
    struct store *store = open_store(scene->folder, scene->clock, true);
    assert_int_equal(store_open(&options, scene->clock, &other), -EBUSY);
    assert_null(other);
    store_destroy(store);
    assert_int_equal(store_open(&options, scene->clock, &other), 0);
    store_destroy(other);
}

static void test_full_mailbox_refuses(void **state)
{
    struct scene *scene = *state;
    struct store *store = open_store(scene->folder, scene->clock, false);
    struct batch *batch = sample_batch(scene->device, 1, 1, start_us);
    size_t taken = 0;
    while (store_append(store, batch) == 0) {
        taken++;
    }
    assert_true(taken >= 32768);
    assert_int_equal(store_append(store, batch), -ENOSPC);
    assert_true(store_status(store).dropped == 2);
    batch_unref(batch);
    store_destroy(store);
}

static int64_t file_number(const struct scene *scene, const char *query)
{
    int64_t value = -1;
    bool found = false;
    sqlite3 *db = NULL;
    char *path = find_file(scene->journal, ".db");
    assert_non_null(path);
    assert_int_equal(sql_open(path, SQL_READ, 64, &db), 0);
    assert_int_equal(sql_get_int(db, query, &value, &found), 0);
    sql_close(db);
    free(path);
    return value;
}

static void test_same_layout_is_stored_once(void **state)
{
    struct scene *scene = *state;
    struct device *twin = sample_device("meter-1");
    struct device *other = sample_device("meter-2");
    for (int run = 0; run < 2; run++) {
        struct store *store = open_store(scene->folder, scene->clock, true);
        const uint64_t next = store_next_position(store);
        append_samples(store, scene->device, next, 3, start_us);
        append_samples(store, twin, next + 3, 3, start_us);
        append_samples(store, other, next + 6, 3, start_us);
        store_destroy(store);
    }
    assert_int_equal(file_number(scene, "SELECT count(*) FROM layout"), 2);
    assert_int_equal(
        file_number(scene, "SELECT sum(last_position - first_position + 1) FROM block"), 18);
    device_unref(twin);
    device_unref(other);
}

static void test_reader_begins_anywhere(void **state)
{
    struct scene *scene = *state;
    struct store *store = open_store(scene->folder, scene->clock, true);
    struct journal_reader *reader = NULL;
    struct batch *batch = NULL;
    size_t count = 1;
    assert_int_equal(journal_reader_open(store, &reader), 0);
    assert_int_equal(journal_reader_next(reader, 1, &batch, 1, &count), 0);
    assert_int_equal(count, 0);
    for (uint64_t first = 1; first < 100; first += 10) {
        append_samples(store, scene->device, first, 5, start_us); /* gaps: 6..10, 16..20, ... */
        wait_durable(store, first + 4);
    }
    for (uint64_t from = 0; from <= 95; from++) {
        const uint64_t tail = from == 0 ? 1 : (from - 1) % 10;
        const uint64_t expected = from == 0 ? 1 : tail < 5 ? from : from + 10 - tail;
        assert_int_equal(journal_reader_next(reader, from, &batch, 1, &count), 0);
        assert_int_equal(count, 1);
        assert_true(batch->position == expected);
        sample_check(batch);
        batch_unref(batch);
    }
    assert_int_equal(journal_reader_next(reader, 96, &batch, 1, &count), 0);
    assert_int_equal(count, 0);
    journal_reader_close(reader);
    store_destroy(store);
}

static void test_days_and_stepped_clocks(void **state)
{
    struct scene *scene = *state;
    static const int64_t steps_us[] = {0,           day_us,     -day_us / 2,   day_us / 2,
                                       -3 * day_us, 3 * day_us, -400 * day_us, hour_us,
                                       401 * day_us};
    static const size_t files[] = {1, 2, 2, 2, 2, 2, 3, 3, 4};
    struct store *store = open_store(scene->folder, scene->clock, true);
    uint64_t next = 1;
    for (size_t i = 0; i < ARRAY_SIZE(steps_us); i++) {
        fake_clock_step_wall(&scene->fake, steps_us[i]);
        append_samples(store, scene->device, next, 10, clock_wall_us(scene->clock));
        next += 10;
        wait_durable(store, next - 1);
        assert_int_equal(drain(store, 1).count, next - 1);
        assert_int_equal(count_files(scene->journal, ".db") - count_files(scene->journal, ".db-"),
                         files[i]);
        if (i % 3 == 2) { /* the order of files must be found again as well */
            store_destroy(store);
            store = open_store(scene->folder, scene->clock, true);
            assert_true(store_next_position(store) == next);
        }
    }
    assert_int_equal(drain(store, 1).count, next - 1);
    store_destroy(store);
}

static int64_t day_file_bytes(const struct scene *scene)
{
    char *path = find_file(scene->journal, ".db");
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    const int64_t bytes = ftell(file);
    fclose(file);
    free(path);
    return bytes;
}

enum { FLEET = 500 };

/* Seconds of the whole fleet, half a second a commit; the file is closed and whole afterwards. */
static void commit_seconds(struct scene *scene, struct device **fleet, uint64_t first,
                           uint64_t seconds)
{
    static const struct journal_limits limits = {.days = 90, .bytes = 1000000000};
    uint64_t random = first;
    struct alarms alarms;
    struct journal *journal = NULL;
    struct batch *batches[FLEET / 2];
    uint64_t refused = 0;
    alarms_init(&alarms);
    assert_int_equal(journal_open(scene->journal, &limits, scene->clock, &alarms, &journal), 0);
    for (uint64_t half = 0; half < 2 * seconds; half++) {
        for (size_t i = 0; i < FLEET / 2; i++) {
            const size_t which = i + (half % 2) * (FLEET / 2);
            const uint64_t second = first + half / 2;
            batches[i] =
                noisy_batch(fleet[which], 1 + second * FLEET + which, second,
                            start_us + (int64_t)second * 1000000 + (int64_t)which * 2000, &random);
        }
        assert_int_equal(journal_commit(journal, batches, FLEET / 2, UINT64_MAX, &refused), 0);
        for (size_t i = 0; i < FLEET / 2; i++) {
            batch_unref(batches[i]);
        }
    }
    assert_int_equal(refused, 0);
    journal_close(journal);
    alarms_finish(&alarms);
}

/* 500 devices x 20 noisy values a second: at most 4.5 bytes a value in the SQLite file, everything included but the
 * layouts, which a day writes once. */
static void test_bytes_per_value(void **state)
{
    enum { SECONDS = 20 };
    struct scene *scene = *state;
    struct device *fleet[FLEET];
    for (size_t i = 0; i < FLEET; i++) {
        char id[16];
        snprintf(id, sizeof(id), "meter-%zu", i);
        fleet[i] = sample_device(id);
    }
    commit_seconds(scene, fleet, 0, 1);
    const int64_t before = day_file_bytes(scene);
    commit_seconds(scene, fleet, 1, SECONDS);
    const double bytes =
        (double)(day_file_bytes(scene) - before) / (FLEET * SAMPLE_POINTS * SECONDS);
    print_message("%.2f bytes a value, %.0f bytes a layout\n", bytes, (double)before / FLEET);
    assert_true(bytes <= 4.5);
    for (size_t i = 0; i < FLEET; i++) {
        device_unref(fleet[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_commit_makes_durable_and_tells, scene_set_up,
                                        scene_tear_down),
        cmocka_unit_test_setup_teardown(test_cursor_follows_and_never_passes_durable, scene_set_up,
                                        scene_tear_down),
        cmocka_unit_test_setup_teardown(test_cursor_is_written_when_nothing_else_happens,
                                        scene_set_up, scene_tear_down),
        cmocka_unit_test_setup_teardown(test_numbers_go_on_after_restarts, scene_set_up,
                                        scene_tear_down),
        cmocka_unit_test_setup_teardown(test_sequence_block_is_extended_in_time, scene_set_up,
                                        scene_tear_down),
        cmocka_unit_test_setup_teardown(test_second_daemon_is_refused, scene_set_up,
                                        scene_tear_down),
        cmocka_unit_test_setup_teardown(test_full_mailbox_refuses, scene_set_up, scene_tear_down),
        cmocka_unit_test_setup_teardown(test_same_layout_is_stored_once, scene_set_up,
                                        scene_tear_down),
        cmocka_unit_test_setup_teardown(test_reader_begins_anywhere, scene_set_up, scene_tear_down),
        cmocka_unit_test_setup_teardown(test_days_and_stepped_clocks, scene_set_up,
                                        scene_tear_down),
        cmocka_unit_test_setup_teardown(test_bytes_per_value, scene_set_up, scene_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
