/* SPDX-License-Identifier: Apache-2.0 */
/* given_runs: registers that a device has given at some time, whatever requests they were asked for in. What was given once
 * is there, so that it is asked again sooner than what nobody has seen yet. All-zero is empty. Memory is taken when
 * something is given for the first time, not in later polls. Pure. */
#ifndef LINGTAN_MODBUS_GIVEN_RUNS_H
#define LINGTAN_MODBUS_GIVEN_RUNS_H

#include <stdbool.h>
#include <stddef.h>

#include "collectors/modbus/frame/frame.h"

struct given_run {
    uint8_t unit;
    uint8_t function;
    uint16_t first;
    uint32_t end; /* the first behind it, at most 0x10000 */
};

struct given_runs {
    struct given_run *items; /* no two of a function touch each other */
    size_t count;
};

void given_runs_finish(struct given_runs *runs);

/* All registers of the request were given. */
void given_runs_add(struct given_runs *runs, const struct frame_request *request);

/* Each register of the request was given, if not in one reply. */
bool given_runs_hold(const struct given_runs *runs, const struct frame_request *request);

#endif
