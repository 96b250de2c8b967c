/* SPDX-License-Identifier: Apache-2.0 */
/* The files of the roll-ups: what is damaged is set aside and no number is told twice, what is of the future is refused, what
 * is too old goes; and which tier answers what. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "store/disk/disk.h"
#include "store/rollup/gather.h"
#include "support/support.h"
#include "unit/store/samples.h"

static const int64_t minute_us = 60LL * 1000000;

static char *rollup_path(const struct scene *scene, const char *name)
{
    return mem_format("%s/rollup/%s", scene->folder, name);
}

static void append(struct store *store, const struct scene *scene, size_t count, int64_t time_us)
{
    append_samples(store, scene->device, store_durable(store) + 1, count, time_us);
    wait_durable(store, store_durable(store) + count);
}

static void settle(struct store *store)
{
    assert_int_equal(rollups_settle(store->rollups), 0);
}

/* Good values of the first point over a range. */
static uint64_t count_good(struct store *store, const struct scene *scene, enum tier_kind kind,
                           int64_t from_us, int64_t to_us)
{
    uint64_t good = 0;
    const int64_t slot_us = tier_shape(kind)->slot_us;
    struct gather gather = {.rollups = store->rollups,
                            .device = scene->device->id,
                            .point = scene->device->points[0].name,
                            .kind = kind,
                            .first = from_us / slot_us};
    gather.count = (size_t)((to_us - from_us) / slot_us);
    assert_int_equal(gather_cells(&gather), 0);
    for (size_t i = 0; i < gather.count; i++) {
        good += gather.cells[i].good;
    }
    gather_finish(&gather);
    return good;
}

static void damage(const char *path)
{
    static const char garbage[8192] = {'x'};
    const int fd = open(path, O_WRONLY | O_TRUNC);
    assert_true(fd >= 0);
    assert_true(write(fd, garbage, sizeof(garbage)) == (ssize_t)sizeof(garbage));
    close(fd);
}

/* The hour knows what its minutes no longer say, and a late reading is added to both. */
static void lost_minutes_leave_the_hour_as_it_was(void **state)
{
    struct scene *scene = *state;
    char *path = rollup_path(scene, "minutes-2026-11.db");
    struct store *store = open_store(scene->folder, scene->clock, true);
    append(store, scene, 100, start_us);
    settle(store);
    damage(path);
    append(store, scene, 7, start_us + 30 * minute_us);
    assert_true(rollups_settle(store->rollups) < 0);
    wait_alarm(store, STORE_JOURNAL_CORRUPT);
    settle(store);
    settle(store);
    assert_int_equal(count_good(store, scene, TIER_MINUTES, start_us, start_us + hour_us), 7);
    assert_int_equal(count_good(store, scene, TIER_HOURS, start_us, start_us + hour_us), 107);
    append(store, scene, 5, start_us + 10 * minute_us);
    assert_int_equal(count_good(store, scene, TIER_HOURS, start_us, start_us + hour_us), 112);
    settle(store);
    assert_int_equal(count_good(store, scene, TIER_MINUTES, start_us, start_us + hour_us), 12);
    assert_int_equal(count_good(store, scene, TIER_HOURS, start_us, start_us + hour_us), 112);
    store_destroy(store);
    free(path);
}

/* What was not in a file yet comes from the journal again. */
static void a_lost_tail_is_made_again(void **state)
{
    struct scene *scene = *state;
    char *path = rollup_path(scene, "tail.db");
    struct store *store = open_store(scene->folder, scene->clock, true);
    append(store, scene, 100, start_us);
    settle(store);
    append(store, scene, 50, start_us + 5 * minute_us);
    store_destroy(store);
    damage(path);
    store = open_store(scene->folder, scene->clock, true);
    settle(store);
    wait_alarm(store, STORE_JOURNAL_CORRUPT);
    assert_int_equal(count_good(store, scene, TIER_MINUTES, start_us, start_us + hour_us), 150);
    assert_int_equal(count_good(store, scene, TIER_HOURS, start_us, start_us + hour_us), 150);
    store_destroy(store);
    free(path);
}

static struct bytes read_file(const char *path)
{
    struct bytes bytes = {0};
    uint8_t block[4096];
    const int fd = open(path, O_RDONLY);
    assert_true(fd >= 0);
    for (ssize_t size = 0; (size = read(fd, block, sizeof(block))) > 0;) {
        bytes_put(&bytes, block, (size_t)size);
    }
    close(fd);
    return bytes;
}

static void write_file(const char *path, const struct bytes *bytes)
{
    const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0640);
    assert_true(fd >= 0);
    assert_true(write(fd, bytes->data, bytes->length) == (ssize_t)bytes->length);
    close(fd);
}

