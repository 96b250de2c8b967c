/* SPDX-License-Identifier: Apache-2.0 */
/* redial: when a line may connect again. After a failed connect it waits ever longer, up to a minute. After the loss of
 * a connection that worked it need not wait, but whatever the other end does, connects are paid for: a few at once, and
 * less than one a second for good. Pure: the time comes from the caller. */
#ifndef LINGTAN_MODBUS_REDIAL_H
#define LINGTAN_MODBUS_REDIAL_H

#include "collectors/modbus/line/line_backoff.h"

enum {
    REDIAL_AT_ONCE = 6,
    REDIAL_EVERY_US = 1125000,
};

struct redial {
    struct line_backoff backoff;
    int64_t paid_us; /* up to when the connects so far have used up what there is */
};

void redial_init(struct redial *redial);

/* A connect begins. */
void redial_begun(struct redial *redial, int64_t now_us);

/* The earliest time of the next: after a failure, chance as in line_backoff.h, and after the end of one that worked. */
int64_t redial_failed_us(struct redial *redial, int64_t now_us, uint32_t *chance);
int64_t redial_ended_us(const struct redial *redial, int64_t now_us);

/* The wire works: failures begin anew. */
void redial_worked(struct redial *redial);

#endif
