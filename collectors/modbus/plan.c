/* SPDX-License-Identifier: Apache-2.0 */
/* plan: the points of a device as requests, and where each value stands in the answers.
 *
 * Everything about a point that does not change from poll to poll is worked out here once: its place, its scale with the
 * ratios of the configuration, its sentinels as bits. Decoding then only reads. */
#include "collectors/modbus/plan_internal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { ROUND_DIGITS = 15 };

double plan_round(double value)
{
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    if (value == 0 || !isfinite(value)) {
        return value;
    }
    int digits = ROUND_DIGITS - 1 - (int)floor(log10(fabs(value)));
    if (digits >= 0 && digits < (int)ARRAY_SIZE(powers)) {
        /* Both sides of the division are exact, so its result is the double nearest to the decimal. */
        return nearbyint(value * powers[digits]) / powers[digits];
    }
    char decimal[40];
    snprintf(decimal, sizeof(decimal), "%.*g", ROUND_DIGITS, value);
    return strtod(decimal, NULL);
}

static double ratio_of(const char *ratio, const struct device_config *device)
{
    if (strcmp(ratio, "ct") == 0) {
        return device->ct_ratio;
    }
    if (strcmp(ratio, "vt") == 0) {
        return device->vt_ratio;
    }
    if (strcmp(ratio, "ct*vt") == 0) {
        return device->ct_ratio * device->vt_ratio;
    }
    return strcmp(ratio, "pulse") == 0 ? device->pulse_weight : 1;
}

static bool is_float(const struct profile_point *point)
{
    return point->type == REGISTER_F32 || point->type == REGISTER_F64;
}

/* A counter sent as a float counts in steps of the meter's last digit, which the profile gives in its own unit. */
static double counter_scale(const struct profile_point *point, double ratio)
{
    if (!is_float(point) || point->row->kind != QUANTITY_COUNTER) {
        return 0;
    }
    if (point->resolution <= 0) {
        return plan_round(point->unit_scale * ratio);
    }
    return plan_round(point->resolution * (point->unit_scale / point->scale) * ratio);
}

static const uint64_t *parse_sentinels(const struct profile_point *point)
{
    size_t count = point->not_implemented.count;
    if (count == 0) {
        return NULL;
    }
    unsigned bits = point->registers * 16U;
    uint64_t mask = bits >= 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1;
    uint64_t *sentinels = mem_alloc_array(count, sizeof(*sentinels));
    for (size_t i = 0; i < count; i++) {
        /* strtoull takes "-32768" as well and wraps it, which the mask makes the register's two's complement. */
        sentinels[i] = strtoull(point->not_implemented.items[i], NULL, 0) & mask;
    }
    return sentinels;
}

static size_t helper_number(const struct profile *profile, const char *name)
{
    const struct profile_helper *helpers = profile->helpers.items;
    size_t at = 0;
    while (at < profile->helpers.count && strcmp(helpers[at].name, name) != 0) {
        at++;
    }
    return at;
}

/* Adds the helper to the class unless it is there; returns its index, PLAN_NO_HELPER when the profile has none. */
static uint16_t use_helper(struct plan_part *part, const struct profile *profile, const char *name)
{
    size_t number = helper_number(profile, name);
    if (number == profile->helpers.count) {
        return PLAN_NO_HELPER;
    }
    const struct profile_helper *helper = (struct profile_helper *)profile->helpers.items + number;
    size_t at = 0;
    while (at < part->helper_count && part->helpers[at].helper != helper) {
        at++;
    }
    if (at == part->helper_count) {
        part->helpers[part->helper_count++].helper = helper;
    }
    return (uint16_t)at;
}

static void link_helpers(struct plan_part *part, const struct profile *profile,
                         struct plan_point *made)
{
    const struct profile_point *point = made->point;
    made->scale_from = PLAN_NO_HELPER;
    if (point->scale_from[0] != '\0') {
        made->scale_from = use_helper(part, profile, point->scale_from);
    }
    if (point->scale_by.count == 0) {
        return;
    }
    uint16_t *factors = mem_alloc_array(point->scale_by.count, sizeof(*factors));
    for (size_t i = 0; i < point->scale_by.count; i++) {
        factors[i] = use_helper(part, profile, point->scale_by.items[i]);
    }
    made->factors = factors;
    made->factor_count = point->scale_by.count;
}

static void init_point(struct plan_point *made, const struct profile_point *point,
                       const struct device_config *device)
{
    double ratio = ratio_of(point->ratio, device);
    made->point = point;
    made->scale = plan_round(point->unit_scale * ratio);
    made->counter_scale = counter_scale(point, ratio);
    made->not_implemented = parse_sentinels(point);
    made->not_implemented_count = point->not_implemented.count;
    made->lowest = isnan(point->min) ? point->row->lowest : point->min;
    made->highest = isnan(point->max) ? point->row->highest : point->max;
}

static void collect_points(struct plan_part *part, const struct profile *profile,
                           const struct device_config *device, enum poll_class poll_class)
{
    const struct profile_point *points = profile->points.items;
    part->points = mem_alloc_array(profile->points.count, sizeof(*part->points));
    part->helpers = mem_alloc_array(profile->helpers.count, sizeof(*part->helpers));
    for (size_t i = 0; i < profile->points.count; i++) {
        if (points[i].poll != (int)poll_class) {
            continue;
        }
        struct plan_point *made = &part->points[part->point_count++];
        made->index = (uint16_t)i;
        init_point(made, &points[i], device);
        link_helpers(part, profile, made);
        if (points[i].type == REGISTER_STRING) {
            part->texts_size += points[i].registers * 2U + 1;
        }
    }
}

