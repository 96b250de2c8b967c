/* SPDX-License-Identifier: Apache-2.0 */
/* plan_items: the runs of registers that a poll class needs, and which of them must be read in one request. */
#include "collectors/modbus/plan/plan_internal.h"

#include <string.h>

static struct plan_item point_item(const struct plan *plan, struct plan_point *made)
{
    const struct profile_point *point = made->point;
    return (struct plan_item){
        .point = made,
        .place = &made->place,
        .unit = point->unit_override >= 0 ? (uint16_t)point->unit_override : plan->unit,
        .function = (uint8_t)point->function,
        .first = point->address0,
        .end = (size_t)point->address0 + point->registers,
    };
}

static struct plan_item helper_item(const struct plan *plan, uint16_t number)
{
    struct plan_helper *made = &plan->helpers[number];
    const struct profile_helper *helper = made->helper;
    return (struct plan_item){
        .helper = number,
        .place = &made->place,
        .unit = plan->unit,
        .function = (uint8_t)helper->function,
        .first = helper->address0,
        .end = (size_t)helper->address0 + helper->registers,
    };
}

/* Each in a cluster of its own. */
static size_t make_items(const struct plan *plan, uint8_t poll_class, struct plan_item *items)
{
    size_t count = 0;
    for (size_t i = 0; i < plan->point_count; i++) {
        if (plan->points[i].poll_class == poll_class) {
            items[count++] = point_item(plan, &plan->points[i]);
        }
    }
    for (size_t i = 0; i < plan->helper_count; i++) {
        if (plan->helpers[i].poll_class == poll_class) {
            items[count++] = helper_item(plan, (uint16_t)i);
        }
    }
    for (size_t i = 0; i < count; i++) {
        items[i].cluster = i;
    }
    return count;
}

static const char *group_of(const struct plan_item *item)
{
    return item->point != NULL ? item->point->point->together : "";
}

static void join_groups(const struct profile *profile, struct plan_item *items, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *word = group_of(&items[i]);
        for (size_t j = i + 1; word[0] != '\0' && j < count; j++) {
            if (strcmp(group_of(&items[j]), word) == 0) {
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
static void join_helper(const struct profile *profile, struct plan_item *items, size_t count,
                        size_t own)
{
    for (size_t i = 0; i < count; i++) {
        if (items[i].point != NULL && uses_helper(items[i].point, items[own].helper) &&
            !plan_join(profile, items, count, own, i)) {
            items[own].goes_first = true;
        }
    }
}

size_t plan_items(const struct plan *plan, uint8_t poll_class, struct plan_item *items)
{
    size_t count = make_items(plan, poll_class, items);
    join_groups(plan->profile, items, count);
    for (size_t i = 0; i < count; i++) {
        if (items[i].point == NULL) {
            join_helper(plan->profile, items, count, i);
        }
    }
    return count;
}
