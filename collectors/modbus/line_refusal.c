/* SPDX-License-Identifier: Apache-2.0 */
/* line_refusal: what a device refuses is found, left out and asked again once a day.
 *
 * A request that is refused twice in a row is halved, one a poll, so that a wrong profile never floods its line. What is
 * known is tried at the end of a poll, one a poll too. A device that refuses everything is tried with every poll: that
 * shows whether it lives, and when it comes round it is read as if nothing had been known. */
#include "collectors/modbus/line_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#include <lingtan/log.h>

enum {
    REFUSALS_IN_ROW = 2, /* once may be a device that has just been switched on */
};

static const int64_t day_us = 86400000000;
static const int64_t spread_us = 3600000000;
static const int64_t doubt_pause_us = 3600000000; /* once an hour is enough to be forgiven */

static struct log_subject subject_of(const struct line *line, const struct line_device *device)
{
    return (struct log_subject){.line = line->settings.id, .device = device->device->id};
}

void refusal_count(struct request_state *state, uint8_t exception, int64_t now_us)
{
    if (exception != EXCEPTION_ADDRESS && exception != EXCEPTION_VALUE) {
        state->refusals = 0;
    } else if (state->refusals < REFUSALS_IN_ROW) {
        state->refused_us = state->refusals == 0 ? now_us : state->refused_us;
        state->refusals++;
    }
}

static int64_t next_try_us(struct line *line)
{
    return line->wall_us + day_us + (int64_t)(chance_next(&line->chance) % (uint64_t)spread_us);
}

static void tell(struct line *line, const struct line_device *device, const struct refusal *refusal,
                 bool is_gone)
{
    const struct collector_host *host = line->host->collector;
    struct bad_register row = {
        .unit = refusal->unit,
        .function = refusal->function,
        .exception = refusal->exception,
        .is_split = refusal->is_split,
        .first = refusal->first,
        .last = refusal->last,
        .first_printed = plan_printed(device->plan, refusal->function, refusal->first),
        .last_printed = plan_printed(device->plan, refusal->function, refusal->last),
        .since_us = refusal->since_us,
        .next_try_us = refusal->next_try_us,
    };
    snprintf(row.device, sizeof(row.device), "%s", device->device->id);
    if (host->note_bad_register != NULL) {
        host->note_bad_register(host->context, &row, is_gone);
    }
}

static void show_count(struct line *line, struct line_device *device)
{
    uint32_t count = 0;
    for (size_t i = 0; i < device->refusals.count; i++) {
        count += !device->refusals.items[i].is_sought;
    }
    line_stats_bad_registers(&line->stats, &device->tally, count);
}

/* What was learned of a request stays with it; the halves of a refused one are under suspicion. */
static struct request_state state_of(const struct plan_request *request,
                                     const struct plan_request *olds,
                                     const struct request_state *states, size_t count)
{
    struct request_state state = {0};
    for (size_t i = 0; i < count; i++) {
        const struct frame_request *old = &olds[i].request;
        const struct frame_request *new = &request->request;
        if (olds[i].poll_class != request->poll_class || old->unit != new->unit ||
            old->function != new->function || new->address < old->address ||
            new->address + new->quantity > old->address + old->quantity) {
            continue;
        }
        if (old->quantity == new->quantity) {
            return states[i];
        }
        state.refusals = states[i].refusals > 0 ? 1 : 0;
        state.refused_us = states[i].refused_us;
    }
    return state;
}

static void plan_anew(struct line *line, struct line_device *device)
{
    size_t old_count = 0;
    const struct plan_request *olds = plan_requests(device->plan, &old_count);
    struct plan_request *copies = mem_alloc_array(old_count + 1, sizeof(*copies));
    memcpy(copies, olds, old_count * sizeof(*copies));
    struct request_state *states = device->requests;
    plan_refuse(&device->plan, &device->refusals);
    size_t count = 0;
    const struct plan_request *requests = plan_requests(device->plan, &count);
    line_make_room(line, device);
    for (size_t i = 0; i < count; i++) {
        device->requests[i] = state_of(&requests[i], copies, states, old_count);
    }
    free(copies);
    free(states);
}

