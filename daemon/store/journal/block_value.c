/* SPDX-License-Identifier: Apache-2.0 */
/* block_value: one reading's value to the fewest bytes that give the same bits back. */
#include "store/journal/block_value.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"

static const double powers[] = {1e-12, 1e-11, 1e-10, 1e-9, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3,
                                1e-2,  1e-1,  1e0,   1e1,  1e2,  1e3,  1e4,  1e5,  1e6};
enum { FIRST_EXPONENT = -12 };

static bool ten_exponent(double value, int8_t *exponent)
{
    for (size_t i = 0; i < ARRAY_SIZE(powers); i++) {
        if (powers[i] == value) {
            *exponent = (int8_t)(FIRST_EXPONENT + (int)i);
            return true;
        }
    }
    return false;
}

static double ten_power(int8_t exponent)
{
    const int index = exponent - FIRST_EXPONENT;
    return index >= 0 && index < (int)ARRAY_SIZE(powers) ? powers[index] : 0;
}

static const struct reading *reading_at(const struct value_place *place)
{
    return &place->batch->readings[place->index];
}

static const struct point *point_at(const struct value_place *place)
{
    return &place->layout->device->points[reading_at(place)->point];
}

static uint64_t bits_of(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof(bits));
    return bits;
}

/* By bits: -0.0 is not 0.0, and comparing must not depend on how values compare. */
static bool same_bits(double one, double other)
{
    return bits_of(one) == bits_of(other);
}

int64_t value_guess(const struct value_place *place)
{
    const struct reading *reading = reading_at(place);
    const size_t back = place->layout->back[reading->point];
    for (size_t i = 1; i <= back && i <= place->index; i++) {
        const struct reading *earlier = reading - i;
        if (earlier->point + back == reading->point) {
            return same_bits(earlier->resolution, reading->resolution) ? earlier->count : 0;
        }
    }
    return 0;
}

static bool follows_from_count(const struct value_place *place)
{
    const struct reading *reading = reading_at(place);
    return same_bits(reading->value, reading_value_of_count(reading->count, reading->resolution,
                                                            point_at(place)->offset));
}

/* The value as a single-precision number / 10^exponent, as a float register with a decimal scale gives it. */
static bool is_scaled(double value, uint8_t exponent)
{
    const double power = ten_power((int8_t)exponent);
    return same_bits((double)(float)(value * power) / power, value);
}

/* The smallest; 0 = there is none. */
static uint8_t scaled_exponent(double value)
{
    for (unsigned exponent = 1; exponent <= SCALED_EXPONENT_MAX; exponent++) {
        if (is_scaled(value, (uint8_t)exponent)) {
            return (uint8_t)exponent;
        }
    }
    return 0;
}

/* How a value that follows from nothing else is written the shortest. */
static struct value_shape float_shape(double value)
{
    if (same_bits((double)(float)value, value)) {
        return (struct value_shape){.form = FORM_FLOAT};
    }
    const uint8_t exponent = scaled_exponent(value);
    return (struct value_shape){.form = exponent > 0 ? FORM_SCALED : FORM_DOUBLE,
                                .exponent = exponent};
}

static enum other_value float_kind(double value)
{
    static const enum other_value kinds[] = {
        [FORM_FLOAT] = VALUE_FLOAT, [FORM_SCALED] = VALUE_SCALED, [FORM_DOUBLE] = VALUE_DOUBLE};
    return isnan(value) ? VALUE_NAN : kinds[float_shape(value).form];
}

static void put_scaled(struct bytes *out, double value, uint8_t exponent)
{
    bytes_put_float(out, (float)(value * ten_power((int8_t)exponent)));
}

static double take_scaled(struct span *span, uint8_t exponent)
{
    span->is_bad |= exponent < 1 || exponent > SCALED_EXPONENT_MAX;
    return (double)span_float(span) / ten_power((int8_t)exponent);
}

static void put_float(struct bytes *out, enum other_value kind, double value)
{
    if (kind == VALUE_FLOAT) {
        bytes_put_float(out, (float)value);
    } else if (kind == VALUE_DOUBLE) {
        bytes_put_double(out, value);
    } else if (kind == VALUE_SCALED) {
        const uint8_t exponent = scaled_exponent(value);
        bytes_put_u8(out, exponent);
        put_scaled(out, value, exponent);
    }
}

