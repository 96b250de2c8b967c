/* SPDX-License-Identifier: Apache-2.0 */
/* collector_parts: the instance from inside, for collector.c and change.c alone. */
#ifndef LINGTAN_MODBUS_COLLECTOR_PARTS_H
#define LINGTAN_MODBUS_COLLECTOR_PARTS_H

#include "collectors/modbus/member.h"

enum { POOLS_MAX = 16 };

struct collector_instance {
    const struct collector_host *host;
    struct crew *resolver;
    struct crew *openers;
    size_t pool_count;
    struct pool *pools[POOLS_MAX];
    struct member *
        *members; /* in the order of the configuration; their lines are owned by the pools */
    size_t member_count;
    bool is_running;
};

/* See struct collector. */
int change_prepare(struct collector_instance *instance, const struct collector_setup *setup,
                   const struct site_change *change, struct collector_change **out);
void change_apply(struct collector_instance *instance, struct collector_change *change);
void change_finish(struct collector_change *take_change);

#endif
