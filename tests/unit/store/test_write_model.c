/* SPDX-License-Identifier: Apache-2.0 */
/* store_write against a model: random rows, faults, urgencies, batches, restarts. What each write must come to is known when
 * it is sent, since writes are committed in the order they were sent. */
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
#include "unit/store/trial.h"

enum { WRITES = 10000, IDS = 40, WRITERS = 3, WAITING_MAX = 200, OPS_MAX = 6 };

struct model {
    bool has[IDS];
    double amounts[IDS];
    uint64_t cursor;
};

struct expected {
    int error;
    size_t told;
};

struct play {
    struct scene *scene;
    struct store *store;
    struct store_writer *writers[WRITERS];
    size_t waiting[WRITERS];
    struct model model;
    struct expected *expected; /* by write */
    uint64_t random;
    uint64_t position; /* the last one appended */
    size_t told;
    size_t faults;
};

struct ticket {
    struct play *play;
    size_t writer;
    size_t number;
};

static void judge(void *context, const struct store_result *result)
{
    struct ticket *ticket = context;
    struct play *play = ticket->play;
    struct expected *expected = &play->expected[ticket->number];
    assert_int_equal(result->error, expected->error);
    assert_true((result->error == 0) == (result->reason[0] == '\0'));
    expected->told++;
    play->told++;
    play->waiting[ticket->writer]--;
    free(ticket);
}

static void open_play(struct play *play)
{
    play->store = open_store(play->scene->folder, play->scene->clock, false);
    trial_make_table(play->scene->folder);
    assert_int_equal(store_start(play->store), 0);
    for (size_t i = 0; i < WRITERS; i++) {
        assert_int_equal(store_writer_create(play->store, "trial", WAITING_MAX, &play->writers[i]),
                         0);
    }
    play->position = store_next_position(play->store) - 1;
}

static bool collect(void *context, const void *row)
{
    struct model *found = context;
    const struct trial_row *trial = row;
    assert_true(trial->id >= 0 && trial->id < IDS);
    found->has[trial->id] = true;
    found->amounts[trial->id] = trial->amount;
    return true;
}

static void check_ledger(const struct play *play)
{
    struct model found = {0};
    assert_int_equal(
        store_read_rows(play->store, &trial_table, INT64_MIN, INT64_MAX, 1000, collect, &found), 0);
    for (size_t i = 0; i < IDS; i++) {
        assert_int_equal(found.has[i], play->model.has[i]);
        assert_true(!found.has[i] || found.amounts[i] == play->model.amounts[i]);
    }
    assert_true(store_cursor(play->store, "energy") == play->model.cursor);
}

static void close_play(struct play *play, bool stop_first)
{
    if (stop_first) {
        store_stop(play->store);
    }
    for (size_t i = 0; i < WRITERS; i++) {
        store_writer_destroy(play->writers[i]);
        assert_int_equal(play->waiting[i], 0);
    }
    check_ledger(play);
    store_destroy(play->store);
}

static int insert(struct model *model, struct store_write *write, const struct trial_row *row)
{
    store_write_insert(write, &trial_table, row);
    if (model->has[row->id]) {
        return -EEXIST;
    }
    model->has[row->id] = true;
    model->amounts[row->id] = row->amount;
    return 0;
}

static int put(struct model *model, struct store_write *write, const struct trial_row *row)
{
    store_write_put(write, &trial_table, row);
    if (row->name == NULL) {
        return -EINVAL;
    }
    model->has[row->id] = true;
    model->amounts[row->id] = row->amount;
    return 0;
}

static int random_op(struct play *play, struct model *model, struct store_write *write)
{
    struct trial_row row = {.id = (int64_t)(test_random(&play->random) % IDS),
                            .name = "x",
                            .amount = (double)(test_random(&play->random) % 1000000)};
    switch (test_random(&play->random) % 16) {
    case 0:
        return insert(model, write, &row);
    case 1:
        row.name = NULL;
        return put(model, write, &row);
    case 2:
    case 3:
    case 4:
        store_write_remove(write, &trial_table, &row);
        model->has[row.id] = false;
        return 0;
    default:
        return put(model, write, &row);
    }
}

/* Half of them within what is durable for sure. */
static int random_cursor(struct play *play, struct model *model, struct store_write *write)
{
    uint64_t position = store_durable(play->store);
    const bool is_beyond = test_random(&play->random) % 8 == 0;
    position = is_beyond ? play->position + 1000000 : test_random(&play->random) % (position + 1);
    store_write_cursor(write, "energy", position);
    model->cursor = !is_beyond && position > model->cursor ? position : model->cursor;
    return is_beyond ? -ERANGE : 0;
}

static void send_one(struct play *play, size_t number)
{
    struct model after = play->model;
    struct store_write *write = store_write_begin();
    int error = 0;
    const size_t ops = test_random(&play->random) % OPS_MAX;
    for (size_t i = 0; i < ops; i++) {
        const int own = random_op(play, &after, write);
        error = error == 0 ? own : error;
    }
    if (test_random(&play->random) % 3 == 0) {
        const int own = random_cursor(play, &after, write);
        error = error == 0 ? own : error;
    }
    struct ticket *ticket = mem_alloc(sizeof(*ticket));
    *ticket = (struct ticket){
        .play = play, .number = number, .writer = test_random(&play->random) % WRITERS};
    const enum store_urgency urgency =
        test_random(&play->random) % 20 == 0 ? STORE_AT_ONCE : STORE_WITH_NEXT;
    if (store_write_send(play->writers[ticket->writer], write, urgency, judge, ticket) < 0) {
        assert_int_equal(play->waiting[ticket->writer], WAITING_MAX);
        play->waiting[ticket->writer]++;
        wait_settled(play->writers[ticket->writer], WAITING_MAX);
        play->waiting[ticket->writer]--;
        assert_int_equal(
            store_write_send(play->writers[ticket->writer], write, urgency, judge, ticket), 0);
    }
    play->waiting[ticket->writer]++;
    play->expected[number].error = error;
    play->faults += error != 0;
    if (error == 0) {
        play->model = after;
    }
}

static void disturb(struct play *play)
{
    const uint64_t dice = test_random(&play->random) % 1000;
    if (dice < 3) {
        close_play(play, dice == 0);
        open_play(play);
    } else if (dice < 60) {
        append_samples(play->store, play->scene->device, play->position + 1, 5, start_us);
        play->position += 5;
    } else if (dice < 300) {
        (void)store_writer_settle(play->writers[dice % WRITERS]);
    }
}

static void test_any_interleaving(void **state)
{
    struct play play = {.scene = *state, .random = 20261201};
    play.expected = mem_alloc_array(WRITES, sizeof(*play.expected));
    open_play(&play);
    for (size_t i = 0; i < WRITES; i++) {
        send_one(&play, i);
        disturb(&play);
    }
    close_play(&play, false);
    for (size_t i = 0; i < WRITES; i++) {
        assert_int_equal(play.expected[i].told, 1);
    }
    assert_int_equal(play.told, WRITES);
    print_message("%d writes, %zu of them with a fault: each as the model says\n", WRITES,
                  play.faults);
    assert_true(play.faults > WRITES / 10);
    play.store = open_store(play.scene->folder, play.scene->clock, false);
    check_ledger(&play);
    store_destroy(play.store);
    free(play.expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_any_interleaving, scene_set_up, scene_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
