/* SPDX-License-Identifier: Apache-2.0 */
/* trial: see trial.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/store/trial.h"

#include <math.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static const struct ledger_column columns[] = {
    {"id", offsetof(struct trial_row, id), COLUMN_INTEGER, true},
    {"name", offsetof(struct trial_row, name), COLUMN_TEXT, false},
    {"amount", offsetof(struct trial_row, amount), COLUMN_REAL, false},
    {"note", offsetof(struct trial_row, note), COLUMN_TEXT, false},
};

const struct ledger_table trial_table = {.name = "trial",
                                         .size = sizeof(struct trial_row),
                                         .columns = columns,
                                         .count = ARRAY_SIZE(columns)};

void trial_make_table(const char *folder)
{
    sqlite3 *db = NULL;
    char *path = mem_format("%s/ledger.db", folder);
    assert_int_equal(sql_open(path, SQL_WRITE, 64, &db), 0);
    assert_int_equal(
        sql_run(db, "CREATE TABLE IF NOT EXISTS trial(id INTEGER PRIMARY KEY, name TEXT NOT NULL,"
                    " amount REAL, note TEXT)"),
        0);
    sql_close(db);
    free(path);
}

void note_verdict(void *context, const struct store_result *result)
{
    struct verdict *verdict = context;
    verdict->told++;
    verdict->result = *result;
}

void wait_settled(struct store_writer *writer, size_t count)
{
    size_t settled = 0;
    while (settled < count) {
        struct pollfd fd = {.fd = store_writer_fd(writer), .events = POLLIN};
        assert_int_equal(poll(&fd, 1, 20000), 1);
        settled += store_writer_settle(writer);
    }
    assert_int_equal(settled, count);
}

struct store_result write_through(struct store_writer *writer, struct store_write *take_write,
                                  enum store_urgency urgency)
{
    struct verdict verdict = {0};
    assert_int_equal(store_write_send(writer, take_write, urgency, note_verdict, &verdict), 0);
    wait_settled(writer, 1);
    assert_int_equal(verdict.told, 1);
    return verdict.result;
}

static bool count_row(void *context, const void *row)
{
    (void)row;
    size_t *count = context;
    (*count)++;
    return true;
}

size_t trial_count(struct store *store, int64_t from, int64_t to)
{
    size_t count = 0;
    assert_int_equal(
        store_read_rows(store, &trial_table, from, to, SIZE_MAX / 2, count_row, &count), 0);
    return count;
}

static bool is_same_text(const char *one, const char *other)
{
    return one == NULL || other == NULL ? one == other : strcmp(one, other) == 0;
}

static bool is_same_real(double one, double other)
{
    return isnan(one) ? isnan(other) : one == other;
}

struct wanted {
    const struct trial_row *row;
    bool is_there;
};

static bool compare_row(void *context, const void *found)
{
    struct wanted *wanted = context;
    const struct trial_row *row = found;
    wanted->is_there = row->id == wanted->row->id && is_same_text(row->name, wanted->row->name) &&
                       is_same_real(row->amount, wanted->row->amount) &&
                       is_same_text(row->note, wanted->row->note);
    return true;
}

bool trial_has(struct store *store, const struct trial_row *row)
{
    struct wanted wanted = {.row = row};
    assert_int_equal(
        store_read_rows(store, &trial_table, row->id, row->id, 1, compare_row, &wanted), 0);
    return wanted.is_there;
}
