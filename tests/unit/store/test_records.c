/* SPDX-License-Identifier: Apache-2.0 */
/* Records: committed with what they tell of, told in order, kept or shed by kind; the store's own alarms are some. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "store/feed/record_feed.h"
#include "support/support.h"
#include "unit/store/small_disk.h"
#include "unit/store/trial.h"

enum { HEARD_MAX = 4000 };

/* What a listener was told. */
struct heard {
    pthread_mutex_t mutex;
    const struct record *records[HEARD_MAX];
    size_t count;
};

static void hear(void *context, const struct record *record)
{
    struct heard *heard = context;
    pthread_mutex_lock(&heard->mutex);
    if (heard->count < HEARD_MAX) {
        heard->records[heard->count++] = record_ref(record);
    }
    pthread_mutex_unlock(&heard->mutex);
}

static size_t count_heard(struct heard *heard)
{
    pthread_mutex_lock(&heard->mutex);
    const size_t count = heard->count;
    pthread_mutex_unlock(&heard->mutex);
    return count;
}

/* The store tells after the commit, so later than the ledger can be read. */
static void await_heard(struct heard *heard, size_t count)
{
    for (int i = 0; i < 2000 && count_heard(heard) < count; i++) {
        usleep(10000);
    }
    assert_true(count_heard(heard) >= count);
}

static void forget(struct heard *heard)
{
    for (size_t i = 0; i < heard->count; i++) {
        record_unref(heard->records[i]);
    }
    heard->count = 0;
}

static struct heard *heard_of(struct store *store)
{
    static struct heard heard = {.mutex = PTHREAD_MUTEX_INITIALIZER};
    forget(&heard);
    store_on_record(store, hear, &heard);
    return &heard;
}

static struct store_write *with_record(enum record_kind kind, const char *subject, const char *body)
{
    struct store_write *write = store_write_begin();
    const struct record_draft draft = {.kind = kind,
                                       .subject = subject,
                                       .time_us = start_us,
                                       .body = kind == RECORD_INTERVAL ? NULL : body,
                                       .reference = kind == RECORD_INTERVAL ? body : NULL};
    assert_int_equal(store_write_record(write, &draft), 0);
    return write;
}

static struct store_writer *open_writer(struct store *store)
{
    struct store_writer *writer = NULL;
    assert_int_equal(store_writer_create(store, "records", 64, &writer), 0);
    return writer;
}

static void write_record(struct store_writer *writer, enum record_kind kind, const char *subject,
                         const char *body)
{
    assert_int_equal(write_through(writer, with_record(kind, subject, body), STORE_AT_ONCE).error,
                     0);
}

static void test_committed_and_told(void **state)
{
    struct scene *scene = *state;
    struct store *store = open_store(scene->folder, scene->clock, false);
    struct heard *heard = heard_of(store);
    trial_make_table(scene->folder);
    assert_int_equal(store_start(store), 0);
    struct store_writer *writer = open_writer(store);
    write_record(writer, RECORD_ALARM, "freezer-7", "{\"state\":\"raised\"}");
    struct store_write *faulty = with_record(RECORD_EVENT, "sale", "{\"kw\":5}");
    store_write_put(faulty, &trial_table, &(struct trial_row){.id = 1}); /* no name: refused */
    assert_int_equal(write_through(writer, faulty, STORE_AT_ONCE).error, -EINVAL);
    write_record(writer, RECORD_AUDIT, "door_2", "{}");
    assert_int_equal(count_heard(heard), 2);
    assert_true(heard->records[0]->position == 1 && heard->records[1]->position == 2);
    assert_true(heard->records[0]->kind == RECORD_ALARM && heard->records[1]->kind == RECORD_AUDIT);
    assert_string_equal(heard->records[0]->subject, "freezer-7");
    assert_string_equal(heard->records[0]->body, "{\"state\":\"raised\"}");
    assert_true(heard->records[0]->time_us == start_us && store_last_record(store) == 2);
    store_off_record(store, hear, heard);
    write_record(writer, RECORD_AUDIT, "door_2", "{}");
    assert_int_equal(count_heard(heard), 2);
    store_writer_destroy(writer);
    store_destroy(store);
    forget(heard);
}

