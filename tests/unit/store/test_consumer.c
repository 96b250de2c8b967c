/* SPDX-License-Identifier: Apache-2.0 */
/* Consumers of the journal: they join and leave while it is written, and go on where they stood. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "store/disk/disk.h"
#include "store/feed/consumer.h"
#include "store/feed/feed.h"
#include "store/ledger/ledger_internal.h"
#include "support/support.h"
#include "unit/store/trial.h"

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

/* --- a ledger that rots while in use --- */

static void spoil(const struct scene *scene, const char *name)
{
    char *path = mem_format("%s/%s", scene->folder, name);
    const int64_t size = disk_file_bytes(path);
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    for (int64_t i = 0; i < size; i++) {
        assert_int_equal(fputc('x', file), 'x');
    }
    assert_int_equal(fclose(file), 0);
    free(path);
}

static struct store_result write_total(struct store *store, double total, uint64_t cursor)
{
    struct store_writer *writer = NULL;
    struct verdict verdict = {0};
    assert_int_equal(store_writer_create(store, "test", 2, &writer), 0);
    struct store_write *write = store_write_begin();
    store_write_put(write, &trial_table,
                    &(struct trial_row){.id = 1, .name = "total", .amount = total});
    store_write_cursor(write, "energy", cursor);
    assert_int_equal(store_write_send(writer, write, STORE_AT_ONCE, note_verdict, &verdict), 0);
    const int ignored = store_ledger_write(store); /* the thread's part */
    (void)ignored;
    assert_int_equal(store_writer_settle(writer), 1);
    store_writer_destroy(writer);
    return verdict.result;
}

/* What moves with rows goes back with them, and its consumer is told; what does not stays where it was. */
static void test_a_ledger_that_goes_back(void **state)
{
    struct scene *scene = *state;
    struct consumer *consumer = NULL;
    uint64_t cursor = 0;
    write_days(scene, 1, 100); /* mqtt has 10 */
    struct store *store = open_store(scene->folder, scene->clock, false);
    trial_make_table(scene->folder);
    assert_int_equal(consumer_join(store, "energy", NULL, NULL, &consumer), 0);
    assert_true(consumer_find_cursor(consumer, &cursor) && cursor == 0);
    assert_int_equal(write_total(store, 20, 20).error, 0);
    int more = 1;
    while (more == 1) {
        more = ledger_backup_step(store->ledger, 1000);
    }
    assert_int_equal(more, 0);
    assert_int_equal(write_total(store, 60, 60).error, 0);
    store_set_cursor(store, "mqtt", 70);
    spoil(scene, "ledger.db");
    spoil(scene, "ledger.db-wal");
    sqlite3_db_release_memory(store->ledger->db); /* so that it looks at the file again */
    assert_int_equal(write_total(store, 80, 80).error, -ESTALE);
    assert_true(store_status(store).alarms == STORE_LEDGER_RESTORED);
    assert_int_equal(write_total(store, 90, 90).error, -ESTALE); /* until it asks */
    assert_true(trial_has(store, &(struct trial_row){.id = 1, .name = "total", .amount = 20}));
    assert_true(consumer_find_cursor(consumer, &cursor) && cursor == 20);
    assert_true(store_cursor(store, "mqtt") == 70);
    assert_int_equal(write_total(store, 95, 95).error, 0);
    assert_true(consumer_find_cursor(consumer, &cursor) && cursor == 95);
    consumer_leave(consumer);
    store_destroy(store);
}

/* --- results and cursor in one transaction, killed at any moment --- */

enum { ROUNDS = 10 };

/* What a counter of batches has come to: its row and its cursor must agree, whatever happens. */
struct tally {
    struct store *store;
    struct consumer *consumer;
    struct store_writer *writer;
    struct feed feed;
    struct trial_row row;
    uint64_t cursor;
    bool is_waiting;
};

static bool learn(void *context, const void *row)
{
    struct tally *tally = context;
    tally->row.amount = ((const struct trial_row *)row)->amount;
    return true;
}

