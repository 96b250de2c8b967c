/* SPDX-License-Identifier: Apache-2.0 */
/* backoff: how long to wait before the next try: 1 s, doubling to 30 s, each shortened by up to a quarter at random so
 * that many daemons do not knock at the same instant. Plain data, one thread. */
#ifndef LINGTAN_SINKS_BACKOFF_H
#define LINGTAN_SINKS_BACKOFF_H

#include <stdint.h>

/* All-zero is the beginning. */
struct backoff {
    int64_t delay_us; /* of the last wait */
    int64_t until_us; /* monotonic: no try before this */
};

void backoff_reset(struct backoff *backoff); /* it worked */

/* It failed at now_us: sets until_us. A refusal waits the longest at once: people must act first. */
void backoff_fail(struct backoff *backoff, int64_t now_us);
void backoff_refused(struct backoff *backoff, int64_t now_us);

#endif
