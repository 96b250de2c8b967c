/* SPDX-License-Identifier: Apache-2.0 */
/* test_bad: bad registers in the ledger: kept over restarts, kills and a ledger that is replaced. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "support/support.h"
#include "unit/store/samples.h"

static struct bad_register sample(const char *device, uint16_t first)
{
    struct bad_register row = {
        .unit = 7,
        .function = 4,
        .quality = QUALITY_EXCEPTION,
        .exception = 2,
        .first = first,
        .last = (uint16_t)(first + 1),
        .first_printed = 300001 + first,
        .last_printed = 300002 + first,
        .since_us = start_us + first,
        .next_try_us = start_us + day_us,
    };
    snprintf(row.device, sizeof(row.device), "%s", device);
    return row;
}

static int64_t rows_on_disk(const struct scene *scene)
{
    sqlite3 *db = NULL;
    int64_t count = -1;
    bool found = false;
    char *path = mem_format("%s/ledger.db", scene->folder);
    assert_int_equal(sql_open(path, SQL_READ, 64, &db), 0);
    assert_int_equal(sql_get_int(db, "SELECT count(*) FROM bad_register", &count, &found), 0);
    sql_close(db);
    free(path);
    return count;
}

static void wait_rows(const struct scene *scene, int64_t wanted)
{
    for (int i = 0; i < 2000 && rows_on_disk(scene) != wanted; i++) {
        usleep(10000);
    }
    assert_int_equal(rows_on_disk(scene), wanted);
}

static void test_rows_survive_a_restart(void **state)
{
    struct scene *scene = *state;
    struct store *store = open_store(scene->folder, scene->clock, true);
    assert_int_equal(store_bad_registers(store, NULL, 0), 0);
    struct bad_register one = sample("meter", 100);
    struct bad_register split = one;
    split.is_split = true;
    split.quality = QUALITY_TIMEOUT;
    split.exception = 0;
    const struct bad_register gone = sample("meter", 200);
    store_note_bad_register(store, &one, false);
    store_note_bad_register(store, &gone, false);
    store_note_bad_register(store, &split, false);
    wait_rows(scene, 3);
    one.next_try_us += day_us;
    store_note_bad_register(store, &one, false);
    store_note_bad_register(store, &gone, true);
    assert_int_equal(store_bad_registers(store, NULL, 0), 2);
    wait_rows(scene, 2);
    store_destroy(store);

    store = open_store(scene->folder, scene->clock, true);
    struct bad_register rows[4] = {0};
    assert_int_equal(store_bad_registers(store, rows, 4), 2);
    const size_t at = rows[0].is_split ? 1 : 0;
    assert_memory_equal(&rows[at], &one, sizeof(one));
    assert_memory_equal(&rows[1 - at], &split, sizeof(split));
    store_destroy(store);
}

/* What was noted just before the end is written with the last commit. */
static void test_the_last_row_is_written_at_stop(void **state)
{
    struct scene *scene = *state;
    struct store *store = open_store(scene->folder, scene->clock, true);
    const struct bad_register row = sample("meter", 1);
    store_note_bad_register(store, &row, false);
    store_destroy(store);
    assert_int_equal(rows_on_disk(scene), 1);
}

/* The file is replaced while the daemon runs: memory knows better. */
static void test_a_replaced_ledger_gets_all_rows(void **state)
{
    struct scene *scene = *state;
    struct store *store = open_store(scene->folder, scene->clock, true);
    const struct bad_register one = sample("meter", 1);
    const struct bad_register other = sample("meter", 3);
    store_note_bad_register(store, &one, false);
    wait_rows(scene, 1);
    store_stop(store);
    ledger_close(store->ledger);
    store->ledger = NULL;
    char *path = mem_format("%s/ledger.db", scene->folder);
    char *backup = mem_format("%s/ledger.backup", scene->folder);
    assert_int_equal(unlink(path), 0);
    unlink(backup);
    store_note_bad_register(store, &other, false);
    assert_int_equal(store_ledger_write(store), 0);
    assert_int_equal(rows_on_disk(scene), 2);
    store_destroy(store);
    free(path);
    free(backup);
}

static void test_rows_are_bounded(void **state)
{
    struct scene *scene = *state;
    struct store *store = open_store(scene->folder, scene->clock, false);
    for (int i = 0; i < LEDGER_BAD_MAX + 5; i++) {
        char id[32];
        snprintf(id, sizeof(id), "meter-%d", i / 1000);
        const struct bad_register row = sample(id, (uint16_t)(i % 1000));
        store_note_bad_register(store, &row, false);
    }
    assert_int_equal(store_bad_registers(store, NULL, 0), LEDGER_BAD_MAX);
    store_destroy(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_rows_survive_a_restart, scene_set_up, scene_tear_down),
        cmocka_unit_test_setup_teardown(test_the_last_row_is_written_at_stop, scene_set_up,
                                        scene_tear_down),
        cmocka_unit_test_setup_teardown(test_a_replaced_ledger_gets_all_rows, scene_set_up,
                                        scene_tear_down),
        cmocka_unit_test_setup_teardown(test_rows_are_bounded, scene_set_up, scene_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
