/* SPDX-License-Identifier: Apache-2.0 */
/* line_poll: which device has its turn, and the requests of its due classes one after the other. What is due longest
 * goes first; dead devices are probed where there is room, or after a while all the same. */
#include "collectors/modbus/line/line_internal.h"

enum {
    PROBE_PATIENCE_US = 10000000, /* how long a probe waits for a gap between polls */
};

/* The next regular poll and the next probe of the line, and the dead device whose silence is to be told next. */
struct prospect {
    struct line_device *regular;
    int64_t regular_us;
    struct line_device *probed;
    int64_t probe_us;
    struct line_device *mute;
    int64_t mute_us;
};

static int64_t held_us(const struct line *line, const struct line_device *device, int64_t time_us)
{
    if (time_us >= line->holds.last_us) {
        return time_us;
    }
    int64_t until_us = line_holds_until_us(line, device->device->unit, time_us);
    return until_us > time_us ? until_us : time_us;
}

/* A probe may wait long for its turn; that the device is dead is data nevertheless, once a minute or period. */
static void look_at_dead(struct prospect *ahead, struct line_device *device, int64_t time_us)
{
    int64_t due_us = device_due_us(device);
    int64_t mute_us = device->posted_us + BACKOFF_CAP_US;
    mute_us = mute_us > due_us ? mute_us : due_us;
    if (mute_us < ahead->mute_us) {
        ahead->mute = device;
        ahead->mute_us = mute_us;
    }
    if (time_us < ahead->probe_us) {
        ahead->probed = device;
        ahead->probe_us = time_us;
    }
}

static struct prospect look_ahead(const struct line *line)
{
    struct prospect ahead = {.regular_us = INT64_MAX, .probe_us = INT64_MAX, .mute_us = INT64_MAX};
    for (size_t i = 0; i < line->device_count; i++) {
        struct line_device *device = &line->devices[i];
        bool is_probed = device_is_probed(device);
        int64_t time_us =
            held_us(line, device, is_probed ? device->retry_us : device_due_us(device));
        if (is_probed) {
            look_at_dead(&ahead, device, time_us);
        } else if (time_us < ahead.regular_us) {
            ahead.regular = device;
            ahead.regular_us = time_us;
        }
    }
    return ahead;
}

/* Whether a probe at that time is over before the next poll. */
static bool has_room(const struct line *line, const struct prospect *ahead, int64_t time_us)
{
    return ahead->regular == NULL ||
           ahead->regular_us - time_us > probe_cost_us(line, ahead->probed);
}

bool poll_has_room(const struct line *line, int64_t cost_us)
{
    struct prospect ahead = look_ahead(line);
    return ahead.regular == NULL || ahead.regular_us - line->now_us > cost_us;
}

/* When the probe gets its turn: as soon as it is affordable and there is room; after a while in any case, but of the time
 * of others only little. */
static int64_t probe_turn_us(struct line *line, const struct prospect *ahead)
{
    if (ahead->probed == NULL) {
        return INT64_MAX;
    }
    int64_t cost_us = probe_cost_us(line, ahead->probed);
    int64_t turn_us = probe_budget_allowed_us(&line->probe_budget, cost_us, line->now_us);
    turn_us = turn_us > ahead->probe_us ? turn_us : ahead->probe_us;
    int64_t patient_us = ahead->probe_us + PROBE_PATIENCE_US;
    patient_us = patient_us > line->forced_us ? patient_us : line->forced_us;
    return has_room(line, ahead, turn_us) || turn_us > patient_us ? turn_us : patient_us;
}

int64_t poll_next_us(struct line *line)
{
    struct prospect ahead = look_ahead(line);
    int64_t next_us = probe_turn_us(line, &ahead);
    next_us = next_us < ahead.mute_us ? next_us : ahead.mute_us;
    return next_us < ahead.regular_us ? next_us : ahead.regular_us;
}

static unsigned due_classes(const struct line *line, const struct line_device *device)
{
    unsigned classes = 0;
    for (unsigned i = 0; i < POLL_CLASS_COUNT; i++) {
        classes |= device->schedules[i].due_us <= line->now_us ? 1U << i : 0;
    }
    return classes;
}

