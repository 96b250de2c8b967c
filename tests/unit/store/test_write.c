/* SPDX-License-Identifier: Apache-2.0 */
/* store_write: all or nothing, told exactly once, whatever happens in between. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "store/tables.h"
#include "support/support.h"
#include "unit/store/trial.h"

static struct store *open_trial(const struct scene *scene, bool start)
{
    struct store *store = open_store(scene->folder, scene->clock, false);
    trial_make_table(scene->folder);
    if (start) {
        assert_int_equal(store_start(store), 0);
    }
    return store;
}

static struct store_writer *open_writer(struct store *store, size_t waiting_max)
{
    struct store_writer *writer = NULL;
    assert_int_equal(store_writer_create(store, "trial", waiting_max, &writer), 0);
    return writer;
}

static void test_rows_and_cursor_together(void **state)
{
    struct scene *scene = *state;
    struct store *store = open_trial(scene, true);
    struct store_writer *writer = open_writer(store, 4);
    append_samples(store, scene->device, 1, 20, start_us);
    wait_durable(store, 20);
    char name[] = "first";
    struct trial_row one = {.id = 1, .name = name, .amount = 0.1, .note = NULL};
    const struct trial_row two = {.id = -2, .name = "", .amount = (double)NAN, .note = "n\"'2"};
    struct store_write *write = store_write_begin();
    store_write_insert(write, &trial_table, &one);
    store_write_put(write, &trial_table, &two);
    store_write_cursor(write, "energy", 15);
    memset(name, 'x', 5); /* the store has its own copy */
    assert_int_equal(write_through(writer, write, STORE_WITH_NEXT).error, 0);
    one.name = "first";
    assert_true(trial_has(store, &one) && trial_has(store, &two));
    assert_true(store_cursor(store, "energy") == 15);
    write = store_write_begin();
    one.amount = 7;
    store_write_put(write, &trial_table, &one);
    store_write_remove(write, &trial_table, &two);
    store_write_remove(write, &trial_table, &(struct trial_row){.id = 99});
    store_write_cursor(write, "energy", 3); /* never goes back */
    assert_int_equal(write_through(writer, write, STORE_AT_ONCE).error, 0);
    assert_true(trial_has(store, &one));
    assert_int_equal(trial_count(store, INT64_MIN, INT64_MAX), 1);
    store_writer_destroy(writer);
    store_destroy(store);
    store = open_store(scene->folder, scene->clock, false);
    assert_true(store_cursor(store, "energy") == 15 && trial_has(store, &one));
    store_destroy(store);
}

struct step_row {
    const char *node;
    int64_t at;
};

static const struct ledger_column step_columns[] = {
    {"node", offsetof(struct step_row, node), COLUMN_TEXT, true},
    {"at", offsetof(struct step_row, at), COLUMN_INTEGER, true},
};

static const struct ledger_table step_table = {
    .name = "step", .size = sizeof(struct step_row), .columns = step_columns, .count = 2};

struct steps {
    char text[64];
};

static bool add_step(void *context, const void *row)
{
    struct steps *steps = context;
    const struct step_row *step = row;
    const size_t length = strlen(steps->text);
    snprintf(steps->text + length, sizeof(steps->text) - length, "%s%lld ", step->node,
             (long long)step->at);
    return true;
}

static void expect_steps(struct store *store, const char *node, const char *expected)
{
    struct steps steps = {0};
    assert_int_equal(store_read_rows_of(store, &step_table, node, add_step, &steps), 0);
    assert_string_equal(steps.text, expected);
}

/* A table that is nothing but a key of a text and a number. */
static void test_keys_of_two_parts(void **state)
{
    struct scene *scene = *state;
    struct store *store = open_trial(scene, true);
    struct store_writer *writer = open_writer(store, 4);
    struct store_write *write = store_write_begin();
    sqlite3 *db = NULL;
    char *path = mem_format("%s/ledger.db", scene->folder);
    assert_int_equal(sql_open(path, SQL_WRITE, 64, &db), 0);
    assert_int_equal(sql_run(db, "CREATE TABLE step(node TEXT, at INTEGER, PRIMARY KEY(node, at)) "
                                 "WITHOUT ROWID"),
                     0);
    sql_close(db);
    free(path);
    const struct step_row rows[] = {{"b", 2}, {"a", 9}, {"b", 1}, {"a'", 3}};
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        store_write_insert(write, &step_table, &rows[i]);
    }
    store_write_put(write, &step_table, &rows[0]);
    assert_int_equal(write_through(writer, write, STORE_AT_ONCE).error, 0);
    expect_steps(store, NULL, "a9 a'3 b1 b2 ");
    expect_steps(store, "b", "b1 b2 ");
    expect_steps(store, "c", "");
    write = store_write_begin();
    store_write_remove(write, &step_table, &rows[0]);
    assert_int_equal(write_through(writer, write, STORE_AT_ONCE).error, 0);
    expect_steps(store, "b", "b1 ");
    store_writer_destroy(writer);
    store_destroy(store);
}

