/* SPDX-License-Identifier: Apache-2.0 */
/* runner: its thread, rewinds, cursor and stop, with a sink that does as it is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/mem.h"
#include "sinks/runner.h"
#include "support/support.h"
#include "unit/sinks/fake_store.h"
#include "unit/sinks/samples.h"

enum { SENT_MAX = 100000 };

/* What the test wants (atomics) and what it saw. */
struct sink_instance {
    atomic_int state;
    _Atomic uint64_t session;
    _Atomic uint64_t acknowledge_to; /* highest position the far end confirms */
    atomic_size_t room;              /* batches it may still take */
    atomic_size_t works;
    atomic_size_t live;
    atomic_size_t flushes;
    atomic_bool said_goodbye;
    atomic_bool is_destroyed;
    int wake_fd; /* the "socket" */
    uint64_t seen_session;
    uint64_t acknowledged;
    uint64_t last;
    pthread_mutex_t mutex; /* guards sent */
    uint64_t sent[SENT_MAX];
    size_t sent_count;
};

static struct sink_instance *instance;

static int create(const struct sink_setup *setup, struct sink_instance **out)
{
    (void)setup;
    *out = instance;
    return 0;
}

static void destroy(struct sink_instance *self)
{
    self->is_destroyed = true;
}

static void work(struct sink_instance *self)
{
    self->works++;
    uint64_t count = 0;
    ssize_t got = read(self->wake_fd, &count, sizeof(count));
    (void)got;
    if (self->seen_session != self->session) {
        self->seen_session = self->session;
        self->acknowledged = 0;
        self->last = 0;
    }
}

static size_t wait_for(struct sink_instance *self, struct pollfd *fds, size_t max, int64_t *wait_us)
{
    assert_true(max > 0);
    fds[0] = (struct pollfd){.fd = self->wake_fd, .events = POLLIN};
    *wait_us = -1;
    return 1;
}

static enum sink_state state_of(struct sink_instance *self, char *reason, size_t size)
{
    snprintf(reason, size, "%s", self->state == SINK_UP ? "" : "told to be down");
    return (enum sink_state)self->state;
}

static uint64_t session(struct sink_instance *self)
{
    return self->session;
}

static bool has_room(struct sink_instance *self)
{
    return self->state == SINK_UP && self->room > 0;
}

static void send_batch(struct sink_instance *self, const struct batch *batch)
{
    self->room--;
    self->last = batch->position;
    pthread_mutex_lock(&self->mutex);
    assert_true(self->sent_count < SENT_MAX);
    self->sent[self->sent_count++] = batch->position;
    pthread_mutex_unlock(&self->mutex);
}

static void flush(struct sink_instance *self)
{
    self->flushes++;
}

static uint64_t acknowledged(struct sink_instance *self)
{
    uint64_t to = self->acknowledge_to;
    self->acknowledged = self->last < to ? self->last : to;
    return self->acknowledged;
}

static uint64_t rejected(struct sink_instance *self)
{
    (void)self;
    return 42;
}

static void live(struct sink_instance *self, const struct batch *batch)
{
    (void)batch;
    self->live++;
}

static void goodbye(struct sink_instance *self)
{
    self->said_goodbye = true;
}

static const struct sink scripted = {
    .name = "scripted",
    .create = create,
    .destroy = destroy,
    .work = work,
    .wait_for = wait_for,
    .state = state_of,
    .session = session,
    .has_room = has_room,
    .send = send_batch,
    .flush = flush,
    .acknowledged = acknowledged,
    .rejected = rejected,
    .live = live,
    .goodbye = goodbye,
};

struct rig {
    struct device *device;
    struct store *store;
    struct runner *runner;
    uint64_t made;
};

static void poke(void)
{
    eventfd_write(instance->wake_fd, 1);
}

static bool is_up(void *context)
{
    return runner_status(((struct rig *)context)->runner).state == SINK_UP;
}

