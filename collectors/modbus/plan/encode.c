/* SPDX-License-Identifier: Apache-2.0 */
/* encode: a value to the request that writes it. */
#include "collectors/modbus/plan/encode.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "collectors/modbus/frame/raw.h"
#include "collectors/modbus/plan/helper.h"
#include "collectors/modbus/plan/plan_internal.h"
#include "collectors/modbus/plan/scale.h"
#include "config/number.h"

enum { WORD_BITS = 16 };

static const double raw_tidy_max = 1e14;

/* value = register x scale + offset, in the quantity's unit. */
struct linear {
    double scale;
    double offset;
};

struct write_target write_find(const struct plan *plan, const char *name)
{
    struct write_target target = {.profile = plan->profile, .scale = 1};
    target.write = profile_find_write(plan->profile, name, &target.point);
    for (size_t i = 0; target.write != NULL && i < plan->point_count; i++) {
        if (plan->points[i].point == target.point) {
            target.scale = plan->points[i].scale;
        }
    }
    return target;
}

static bool has_own_scale(const struct write_target *target)
{
    return !isnan(target->write->scale);
}

/* Name of the index-th helper, "" = no more. */
static const char *helper_name(const struct write_target *target, size_t index)
{
    if (has_own_scale(target)) {
        return index == 0 ? target->write->scale_from : "";
    }
    const struct profile_point *point = target->point;
    if (point->scale_from[0] != '\0') {
        if (index == 0) {
            return point->scale_from;
        }
        index--;
    }
    return index < point->scale_by.count ? point->scale_by.items[index] : "";
}

static bool is_exponent(const struct write_target *target, size_t index)
{
    return index == 0 && (has_own_scale(target) || target->point->scale_from[0] != '\0');
}

const struct profile_helper *write_helper(const struct write_target *target, size_t index)
{
    const char *name = helper_name(target, index);
    const struct profile_helper *helpers = target->profile->helpers.items;
    for (size_t i = 0; name[0] != '\0' && i < target->profile->helpers.count; i++) {
        if (strcmp(helpers[i].name, name) == 0) {
            return &helpers[i];
        }
    }
    return NULL;
}

double write_factor(const struct write_target *target, size_t index, const uint16_t *registers,
                    double factor)
{
    double number = helper_number(write_helper(target, index), registers);
    double product = factor * (is_exponent(target, index) ? helper_power(number) : number);
    return isfinite(product) && product > 0 ? product : (double)NAN;
}

static struct linear linear_of(const struct write_target *target, double factor)
{
    const struct profile_write *write = target->write;
    const struct profile_point *point = target->point;
    if (has_own_scale(target)) {
        return (struct linear){
            .scale = number_round(write->unit_scale * factor),
            .offset = write->unit_offset,
        };
    }
    return (struct linear){
        .scale = number_round(target->scale * factor),
        .offset = number_round(point->offset * (point->unit_scale / point->scale)),
    };
}

/* A value outside the limits that the profile knows all the same. */
static bool is_special(const struct profile_write *write, double value)
{
    return value == write->pause ||
           (write->release == RELEASE_VALUE && value == write->release_value);
}

static bool is_within(const struct profile_write *write, double value)
{
    return value >= write->lowest && value <= write->highest;
}

static int refuse(const struct profile_write *write, char why[static WRITE_WHY_SIZE], double value,
                  const char *wants)
{
    const char *unit = write->row->unit;
    snprintf(why, WRITE_WHY_SIZE, "%s is %.15g%s%s, wants %s", write->name, value,
             unit[0] ? " " : "", unit, wants);
    return -ERANGE;
}

static int check_value(const struct profile_write *write, double value,
                       char why[static WRITE_WHY_SIZE])
{
    char wants[WRITE_WHY_SIZE / 2];
    if (!isfinite(value)) {
        return refuse(write, why, value, "a number");
    }
    if (write->row->kind == QUANTITY_STATE && value != rint(value)) {
        return refuse(write, why, value, "a whole number");
    }
    if (is_special(write, value) || is_within(write, value)) {
        return 0;
    }
    int length = snprintf(wants, sizeof(wants), "%.15g..%.15g", write->lowest, write->highest);
    if (!isnan(write->pause)) {
        snprintf(wants + length, sizeof(wants) - (size_t)length, ", or %.15g to pause",
                 write->pause);
    }
    return refuse(write, why, value, wants);
}

/* To the nearest multiple of the step that lies within the limits. */
static double to_step(const struct profile_write *write, double value)
{
    if (write->step <= 0 || is_special(write, value)) {
        return value;
    }
    double rounded = number_round(rint(value / write->step) * write->step);
    if (rounded > write->highest) {
        rounded = number_round(rounded - write->step);
    } else if (rounded < write->lowest) {
        rounded = number_round(rounded + write->step);
    }
    return rounded;
}

