/* SPDX-License-Identifier: Apache-2.0 */
/* plan_advice: what is wrong with the budget of a line, and what to do about it, in words. Pure. */
#ifndef LINGTAN_CLI_PLAN_ADVICE_H
#define LINGTAN_CLI_PLAN_ADVICE_H

#include <jansson.h>

#include "collectors/modbus/plan/budget.h"

/* An array of strings, empty when all is well. only: of the devices, judge this one alone; NULL = all. The caller owns
 * the array. */
json_t *plan_advice(const struct budget_line *line, const struct budget_device *only);

#endif
