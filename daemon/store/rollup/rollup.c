/* SPDX-License-Identifier: Apache-2.0 */
/* rollup: the thread of the roll-ups. It takes over from the journal what it does not have, then follows the commits of the
 * store's thread; after any failure it forgets what is in memory and reads it from the journal again. */
#include "store/rollup/rollup_internal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#include "base/mem.h"
#include "store/disk/disk.h"
#include <lingtan/log.h>

enum {
    READ_MAX = 128,        /* batches from the journal at once */
    BYTES_MAX = 192 << 10, /* of deltas in memory */
    BYTES_LIMIT =
        16 << 20, /* more than that: the disk is not to be had, nothing is held in memory */
    TAIL_BYTES =
        8 << 20, /* of the tail, and for each point: then it is merged, whatever the hour */
    TAIL_BYTES_A_POINT = 600,
    RETRY_US = 10 * 1000000,
};

static const int64_t flush_us = 300LL * 1000000;
static const int64_t hour_us = 3600LL * 1000000;
static const int64_t grace_us = 60LL * 1000000; /* how late an hour is merged */
static const int64_t rest_us = 1000000;

static int64_t now_us(void)
{
    return clock_mono_us(clock_real());
}

struct rollups *rollups_create(struct store *store, const char *folder,
                               const struct store_options *options, const struct clock *clock,
                               struct alarms *alarms)
{
    struct rollups *rollups = mem_alloc(sizeof(*rollups));
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&rollups->mutex, NULL);
    pthread_cond_init(&rollups->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    rollups->store = store;
    rollups->folder = mem_format("%s/rollup", folder);
    rollups->minute_days = options->minute_days;
    rollups->hour_days = options->hour_days;
    rollups->clock = clock;
    rollups->alarms = alarms;
    rollups->flush_us = flush_us;
    rollups->bytes_max = BYTES_MAX;
    rollups->merged_hour = -1;
    return rollups;
}

void rollups_destroy(struct rollups *rollups)
{
    if (rollups == NULL) {
        return;
    }
    rollups_stop(rollups);
    hot_finish(&rollups->hot);
    pthread_cond_destroy(&rollups->changed);
    pthread_mutex_destroy(&rollups->mutex);
    free(rollups->folder);
    free(rollups);
}

unsigned rollups_trouble(const struct rollups *rollups)
{
    return atomic_load(&rollups->trouble);
}

void rollups_offer(struct rollups *rollups, struct batch *const *batches, size_t count)
{
    pthread_mutex_lock(&rollups->mutex);
    for (size_t i = 0; i < count; i++) {
        if (batches[i]->position <= rollups->offered) {
            continue; /* the journal has refused it as well */
        }
        rollups->offered = batches[i]->position;
        if (rollups->is_live && batches[i]->position >= rollups->next) {
            hot_add(&rollups->hot, batches[i]);
            rollups->next = batches[i]->position + 1;
        }
    }
    if (rollups->hot.bytes > BYTES_LIMIT) {
        rollups->is_live = false;
        hot_drop(&rollups->hot);
    }
    if (rollups->hot.bytes > rollups->bytes_max && !rollups->is_writing) {
        pthread_cond_broadcast(&rollups->changed);
    }
    pthread_mutex_unlock(&rollups->mutex);
}

/* From now on the journal is read from behind what is on disk. */
static void begin_again(struct rollups *rollups)
{
    pthread_mutex_lock(&rollups->mutex);
    rollups->is_live = false;
    hot_drop(&rollups->hot);
    if (rollups->tail != NULL) {
        rollups->next = rollups->tail->position + 1;
    }
    pthread_mutex_unlock(&rollups->mutex);
}

static void close_tail(struct rollups *rollups)
{
    tail_close(rollups->tail);
    rollups->tail = NULL;
}

