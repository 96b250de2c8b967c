/* SPDX-License-Identifier: Apache-2.0 */
/* image: the registers of one unit, worked out when they are read. Holds no register but those that clients wrote and
 * the model does not know. One thread. */
#ifndef LINGTAN_SIM_IMAGE_H
#define LINGTAN_SIM_IMAGE_H

#include <stdio.h>

#include "sim/device/encode.h"
#include "sim/device/role.h"
#include <lingtan/profile.h>

struct device_config; /* config/site.h */

/* Modbus exception codes. */
enum {
    EXCEPTION_FUNCTION = 1,
    EXCEPTION_ADDRESS = 2,
    EXCEPTION_VALUE = 3,
    EXCEPTION_FAILURE = 4,
    EXCEPTION_TARGET = 11, /* a gateway's unit did not answer */
};

enum { SET_REGISTERS_MAX = 4 };

/* One point, helper or signature at its place, or registers that are only written. */
struct cell {
    const struct profile_point *point;   /* or */
    const struct profile_helper *helper; /* or */
    const struct profile_signature *signature;
    bool is_set;                       /* none of them: it holds what a client wrote, */
    const struct profile_write *write; /* of a value; NULL = a switch or a heartbeat */
    const struct profile_point *shown; /* by which the value is read; NULL = by none */
    uint16_t raw[SET_REGISTERS_MAX];
    uint16_t address;
    uint16_t registers;
    enum quantity_id quantity;
    struct encode_scale scale;
    double adjust; /* counters: what resets and jumps have added, in the quantity's unit */
    bool
        is_stored; /* a client wrote stored, and nothing in the model follows it; a helper's own value */
    double stored;
};

struct image {
    const struct profile *profile;
    const struct device_config *config;
    uint8_t unit;
    size_t counts[5];      /* by function 1..4 */
    struct cell *cells[5]; /* sorted by address */
};

/* What is wrong with the counters of this one reading. */
enum glitch { GLITCH_NONE, GLITCH_ZERO, GLITCH_SPIKE };

void image_init(struct image *image, const struct profile *profile,
                const struct device_config *config, uint8_t unit);
void image_finish(struct image *image);

/* Addresses of one request. */
struct register_span {
    uint8_t function; /* 1..4: the table, also for writes */
    uint16_t address;
    uint16_t count;
};

/* Who is read, and what is wrong with it for the moment. */
struct image_view {
    const struct image *image;
    const struct role *role;
    const struct world *world;
    enum glitch glitch;
};

/* 0, or the exception code with which the device refuses these addresses. */
int image_check(const struct image *image, const struct register_span *span);

/* Fills span->count registers (bits: 0 or 1 each) and returns 0, or an exception code. has_counter says whether a
 * counter was among them. */
int image_read(const struct image_view *view, const struct register_span *span, uint16_t *registers,
               bool *has_counter);

/* Adds a cell to the sorted ones of its function. */
void image_add_cell(struct image *image, int64_t function, struct cell cell);

/* Adds what the profile writes elsewhere than it reads: values, switches, heartbeats. After image_init. */
void image_add_sets(struct image *image);

/* Takes a write of registers (function 3) or coils (function 1): all or nothing. 0 or an exception code. */
int image_write(struct image *image, const struct role *role, struct world *world,
                const struct register_span *span, const uint16_t *registers);

/* Gives a helper a value of its own. One that is an exponent scales its points from now on. */
void image_set_helper(struct image *image, const struct profile_helper *helper, double value);

/* The same for the exponent of a cell's point. -ENOENT: it has none. */
int image_rescale(struct image *image, const struct cell *cell, double exponent) MUST_USE;

/* The true value of a cell now, adjusted; NaN when the role has none. */
double image_value(const struct image *image, const struct role *role, const struct world *world,
                   const struct cell *cell);

#endif