static struct raw_layout layout_of(const struct profile_write *write)
{
    return (struct raw_layout){
        .type = write->register_type,
        .word_order = write->register_words,
        .byte_order = write->register_bytes,
        .count = write->registers,
    };
}

static double value_of(const struct linear *linear, int64_t count)
{
    return reading_value_of_count(count, linear->scale, linear->offset);
}

/* What a division leaves behind the 15th digit is no part of the number; one of more digits has none to spare. */
static double tidy(double raw)
{
    return fabs(raw) < raw_tidy_max ? number_round(raw) : raw;
}

/* The count whose value is nearest, within the limits where the value is. False: no count has such a value. */
static bool count_of(const struct profile_write *write, const struct linear *linear, double value,
                     int64_t *count)
{
    int64_t nearest = llrint(tidy((value - linear->offset) / linear->scale));
    int64_t up = linear->scale > 0 ? 1 : -1;
    double got = value_of(linear, nearest);
    if (is_special(write, value)) {
        *count = nearest;
        return true;
    }
    *count = got > write->highest ? nearest - up : got < write->lowest ? nearest + up : nearest;
    return is_within(write, value_of(linear, *count)) && write_holds(write, (double)*count);
}

static void put_float(const struct profile_write *write, const struct linear *linear, double value,
                      struct encoded *out)
{
    struct raw_layout layout = layout_of(write);
    bool is_single = write->register_type == REGISTER_F32;
    raw_put_float(&layout, (value - linear->offset) / linear->scale, out->values);
    struct float_scale scale = {
        .scale = linear->scale,
        .divisor = plan_divisor(linear->scale),
        .offset = linear->offset,
    };
    out->value = scale_float(&scale, raw_float(&layout, out->values), is_single);
}

static int put(const struct profile_write *write, const struct linear *linear, double value,
               struct encoded *out, char why[static WRITE_WHY_SIZE])
{
    if (!write_holds(write, (value - linear->offset) / linear->scale)) {
        char wants[WRITE_WHY_SIZE / 2];
        snprintf(wants, sizeof(wants), "a value that %s at scale %.15g holds",
                 register_type_words[write->register_type], linear->scale);
        return refuse(write, why, value, wants);
    }
    if (write->register_type == REGISTER_F32 || write->register_type == REGISTER_F64) {
        put_float(write, linear, value, out);
        return 0;
    }
    struct raw_layout layout = layout_of(write);
    int64_t count = 0;
    if (!count_of(write, linear, value, &count)) {
        return refuse(write, why, value,
                      "other limits: the registers hold no value between them near it");
    }
    raw_put_count(&layout, count, out->values);
    out->value = value_of(linear, count);
    return 0;
}

int write_encode(const struct write_target *target, double factor, double value,
                 struct encoded *out, char why[static WRITE_WHY_SIZE])
{
    const struct profile_write *write = target->write;
    *out = (struct encoded){
        .function = write->send_function,
        .address = write->address0,
        .count = write->registers,
    };
    if (!isfinite(factor)) {
        return refuse(write, why, value,
                      "a device that says its scale: its scale register holds none");
    }
    int error = check_value(write, value, why);
    if (error < 0) {
        return error;
    }
    struct linear linear = linear_of(target, factor);
    return put(write, &linear, to_step(write, value), out, why);
}

int write_encode_switch(const struct profile_write *write, size_t index, bool is_on,
                        struct encoded *out)
{
    const struct profile_switch *place = write->switches.items;
    if (index >= write->switches.count) {
        return -ENOENT;
    }
    place += index;
    int64_t raw = is_on ? place->on : place->off;
    if (raw < 0) {
        return -EINVAL;
    }
    *out = (struct encoded){
        .function = place->send_function,
        .address = place->address0,
        .count = (uint16_t)place->count,
        .values = {place->count > 1 ? (uint16_t)(raw >> WORD_BITS) : (uint16_t)raw, (uint16_t)raw},
        .value = (double)raw,
    };
    return 0;
}

int write_encode_heartbeat(const struct profile_write *write, struct encoded *out)
{
    const struct profile_heartbeat *beat = &write->heartbeat;
    if (beat->origin.line == 0) {
        return -ENOENT;
    }
    *out = (struct encoded){
        .function = beat->send_function,
        .address = beat->address0,
        .count = 1,
        .values = {(uint16_t)beat->value},
        .value = (double)beat->value,
    };
    return 0;
}

struct frame_request write_request(const struct encoded *encoded, uint8_t unit)
{
    return (struct frame_request){
        .unit = unit,
        .function = encoded->function,
        .address = encoded->address,
        .quantity = encoded->count,
        .values = encoded->values,
    };
}