static uint16_t unit_of(const struct profile *profile, const struct device_config *device)
{
    return (uint16_t)(device->unit >= 0 ? device->unit : profile->link.unit);
}

/* The points of the class, then its helpers. */
static struct plan_item *make_items(const struct plan_part *part, uint16_t device_unit)
{
    struct plan_item *items =
        mem_alloc_array(part->point_count + part->helper_count, sizeof(*items));
    for (size_t i = 0; i < part->point_count; i++) {
        const struct profile_point *point = part->points[i].point;
        items[i] = (struct plan_item){
            .unit = point->unit_override >= 0 ? (uint16_t)point->unit_override : device_unit,
            .function = (uint8_t)point->function,
            .first = point->address0,
            .end = (size_t)point->address0 + point->registers,
            .cluster = i,
        };
    }
    for (size_t i = 0; i < part->helper_count; i++) {
        const struct profile_helper *helper = part->helpers[i].helper;
        items[part->point_count + i] = (struct plan_item){
            .unit = device_unit,
            .function = (uint8_t)helper->function,
            .first = helper->address0,
            .end = (size_t)helper->address0 + helper->registers,
            .cluster = part->point_count + i,
        };
    }
    return items;
}

static void join_groups(const struct plan_part *part, const struct profile *profile,
                        struct plan_item *items, size_t count)
{
    for (size_t i = 0; i < part->point_count; i++) {
        const char *word = part->points[i].point->together;
        for (size_t j = i + 1; word[0] != '\0' && j < part->point_count; j++) {
            if (strcmp(part->points[j].point->together, word) == 0) {
                plan_join(profile, items, count, i, j);
            }
        }
    }
}

static bool uses_helper(const struct plan_point *point, size_t helper)
{
    bool is_used = point->scale_from == helper;
    for (size_t i = 0; i < point->factor_count; i++) {
        is_used = is_used || point->factors[i] == helper;
    }
    return is_used;
}

/* A helper joins the values that it is for as far as one request can hold them; where it cannot join them all it is read
 * before them. */
static void join_helpers(const struct plan_part *part, const struct profile *profile,
                         struct plan_item *items, size_t count)
{
    for (size_t helper = 0; helper < part->helper_count; helper++) {
        size_t own = part->point_count + helper;
        for (size_t i = 0; i < part->point_count; i++) {
            if (uses_helper(&part->points[i], helper) &&
                !plan_join(profile, items, count, own, i)) {
                items[own].goes_first = true;
            }
        }
    }
}

static struct plan_place place_of(const struct plan_part *part, const struct plan_item *item)
{
    const struct plan_request *request = &part->requests[item->request];
    bool is_bits = item->function == 1 || item->function == 2;
    return (struct plan_place){
        .request = item->request,
        .first =
            request->answer_offset * (is_bits ? 16 : 1) + item->first - request->request.address,
    };
}

static void build_part(struct plan_part *part, const struct profile *profile,
                       const struct device_config *device, enum poll_class poll_class)
{
    collect_points(part, profile, device, poll_class);
    size_t count = part->point_count + part->helper_count;
    if (count == 0) {
        return;
    }
    uint16_t device_unit = unit_of(profile, device);
    struct plan_item *items = make_items(part, device_unit);
    join_groups(part, profile, items, count);
    join_helpers(part, profile, items, count);
    plan_merge(profile, device_unit, items, count, &part->requests, &part->request_count);
    for (size_t i = 0; i < part->point_count; i++) {
        part->points[i].place = place_of(part, &items[i]);
    }
    for (size_t i = 0; i < part->helper_count; i++) {
        part->helpers[i].place = place_of(part, &items[part->point_count + i]);
    }
    for (size_t i = 0; i < part->request_count; i++) {
        part->answer_size += part->requests[i].answer_registers;
    }
    free(items);
}

static void finish_part(struct plan_part *part)
{
    for (size_t i = 0; i < part->point_count; i++) {
        free((void *)part->points[i].factors);
        free((void *)part->points[i].not_implemented);
    }
    free(part->points);
    free(part->helpers);
    free(part->requests);
}

struct plan *plan_create(const struct profile *profile, const struct device_config *device)
{
    struct plan *plan = mem_alloc(sizeof(*plan));
    for (int i = 0; i < POLL_CLASS_COUNT; i++) {
        build_part(&plan->parts[i], profile, device, (enum poll_class)i);
    }
    return plan;
}

void plan_destroy(struct plan *plan)
{
    if (plan == NULL) {
        return;
    }
    for (int i = 0; i < POLL_CLASS_COUNT; i++) {
        finish_part(&plan->parts[i]);
    }
    free(plan);
}

const struct plan_request *plan_requests(const struct plan *plan, enum poll_class poll_class,
                                         size_t *count)
{
    *count = plan->parts[poll_class].request_count;
    return plan->parts[poll_class].requests;
}

size_t plan_answer_size(const struct plan *plan, enum poll_class poll_class)
{
    return plan->parts[poll_class].answer_size;
}

size_t plan_point_count(const struct plan *plan, enum poll_class poll_class)
{
    return plan->parts[poll_class].point_count;
}

size_t plan_request_points(const struct plan *plan, enum poll_class poll_class, size_t request)
{
    const struct plan_part *part = &plan->parts[poll_class];
    size_t count = 0;
    for (size_t i = 0; i < part->point_count; i++) {
        count += part->points[i].place.request == request;
    }
    return count;
}
