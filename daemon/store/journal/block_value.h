/* SPDX-License-Identifier: Apache-2.0 */
/* block_value: how one reading's value is written within a block: the forms, and the choice among them. Only for block.c
 * and block.c. */
#ifndef LINGTAN_STORE_BLOCK_VALUE_H
#define LINGTAN_STORE_BLOCK_VALUE_H

#include "store/journal/layout.h"
#include <lingtan/reading.h>

enum {
    BLOCK_VERSION = 2,
    BLOCK_VERSION_MILLI = 1, /* older: a scaled value is always in thousandths */
    BLOCK_READINGS_MAX = 4096,
    BLOCK_TEXTS_MAX = 65536,
};

/* How the points of an entry are listed. */
enum point_list {
    POINTS_ALL,    /* every point of the device in order */
    POINTS_BITMAP, /* some, in order: a bit each */
    POINTS_NAMED,  /* any: differences of their indexes */
};

/* The forms of a value; a run has one. Three bits of the run's first byte; FORM_SCALED adds its exponent to the run. */
enum value_form {
    FORM_NONE,         /* no value, no count, no resolution */
    FORM_NONE_COUNTED, /* no value, no count, the point's resolution */
    FORM_COUNT,        /* the point's resolution; the value follows from the count */
    FORM_FLOAT,        /* no count; exact in single precision */
    FORM_SCALED, /* no count; a single-precision number / 10^exponent: tenths of W shown as kW */
    FORM_DOUBLE, /* no count */
    FORM_TEXT,   /* an ok text */
    FORM_OTHER,  /* a byte of kinds, then the parts they tell */
};

/* FORM_OTHER: where the parts come from, two, three and two bits of a byte; those that are written follow in this
 * order. */
enum other_resolution {
    RESOLUTION_OF_POINT,
    RESOLUTION_ZERO,
    RESOLUTION_TEN, /* a power of ten: its exponent */
    RESOLUTION_WRITTEN,
};
enum other_count {
    COUNT_ZERO,
    COUNT_WRITTEN,
    COUNT_OF_VALUE, /* value / resolution, rounded: a counter that came as a float */
    COUNT_OF_TEXT,  /* where the string was put, which is written */
};
enum other_value {
    VALUE_OF_COUNT,
    VALUE_NAN,
    VALUE_FLOAT,
    VALUE_MILLI, /* a single-precision number / 1000 */
    VALUE_DOUBLE,
    VALUE_SCALED, /* a single-precision number / 10^exponent: the exponent, then the number */
};
enum {
    MILLI_EXPONENT = 3,
    SCALED_EXPONENT_MAX = 6,
};
enum {
    OTHER_COUNT_SHIFT = 2,
    OTHER_VALUE_SHIFT = 4,
    OTHER_TWO_BITS = 3,
};

enum {
    RUN_QUALITY_MASK = 0x0f,
    RUN_FORM_SHIFT = 4,
    RUN_FORM_MASK = 0x07,
    RUN_HAS_TIME = 0x80,
};

/* Where values are written from and read to: the entry's readings so far serve the next one's guess. */
struct value_place {
    const struct layout *layout;
    const struct batch *batch;
    size_t index; /* of the reading */
};

/* The count that the reading's is written as the difference to; 0 when nothing resembles it. */
int64_t value_guess(const struct value_place *place);

/* What the values of a run have in common. */
struct value_shape {
    enum value_form form;
    uint8_t exponent; /* of FORM_SCALED, 1..6, else 0 */
};

struct value_shape value_shape_of(const struct value_place *place);

/* Whether the value may stand in a run of that shape. */
bool value_fits(const struct value_place *place, struct value_shape shape);
void value_put(struct bytes *out, struct value_shape shape, const struct value_place *place);

/* Fills value, count and resolution; texts is the room left for strings. */
struct texts_room {
    char *data;
    size_t size;
    size_t used;
};
void value_take(struct span *span, struct value_shape shape, const struct value_place *place,
                struct reading *reading, struct texts_room *texts);

#endif
