/* SPDX-License-Identifier: Apache-2.0 */
/* far_end: see the header. */
#include "adversary/far_end.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adversary/chance.h"
#include "base/mem.h"

enum { RETRY_US = 1000000 }; /* how often it tries to connect while the far end is away */

/* There is one at a time, and its instance is itself. */
struct sink_instance {
    struct far_end *far_end;
};

static struct far_end *current;

void far_end_use(struct far_end *far_end)
{
    current = far_end;
}

void far_end_finish(struct far_end *far_end)
{
    free(far_end->acknowledged);
    free(far_end->seen);
}

static int64_t now_us(const struct far_end *far_end)
{
    return clock_mono_us(far_end->clock);
}

static void forget_flying(struct far_end *far_end)
{
    far_end->first = 0;
    far_end->count = 0;
    far_end->settled = 0;
}

void far_end_lose_session(struct far_end *far_end)
{
    forget_flying(far_end);
    far_end->is_up = false;
    far_end->up_us = now_us(far_end) + far_end->connect_us;
}

static int create(const struct sink_setup *setup, struct sink_instance **out)
{
    (void)setup;
    struct sink_instance *instance = mem_alloc(sizeof(*instance));
    instance->far_end = current;
    far_end_lose_session(current);
    *out = instance;
    return 0;
}

static void destroy(struct sink_instance *instance)
{
    free(instance);
}

static void *make_room(void *rows, size_t size, size_t *count, uint64_t seq)
{
    if (seq < *count) {
        return rows;
    }
    size_t room = 2 * (size_t)seq + 64;
    uint8_t *grown = mem_grow(rows, room, size);
    memset(grown + *count * size, 0, (room - *count) * size);
    *count = room;
    return grown;
}

static void acknowledge(struct far_end *far_end, const struct sent *sent)
{
    far_end->acknowledged = make_room(far_end->acknowledged, sizeof(*far_end->acknowledged),
                                      &far_end->acknowledged_count, sent->seq);
    uint8_t *times = &far_end->acknowledged[sent->seq];
    *times = (uint8_t)(*times + (*times < UINT8_MAX));
    far_end->settled = sent->position;
}

static void connect_or_not(struct far_end *far_end)
{
    if (far_end->is_down && far_end->is_up) {
        far_end_lose_session(far_end);
    } else if (!far_end->is_down && !far_end->is_up && now_us(far_end) >= far_end->up_us) {
        forget_flying(far_end);
        far_end->is_up = true;
        far_end->session++;
    }
}

static void work(struct sink_instance *instance)
{
    struct far_end *far_end = instance->far_end;
    connect_or_not(far_end);
    while (far_end->count > 0 && !far_end->is_stalled &&
           far_end->flying[far_end->first].due_us <= now_us(far_end)) {
        acknowledge(far_end, &far_end->flying[far_end->first]);
        far_end->first = (far_end->first + 1) % FAR_END_WINDOW;
        far_end->count--;
    }
}

int64_t far_end_next_us(const struct far_end *far_end)
{
    if (!far_end->is_up) {
        int64_t retry_us = now_us(far_end) + RETRY_US;
        return far_end->is_down || far_end->up_us <= now_us(far_end) ? retry_us : far_end->up_us;
    }
    bool waits = far_end->count > 0 && !far_end->is_stalled;
    return waits ? far_end->flying[far_end->first].due_us : INT64_MAX;
}

/* A socket that gets ready when something comes: the test knows when, and wakes the runner then. */
static size_t wait_for(struct sink_instance *instance, struct pollfd *fds, size_t max,
                       int64_t *wait_us)
{
    (void)fds, (void)max;
    int64_t next_us = far_end_next_us(instance->far_end);
    int64_t now = now_us(instance->far_end);
    *wait_us = next_us == INT64_MAX ? -1 : next_us > now ? next_us - now : 0;
    return 0;
}

static enum sink_state state_of(struct sink_instance *instance, char *reason, size_t size)
{
    const struct far_end *far_end = instance->far_end;
    snprintf(reason, size, "%s", far_end->is_up ? "" : "the far end is away");
    if (far_end->is_up) {
        return SINK_UP;
    }
    return far_end->is_down ? SINK_DOWN : SINK_CONNECTING;
}

static uint64_t session(struct sink_instance *instance)
{
    return instance->far_end->session;
}

static bool has_room(struct sink_instance *instance)
{
    const struct far_end *far_end = instance->far_end;
    return far_end->is_up && far_end->count < far_end->window;
}

static void send_batch(struct sink_instance *instance, const struct batch *batch)
{
    struct far_end *far_end = instance->far_end;
    far_end->seen =
        make_room(far_end->seen, sizeof(*far_end->seen), &far_end->seen_count, batch->seq);
    far_end->judge(far_end->context, batch, far_end->seen[batch->seq] == far_end->session);
    far_end->seen[batch->seq] =
        far_end->session; /* whole: of 256 sessions two look alike by a byte */
    if (batch->position <= far_end->settled) {
        far_end->settled = batch->position - 1; /* given again: it has to be confirmed again */
    }
    size_t place = (far_end->first + far_end->count++) % FAR_END_WINDOW;
    far_end->flying[place] = (struct sent){
        .position = batch->position,
        .seq = batch->seq,
        .due_us = now_us(far_end) + far_end->acknowledge_us,
    };
    struct chance chance = {far_end->chance++};
    far_end->rejected += chance_percent(&chance, far_end->reject_percent);
    far_end->sends++;
}

static void flush(struct sink_instance *instance)
{
    (void)instance;
}

static uint64_t acknowledged(struct sink_instance *instance)
{
    return instance->far_end->settled;
}

static uint64_t rejected(struct sink_instance *instance)
{
    return instance->far_end->rejected;
}

const struct sink far_end_sink = {
    .name = "far",
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
};

bool far_end_has(const struct far_end *far_end, uint64_t seq)
{
    return seq < far_end->acknowledged_count && far_end->acknowledged[seq] > 0;
}
