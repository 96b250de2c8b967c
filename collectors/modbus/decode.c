/* SPDX-License-Identifier: Apache-2.0 */
/* decode: the answers of one poll to a batch.
 *
 * A reading is made in the same steps for every type: the fate of its requests, the sentinels on the raw bits, the
 * number or text, the scale with its helpers, the plausible range. Whatever fails on the way becomes the quality. */
#include "collectors/modbus/decode.h"

#include <math.h>

#include "collectors/modbus/plan_internal.h"
#include "collectors/modbus/raw.h"
#include "config/number.h"

enum {
    EXPONENT_MAX = 10
}; /* of a scale register, as SunSpec has it; its 0x8000 voids the points */

/* The answers of a poll and what became of its requests. */
struct answers {
    const struct plan *plan;
    const struct device *device;
    const uint16_t *registers;
    const struct plan_outcome *outcomes;
};

static double helper_value(const struct answers *answers, uint16_t index)
{
    const struct plan_helper *helper = &answers->plan->helpers[index];
    const struct profile_helper *row = helper->helper;
    const uint16_t *registers = answers->registers + helper->place.first;
    struct raw_layout layout = {
        .type = row->type,
        .word_order = row->word_order,
        .count = row->registers,
    };
    if (row->type == REGISTER_F32) {
        return raw_float(&layout, registers) * row->scale;
    }
    int64_t count = 0;
    enum quality quality = raw_count(&layout, registers, &count);
    return quality == QUALITY_OK ? (double)count * row->scale : NAN;
}

/* The product of the helpers. False when the device has the value but not its scale: an exponent register that says
 * "none", a ratio of zero. To scale by it would make a number nobody could tell from a true one. */
static bool helpers_factor(const struct answers *answers, const struct plan_point *point,
                           double *factor)
{
    double product = 1;
    if (point->scale_from != PLAN_NO_HELPER) {
        double exponent = helper_value(answers, point->scale_from);
        if (!(fabs(exponent) <= EXPONENT_MAX)) {
            return false;
        }
        product = exponent < 0 ? 1 / pow(10, -exponent) : pow(10, exponent);
    }
    for (size_t i = 0; i < point->factor_count; i++) {
        product *= helper_value(answers, point->factors[i]);
    }
    *factor = product;
    return isfinite(product) && product > 0;
}

static bool has_helpers(const struct plan_point *point)
{
    return point->scale_from != PLAN_NO_HELPER || point->factor_count > 0;
}

static void refuse(struct reading *reading, enum quality quality)
{
    reading->quality = (uint8_t)quality;
    reading->value = NAN;
}

static void judge(struct reading *reading, const struct plan_point *point)
{
    if (!(reading->value >= point->lowest && reading->value <= point->highest)) {
        reading->quality = QUALITY_IMPLAUSIBLE;
    }
}

static void count_float(struct reading *reading, double scaled, double resolution)
{
    double steps = scaled / resolution;
    reading->resolution = resolution;
    if (fabs(steps) < (double)INT64_MAX) {
        reading->count = llround(steps);
        return;
    }
    reading->count = steps < 0 ? -INT64_MAX : INT64_MAX;
    reading->quality = QUALITY_IMPLAUSIBLE;
}

static void decode_float(struct reading *reading, const struct plan_point *point, double raw,
                         double offset, double factor)
{
    if (!isfinite(raw)) {
        refuse(reading, QUALITY_NOT_IMPLEMENTED);
        return;
    }
    bool is_scaled = has_helpers(point);
    double scale = is_scaled ? number_round(point->scale * factor) : point->scale;
    double divisor = is_scaled ? plan_divisor(scale) : point->divisor;
    double scaled = divisor > 0 ? raw / divisor : raw * scale;
    reading->value = scaled + offset;
    judge(reading, point);
    if (point->counter_scale > 0) {
        double resolution = point->counter_scale;
        count_float(reading, scaled, is_scaled ? number_round(resolution * factor) : resolution);
    }
}

static void decode_integer(struct reading *reading, const struct plan_point *point,
                           enum quality quality, double offset, double factor)
{
    if (quality == QUALITY_BAD_REPLY) {
        refuse(reading, quality);
        return;
    }
    reading->quality = (uint8_t)quality;
    reading->resolution = has_helpers(point) ? number_round(point->scale * factor) : point->scale;
    reading->value = reading_value_of_count(reading->count, reading->resolution, offset);
    judge(reading, point);
}

static bool is_sentinel(const struct plan_point *point, uint64_t bits)
{
    for (size_t i = 0; i < point->not_implemented_count; i++) {
        if (point->not_implemented[i] == bits) {
            return true;
        }
    }
    return false;
}

