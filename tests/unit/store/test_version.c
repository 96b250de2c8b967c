/* SPDX-License-Identifier: Apache-2.0 */
/* Data folders of other versions: an older one is taken over whole, a newer one is refused and left to the byte. Nothing
 * of either is taken for corrupt. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "store/journal/day.h"
#include "store/ledger/ledger_internal.h"
#include "support/support.h"
#include "unit/store/samples.h"

static void copy_file(const char *from, const char *to)
{
    char bytes[65536];
    FILE *in = fopen(from, "rb");
    FILE *out = fopen(to, "wb");
    assert_true(in != NULL && out != NULL);
    size_t size = 0;
    while ((size = fread(bytes, 1, sizeof(bytes), in)) > 0) {
        assert_true(fwrite(bytes, 1, size, out) == size);
    }
    fclose(in);
    assert_int_equal(fclose(out), 0);
}

/* Files of the folder, one level. */
static void copy_folder(const char *from, const char *to)
{
    assert_true(mkdir(to, 0750) == 0 || errno == EEXIST);
    DIR *listing = opendir(from);
    assert_non_null(listing);
    for (struct dirent *entry = readdir(listing); entry != NULL; entry = readdir(listing)) {
        if (entry->d_type != DT_DIR) {
            char *source = mem_format("%s/%s", from, entry->d_name);
            char *target = mem_format("%s/%s", to, entry->d_name);
            copy_file(source, target);
            free(source);
            free(target);
        }
    }
    closedir(listing);
}

static void take_release(const struct scene *scene, int version)
{
    char *folder = mem_format(LINGTAN_SOURCE_FOLDER "/tests/unit/store/released/%d", version);
    char *journal = mem_format("%s/journal", folder);
    copy_folder(folder, scene->folder);
    copy_folder(journal, scene->journal);
    free(folder);
    free(journal);
}

static void check_kept_copy(const struct scene *scene, int version)
{
    char *copy = mem_format("ledger.db.version-%d", version);
    assert_int_equal(count_files(scene->folder, copy), 1);
    free(copy);
    assert_int_equal(count_files(scene->folder, ".corrupt-"), 0);
    assert_int_equal(count_files(scene->journal, ".corrupt-"), 0);
}

/* What each release was left with: two days of 40 batches; mqtt has the first 30; a bad register; from 2 on a clock step. */
static void check_content(struct store *store, int version)
{
    struct bad_register row;
    struct clock_step step;
    assert_int_equal(store_status(store).alarms, 0);
    assert_true(store_next_position(store) == 81 && store_cursor(store, "mqtt") == 30);
    assert_true(store_bad_registers(store, &row, 1) == 1 && row.first == 100);
    assert_int_equal(store_clock_steps(store, &step, 1), version >= 2);
    assert_true(drain(store, 1).count == 80);
}

/* The second day is written on, in the new format. */
static void check_taken_over(struct scene *scene, int version)
{
    take_release(scene, version);
    fake_clock_advance(&scene->fake, day_us);
    struct store *store = open_store(scene->folder, scene->clock, true);
    check_content(store, version);
    append_samples(store, scene->device, 81, 20, start_us + day_us);
    wait_durable(store, 100);
    const struct clock_step step = {.boot = 7, .mono_us = 1, .before_us = 2, .after_us = 3};
    store_note_clock_step(store, &step);
    store_destroy(store);
    check_kept_copy(scene, version);
    store = open_store(scene->folder, scene->clock, false);
    struct clock_step found;
    const struct drained drained = drain(store, 1);
    assert_true(drained.count == 100 && drained.last == 100);
    assert_int_equal(store_clock_steps(store, &found, 1), version >= 2 ? 2 : 1);
    assert_true(found.after_us == 3);
    assert_int_equal(count_files(scene->journal, ".db"), 2);
    store_destroy(store);
}

static void test_the_first_release_is_taken_over(void **state)
{
    check_taken_over(*state, 1);
}

static void test_the_second_release_is_taken_over(void **state)
{
    check_taken_over(*state, 2);
}

/* The folder of this version itself is what the next one will have to take over. */
static void test_every_version_has_its_folder(void **state)
{
    (void)state;
    for (int version = 1; version <= LEDGER_VERSION; version++) {
        char *path =
            mem_format(LINGTAN_SOURCE_FOLDER "/tests/unit/store/released/%d/ledger.db", version);
        assert_int_equal(sql_peek_version(path, LEDGER_APPLICATION), version);
        free(path);
    }
}

