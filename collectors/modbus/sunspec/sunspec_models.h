/* SPDX-License-Identifier: Apache-2.0 */
/* sunspec_models: what Lingtan knows of the SunSpec information models, as tables. Offsets count registers from the one
 * that holds the model's id; within a repeating block from the block's first register. Source: github.com/sunspec/models,
 * json/model_*.json. */
#ifndef LINGTAN_MODBUS_SUNSPEC_MODELS_H
#define LINGTAN_MODBUS_SUNSPEC_MODELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lingtan/profile.h>

enum {
    SUNSPEC_HEADER = 2, /* id and length, which the length does not count */
    SUNSPEC_END = 0xFFFF,
    SUNSPEC_COMMON = 1,
    SUNSPEC_SERIAL_AT = 50, /* in the common model */
    SUNSPEC_SERIAL_SIZE = 16,
};

enum sunspec_type {
    SUNSPEC_INT16,
    SUNSPEC_UINT16,
    SUNSPEC_ENUM16,
    SUNSPEC_UINT32,
    SUNSPEC_BITFIELD32,
    SUNSPEC_UINT64,
    SUNSPEC_ACC32, /* accumulators: 0 means that there is none, or none yet */
    SUNSPEC_ACC64,
    SUNSPEC_FLOAT32,
    SUNSPEC_FLOAT32_ACC,
    SUNSPEC_STRING8, /* registers */
    SUNSPEC_STRING16,
};

struct sunspec_layout {
    int type; /* enum register_type */
    uint16_t registers;
    const char *not_implemented; /* "" = floats, whose NaN says so, and strings */
    double resolution;           /* of a counter sent as a float, in the point's unit */
};
extern const struct sunspec_layout sunspec_layouts[]; /* by type */

enum sunspec_trait {
    SUNSPEC_LIMIT = 1,           /* of the model's own active power: see sunspec_limit */
    SUNSPEC_STATE_FROM_ZERO = 2, /* the states of model 701: one less than those of 101 to 113 */
    SUNSPEC_PERCENT_OR_RATIO = 4,
};

struct sunspec_point {
    uint16_t offset;
    uint8_t type;      /* enum sunspec_type */
    uint8_t poll;      /* enum poll_class */
    uint16_t scale_at; /* offset of its scale factor from the model's id; 0 = none */
    uint8_t traits;    /* enum sunspec_trait */
    uint8_t index;     /* of the point's own, such as the number of an alarm word; 0 = none */
    const char *quantity;
    const char *unit; /* of register x 10^scale factor; "" = the quantity's own */
};

/* What a model is about. Models of one topic tell the same in another form, so of those that describe one device only
 * that of the highest rank is read. */
enum sunspec_topic {
    SUNSPEC_OTHER,
    SUNSPEC_IDENTITY,
    SUNSPEC_INVERTER,
    SUNSPEC_METER,
    SUNSPEC_INPUTS, /* repeating: strings, trackers, ports */
};

struct sunspec_model {
    uint16_t id;
    uint8_t topic; /* enum sunspec_topic */
    uint8_t rank;
    uint16_t
        fixed; /* registers before the repeating blocks, header included; all when there are none */
    uint16_t block; /* registers of a repeating block; 0 = none */
    const char *name;
    const struct sunspec_point *points; /* NULL: known, but nothing of it is read */
    size_t point_count;
    const struct sunspec_point *block_points; /* their index is the number of the block */
    size_t block_point_count;
};

/* NULL when unknown. */
const struct sunspec_model *sunspec_model_find(uint16_t id);

/* How the limit of a model comes into force: the seconds after which it reverts, then the limit, then the switch.
 * Offsets from the model's id. */
struct sunspec_limit {
    uint16_t model;
    uint16_t revert_at;
    uint16_t revert_registers;
    uint16_t enable_at;
};

/* NULL: the model has none. */
const struct sunspec_limit *sunspec_limit_find(uint16_t model);

/* Whether the point and its scale factor lie within a model of that many registers, header included; a value whose
 * scale factor is cut off has no meaning. start: of the block, from the model's id; 0 = the fixed part. */
bool sunspec_point_fits(const struct sunspec_point *point, uint32_t start, uint32_t size);

/* How much of what is read of a model a device has that gives it this length. */
enum sunspec_holding { SUNSPEC_HOLDS_NOTHING, SUNSPEC_HOLDS_SOME, SUNSPEC_HOLDS_ALL };
enum sunspec_holding sunspec_model_holds(const struct sunspec_model *model, uint16_t length);

#endif
