/* SPDX-License-Identifier: Apache-2.0 */
/* What goes wrong with files and folders: corruption of journal and ledger, folders that can't be used, limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "store/disk/disk.h"
#include "store/ledger/ledger_internal.h"
#include "support/support.h"
#include "unit/store/samples.h"

static void overwrite(const char *path, int64_t offset, size_t length)
{
    uint64_t random = 99;
    const int fd = open(path, O_WRONLY);
    assert_true(fd >= 0);
    uint8_t *garbage = mem_alloc(length);
    for (size_t i = 0; i < length; i++) {
        garbage[i] = (uint8_t)test_random(&random);
    }
    assert_int_equal(pwrite(fd, garbage, length, offset), (ssize_t)length);
    free(garbage);
    close(fd);
}

static void check_standing(struct scene *scene, unsigned alarm)
{
    struct store *store = open_store(scene->folder, scene->clock, true);
    assert_true(store_status(store).alarms & alarm);
    store_acknowledge(store, alarm);
    wait_no_alarm(store, alarm);
    store_destroy(store);
    store = open_store(scene->folder, scene->clock, false);
    assert_int_equal(store_status(store).alarms, 0);
    store_destroy(store);
}

/* The newest file is unusable at start: positions and numbers go on above all that was given before. */
static void check_newest_lost(struct scene *scene)
{
    struct store *store = open_store(scene->folder, scene->clock, true);
    assert_true(store_status(store).alarms == STORE_JOURNAL_CORRUPT);
    assert_int_equal(count_files(scene->journal, ".corrupt-"), 1);
    assert_true(store_next_position(store) == 201);
    assert_true(store_first_seq(store) > 20);
    assert_true(store_cursor(store, "mqtt") == 10);
    append_samples(store, scene->device, 201, 20, start_us);
    wait_durable(store, 220);
    const struct drained drained = drain(store, 11);
    assert_true(drained.first == 11 && drained.last == 220);
    assert_int_equal(drained.count, 110);
    store_destroy(store);
    check_standing(scene, STORE_JOURNAL_CORRUPT);
}

static void test_garbage_at_the_head_of_a_day(void **state)
{
    struct scene *scene = *state;
    write_days(scene, 2, 100);
    char *path = mem_format("%s/2026-11-24.db", scene->journal);
    overwrite(path, 0, 4096);
    free(path);
    check_newest_lost(scene);
}

static void test_truncated_day(void **state)
{
    struct scene *scene = *state;
    write_days(scene, 2, 100);
    char *path = mem_format("%s/2026-11-24.db", scene->journal);
    assert_int_equal(truncate(path, 5000), 0);
    free(path);
    check_newest_lost(scene);
}

static void test_old_day_corrupt_at_start(void **state)
{
    struct scene *scene = *state;
    write_days(scene, 3, 100);
    char *path = mem_format("%s/2026-11-24.db", scene->journal);
    overwrite(path, 0, 100);
    struct store *store = open_store(scene->folder, scene->clock, true);
    assert_true(store_status(store).alarms == STORE_JOURNAL_CORRUPT);
    const struct drained drained = drain(store, 1);
    assert_int_equal(drained.count, 200);
    assert_true(drained.last == 300);
    store_destroy(store);
    free(path);
}

/* Died between making a file and making its tables. */
static void test_unborn_day_is_removed(void **state)
{
    struct scene *scene = *state;
    write_days(scene, 1, 100);
    char *path = mem_format("%s/2026-11-24.db", scene->journal);
    close(open(path, O_WRONLY | O_CREAT, 0640));
    free(path);
    path = mem_format("%s/2026-11-25.db", scene->journal);
    sqlite3 *db = NULL;
    assert_int_equal(sql_open(path, SQL_CREATE, 64, &db), 0);
    sql_close(db);
    struct store *store = open_store(scene->folder, scene->clock, true);
    assert_int_equal(store_status(store).alarms, 0);
    assert_int_equal(drain(store, 1).count, 100);
    store_destroy(store);
    assert_int_equal(count_files(scene->journal, ".db"), 1);
    free(path);
}

