/* SPDX-License-Identifier: Apache-2.0 */
/* plan: the points of a device, and where each value stands in the answers.
 *
 * Everything about a point that does not change from poll to poll is worked out here once: its place, its scale with the
 * ratios of the configuration, its sentinels as bits. Decoding then only reads. */
#include "collectors/modbus/plan/plan_internal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "config/number.h"
#include <lingtan/reading.h>

double plan_divisor(double scale)
{
    return resolution_decimals(scale) > 0 ? nearbyint(1 / scale) : 0;
}

/* A counter sent as a float counts in steps of the meter's last digit, which the profile gives in its own unit. */
static double counter_scale(const struct profile_point *point, double ratio)
{
    if (!profile_is_float(point) || point->row->kind != QUANTITY_COUNTER) {
        return 0;
    }
    if (point->resolution <= 0) {
        return number_round(point->unit_scale * ratio);
    }
    return number_round(point->resolution * (point->unit_scale / point->scale) * ratio);
}

static const uint64_t *parse_sentinels(const struct profile_point *point)
{
    size_t count = point->not_implemented.count;
    if (count == 0) {
        return NULL;
    }
    uint64_t *sentinels = mem_alloc_array(count, sizeof(*sentinels));
    for (size_t i = 0; i < count; i++) {
        if (profile_sentinel(point, point->not_implemented.items[i], &sentinels[i]) < 0) {
            abort(); /* the check of the profile, or a test of the tables, would have met it */
        }
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

/* Adds the helper to those of the class unless it is there; returns its index, PLAN_NO_HELPER when the profile has none.
 */
static uint16_t use_helper(struct plan *plan, uint8_t poll_class, const char *name)
{
    size_t number = helper_number(plan->profile, name);
    if (number == plan->profile->helpers.count) {
        return PLAN_NO_HELPER;
    }
    const struct profile_helper *helpers = plan->profile->helpers.items;
    size_t at = 0;
    while (at < plan->helper_count && (plan->helpers[at].helper != &helpers[number] ||
                                       plan->helpers[at].poll_class != poll_class)) {
        at++;
    }
    if (at == plan->helper_count) {
        plan->helpers = mem_grow(plan->helpers, at + 1, sizeof(*plan->helpers));
        plan->helpers[plan->helper_count++] =
            (struct plan_helper){.helper = &helpers[number], .poll_class = poll_class};
    }
    return (uint16_t)at;
}

static void link_helpers(struct plan *plan, struct plan_point *made)
{
    const struct profile_point *point = made->point;
    made->scale_from = PLAN_NO_HELPER;
    if (point->scale_from[0] != '\0') {
        made->scale_from = use_helper(plan, made->poll_class, point->scale_from);
    }
    if (point->scale_by.count == 0) {
        return;
    }
    uint16_t *factors = mem_alloc_array(point->scale_by.count, sizeof(*factors));
    for (size_t i = 0; i < point->scale_by.count; i++) {
        factors[i] = use_helper(plan, made->poll_class, point->scale_by.items[i]);
    }
    made->factors = factors;
    made->factor_count = point->scale_by.count;
}

static void init_point(struct plan_point *made, const struct profile_point *point,
                       const struct device_config *device)
{
    double ratio = site_ratio(device, point->ratio);
    made->point = point;
    made->scale = number_round(point->unit_scale * ratio);
    made->divisor = plan_divisor(made->scale);
    made->counter_scale = counter_scale(point, ratio);
    made->not_implemented = parse_sentinels(point);
    made->not_implemented_count = point->not_implemented.count;
    made->lowest = isnan(point->min) ? point->row->lowest : point->min;
    made->highest = isnan(point->max) ? point->row->highest : point->max;
}

/* Classes of the same period are read as the first of them; identity is also read when the device comes back. */
static uint8_t class_of(const struct profile_point *point,
                        const int64_t period_ms[POLL_CLASS_COUNT])
{
    uint8_t first = 0;
    while (first < point->poll && (period_ms[first] == 0 || point->poll == POLL_ONCE ||
                                   period_ms[first] != period_ms[point->poll])) {
        first++;
    }
    return first;
}

static void make_points(struct plan *plan, const struct device_config *device,
                        const int64_t period_ms[POLL_CLASS_COUNT])
{
    const struct profile_point *points = plan->profile->points.items;
    plan->point_count = plan->profile->points.count;
    plan->points = mem_alloc_array(plan->point_count, sizeof(*plan->points));
    for (size_t i = 0; i < plan->point_count; i++) {
        struct plan_point *made = &plan->points[i];
        made->index = (uint16_t)i;
        made->poll_class = class_of(&points[i], period_ms);
        init_point(made, &points[i], device);
        link_helpers(plan, made);
        struct plan_part *part = &plan->parts[made->poll_class];
        part->point_count++;
        if (points[i].type == REGISTER_STRING) {
            part->texts_size += points[i].registers * 3U + 1;
        }
        if (points[i].percent_group != 0 && plan->percents == NULL) {
            plan->percents = mem_alloc_array(PERCENT_GROUPS, sizeof(*plan->percents));
        }
    }
}

static struct plan_place place_of(const struct plan *plan, const struct plan_item *item)
{
    if (item->request == PLAN_NO_REQUEST) {
        return (struct plan_place){
            .request = PLAN_NO_REQUEST, .quality = item->quality, .exception = item->exception};
    }
    const struct plan_request *request = &plan->requests[item->request];
    bool is_bits = item->function == 1 || item->function == 2;
    return (struct plan_place){
        .request = item->request,
        .first =
            request->answer_offset * (is_bits ? 16 : 1) + item->first - request->request.address,
    };
}

/* What is refused shares one outcome, behind those of the requests. */
static void place_refused(const struct plan *plan, struct plan_place *place)
{
    if (place->request == PLAN_NO_REQUEST) {
        place->request = (uint16_t)plan->request_count;
    }
}

static void plan_class(struct plan *plan, const struct bad_runs *bad_runs, uint8_t poll_class,
                       struct plan_item *items)
{
    size_t count = plan_items(plan, poll_class, items);
    plan_merge(plan, bad_runs, (enum poll_class)poll_class, items, count);
    for (size_t i = 0; i < count; i++) {
        *items[i].place = place_of(plan, &items[i]);
    }
}

static void make_requests(struct plan *plan, const struct bad_runs *bad_runs)
{
    size_t most = plan->point_count + plan->helper_count;
    struct plan_item *items = mem_alloc_array(most + 1, sizeof(*items));
    free(plan->requests);
    plan->requests = mem_alloc_array(most + 1, sizeof(*plan->requests));
    plan->request_count = 0;
    plan->answer_size = 0;
    for (unsigned i = 0; i < POLL_CLASS_COUNT; i++) {
        plan_class(plan, bad_runs, (uint8_t)i, items);
    }
    for (size_t i = 0; i < plan->point_count; i++) {
        place_refused(plan, &plan->points[i].place);
    }
    for (size_t i = 0; i < plan->helper_count; i++) {
        place_refused(plan, &plan->helpers[i].place);
    }
    plan->requests = mem_grow(plan->requests, plan->request_count + 1, sizeof(*plan->requests));
    free(items);
}

struct plan *plan_create(const struct profile *profile, const struct device_config *device,
                         const int64_t period_ms[POLL_CLASS_COUNT])
{
    struct plan *plan = mem_alloc(sizeof(*plan));
    atomic_init(&plan->references, 1);
    plan->profile = profile;
    plan->unit = (uint16_t)(device->unit >= 0 ? device->unit : profile->link.unit);
    make_points(plan, device, period_ms);
    make_requests(plan, &(struct bad_runs){0});
    return plan;
}

static void *copy_array(const void *array, size_t count, size_t size)
{
    if (count == 0) {
        return NULL;
    }
    return memcpy(mem_alloc_array(count, size), array, count * size);
}

/* All but the requests. */
static struct plan *copy_plan(const struct plan *plan)
{
    struct plan *copy = mem_alloc(sizeof(*copy));
    *copy = *plan;
    atomic_init(&copy->references, 1);
    copy->requests = NULL;
    copy->helpers = copy_array(plan->helpers, plan->helper_count, sizeof(*copy->helpers));
    copy->points = copy_array(plan->points, plan->point_count, sizeof(*copy->points));
    copy->percents = copy_array(plan->percents, plan->percents != NULL ? PERCENT_GROUPS : 0,
                                sizeof(*copy->percents));
    for (size_t i = 0; i < plan->point_count; i++) {
        struct plan_point *point = &copy->points[i];
        point->factors = copy_array(point->factors, point->factor_count, sizeof(uint16_t));
        point->not_implemented =
            copy_array(point->not_implemented, point->not_implemented_count, sizeof(uint64_t));
    }
    return copy;
}

void plan_leave_out(struct plan **plan, const struct bad_runs *bad_runs)
{
    if (atomic_load(&(*plan)->references) > 1) {
        struct plan *shared = *plan;
        *plan = copy_plan(shared);
        plan_unref(shared);
    }
    make_requests(*plan, bad_runs);
}

struct plan *plan_ref(struct plan *plan)
{
    atomic_fetch_add_explicit(&plan->references, 1, memory_order_relaxed);
    return plan;
}

void plan_unref(struct plan *plan)
{
    if (plan == NULL || atomic_fetch_sub_explicit(&plan->references, 1, memory_order_acq_rel) > 1) {
        return;
    }
    for (size_t i = 0; i < plan->point_count; i++) {
        free((void *)plan->points[i].factors);
        free((void *)plan->points[i].not_implemented);
    }
    free(plan->points);
    free(plan->helpers);
    free(plan->requests);
    free(plan->percents);
    free(plan);
}

const struct plan_request *plan_requests(const struct plan *plan, size_t *count)
{
    *count = plan->request_count;
    return plan->requests;
}

size_t plan_answer_size(const struct plan *plan)
{
    return plan->answer_size;
}

size_t plan_point_count(const struct plan *plan, enum poll_class poll_class)
{
    return plan->parts[poll_class].point_count;
}

bool plan_has_counter(const struct plan *plan, enum poll_class poll_class)
{
    for (size_t i = 0; i < plan->point_count; i++) {
        const struct plan_point *point = &plan->points[i];
        if (point->poll_class == poll_class && point->point->row->kind == QUANTITY_COUNTER) {
            return true;
        }
    }
    return false;
}

size_t plan_request_points(const struct plan *plan, size_t request)
{
    size_t count = 0;
    for (size_t i = 0; i < plan->point_count; i++) {
        count += plan->points[i].place.request == request;
    }
    return count;
}

bool plan_find(const struct plan *plan, const char *name, uint16_t *index,
               enum poll_class *poll_class)
{
    for (size_t i = 0; i < plan->point_count; i++) {
        const struct plan_point *point = &plan->points[i];
        if (strcmp(point->point->name, name) == 0) {
            *index = point->index;
            *poll_class = (enum poll_class)point->poll_class;
            return true;
        }
    }
    return false;
}

void plan_want(const struct plan *plan, uint16_t index, bool *is_wanted)
{
    const struct plan_point *point = &plan->points[index];
    is_wanted[point->place.request] = true;
    if (point->scale_from != PLAN_NO_HELPER) {
        is_wanted[plan->helpers[point->scale_from].place.request] = true;
    }
    for (size_t i = 0; i < point->factor_count; i++) {
        is_wanted[plan->helpers[point->factors[i]].place.request] = true;
    }
}