/* What is known by series belongs to the tail. */
static int take_tail(struct rollups *rollups)
{
    struct hot hot = {0};
    const int error = tail_load(rollups->tail, &hot);
    const uint64_t end = store_durable(rollups->store);
    if (error < 0) {
        hot_finish(&hot);
        return error;
    }
    /* The journal was lost and its numbers came again: what it has now is all new. */
    if (rollups->tail->position > end) {
        rollups->tail->position = end;
    }
    pthread_mutex_lock(&rollups->mutex);
    hot_finish(&rollups->hot);
    rollups->hot = hot;
    rollups->serial = rollups->tail->serial;
    rollups->next = rollups->tail->position + 1;
    rollups->offered = end > rollups->offered ? end : rollups->offered;
    rollups->is_live = false;
    pthread_mutex_unlock(&rollups->mutex);
    return 0;
}

static int open_tail(struct rollups *rollups)
{
    char *path = rollups_path(rollups, "tail.db");
    int error = disk_make_folder(rollups->folder);
    for (int attempt = 0; attempt < 2 && error == 0 && rollups->tail == NULL; attempt++) {
        const bool is_new = !disk_exists(path);
        const uint64_t position = is_new ? rollups_highest(rollups, "position") : 0;
        error = tail_open(path, (uint64_t)clock_wall_us(clock_real()), position, &rollups->tail);
        if (error == 0) {
            error = take_tail(rollups);
        }
        if (error == -EUCLEAN) {
            close_tail(rollups);
            rollups_set_aside(rollups, path);
            error = attempt == 0 ? 0 : error;
        }
    }
    if (error < 0) {
        close_tail(rollups);
    }
    free(path);
    return error;
}

/* Everything in memory, with the position it stands for, becomes what is being written. */
static void take_news(struct rollups *rollups)
{
    struct hot *hot = &rollups->hot;
    struct tail_news news = {0};
    pthread_mutex_lock(&rollups->mutex);
    hot_close(hot);
    news.chunks = mem_alloc_array(hot->chunk_count, sizeof(*news.chunks));
    news.chunk_count = hot->chunk_count;
    for (size_t i = 0; i < hot->chunk_count; i++) {
        news.chunks[i] = hot->chunks[i];
        hot->chunks[i] = (struct hot_chunk){0};
    }
    for (uint64_t number = 1; number <= hot->series_count; number++) {
        if (!hot->series[number - 1].is_stored) {
            news.series = mem_grow(news.series, news.series_count + 1, sizeof(*news.series));
            news.series[news.series_count++] = (struct tail_series){
                .number = number, .device = device_ref(hot->series[number - 1].device)};
        }
    }
    hot->bytes = 0;
    news.position = rollups->next - 1;
    rollups->writing = news;
    rollups->is_writing = true;
    pthread_mutex_unlock(&rollups->mutex);
}

static void put_news_down(struct rollups *rollups, bool is_written)
{
    pthread_mutex_lock(&rollups->mutex);
    for (size_t i = 0; i < rollups->writing.series_count && is_written; i++) {
        rollups->hot.series[rollups->writing.series[i].number - 1].is_stored = true;
    }
    struct tail_news news = rollups->writing;
    rollups->writing = (struct tail_news){0};
    rollups->is_writing = false;
    rollups->serial = rollups->tail->serial;
    pthread_mutex_unlock(&rollups->mutex);
    tail_news_finish(&news);
}

static int flush(struct rollups *rollups)
{
    take_news(rollups);
    int error = 0;
    if (rollups->writing.position != rollups->tail->position) {
        error = tail_write(rollups->tail, &rollups->writing);
    }
    put_news_down(rollups, error == 0);
    if (error == 0) {
        consumer_set_cursor(rollups->consumer, rollups->tail->position);
    }
    return error;
}

static bool is_hour_over(const struct rollups *rollups)
{
    return (clock_wall_us(rollups->clock) - grace_us) / hour_us != rollups->merged_hour;
}

static bool is_tail_long(struct rollups *rollups)
{
    size_t points = 0;
    pthread_mutex_lock(&rollups->mutex);
    for (size_t i = 0; i < rollups->hot.series_count; i++) {
        points += rollups->hot.series[i].device->point_count;
    }
    pthread_mutex_unlock(&rollups->mutex);
    return rollups->tail->bytes > (int64_t)(TAIL_BYTES + points * TAIL_BYTES_A_POINT);
}

