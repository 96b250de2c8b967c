/* SPDX-License-Identifier: Apache-2.0 */
/* waiting: the room's own side, for request.c. */
#ifndef LINGTAN_HTTP_WAITING_H
#define LINGTAN_HTTP_WAITING_H

#include "http/server/request.h"

struct waiting_room *waiting_room_ref(struct waiting_room *room);

#endif