static void test_drafts_that_are_none(void **state)
{
    const struct record_draft good = {.kind = RECORD_EVENT, .subject = "a", .body = "{}"};
    struct record_draft draft = good;
    struct store_write *write = store_write_begin();
    (void)state;
    const char *const subjects[] = {"", "a/b", "a+", "#", "A", "a b", "\xc3\xa4"};
    for (size_t i = 0; i < ARRAY_SIZE(subjects); i++) {
        draft.subject = subjects[i];
        assert_int_equal(store_write_record(write, &draft), -EINVAL);
    }
    draft = good;
    draft.reference = "both";
    assert_int_equal(store_write_record(write, &draft), -EINVAL);
    draft.body = NULL;
    assert_int_equal(record_check(&draft), 0);
    draft.reference = NULL;
    assert_int_equal(store_write_record(write, &draft), -EINVAL);
    draft.body = "[1]";
    assert_int_equal(store_write_record(write, &draft), -EINVAL);
    char *large = mem_alloc(RECORD_BODY_MAX + 3);
    memset(large, ' ', RECORD_BODY_MAX + 2);
    large[0] = '{';
    large[RECORD_BODY_MAX + 1] = '}';
    draft.body = large;
    assert_int_equal(store_write_record(write, &draft), -E2BIG);
    large[RECORD_BODY_MAX - 1] = '}';
    large[RECORD_BODY_MAX] = '\0';
    assert_int_equal(store_write_record(write, &draft), 0);
    free(large);
    store_write_drop(write);
}

static void count_wakes(void *context)
{
    atomic_fetch_add((atomic_uint *)context, 1);
}

/* Takes what is there: from..to exactly. */
static void expect(struct record_feed *feed, uint64_t from, uint64_t to)
{
    const struct record *record = NULL;
    while ((record = record_feed_take(feed)) != NULL) {
        assert_true(record->position == from && from <= to);
        from++;
        record_unref(record);
    }
    assert_true(from == to + 1);
    assert_false(record_feed_has_more(feed));
}

static void test_a_feed_misses_none(void **state)
{
    struct scene *scene = *state;
    struct record_feed *feed = NULL;
    struct record_feed *other = NULL;
    atomic_uint wakes = 0;
    struct store *store = open_store(scene->folder, scene->clock, true);
    struct store_writer *writer = open_writer(store);
    for (int i = 0; i < 40; i++) {
        write_record(writer, RECORD_EVENT, "one", "{}");
    }
    assert_int_equal(record_feed_join(store, "mqtt", count_wakes, &wakes, &feed), 0);
    assert_int_equal(record_feed_join(store, "mqtt", count_wakes, &wakes, &other), -EEXIST);
    expect(feed, 1, 40);
    write_record(writer, RECORD_EVENT, "two", "{}");
    assert_int_equal(wakes, 1);
    assert_true(record_feed_has_more(feed));
    expect(feed, 41, 41);
    record_feed_settle(feed, 30);
    record_feed_rewind(feed);
    expect(feed, 31, 41);
    record_feed_settle(feed, 35);
    record_feed_settle(feed, 32); /* never back */
    record_feed_settle(feed, 99); /* nor beyond what there is */
    record_feed_rewind(feed);
    expect(feed, 42, 41);
    store_writer_destroy(writer);
    record_feed_leave(feed);
    store_destroy(store);
    store = open_store(scene->folder, scene->clock, true);
    writer = open_writer(store);
    assert_int_equal(record_feed_join(store, "mqtt", count_wakes, &wakes, &feed), 0);
    assert_int_equal(record_feed_join(store, "influx", count_wakes, &wakes, &other), 0);
    write_record(writer, RECORD_EVENT, "three", "{}");
    expect(feed, 42, 42);
    expect(other, 1, 42);
    assert_true(store_cursor(store, "mqtt") == 0); /* that of batches is another one */
    record_feed_leave(feed);
    record_feed_leave(other);
    store_writer_destroy(writer);
    store_destroy(store);
}