/* --- kill -9 at each statement of an upgrade --- */

static atomic_int statements_left; /* of all threads of the store */

static int count_down(unsigned what, void *context, void *statement, void *text)
{
    (void)what;
    (void)context;
    (void)statement;
    (void)text;
    if (atomic_fetch_sub(&statements_left, 1) == 1) {
        kill(getpid(), SIGKILL);
    }
    return 0;
}

/* On every connection that is opened. */
static int watch(sqlite3 *db, const char **message, const struct sqlite3_api_routines *routines)
{
    (void)message;
    (void)routines;
    return sqlite3_trace_v2(db, SQLITE_TRACE_STMT, count_down, NULL);
}

enum { WRITTEN_ON = 10 }; /* batches */

static void run_child(const struct scene *scene, int statement, bool writes_on)
{
    struct store_options options = sample_options(scene->folder);
    struct store *store = NULL;
    options.commit_ms = 50;
    statements_left = statement;
    if (sqlite3_auto_extension((void (*)(void))watch) != SQLITE_OK) {
        _exit(2);
    }
    if (store_open(&options, scene->clock, &store) < 0) {
        _exit(3);
    }
    if (writes_on) {
        if (store_start(store) < 0) {
            _exit(4);
        }
        append_samples(store, scene->device, 81, WRITTEN_ON, start_us + day_us);
        store_stop(store);
    }
    _exit(0);
}

/* False: all was done before that statement. */
static bool is_killed_at(const struct scene *scene, int statement, bool writes_on)
{
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        run_child(scene, statement, writes_on);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
    return WIFSIGNALED(status);
}

static void clear_folder(const char *folder)
{
    DIR *listing = opendir(folder);
    assert_non_null(listing);
    for (struct dirent *entry = readdir(listing); entry != NULL; entry = readdir(listing)) {
        if (entry->d_type != DT_DIR) {
            char *path = mem_format("%s/%s", folder, entry->d_name);
            assert_int_equal(unlink(path), 0);
            free(path);
        }
    }
    closedir(listing);
}

static void test_killed_at_each_statement(void **state)
{
    struct scene *scene = *state;
    for (int version = 1; version < LEDGER_VERSION; version++) {
        int statement = 0;
        bool is_killed = true;
        while (is_killed) {
            take_release(scene, version);
            is_killed = is_killed_at(scene, ++statement, false);
            struct store *store = open_store(scene->folder, scene->clock, false);
            check_content(store, version);
            store_destroy(store);
            check_kept_copy(scene, version);
            clear_folder(scene->folder);
            clear_folder(scene->journal);
        }
        print_message("from %d: killed at each of %d statements, nothing lost\n", version,
                      statement - 1);
        assert_true(statement > 10);
    }
}

static void set_version(const char *path, int version)
{
    sqlite3 *db = NULL;
    char pragma[64];
    snprintf(pragma, sizeof(pragma), "PRAGMA user_version=%d", version);
    assert_int_equal(sql_open(path, SQL_WRITE, 64, &db), 0);
    assert_int_equal(sql_run(db, pragma), 0);
    sql_close(db);
}

static uint64_t checksum_of(const char *path)
{
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    uint8_t *bytes = mem_alloc((size_t)info.st_size + 1);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_true(fread(bytes, 1, (size_t)info.st_size, file) == (size_t)info.st_size);
    fclose(file);
    const uint64_t sum = bytes_checksum(bytes, (size_t)info.st_size);
    free(bytes);
    return sum;
}

/* The file at the path under the folder gets a version of the future: the start is refused, nothing is touched. */
static void check_refused(const struct scene *scene, const char *name, int version)
{
    char *ledger = mem_format("%s/ledger.db", scene->folder);
    char *path = mem_format("%s/%s", scene->folder, name);
    set_version(path, version);
    const uint64_t sum = checksum_of(path);
    const uint64_t ledger_sum = checksum_of(ledger);
    struct store_options options = sample_options(scene->folder);
    struct store *store = NULL;
    assert_int_equal(store_open(&options, scene->clock, &store), -EPROTONOSUPPORT);
    assert_null(store);
    assert_true(checksum_of(path) == sum && checksum_of(ledger) == ledger_sum);
    assert_int_equal(count_files(scene->folder, ".corrupt-"), 0);
    assert_int_equal(count_files(scene->journal, ".corrupt-"), 0);
    assert_int_equal(count_files(scene->folder, "version-"), 0);
    free(path);
    free(ledger);
}

