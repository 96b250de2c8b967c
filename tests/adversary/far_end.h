/* SPDX-License-Identifier: Apache-2.0 */
/* far_end: a sink whose protocol is nothing and whose far end does as the script says: takes batches into a window,
 * acknowledges them in order after a while, loses sessions, stalls, goes away. It remembers what it acknowledged over
 * all runs of the daemon. */
#ifndef TESTS_ADVERSARY_FAR_END_H
#define TESTS_ADVERSARY_FAR_END_H

#include <lingtan/sink.h>

enum { FAR_END_WINDOW = 512 };

struct sent {
    uint64_t position;
    uint64_t seq;
    int64_t due_us; /* acknowledged then */
};

struct far_end {
    const struct clock *clock;
    /* what the script wants */
    bool is_down;
    bool is_stalled; /* takes, never acknowledges */
    size_t window;   /* batches in flight */
    int64_t acknowledge_us;
    int64_t connect_us;
    unsigned reject_percent;
    uint64_t chance;
    /* what it knows */
    uint8_t *acknowledged; /* by seq: how often, in all sessions */
    size_t acknowledged_count;
    uint64_t session;
    bool is_up;
    int64_t up_us; /* connected then */
    struct sent flying[FAR_END_WINDOW];
    size_t first;
    size_t count;
    uint64_t settled; /* acknowledged up to here in this session */
    uint64_t rejected;
    uint64_t sends;
    uint64_t *seen; /* by seq: in which session it was sent last; 0 = in none */
    size_t seen_count;
    void (*judge)(void *context, const struct batch *batch, bool is_again);
    void *context;
};

extern const struct sink far_end_sink;

/* The one far end of the test; sink_setup has no place for it. */
void far_end_use(struct far_end *far_end);
void far_end_finish(struct far_end *far_end);
void far_end_lose_session(struct far_end *far_end);
bool far_end_has(const struct far_end *far_end, uint64_t seq);
int64_t far_end_next_us(const struct far_end *far_end); /* when it has something to say */

#endif
