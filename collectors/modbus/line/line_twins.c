/* SPDX-License-Identifier: Apache-2.0 */
/* line_twins: warns once of each device of the line that is another one under a second unit id. One pair is watched at
 * a time, and each pair once a day, so that it costs next to nothing: two devices that are two are told from one another
 * by three polls. */
#include "collectors/modbus/line/line_internal.h"

#include <stdlib.h>

#include "base/mem.h"
#include "collectors/modbus/line/twins.h"
#include <lingtan/log.h>

enum {
    COUNTS_HIGH = 1000,
    POSTS_PER_DEVICE = 150, /* for which a pair is waited for: one of it may be dead */
};

static const int64_t pause_us = 86400000000; /* between looking at all pairs */

/* What is compared: the answers of one class, which stand one after the other. */
struct look {
    unsigned poll_class;
    size_t first; /* request */
    size_t end;
    size_t offset; /* registers */
    size_t size;
};

struct line_twins {
    size_t one; /* indices into the line's devices */
    size_t other;
    bool is_watching;
    size_t posts; /* of the whole line, since the pair is watched */
    struct look look;
    struct twins twins;
    bool *is_told; /* by device */
    unsigned told_count;
    int64_t next_us; /* not before */
};

static bool is_same_request(const struct plan_request *one, const struct plan_request *other)
{
    return one->request.function == other->request.function &&
           one->request.address == other->request.address &&
           one->request.quantity == other->request.quantity &&
           one->poll_class == other->poll_class && one->answer_offset == other->answer_offset;
}

static bool is_same_plan(const struct plan *one, const struct plan *other)
{
    size_t count = 0;
    size_t other_count = 0;
    const struct plan_request *requests = plan_requests(one, &count);
    const struct plan_request *others = plan_requests(other, &other_count);
    bool is_same = count == other_count && count > 0;
    for (size_t i = 0; is_same && one != other && i < count; i++) {
        is_same = is_same_request(&requests[i], &others[i]);
    }
    return is_same;
}

/* The class that says most. */
static struct look look_at(const struct plan *plan)
{
    struct look look = {0};
    for (unsigned i = 1; i < POLL_CLASS_COUNT; i++) {
        bool is_larger = plan_point_count(plan, (enum poll_class)i) >
                         plan_point_count(plan, (enum poll_class)look.poll_class);
        look.poll_class = is_larger ? i : look.poll_class;
    }
    size_t count = 0;
    const struct plan_request *requests = plan_requests(plan, &count);
    while (look.first < count && requests[look.first].poll_class != look.poll_class) {
        look.first++;
    }
    look.end = look.first;
    while (look.end < count && requests[look.end].poll_class == look.poll_class) {
        look.size += requests[look.end].answer_registers;
        look.end++;
    }
    look.offset = look.first < look.end ? requests[look.first].answer_offset : 0;
    return look;
}

static void stop_watching(struct line_twins *state)
{
    twins_finish(&state->twins);
    state->is_watching = false;
}

/* Goes on to the next pair; false: all were looked at. */
static bool next_pair(const struct line *line, struct line_twins *state)
{
    state->other++;
    if (state->other >= line->device_count) {
        state->one++;
        state->other = state->one + 1;
    }
    return state->other < line->device_count;
}

static bool is_pair(const struct line *line, const struct line_twins *state)
{
    const struct line_device *one = &line->devices[state->one];
    const struct line_device *other = &line->devices[state->other];
    return !state->is_told[state->one] && !state->is_told[state->other] &&
           one->device->unit != other->device->unit && is_same_plan(one->plan, other->plan);
}

static void watch_next(const struct line *line, struct line_twins *state)
{
    bool is_there = next_pair(line, state);
    while (is_there && !is_pair(line, state)) {
        is_there = next_pair(line, state);
    }
    if (!is_there) {
        state->one = 0;
        state->other = 0;
        state->next_us = line->now_us + pause_us;
        return;
    }
    state->look = look_at(line->devices[state->one].plan);
    twins_init(&state->twins, state->look.size);
    state->is_watching = true;
    state->posts = 0;
}

