/* SPDX-License-Identifier: Apache-2.0 */
/* poller: epoll and a heap of deadlines. */
#include "sim/server/poller.h"

#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/mem.h"

enum { ROUND = 64 };

int poller_init(struct poller *poller, const struct clock *clock)
{
    *poller = (struct poller){.clock = clock};
    poller->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    return poller->epoll_fd < 0 ? -errno : 0;
}

static void free_garbage(struct poller *poller)
{
    for (size_t i = 0; i < poller->garbage_count; i++) {
        free(poller->garbage[i]);
    }
    poller->garbage_count = 0;
}

void poller_finish(struct poller *poller)
{
    free_garbage(poller);
    free(poller->garbage);
    heap_finish(&poller->timers);
    if (poller->epoll_fd > 0) {
        (void)close(poller->epoll_fd);
    }
    *poller = (struct poller){0};
}

int poller_add(struct poller *poller, int fd, uint32_t events, struct poll_source *source)
{
    struct epoll_event event = {.events = events, .data.ptr = source};
    return epoll_ctl(poller->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

void poller_change(struct poller *poller, int fd, uint32_t events, struct poll_source *source)
{
    struct epoll_event event = {.events = events, .data.ptr = source};
    (void)epoll_ctl(poller->epoll_fd, EPOLL_CTL_MOD, fd, &event);
}

void poller_remove(struct poller *poller, int fd)
{
    (void)epoll_ctl(poller->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
}

void poller_at(struct poller *poller, struct poll_timer *timer, int64_t mono_us)
{
    heap_set(&poller->timers, &timer->entry, mono_us);
}

void poller_cancel(struct poller *poller, struct poll_timer *timer)
{
    heap_remove(&poller->timers, &timer->entry);
}

void poller_free_later(struct poller *poller, void *take_memory)
{
    if (poller->garbage_count == poller->garbage_capacity) {
        poller->garbage_capacity = poller->garbage_capacity * 2 + 16;
        poller->garbage =
            mem_grow(poller->garbage, poller->garbage_capacity, sizeof(*poller->garbage));
    }
    poller->garbage[poller->garbage_count++] = take_memory;
}

static void fire_due(struct poller *poller)
{
    int64_t now = clock_mono_us(poller->clock);
    struct heap_entry *top = heap_top(&poller->timers);
    while (top != NULL && top->when_us <= now) {
        /* The entry is the first member of the timer. */
        struct poll_timer *timer = (struct poll_timer *)(void *)top;
        heap_remove(&poller->timers, top);
        timer->fire(timer);
        top = heap_top(&poller->timers);
    }
}

/* By microseconds: a character at 9600 baud takes about one millisecond. */
static int wait_for(struct poller *poller, struct epoll_event *events)
{
    const struct heap_entry *top = heap_top(&poller->timers);
    if (top == NULL) {
        return epoll_wait(poller->epoll_fd, events, ROUND, -1);
    }
    int64_t left_us = top->when_us - clock_mono_us(poller->clock);
    left_us = left_us > 0 ? left_us : 0;
    const struct timespec left = {
        .tv_sec = left_us / 1000000,
        .tv_nsec = left_us % 1000000 * 1000,
    };
    return epoll_pwait2(poller->epoll_fd, events, ROUND, &left, NULL);
}

int poller_run(struct poller *poller)
{
    struct epoll_event events[ROUND];
    while (!poller->is_over) {
        int count = wait_for(poller, events);
        if (count < 0 && errno != EINTR) {
            return -errno;
        }
        for (int i = 0; i < count; i++) {
            struct poll_source *source = events[i].data.ptr;
            source->ready(source, events[i].events);
        }
        fire_due(poller);
        free_garbage(poller);
    }
    return 0;
}
