/* SPDX-License-Identifier: Apache-2.0 */
/* encode: a value in the quantity's unit to the one request that writes it, as the profile says; the way back of decode.
 * Pure. What the profile forbids is refused in words, never clamped. */
#ifndef LINGTAN_MODBUS_ENCODE_H
#define LINGTAN_MODBUS_ENCODE_H

#include <stddef.h>
#include <stdint.h>

#include "collectors/modbus/plan/plan.h"
#include <lingtan/profile.h>

enum {
    WRITE_REGISTERS_COUNT_MAX = 4,
    WRITE_WHY_SIZE = 160,
};

/* The frame that writes something, but for the unit. */
struct encoded {
    uint8_t function; /* 5, 6, 15, 16 */
    uint16_t address;
    uint16_t count; /* registers or coils */
    uint16_t values[WRITE_REGISTERS_COUNT_MAX];
    double
        value; /* what the device is told, in the quantity's unit; raw for switches and heartbeats */
};

/* A write and what it belongs to. Borrowed from the plan's profile. */
struct write_target {
    const struct profile *profile;
    const struct profile_write *write; /* NULL: there is none of that name */
    const struct profile_point *point; /* NULL: a setpoint */
    double scale; /* of the point as it is read, ratios of the configuration included */
};

struct write_target write_find(const struct plan *plan, const char *name);

/* The index-th helper that has to be read first, the exponent before the others; NULL = no more. */
const struct profile_helper *write_helper(const struct write_target *target, size_t index);

/* What the helper read as the index-th makes of the factor, which begins as 1. NaN: it says that there is no scale. */
double write_factor(const struct write_target *target, size_t index, const uint16_t *registers,
                    double factor);

/* Makes the request for a value. factor: of all helpers, 1 without any. 0; -ERANGE: not a number, below or above what is
 * allowed, or not held by the registers, and why says which. Values are rounded to the step, towards the inside of the
 * limits where rounding would leave them; out->value is the value after that. */
int write_encode(const struct write_target *target, double factor, double value,
                 struct encoded *out, char why[static WRITE_WHY_SIZE]) MUST_USE;

/* The index-th switch of the write, on or off. -ENOENT: there is none of that number; -EINVAL: it has no off. */
int write_encode_switch(const struct profile_write *write, size_t index, bool is_on,
                        struct encoded *out) MUST_USE;

/* -ENOENT: it has none. */
int write_encode_heartbeat(const struct profile_write *write, struct encoded *out) MUST_USE;

/* For frame_encode; values are borrowed from encoded. */
struct frame_request write_request(const struct encoded *encoded, uint8_t unit);

#endif