static void test_a_ledger_of_the_future(void **state)
{
    struct scene *scene = *state;
    write_days(scene, 1, 20);
    check_refused(scene, "ledger.db", LEDGER_VERSION + 1);
}

static void test_a_backup_of_the_future(void **state)
{
    struct scene *scene = *state;
    write_days(scene, 1, 20);
    check_refused(scene, "ledger.backup", 1000);
}

/* Beside an older ledger, which must not be brought up to date either. */
static void test_a_day_of_the_future(void **state)
{
    struct scene *scene = *state;
    take_release(scene, 1);
    check_refused(scene, "journal/2026-11-23.db", DAY_VERSION + 1);
}

/* The folder that comes late is of the future: the daemon runs on, says why, and leaves it alone. */
static void test_a_folder_of_the_future_that_comes_late(void **state)
{
    struct scene *scene = *state;
    write_days(scene, 1, 20);
    char *ledger = mem_format("%s/ledger.db", scene->folder);
    char *away = mem_format("%s/away", scene->folder);
    set_version(ledger, LEDGER_VERSION + 1);
    const uint64_t sum = checksum_of(ledger);
    char *folder = mem_format("%s/none/data", scene->folder);
    char *parent = mem_format("%s/none", scene->folder);
    FILE *obstacle = fopen(parent, "w");
    assert_non_null(obstacle);
    fclose(obstacle);
    struct store *store = open_store(folder, scene->clock, true);
    assert_int_equal(mkdir(away, 0750), 0);
    char *moved = mem_format("%s/data", away);
    assert_int_equal(mkdir(moved, 0750), 0);
    char *target = mem_format("%s/ledger.db", moved);
    copy_file(ledger, target);
    /* At one stroke: the store, which tries all the time, never sees an empty place to begin anew in. */
    assert_int_equal(renameat2(AT_FDCWD, away, AT_FDCWD, parent, RENAME_EXCHANGE), 0);
    assert_int_equal(unlink(away), 0);
    sleep(1);
    const struct store_status status = store_status(store);
    assert_non_null(strstr(store_reason(&status, STORE_UNWRITABLE), "format"));
    store_destroy(store);
    char *now = mem_format("%s/ledger.db", folder);
    assert_true(checksum_of(now) == sum);
    free(now);
    free(target);
    free(moved);
    free(parent);
    free(folder);
    free(away);
    free(ledger);
}

/* A corrupt ledger is still one: set aside, and back from its backup. */
static void test_corrupt_is_still_corrupt(void **state)
{
    struct scene *scene = *state;
    write_days(scene, 1, 20);
    char *ledger = mem_format("%s/ledger.db", scene->folder);
    FILE *file = fopen(ledger, "r+b");
    assert_non_null(file);
    assert_true(fwrite("garbage", 1, 7, file) == 7);
    fclose(file);
    struct store *store = open_store(scene->folder, scene->clock, false);
    assert_true(store_status(store).alarms & STORE_LEDGER_RESTORED);
    assert_int_equal(count_files(scene->folder, "ledger.db.corrupt-"), 1);
    store_destroy(store);
    free(ledger);
}

/* --- the clock of a block --- */

static struct batch *clocked(const struct scene *scene, uint64_t position, int64_t offset_us,
                             bool is_untrusted)
{
    struct batch *batch = sample_batch(scene->device, position, position, start_us);
    batch->clock = (struct batch_clock){
        .boot = UINT64_C(0xfedcba9876543210),
        .offset_us = offset_us,
        .is_untrusted = is_untrusted,
    };
    return batch;
}

static void append_clocked(const struct scene *scene, struct store *store, uint64_t position,
                           int64_t offset_us, bool is_untrusted)
{
    struct batch *batch = clocked(scene, position, offset_us, is_untrusted);
    assert_int_equal(store_append(store, batch), 0);
    batch_unref(batch);
}

static bool count_untrusted(void *context, const struct journal_reading *found)
{
    size_t *count = context;
    *count += found->clock->is_untrusted ? 1 : 0;
    return true;
}

