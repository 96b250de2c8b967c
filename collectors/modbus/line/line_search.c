/* SPDX-License-Identifier: Apache-2.0 */
/* line_search: what a device does not give is found. A request that is refused, not answered or answered short for longer
 * than bad_run_limits allow is halved, one a poll, so that a wrong profile never floods its line. */
#include "collectors/modbus/line/line_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

#include <lingtan/log.h>

static const int64_t haste_min_us = 10000000;
static const int64_t haste_max_us = 3600000000;
static const int64_t doubt_pause_us = 3600000000; /* once an hour is enough to be forgiven */
static const int64_t day_us = 86400000000;
static const int64_t say_pause_us = 60000000;

static struct log_subject subject_of(const struct line *line, const struct line_device *device)
{
    return (struct log_subject){.line = line->settings.id, .device = device->device->id};
}

static const struct bad_run_limits *limits_of(const struct request_state *state)
{
    return bad_run_limits((enum quality)state->quality, state->exception);
}

/* What is read seldom is searched for sooner than it is read. */
static void hasten(struct line *line, const struct request_state *state)
{
    struct line_device *device = line->poll.device;
    size_t count = 0;
    const struct plan_request *requests = plan_requests(device->plan, &count);
    struct schedule *schedule = &device->schedules[requests[line->poll.request].poll_class];
    int64_t pause_us = line->now_us - state->missed_us;
    pause_us = pause_us > haste_min_us ? pause_us : haste_min_us;
    pause_us = pause_us < haste_max_us ? pause_us : haste_max_us;
    int64_t due_us = line->now_us + pause_us;
    due_us = due_us > state->retry_us ? due_us : state->retry_us;
    if (due_us < schedule->due_us) {
        schedule->due_us = due_us;
    }
}

/* What fails by itself is told from a device that fails altogether by what was given in between. */
void search_count(struct line *line, struct request_state *state, uint8_t quality,
                  uint8_t exception)
{
    state->quality = quality;
    state->exception = exception;
    bool is_alone = line->poll.device->given_us > state->failed_us;
    if (state->misses == 0 || (limits_of(state)->wants_others && !is_alone)) {
        state->misses = 0;
        state->missed_us = line->now_us;
    }
    if (state->misses < UINT8_MAX) {
        state->misses++;
    }
    state->failed_us = line->now_us;
    hasten(line, state);
}

static bool meet(const struct plan_request *one, const struct plan_request *other)
{
    const struct frame_request *left = &one->request;
    const struct frame_request *right = &other->request;
    return one->poll_class == other->poll_class && left->unit == right->unit &&
           left->function == right->function && left->address < right->address + right->quantity &&
           right->address < left->address + left->quantity;
}

static bool is_part(const struct frame_request *part, const struct frame_request *whole)
{
    return part->address >= whole->address &&
           part->address + part->quantity <= whole->address + whole->quantity;
}

/* One more failure of a part is as good as all that the whole had. */
static void suspect(struct request_state *state, const struct request_state *whole)
{
    uint8_t most = limits_of(whole)->in_row - 1;
    state->misses = whole->misses < most ? whole->misses : most;
    state->missed_us = whole->missed_us;
    state->quality = whole->quality;
    state->exception = whole->exception;
    state->fails = whole->fails > 0 ? 1 : 0;
    state->failed_us = whole->failed_us;
}

/* What was learned of a request stays with it. The halves of a refused one are under suspicion; what is joined of good
 * ones was given, and so was what was given in parts. */
static struct request_state state_of(const struct line_device *device,
                                     const struct plan_request *request,
                                     const struct plan_request *olds,
                                     const struct request_state *states, size_t count)
{
    struct request_state state = {0};
    size_t met = 0;
    size_t given = 0;
    for (size_t i = 0; i < count; i++) {
        if (!meet(request, &olds[i])) {
            continue;
        }
        met++;
        given += states[i].was_given;
        if (is_part(&request->request, &olds[i].request)) {
            if (request->request.quantity == olds[i].request.quantity) {
                return states[i];
            }
            suspect(&state, &states[i]);
        }
    }
    state.was_given =
        (met > 0 && given == met) || given_runs_hold(&device->given_runs, &request->request);
    return state;
}

