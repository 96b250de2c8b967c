/* SPDX-License-Identifier: Apache-2.0 */
/* redial: doubling waits, and a price for each connect. */
#include "collectors/modbus/line/redial.h"

enum {
    FIRST_US = 1000000,
    CAP_US = 60000000,
};

void redial_init(struct redial *redial)
{
    *redial = (struct redial){
        .backoff = {.first_us = FIRST_US, .cap_us = CAP_US},
        .paid_us = INT64_MIN,
    };
}

void redial_begun(struct redial *redial, int64_t now_us)
{
    int64_t least_us = now_us - (REDIAL_AT_ONCE - 1) * (int64_t)REDIAL_EVERY_US;
    redial->paid_us = redial->paid_us > least_us ? redial->paid_us : least_us;
    redial->paid_us += REDIAL_EVERY_US;
}

int64_t redial_ended_us(const struct redial *redial, int64_t now_us)
{
    return redial->paid_us > now_us ? redial->paid_us : now_us;
}

int64_t redial_failed_us(struct redial *redial, int64_t now_us, uint32_t *chance)
{
    return redial_ended_us(redial, now_us + line_backoff_next(&redial->backoff, chance));
}

void redial_worked(struct redial *redial)
{
    line_backoff_reset(&redial->backoff);
}