/* In one commit: untrusted at first, then trusted, then stepped by an hour. Drifts of microseconds are no step. */
static void test_each_batch_keeps_its_clock(void **state)
{
    struct scene *scene = *state;
    const int64_t offsets_us[] = {0, 0, 0, 17, hour_us, hour_us - 9};
    const bool untrusted[] = {true, true, false, false, false, false};
    struct store *store = open_store(scene->folder, scene->clock, false);
    for (size_t i = 0; i < ARRAY_SIZE(offsets_us); i++) {
        append_clocked(scene, store, i + 1, offsets_us[i], untrusted[i]);
    }
    assert_int_equal(store_start(store), 0);
    wait_durable(store, ARRAY_SIZE(offsets_us));
    struct journal_reader *reader = NULL;
    struct batch *batches[16];
    size_t count = 0;
    size_t marked = 0;
    assert_int_equal(journal_reader_open(store, &reader), 0);
    assert_int_equal(journal_reader_next(reader, 1, batches, ARRAY_SIZE(batches), &count), 0);
    assert_int_equal(count, ARRAY_SIZE(offsets_us));
    for (size_t i = 0; i < count; i++) {
        assert_true(batches[i]->clock.boot == UINT64_C(0xfedcba9876543210));
        assert_true(llabs(batches[i]->clock.offset_us - offsets_us[i]) < 50000);
        assert_int_equal(batches[i]->clock.is_untrusted, untrusted[i]);
        batch_unref(batches[i]);
    }
    assert_int_equal(journal_reader_history(reader, "meter-1", "voltage_a", 0, start_us + day_us,
                                            100, count_untrusted, &marked),
                     0);
    assert_int_equal(marked, 2);
    journal_reader_close(reader);
    store_destroy(store);
}

/* The day that is written on gets its new columns, killed on the way there and behind it. */
static void test_killed_while_a_day_is_written_on(void **state)
{
    enum { STRIDE = 5 };
    struct scene *scene = *state;
    int statement = 1;
    int kills = 0;
    bool is_killed = true;
    fake_clock_advance(&scene->fake, day_us);
    for (; is_killed; statement += STRIDE) {
        take_release(scene, 1);
        is_killed = is_killed_at(scene, statement, true);
        kills += is_killed;
        struct store *store = open_store(scene->folder, scene->clock, true);
        const uint64_t next = store_next_position(store);
        assert_int_equal(store_status(store).alarms, 0);
        assert_true(next == 81 || next == 81 + WRITTEN_ON);
        append_samples(store, scene->device, next, WRITTEN_ON, start_us + day_us);
        wait_durable(store, next + WRITTEN_ON - 1);
        assert_true(drain(store, 1).count == next + WRITTEN_ON - 1);
        store_destroy(store);
        assert_int_equal(count_files(scene->journal, ".corrupt-"), 0);
        clear_folder(scene->folder);
        clear_folder(scene->journal);
    }
    print_message("killed at %d statements\n", kills);
    assert_true(kills > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_the_first_release_is_taken_over, scene_set_up,
                                        scene_tear_down),
        cmocka_unit_test_setup_teardown(test_the_second_release_is_taken_over, scene_set_up,
                                        scene_tear_down),
        cmocka_unit_test(test_every_version_has_its_folder),
        cmocka_unit_test_setup_teardown(test_killed_while_a_day_is_written_on, scene_set_up,
                                        scene_tear_down),
        cmocka_unit_test_setup_teardown(test_killed_at_each_statement, scene_set_up,
                                        scene_tear_down),
        cmocka_unit_test_setup_teardown(test_a_ledger_of_the_future, scene_set_up, scene_tear_down),
        cmocka_unit_test_setup_teardown(test_a_backup_of_the_future, scene_set_up, scene_tear_down),
        cmocka_unit_test_setup_teardown(test_a_day_of_the_future, scene_set_up, scene_tear_down),
        cmocka_unit_test_setup_teardown(test_a_folder_of_the_future_that_comes_late, scene_set_up,
                                        scene_tear_down),
        cmocka_unit_test_setup_teardown(test_corrupt_is_still_corrupt, scene_set_up,
                                        scene_tear_down),
        cmocka_unit_test_setup_teardown(test_each_batch_keeps_its_clock, scene_set_up,
                                        scene_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
