/* SPDX-License-Identifier: Apache-2.0 */
/* plan_internal: the insides of a plan, for the files plan*.c and decode.c alone. */
#ifndef LINGTAN_MODBUS_PLAN_INTERNAL_H
#define LINGTAN_MODBUS_PLAN_INTERNAL_H

#include <stdatomic.h>
#include <stdbool.h>

#include "collectors/modbus/plan/plan.h"

/* Where a value stands in the answers. */
struct plan_place {
    uint16_t request;  /* index into the requests; their count when the device refuses it */
    uint8_t quality;   /* that its values then have, */
    uint8_t exception; /* with that code */
    size_t first;      /* registers; for functions 1 and 2 bits, 16 a register */
};

/* A helper that values of several classes need is read in each. */
struct plan_helper {
    const struct profile_helper *helper;
    struct plan_place place;
    uint8_t poll_class;
};

enum { PLAN_NO_HELPER = UINT16_MAX, PLAN_NO_REQUEST = UINT16_MAX };

struct plan_point {
    const struct profile_point *point;
    struct plan_place place;
    uint8_t poll_class;      /* the first one with its period */
    uint16_t index;          /* in the profile and in the device */
    uint16_t scale_from;     /* index into the plan's helpers, or PLAN_NO_HELPER */
    const uint16_t *factors; /* indices of the helpers that multiply */
    size_t factor_count;
    double scale; /* of a raw value in the quantity's unit, ratios of the configuration included */
    double divisor; /* plan_divisor of the scale */
    double
        counter_scale; /* the same for the last digit of a counter sent as a float; 0 = no count */
    const uint64_t *not_implemented; /* raw bits */
    size_t not_implemented_count;
    double lowest; /* plausible */
    double highest;
};

enum { PERCENT_GROUPS = UINT8_MAX + 1 };

/* What the batch of one poll class needs. */
struct plan_part {
    size_t point_count;
    size_t texts_size; /* bytes that the strings take at most */
};

struct plan {
    atomic_uint references;
    const struct profile *profile;
    uint16_t unit;             /* of the device */
    struct plan_point *points; /* in the profile's order */
    size_t point_count;
    struct plan_helper *helpers;
    size_t helper_count;
    struct plan_request *requests; /* class after class */
    size_t request_count;
    size_t answer_size; /* registers */
    struct plan_part parts[POLL_CLASS_COUNT];
    uint8_t *percents; /* what decoding learns, by percent_group; NULL = the plan has none */
};

/* A run of registers (or bits) that must be read whole: a point or a helper. */
struct plan_item {
    const struct plan_point *point; /* NULL: a helper */
    uint16_t helper;
    struct plan_place *place; /* the point's or the helper's, to be filled */
    uint16_t unit;
    uint8_t function;
    size_t first;
    size_t end;
    size_t cluster;  /* items with the same number are read in one request; at first each its own */
    bool goes_first; /* a helper that could not join its values: read before them */
    uint16_t request; /* the results: index into the plan's, */
    uint8_t quality;  /* or why it has none: as in struct bad_run; 0 = it has one */
    uint8_t exception;
};

/* Puts all items of clusters one and other into one cluster when a single request can hold them. */
bool plan_join(const struct profile *profile, struct plan_item *items, size_t count, size_t one,
               size_t other);

/* Items that are read in one request: a span from the first register to the last. */
struct plan_span {
    uint16_t unit;
    uint8_t function;
    uint8_t quality; /* the device refuses it: as in struct bad_run; 0 = it does not */
    uint8_t exception;
    size_t first;
    size_t end;
    size_t cluster;
    size_t request; /* that it is part of */
    bool goes_first;
};

/* The points of a class, then its helpers, joined into clusters; items has room for all of them. Returns how many. */
size_t plan_items(const struct plan *plan, uint8_t poll_class, struct plan_item *items);

/* One span a cluster, by address; spans has room for one an item. Returns how many. */
size_t plan_spans(const struct plan_item *items, size_t count, struct plan_span *spans);

/* Adds the requests of a class's items to the plan, which has room for one an item, and tells each item its own. */
void plan_merge(struct plan *plan, const struct bad_runs *bad_runs, enum poll_class poll_class,
                struct plan_item *items, size_t count);

/* The most registers (or bits) of one request. */
size_t plan_block_max(const struct profile *profile, uint8_t function);

/* The power of ten that a float is divided by, which gives the decimal that a person would write; multiplying by 0.1 does
 * not. 0: the scale is none of 0.1, 0.01, ... */
double plan_divisor(double scale);

#endif
