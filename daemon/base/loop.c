/* SPDX-License-Identifier: Apache-2.0 */
/* loop: sd-event for descriptors and signals, one heap for timers. The timers are ours because they follow the given
 * clock; with the machine's clock the earliest one is the time-out of the wait, so a timer costs no descriptor and no
 * system call of its own. */
#include "base/loop.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <systemd/sd-event.h>

#include "base/heap.h"
#include "base/mem.h"

enum {
    ITEMS_MAX = 256,
    POSTS_MAX = 1024,
    ONCE_ROUNDS_MAX = 4096, /* of loop_run_once, so that a descriptor nobody reads cannot hold it */
    FOREIGN_CLOCK_US = 10000, /* how often a clock that we cannot wait on is looked at */
};

struct loop_source {
    struct heap_entry entry; /* first: the heap gives it back */
    struct loop *loop;
    sd_event_source *source; /* NULL for a timer */
    struct mailbox *mailbox;
    union {
        loop_fn fn;
        loop_fd_fn fd_fn;
        loop_items_fn items_fn;
    };
    void *context;
};

struct loop {
    const struct clock *clock;
    sd_event *event;
    struct heap timers;
    struct mailbox *posts;
    struct loop_source *posts_source;
    pthread_t owner;
    pthread_mutex_t mutex; /* guards is_closed, and that nothing is posted once it is set */
    bool is_closed;
    int code;
};

/* One who waits in loop_call; lives on the caller's stack. */
struct call {
    sem_t done;
    int result;
};

struct post {
    loop_fn fn;
    void *context;
    struct call *call; /* NULL for loop_post */
};

static struct loop_source *create_source(struct loop *loop, void *context)
{
    struct loop_source *source = mem_alloc(sizeof(*source));
    source->loop = loop;
    source->context = context;
    return source;
}

/* Gives the source when sd-event took it, else frees it. */
static int hand_over(struct loop_source *source, int error, struct loop_source **out)
{
    if (error < 0) {
        free(source);
        return error;
    }
    *out = source;
    return 0;
}

/* The callbacks may remove their own source: nothing of it is used after them. */
static int on_fd(sd_event_source *event_source, int fd, uint32_t epoll_events, void *context)
{
    struct loop_source *source = context;
    (void)event_source;
    (void)fd;
    source->fd_fn(source->context, epoll_events);
    return 0;
}

static int on_mailbox(sd_event_source *event_source, int fd, uint32_t epoll_events, void *context)
{
    struct loop_source *source = context;
    void *items[ITEMS_MAX];
    (void)event_source;
    (void)fd;
    (void)epoll_events;
    size_t count = mailbox_take(source->mailbox, items, ITEMS_MAX);
    if (count > 0) {
        source->items_fn(source->context, items, count);
    }
    return 0;
}

static int on_signal(sd_event_source *event_source, const struct signalfd_siginfo *info,
                     void *context)
{
    struct loop_source *source = context;
    (void)event_source;
    (void)info;
    source->fn(source->context);
    return 0;
}

static bool is_closed(struct loop *loop)
{
    pthread_mutex_lock(&loop->mutex);
    bool result = loop->is_closed;
    pthread_mutex_unlock(&loop->mutex);
    return result;
}

static void answer(struct post *take_post, int result)
{
    struct call *call = take_post->call;
    free(take_post);
    if (call != NULL) {
        call->result = result;
        sem_post(&call->done);
    }
}

static void on_posts(void *context, void **items, size_t count)
{
    struct loop *loop = context;
    for (size_t i = 0; i < count; i++) {
        struct post *post = items[i];
        /* What was posted is run even after loop_quit, for its context may be owned by it; a caller who waits still
         * owns his and is told. */
        if (post->call != NULL && is_closed(loop)) {
            answer(post, -ESHUTDOWN);
            continue;
        }
        post->fn(post->context);
        answer(post, 0);
    }
}

static void drop_post(void *item)
{
    answer(item, -ESHUTDOWN);
}

static void drain_posts(struct loop *loop)
{
    void *items[ITEMS_MAX];
    size_t count = mailbox_take(loop->posts, items, ITEMS_MAX);
    while (count > 0) {
        on_posts(loop, items, count);
        count = mailbox_take(loop->posts, items, ITEMS_MAX);
    }
}

static int submit(struct loop *loop, loop_fn fn, void *context, struct call *call)
{
    struct post *post = mem_alloc(sizeof(*post));
    *post = (struct post){.fn = fn, .context = context, .call = call};
    pthread_mutex_lock(&loop->mutex);
    int error = loop->is_closed ? -ESHUTDOWN : mailbox_post(loop->posts, post);
    pthread_mutex_unlock(&loop->mutex);
    if (error != 0) {
        free(post);
    }
    return error;
}

/* Fires what is due now, each timer at most once, so that one that re-arms itself for the past cannot hold the loop. */
static size_t run_timers(struct loop *loop)
{
    int64_t now_us = clock_mono_us(loop->clock);
    size_t most = loop->timers.count;
    size_t fired = 0;
    while (fired < most && !loop->is_closed) {
        struct heap_entry *top = heap_top(&loop->timers);
        if (top == NULL || top->when_us > now_us) {
            break;
        }
        heap_remove(&loop->timers, top);
        struct loop_source *timer = (struct loop_source *)top;
        timer->fn(timer->context);
        fired++;
    }
    return fired;
}