/* Rows of other devices are passed over; those that the profile no longer has are forgotten. */
void line_know_refused(struct line *line, size_t index, const struct bad_register *rows,
                       size_t count)
{
    struct line_device *device = &line->devices[index];
    if (discovery_keep_refused(device, rows, count)) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        const struct bad_register *row = &rows[i];
        if (strcmp(row->device, device->device->id) != 0) {
            continue;
        }
        struct refusal refusal = {
            .unit = row->unit,
            .function = row->function,
            .exception = row->exception,
            .is_split = row->is_split,
            .is_told = true,
            .first = row->first,
            .last = row->last,
            .since_us = row->since_us,
            .next_try_us = row->next_try_us,
        };
        if (row->exception != 0 && plan_knows(device->plan, &refusal)) {
            refusals_add(&device->refusals, &refusal);
        } else {
            tell(line, device, &refusal, true);
        }
    }
    if (device->refusals.count > 0) {
        plan_anew(line, device);
        show_count(line, device);
    }
}

static bool refuses_all(const struct line_device *device)
{
    size_t count = 0;
    plan_requests(device->plan, &count);
    return count == 0 && device->refusals.count > 0;
}

/* A date more than two days ahead was set by a clock that has been stepped back since. */
static bool is_due(const struct line *line, const struct refusal *refusal)
{
    int64_t wait_us = refusal->next_try_us - line->wall_us;
    return !refusal->is_sought && (wait_us <= 0 || wait_us > 2 * day_us);
}

static void hurry(struct line_device *device)
{
    if (atomic_load(&device->wants_retry) && atomic_exchange(&device->wants_retry, false)) {
        for (size_t i = 0; i < device->refusals.count; i++) {
            device->refusals.items[i].next_try_us = 0;
        }
    }
}

size_t refusal_choose(struct line *line, struct line_device *device)
{
    const struct refusals *refusals = &device->refusals;
    hurry(device);
    if (refuses_all(device)) {
        return ++device->trial_turn % refusals->count;
    }
    size_t at = 0;
    while (at < refusals->count && !is_due(line, &refusals->items[at])) {
        at++;
    }
    return at < refusals->count ? at : REFUSAL_NONE;
}

void refusal_forget(struct line *line, struct line_device *device)
{
    for (size_t i = 0; i < device->refusals.count; i++) {
        if (device->refusals.items[i].is_told) {
            tell(line, device, &device->refusals.items[i], true);
        }
    }
    refusals_finish(&device->refusals);
    show_count(line, device);
}

/* Another model may have taken its place: everything is asked again. */
static void forget_all(struct line *line, struct line_device *device)
{
    refusal_forget(line, device);
    log_about(LOG_LEVEL_NOTICE, subject_of(line, device),
              "gives registers again that it refused; all of them are read");
}

static void end_trial(struct line *line, struct line_device *device, size_t index)
{
    if (refuses_all(device)) {
        forget_all(line, device);
    } else {
        struct refusal gone = device->refusals.items[index];
        refusals_remove(&device->refusals, index);
        tell(line, device, &gone, true);
        log_about(LOG_LEVEL_NOTICE, subject_of(line, device),
                  "gives registers %lld to %lld (function %u) again; they are read",
                  (long long)plan_printed(device->plan, gone.function, gone.first),
                  (long long)plan_printed(device->plan, gone.function, gone.last), gone.function);
    }
}

void refusal_tried(struct line *line, bool is_given)
{
    struct line_device *device = line->go.device;
    struct refusal *refusal = &device->refusals.items[line->go.trial];
    if (is_given) {
        line->go.is_given = true;
    } else if (!refuses_all(device)) {
        refusal->next_try_us = next_try_us(line);
        tell(line, device, refusal, false);
    }
}