void twins_begin(struct line *line)
{
    if (line->device_count < 2) {
        return;
    }
    line->twins = mem_alloc(sizeof(*line->twins));
    line->twins->is_told = mem_alloc_array(line->device_count, sizeof(bool));
    watch_next(line, line->twins);
}

void twins_end(struct line *line)
{
    if (line->twins != NULL) {
        stop_watching(line->twins);
        free(line->twins->is_told);
        free(line->twins);
        line->twins = NULL;
    }
}

unsigned line_twin_count(const struct line *line)
{
    return line->twins != NULL ? line->twins->told_count : 0;
}

static enum twins_counter counter_of(const struct batch *batch)
{
    enum twins_counter most = TWINS_COUNTER_NONE;
    for (size_t i = 0; i < batch->count; i++) {
        const struct reading *reading = &batch->readings[i];
        const struct point *point = &batch->device->points[reading->point];
        bool is_counter =
            point->quantity->kind == QUANTITY_COUNTER && reading->quality == QUALITY_OK;
        if (is_counter && reading->count >= COUNTS_HIGH) {
            return TWINS_COUNTER_HIGH;
        }
        most = is_counter && reading->count > 0 ? TWINS_COUNTER_LOW : most;
    }
    return most;
}

/* All that is compared came in this poll. */
static bool is_whole(const struct line *line, const struct look *look, unsigned classes)
{
    bool is_good = (classes & 1U << look->poll_class) != 0 && look->size > 0;
    for (size_t i = look->first; is_good && i < look->end; i++) {
        is_good = line->outcomes[i].quality == QUALITY_OK;
    }
    return is_good;
}

static void warn(const struct line *line, struct line_twins *state)
{
    const struct device *one = line->devices[state->one].device;
    const struct device *other = line->devices[state->other].device;
    log_about(LOG_LEVEL_WARNING,
              (struct log_subject){.line = line->settings.id, .device = other->id},
              "units %u (%s) and %u (%s) give equal replies: most likely one device, or a server "
              "that minds no unit id, whose energy is counted twice; check the unit id and take "
              "one of the two out of the site file",
              one->unit, one->id, other->unit, other->id);
    state->is_told[state->other] = true;
    state->told_count++;
}

/* A plan may be another since, as when registers were refused. */
static bool is_current(const struct line *line, const struct line_twins *state)
{
    const struct plan *plan = line->devices[state->one].plan;
    struct look look = look_at(plan);
    return is_same_plan(plan, line->devices[state->other].plan) &&
           look.poll_class == state->look.poll_class && look.first == state->look.first &&
           look.end == state->look.end && look.offset == state->look.offset &&
           look.size == state->look.size;
}

/* Whether the pair needs no more watching. */
static bool take_poll(struct line *line, struct line_twins *state, bool is_other,
                      const struct batch *batch)
{
    if (!is_current(line, state)) {
        return true;
    }
    enum twins_verdict verdict = twins_take(
        &state->twins, is_other, line->registers + state->look.offset, counter_of(batch));
    if (verdict == TWINS_SAME) {
        warn(line, state);
    }
    return verdict != TWINS_UNSURE;
}

void twins_note(struct line *line, const struct line_device *device, unsigned classes,
                const struct batch *batch)
{
    struct line_twins *state = line->twins;
    if (!state->is_watching) {
        if (line->now_us >= state->next_us) {
            watch_next(line, state);
        }
        return;
    }
    size_t index = (size_t)(device - line->devices);
    bool is_of_pair = index == state->one || index == state->other;
    bool is_over = ++state->posts > POSTS_PER_DEVICE * line->device_count;
    if (is_of_pair && is_whole(line, &state->look, classes)) {
        is_over = take_poll(line, state, index == state->other, batch) || is_over;
    }
    if (is_over) {
        stop_watching(state);
        watch_next(line, state);
    }
}
