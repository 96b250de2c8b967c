/* SPDX-License-Identifier: Apache-2.0 */
/* plan: the points of a device as the fewest requests. Merged across holes up to the profile's limit, never cutting a
 * value, never above the block size, never through a barrier, everything that must be read together (a value, its
 * helpers, a together group) in one request. Poll classes with the same period are one class, the first of them, so that
 * their points share requests; the class once stays by itself. What the device is known to refuse is not asked. Pure: no I/O. */
#ifndef LINGTAN_MODBUS_PLAN_H
#define LINGTAN_MODBUS_PLAN_H

#include "collectors/modbus/frame/frame.h"
#include "collectors/modbus/plan/bad_runs.h"
#include "site/site.h"
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
struct plan *plan_ref(struct plan *plan); /* equal devices may share one */
void plan_unref(struct plan *plan);       /* NULL-safe; any thread */

/* Makes the requests anew, in a plan of the device's own if it was shared: none holds a refused run, and values that stand in one are not asked. */
void plan_leave_out(struct plan **plan, const struct bad_runs *bad_runs);

/* What to do about a refused request, by one step: false: it is one value (or several in the same place, or together),
 * which *out names; true: *out is a sought split that halves it. Times and exception are left to the caller. */
bool plan_halve(const struct plan *plan, size_t request, struct bad_run *out);

/* Whether the profile still has values that begin and end where the refused run does. */
bool plan_knows(const struct plan *plan, const struct bad_run *run);

/* The request that shows whether the device has come round: the refused values, or both sides of a split in one. */
struct frame_request plan_trial(const struct plan *plan, const struct bad_run *run);

/* A register as the device's document prints it. */
int64_t plan_printed(const struct plan *plan, uint8_t function, uint16_t address);

/* All requests, class after class. Within a class by unit, function and address, but those with a helper that could not
 * join all its values come before the rest. */
const struct plan_request *plan_requests(const struct plan *plan, size_t *count);

/* Registers of room that all answers need. */
size_t plan_answer_size(const struct plan *plan);

/* Points that are read with the class. */
size_t plan_point_count(const struct plan *plan, enum poll_class poll_class);

/* Whether a counter is read with the class. */
bool plan_has_counter(const struct plan *plan, enum poll_class poll_class);

/* The number of a point in the profile, and by *poll_class with whom it is read. False: there is none of that name. */
bool plan_find(const struct plan *plan, const char *name, uint16_t *index,
               enum poll_class *poll_class);

/* Marks the requests that bring the point and its helpers: is_wanted has one for each, and one more. */
void plan_want(const struct plan *plan, uint16_t index, bool *is_wanted);

/* How many points the request of that number brings. */
size_t plan_request_points(const struct plan *plan, size_t request);

#endif
