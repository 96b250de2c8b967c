/* SPDX-License-Identifier: Apache-2.0 */
/* No room: a full disk (a small tmpfs in a mount namespace of the test's own) and a limit on file size. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <unistd.h>

#include "base/mem.h"
#include "store/disk/disk.h"
#include "support/support.h"
#include "unit/store/samples.h"
#include "unit/store/small_disk.h"

static bool is_cursor_written(void *context)
{
    struct store *store = context;
    pthread_mutex_lock(&store->mutex);
    const struct store_cursor *cursor = store_cursor_entry(store, "mqtt");
    const bool is_written = cursor->committed == cursor->wanted;
    pthread_mutex_unlock(&store->mutex);
    return is_written;
}

static void set_cursor_and_wait(struct store *store, uint64_t position)
{
    store_set_cursor(store, "mqtt", position);
    assert_true(test_wait_until(is_cursor_written, store));
}

static bool has_reserve(void *context)
{
    const struct scene *scene = context;
    return count_files(scene->folder, "ledger.reserve") == 1;
}

/* Nothing to shed: live data flow on, the ledger lives on its reserve, and all heals with room. */
static void test_full_disk_drops_and_heals(void **state)
{
    struct scene *scene = *state;
    if (!mount_small_disk(scene, "size=10m")) {
        return;
    }
    struct store *store = open_store(scene->folder, scene->clock, true);
    append_samples(store, scene->device, 1, 100, start_us);
    wait_durable(store, 100);
    assert_true(test_wait_until(has_reserve, scene));
    fill_disk(scene, 0);
    append_samples(store, scene->device, 101, 100, start_us);
    wait_durable(store, 200);
    wait_alarm(store, STORE_DISK_FULL);
    assert_true(store_status(store).dropped == 100);
    for (uint64_t position = 120; position <= 200; position += 40) {
        set_cursor_and_wait(store, position);
    }
    empty_disk(scene);
    uint64_t next = 201;
    for (int i = 0; i < 200 && (store_status(store).alarms & STORE_DISK_FULL); i++) {
        append_samples(store, scene->device, next, 10, start_us);
        next += 10;
        wait_durable(store, next - 1);
    }
    wait_no_alarm(store, STORE_DISK_FULL);
    const struct drained drained = drain(store, 101);
    assert_true(drained.count >= 10 && drained.last == next - 1);
    assert_int_equal(drained.count, drained.last - drained.first + 1);
    assert_true(test_wait_until(has_reserve, scene));
    store_destroy(store);
    store = open_store(scene->folder, scene->clock, false);
    assert_true(store_cursor(store, "mqtt") == 200);
    assert_true(store_next_position(store) == next);
    store_destroy(store);
}

/* A full disk with older days: the oldest makes room and nothing is dropped. */
static void test_full_disk_sheds_the_oldest(void **state)
{
    enum { A_DAY = 40000, AT_ONCE = 10000 };
    struct scene *scene = *state;
    if (!mount_small_disk(scene, "size=24m")) {
        return;
    }
    struct store *store = open_store(scene->folder, scene->clock, true);
    assert_true(store_cursor(store, "mqtt") == 0);
    for (uint64_t first = 1; first < A_DAY; first += AT_ONCE) {
        append_samples(store, scene->device, first, AT_ONCE, start_us);
        wait_durable(store, first + AT_ONCE - 1);
    }
    fake_clock_advance(&scene->fake, day_us);
    append_samples(store, scene->device, A_DAY + 1, 100, start_us + day_us);
    wait_durable(store, A_DAY + 100);
    fill_disk(scene, 1 << 20);
    append_samples(store, scene->device, A_DAY + 101, 100, start_us + day_us);
    wait_durable(store, A_DAY + 200);
    wait_alarm(store, STORE_JOURNAL_SHED);
    const struct store_status status = store_status(store);
    assert_int_equal(status.alarms & STORE_DISK_FULL, 0);
    assert_true(status.dropped == 0);
    const struct drained drained = drain(store, 1);
    assert_true(drained.first == A_DAY + 1 && drained.count == 200);
    store_destroy(store);
}

