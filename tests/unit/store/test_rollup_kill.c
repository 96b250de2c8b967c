/* SPDX-License-Identifier: Apache-2.0 */
/* kill -9 at any moment of writing, merging and working out: what the roll-ups say afterwards is what a rebuild from the
 * journal gives, nothing missing and nothing twice. A disk that fills up likewise. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "store/disk/disk.h"
#include "store/rollup/gather.h"
#include "support/support.h"
#include "unit/store/samples.h"

enum {
    ROUNDS = 24,
    BATCH_S = 10, /* between two batches of the model's time */
    CHECKED = 4,  /* points */
};

static const size_t checked[CHECKED] = {0, 9, 16,
                                        17}; /* a voltage, a power, the frequency, a counter */

/* Two hours late now and then. */
static int64_t time_of(uint64_t position)
{
    return start_us + (int64_t)position * BATCH_S * 1000000 -
           (position % 37 == 0 ? 2 * hour_us : 0);
}

static void hurry(struct store *store)
{
    store->rollups->flush_us = 3000;
    store->rollups->bytes_max = 500;
}

static void run_child(const char *folder, atomic_uint_least64_t *durable)
{
    struct store_options options = sample_options(folder);
    struct fake_clock fake;
    struct store *store = NULL;
    struct device *device = sample_device("meter-1");
    fake_clock_init(&fake, 0, start_us);
    if (store_open(&options, &fake.clock, &store) < 0) {
        _exit(2);
    }
    hurry(store);
    uint64_t position = store_next_position(store);
    fake_clock_step_wall(&fake, (int64_t)position * BATCH_S * 1000000);
    if (store_start(store) < 0) {
        _exit(3);
    }
    for (;; position++) {
        struct batch *batch = sample_batch(device, position, position, time_of(position));
        if (store_append(store, batch) < 0) {
            _exit(4);
        }
        batch_unref(batch);
        fake_clock_advance(&fake, BATCH_S * 1000000);
        if (position % 64 == 0) {
            atomic_store(durable, store_durable(store));
            const int ignored = rollups_settle(store->rollups);
            (void)ignored;
            usleep(4000);
        }
    }
}

static bool has_committed(void *context)
{
    return atomic_load((atomic_uint_least64_t *)context) > 0;
}

static void kill_somewhen(const char *folder, atomic_uint_least64_t *durable, uint64_t *random)
{
    atomic_store(durable, 0);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        run_child(folder, durable);
    }
    const bool has_begun = test_wait_until(has_committed, durable);
    usleep((useconds_t)(test_random(random) % 250000));
    assert_int_equal(kill(child, SIGKILL), 0);
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(has_begun);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static struct gather cells_of(struct store *store, const struct device *device, size_t point,
                              enum tier_kind kind, int64_t end_us)
{
    const int64_t slot_us = tier_shape(kind)->slot_us;
    struct gather gather = {.rollups = store->rollups,
                            .device = device->id,
                            .point = device->points[point].name,
                            .kind = kind,
                            .first = (start_us - 3 * hour_us) / slot_us};
    gather.count = (size_t)(end_us / slot_us + 1 - gather.first);
    assert_int_equal(gather_cells(&gather), 0);
    return gather;
}

static int64_t end_of(const struct store *store)
{
    return start_us + (int64_t)(store_durable(store) + 1) * BATCH_S * 1000000;
}

static uint64_t count_good(const struct gather *gather)
{
    uint64_t good = 0;
    for (size_t i = 0; i < gather->count; i++) {
        good += gather->cells[i].good;
    }
    return good;
}

/* Each batch once, in every tier, settled or not. */
static void check_counts(struct store *store, const struct device *device)
{
    const uint64_t batches = drain(store, 1).count;
    const int64_t end_us = end_of(store);
    for (int i = 0; i < CHECKED; i++) {
        struct gather minutes = cells_of(store, device, checked[i], TIER_MINUTES, end_us);
        struct gather hours = cells_of(store, device, checked[i], TIER_HOURS, end_us);
        assert_int_equal(count_good(&minutes), batches);
        assert_int_equal(count_good(&hours), batches);
        gather_finish(&minutes);
        gather_finish(&hours);
    }
}

static void check_survivors(const char *folder, const struct device *device)
{
    struct fake_clock fake;
    fake_clock_init(&fake, 0, start_us);
    struct store *store = open_store(folder, &fake.clock, true);
    hurry(store);
    assert_int_equal(rollups_settle(store->rollups), 0);
    check_counts(store, device);
    assert_int_equal(store_status(store).alarms, 0);
    store_destroy(store);
}