static void go_on(void *context, const struct store_result *result)
{
    struct tally *tally = context;
    tally->is_waiting = false;
    if (result->error != 0) {
        _exit(7);
    }
}

static void begin_tally(struct tally *tally)
{
    tally->row = (struct trial_row){.id = 1, .name = "batches"};
    if (consumer_join(tally->store, "tally", NULL, NULL, &tally->consumer) < 0 ||
        !consumer_find_cursor(tally->consumer, &tally->cursor) ||
        store_read_rows(tally->store, &trial_table, 1, 1, 1, learn, tally) < 0 ||
        store_writer_create(tally->store, "tally", 1, &tally->writer) < 0) {
        _exit(6);
    }
    feed_init(&tally->feed, tally->store, clock_real(), FEED_COMMITTED, tally->cursor + 1);
}

static void step_tally(struct tally *tally, enum store_urgency urgency)
{
    const struct batch *batch = NULL;
    (void)store_writer_settle(tally->writer);
    if (tally->is_waiting) {
        return;
    }
    while ((batch = feed_take(&tally->feed)) != NULL) {
        tally->row.amount += 1;
        tally->cursor = batch->position;
        batch_unref(batch);
    }
    struct store_write *write = store_write_begin();
    store_write_put(write, &trial_table, &tally->row);
    store_write_cursor(write, consumer_name(tally->consumer), tally->cursor);
    tally->is_waiting = store_write_send(tally->writer, write, urgency, go_on, tally) == 0;
    if (!tally->is_waiting) {
        _exit(8);
    }
}

static void run_child(const char *folder, atomic_uint_least64_t *told)
{
    struct tally tally = {.store = open_store(folder, clock_real(), false)};
    struct device *device = sample_device("meter-1");
    uint64_t position = store_next_position(tally.store);
    trial_make_table(folder);
    if (store_start(tally.store) < 0) {
        _exit(2);
    }
    begin_tally(&tally);
    for (int round = 0;; round++) {
        append_samples(tally.store, device, position, 3, start_us);
        position += 3;
        step_tally(&tally, round % 5 == 0 ? STORE_AT_ONCE : STORE_WITH_NEXT);
        atomic_store(told, store_cursor(tally.store, "tally"));
        usleep(500);
    }
}

static bool has_moved(void *context)
{
    return atomic_load((atomic_uint_least64_t *)context) > 0;
}

static uint64_t check_tally(const char *folder)
{
    struct tally tally = {.store = open_store(folder, clock_real(), false)};
    const uint64_t cursor = store_cursor(tally.store, "tally");
    assert_int_equal(store_read_rows(tally.store, &trial_table, 1, 1, 1, learn, &tally), 0);
    assert_true((uint64_t)tally.row.amount == cursor); /* positions have no gaps here */
    assert_true(cursor < store_next_position(tally.store));
    store_destroy(tally.store);
    return cursor;
}

static void test_results_and_cursor_agree(void **state)
{
    uint64_t random = 17;
    uint64_t last = 0;
    char *folder = test_folder_create();
    atomic_uint_least64_t *told =
        mmap(NULL, sizeof(*told), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    (void)state;
    assert_true(told != MAP_FAILED);
    for (int round = 0; round < ROUNDS; round++) {
        atomic_store(told, 0);
        const pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            run_child(folder, told);
        }
        const bool has_begun = test_wait_until(has_moved, told);
        usleep((useconds_t)(test_random(&random) % 300000));
        assert_int_equal(kill(child, SIGKILL), 0);
        int status = 0;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(has_begun && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        const uint64_t cursor = check_tally(folder);
        assert_true(cursor >= last && cursor >= atomic_load(told));
        last = cursor;
    }
    print_message("%d kills, %llu batches counted, each once\n", ROUNDS, (unsigned long long)last);
    munmap(told, sizeof(*told));
    test_folder_remove(folder);
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
        cmocka_unit_test_setup_teardown(test_a_ledger_that_goes_back, scene_set_up,
                                        scene_tear_down),
        cmocka_unit_test(test_results_and_cursor_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
