/* SPDX-License-Identifier: Apache-2.0 */
/* scripted_sink: see the header. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/sinks/scripted_sink.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/mem.h"
#include "support/support.h"
#include "unit/sinks/fake_store.h"
#include "unit/sinks/samples.h"

struct sink_instance *scripted_instance;

static int create(const struct sink_setup *setup, struct sink_instance **out)
{
    (void)setup;
    *out = scripted_instance;
    return 0;
}

static void destroy(struct sink_instance *self)
{
    self->is_destroyed = true;
}

static void work(struct sink_instance *self)
{
    int64_t work_us = atomic_exchange(&self->work_us, 0);
    if (work_us) {
        fake_clock_advance(self->clock, work_us);
        self->state = SINK_UP;
    }
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

static int64_t silent_since(struct sink_instance *self)
{
    return self->silent_us ? self->silent_us : INT64_MAX;
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

static void follow(struct sink_instance *self, const struct site *site,
                   const struct profiles *profiles)
{
    (void)site, (void)profiles;
    self->live_before = self->live;
    self->follows++;
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
    .silent_since = silent_since,
    .session = session,
    .has_room = has_room,
    .send = send_batch,
    .flush = flush,
    .acknowledged = acknowledged,
    .rejected = rejected,
    .live = live,
    .follow = follow,
    .goodbye = goodbye,
};

void scripted_poke(void)
{
    eventfd_write(scripted_instance->wake_fd, 1);
}

static bool is_up(void *context)
{
    return runner_status(((struct scripted_rig *)context)->runner).state == SINK_UP;
}

void scripted_init_at(struct scripted_rig *rig, uint64_t cursor, uint64_t next_position,
                      const struct clock *clock)
{
    scripted_instance = mem_alloc(sizeof(*scripted_instance));
    scripted_instance->state = SINK_UP;
    scripted_instance->session = 1;
    scripted_instance->room = SIZE_MAX / 2;
    scripted_instance->acknowledge_to = UINT64_MAX;
    scripted_instance->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    pthread_mutex_init(&scripted_instance->mutex, NULL);
    *rig = (struct scripted_rig){.device = sample_device("m1"),
                                 .store = fake_store_create(cursor, next_position),
                                 .made = (next_position ? next_position : POSITION_UNNUMBERED) - 1};
    const struct sink_setup setup = {.clock = clock};
    assert_int_equal(runner_create(&scripted, &setup, rig->store, &rig->runner), 0);
    assert_int_equal(runner_start(rig->runner), 0);
    assert_true(test_wait_until(is_up, rig));
}

void scripted_init(struct scripted_rig *rig, uint64_t cursor, uint64_t next_position)
{
    scripted_init_at(rig, cursor, next_position, clock_real());
}

void scripted_finish(struct scripted_rig *rig)
{
    runner_destroy(rig->runner);
    assert_true(scripted_instance->is_destroyed);
    fake_store_destroy(rig->store);
    assert_int_equal(rig->device->references, 1);
    device_unref(rig->device);
    pthread_mutex_destroy(&scripted_instance->mutex);
    close(scripted_instance->wake_fd);
    free(scripted_instance);
}

void scripted_make(struct scripted_rig *rig, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct batch *batch = sample_batch(rig->device, ++rig->made);
        fake_store_keep(rig->store, batch_ref(batch));
        runner_offer(rig->runner, batch);
        batch_unref(batch);
    }
    runner_flush(rig->runner);
}

size_t scripted_sent_count(void)
{
    pthread_mutex_lock(&scripted_instance->mutex);
    size_t count = scripted_instance->sent_count;
    pthread_mutex_unlock(&scripted_instance->mutex);
    return count;
}

static bool has_sent(void *context)
{
    return scripted_sent_count() >= *(size_t *)context;
}

void scripted_wait_sent(size_t count)
{
    if (!test_wait_until(has_sent, &count)) {
        fail_msg("%zu of %zu sent", scripted_sent_count(), count);
    }
}

bool scripted_has_cursor(void *context)
{
    const struct scripted_wanted *wanted = context;
    return store_cursor(wanted->rig->store, "scripted") >= wanted->cursor;
}

void scripted_wait_cursor(struct scripted_rig *rig, uint64_t cursor)
{
    struct scripted_wanted wanted = {rig, cursor};
    if (!test_wait_until(scripted_has_cursor, &wanted)) {
        fail_msg("cursor %lu, not %lu", (unsigned long)store_cursor(rig->store, "scripted"),
                 (unsigned long)cursor);
    }
}

static bool has_worked(void *context)
{
    return scripted_instance->works >= *(size_t *)context;
}

/* The runner has gone round at least twice since. */
void scripted_wait_rounds(void)
{
    for (int i = 0; i < 2; i++) {
        size_t want = scripted_instance->works + 1;
        scripted_poke();
        assert_true(test_wait_until(has_worked, &want));
    }
}

void scripted_assert_sent(size_t from_index, uint64_t from, uint64_t to)
{
    pthread_mutex_lock(&scripted_instance->mutex);
    assert_true(scripted_instance->sent_count >= from_index + (size_t)(to - from + 1));
    for (uint64_t position = from; position <= to; position++) {
        assert_int_equal(scripted_instance->sent[from_index++], position);
    }
    pthread_mutex_unlock(&scripted_instance->mutex);
}
