/* SPDX-License-Identifier: Apache-2.0 */
/* change: lines that were configured otherwise are made beside those that run, and take their places at once. */
#include <stdlib.h>

#include "base/mem.h"
#include "collectors/modbus/collector_parts.h"
#include "site/site_change.h"

/* One line that takes its place, or leaves it. */
struct step {
    struct member *from; /* NULL = there was none */
    struct member *member;
    struct line_heritage heritage; /* its origins are the step's */
};

struct collector_change {
    struct member **members; /* of the later site, in its order */
    size_t member_count;
    struct step *steps;
    size_t step_count;
    bool is_applied;
};

struct making {
    struct collector_instance *instance;
    const struct collector_setup *setup;
    const struct site_change *site;
    struct member_help help;
    struct collector_change *change;
    size_t loads[POOLS_MAX]; /* lines of each pool */
    uint32_t index;          /* of the next device in the site */
};

/* A line keeps its pool; a new one goes where there are the fewest. */
static struct pool *choose_pool(struct making *making, const struct member *from)
{
    const struct collector_instance *instance = making->instance;
    if (from != NULL) {
        return from->pool;
    }
    size_t best = 0;
    for (size_t i = 1; i < instance->pool_count; i++) {
        best = making->loads[i] < making->loads[best] ? i : best;
    }
    making->loads[best]++;
    return instance->pools[best];
}

static const struct line_origin *make_origins(const struct making *making,
                                              const struct line_change *line)
{
    const size_t count = line->line->devices.count;
    struct line_origin *origins = mem_alloc_array(count + 1, sizeof(*origins));
    for (size_t i = 0; i < count; i++) {
        const struct device_change *device = &making->site->devices[line->first_device + i];
        origins[i] = (struct line_origin){
            .place = device->before == CHANGE_NOWHERE ? LINE_NOWHERE : device->before,
            .is_same = device->kind == CHANGE_NONE,
        };
    }
    return origins;
}

static int make_step(struct making *making, const struct line_change *line, struct member *from)
{
    struct collector_change *change = making->change;
    struct step *step = &change->steps[change->step_count++];
    *step = (struct step){.from = from};
    int error = member_create(&making->help, making->setup, line->line, making->index,
                              choose_pool(making, from), &step->member);
    change->members[change->member_count++] = step->member;
    if (from != NULL) {
        step->heritage.origins = make_origins(making, line);
        step->heritage.is_elsewhere = line->is_elsewhere;
    }
    return error;
}

static int plan_line(struct making *making, const struct line_change *line)
{
    struct collector_change *change = making->change;
    struct member *from =
        line->before != CHANGE_NOWHERE ? making->instance->members[line->before] : NULL;
    if (line->kind == CHANGE_REMOVED) {
        change->steps[change->step_count++] = (struct step){.from = from};
        return 0;
    }
    int error = 0;
    if (line->kind == CHANGE_NONE) {
        change->members[change->member_count++] = from;
    } else {
        error = make_step(making, line, from);
    }
    making->index += (uint32_t)line->line->devices.count;
    return error;
}

int change_prepare(struct collector_instance *instance, const struct collector_setup *setup,
                   const struct site_change *site, struct collector_change **out)
{
    struct siblings siblings = {0};
    struct collector_change *change = mem_alloc(sizeof(*change));
    change->members = mem_alloc_array(site->line_count + 1, sizeof(*change->members));
    change->steps = mem_alloc_array(site->line_count + 1, sizeof(*change->steps));
    struct making making = {
        .instance = instance,
        .setup = setup,
        .site = site,
        .help = {instance->resolver, instance->openers, &siblings},
        .change = change,
    };
    for (size_t i = 0; i < instance->pool_count; i++) {
        making.loads[i] = pool_line_count(instance->pools[i]);
    }
    int error = 0;
    for (size_t i = 0; i < site->line_count && error == 0; i++) {
        error = plan_line(&making, &site->lines[i]);
    }
    siblings_finish(&siblings);
    if (error != 0) {
        change_finish(change);
        return error;
    }
    *out = change;
    return 0;
}

static const struct pool *pool_of(const struct step *step)
{
    return step->member != NULL ? step->member->pool : step->from->pool;
}

/* is_end: those that leave no line behind; else the others. */
static void swap_in_pool(const struct collector_change *change, struct pool *pool, bool is_end)
{
    struct pool_swap *swaps = mem_alloc_array(change->step_count + 1, sizeof(*swaps));
    size_t count = 0;
    for (size_t i = 0; i < change->step_count; i++) {
        const struct step *step = &change->steps[i];
        if (pool_of(step) == pool && (step->member == NULL) == is_end) {
            swaps[count++] =
                (struct pool_swap){.from = step->from != NULL ? step->from->line : NULL,
                                   .line = step->member != NULL ? step->member->line : NULL,
                                   .heritage = &step->heritage};
        }
    }
    pool_swap(pool, swaps, count);
    free(swaps);
}

/* What ends lets go of its port first: a line of another name, perhaps of another pool, may be given the same. */
void change_apply(struct collector_instance *instance, struct collector_change *change)
{
    for (size_t i = 0; i < instance->pool_count; i++) {
        swap_in_pool(change, instance->pools[i], true);
    }
    for (size_t i = 0; i < instance->pool_count; i++) {
        swap_in_pool(change, instance->pools[i], false);
    }
    struct member **former = instance->members;
    instance->members = change->members;
    instance->member_count = change->member_count;
    change->members = former;
    change->is_applied = true;
}

/* Of each step the line that is in no pool: the former one when it was applied, else the later one. */
void change_finish(struct collector_change *change)
{
    if (change == NULL) {
        return;
    }
    for (size_t i = 0; i < change->step_count; i++) {
        struct step *step = &change->steps[i];
        member_destroy(change->is_applied ? step->from : step->member);
        free((void *)step->heritage.origins);
    }
    free(change->steps);
    free(change->members);
    free(change);
}