static struct raw_layout layout_of(const struct profile_point *point)
{
    return (struct raw_layout){
        .type = point->type,
        .word_order = point->word_order,
        .byte_order = point->byte_order,
        .count = point->registers,
        .bit_mask = (uint64_t)point->bit_mask,
    };
}

static void decode_coils(const struct answers *answers, const struct plan_point *point,
                         struct reading *reading)
{
    uint64_t bits = raw_coils(answers->registers, point->place.first, point->point->registers);
    reading->count = (int64_t)(bits & INT64_MAX);
    decode_integer(reading, point, QUALITY_OK, answers->device->points[point->index].offset, 1);
}

static void decode_number(const struct answers *answers, const struct plan_point *point,
                          struct reading *reading)
{
    struct raw_layout layout = layout_of(point->point);
    const uint16_t *registers = answers->registers + point->place.first;
    double factor = 1;
    if (is_sentinel(point, raw_bits(&layout, registers)) ||
        (has_helpers(point) && !helpers_factor(answers, point, &factor))) {
        refuse(reading, QUALITY_NOT_IMPLEMENTED);
        return;
    }
    double offset = answers->device->points[point->index].offset;
    if (layout.type == REGISTER_F32 || layout.type == REGISTER_F64) {
        decode_float(reading, point, raw_float(&layout, registers), offset, factor);
        return;
    }
    enum quality quality = raw_count(&layout, registers, &reading->count);
    decode_integer(reading, point, quality, offset, factor);
}

/* An empty text is how a device says that it has none. */
static void decode_text(const struct answers *answers, const struct plan_point *point,
                        struct reading *reading, struct batch *batch, size_t *texts_used)
{
    struct raw_layout layout = layout_of(point->point);
    size_t room = 0;
    char *texts = batch_texts_space(batch, &room);
    size_t length = raw_text(&layout, answers->registers + point->place.first, texts + *texts_used);
    refuse(reading, length > 0 ? QUALITY_OK : QUALITY_NOT_IMPLEMENTED);
    reading->count = (int64_t)*texts_used;
    *texts_used += length + 1;
}

/* The place that decides: the first failed one of the point's own and its helpers'. */
static const struct plan_place *place_of(const struct answers *answers,
                                         const struct plan_point *point)
{
    const struct plan_helper *helpers = answers->plan->helpers;
    const struct plan_place *place = &point->place;
    const struct plan_outcome *outcomes = answers->outcomes;
    if (outcomes[place->request].quality == QUALITY_OK && point->scale_from != PLAN_NO_HELPER) {
        place = &helpers[point->scale_from].place;
    }
    for (size_t i = 0; outcomes[place->request].quality == QUALITY_OK && i < point->factor_count;
         i++) {
        place = &helpers[point->factors[i]].place;
    }
    return place;
}

static void decode_point(const struct answers *answers, const struct plan_point *point,
                         struct reading *reading, struct batch *batch, size_t *texts_used)
{
    const struct plan_place *place = place_of(answers, point);
    const struct plan_outcome *outcome = &answers->outcomes[place->request];
    reading->point = point->index;
    reading->time_us = answers->outcomes[point->place.request].time_us;
    if (outcome->quality != QUALITY_OK) {
        refuse(reading, (enum quality)outcome->quality);
        bool is_known = outcome->quality == QUALITY_EXCEPTION && outcome->exception == 0;
        reading->exception = is_known ? place->exception : outcome->exception;
    } else if (point->point->type == REGISTER_STRING) {
        decode_text(answers, point, reading, batch, texts_used);
    } else if (point->point->function <= 2) {
        decode_coils(answers, point, reading);
    } else {
        decode_number(answers, point, reading);
    }
}

static struct batch *make_batch(const struct plan *plan, unsigned classes,
                                const struct device *device)
{
    size_t points = 0;
    size_t texts_size = 0;
    for (unsigned i = 0; i < POLL_CLASS_COUNT; i++) {
        if ((classes & 1U << i) != 0) {
            points += plan->parts[i].point_count;
            texts_size += plan->parts[i].texts_size;
        }
    }
    return batch_create(device, points, texts_size);
}

struct batch *decode_batch(const struct plan *plan, unsigned classes, const struct device *device,
                           const uint16_t *registers, const struct plan_outcome *outcomes)
{
    struct answers answers = {
        .plan = plan,
        .device = device,
        .registers = registers,
        .outcomes = outcomes,
    };
    struct batch *batch = make_batch(plan, classes, device);
    size_t texts_used = 0;
    for (size_t i = 0; i < plan->point_count; i++) {
        if ((classes & 1U << plan->points[i].poll_class) != 0) {
            struct reading *reading = &batch->readings[batch->count++];
            decode_point(&answers, &plan->points[i], reading, batch, &texts_used);
        }
    }
    batch->time_us = batch->count > 0 ? batch->readings[0].time_us : 0;
    return batch;
}