/* The smallest of the requests that are refused for good, so that a search ends before the next one begins. */
static size_t find_refused(const struct line_device *device)
{
    size_t count = 0;
    const struct plan_request *requests = plan_requests(device->plan, &count);
    size_t best = REFUSAL_NONE;
    for (size_t i = 0; i < count; i++) {
        if (device->requests[i].refusals >= REFUSALS_IN_ROW &&
            (best == REFUSAL_NONE ||
             requests[i].request.quantity < requests[best].request.quantity)) {
            best = i;
        }
    }
    return best;
}

/* It has given nothing else meanwhile. */
static bool is_doubtful(const struct line *line, const struct line_device *device, size_t request)
{
    bool was_forgiven =
        device->forgiven_us != 0 && line->now_us - device->forgiven_us < doubt_pause_us;
    return !was_forgiven && device->given_us < device->requests[request].refused_us;
}

static void refuse(struct line *line, struct line_device *device, size_t request)
{
    struct refusal refusal;
    plan_halve(device->plan, request, &refusal);
    refusal.exception = device->requests[request].exception;
    refusal.is_doubtful = is_doubtful(line, device, request);
    refusal.since_us = line->wall_us;
    refusal.next_try_us = next_try_us(line);
    refusals_add(&device->refusals, &refusal);
}

static bool is_searching(const struct line_device *device)
{
    size_t count = 0;
    plan_requests(device->plan, &count);
    for (size_t i = 0; i < count; i++) {
        if (device->requests[i].refusals > 0) {
            return true;
        }
    }
    return false;
}

static void tell_new(struct line *line, struct line_device *device)
{
    for (size_t i = 0; i < device->refusals.count; i++) {
        struct refusal *refusal = &device->refusals.items[i];
        if (!refusal->is_sought && !refusal->is_told) {
            refusal->is_told = true;
            device->is_finding = true;
            tell(line, device, refusal, false);
        }
    }
}

static void say_found(struct line *line, struct line_device *device)
{
    device->is_finding = false;
    if (refuses_all(device)) {
        log_about(
            LOG_LEVEL_WARNING, subject_of(line, device),
            "refuses every register of its profile %s (exception %u): is it another model, or "
            "another unit? One is asked with every poll until it comes round",
            device->device->profile, device->refusals.items[0].exception);
    } else {
        log_about(
            LOG_LEVEL_WARNING, subject_of(line, device),
            "refuses %zu run%s of registers; the others are read, and what is refused is asked "
            "again once a day. 'lingtan bad-registers' lists it",
            device->refusals.count, device->refusals.count == 1 ? "" : "s");
    }
}

/* A device that refuses everything and then gives something was starting, or its gateway was: all is asked again. */
static void forgive(struct line *line, struct line_device *device)
{
    device->forgiven_us = line->now_us;
    for (size_t i = device->refusals.count; i > 0; i--) {
        struct refusal gone = device->refusals.items[i - 1];
        if (gone.is_doubtful) {
            refusals_remove(&device->refusals, i - 1);
            if (gone.is_told) {
                tell(line, device, &gone, true);
            }
        }
    }
}

/* One step of the search; its end when nothing is under suspicion any more. False: there was nothing to do. */
static bool step(struct line *line, const struct go *go)
{
    struct line_device *device = go->device;
    size_t refused = find_refused(device);
    if (go->is_given) {
        end_trial(line, device, go->trial);
    } else if (go->is_good && refusals_are_doubtful(&device->refusals)) {
        forgive(line, device);
    } else if (refused != REFUSAL_NONE) {
        refuse(line, device, refused);
    } else if (refusals_are_sought(&device->refusals) && !is_searching(device)) {
        refusals_settle(&device->refusals);
    } else {
        return false;
    }
    return true;
}

void refusal_judge(struct line *line, const struct go *go)
{
    struct line_device *device = go->device;
    bool is_changed = step(line, go);
    if (is_changed) {
        tell_new(line, device);
        plan_anew(line, device);
        show_count(line, device);
    }
    if (device->is_finding && !is_searching(device) && !refusals_are_sought(&device->refusals)) {
        say_found(line, device);
    }
}