static int merge(struct rollups *rollups)
{
    const int64_t hour = (clock_wall_us(rollups->clock) - grace_us) / hour_us;
    int error = rollups_merge(rollups);
    while (error == -ENOSPC && rollups_make_room(rollups)) {
        error = rollups_merge(rollups);
    }
    rollups->merged_hour = error == 0 ? hour : rollups->merged_hour;
    return error;
}

static int flush_and_merge(struct rollups *rollups)
{
    int error = flush(rollups);
    if (error == 0 && (is_hour_over(rollups) || is_tail_long(rollups))) {
        error = merge(rollups);
    }
    rollups->next_flush_us = now_us() + rollups->flush_us;
    return error;
}

static void add_batches(struct rollups *rollups, struct batch **batches, size_t count)
{
    pthread_mutex_lock(&rollups->mutex);
    for (size_t i = 0; i < count; i++) {
        hot_add(&rollups->hot, batches[i]);
        rollups->next = batches[i]->position + 1;
    }
    pthread_mutex_unlock(&rollups->mutex);
    for (size_t i = 0; i < count; i++) {
        batch_unref(batches[i]);
    }
}

static bool must_stop(struct rollups *rollups)
{
    pthread_mutex_lock(&rollups->mutex);
    const bool is_stopping = rollups->is_stopping;
    pthread_mutex_unlock(&rollups->mutex);
    return is_stopping;
}

/* Nothing is left in the journal of what was committed when `seen` was the last: go on live, unless more has come. */
static bool go_live(struct rollups *rollups, uint64_t seen)
{
    pthread_mutex_lock(&rollups->mutex);
    rollups->is_live = rollups->offered == seen;
    if (rollups->is_live && rollups->next <= seen) {
        rollups->next = seen + 1; /* positions that the journal does not have */
    }
    const bool is_live = rollups->is_live;
    pthread_mutex_unlock(&rollups->mutex);
    return is_live;
}

static uint64_t last_offered(struct rollups *rollups)
{
    pthread_mutex_lock(&rollups->mutex);
    const uint64_t offered = rollups->offered;
    pthread_mutex_unlock(&rollups->mutex);
    return offered;
}

/* A long way is gone slowly: as much rest as work, since nobody waits for it. */
static void rest_between(struct rollups *rollups, int64_t began_us)
{
    struct timespec pause = {0};
    const int64_t worked_us = now_us() - began_us;
    const int64_t pause_us = worked_us < rest_us ? worked_us : rest_us;
    pause.tv_nsec = pause_us < rest_us ? pause_us * 1000 : 999999999;
    if (!must_stop(rollups)) {
        nanosleep(&pause, NULL);
    }
}

static int catch_up(struct rollups *rollups)
{
    struct journal_reader *reader = NULL;
    struct batch *batches[READ_MAX];
    bool is_done = false;
    int64_t began_us = now_us();
    int error = journal_reader_open(rollups->store, &reader);
    while (error == 0 && !is_done && !must_stop(rollups)) {
        size_t count = 0;
        const uint64_t seen = last_offered(rollups);
        error = journal_reader_next(reader, rollups->next, batches, READ_MAX, &count);
        add_batches(rollups, batches, count);
        if (error == 0 && count == 0) {
            is_done = go_live(rollups, seen);
        } else if (error == 0 && rollups->hot.bytes > 2 * rollups->bytes_max) {
            error = flush_and_merge(rollups);
            rest_between(rollups, began_us);
            began_us = now_us();
        }
    }
    journal_reader_close(reader);
    return error;
}

static bool is_due(const struct rollups *rollups)
{
    return rollups->is_stopping || rollups->settles_done != rollups->settles_wanted ||
           rollups->hot.bytes > rollups->bytes_max || now_us() >= rollups->next_flush_us;
}

static void wait_until_due(struct rollups *rollups)
{
    pthread_mutex_lock(&rollups->mutex);
    while (!is_due(rollups)) {
        const int64_t until_us = rollups->next_flush_us;
        const struct timespec until = {.tv_sec = until_us / 1000000,
                                       .tv_nsec = until_us % 1000000 * 1000};
        pthread_cond_timedwait(&rollups->changed, &rollups->mutex, &until);
    }
    pthread_mutex_unlock(&rollups->mutex);
}