static double take_float(struct span *span, enum other_value kind)
{
    switch (kind) {
    case VALUE_FLOAT:
        return (double)span_float(span);
    case VALUE_MILLI:
        return take_scaled(span, MILLI_EXPONENT);
    case VALUE_SCALED:
        return take_scaled(span, span_u8(span));
    case VALUE_DOUBLE:
        return span_double(span);
    default:
        return NAN;
    }
}

/* False when it has no such count. */
static bool count_of_value(double value, double resolution, int64_t *count)
{
    const double steps = value / resolution;
    if (!(fabs(steps) < 9e18)) {
        return false;
    }
    *count = llround(steps);
    return true;
}

/* Of one without a float: text, nothing, or a count. */
static enum value_form form_of(const struct value_place *place)
{
    const struct reading *reading = reading_at(place);
    const struct point *point = point_at(place);
    const bool is_plain = same_bits(reading->resolution, 0);
    if (point->source == POINT_TEXT && reading->quality == QUALITY_OK) {
        return is_plain && isnan(reading->value) ? FORM_TEXT : FORM_OTHER;
    }
    if (isnan(reading->value) && reading->count == 0) {
        if (is_plain) {
            return FORM_NONE;
        }
        return same_bits(reading->resolution, point->resolution) ? FORM_NONE_COUNTED : FORM_OTHER;
    }
    if (is_plain && reading->count == 0) {
        return FORM_FLOAT;
    }
    if (!is_plain && same_bits(reading->resolution, point->resolution) &&
        follows_from_count(place)) {
        return FORM_COUNT;
    }
    return FORM_OTHER;
}

struct value_shape value_shape_of(const struct value_place *place)
{
    const enum value_form form = form_of(place);
    return form == FORM_FLOAT ? float_shape(reading_at(place)->value)
                              : (struct value_shape){.form = form};
}

bool value_fits(const struct value_place *place, struct value_shape shape)
{
    if (shape.form == FORM_SCALED) {
        return form_of(place) == FORM_FLOAT && is_scaled(reading_at(place)->value, shape.exponent);
    }
    return value_shape_of(place).form == shape.form;
}

static void put_count(struct bytes *out, const struct value_place *place)
{
    const uint64_t count = (uint64_t)reading_at(place)->count;
    bytes_put_signed(out, (int64_t)(count - (uint64_t)value_guess(place)));
}

static enum other_resolution resolution_kind(const struct value_place *place)
{
    const double resolution = reading_at(place)->resolution;
    int8_t ignored;
    if (same_bits(resolution, point_at(place)->resolution)) {
        return RESOLUTION_OF_POINT;
    }
    if (same_bits(resolution, 0)) {
        return RESOLUTION_ZERO;
    }
    return ten_exponent(resolution, &ignored) ? RESOLUTION_TEN : RESOLUTION_WRITTEN;
}

static enum other_count count_kind(const struct value_place *place)
{
    const struct reading *reading = reading_at(place);
    int64_t rounded = 0;
    if (point_at(place)->source == POINT_TEXT && reading->quality == QUALITY_OK) {
        return COUNT_OF_TEXT;
    }
    if (reading->count == 0) {
        return COUNT_ZERO;
    }
    const bool is_rounded = count_of_value(reading->value, reading->resolution, &rounded) &&
                            rounded == reading->count && !follows_from_count(place);
    return is_rounded ? COUNT_OF_VALUE : COUNT_WRITTEN;
}

/* Where a text is put is decided when it is read, so no value follows from that. */
static enum other_value value_kind(const struct value_place *place, enum other_count count)
{
    return count != COUNT_OF_TEXT && follows_from_count(place)
               ? VALUE_OF_COUNT
               : float_kind(reading_at(place)->value);
}

static void put_resolution(struct bytes *out, enum other_resolution kind, double resolution)
{
    int8_t exponent = 0;
    if (kind == RESOLUTION_TEN && ten_exponent(resolution, &exponent)) {
        bytes_put_u8(out, (uint8_t)exponent);
    } else if (kind == RESOLUTION_WRITTEN) {
        bytes_put_double(out, resolution);
    }
}

static void put_other(struct bytes *out, const struct value_place *place)
{
    const struct reading *reading = reading_at(place);
    const enum other_resolution resolution = resolution_kind(place);
    const enum other_count count = count_kind(place);
    const enum other_value value = value_kind(place, count);
    bytes_put_u8(out, (uint8_t)((unsigned)resolution | ((unsigned)count << OTHER_COUNT_SHIFT) |
                                ((unsigned)value << OTHER_VALUE_SHIFT)));
    put_resolution(out, resolution, reading->resolution);
    if (count == COUNT_WRITTEN) {
        put_count(out, place);
    }
    put_float(out, value, reading->value);
    if (count == COUNT_OF_TEXT) {
        bytes_put_string(out, reading_text(place->batch, reading));
    }
}