/* Killed after the minutes were committed, before the tail forgot them: nothing is added twice. */
static void a_tail_that_was_merged_is_not_merged_again(void **state)
{
    struct scene *scene = *state;
    char *path = rollup_path(scene, "tail.db");
    struct store *store = open_store(scene->folder, scene->clock, true);
    append(store, scene, 10, start_us);
    settle(store);
    append(store, scene, 100, start_us);
    store_destroy(store);
    struct bytes tail = read_file(path);
    store = open_store(scene->folder, scene->clock, true);
    settle(store);
    store_destroy(store);
    write_file(path, &tail);
    store = open_store(scene->folder, scene->clock, true);
    assert_int_equal(count_good(store, scene, TIER_MINUTES, start_us, start_us + hour_us), 110);
    append(store, scene, 5, start_us + 10 * minute_us);
    settle(store);
    assert_int_equal(count_good(store, scene, TIER_MINUTES, start_us, start_us + hour_us), 115);
    assert_int_equal(count_good(store, scene, TIER_HOURS, start_us, start_us + hour_us), 115);
    store_destroy(store);
    bytes_finish(&tail);
    free(path);
}

static void refuse(struct scene *scene, const char *name, int64_t application)
{
    char *folder = mem_format("%s/rollup", scene->folder);
    char *path = rollup_path(scene, name);
    char *statement =
        mem_format("PRAGMA application_id=%lld; PRAGMA user_version=99; CREATE TABLE t(a);",
                   (long long)application);
    struct store_options options = sample_options(scene->folder);
    struct store *store = NULL;
    sqlite3 *db = NULL;
    assert_int_equal(disk_make_folder(folder), 0);
    assert_int_equal(sql_open(path, SQL_COMPACT, 64, &db), 0);
    assert_int_equal(sql_run(db, statement), 0);
    sql_close(db);
    assert_int_equal(store_open(&options, scene->clock, &store), -EPROTONOSUPPORT);
    assert_int_equal(count_files(folder, ".db"), 1);
    assert_int_equal(sql_peek_version(path, application), 99);
    assert_int_equal(unlink(path), 0);
    free(statement);
    free(path);
    free(folder);
}

static void files_of_the_future_are_refused(void **state)
{
    refuse(*state, "minutes-2026-11.db", TIER_APPLICATION);
    refuse(*state, "hours-2026.db", TIER_APPLICATION);
    refuse(*state, "tail.db", TAIL_APPLICATION);
}

static void old_months_go_and_hours_stay(void **state)
{
    enum { MONTHS = 5, DAYS_A_MONTH = 31 };
    struct scene *scene = *state;
    struct store_options options = sample_options(scene->folder);
    char *folder = mem_format("%s/rollup", scene->folder);
    options.minute_days = 45;
    struct store *store = open_store_with(&options, scene->clock, true);
    for (int month = 0; month < MONTHS; month++) {
        append(store, scene, 20, clock_wall_us(scene->clock));
        settle(store);
        fake_clock_advance(&scene->fake, DAYS_A_MONTH * day_us);
    }
    /* March goes on, February and January alone are more than 45 days. */
    assert_int_equal(count_files(folder, "minutes-"), 3);
    assert_int_equal(count_files(folder, "hours-"), 2);
    const int64_t end_us = clock_wall_us(scene->clock);
    assert_int_equal(count_good(store, scene, TIER_HOURS, start_us, end_us), 20 * MONTHS);
    store_destroy(store);
    free(folder);
}

static struct rollup_answer ask(struct store *store, const struct scene *scene, size_t point,
                                int64_t from_us, int64_t to_us, size_t pixels)
{
    struct journal_reader *reader = NULL;
    struct rollup_answer answer;
    const struct rollup_ask question = {.device = scene->device->id,
                                        .point = scene->device->points[point].name,
                                        .from_us = from_us,
                                        .to_us = to_us,
                                        .pixels = pixels};
    assert_int_equal(journal_reader_open(store, &reader), 0);
    assert_int_equal(rollup_query(store, reader, &question, &answer), 0);
    journal_reader_close(reader);
    return answer;
}