/* One write with two good rows and a fault in between; its neighbours in the same commit know nothing of it. */
static void check_fault(struct store *store, struct store_writer *writer,
                        const struct ledger_table *table, const struct trial_row *bad,
                        uint64_t cursor, int error)
{
    struct verdict verdicts[3] = {0};
    struct store_write *before = store_write_begin();
    struct store_write *faulty = store_write_begin();
    struct store_write *after = store_write_begin();
    const int64_t id = 1000 * (1 - (int64_t)error);
    store_write_insert(before, &trial_table, &(struct trial_row){.id = id, .name = "b"});
    store_write_insert(faulty, &trial_table, &(struct trial_row){.id = id + 1, .name = "f"});
    store_write_insert(faulty, table, bad);
    store_write_insert(faulty, &trial_table, &(struct trial_row){.id = id + 2, .name = "f"});
    store_write_cursor(faulty, "energy", cursor);
    store_write_insert(after, &trial_table, &(struct trial_row){.id = id + 3, .name = "a"});
    assert_int_equal(store_write_send(writer, before, STORE_WITH_NEXT, note_verdict, &verdicts[0]),
                     0);
    assert_int_equal(store_write_send(writer, faulty, STORE_WITH_NEXT, note_verdict, &verdicts[1]),
                     0);
    assert_int_equal(store_write_send(writer, after, STORE_AT_ONCE, note_verdict, &verdicts[2]), 0);
    wait_settled(writer, 3);
    assert_int_equal(verdicts[0].result.error, 0);
    assert_int_equal(verdicts[1].result.error, error);
    assert_true(strlen(verdicts[1].result.reason) > 5);
    assert_int_equal(verdicts[2].result.error, 0);
    assert_int_equal(trial_count(store, id, id + 3), 2);
    assert_int_equal(trial_count(store, id + 1, id + 2), 0);
    assert_int_equal(store_status(store).alarms, 0);
}

static void test_a_fault_is_its_own(void **state)
{
    struct scene *scene = *state;
    struct store *store = open_trial(scene, true);
    struct store_writer *writer = open_writer(store, 4);
    const struct trial_row good = {.id = 5, .name = "five"};
    struct store_write *write = store_write_begin();
    store_write_insert(write, &trial_table, &good);
    assert_int_equal(write_through(writer, write, STORE_AT_ONCE).error, 0);
    struct ledger_table nowhere = trial_table;
    nowhere.name = "nowhere";
    check_fault(store, writer, &trial_table, &good, 0, -EEXIST);
    check_fault(store, writer, &trial_table, &(struct trial_row){.id = 6}, 0, -EINVAL);
    check_fault(store, writer, &trial_table, &(struct trial_row){.id = 7, .name = "seven"}, 1,
                -ERANGE);
    struct store_write *lost = store_write_begin();
    store_write_put(lost, &nowhere, &good);
    const struct store_result result = write_through(writer, lost, STORE_AT_ONCE);
    assert_int_equal(result.error, -EINVAL);
    assert_non_null(strstr(result.reason, "nowhere"));
    assert_int_equal(store_status(store).alarms, 0); /* and not for corrupt */
    assert_true(store_cursor(store, "energy") == 0);
    store_writer_destroy(writer);
    store_destroy(store);
}

static void send_rows(struct store_writer *writer, int64_t from, size_t count,
                      struct verdict *verdict)
{
    for (size_t i = 0; i < count; i++) {
        struct store_write *write = store_write_begin();
        store_write_insert(write, &trial_table,
                           &(struct trial_row){.id = from + (int64_t)i, .name = "r"});
        assert_int_equal(store_write_send(writer, write, STORE_WITH_NEXT, note_verdict, verdict),
                         0);
    }
}

static void test_told_once_at_shutdown(void **state)
{
    struct scene *scene = *state;
    struct store *store = open_trial(scene, false);
    struct store_writer *writer = open_writer(store, 100);
    struct verdict verdict = {0};
    send_rows(writer, 1, 60, &verdict); /* before there is a thread */
    assert_int_equal(store_start(store), 0);
    send_rows(writer, 61, 40, &verdict);
    struct store_write *write = store_write_begin();
    assert_int_equal(store_write_send(writer, write, STORE_WITH_NEXT, note_verdict, &verdict),
                     -ENOSPC);
    store_stop(store);
    assert_int_equal(store_writer_settle(writer), 100);
    assert_true(verdict.told == 100 && verdict.result.error == 0);
    assert_int_equal(store_write_send(writer, write, STORE_AT_ONCE, note_verdict, &verdict),
                     -ESHUTDOWN);
    store_write_drop(write);
    assert_int_equal(trial_count(store, 1, 100), 100);
    store_writer_destroy(writer);
    assert_int_equal(verdict.told, 100);
    store_destroy(store);
}

