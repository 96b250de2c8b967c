/* SPDX-License-Identifier: Apache-2.0 */
/* line_outcome: what became of the requests of a poll, and the batch that tells. A device that fails is data: every
 * poll ends in a batch, whatever came. */
#include "collectors/modbus/line/line_internal.h"

#include <string.h>

#include <lingtan/exception.h>

/* NULL: it is the trial. */
static const struct plan_request *request_of(const struct poll *poll)
{
    size_t count = 0;
    const struct plan_request *requests = plan_requests(poll->device->plan, &count);
    return poll->request < count ? &requests[poll->request] : NULL;
}

static void set_outcome(struct line *line, size_t index, uint8_t quality, uint8_t exception,
                        int64_t time_us)
{
    line->outcomes[index] = (struct plan_outcome){
        .quality = quality,
        .exception = exception,
        .time_us = time_us,
    };
    line->is_read[index] = true;
}

/* Requests that are being left alone keep the quality of their last failure, and what the device refuses its exception,
 * which the plan has. */
void outcome_begin(struct line *line)
{
    const struct poll *poll = &line->poll;
    size_t count = 0;
    plan_requests(poll->device->plan, &count);
    memset(line->is_read, 0, count * sizeof(bool));
    for (size_t i = 0; i < count && !poll->is_probe; i++) {
        const struct request_state *state = &poll->device->requests[i];
        if (state->retry_us > line->now_us) {
            set_outcome(line, i, state->quality, state->exception, line->wall_us);
        }
    }
    set_outcome(line, count, QUALITY_EXCEPTION, 0, line->wall_us);
    line->is_read[count] = poll->trial == BAD_RUN_NONE;
    discovery_begin(line);
}

static void post(struct line *line, struct line_device *device, unsigned classes)
{
    struct batch *batch =
        decode_batch(device->plan, classes, device->device, line->registers, line->outcomes);
    batch->received_mono_us = line->now_us;
    batch->clock.offset_us = line->timeline.offset_us;
    device->posted_us = line->now_us;
    if (line->twins != NULL) {
        twins_note(line, device, classes, batch);
    }
    line->host->collector->post(line->host->collector->context, batch);
}

void outcome_post(struct line *line)
{
    const struct poll *poll = &line->poll;
    size_t count = 0;
    plan_requests(poll->device->plan, &count);
    for (size_t i = 0; i < count; i++) {
        if (!line->is_read[i]) {
            set_outcome(line, i, poll->quality, 0, line->wall_us);
        }
    }
    if (poll->is_failed && !poll->is_answered) {
        line->outcomes[count].quality = poll->quality;
    }
    post(line, poll->device, poll->classes);
}

void outcome_post_all(struct line *line, struct line_device *device, unsigned classes,
                      enum quality quality)
{
    size_t count = 0;
    plan_requests(device->plan, &count);
    for (size_t i = 0; i <= count; i++) {
        set_outcome(line, i, (uint8_t)quality, 0, line->wall_us);
    }
    post(line, device, classes);
}

/* Pauses grow from two periods of the class. */
static void leave_alone(struct line *line, struct request_state *state, int64_t cap_us)
{
    const struct poll *poll = &line->poll;
    struct line_backoff backoff = {
        .first_us = 2 * poll->device->schedules[request_of(poll)->poll_class].period_us,
        .cap_us = cap_us,
        .steps = state->fails > 0 ? state->fails - 1U : 0,
    };
    state->retry_us = line->now_us + line_backoff_next(&backoff, &line->chance);
}

static void count_failure(struct request_state *state)
{
    if (state->fails < UINT8_MAX) {
        state->fails++;
    }
}

/* A refused block is asked again with the next poll, until the search begins; a device that says it is busy is given time. */
static void take_exception(struct line *line, struct request_state *state, uint8_t exception)
{
    struct poll *poll = &line->poll;
    line_stats_error(&line->stats, &poll->device->tally, offsetof(struct error_counts, exceptions),
                     1);
    if (exception_kind(exception) == EXCEPTION_IS_BUSY) {
        count_failure(state);
        leave_alone(line, state, BACKOFF_CAP_US);
    } else {
        state->fails = 0;
        state->retry_us = 0;
        discovery_doubt(line, exception);
    }
    search_count(line, state, QUALITY_EXCEPTION, exception);
}

/* Fewer registers than were asked for: it has no more, or gives no more at once. */
static void take_short(struct line *line, struct request_state *state)
{
    state->fails = 0;
    state->retry_us = 0;
    search_count(line, state, QUALITY_BAD_REPLY, 0);
}