static void rig_init(struct rig *rig, uint64_t cursor, uint64_t next_position)
{
    instance = mem_alloc(sizeof(*instance));
    instance->state = SINK_UP;
    instance->session = 1;
    instance->room = SIZE_MAX / 2;
    instance->acknowledge_to = UINT64_MAX;
    instance->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    pthread_mutex_init(&instance->mutex, NULL);
    *rig = (struct rig){.device = sample_device("m1"),
                        .store = fake_store_create(cursor, next_position),
                        .made = next_position - 1};
    const struct sink_setup setup = {.clock = clock_real()};
    assert_int_equal(runner_create(&scripted, &setup, rig->store, &rig->runner), 0);
    assert_int_equal(runner_start(rig->runner), 0);
    assert_true(test_wait_until(is_up, rig));
}

static void rig_finish(struct rig *rig)
{
    runner_destroy(rig->runner);
    assert_true(instance->is_destroyed);
    fake_store_destroy(rig->store);
    assert_int_equal(rig->device->references, 1);
    device_unref(rig->device);
    pthread_mutex_destroy(&instance->mutex);
    close(instance->wake_fd);
    free(instance);
}

static void make(struct rig *rig, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct batch *batch = sample_batch(rig->device, ++rig->made);
        fake_store_keep(rig->store, batch_ref(batch));
        runner_offer(rig->runner, batch);
        batch_unref(batch);
    }
    runner_flush(rig->runner);
}

static size_t sent_count(void)
{
    pthread_mutex_lock(&instance->mutex);
    size_t count = instance->sent_count;
    pthread_mutex_unlock(&instance->mutex);
    return count;
}

static bool has_sent(void *context)
{
    return sent_count() >= *(size_t *)context;
}

static void wait_sent(size_t count)
{
    if (!test_wait_until(has_sent, &count)) {
        fail_msg("%zu of %zu sent", sent_count(), count);
    }
}

struct wanted {
    struct rig *rig;
    uint64_t cursor;
};

static bool has_cursor(void *context)
{
    const struct wanted *wanted = context;
    return store_cursor(wanted->rig->store, "scripted") >= wanted->cursor;
}

static void wait_cursor(struct rig *rig, uint64_t cursor)
{
    struct wanted wanted = {rig, cursor};
    if (!test_wait_until(has_cursor, &wanted)) {
        fail_msg("cursor %lu, not %lu", (unsigned long)store_cursor(rig->store, "scripted"),
                 (unsigned long)cursor);
    }
}

static bool has_worked(void *context)
{
    return instance->works >= *(size_t *)context;
}

/* The runner has gone round at least twice since. */
static void wait_rounds(void)
{
    for (int i = 0; i < 2; i++) {
        size_t want = instance->works + 1;
        poke();
        assert_true(test_wait_until(has_worked, &want));
    }
}

static void assert_sent(size_t from_index, uint64_t from, uint64_t to)
{
    pthread_mutex_lock(&instance->mutex);
    assert_true(instance->sent_count >= from_index + (size_t)(to - from + 1));
    for (uint64_t position = from; position <= to; position++) {
        assert_int_equal(instance->sent[from_index++], position);
    }
    pthread_mutex_unlock(&instance->mutex);
}

static void test_live_and_cursor(void **state)
{
    (void)state;
    struct rig rig;
    rig_init(&rig, 0, 1);
    make(&rig, 10);
    wait_sent(10);
    assert_sent(0, 1, 10);
    wait_rounds();
    /* Acknowledged, but nothing is durable: the cursor stays. */
    assert_int_equal(store_cursor(rig.store, "scripted"), 0);
    fake_store_commit(rig.store, 7);
    wait_cursor(&rig, 7);
    assert_int_equal(store_cursor(rig.store, "scripted"), 7);
    /* Durable, but not acknowledged. */
    instance->acknowledge_to = 8;
    fake_store_commit(rig.store, 10);
    wait_cursor(&rig, 8);
    wait_rounds();
    assert_int_equal(store_cursor(rig.store, "scripted"), 8);
    struct runner_status status = runner_status(rig.runner);
    assert_string_equal(status.name, "scripted");
    assert_int_equal(status.state, SINK_UP);
    assert_int_equal(status.cursor, 8);
    assert_int_equal(status.backlog, 2);
    assert_int_equal(status.sent, 10);
    assert_int_equal(status.rejected, 42);
    assert_int_equal(instance->live, 10);
    runner_stop(rig.runner);
    assert_true(instance->said_goodbye);
    rig_finish(&rig);
}