static void advance(struct line *line, struct line_device *device, unsigned classes)
{
    for (unsigned i = 0; i < POLL_CLASS_COUNT; i++) {
        if ((classes & 1U << i) != 0) {
            schedule_advance(&device->schedules[i], line->now_us, &line->timeline);
        }
    }
}

/* A line that is late leaves out whole periods, never catches up. One batch says so, once a period at the most; a
 * device that has just failed is not late, nor is anything on a line that was down. */
static void skip_missed(struct line *line, struct line_device *device, unsigned classes)
{
    unsigned late = 0;
    uint64_t total = 0;
    for (unsigned i = 0; i < POLL_CLASS_COUNT; i++) {
        uint32_t skipped =
            (classes & 1U << i) != 0 ? schedule_skip(&device->schedules[i], line->now_us) : 0;
        late |= skipped > 0 ? 1U << i : 0;
        total += skipped;
    }
    if (late != 0 && device->failed_polls == 0 && !line->is_down) {
        line_stats_error(&line->stats, &device->tally, offsetof(struct error_counts, skipped),
                         total);
        outcome_post_all(line, device, late, QUALITY_LATE);
    }
}

static void begin_poll(struct line *line, struct line_device *device)
{
    unsigned classes = due_classes(line, device);
    line->poll = (struct poll){
        .device = device,
        .quality = QUALITY_TIMEOUT,
        .classes = classes,
        .trial = bad_runs_choose(line, device),
    };
    skip_missed(line, device, classes);
    line_stats_poll(&line->stats, &device->tally, line->now_us,
                    line->now_us - device_due_us(device));
    advance(line, device, classes);
    outcome_begin(line);
}

static unsigned any_class(const struct line_device *device)
{
    unsigned i = 0;
    while (device->schedules[i].period_us == 0) {
        i++;
    }
    return 1U << i;
}

/* The request that failed least often: a device that is silent on one block is found by another. */
static void begin_probe(struct line *line, struct line_device *device)
{
    size_t count = 0;
    const struct plan_request *requests = plan_requests(device->plan, &count);
    size_t best = 0;
    for (size_t i = 1; i < count; i++) {
        if (device->requests[i].fails < device->requests[best].fails) {
            best = i;
        }
    }
    line->poll = (struct poll){
        .device = device,
        .quality = QUALITY_TIMEOUT,
        .classes = count > 0 ? 1U << requests[best].poll_class : any_class(device),
        .is_probe = true,
        .request = best,
        .trial = count > 0 ? BAD_RUN_NONE : bad_runs_choose(line, device),
    };
    outcome_begin(line);
}

static void tell_dead(struct line *line, struct line_device *device)
{
    unsigned due = due_classes(line, device);
    outcome_post_all(line, device, due, QUALITY_TIMEOUT);
    advance(line, device, due);
}

bool poll_choose(struct line *line)
{
    struct prospect ahead = look_ahead(line);
    while (ahead.mute_us <= line->now_us) {
        tell_dead(line, ahead.mute);
        ahead = look_ahead(line);
    }
    int64_t probe_us = probe_turn_us(line, &ahead);
    if (ahead.probed != NULL && probe_us <= line->now_us) {
        bool is_forced = !has_room(line, &ahead, line->now_us);
        begin_probe(line, ahead.probed);
        line->poll.is_forced = is_forced;
    } else if (ahead.regular != NULL && ahead.regular_us <= line->now_us) {
        begin_poll(line, ahead.regular);
    } else {
        return false;
    }
    return true;
}

/* Those that worked last time first, so that one silent block does not hide the others; the trial last. False: none is
 * left. */
static bool find_request(const struct line *line, size_t *out)
{
    const struct poll *poll = &line->poll;
    const struct request_state *states = poll->device->requests;
    size_t count = 0;
    const struct plan_request *requests = plan_requests(poll->device->plan, &count);
    size_t best = count;
    for (size_t i = 0; i < count; i++) {
        if ((poll->classes & 1U << requests[i].poll_class) != 0 && !line->is_read[i] &&
            (best == count || states[i].fails < states[best].fails)) {
            best = i;
        }
    }
    *out = best;
    return best < count || !line->is_read[count];
}

