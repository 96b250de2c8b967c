/* SPDX-License-Identifier: Apache-2.0 */
/* store_write when things go wrong: kill -9, a full disk, a commit that fails; and how long an urgent one takes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "support/support.h"
#include "unit/store/small_disk.h"
#include "unit/store/trial.h"

static struct store *open_trial(const char *folder, const struct clock *clock)
{
    struct store *store = open_store(folder, clock, false);
    trial_make_table(folder);
    assert_int_equal(store_start(store), 0);
    return store;
}

static struct store_writer *open_writer(struct store *store, size_t waiting_max)
{
    struct store_writer *writer = NULL;
    assert_int_equal(store_writer_create(store, "trial", waiting_max, &writer), 0);
    return writer;
}

/* --- kill -9 --- */

enum { ROUNDS = 12, PER_WRITE = 3 };

struct testament {
    atomic_int_least64_t durable; /* the last write that was told so */
    atomic_int_least64_t sent;
};

static void note_durable(void *context, const struct store_result *result)
{
    atomic_int_least64_t *durable = context;
    if (result->error != 0) {
        _exit(5);
    }
    atomic_fetch_add(durable, 1);
}

static void write_number(struct store_writer *writer, int64_t number, uint64_t durable,
                         struct testament *testament)
{
    struct store_write *write = store_write_begin();
    for (int64_t i = 0; i < PER_WRITE; i++) {
        const struct trial_row row = {
            .id = number * PER_WRITE + i, .name = "row", .amount = (double)durable};
        store_write_insert(write, &trial_table, &row);
    }
    store_write_cursor(write, "energy", durable);
    const enum store_urgency urgency = number % 7 == 0 ? STORE_AT_ONCE : STORE_WITH_NEXT;
    atomic_store(&testament->sent, number);
    if (store_write_send(writer, write, urgency, note_durable, &testament->durable) < 0) {
        _exit(6);
    }
}

static void run_child(const char *folder, struct testament *testament, int64_t number)
{
    enum { WAITING = 200 };
    struct device *device = sample_device("meter-1");
    struct store *store = open_trial(folder, clock_real());
    struct store_writer *writer = open_writer(store, WAITING);
    uint64_t position = store_next_position(store);
    int64_t waiting = 0;
    for (;; number++, position++) {
        append_samples(store, device, position, 1, start_us);
        write_number(writer, number, store_durable(store), testament);
        waiting++;
        if (waiting > WAITING / 2 || number % 5 == 0) {
            struct pollfd fd = {.fd = store_writer_fd(writer), .events = POLLIN};
            (void)poll(&fd, 1, 5);
            waiting -= (int64_t)store_writer_settle(writer);
        }
    }
}

static bool has_written(void *context)
{
    struct testament *testament = context;
    return atomic_load(&testament->durable) > 0;
}

