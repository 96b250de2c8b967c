/* SPDX-License-Identifier: Apache-2.0 */
/* waiting: the room from inside, for request.c and waiting.c. */
#ifndef LINGTAN_HTTP_WAITING_H
#define LINGTAN_HTTP_WAITING_H

#include <pthread.h>

#include "http/server/request.h"

struct waiting_room {
    atomic_uint references;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool is_closed;
    struct request *suspended;
};

struct waiting_room *waiting_room_ref(struct waiting_room *room);

#endif