static uint64_t wait_us(const struct loop *loop)
{
    const struct heap_entry *top = heap_top(&loop->timers);
    if (top == NULL) {
        return UINT64_MAX;
    }
    if (loop->clock != clock_real()) {
        return FOREIGN_CLOCK_US;
    }
    int64_t left_us = top->when_us - clock_mono_us(loop->clock);
    return left_us > 0 ? (uint64_t)left_us : 0;
}

static void close_posts(struct loop *loop)
{
    pthread_mutex_lock(&loop->mutex);
    loop->is_closed = true;
    pthread_mutex_unlock(&loop->mutex);
}

int loop_create(const struct clock *clock, struct loop **out)
{
    struct loop *loop = mem_alloc(sizeof(*loop));
    loop->clock = clock;
    loop->owner = pthread_self();
    pthread_mutex_init(&loop->mutex, NULL);
    loop->posts = mailbox_create("loop", POSTS_MAX, MAILBOX_REFUSE, drop_post);
    int error = sd_event_new(&loop->event);
    if (error >= 0) {
        error = loop_add_mailbox(loop, loop->posts, on_posts, loop, &loop->posts_source);
    }
    if (error < 0) {
        loop_destroy(loop);
        return error;
    }
    *out = loop;
    return 0;
}

void loop_destroy(struct loop *loop)
{
    if (loop == NULL) {
        return;
    }
    close_posts(loop);
    loop_remove(loop->posts_source);
    mailbox_destroy(loop->posts);
    heap_finish(&loop->timers);
    sd_event_unref(loop->event);
    pthread_mutex_destroy(&loop->mutex);
    free(loop);
}

const struct clock *loop_clock(const struct loop *loop)
{
    return loop->clock;
}

int loop_add_fd(struct loop *loop, int fd, uint32_t epoll_events, loop_fd_fn fn, void *context,
                struct loop_source **out)
{
    struct loop_source *source = create_source(loop, context);
    source->fd_fn = fn;
    int error = sd_event_add_io(loop->event, &source->source, fd, epoll_events, on_fd, source);
    return hand_over(source, error, out);
}

int loop_add_mailbox(struct loop *loop, struct mailbox *mailbox, loop_items_fn fn, void *context,
                     struct loop_source **out)
{
    struct loop_source *source = create_source(loop, context);
    source->items_fn = fn;
    source->mailbox = mailbox;
    int error = sd_event_add_io(loop->event, &source->source, mailbox_fd(mailbox), EPOLLIN,
                                on_mailbox, source);
    return hand_over(source, error, out);
}

int loop_add_signal(struct loop *loop, int signal, loop_fn fn, void *context,
                    struct loop_source **out)
{
    struct loop_source *source = create_source(loop, context);
    source->fn = fn;
    int error = sd_event_add_signal(loop->event, &source->source, signal, on_signal, source);
    return hand_over(source, error, out);
}

int loop_add_timer(struct loop *loop, loop_fn fn, void *context, struct loop_source **out)
{
    struct loop_source *source = create_source(loop, context);
    source->fn = fn;
    *out = source;
    return 0;
}

void loop_timer_at(struct loop_source *timer, int64_t mono_us)
{
    heap_set(&timer->loop->timers, &timer->entry, mono_us);
}

void loop_timer_off(struct loop_source *timer)
{
    heap_remove(&timer->loop->timers, &timer->entry);
}

void loop_remove(struct loop_source *source)
{
    if (source == NULL) {
        return;
    }
    heap_remove(&source->loop->timers, &source->entry);
    sd_event_source_disable_unref(source->source);
    free(source);
}

int loop_post(struct loop *loop, loop_fn fn, void *context)
{
    return submit(loop, fn, context, NULL);
}

int loop_call(struct loop *loop, loop_fn fn, void *context)
{
    if (pthread_equal(pthread_self(), loop->owner)) {
        return -EDEADLK;
    }
    struct call call = {0};
    sem_init(&call.done, 0, 0);
    int result = submit(loop, fn, context, &call);
    if (result == 0) {
        while (sem_wait(&call.done) != 0) {
            /* interrupted by a signal */
        }
        result = call.result;
    }
    sem_destroy(&call.done);
    return result;
}

int loop_run(struct loop *loop)
{
    int error = 0;
    while (error >= 0 && !loop->is_closed) {
        run_timers(loop);
        if (!loop->is_closed) {
            error = sd_event_run(loop->event, wait_us(loop));
        }
    }
    close_posts(loop);
    drain_posts(loop);
    return error < 0 ? error : loop->code;
}

int loop_run_once(struct loop *loop)
{
    for (int round = 0; round < ONCE_ROUNDS_MAX && !loop->is_closed; round++) {
        size_t fired = run_timers(loop);
        int events = loop->is_closed ? 0 : sd_event_run(loop->event, 0);
        if (events < 0) {
            return events;
        }
        if (fired == 0 && events == 0) {
            break;
        }
    }
    if (loop->is_closed) {
        drain_posts(loop);
        return loop->code;
    }
    return 0;
}

void loop_quit(struct loop *loop, int code)
{
    loop->code = code;
    close_posts(loop);
}
