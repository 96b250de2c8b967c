/* SPDX-License-Identifier: Apache-2.0 */
/* plan: the points of a device as the fewest requests. Merged across holes up to the profile's limit, never cutting a
 * value, never above the block size, never through a barrier, everything that must be read together (a value, its
 * helpers, a together group) in one request. Pure: no I/O. Const once built. */
#ifndef LINGTAN_MODBUS_PLAN_H
#define LINGTAN_MODBUS_PLAN_H

#include "collectors/modbus/frame.h"
#include "config/site.h"
#include <lingtan/profile.h>

struct plan;

struct plan_request {
    struct frame_request request; /* function 1 to 4 */
    size_t answer_offset;         /* where its registers go in the answers of the class */
    size_t answer_registers;      /* how many: for bits quantity / 16, rounded up */
};

struct plan *plan_create(const struct profile *profile, const struct device_config *device);
void plan_destroy(struct plan *plan);

/* The requests of one poll class; none when the device has no points in it. By unit, function and address, but those
 * with a helper that could not join all its values come before the rest. */
const struct plan_request *plan_requests(const struct plan *plan, enum poll_class poll_class,
                                         size_t *count);

/* Registers of room that the answers of the class need. */
size_t plan_answer_size(const struct plan *plan, enum poll_class poll_class);
size_t plan_point_count(const struct plan *plan, enum poll_class poll_class);

/* How many points the request of that number in the class brings. */
size_t plan_request_points(const struct plan *plan, enum poll_class poll_class, size_t request);

#endif