static char *give_body(void *context, const struct record *record)
{
    return mem_format("{\"%s\":\"%s\"}", (const char *)context, record->reference);
}

static void test_a_body_that_lives_elsewhere(void **state)
{
    struct scene *scene = *state;
    struct store *store = open_store(scene->folder, scene->clock, false);
    char word[] = "found";
    struct heard *heard = heard_of(store);
    store_provide_bodies(store, RECORD_INTERVAL, give_body, word);
    assert_int_equal(store_start(store), 0);
    struct store_writer *writer = open_writer(store);
    write_record(writer, RECORD_INTERVAL, "node-1", "2026/node-1/77");
    write_record(writer, RECORD_EVENT, "one", "{\"a\":1}");
    assert_null(heard->records[0]->body);
    char *bodies[] = {store_record_body(store, heard->records[0]),
                      store_record_body(store, heard->records[1])};
    assert_string_equal(bodies[0], "{\"found\":\"2026/node-1/77\"}");
    assert_string_equal(bodies[1], "{\"a\":1}");
    free(bodies[0]);
    free(bodies[1]);
    store_off_record(store, hear, heard);
    store_writer_destroy(writer);
    store_destroy(store);
    forget(heard);
}

struct census {
    size_t kinds[RECORD_KIND_COUNT];
    uint64_t last;
};

static bool count_kind(void *context, const struct record *record)
{
    struct census *census = context;
    assert_true(record->position > census->last);
    census->last = record->position;
    census->kinds[record->kind]++;
    return true;
}

static struct census take_census(struct store *store)
{
    struct census census = {0};
    assert_int_equal(store_read_records(store, 0, SIZE_MAX / 2, count_kind, &census), 0);
    return census;
}

/* Intervals go once a sink and the ten minutes have passed them, the others never; no position comes twice. */
static void test_shedding(void **state)
{
    struct scene *scene = *state;
    atomic_uint wakes = 0;
    struct record_feed *feed = NULL;
    struct store *store = open_store(scene->folder, scene->clock, false);
    store->records_keep_us = 0;
    assert_int_equal(store_start(store), 0);
    struct store_writer *writer = open_writer(store);
    assert_int_equal(record_feed_join(store, "mqtt", count_wakes, &wakes, &feed), 0);
    for (int i = 0; i < 10; i++) {
        write_record(writer, RECORD_INTERVAL, "node-1", "x");
        write_record(writer, RECORD_ALARM, "a", "{}");
    }
    assert_int_equal(take_census(store).kinds[RECORD_INTERVAL], 10); /* nobody has had them */
    expect(feed, 1, 20);
    record_feed_settle(feed, 13);
    for (int i = 0; i < 4; i++) {
        write_record(writer, RECORD_EVENT, "e", "{}");
    }
    assert_int_equal(take_census(store).kinds[RECORD_INTERVAL], 3);
    record_feed_settle(feed, 24);
    for (int i = 0; i < 4; i++) {
        write_record(writer, RECORD_AUDIT, "e", "{}");
    }
    struct census census = take_census(store);
    assert_int_equal(census.kinds[RECORD_INTERVAL], 0);
    assert_int_equal(census.kinds[RECORD_ALARM], 10);
    assert_int_equal(census.kinds[RECORD_EVENT], 4);
    record_feed_rewind(feed);
    expect(feed, 25, 28);
    record_feed_settle(feed, 28);
    for (int i = 0; i < 3; i++) {
        write_record(writer, RECORD_INTERVAL, "last", "x");
        expect(feed, 29 + (uint64_t)i, 29 + (uint64_t)i);
        record_feed_settle(feed, 29 + (uint64_t)i);
    }
    record_feed_leave(feed);
    store_writer_destroy(writer);
    store_destroy(store);
    store = open_store(scene->folder, scene->clock, true);
    assert_true(store_last_record(store) == 31);
    writer = open_writer(store);
    write_record(writer, RECORD_EVENT, "e", "{}");
    assert_true(store_last_record(store) == 32);
    store_writer_destroy(writer);
    store_destroy(store);
}