static void plan_anew(struct line *line, struct line_device *device)
{
    size_t old_count = 0;
    const struct plan_request *olds = plan_requests(device->plan, &old_count);
    struct plan_request *copies = mem_alloc_array(old_count + 1, sizeof(*copies));
    memcpy(copies, olds, old_count * sizeof(*copies));
    struct request_state *states = device->requests;
    plan_leave_out(&device->plan, &device->bad_runs);
    size_t count = 0;
    const struct plan_request *requests = plan_requests(device->plan, &count);
    room_make(line, device);
    for (size_t i = 0; i < count; i++) {
        device->requests[i] = state_of(device, &requests[i], copies, states, old_count);
    }
    free(copies);
    free(states);
}

/* What was never written by us is no fault. */
static bool has_fault(const struct bad_register *row)
{
    return row->quality == QUALITY_EXCEPTION
               ? row->exception != 0
               : row->quality == QUALITY_TIMEOUT || row->quality == QUALITY_BAD_REPLY;
}

/* The clock that wrote the row may have been any: what it says of a time that cannot be is not believed. */
static void set_dates(const struct line *line, struct bad_run *run, const struct bad_register *row)
{
    const struct clock *clock = line->host->collector->clock;
    int64_t now_us = clock_mono_us(clock);
    int64_t wall_us = clock_wall_us(clock);
    int64_t wait_us = row->next_try_us - wall_us;
    run->since_us = now_us - (row->since_us < wall_us ? wall_us - row->since_us : 0);
    run->next_try_us = now_us + (wait_us > 0 && wait_us <= 2 * day_us ? wait_us : 0);
}

/* Rows of other devices are passed over; those that the profile no longer has are forgotten. */
void search_know(struct line *line, struct line_device *device, const struct bad_register *rows,
                 size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct bad_register *row = &rows[i];
        if (strcmp(row->device, device->device->id) != 0) {
            continue;
        }
        struct bad_run run = {
            .unit = row->unit,
            .function = row->function,
            .quality = row->quality,
            .exception = row->exception,
            .is_split = row->is_split,
            .is_told = true,
            .first = row->first,
            .last = row->last,
            .found_us = row->since_us,
        };
        set_dates(line, &run, row);
        if (has_fault(row) && plan_knows(device->plan, &run)) {
            bad_runs_add(&device->bad_runs, &run);
        } else {
            bad_runs_tell(line, device, &run, true);
        }
    }
    if (device->bad_runs.count > 0) {
        plan_anew(line, device);
        bad_runs_show_count(line, device);
    }
}

/* Where many are given again one after the other, a line a minute says so. */
static void say_regained(struct line *line, struct line_device *device, const struct bad_run *run)
{
    if (device->regained_us != 0 && line->now_us - device->regained_us < say_pause_us) {
        device->regained++;
        return;
    }
    char others[40] = "";
    if (device->regained > 0) {
        (void)snprintf(others, sizeof(others), ", and %u runs before", device->regained);
    }
    log_about(LOG_LEVEL_NOTICE, subject_of(line, device),
              "gives registers %lld to %lld (function %u) again%s; they are read",
              (long long)plan_printed(device->plan, run->function, run->first),
              (long long)plan_printed(device->plan, run->function, run->last), run->function,
              others);
    device->regained_us = line->now_us;
    device->regained = 0;
}

static void end_trial(struct line *line, struct line_device *device, size_t index)
{
    if (bad_runs_is_of_all(device)) {
        bad_runs_forget(line, device); /* all is asked again: it may be another model now */
    } else {
        struct bad_run gone = device->bad_runs.items[index];
        if (!gone.is_split) {
            given_runs_add(&device->given_runs,
                           &(struct frame_request){
                               .unit = gone.unit,
                               .function = gone.function,
                               .address = gone.first,
                               .quantity = (uint16_t)(gone.last - gone.first + 1),
                           });
        }
        bad_runs_remove(&device->bad_runs, index);
        bad_runs_tell(line, device, &gone, true);
        say_regained(line, device, &gone);
    }
}