/* Begun, never written to, and followed by a file that begins at the same position: the order must be found again. */
static void test_empty_twin_comes_first(void **state)
{
    struct scene *scene = *state;
    struct day *day = NULL;
    write_days(scene, 1, 100);
    for (int i = 0; i < 2; i++) {
        char *path = mem_format("%s/2026-11-2%c.db", scene->journal, i == 0 ? '2' : '4');
        assert_int_equal(day_create(path, 0, i == 0 ? 1 : 101, 0, &day), 0);
        day_close(day);
        free(path);
    }
    fake_clock_advance(&scene->fake, 2 * day_us);
    for (int run = 0; run < 3; run++) {
        struct store *store = open_store(scene->folder, scene->clock, true);
        const uint64_t next = store_next_position(store);
        assert_true(next == 101 + 10 * (uint64_t)run);
        assert_true(journal_last_position(atomic_load(&store->journal)) == next - 1);
        append_samples(store, scene->device, next, 10, start_us);
        wait_durable(store, next + 9);
        assert_int_equal(drain(store, 1).count, next + 9);
        store_destroy(store);
    }
}

/* Somebody deletes files of a running daemon: it says so and goes on. */
static void test_deleted_files_are_given_up(void **state)
{
    struct scene *scene = *state;
    write_days(scene, 2, 100);
    struct store *store = open_store(scene->folder, scene->clock, true);
    char *path = mem_format("%s/2026-11-23.db", scene->journal);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(drain(store, 1).count, 100);
    wait_alarm(store, STORE_JOURNAL_CORRUPT);
    free(path);
    path = mem_format("%s/2026-11-24.db", scene->journal);
    assert_int_equal(unlink(path), 0);
    append_samples(store, scene->device, 201, 10, start_us);
    wait_durable(store, 210);
    assert_int_equal(drain(store, 1).count, 10);
    assert_true(store_status(store).dropped == 0);
    store_destroy(store);
    free(path);
}

/* A database that is not ours is kept. */
static void test_foreign_database_is_set_aside(void **state)
{
    struct scene *scene = *state;
    sqlite3 *db = NULL;
    write_days(scene, 1, 100);
    char *path = mem_format("%s/other.db", scene->journal);
    assert_int_equal(sql_open(path, SQL_CREATE, 64, &db), 0);
    assert_int_equal(sql_run(db, "CREATE TABLE precious(x)"), 0);
    sql_close(db);
    struct store *store = open_store(scene->folder, scene->clock, true);
    assert_true(store_status(store).alarms == STORE_JOURNAL_CORRUPT);
    assert_int_equal(count_files(scene->journal, "other.db.corrupt-"), 1);
    assert_int_equal(drain(store, 1).count, 100);
    store_destroy(store);
    free(path);
}

static int64_t number_of(const char *path, const char *query)
{
    sqlite3 *db = NULL;
    int64_t number = 0;
    bool found = false;
    assert_int_equal(sql_open(path, SQL_READ, 64, &db), 0);
    assert_int_equal(sql_get_int(db, query, &number, &found), 0);
    sql_close(db);
    return number;
}

/* Bytes of one block rot: that block is skipped and counted, nothing else. */
static void test_rotten_block_is_skipped(void **state)
{
    struct scene *scene = *state;
    write_days(scene, 1, 200);
    char *path = mem_format("%s/2026-11-23.db", scene->journal);
    sqlite3 *db = NULL;
    assert_int_equal(sql_open(path, SQL_WRITE, 64, &db), 0);
    assert_int_equal(sql_run(db, "UPDATE block SET sum = sum + 1"
                                 " WHERE first_position <= 50 AND last_position >= 50"),
                     0);
    sql_close(db);
    const int64_t lost = number_of(path, "SELECT last_position - first_position + 1 FROM block"
                                         " WHERE first_position <= 50 AND last_position >= 50");
    struct store *store = open_store(scene->folder, scene->clock, true);
    assert_true(store_status(store).alarms == 0);
    assert_int_equal(drain(store, 1).count, 200 - lost);
    assert_true(store_status(store).bad_blocks == 1);
    assert_int_equal(drain(store, 50).first, 50 + lost - (50 - 1) % lost);
    store_destroy(store);
    free(path);
}

static bool is_set_aside(void *context)
{
    const struct scene *scene = context;
    return count_files(scene->journal, ".corrupt-") == 1;
}