/* --- the store's own alarms --- */

struct change {
    char subject[64];
    char state[16];
};

struct changes {
    struct change all[64];
    size_t count;
};

static bool note_change(void *context, const struct record *record)
{
    struct changes *changes = context;
    struct change *change = &changes->all[changes->count++];
    assert_int_equal(record->kind, RECORD_ALARM);
    snprintf(change->subject, sizeof(change->subject), "%s", record->subject);
    assert_int_equal(sscanf(record->body, "{\"state\":\"%15[a-z]", change->state), 1);
    return changes->count < ARRAY_SIZE(changes->all);
}

static struct changes changes_in(struct store *store)
{
    struct changes changes = {0};
    assert_int_equal(store_read_records(store, 0, SIZE_MAX / 2, note_change, &changes), 0);
    return changes;
}

static void expect_changes(struct store *store, const char *const *wanted)
{
    struct changes changes = {0};
    size_t count = 0;
    while (wanted[count] != NULL) {
        count++;
    }
    for (int i = 0; i < 1000 && changes.count < count; i++) {
        usleep(10000);
        changes = changes_in(store);
    }
    assert_int_equal(changes.count, count);
    for (size_t i = 0; i < count; i++) {
        char found[96];
        snprintf(found, sizeof(found), "%s %s", changes.all[i].subject, changes.all[i].state);
        assert_string_equal(found, wanted[i]);
    }
}

static void test_a_standing_alarm(void **state)
{
    struct scene *scene = *state;
    const char *const raised[] = {"store_ledger_restored raised", NULL};
    const char *const ended[] = {"store_ledger_restored raised",
                                 "store_ledger_restored acknowledged",
                                 "store_ledger_restored cleared", NULL};
    write_days(scene, 1, 20);
    char *path = mem_format("%s/ledger.db", scene->folder);
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    assert_true(fwrite("garbage", 1, 7, file) == 7);
    fclose(file);
    free(path);
    struct store *store = open_store(scene->folder, scene->clock, true);
    expect_changes(store, raised);
    assert_true(store_last_record(store) >
                1000000); /* behind all that the lost ledger may have given */
    store_destroy(store);
    store = open_store(scene->folder, scene->clock, true); /* it stands, and is not raised again */
    expect_changes(store, raised);
    struct heard *heard = heard_of(store);
    store_acknowledge_by(store, STORE_LEDGER_RESTORED, "an\"na");
    expect_changes(store, ended);
    await_heard(heard, 2);
    assert_string_equal(heard->records[0]->body,
                        "{\"state\":\"acknowledged\",\"active\":true,\"by\":\"an\\\"na\","
                        "\"stands\":true}");
    assert_string_equal(heard->records[1]->body,
                        "{\"state\":\"cleared\",\"active\":false,\"stands\":true}");
    store_off_record(store, hear, heard);
    forget(heard);
    store_destroy(store);
    store = open_store(scene->folder, scene->clock, true);
    expect_changes(store, ended);
    store_destroy(store);
}

/* It ends by itself; so it does while the daemon was not there. */
static void test_an_alarm_that_ends(void **state)
{
    struct scene *scene = *state;
    const char *const all[] = {"store_disk_full raised", "store_disk_full cleared",
                               "store_near_limit raised", "store_near_limit cleared", NULL};
    struct store *store = open_store(scene->folder, scene->clock, true);
    alarms_raise(&store->alarms, STORE_DISK_FULL, "no room for \"%s\"", "it");
    store_wake(store);
    const char *const first[] = {all[0], NULL};
    expect_changes(store, first);
    alarms_clear(&store->alarms, STORE_DISK_FULL);
    store_wake(store);
    const char *const second[] = {all[0], all[1], NULL};
    expect_changes(store, second);
    alarms_raise(&store->alarms, STORE_NEAR_LIMIT, "soon");
    store_wake(store);
    const char *const third[] = {all[0], all[1], all[2], NULL};
    expect_changes(store, third);
    store_destroy(store);
    store = open_store(scene->folder, scene->clock, true);
    expect_changes(store, all);
    store_destroy(store);
}