static void kill_somewhen(const char *folder, struct testament *testament, int64_t number,
                          uint64_t *random)
{
    atomic_store(&testament->durable, 0);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        run_child(folder, testament, number);
    }
    const bool has_begun = test_wait_until(has_written, testament);
    usleep((useconds_t)(test_random(random) % 200000));
    assert_int_equal(kill(child, SIGKILL), 0);
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(has_begun && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

struct found {
    int64_t next; /* id */
    uint64_t cursor;
};

static bool follow(void *context, const void *row)
{
    struct found *found = context;
    const struct trial_row *trial = row;
    assert_true(trial->id == found->next);
    found->next++;
    found->cursor = (uint64_t)trial->amount;
    return true;
}

/* All that were told durable, whole ones only, and the cursor of the last one. */
static int64_t check_survivors(const char *folder, const struct testament *testament, int64_t first)
{
    struct found found = {.next = PER_WRITE};
    struct store *store = open_store(folder, clock_real(), false);
    assert_int_equal(store_status(store).alarms, 0);
    assert_int_equal(
        store_read_rows(store, &trial_table, 0, INT64_MAX, SIZE_MAX / 2, follow, &found), 0);
    assert_int_equal(found.next % PER_WRITE, 0);
    const int64_t next = found.next / PER_WRITE;
    assert_true(next >= first + atomic_load(&testament->durable));
    assert_true(next <= atomic_load(&testament->sent) + 1);
    assert_true(store_cursor(store, "energy") == found.cursor);
    store_destroy(store);
    return next;
}

static void test_kill(void **state)
{
    uint64_t random = 815;
    int64_t next = 1;
    char *folder = test_folder_create();
    struct testament *testament =
        mmap(NULL, sizeof(*testament), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    (void)state;
    assert_true(testament != MAP_FAILED);
    for (int round = 0; round < ROUNDS; round++) {
        kill_somewhen(folder, testament, next, &random);
        next = check_survivors(folder, testament, next);
    }
    print_message("%d kills, %lld writes, each whole or not at all\n", ROUNDS, (long long)next - 1);
    munmap(testament, sizeof(*testament));
    test_folder_remove(folder);
}

/* --- no room --- */

static struct store_write *large_write(int64_t from, size_t rows)
{
    struct store_write *write = store_write_begin();
    char note[4000];
    memset(note, 'n', sizeof(note));
    note[sizeof(note) - 1] = '\0';
    for (size_t i = 0; i < rows; i++) {
        const struct trial_row row = {.id = from + (int64_t)i, .name = "large", .note = note};
        store_write_insert(write, &trial_table, &row);
    }
    return write;
}

static struct store_write *small_write(int64_t id)
{
    struct store_write *write = store_write_begin();
    store_write_insert(write, &trial_table, &(struct trial_row){.id = id, .name = "small"});
    return write;
}

static bool has_reserve(void *context)
{
    const struct scene *scene = context;
    return count_files(scene->folder, "ledger.reserve") == 1;
}

/* A large one is refused whole; a small one that was sent with it lives on the reserve. */
static void check_no_room(struct store *store, struct store_writer *writer)
{
    struct verdict large = {0};
    struct verdict small = {0};
    assert_int_equal(
        store_write_send(writer, large_write(1000, 2000), STORE_WITH_NEXT, note_verdict, &large),
        0);
    assert_int_equal(store_write_send(writer, small_write(1), STORE_AT_ONCE, note_verdict, &small),
                     0);
    wait_settled(writer, 2);
    assert_int_equal(large.result.error, -ENOSPC);
    assert_true(strlen(large.result.reason) > 5);
    assert_int_equal(small.result.error, 0);
    assert_int_equal(trial_count(store, 1000, 2999), 0);
    assert_int_equal(trial_count(store, 1, 1), 1);
    wait_alarm(store, STORE_DISK_FULL);
}

static void test_full_disk(void **state)
{
    struct scene *scene = *state;
    if (!mount_small_disk(scene, "size=10m")) {
        return;
    }
    struct store *store = open_trial(scene->folder, scene->clock);
    struct store_writer *writer = open_writer(store, 4);
    assert_true(test_wait_until(has_reserve, scene));
    fill_disk(scene, 0);
    check_no_room(store, writer);
    empty_disk(scene);
    assert_int_equal(write_through(writer, large_write(1000, 200), STORE_AT_ONCE).error, 0);
    assert_int_equal(trial_count(store, 1000, 1199), 200);
    wait_no_alarm(store, STORE_DISK_FULL);
    store_writer_destroy(writer);
    store_destroy(store);
    store = open_store(scene->folder, scene->clock, false);
    assert_int_equal(trial_count(store, 0, 100000), 201);
    store_destroy(store);
}

/* The commit itself fails, here by a limit on the size of files; needs no rights. */
static void test_a_commit_that_fails(void **state)
{
    struct scene *scene = *state;
    signal(SIGXFSZ, SIG_IGN);
    struct store *store = open_trial(scene->folder, scene->clock);
    struct store_writer *writer = open_writer(store, 4);
    assert_int_equal(write_through(writer, small_write(7), STORE_AT_ONCE).error, 0);
    limit_files(256 << 10);
    check_no_room(store, writer);
    limit_files(RLIM_INFINITY);
    assert_int_equal(write_through(writer, large_write(1000, 200), STORE_AT_ONCE).error, 0);
    assert_int_equal(trial_count(store, INT64_MIN, INT64_MAX), 202);
    store_writer_destroy(writer);
    store_destroy(store);
}

/* --- how long an urgent one takes --- */

enum { SAMPLES = 300, P50 = SAMPLES / 2, P99 = SAMPLES * 99 / 100 };

static int compare(const void *one, const void *other)
{
    const int64_t difference = *(const int64_t *)one - *(const int64_t *)other;
    return difference > 0 ? 1 : -(difference < 0);
}

static void sort(int64_t *times_us)
{
    qsort(times_us, SAMPLES, sizeof(*times_us), compare);
}

/* What the disk of the folder takes for 4 KiB by itself, at the same time. */
static int64_t measure_disk(int fd)
{
    static const char block[4096] = {1};
    const int64_t began_us = clock_mono_us(clock_real());
    assert_true(write(fd, block, sizeof(block)) == (ssize_t)sizeof(block));
    assert_int_equal(fdatasync(fd), 0);
    return clock_mono_us(clock_real()) - began_us;
}

static int64_t measure_write(struct store_writer *writer, int64_t number)
{
    const int64_t began_us = clock_mono_us(clock_real());
    assert_int_equal(write_through(writer, small_write(number), STORE_AT_ONCE).error, 0);
    return clock_mono_us(clock_real()) - began_us;
}

/* 500 batches a second of 20 values, as 500 devices polled every second make them. */
static void poll_on(struct scene *scene, struct store *store, uint64_t *position, int64_t until_us)
{
    while (clock_mono_us(clock_real()) < until_us) {
        append_samples(store, scene->device, *position, 5, start_us + (int64_t)*position * 2000);
        *position += 5;
        usleep(10000);
    }
}

static void test_urgent_is_soon_durable(void **state)
{
    struct scene *scene = *state;
    struct store *store = open_trial(scene->folder, scene->clock);
    struct store_writer *writer = open_writer(store, 4);
    int64_t times_us[SAMPLES];
    int64_t disk_us[SAMPLES];
    uint64_t position = 1;
    uint64_t random = 3;
    char *path = mem_format("%s/fsync", scene->folder);
    const int fd = open(path, O_WRONLY | O_CREAT, 0600);
    assert_true(fd >= 0);
    for (int64_t i = 0; i < SAMPLES; i++) {
        poll_on(scene, store, &position,
                clock_mono_us(clock_real()) + (int64_t)(test_random(&random) % 30000));
        times_us[i] = measure_write(writer, i);
        disk_us[i] = measure_disk(fd);
    }
    close(fd);
    free(path);
    sort(times_us);
    sort(disk_us);
    print_message("urgent write, %d of them beside %llu batches: p50 %.1f ms, p99 %.1f ms, max "
                  "%.1f ms; fdatasync alone: p50 %.1f ms, p99 %.1f ms\n",
                  SAMPLES, (unsigned long long)position, (double)times_us[P50] / 1e3,
                  (double)times_us[P99] / 1e3, (double)times_us[SAMPLES - 1] / 1e3,
                  (double)disk_us[P50] / 1e3, (double)disk_us[P99] / 1e3);
    /* Never by the period of commits, whatever the machine is busy with. */
    assert_true(times_us[P50] < 20000 + 6 * disk_us[P99]);
    store_writer_destroy(writer);
    store_destroy(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kill),
        cmocka_unit_test_setup_teardown(test_full_disk, scene_set_up, scene_tear_down),
        cmocka_unit_test_setup_teardown(test_a_commit_that_fails, scene_set_up, scene_tear_down),
        cmocka_unit_test_setup_teardown(test_urgent_is_soon_durable, scene_set_up, scene_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