static void test_drains_from_the_cursor(void **state)
{
    (void)state;
    struct rig rig;
    rig_init(&rig, 100, 101);
    instance->room = 0;
    make(&rig, 3000);
    fake_store_commit(rig.store, 2000);
    instance->room = SIZE_MAX / 2;
    poke();
    wait_sent(1900);
    fake_store_commit(rig.store, 3100);
    wait_sent(3000);
    assert_sent(0, 101, 3100);
    wait_cursor(&rig, 3100);
    rig_finish(&rig);
}

static void test_window(void **state)
{
    (void)state;
    struct rig rig;
    rig_init(&rig, 0, 1);
    instance->room = 3;
    make(&rig, 10);
    wait_sent(3);
    wait_rounds();
    assert_int_equal(sent_count(), 3);
    instance->room = 4;
    poke();
    wait_sent(7);
    wait_rounds();
    assert_int_equal(sent_count(), 7);
    rig_finish(&rig);
}

static void test_new_session_goes_back(void **state)
{
    (void)state;
    struct rig rig;
    rig_init(&rig, 0, 1);
    instance->acknowledge_to = 4;
    make(&rig, 10);
    wait_sent(10);
    fake_store_commit(rig.store, 10);
    wait_rounds();
    wait_cursor(&rig, 4);
    instance->state = SINK_DOWN;
    wait_rounds();
    make(&rig, 5);
    struct runner_status status = runner_status(rig.runner);
    assert_int_equal(status.state, SINK_DOWN);
    assert_string_equal(status.reason, "told to be down");
    assert_int_equal(status.backlog, 11);
    fake_store_commit(rig.store, 15);
    wait_rounds();
    assert_int_equal(sent_count(), 10);
    instance->acknowledge_to = UINT64_MAX;
    instance->session = 2;
    instance->state = SINK_UP;
    poke();
    wait_sent(10 + 11);
    assert_sent(10, 5, 15);
    wait_cursor(&rig, 15);
    assert_int_equal(instance->live, 15);
    rig_finish(&rig);
}

static bool has_no_backlog(void *context)
{
    return runner_status(((struct rig *)context)->runner).backlog == 0;
}

/* The commit itself wakes a runner that waits for it; the second that it would sleep otherwise is a safety net. */
static void test_commit_wakes(void **state)
{
    (void)state;
    struct rig rig;
    rig_init(&rig, 0, 1);
    int64_t quickest_us = INT64_MAX;
    for (uint64_t round = 1; round <= 4; round++) {
        instance->state = SINK_DOWN; /* the live batch is dropped: only the journal has it */
        wait_rounds();
        make(&rig, 1);
        size_t want = (size_t)round;
        for (int i = 0; i < 1000 && instance->live < want; i++) {
            usleep(10000);
        }
        instance->session++;
        instance->state = SINK_UP;
        wait_rounds();
        int64_t start_us = clock_mono_us(clock_real());
        fake_store_commit(rig.store, rig.made);
        wait_sent((size_t)round);
        int64_t took_us = clock_mono_us(clock_real()) - start_us;
        quickest_us = took_us < quickest_us ? took_us : quickest_us;
    }
    assert_true(quickest_us < 500000);
    rig_finish(&rig);
}