/* Garbage over pages of a file in use. A reader notices first, the store thread acts. */
static void test_day_rots_while_in_use(void **state)
{
    struct scene *scene = *state;
    write_days(scene, 2, 2000);
    struct store *store = open_store(scene->folder, scene->clock, true);
    char *path = mem_format("%s/2026-11-23.db", scene->journal);
    overwrite(path, 4096, (size_t)disk_file_bytes(path) - 4096);
    assert_int_equal(drain(store, 1).count, 2000);
    wait_alarm(store, STORE_JOURNAL_CORRUPT);
    assert_true(test_wait_until(is_set_aside, scene));
    append_samples(store, scene->device, 4001, 10, start_us);
    wait_durable(store, 4010);
    assert_int_equal(drain(store, 1).count, 2010);
    store_destroy(store);
    free(path);
}

/* The file being written rots: the commit that notices goes to a new one, nothing waiting is lost. */
static void test_current_day_rots_under_the_writer(void **state)
{
    struct scene *scene = *state;
    write_days(scene, 1, 2000);
    char *path = mem_format("%s/2026-11-23.db", scene->journal);
    struct store *store = open_store(scene->folder, scene->clock, true);
    overwrite(path, 0, (size_t)disk_file_bytes(path));
    append_samples(store, scene->device, 2001, 30, start_us);
    wait_durable(store, 2030);
    wait_alarm(store, STORE_JOURNAL_CORRUPT);
    assert_true(store_status(store).dropped == 0);
    const struct drained drained = drain(store, 1);
    assert_int_equal(drained.count, 30);
    assert_true(drained.first == 2001);
    store_destroy(store);
    free(path);
}

static char *ledger_path(const struct scene *scene, const char *name)
{
    return mem_format("%s/%s", scene->folder, name);
}

static void check_ledger_replaced(struct scene *scene, uint64_t cursor, size_t corrupt)
{
    struct store *store = open_store(scene->folder, scene->clock, true);
    assert_true(store_status(store).alarms == STORE_LEDGER_RESTORED);
    assert_int_equal(count_files(scene->folder, "ledger.db.corrupt-"), corrupt);
    assert_true(store_next_position(store) == 101);
    assert_true(store_first_seq(store) > STORE_SEQ_BLOCK);
    assert_true(store_cursor(store, "mqtt") == cursor);
    append_samples(store, scene->device, 101, 10, start_us);
    wait_durable(store, 110);
    assert_int_equal(drain(store, 1).count, 110);
    store_destroy(store);
    check_standing(scene, STORE_LEDGER_RESTORED);
}

static void test_ledger_comes_back_from_its_backup(void **state)
{
    struct scene *scene = *state;
    write_days(scene, 1, 100);
    char *path = ledger_path(scene, "ledger.db");
    overwrite(path, 0, 4096);
    check_ledger_replaced(scene, 10, 1);
    free(path);
}

static void test_ledger_page_garbage_is_found(void **state)
{
    struct scene *scene = *state;
    write_days(scene, 1, 100);
    char *path = ledger_path(scene, "ledger.db");
    overwrite(path, 4096, 4096);
    check_ledger_replaced(scene, 10, 1);
    free(path);
}

static void test_deleted_ledger_comes_back_from_its_backup(void **state)
{
    struct scene *scene = *state;
    write_days(scene, 1, 100);
    char *path = ledger_path(scene, "ledger.db");
    assert_int_equal(unlink(path), 0);
    check_ledger_replaced(scene, 10, 0);
    free(path);
}

static void test_ledger_lost_with_its_backup(void **state)
{
    struct scene *scene = *state;
    write_days(scene, 1, 100);
    char *path = ledger_path(scene, "ledger.db");
    char *backup = ledger_path(scene, "ledger.backup");
    overwrite(path, 0, 4096);
    overwrite(backup, 0, 4096);
    check_ledger_replaced(scene, 0, 1);
    free(backup);
    free(path);
}

static void test_ledger_rots_while_in_use(void **state)
{
    struct scene *scene = *state;
    write_days(scene, 1, 100);
    struct store *store = open_store(scene->folder, scene->clock, false);
    char *path = ledger_path(scene, "ledger.db");
    char *wal = ledger_path(scene, "ledger.db-wal");
    assert_true(store_cursor(store, "mqtt") == 10);
    store_set_cursor(store, "mqtt", 20);
    store_set_cursor(store, "influx", 100);
    overwrite(path, 0, (size_t)disk_file_bytes(path));
    overwrite(wal, 0, (size_t)disk_file_bytes(wal));
    sqlite3_db_release_memory(store->ledger->db); /* so that it looks at the file again */
    assert_int_equal(store_ledger_write(store), 0);
    assert_true(store_status(store).alarms == STORE_LEDGER_RESTORED);
    assert_true(count_files(scene->folder, "ledger.db.corrupt-") >= 1);
    const uint64_t reserved = store_reserved_seq(store);
    store_destroy(store);
    store = open_store(scene->folder, scene->clock, false);
    assert_true(store_cursor(store, "mqtt") == 20);
    assert_true(store_cursor(store, "influx") == 100);
    assert_true(store_first_seq(store) >= reserved);
    store_destroy(store);
    free(wal);
    free(path);
}