static void test_start_on_a_full_disk(void **state)
{
    struct scene *scene = *state;
    if (!mount_small_disk(scene, "size=10m")) {
        return;
    }
    struct store *store = open_store(scene->folder, scene->clock, true);
    append_samples(store, scene->device, 1, 100, start_us);
    wait_durable(store, 100);
    assert_true(test_wait_until(has_reserve, scene));
    store_destroy(store);
    fill_disk(scene, 0);
    store = open_store(scene->folder, scene->clock, true);
    assert_true(store_next_position(store) == 101);
    assert_true(store_first_seq(store) > STORE_SEQ_BLOCK);
    assert_int_equal(drain(store, 1).count, 100);
    append_samples(store, scene->device, 101, 10, start_us);
    wait_durable(store, 110);
    wait_alarm(store, STORE_DISK_FULL);
    store_destroy(store);
}

/* Writes that fail for another reason: needs no rights, so this one always runs. */
static void test_file_size_limit_drops_and_heals(void **state)
{
    enum { FILE_BYTES = 400 << 10, EACH = 1000 };
    const unsigned failing = STORE_DISK_FULL | STORE_UNWRITABLE;
    struct scene *scene = *state;
    signal(SIGXFSZ, SIG_IGN);
    struct store *store = open_store(scene->folder, scene->clock, true);
    limit_files(FILE_BYTES);
    uint64_t next = 1;
    for (int i = 0; i < 60 && !(store_status(store).alarms & failing); i++) {
        append_samples(store, scene->device, next, EACH, start_us);
        next += EACH;
        wait_durable(store, next - 1);
    }
    assert_true(store_status(store).alarms & failing);
    const uint64_t dropped = store_status(store).dropped;
    assert_true(dropped >= EACH);
    limit_files(RLIM_INFINITY);
    for (int i = 0; i < 200 && (store_status(store).alarms & failing); i++) {
        append_samples(store, scene->device, next, 10, start_us);
        next += 10;
        wait_durable(store, next - 1);
    }
    wait_no_alarm(store, failing);
    const struct drained drained = drain(store, 1);
    assert_true(drained.last == next - 1);
    assert_int_equal(drained.count + store_status(store).dropped, next - 1);
    store_destroy(store);
}

static bool is_failing(void *context)
{
    return (store_status(context).alarms & (STORE_DISK_FULL | STORE_UNWRITABLE)) != 0;
}

/* Writes that fail for a while and work again: what was queued meanwhile is there, and nothing was told durable before. */
static void test_a_commit_that_fails_is_tried_again(void **state)
{
    enum { FILE_BYTES = 60 << 10, COUNT = 2000 };
    struct scene *scene = *state;
    signal(SIGXFSZ, SIG_IGN);
    struct store *store = open_store(scene->folder, scene->clock, false);
    store->patience_us = 30 * 1000000LL;
    assert_int_equal(store_start(store), 0);
    append_samples(store, scene->device, 1, 20, start_us);
    wait_durable(store, 20);
    limit_files(FILE_BYTES);
    append_samples(store, scene->device, 21, COUNT, start_us);
    assert_true(test_wait_until(is_failing, store));
    assert_true(store_durable(store) == 20);
    append_samples(store, scene->device, 21 + COUNT, 20, start_us);
    usleep(300000);
    assert_true(store_durable(store) == 20 && store_status(store).dropped == 0);
    limit_files(RLIM_INFINITY);
    wait_durable(store, 40 + COUNT);
    wait_no_alarm(store, STORE_DISK_FULL | STORE_UNWRITABLE);
    assert_true(store_status(store).dropped == 0);
    assert_int_equal(drain(store, 1).count, 40 + COUNT);
    store_destroy(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_full_disk_drops_and_heals, scene_set_up,
                                        scene_tear_down),
        cmocka_unit_test_setup_teardown(test_full_disk_sheds_the_oldest, scene_set_up,
                                        scene_tear_down),
        cmocka_unit_test_setup_teardown(test_a_commit_that_fails_is_tried_again, scene_set_up,
                                        scene_tear_down),
        cmocka_unit_test_setup_teardown(test_start_on_a_full_disk, scene_set_up, scene_tear_down),
        cmocka_unit_test_setup_teardown(test_file_size_limit_drops_and_heals, scene_set_up,
                                        scene_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