static void take_all(const char *folder, const struct device *device, struct gather *out)
{
    struct fake_clock fake;
    fake_clock_init(&fake, 0, start_us);
    struct store *store = open_store(folder, &fake.clock, true);
    const int64_t end_us = end_of(store);
    assert_int_equal(rollups_settle(store->rollups), 0);
    for (int i = 0; i < 2 * CHECKED; i++) {
        out[i] =
            cells_of(store, device, checked[i / 2], i % 2 == 0 ? TIER_MINUTES : TIER_HOURS, end_us);
    }
    store_destroy(store);
}

static void assert_same(const struct gather *one, const struct gather *other)
{
    assert_int_equal(one->count, other->count);
    for (size_t i = 0; i < one->count; i++) {
        const struct cell *left = &one->cells[i];
        const struct cell *right = &other->cells[i];
        assert_true(left->min == right->min && left->max == right->max);
        assert_true(left->sum == right->sum && left->last == right->last);
        assert_true(left->good == right->good && left->bad == right->bad);
        assert_true(left->last_ms == right->last_ms && left->worst == right->worst);
    }
}

static void check_rebuild(const char *folder, const struct device *device)
{
    struct gather there[2 * CHECKED];
    struct gather rebuilt[2 * CHECKED];
    take_all(folder, device, there);
    test_folder_remove(mem_format("%s/rollup", folder));
    take_all(folder, device, rebuilt);
    for (int i = 0; i < 2 * CHECKED; i++) {
        assert_same(&there[i], &rebuilt[i]);
        gather_finish(&there[i]);
        gather_finish(&rebuilt[i]);
    }
}

static void killed_it_is_what_a_rebuild_gives(void **state)
{
    uint64_t random = 815;
    char *folder = test_folder_create();
    struct device *device = sample_device("meter-1");
    (void)state;
    atomic_uint_least64_t *durable =
        mmap(NULL, sizeof(*durable), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(durable != MAP_FAILED);
    for (int round = 0; round < ROUNDS; round++) {
        kill_somewhen(folder, durable, &random);
        check_survivors(folder, device);
    }
    print_message("%d kills, %llu batches\n", ROUNDS, (unsigned long long)atomic_load(durable));
    check_rebuild(folder, device);
    munmap(durable, sizeof(*durable));
    device_unref(device);
    test_folder_remove(folder);
}

/* Once a process: the namespace is the test's own, and ends with it. */
static bool own_mounts(void)
{
    return (unshare(CLONE_NEWNS) == 0 || unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0) &&
           mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
}

static void fill_folder(const char *path, bool is_full)
{
    static const char block[4096] = {1};
    char *ballast = mem_format("%s/ballast", path);
    unlink(ballast);
    const int fd = open(ballast, O_WRONLY | O_CREAT, 0640);
    assert_true(fd >= 0);
    while (is_full && write(fd, block, sizeof(block)) == (ssize_t)sizeof(block)) {
    }
    close(fd);
    free(ballast);
}

/* The folder of the roll-ups is full, the journal is not: what could not be written is made from the journal later. */
static void a_full_disk_heals(void **state)
{
    struct scene *scene = *state;
    char *folder = mem_format("%s/rollup", scene->folder);
    assert_int_equal(disk_make_folder(folder), 0);
    if (!own_mounts() || mount("tmpfs", folder, "tmpfs", 0, "size=2m") != 0) {
        print_message("skipped: mounting a small tmpfs is not permitted here\n");
        free(folder);
        skip();
    }
    struct store *store = open_store(scene->folder, scene->clock, true);
    hurry(store);
    append_samples(store, scene->device, 1, 100, start_us);
    wait_durable(store, 100);
    assert_int_equal(rollups_settle(store->rollups), 0);
    fill_folder(folder, true);
    append_samples(store, scene->device, 101, 2000, start_us + hour_us);
    wait_durable(store, 2100);
    assert_true(rollups_settle(store->rollups) < 0);
    wait_alarm(store, STORE_DISK_FULL);
    fill_folder(folder, false);
    assert_int_equal(rollups_settle(store->rollups), 0);
    check_counts(store, scene->device);
    wait_no_alarm(store, STORE_DISK_FULL);
    store_destroy(store);
    umount(folder);
    free(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(killed_it_is_what_a_rebuild_gives),
        cmocka_unit_test_setup_teardown(a_full_disk_heals, scene_set_up, scene_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