static void complain(struct rollups *rollups, int error)
{
    const unsigned bit = error == -ENOSPC ? STORE_DISK_FULL : STORE_UNWRITABLE;
    if (error == 0 || error == -EUCLEAN) {
        atomic_store(&rollups->trouble, 0);
        return;
    }
    if (atomic_exchange(&rollups->trouble, bit) != bit) {
        log_warning("roll-ups in %s can't be written: %s; they are made from the journal later",
                    rollups->folder, error == -ENOSPC ? "the disk is full" : "see the alarms");
    }
    alarms_raise(rollups->alarms, bit, "can't write the roll-ups in %s: error %d", rollups->folder,
                 -error);
}

/* One round: whatever is due. */
static int work(struct rollups *rollups)
{
    int error = 0;
    if (rollups->tail == NULL) {
        error = open_tail(rollups);
    }
    if (error == 0 && !rollups->is_live) {
        error = catch_up(rollups);
    }
    return error == 0 ? flush_and_merge(rollups) : error;
}

static void answer_settles(struct rollups *rollups, uint64_t wanted, int error)
{
    pthread_mutex_lock(&rollups->mutex);
    rollups->settles_done = wanted;
    rollups->settle_error = error;
    pthread_cond_broadcast(&rollups->changed);
    pthread_mutex_unlock(&rollups->mutex);
}

static uint64_t settles_wanted(struct rollups *rollups)
{
    pthread_mutex_lock(&rollups->mutex);
    const uint64_t wanted =
        rollups->settles_wanted != rollups->settles_done ? rollups->settles_wanted : 0;
    pthread_mutex_unlock(&rollups->mutex);
    return wanted;
}

static void do_round(struct rollups *rollups)
{
    const uint64_t wanted = settles_wanted(rollups);
    int error = store_is_numbered(rollups->store) ? work(rollups) : -EAGAIN;
    if (error == 0 && wanted != 0) {
        error = merge(rollups);
    }
    if (error < 0) {
        rollups->next_flush_us = now_us() + RETRY_US;
        begin_again(rollups);
        if (error == -EUCLEAN || error == -ENOENT) {
            close_tail(rollups); /* taken away, perhaps: it is looked at again */
        }
    }
    complain(rollups, error == -EAGAIN ? 0 : error);
    if (wanted != 0) {
        answer_settles(rollups, wanted, error);
    }
}

static void *run(void *context)
{
    struct rollups *rollups = context;
    while (!must_stop(rollups)) {
        do_round(rollups);
        wait_until_due(rollups);
    }
    /* The store's thread has ended: this is the last of it. What fails now comes from the journal next time. */
    if (rollups->tail != NULL && rollups->is_live) {
        const int ignored = flush(rollups);
        (void)ignored;
    }
    answer_settles(rollups, rollups->settles_wanted, -EIO);
    close_tail(rollups);
    return NULL;
}

int rollups_start(struct rollups *rollups)
{
    int error = consumer_join(rollups->store, "rollups", NULL, NULL, &rollups->consumer);
    if (error == 0) {
        error = -pthread_create(&rollups->thread, NULL, run, rollups);
    }
    if (error < 0) {
        consumer_leave(rollups->consumer);
        rollups->consumer = NULL;
        return error;
    }
    pthread_setname_np(rollups->thread, "rollups");
    rollups->is_started = true;
    return 0;
}

void rollups_stop(struct rollups *rollups)
{
    if (!rollups->is_started) {
        return;
    }
    pthread_mutex_lock(&rollups->mutex);
    rollups->is_stopping = true;
    pthread_cond_broadcast(&rollups->changed);
    pthread_mutex_unlock(&rollups->mutex);
    pthread_join(rollups->thread, NULL);
    consumer_leave(rollups->consumer);
    rollups->consumer = NULL;
    rollups->is_started = false;
}

int rollups_settle(struct rollups *rollups)
{
    pthread_mutex_lock(&rollups->mutex);
    const uint64_t wanted = ++rollups->settles_wanted;
    pthread_cond_broadcast(&rollups->changed);
    while (rollups->settles_done < wanted) {
        pthread_cond_wait(&rollups->changed, &rollups->mutex);
    }
    const int error = rollups->settle_error;
    pthread_mutex_unlock(&rollups->mutex);
    return error;
}