/* A sink that is down costs nothing but disk: live batches are not kept. */
static void test_down_keeps_nothing(void **state)
{
    (void)state;
    struct rig rig;
    rig_init(&rig, 0, 1);
    instance->state = SINK_DOWN;
    wait_rounds();
    for (int i = 0; i < 20; i++) {
        struct batch *batch = sample_batch(rig.device, ++rig.made); /* not kept by the fake store */
        runner_offer(rig.runner, batch);
        batch_unref(batch);
    }
    runner_flush(rig.runner);
    size_t want = 20;
    for (int i = 0; i < 1000 && instance->live < want; i++) {
        usleep(10000);
    }
    assert_int_equal(instance->live, 20);
    wait_rounds();
    assert_int_equal(atomic_load(&rig.device->references), 1);
    instance->state = SINK_UP;
    instance->session = 2;
    fake_store_commit(rig.store, 20); /* all lost */
    poke();
    assert_true(test_wait_until(has_no_backlog, &rig));
    make(&rig, 1);
    wait_sent(1);
    assert_sent(0, 21, 21);
    rig_finish(&rig);
}

static void test_oldest(void **state)
{
    (void)state;
    struct rig rig;
    rig_init(&rig, 0, 1);
    instance->state = SINK_DOWN;
    wait_rounds();
    make(&rig, 10);
    fake_store_commit(rig.store, 10);
    int64_t oldest_us = 0;
    for (int i = 0; i < 1000 && oldest_us == 0; i++) {
        poke();
        usleep(10000);
        oldest_us = runner_status(rig.runner).oldest_us;
    }
    assert_int_equal(oldest_us, ((int64_t)SAMPLE_START_S + 1) * 1000000);
    rig_finish(&rig);
}

/* The ledger survived, the journal did not: the cursor is beyond the end. */
static void test_cursor_beyond_the_journal(void **state)
{
    (void)state;
    struct rig rig;
    rig_init(&rig, 5000, 11);
    make(&rig, 3);
    wait_sent(3);
    assert_sent(0, 11, 13);
    rig_finish(&rig);
}

/* Cursors are saved a few times a second, not for every batch. */
static void test_cursor_is_coalesced(void **state)
{
    (void)state;
    struct rig rig;
    rig_init(&rig, 0, 1);
    int64_t start_us = clock_mono_us(clock_real());
    for (int i = 0; i < 300; i++) {
        make(&rig, 1);
        fake_store_commit(rig.store, rig.made);
        usleep(1000);
    }
    wait_cursor(&rig, 300);
    int64_t took_us = clock_mono_us(clock_real()) - start_us;
    assert_true(fake_store_saves(rig.store) <= (size_t)(took_us / 200000) + 2);
    rig_finish(&rig);
}

static void test_stop_saves_the_cursor(void **state)
{
    (void)state;
    struct rig rig;
    rig_init(&rig, 0, 1);
    make(&rig, 1000);
    wait_sent(1000);
    fake_store_commit(rig.store, 1000);
    int64_t start_us = clock_mono_us(clock_real());
    runner_stop(rig.runner);
    assert_true(clock_mono_us(clock_real()) - start_us < 5000000);
    assert_int_equal(store_cursor(rig.store, "scripted"), 1000);
    runner_stop(rig.runner); /* again: nothing */
    runner_destroy(NULL);
    rig_finish(&rig);
}

/* An idle runner sleeps. */
static void test_idle(void **state)
{
    (void)state;
    struct rig rig;
    rig_init(&rig, 0, 1);
    make(&rig, 5);
    fake_store_commit(rig.store, 5);
    wait_cursor(&rig, 5);
    wait_rounds();
    usleep(100000);
    size_t before = instance->works;
    usleep(1500000);
    assert_true(instance->works - before <= 3);
    rig_finish(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_live_and_cursor),
        cmocka_unit_test(test_drains_from_the_cursor),
        cmocka_unit_test(test_window),
        cmocka_unit_test(test_new_session_goes_back),
        cmocka_unit_test(test_commit_wakes),
        cmocka_unit_test(test_down_keeps_nothing),
        cmocka_unit_test(test_oldest),
        cmocka_unit_test(test_cursor_beyond_the_journal),
        cmocka_unit_test(test_cursor_is_coalesced),
        cmocka_unit_test(test_stop_saves_the_cursor),
        cmocka_unit_test(test_idle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