static void the_tier_follows_the_range(void **state)
{
    struct scene *scene = *state;
    struct store *store = open_store(scene->folder, scene->clock, true);
    append(store, scene, 600, start_us);
    settle(store);
    struct rollup_answer raw = ask(store, scene, 0, start_us, start_us + 10 * minute_us, 600);
    assert_true(raw.tier == ROLLUP_RAW && raw.count == 600);
    struct rollup_answer minutes = ask(store, scene, 0, start_us, start_us + day_us, 1000);
    assert_true(minutes.tier == ROLLUP_MINUTE && minutes.count > 5 && minutes.count <= 10);
    struct rollup_answer hours =
        ask(store, scene, 0, start_us - 364 * day_us, start_us + day_us, 1000);
    assert_true(hours.tier == ROLLUP_HOUR && hours.count == 1);
    /* All three say the same of the ten minutes. */
    double low = INFINITY;
    double high = -INFINITY;
    double sum = 0;
    for (size_t i = 0; i < raw.count; i++) {
        low = fmin(low, raw.columns[i].min);
        high = fmax(high, raw.columns[i].max);
        sum += raw.columns[i].mean;
    }
    const struct rollup_column *hour = &hours.columns[0];
    assert_true(hour->min == low && hour->max == high && hour->good == 600);
    assert_true(hour->last == raw.columns[599].last);
    assert_true(fabs(hour->mean - sum / 600) < 1e-9);
    assert_true(minutes.columns[minutes.count - 1].last == hour->last);
    assert_string_equal(hours.quantity->name, "voltage_a");
    rollup_answer_finish(&raw);
    rollup_answer_finish(&minutes);
    rollup_answer_finish(&hours);
    store_destroy(store);
}

/* Of equal times the one that came later, whether it was written down in between or not; of others the later time. */
static void last_is_the_latest(void **state)
{
    struct scene *scene = *state;
    struct store *store = open_store(scene->folder, scene->clock, true);
    const struct device *device = scene->device;
    for (uint64_t position = 1; position <= 4; position++) {
        /* 8:00:30 three times, then 8:00:10 */
        struct batch *batch = sample_batch(device, position, position,
                                           start_us + (position < 4 ? 30 : 10) * 1000000LL);
        const double value = batch->readings[0].value;
        assert_int_equal(store_append(store, batch), 0);
        batch_unref(batch);
        wait_durable(store, position);
        if (position % 2 == 0) {
            settle(store);
        }
        struct rollup_answer answer = ask(store, scene, 0, start_us, start_us + day_us, 10);
        assert_int_equal(answer.count, 1);
        assert_true(answer.columns[0].good == position);
        assert_true(position == 4 || answer.columns[0].last == value);
        assert_true(position < 4 || answer.columns[0].last != value);
        rollup_answer_finish(&answer);
    }
    store_destroy(store);
}

/* A counter has no mean, a point that nobody knows has nothing, and an empty range is refused. */
static void what_cannot_be_told_is_left_out(void **state)
{
    enum { COUNTER = 17 };
    struct scene *scene = *state;
    struct store *store = open_store(scene->folder, scene->clock, true);
    append(store, scene, 100, start_us);
    struct rollup_answer counter = ask(store, scene, COUNTER, start_us, start_us + day_us, 10);
    assert_int_equal(counter.count, 1);
    assert_true(isnan(counter.columns[0].mean) && !isnan(counter.columns[0].last));
    rollup_answer_finish(&counter);
    struct rollup_ask question = {.device = "nobody",
                                  .point = "voltage_a",
                                  .from_us = start_us,
                                  .to_us = start_us + day_us,
                                  .pixels = 10};
    struct rollup_answer answer;
    assert_int_equal(rollup_query(store, NULL, &question, &answer), 0);
    assert_true(answer.count == 0 && answer.quantity == NULL);
    rollup_answer_finish(&answer);
    question.to_us = start_us;
    assert_int_equal(rollup_query(store, NULL, &question, &answer), -EINVAL);
    question.to_us = start_us + day_us;
    question.pixels = 0;
    assert_int_equal(rollup_query(store, NULL, &question, &answer), -EINVAL);
    store_destroy(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(lost_minutes_leave_the_hour_as_it_was, scene_set_up,
                                        scene_tear_down),
        cmocka_unit_test_setup_teardown(a_lost_tail_is_made_again, scene_set_up, scene_tear_down),
        cmocka_unit_test_setup_teardown(a_tail_that_was_merged_is_not_merged_again, scene_set_up,
                                        scene_tear_down),
        cmocka_unit_test_setup_teardown(files_of_the_future_are_refused, scene_set_up,
                                        scene_tear_down),
        cmocka_unit_test_setup_teardown(old_months_go_and_hours_stay, scene_set_up,
                                        scene_tear_down),
        cmocka_unit_test_setup_teardown(the_tier_follows_the_range, scene_set_up, scene_tear_down),
        cmocka_unit_test_setup_teardown(last_is_the_latest, scene_set_up, scene_tear_down),
        cmocka_unit_test_setup_teardown(what_cannot_be_told_is_left_out, scene_set_up,
                                        scene_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
