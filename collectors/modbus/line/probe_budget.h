/* SPDX-License-Identifier: Apache-2.0 */
/* probe_budget: what a line may spend on those that do not answer: a share of its time, saved up for a few attempts.
 * What an attempt cost is charged afterwards, and only when it failed. No charge exceeds two response timeouts and
 * credit is never below minus two, so that nothing that happens can keep the next attempt away for longer than some
 * four timeouts by the share. Pure: the time comes from the caller, and a clock that stands or falls back earns
 * nothing. */
#ifndef LINGTAN_MODBUS_PROBE_BUDGET_H
#define LINGTAN_MODBUS_PROBE_BUDGET_H

#include <stdint.h>

struct probe_budget {
    int64_t timeout_us; /* for a reply, of the line */
    int64_t share;      /* one part in so many of the time */
    int64_t saved;      /* for so many attempts at the most */
    int64_t credit_us;  /* of time to be spent */
    int64_t earned_us;  /* monotonic: up to when credit was earned */
};

/* The first three are the caller's; credit is given for one attempt that waits the whole timeout. */
void probe_budget_begin(struct probe_budget *budget, int64_t now_us);

/* What an attempt that waits so long is taken to cost. */
int64_t probe_budget_cost_us(int64_t patience_us);

/* When an attempt of that cost is affordable; now_us: at once. */
int64_t probe_budget_allowed_us(struct probe_budget *budget, int64_t cost_us, int64_t now_us);

/* A failed attempt held the line from its sending until then. sent_us 0: it never left, which cost nobody anything.
 * Returns what was charged. */
int64_t probe_budget_charge(struct probe_budget *budget, int64_t sent_us, int64_t until_us,
                            int64_t now_us);

#endif
