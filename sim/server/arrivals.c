/* SPDX-License-Identifier: Apache-2.0 */
/* arrivals: one remembered request a device. */
#include "sim/server/arrivals.h"

#include <inttypes.h>

#include "base/text.h"

void arrivals_begin(struct arrivals *arrivals, struct fleet *fleet, int64_t period_us,
                    int64_t now_us)
{
    *arrivals = (struct arrivals){.period_us = period_us, .since_us = now_us};
    for (size_t i = 0; i < fleet->device_count; i++) {
        fleet->devices[i].asked_us = 0;
    }
}

void arrivals_add(struct arrivals *arrivals, const struct reply *reply, int64_t now_us)
{
    struct sim_device *device = reply->device;
    arrivals->first_us = arrivals->requests == 0 ? now_us : arrivals->first_us;
    arrivals->last_us = now_us;
    arrivals->requests++;
    arrivals->registers += reply->count;
    if (arrivals->period_us == 0 || reply->count == 0) {
        return;
    }
    if (device->asked_us == 0) {
        device->asked_address = reply->address;
    } else if (device->asked_address == reply->address) {
        int64_t off_us = now_us - device->asked_us - arrivals->period_us;
        histogram_add(&arrivals->jitter, off_us < 0 ? -off_us : off_us);
    } else {
        return;
    }
    device->asked_us = now_us;
}

void arrivals_describe(const struct arrivals *arrivals, int64_t now_us, struct text *json)
{
    const struct histogram *jitter = &arrivals->jitter;
    text_add_format(json,
                    "{\"passed_us\":%" PRId64 ",\"first_to_last_us\":%" PRId64
                    ",\"requests\":%" PRIu64 ",\"registers\":%" PRIu64 ",\"gaps\":%" PRIu64
                    ",\"jitter_p50_us\":%" PRId64 ",\"jitter_p99_us\":%" PRId64
                    ",\"jitter_max_us\":%" PRId64 "}",
                    now_us - arrivals->since_us, arrivals->last_us - arrivals->first_us,
                    arrivals->requests, arrivals->registers, jitter->count,
                    histogram_at(jitter, 0.5), histogram_at(jitter, 0.99), jitter->highest);
}
