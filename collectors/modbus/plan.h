/* SPDX-License-Identifier: Apache-2.0 */
/* plan: the points of a device as the fewest requests. Merged across holes up to the profile's limit, never cutting a
 * value, never above the block size, never through a barrier, everything that must be read together (a value, its
 * helpers, a together group) in one request. Poll classes with the same period are one class, the first of them, so that
 * their points share requests; the class once stays by itself. Pure: no I/O. Const once built. */
#ifndef LINGTAN_MODBUS_PLAN_H
#define LINGTAN_MODBUS_PLAN_H

#include "collectors/modbus/frame.h"
#include "config/site.h"
#include <lingtan/profile.h>

struct plan;

struct plan_request {
    struct frame_request request; /* function 1 to 4 */
    enum poll_class poll_class;
    size_t answer_offset;    /* where its registers go in the answers of the plan */
    size_t answer_registers; /* how many: for bits quantity / 16, rounded up */
};

/* A class of period 0 is no other's equal. The profile outlives the plan. */
struct plan *plan_create(const struct profile *profile, const struct device_config *device,
                         const int64_t period_ms[POLL_CLASS_COUNT]);
void plan_destroy(struct plan *plan);

/* All requests, class after class. Within a class by unit, function and address, but those with a helper that could not
 * join all its values come before the rest. */
const struct plan_request *plan_requests(const struct plan *plan, size_t *count);

/* Registers of room that all answers need. */
size_t plan_answer_size(const struct plan *plan);

/* Points that are read with the class. */
size_t plan_point_count(const struct plan *plan, enum poll_class poll_class);

/* How many points the request of that number brings. */
size_t plan_request_points(const struct plan *plan, size_t request);

#endif
