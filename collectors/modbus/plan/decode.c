/* SPDX-License-Identifier: Apache-2.0 */
/* decode: the answers of one poll to a batch.
 *
 * A reading is made in the same steps for every type: the fate of its requests, the sentinels on the raw bits, the
 * number or text, the scale with its helpers, the plausible range. Whatever fails on the way becomes the quality. */
#include "collectors/modbus/plan/decode.h"

#include <math.h>

#include "collectors/modbus/frame/raw.h"
#include "collectors/modbus/plan/helper.h"
#include "collectors/modbus/plan/plan_internal.h"
#include "collectors/modbus/plan/scale.h"
#include "config/number.h"

enum {
    PERCENTS_SURE = 10, /* readings in a row that no ratio can be */
};

static const double ratio_most = 1.1; /* a power factor of 1 and what a meter rounds or errs */

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
    return helper_number(helper->helper, answers->registers + helper->place.first);
}

/* The product of the helpers. False when the device has the value but not its scale: an exponent register that says
 * "none", a ratio of zero. To scale by it would make a number nobody could tell from a true one. */
static bool helpers_factor(const struct answers *answers, const struct plan_point *point,
                           double *factor)
{
    double product = 1;
    if (point->scale_from != PLAN_NO_HELPER) {
        product = helper_power(helper_value(answers, point->scale_from));
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

static struct float_scale scale_of(const struct plan_point *point, const struct point *shown,
                                   double factor)
{
    if (!has_helpers(point)) {
        return (struct float_scale){
            .scale = point->scale, .divisor = point->divisor, .offset = shown->offset};
    }
    double scale = number_round(point->scale * factor);
    return (struct float_scale){
        .scale = scale, .divisor = plan_divisor(scale), .offset = shown->offset};
}

/* What is shown as a power of ten of a float is printed with the register's digits and journaled in its four bytes: it
 * stays as it is. Any other is rounded to what the device means. */
static double float_value(const struct plan_point *point, const struct point *shown, double raw,
                          double factor)
{
    if (shown->source == POINT_FLOAT32) {
        return point->divisor > 0 ? raw / point->divisor : raw;
    }
    const struct float_scale scale = scale_of(point, shown, factor);
    return scale_float(&scale, raw, point->point->type == REGISTER_F32);
}

static void decode_float(struct reading *reading, const struct plan_point *point,
                         const struct point *shown, double raw, double factor)
{
    if (!isfinite(raw)) {
        refuse(reading, QUALITY_NOT_IMPLEMENTED);
        return;
    }
    reading->value = float_value(point, shown, raw, factor);
    judge(reading, point);
    if (point->counter_scale > 0) {
        double resolution = point->counter_scale;
        count_float(reading, reading->value - shown->offset,
                    has_helpers(point) ? number_round(resolution * factor) : resolution);
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
    const struct point *shown = &answers->device->points[point->index];
    if (layout.type == REGISTER_F32 || layout.type == REGISTER_F64) {
        decode_float(reading, point, shown, raw_float(&layout, registers), factor);
        return;
    }
    enum quality quality = raw_count(&layout, registers, &reading->count);
    decode_integer(reading, point, quality, shown->offset, factor);
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
        bool is_known = outcome->quality == QUALITY_EXCEPTION && outcome->exception == 0;
        refuse(reading, (enum quality)(is_known ? place->quality : outcome->quality));
        reading->exception = is_known ? place->exception : outcome->exception;
    } else if (point->point->type == REGISTER_STRING) {
        decode_text(answers, point, reading, batch, texts_used);
    } else if (point->point->function <= 2) {
        decode_coils(answers, point, reading);
    } else {
        decode_number(answers, point, reading);
    }
}

/* A magnitude that no ratio can have is a percentage. A smaller one is a ratio, unless its group has been percentages for
 * so long that it is a small one of these; that stays so, and no single garbled value begins it. */
static bool is_percent(uint8_t *seen, const struct reading *reading)
{
    double magnitude = fabs(reading->value);
    bool is_beyond = magnitude > ratio_most;
    bool is_sure = *seen == PERCENTS_SURE;
    bool is_plain = magnitude > 0 && magnitude <= 100;
    if (!is_sure && is_plain) {
        *seen = is_beyond ? (uint8_t)(*seen + 1) : 0;
    }
    return is_beyond || is_sure;
}

static void settle_percents(const struct answers *answers, struct batch *batch)
{
    const struct plan *plan = answers->plan;
    for (size_t i = 0; i < batch->count; i++) {
        struct reading *reading = &batch->readings[i];
        const struct plan_point *point = &plan->points[reading->point];
        uint8_t group = point->point->percent_group;
        if (group != 0 && !isnan(reading->value) && is_percent(&plan->percents[group], reading)) {
            struct plan_point percent = *point;
            percent.scale = number_round(point->scale / 100);
            percent.divisor = plan_divisor(percent.scale);
            reading->quality = QUALITY_OK;
            decode_number(answers, &percent, reading);
        }
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
    if (plan->percents != NULL) {
        settle_percents(&answers, batch);
    }
    batch->time_us = batch->count > 0 ? batch->readings[0].time_us : 0;
    return batch;
}
