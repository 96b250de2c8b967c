/* SPDX-License-Identifier: Apache-2.0 */
/* probe_budget: credit of time, earned slowly and spent in one go. */
#include "collectors/modbus/line/probe_budget.h"

static int64_t most_us(const struct probe_budget *budget)
{
    return 2 * budget->timeout_us;
}

int64_t probe_budget_cost_us(int64_t patience_us)
{
    return patience_us + patience_us / 4;
}

void probe_budget_begin(struct probe_budget *budget, int64_t now_us)
{
    budget->credit_us = probe_budget_cost_us(budget->timeout_us);
    budget->earned_us = now_us;
}

/* What does not make a whole share is earned the next time. */
static void earn(struct probe_budget *budget, int64_t now_us)
{
    int64_t passed_us = now_us - budget->earned_us;
    int64_t ceiling_us = budget->saved * probe_budget_cost_us(budget->timeout_us);
    if (passed_us < 0) {
        budget->earned_us = now_us;
        return;
    }
    budget->credit_us += passed_us / budget->share;
    budget->earned_us = now_us - passed_us % budget->share;
    if (budget->credit_us > ceiling_us) {
        budget->credit_us = ceiling_us;
    }
}

int64_t probe_budget_allowed_us(struct probe_budget *budget, int64_t cost_us, int64_t now_us)
{
    earn(budget, now_us);
    int64_t lacking_us = cost_us - budget->credit_us;
    return lacking_us <= 0 ? now_us : now_us + lacking_us * budget->share;
}

int64_t probe_budget_charge(struct probe_budget *budget, int64_t sent_us, int64_t until_us,
                            int64_t now_us)
{
    earn(budget, now_us);
    int64_t cost_us = sent_us > 0 && until_us > sent_us ? until_us - sent_us : 0;
    if (cost_us > most_us(budget)) {
        cost_us = most_us(budget);
    }
    budget->credit_us -= cost_us;
    if (budget->credit_us < -most_us(budget)) {
        budget->credit_us = -most_us(budget);
    }
    return cost_us;
}
