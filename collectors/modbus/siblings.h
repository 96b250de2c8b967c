/* SPDX-License-Identifier: Apache-2.0 */
/* siblings: hundreds of equal meters share one plan and one list of points. Lives while the lines are made. */
#ifndef LINGTAN_MODBUS_SIBLINGS_H
#define LINGTAN_MODBUS_SIBLINGS_H

#include "base/id_map.h"
#include "collectors/modbus/plan/plan.h"

/* All-zero is empty. */
struct siblings {
    struct id_map devices; /* the newest of each profile; borrowed: it lives as long as its line */
    struct id_map plans;   /* by what a plan depends on; references are held */
};

void siblings_finish(struct siblings *siblings);

/* The device, with the points of an earlier equal one when there is one. */
struct device *siblings_share(struct siblings *siblings, struct device *take_device);

/* A reference to the plan of an earlier equal device, or to a new one. */
struct plan *siblings_plan(struct siblings *siblings, const struct profile *profile,
                           const struct device_config *device,
                           const int64_t period_ms[POLL_CLASS_COUNT]);

#endif
