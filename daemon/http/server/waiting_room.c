/* SPDX-License-Identifier: Apache-2.0 */
/* waiting_room: its life. */
#include "http/server/waiting.h"

#include <stdlib.h>
#include <time.h>

#include "base/mem.h"

struct waiting_room *waiting_room_create(void)
{
    struct waiting_room *room = mem_alloc(sizeof(*room));
    atomic_init(&room->references, 1);
    pthread_mutex_init(&room->lock, NULL);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&room->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    return room;
}

struct waiting_room *waiting_room_ref(struct waiting_room *room)
{
    atomic_fetch_add(&room->references, 1);
    return room;
}

void waiting_room_unref(struct waiting_room *room)
{
    if (!room || atomic_fetch_sub(&room->references, 1) != 1) {
        return;
    }
    pthread_cond_destroy(&room->changed);
    pthread_mutex_destroy(&room->lock);
    free(room);
}