/* Whether the device withholds something of it. */
static bool is_lost(const struct line *line, const struct request_state *state)
{
    if (state->misses == 0) {
        return false;
    }
    const struct bad_run_limits *limits = limits_of(state);
    return state->misses >= limits->in_row && line->now_us - state->missed_us >= limits->lasting_us;
}

/* The smallest of the requests that are lost, so that a search ends before the next one begins. */
static size_t find_refused(const struct line *line, const struct line_device *device)
{
    size_t count = 0;
    const struct plan_request *requests = plan_requests(device->plan, &count);
    size_t best = BAD_RUN_NONE;
    for (size_t i = 0; i < count; i++) {
        if (is_lost(line, &device->requests[i]) &&
            (best == BAD_RUN_NONE ||
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
    return !was_forgiven && device->given_us < device->requests[request].missed_us;
}

static void refuse(struct line *line, struct line_device *device, size_t request)
{
    const struct request_state *state = &device->requests[request];
    struct bad_run run;
    plan_halve(device->plan, request, &run);
    run.quality = state->quality;
    run.exception = state->exception;
    run.is_doubtful = is_doubtful(line, device, request);
    run.found_us = line->wall_us;
    run.since_us = line->now_us;
    bool may_wait = !state->was_given && limits_of(state)->may_be_for_good;
    run.next_try_us = line->now_us + bad_run_pause_us(line, &run, may_wait ? day_us : 0);
    bad_runs_add(&device->bad_runs, &run);
}

static bool is_searching(const struct line_device *device)
{
    size_t count = 0;
    plan_requests(device->plan, &count);
    for (size_t i = 0; i < count; i++) {
        if (device->requests[i].misses > 0) {
            return true;
        }
    }
    return false;
}

static void tell_new(struct line *line, struct line_device *device)
{
    for (size_t i = 0; i < device->bad_runs.count; i++) {
        struct bad_run *run = &device->bad_runs.items[i];
        if (!run->is_sought && !run->is_told) {
            run->is_told = true;
            device->is_finding = true;
            bad_runs_tell(line, device, run, false);
        }
    }
}

static void say_found(struct line *line, struct line_device *device)
{
    device->is_finding = false;
    if (!bad_runs_is_of_all(device) && device->bad_runs.count > 0) { /* else its health says so */
        log_about(
            LOG_LEVEL_WARNING, subject_of(line, device),
            "refuses %zu run%s of registers; the others are read, and what is refused is asked "
            "again after pauses of up to a day. 'lingtan bad-registers' lists it",
            device->bad_runs.count, plural_s(device->bad_runs.count));
    }
}

/* A device that refuses everything and then gives something was starting, or its gateway was: all is asked again. */
static void forgive(struct line *line, struct line_device *device)
{
    device->forgiven_us = line->now_us;
    for (size_t i = device->bad_runs.count; i > 0; i--) {
        struct bad_run gone = device->bad_runs.items[i - 1];
        if (gone.is_doubtful) {
            bad_runs_remove(&device->bad_runs, i - 1);
            if (gone.is_told) {
                bad_runs_tell(line, device, &gone, true);
            }
        }
    }
}

/* One step of the search; its end when nothing is under suspicion any more. False: there was nothing to do. */
static bool step(struct line *line, const struct poll *poll)
{
    struct line_device *device = poll->device;
    size_t refused = find_refused(line, device);
    if (poll->is_given) {
        end_trial(line, device, poll->trial);
    } else if (poll->is_good && bad_runs_are_doubtful(&device->bad_runs)) {
        forgive(line, device);
    } else if (refused != BAD_RUN_NONE) {
        refuse(line, device, refused);
    } else if (bad_runs_are_sought(&device->bad_runs) && !is_searching(device)) {
        bad_runs_settle(&device->bad_runs);
    } else {
        return false;
    }
    return true;
}

void search_judge(struct line *line, const struct poll *poll)
{
    struct line_device *device = poll->device;
    bool is_changed = step(line, poll);
    if (is_changed) {
        tell_new(line, device);
        plan_anew(line, device);
        bad_runs_show_count(line, device);
    }
    if (device->is_finding && !is_searching(device) && !bad_runs_are_sought(&device->bad_runs)) {
        say_found(line, device);
    }
}
