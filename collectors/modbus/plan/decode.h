/* SPDX-License-Identifier: Apache-2.0 */
/* decode: registers to readings: types, word and byte orders, scales and ratios, sentinels, plausibility. Pure, but for
 * what the plan of a SunSpec device remembers: whether a ratio comes in percent. */
#ifndef LINGTAN_MODBUS_DECODE_H
#define LINGTAN_MODBUS_DECODE_H

#include "collectors/modbus/plan/plan.h"
#include <lingtan/reading.h>

/* What became of one request. */
struct plan_outcome {
    uint8_t quality; /* enum quality: ok, timeout, exception, bad_reply, late */
    uint8_t exception;
    int64_t time_us; /* wall: the middle between request and reply */
};

/* Makes the batch of one poll of some classes (a bit per enum poll_class): a reading for each of their points, in the
 * device's point order; points of a failed request carry its quality and no value. registers: plan_answer_size of them;
 * outcomes: one per request of the plan, of which those of other classes are not looked at, and one more for all that the
 * device refuses, whose qualities and exceptions the plan knows: that one's own quality is exception and 0. The device must come from
 * the same profile and configuration as the plan (site_device). Returns one reference. */
struct batch *decode_batch(const struct plan *plan, unsigned classes, const struct device *device,
                           const uint16_t *registers, const struct plan_outcome *outcomes);

#endif