static void test_told_where_nobody_ever_writes(void **state)
{
    struct scene *scene = *state;
    struct store *store = open_trial(scene, false);
    struct store_writer *one = open_writer(store, 10);
    struct store_writer *other = open_writer(store, 10);
    struct verdict first = {0};
    struct verdict second = {0};
    send_rows(one, 1, 3, &first);
    send_rows(other, 11, 2, &second);
    send_rows(one, 4, 2, &first);
    store_writer_destroy(one);
    assert_true(first.told == 5 && first.result.error == -ESHUTDOWN && second.told == 0);
    send_rows(other, 13, 1, &second);
    assert_int_equal(store_start(store), 0);
    store_writer_destroy(other); /* waits */
    assert_true(second.told == 3 && second.result.error == 0);
    assert_int_equal(trial_count(store, 1, 20), 3);
    store_destroy(store);
}

static void test_no_folder(void **state)
{
    struct scene *scene = *state;
    char *folder = mem_format("%s/file/data", scene->folder);
    char *obstacle = mem_format("%s/file", scene->folder);
    FILE *file = fopen(obstacle, "w");
    assert_non_null(file);
    fclose(file);
    struct store *store = open_store(folder, scene->clock, true);
    struct store_writer *writer = open_writer(store, 2);
    for (int urgency = STORE_WITH_NEXT; urgency <= STORE_AT_ONCE; urgency++) {
        struct store_write *write = store_write_begin();
        store_write_cursor(write, "energy", 0);
        const struct store_result result =
            write_through(writer, write, (enum store_urgency)urgency);
        assert_int_equal(result.error, -ENODEV);
        assert_non_null(strstr(result.reason, folder));
    }
    assert_int_equal(store_read_rows(store, &trial_table, 0, 1, 1, NULL, NULL), -ENODEV);
    assert_int_equal(unlink(obstacle), 0);
    for (int i = 0; i < 1000 && !store_is_numbered(store); i++) {
        usleep(10000);
    }
    struct store_write *write = store_write_begin();
    store_write_cursor(write, "energy", 0);
    assert_int_equal(write_through(writer, write, STORE_AT_ONCE).error, 0);
    store_writer_destroy(writer);
    store_destroy(store);
    free(folder);
    free(obstacle);
}

/* Each description names the columns that its table has, the keys first and in their order. */
static void test_descriptions_fit_the_schema(void **state)
{
    struct scene *scene = *state;
    store_destroy(open_store(scene->folder, scene->clock, false));
    sqlite3 *db = NULL;
    char *path = mem_format("%s/ledger.db", scene->folder);
    assert_int_equal(sql_open(path, SQL_READ, 64, &db), 0);
    for (size_t t = 0; ledger_tables[t] != NULL; t++) {
        const struct ledger_table *table = ledger_tables[t];
        char *sql = mem_format("PRAGMA table_info(%s)", table->name);
        sqlite3_stmt *query = NULL;
        assert_int_equal(sql_prepare(db, sql, &query), 0);
        for (size_t i = 0; i < table->count; i++) {
            const struct ledger_column *column = &table->columns[i];
            static const char *const types[] = {
                [COLUMN_INTEGER] = "INTEGER", [COLUMN_REAL] = "REAL", [COLUMN_TEXT] = "TEXT"};
            assert_int_equal(sql_step(query), 1);
            assert_string_equal((const char *)sqlite3_column_text(query, 1), column->name);
            assert_string_equal((const char *)sqlite3_column_text(query, 2), types[column->type]);
            assert_int_equal(sqlite3_column_int(query, 5) > 0, column->is_key);
            assert_true(column->offset < table->size &&
                        (i == 0 || !column->is_key || table->columns[i - 1].is_key));
        }
        assert_int_equal(sql_step(query), 0);
        sqlite3_finalize(query);
        free(sql);
    }
    sql_close(db);
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_rows_and_cursor_together, scene_set_up,
                                        scene_tear_down),
        cmocka_unit_test_setup_teardown(test_keys_of_two_parts, scene_set_up, scene_tear_down),
        cmocka_unit_test_setup_teardown(test_a_fault_is_its_own, scene_set_up, scene_tear_down),
        cmocka_unit_test_setup_teardown(test_told_once_at_shutdown, scene_set_up, scene_tear_down),
        cmocka_unit_test_setup_teardown(test_told_where_nobody_ever_writes, scene_set_up,
                                        scene_tear_down),
        cmocka_unit_test_setup_teardown(test_no_folder, scene_set_up, scene_tear_down),
        cmocka_unit_test_setup_teardown(test_descriptions_fit_the_schema, scene_set_up,
                                        scene_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