void value_put(struct bytes *out, struct value_shape shape, const struct value_place *place)
{
    const struct reading *reading = reading_at(place);
    switch (shape.form) {
    case FORM_NONE:
    case FORM_NONE_COUNTED:
        break;
    case FORM_COUNT:
        put_count(out, place);
        break;
    case FORM_FLOAT:
        put_float(out, VALUE_FLOAT, reading->value);
        break;
    case FORM_SCALED:
        put_scaled(out, reading->value, shape.exponent);
        break;
    case FORM_DOUBLE:
        put_float(out, VALUE_DOUBLE, reading->value);
        break;
    case FORM_TEXT:
        bytes_put_string(out, reading_text(place->batch, reading));
        break;
    case FORM_OTHER:
        put_other(out, place);
        break;
    }
}

/* The resolution must stand already: the guess asks for it. */
static int64_t take_count(struct span *span, const struct value_place *place)
{
    const uint64_t difference = (uint64_t)span_signed(span);
    return (int64_t)(difference + (uint64_t)value_guess(place));
}

static int64_t take_text(struct span *span, struct texts_room *texts)
{
    const uint64_t length = span_unsigned(span);
    if (texts->data == NULL || length >= texts->size - texts->used) {
        span->is_bad = true;
        return 0;
    }
    const uint8_t *data = span_take(span, (size_t)length);
    const size_t start = texts->used;
    if (data != NULL) {
        memcpy(texts->data + start, data, (size_t)length);
        texts->data[start + length] = '\0';
        texts->used += (size_t)length + 1;
    }
    return (int64_t)start;
}

static double take_resolution(struct span *span, enum other_resolution kind,
                              const struct point *point)
{
    if (kind == RESOLUTION_TEN) {
        return ten_power((int8_t)span_u8(span));
    }
    if (kind == RESOLUTION_WRITTEN) {
        return span_double(span);
    }
    return kind == RESOLUTION_ZERO ? 0 : point->resolution;
}

static void take_other(struct span *span, const struct value_place *place, struct reading *reading,
                       struct texts_room *texts)
{
    const struct point *point = point_at(place);
    const unsigned kinds = span_u8(span);
    const enum other_count count =
        (enum other_count)((kinds >> OTHER_COUNT_SHIFT) & OTHER_TWO_BITS);
    const enum other_value value = (enum other_value)(kinds >> OTHER_VALUE_SHIFT);
    reading->resolution =
        take_resolution(span, (enum other_resolution)(kinds & OTHER_TWO_BITS), point);
    if (count == COUNT_WRITTEN) {
        reading->count = take_count(span, place);
    }
    reading->value =
        value == VALUE_OF_COUNT
            ? reading_value_of_count(reading->count, reading->resolution, point->offset)
            : take_float(span, value);
    if (count == COUNT_OF_VALUE) {
        span->is_bad |= !count_of_value(reading->value, reading->resolution, &reading->count);
    } else if (count == COUNT_OF_TEXT) {
        reading->count = take_text(span, texts);
    }
    span->is_bad |= value > VALUE_SCALED;
}

void value_take(struct span *span, struct value_shape shape, const struct value_place *place,
                struct reading *reading, struct texts_room *texts)
{
    const struct point *point = point_at(place);
    reading->value = NAN;
    switch (shape.form) {
    case FORM_NONE:
        break;
    case FORM_NONE_COUNTED:
        reading->resolution = point->resolution;
        break;
    case FORM_COUNT:
        reading->resolution = point->resolution;
        reading->count = take_count(span, place);
        reading->value = reading_value_of_count(reading->count, reading->resolution, point->offset);
        break;
    case FORM_FLOAT:
        reading->value = take_float(span, VALUE_FLOAT);
        break;
    case FORM_SCALED:
        reading->value = take_scaled(span, shape.exponent);
        break;
    case FORM_DOUBLE:
        reading->value = take_float(span, VALUE_DOUBLE);
        break;
    case FORM_TEXT:
        reading->count = take_text(span, texts);
        break;
    case FORM_OTHER:
        take_other(span, place, reading, texts);
        break;
    }
}