static void test_backup_is_made_at_once_and_at_stop(void **state)
{
    struct scene *scene = *state;
    char *backup = ledger_path(scene, "ledger.backup");
    struct store *store = open_store(scene->folder, scene->clock, true);
    append_samples(store, scene->device, 1, 10, start_us);
    wait_durable(store, 10);
    wait_alarm(store, 0);
    store_set_cursor(store, "mqtt", 9);
    store_destroy(store);
    assert_int_equal(number_of(backup, "SELECT position FROM cursor WHERE sink='mqtt'"), 9);
    assert_int_equal(count_files(scene->folder, "ledger.reserve"), 1);
    char *reserve = ledger_path(scene, "ledger.reserve");
    struct stat info;
    assert_int_equal(stat(reserve, &info), 0);
    assert_true((int64_t)info.st_blocks * 512 >= 1 << 20);
    free(reserve);
    free(backup);
}

static void note_durable(void *context, uint64_t durable)
{
    atomic_uint_least64_t *told = context;
    atomic_store(told, durable);
}

/* The data folder of a store whose disk comes and goes: as root no permission binds, so the folder's parent is a file
 * while the disk is away. */
struct disk {
    char *parent;
    char *folder;
    char *away;
};

static struct disk disk_of(const struct scene *scene)
{
    return (struct disk){.parent = mem_format("%s/parent", scene->folder),
                         .folder = mem_format("%s/parent/data", scene->folder),
                         .away = mem_format("%s/away", scene->folder)};
}

static void disk_finish(struct disk *disk)
{
    free(disk->parent);
    free(disk->folder);
    free(disk->away);
}

static void take_disk_away(const struct disk *disk)
{
    assert_true(rename(disk->parent, disk->away) == 0 || errno == ENOENT);
    const int fd = open(disk->parent, O_WRONLY | O_CREAT | O_EXCL, 0640);
    assert_true(fd >= 0);
    close(fd);
}

static void bring_disk_back(const struct disk *disk)
{
    assert_int_equal(unlink(disk->parent), 0);
    assert_true(rename(disk->away, disk->parent) == 0 || errno == ENOENT);
}

static void append_unnumbered(struct store *store, struct scene *scene, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct batch *batch =
            sample_batch(scene->device, POSITION_UNNUMBERED + i, 0, start_us + (int64_t)i);
        assert_int_equal(store_append(store, batch), 0);
        batch_unref(batch);
    }
}

/* Nothing is known, and nothing that is said meanwhile is believed later. */
static void check_knows_nothing(struct store *store, struct scene *scene)
{
    assert_true(store_status(store).alarms == STORE_UNWRITABLE);
    assert_false(store_is_numbered(store));
    assert_true(store_cursor(store, "mqtt") == 0);
    append_unnumbered(store, scene, 10);
    assert_true(store_status(store).dropped == 10);
    assert_true(store_durable(store) == 0);
    assert_int_equal(drain(store, 1).count, 0);
    store_set_cursor(store, "mqtt", 50);
    store_set_cursor(store, "mqtt", POSITION_UNNUMBERED + 5);
}

