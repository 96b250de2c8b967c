/* SPDX-License-Identifier: Apache-2.0 */
/* poller: the simulator's own event loop: descriptors by epoll, deadlines by a heap. One thread. */
#ifndef LINGTAN_SIM_POLLER_H
#define LINGTAN_SIM_POLLER_H

#include <stdbool.h>

#include "base/heap.h"
#include <lingtan/clock.h>
#include <lingtan/error.h>

/* First member of whatever has a descriptor. */
struct poll_source {
    void (*ready)(struct poll_source *source, uint32_t events);
};

/* First member of whatever waits for a moment. */
struct poll_timer {
    struct heap_entry entry;
    void (*fire)(struct poll_timer *timer);
};

struct poller {
    const struct clock *clock;
    int epoll_fd;
    struct heap timers;
    void **garbage; /* freed when the present round of events is over */
    size_t garbage_count;
    size_t garbage_capacity;
    bool is_over;
};

int poller_init(struct poller *poller, const struct clock *clock) MUST_USE;
void poller_finish(struct poller *poller);

int poller_add(struct poller *poller, int fd, uint32_t events, struct poll_source *source) MUST_USE;
void poller_change(struct poller *poller, int fd, uint32_t events, struct poll_source *source);
void poller_remove(struct poller *poller, int fd);

void poller_at(struct poller *poller, struct poll_timer *timer, int64_t mono_us);
void poller_cancel(struct poller *poller, struct poll_timer *timer);

/* Frees it once no event of this round can name it any more. */
void poller_free_later(struct poller *poller, void *take_memory);

/* Runs until is_over. */
int poller_run(struct poller *poller) MUST_USE;

#endif