static void take_good(struct line *line, struct request_state *state,
                      const struct frame_reply *reply)
{
    const struct plan_request *request = request_of(&line->poll);
    frame_registers(&request->request, reply, line->registers + request->answer_offset,
                    request->answer_registers);
    state->fails = 0;
    state->retry_us = 0;
    state->misses = 0;
    if (!state->was_given) {
        given_runs_add(&line->poll.device->given_runs, &request->request);
    }
    state->was_given = true;
    line->poll.is_good = true;
    line->poll.device->given_us = line->now_us;
}

/* Whatever it brings is not decoded: the plan does not have it yet. */
static void take_trial(struct line *line, const struct frame_reply *reply)
{
    line->is_read[line->poll.request] = true;
    bad_runs_tried(line, frame_is_good(reply));
    if (reply->exception != 0) {
        line_stats_error(&line->stats, &line->poll.device->tally,
                         offsetof(struct error_counts, exceptions), 1);
    }
}

static void take_reply(struct line *line, struct request_state *state,
                       const struct frame_reply *reply)
{
    uint8_t quality = QUALITY_OK;
    if (reply->exception != 0) {
        take_exception(line, state, reply->exception);
        quality = QUALITY_EXCEPTION;
    } else if (reply->is_short) {
        take_short(line, state);
        quality = QUALITY_BAD_REPLY;
    } else {
        take_good(line, state, reply);
    }
    int64_t middle_us = line->wall_us - (line->now_us - line->exchange.sent_us) / 2;
    set_outcome(line, line->poll.request, quality, reply->exception, middle_us);
}

/* The device answers, but has not what the poll is for. */
static void take_missing(struct line *line, uint8_t quality)
{
    struct request_state *state = device_request(line);
    set_outcome(line, line->poll.request, quality, 0, line->wall_us);
    count_failure(state);
    state->quality = quality;
    state->exception = 0;
    leave_alone(line, state, BLOCK_BACKOFF_CAP_US);
}

void outcome_reply(struct line *line, const struct frame_reply *reply)
{
    struct poll *poll = &line->poll;
    if (exception_kind(reply->exception) == EXCEPTION_IS_GATEWAY) {
        line->has_gateway = true;
        line_stats_error(&line->stats, &poll->device->tally,
                         offsetof(struct error_counts, exceptions), 1);
        outcome_failed(line, QUALITY_TIMEOUT);
        return;
    }
    uint8_t missing = QUALITY_OK;
    if (discovery_reply(line, reply, &missing)) {
        if (missing != QUALITY_OK) {
            take_missing(line, missing);
        }
        return;
    }
    if (request_of(poll) == NULL) {
        take_trial(line, reply);
    } else {
        take_reply(line, device_request(line), reply);
    }
    poll->is_answered = true;
    if (frame_is_good(reply)) {
        device_answered(line, poll->device);
    } else {
        device_heard(line, poll->device, reply);
    }
}

/* Of what it says nothing can be learned. */
static void note_failure(const struct line *line, struct request_state *state, uint8_t quality)
{
    state->failed_us = line->now_us;
    state->misses = 0;
    state->quality = quality;
    state->exception = 0;
}

/* Some devices are silent on registers that they do not have. What was there before is looked for sooner. */
static void fail_block(struct line *line, struct request_state *state, uint8_t quality)
{
    count_failure(state);
    leave_alone(line, state, state->was_given ? BACKOFF_CAP_US : BLOCK_BACKOFF_CAP_US);
    if (quality == QUALITY_TIMEOUT) {
        search_count(line, state, quality, 0);
    } else {
        note_failure(line, state, quality);
    }
}

/* A request that fails again although others of its device were answered in between is left alone by itself. Otherwise
 * the device is taken for dead and nothing more is sent to it now: a poll costs its line one timeout, however many
 * requests it has. */
void outcome_failed(struct line *line, uint8_t quality)
{
    struct poll *poll = &line->poll;
    struct request_state *state = device_request(line);
    bool is_trial = request_of(poll) == NULL;
    /* Of the device: neither a lost line nor a wire without silence tells anything of it. */
    bool is_told = line->phase != PHASE_CLOSED && exchange_was_sent(line);
    discovery_failed(line);
    if (is_trial && (poll->is_answered || bad_runs_is_silent(line))) {
        line->is_read[poll->request] = true;
        if (is_told) {
            bad_runs_tried(line, false);
        }
        return;
    }
    set_outcome(line, poll->request, quality, 0, line->wall_us);
    if (is_told && !is_trial && state->fails > 0 && poll->device->answered_us > state->failed_us) {
        fail_block(line, state, quality);
        return;
    }
    if (is_told) {
        count_failure(state);
        note_failure(line, state, quality);
    }
    poll->is_failed = true;
    poll->quality = quality;
    poll->trouble = line->exchange.trouble;
}