static void end_poll(struct line *line)
{
    struct poll poll = line->poll;
    line->poll.device = NULL;
    if (poll.is_answered) {
        search_judge(line, &poll);
        if (!poll.is_fruitful) {
            device_barren(line, poll.device);
        }
    } else if (!poll.is_failed) {
        return;
    } else if (line->is_down) {
        line->polls_lost++;
        device_fell(line, poll.device);
        if (poll.is_probe) {
            device_put_off(line, poll.device);
        }
    } else {
        device_failed(line, poll.device);
    }
}

/* All classes that would be due by now get their timeouts too, once a period at the most. */
static void end_probe(struct line *line)
{
    struct poll *poll = &line->poll;
    if (poll->is_failed) {
        int64_t cost_us = probe_budget_charge(&line->probe_budget, line->exchange.sent_us,
                                              line->not_before_us, line->now_us);
        if (poll->is_forced) {
            probe_space_out(line, cost_us);
        }
        unsigned due = due_classes(line, poll->device);
        advance(line, poll->device, due);
        poll->classes |= due;
        outcome_post(line);
    }
    end_poll(line);
}

/* The next request of the poll, if anything is still to be asked. */
static bool wants_request(const struct line *line, size_t *index)
{
    const struct poll *poll = &line->poll;
    if (poll->is_probe) {
        *index = poll->request;
        return !poll->is_answered && !poll->is_failed;
    }
    return !poll->is_failed && find_request(line, index);
}

void poll_settle(struct line *line)
{
    size_t index = 0;
    if (line->poll.device == NULL || discovery_wants(line) || wants_request(line, &index)) {
        return;
    }
    if (line->poll.is_probe) {
        end_probe(line);
    } else {
        outcome_post(line);
        end_poll(line);
    }
}

void poll_step(struct line *line)
{
    struct poll *poll = &line->poll;
    size_t index = 0;
    if (discovery_wants(line)) {
        discovery_step(line);
    } else if (wants_request(line, &index)) {
        size_t count = 0;
        const struct plan_request *requests = plan_requests(poll->device->plan, &count);
        struct frame_request trial;
        if (index == count) {
            trial = plan_trial(poll->device->plan, &poll->device->bad_runs.items[poll->trial]);
        }
        poll->request = index;
        device_ask(line, index == count ? &trial : &requests[index].request);
    } else {
        poll_settle(line);
    }
}

/* The polls of a line that is down are not late but lost: those due get a timeout now, at the pace of the back-off and
 * once a period at the most, and the others their turn when it comes. */
void poll_line_down(struct line *line)
{
    if (line->poll.device != NULL) {
        line->poll.is_failed = true;
        poll_settle(line);
    }
    for (size_t i = 0; i < line->device_count; i++) {
        struct line_device *device = &line->devices[i];
        if (device_due_us(device) <= line->now_us) {
            unsigned due = due_classes(line, device);
            outcome_post_all(line, device, due, QUALITY_TIMEOUT);
            advance(line, device, due);
            line->polls_lost++;
            device_fell(line, device);
        }
    }
}

/* Every device once soon, spread by its phase, then the grid: nothing that was lost is caught up. What is being read
 * has had its turn. */
void poll_line_up(struct line *line, int64_t from_us)
{
    for (size_t i = 0; i < line->device_count; i++) {
        struct line_device *device = &line->devices[i];
        unsigned begun = line->poll.device == device ? line->poll.classes : 0;
        for (unsigned j = 0; j < POLL_ONCE; j++) {
            if ((begun & 1U << j) == 0) {
                schedule_begin(&device->schedules[j], from_us, &line->timeline);
            }
        }
    }
}

void poll_demand(struct line *line)
{
    struct prospect ahead = look_ahead(line);
    if (ahead.regular == NULL || ahead.regular_us <= line->now_us) {
        return;
    }
    for (unsigned i = 0; i < POLL_CLASS_COUNT; i++) {
        struct schedule *schedule = &ahead.regular->schedules[i];
        if (schedule->due_us == ahead.regular_us) {
            schedule_demand(schedule, line->now_us);
        }
    }
}

void poll_realign(struct line *line)
{
    for (size_t i = 0; i < line->device_count; i++) {
        for (unsigned j = 0; j < POLL_CLASS_COUNT; j++) {
            schedule_realign(&line->devices[i].schedules[j], line->now_us, &line->timeline);
        }
    }
}