/* The disk comes 8 s after the daemon: all is as if it had been there, but for what came meanwhile. */
static void test_folder_that_comes_late(void **state)
{
    struct scene *scene = *state;
    struct disk disk = disk_of(scene);
    atomic_uint_least64_t told = UINT64_MAX;
    assert_int_equal(mkdir(disk.parent, 0750), 0);
    struct store *store = open_store(disk.folder, scene->clock, true);
    append_samples(store, scene->device, 1, 100, start_us);
    wait_durable(store, 100);
    store_set_cursor(store, "mqtt", 10);
    const uint64_t reserved = store_reserved_seq(store);
    store_destroy(store);
    take_disk_away(&disk);
    store = open_store(disk.folder, scene->clock, false);
    store_on_durable(store, note_durable, &told);
    assert_int_equal(store_start(store), 0);
    const struct store_status status = store_status(store);
    assert_non_null(strstr(store_reason(&status, STORE_UNWRITABLE), disk.folder));
    check_knows_nothing(store, scene);
    bring_disk_back(&disk);
    wait_no_alarm(store, STORE_UNWRITABLE);
    assert_true(store_is_numbered(store));
    assert_true(store_next_position(store) == 101);
    assert_true(store_first_seq(store) >= reserved);
    assert_true(store_reserved_seq(store) >= store_first_seq(store) + STORE_SEQ_BLOCK);
    assert_true(store_cursor(store, "mqtt") == 10);
    wait_durable(store, 100);
    while (atomic_load(&told) != 100) {
        usleep(1000);
    }
    append_samples(store, scene->device, 101, 10, start_us);
    wait_durable(store, 110);
    assert_int_equal(drain(store, 11).count, 100);
    store_destroy(store);
    store = open_store(disk.folder, scene->clock, false);
    assert_true(store_cursor(store, "mqtt") == 10);
    assert_true(store_next_position(store) == 111);
    store_destroy(store);
    disk_finish(&disk);
}

/* The same with a folder that was never used. */
static void test_new_folder_that_comes_late(void **state)
{
    struct scene *scene = *state;
    struct disk disk = disk_of(scene);
    take_disk_away(&disk);
    struct store *store = open_store(disk.folder, scene->clock, true);
    check_knows_nothing(store, scene);
    bring_disk_back(&disk);
    wait_no_alarm(store, STORE_UNWRITABLE);
    assert_true(store_next_position(store) == 1 && store_first_seq(store) == 1);
    assert_true(store_cursor(store, "mqtt") == 0);
    append_samples(store, scene->device, 1, 10, start_us);
    wait_durable(store, 10);
    assert_int_equal(drain(store, 1).count, 10);
    store_destroy(store);
    disk_finish(&disk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_garbage_at_the_head_of_a_day, scene_set_up,
                                        scene_tear_down),
        cmocka_unit_test_setup_teardown(test_truncated_day, scene_set_up, scene_tear_down),
        cmocka_unit_test_setup_teardown(test_old_day_corrupt_at_start, scene_set_up,
                                        scene_tear_down),
        cmocka_unit_test_setup_teardown(test_unborn_day_is_removed, scene_set_up, scene_tear_down),
        cmocka_unit_test_setup_teardown(test_empty_twin_comes_first, scene_set_up, scene_tear_down),
        cmocka_unit_test_setup_teardown(test_deleted_files_are_given_up, scene_set_up,
                                        scene_tear_down),
        cmocka_unit_test_setup_teardown(test_foreign_database_is_set_aside, scene_set_up,
                                        scene_tear_down),
        cmocka_unit_test_setup_teardown(test_rotten_block_is_skipped, scene_set_up,
                                        scene_tear_down),
        cmocka_unit_test_setup_teardown(test_day_rots_while_in_use, scene_set_up, scene_tear_down),
        cmocka_unit_test_setup_teardown(test_current_day_rots_under_the_writer, scene_set_up,
                                        scene_tear_down),
        cmocka_unit_test_setup_teardown(test_ledger_comes_back_from_its_backup, scene_set_up,
                                        scene_tear_down),
        cmocka_unit_test_setup_teardown(test_ledger_page_garbage_is_found, scene_set_up,
                                        scene_tear_down),
        cmocka_unit_test_setup_teardown(test_deleted_ledger_comes_back_from_its_backup,
                                        scene_set_up, scene_tear_down),
        cmocka_unit_test_setup_teardown(test_ledger_lost_with_its_backup, scene_set_up,
                                        scene_tear_down),
        cmocka_unit_test_setup_teardown(test_ledger_rots_while_in_use, scene_set_up,
                                        scene_tear_down),
        cmocka_unit_test_setup_teardown(test_backup_is_made_at_once_and_at_stop, scene_set_up,
                                        scene_tear_down),
        cmocka_unit_test_setup_teardown(test_folder_that_comes_late, scene_set_up, scene_tear_down),
        cmocka_unit_test_setup_teardown(test_new_folder_that_comes_late, scene_set_up,
                                        scene_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
