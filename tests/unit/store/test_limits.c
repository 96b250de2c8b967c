/* SPDX-License-Identifier: Apache-2.0 */
/* The journal's limits: what goes, when, and who is told before. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <unistd.h>

#include "support/support.h"
#include "unit/store/samples.h"

static void test_limit_of_days(void **state)
{
    struct scene *scene = *state;
    struct store_options options = sample_options(scene->folder);
    options.journal_days = 3;
    struct store *store = open_store_with(&options, scene->clock, true);
    assert_true(store_cursor(store, "mqtt") == 0);
    uint64_t next = 1;
    for (int day = 1; day <= 4; day++) {
        append_samples(store, scene->device, next, 10, clock_wall_us(scene->clock));
        next += 10;
        wait_durable(store, next - 1);
        if (day == 2) {
            assert_int_equal(store_status(store).alarms, 0);
        } else if (day == 3) {
            wait_alarm(store, STORE_NEAR_LIMIT);
            assert_false(store_status(store).alarms & STORE_JOURNAL_SHED);
        } else if (day == 4) {
            wait_alarm(store, STORE_JOURNAL_SHED);
        }
        fake_clock_advance(&scene->fake, day_us);
    }
    const struct drained drained = drain(store, 1);
    assert_true(drained.first == 11 && drained.last == 40);
    store_set_cursor(store, "mqtt", 40);
    assert_int_equal(rollups_settle(store->rollups), 0);
    wait_no_alarm(store, STORE_NEAR_LIMIT);
    /* What all sinks have may go without a word. */
    store_acknowledge(store, STORE_JOURNAL_SHED);
    append_samples(store, scene->device, next, 10, clock_wall_us(scene->clock));
    wait_durable(store, next + 9);
    assert_int_equal(rollups_settle(store->rollups), 0);
    wait_no_alarm(store, STORE_JOURNAL_SHED);
    store_destroy(store);
    assert_int_equal(count_files(scene->journal, ".db"), 3);
}

/* A clock that jumps years ahead and back sheds nothing. */
static void test_jumping_clock_sheds_nothing(void **state)
{
    struct scene *scene = *state;
    struct store_options options = sample_options(scene->folder);
    options.journal_days = 3;
    struct store *store = open_store_with(&options, scene->clock, true);
    append_samples(store, scene->device, 1, 10, start_us);
    wait_durable(store, 10);
    fake_clock_step_wall(&scene->fake, 3650 * day_us);
    append_samples(store, scene->device, 11, 10, start_us);
    wait_durable(store, 20);
    fake_clock_step_wall(&scene->fake, -3650 * day_us);
    append_samples(store, scene->device, 21, 10, start_us);
    wait_durable(store, 30);
    store_destroy(store);
    store = open_store_with(&options, scene->clock, true);
    append_samples(store, scene->device, 31, 10, start_us);
    wait_durable(store, 40);
    store_stop(store);
    assert_int_equal(drain(store, 1).count, 40);
    store_destroy(store);
}

static void test_limit_of_size(void **state)
{
    enum { ROUNDS = 60, EACH = 600 };
    struct scene *scene = *state;
    struct store_options options = sample_options(scene->folder);
    options.journal_mb = 1;
    struct store *store = open_store_with(&options, scene->clock, true);
    assert_true(store_cursor(store, "mqtt") == 0);
    bool was_near = false;
    uint64_t next = 1;
    unsigned alarms = 0;
    for (int i = 0; i < ROUNDS && !(alarms & STORE_JOURNAL_SHED); i++) {
        append_samples(store, scene->device, next, EACH, start_us);
        next += EACH;
        wait_durable(store, next - 1);
        usleep(50000);
        alarms = store_status(store).alarms;
        was_near |= (alarms & STORE_NEAR_LIMIT) != 0;
        assert_true(was_near || !(alarms & STORE_JOURNAL_SHED));
    }
    wait_alarm(store, STORE_JOURNAL_SHED);
    assert_true(store_status(store).journal_bytes < 1700000);
    const struct drained drained = drain(store, 1);
    assert_true(drained.first > 1 && drained.last == next - 1);
    assert_int_equal(drained.count, drained.last - drained.first + 1);
    store_destroy(store);
}

/* A reader that stands in a file when it is shed goes on with the next, and its file gives its room back. */
static void test_reader_survives_shedding(void **state)
{
    struct scene *scene = *state;
    struct store_options options = sample_options(scene->folder);
    struct journal_reader *reader = NULL;
    struct batch *batch = NULL;
    size_t count = 0;
    write_days(scene, 3, 2000);
    options.journal_days = 2;
    struct store *store = open_store_with(&options, scene->clock, false);
    assert_int_equal(journal_reader_open(store, &reader), 0);
    assert_int_equal(journal_reader_next(reader, 1, &batch, 1, &count), 0);
    assert_int_equal(count, 1);
    batch_unref(batch);
    assert_int_equal(store_start(store), 0);
    wait_alarm(store, 0);
    for (int i = 0; i < 400 && count_files(scene->journal, "2026-11-23") > 0; i++) {
        usleep(50000);
    }
    assert_int_equal(count_files(scene->journal, "2026-11-23"), 0);
    uint64_t from = 2;
    size_t rest = 0;
    do {
        assert_int_equal(journal_reader_next(reader, from, &batch, 1, &count), 0);
        if (count > 0) {
            from = batch->position + 1;
            rest += batch->position > 2000;
            sample_check(batch);
            batch_unref(batch);
        }
    } while (count > 0);
    assert_int_equal(rest, 4000);
    assert_int_equal(store_status(store).alarms & STORE_JOURNAL_CORRUPT, 0);
    assert_true(store_status(store).bad_blocks == 0);
    journal_reader_close(reader);
    store_destroy(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_limit_of_days, scene_set_up, scene_tear_down),
        cmocka_unit_test_setup_teardown(test_jumping_clock_sheds_nothing, scene_set_up,
                                        scene_tear_down),
        cmocka_unit_test_setup_teardown(test_limit_of_size, scene_set_up, scene_tear_down),
        cmocka_unit_test_setup_teardown(test_reader_survives_shedding, scene_set_up,
                                        scene_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