/* --- any mixture --- */

enum { SINKS = 2 };

struct play {
    struct scene *scene;
    struct store *store;
    struct store_writer *writer;
    struct record_feed *feeds[SINKS];
    uint64_t given[SINKS];
    uint64_t settled[SINKS];
    uint64_t committed;
    uint64_t random;
    atomic_uint wakes;
};

static void end_life(struct play *play)
{
    for (size_t i = 0; i < SINKS; i++) {
        record_feed_leave(play->feeds[i]);
        play->feeds[i] = NULL;
        play->given[i] = play->settled[i];
    }
    store_writer_destroy(play->writer);
    store_destroy(play->store);
}

static void begin_life(struct play *play)
{
    static const char *const names[SINKS] = {"mqtt", "influx"};
    play->store = open_store(play->scene->folder, play->scene->clock, false);
    trial_make_table(play->scene->folder);
    assert_int_equal(store_start(play->store), 0);
    play->writer = open_writer(play->store);
    for (size_t i = 0; i < SINKS; i++) {
        assert_int_equal(
            record_feed_join(play->store, names[i], count_wakes, &play->wakes, &play->feeds[i]), 0);
    }
}

static void commit_one(struct play *play, bool fails)
{
    struct store_write *write = with_record(RECORD_EVENT, "e", "{}");
    if (fails) {
        store_write_put(write, &trial_table, &(struct trial_row){.id = 1});
    }
    const struct store_result result = write_through(play->writer, write, STORE_AT_ONCE);
    assert_int_equal(result.error, fails ? -EINVAL : 0);
    play->committed += !fails;
}

static void take_one(struct play *play, size_t sink)
{
    const struct record *record = record_feed_take(play->feeds[sink]);
    assert_true((record != NULL) == (play->given[sink] < play->committed));
    if (record != NULL) {
        assert_true(record->position == ++play->given[sink]);
        record_unref(record);
    }
}

static void go_on(struct play *play)
{
    const uint64_t dice = test_random(&play->random) % 1000;
    const size_t sink = test_random(&play->random) % SINKS;
    if (dice < 5) {
        end_life(play);
        begin_life(play);
    } else if (dice < 300) {
        commit_one(play, dice % 4 == 0);
    } else if (dice < 330) {
        record_feed_rewind(play->feeds[sink]);
        play->given[sink] = play->settled[sink];
    } else if (dice < 500) {
        play->settled[sink] +=
            test_random(&play->random) % (play->given[sink] - play->settled[sink] + 1);
        record_feed_settle(play->feeds[sink], play->settled[sink]);
    } else {
        take_one(play, sink);
    }
}

/* Two sinks that settle, rewind and leave at random, writers that fail, lives that end: each sink has each committed record,
 * in order, and goes on behind its cursor. */
static void test_any_mixture(void **state)
{
    enum { STEPS = 3000 };
    struct play play = {.scene = *state, .random = 99};
    begin_life(&play);
    for (int step = 0; step < STEPS; step++) {
        go_on(&play);
    }
    assert_true(store_last_record(play.store) == play.committed && play.committed > 100);
    end_life(&play);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_committed_and_told, scene_set_up, scene_tear_down),
        cmocka_unit_test(test_drafts_that_are_none),
        cmocka_unit_test_setup_teardown(test_a_feed_misses_none, scene_set_up, scene_tear_down),
        cmocka_unit_test_setup_teardown(test_a_body_that_lives_elsewhere, scene_set_up,
                                        scene_tear_down),
        cmocka_unit_test_setup_teardown(test_shedding, scene_set_up, scene_tear_down),
        cmocka_unit_test_setup_teardown(test_a_standing_alarm, scene_set_up, scene_tear_down),
        cmocka_unit_test_setup_teardown(test_an_alarm_that_ends, scene_set_up, scene_tear_down),
        cmocka_unit_test_setup_teardown(test_any_mixture, scene_set_up, scene_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
