/* SPDX-License-Identifier: Apache-2.0 */
/* fixture: a device of a profile whose registers a test has written down, polled without a wire: each planned request
 * is encoded, answered in bytes, matched, unpacked and decoded as on a line. For these tests and the golden ones. */
#ifndef TESTS_MODBUS_CODEC_FIXTURE_H
#define TESTS_MODBUS_CODEC_FIXTURE_H

#include <stddef.h>
#include <stdint.h>

#include "collectors/modbus/plan/decode.h"

enum { FIXTURE_CELLS_MAX = 1024 };

struct fixture_cell {
    uint8_t unit;
    uint8_t function;
    uint16_t address;
    uint16_t word; /* 0 or 1 for functions 1 and 2 */
};

struct fixture {
    struct profiles *profiles;
    const struct profile *profile;
    struct device_config config; /* change it, then call fixture_plan */
    struct profile *found;       /* of a profile with discovery: what the registers list */
    struct device *device;
    struct plan *plan;
    uint8_t unit;
    struct fixture_cell cells[FIXTURE_CELLS_MAX];
    size_t cell_count;
    int fail_request;            /* of the next poll: its request with this number ... */
    struct plan_outcome failure; /* ... has this outcome; -1 = none */
    size_t bytes_on_wire;        /* of all polls, both ways, as TCP frames */
};

/* Loads a profile of a folder; a fault fails the test. Ratios are 1, the unit is the profile's. */
void fixture_open(struct fixture *fixture, const char *folder, const char *id);

/* The same with a profile of the test's own: what follows "class" and the like in a file. */
void fixture_init(struct fixture *fixture, const char *body);

/* Builds device and plan anew after config was changed, or, with discovery, the registers. */
void fixture_plan(struct fixture *fixture);
void fixture_finish(struct fixture *fixture);

/* Writes registers from hex words: fixture_set(f, 3, 0x2000, "450F D000"). What is never written answers 0x5A5A. */
void fixture_set(struct fixture *fixture, uint8_t function, uint16_t address, const char *words);
void fixture_set_unit(struct fixture *fixture, uint8_t unit, uint8_t function, uint16_t address,
                      const char *words);

/* Request number i is answered at wall time 1000000 * (i + 1) us. */
struct batch *fixture_poll(struct fixture *fixture, enum poll_class poll_class);

/* The reading of the named point; NULL when the batch has none. */
const struct reading *fixture_find(const struct batch *batch, const char *point);

#endif
