/* SPDX-License-Identifier: Apache-2.0 */
/* line_bad_runs: what a device is known to refuse is left out and asked again after growing pauses.
 *
 * It is tried at the end of a poll, one a poll: after as long as it has been refused already, a minute at first and a day
 * at last, when the device gave it before; what it never gave waits the day. It is tried at once when the device or its
 * line returns. A device that refuses everything is tried with every poll: that shows whether it lives, and when it comes
 * round it is read as if nothing had been known. */
#include "collectors/modbus/line/line_internal.h"

#include <stdio.h>
#include <string.h>

#include <lingtan/log.h>

static const int64_t first_pause_us = 60000000;
static const int64_t hurry_pause_us = 60000000; /* a device that flickers is not asked each time */

/* The longest are spread, where all that was found in one hour would be asked again in one. */
int64_t bad_run_pause_us(struct line *line, const struct bad_run *run, int64_t refused_us)
{
    const struct bad_run_limits *limits =
        bad_run_limits((enum quality)run->quality, run->exception);
    int64_t spread_us = limits->cap_us / 24;
    return refused_us + first_pause_us < limits->cap_us
               ? refused_us + first_pause_us
               : limits->cap_us + (int64_t)(chance_next(&line->chance) % (uint64_t)spread_us);
}

/* Each pause is as long as all before it, so that the time since the first refusal, which is kept, says how long the next
 * one is. */
static void put_off(struct line *line, struct bad_run *run)
{
    run->next_try_us = line->now_us + bad_run_pause_us(line, run, line->now_us - run->since_us);
}

void bad_runs_tell(struct line *line, const struct line_device *device, const struct bad_run *run,
                   bool is_gone)
{
    const struct collector_host *host = line->host->collector;
    struct bad_register row = {
        .unit = run->unit,
        .function = run->function,
        .quality = run->quality,
        .exception = run->exception,
        .is_split = run->is_split,
        .first = run->first,
        .last = run->last,
        .first_printed = plan_printed(device->plan, run->function, run->first),
        .last_printed = plan_printed(device->plan, run->function, run->last),
        .since_us = run->found_us,
        .next_try_us = run->next_try_us + line->timeline.offset_us,
    };
    snprintf(row.device, sizeof(row.device), "%s", device->device->id);
    if (host->note_bad_register != NULL) {
        host->note_bad_register(host->context, &row, is_gone);
    }
}

void bad_runs_show_count(struct line *line, struct line_device *device)
{
    uint32_t count = 0;
    for (size_t i = 0; i < device->bad_runs.count; i++) {
        count += !device->bad_runs.items[i].is_sought;
    }
    line_stats_bad_registers(&line->stats, &device->tally, count);
}

/* Nothing is left to be asked but what is asked once a day. */
bool bad_runs_is_of_all(const struct line_device *device)
{
    size_t count = 0;
    const struct plan_request *requests = plan_requests(device->plan, &count);
    size_t at = 0;
    while (at < count && requests[at].poll_class == POLL_ONCE) {
        at++;
    }
    return at == count && device->bad_runs.count > 0;
}

static bool is_due(const struct line *line, const struct bad_run *run)
{
    return !run->is_sought && run->next_try_us <= line->now_us;
}

static void hurry(const struct line *line, struct line_device *device)
{
    for (size_t i = 0; i < device->bad_runs.count; i++) {
        device->bad_runs.items[i].next_try_us = line->now_us;
    }
}

void bad_runs_hurry(struct line *line, struct line_device *device)
{
    bool was_hurried =
        device->hurried_us != 0 && line->now_us - device->hurried_us < hurry_pause_us;
    if (device->bad_runs.count > 0 && !was_hurried) {
        device->hurried_us = line->now_us;
        hurry(line, device);
    }
}

/* What stands behind the connection may have been away with it, though nobody missed a poll. */
void bad_runs_hurry_all(struct line *line)
{
    for (size_t i = 0; i < line->device_count; i++) {
        bad_runs_hurry(line, &line->devices[i]);
    }
}

size_t bad_runs_choose(struct line *line, struct line_device *device)
{
    const struct bad_runs *bad_runs = &device->bad_runs;
    if (atomic_load(&device->wants_retry) && atomic_exchange(&device->wants_retry, false)) {
        hurry(line, device);
    }
    if (bad_runs_is_of_all(device)) {
        return ++device->trial_turn % bad_runs->count;
    }
    size_t at = 0;
    while (at < bad_runs->count && !is_due(line, &bad_runs->items[at])) {
        at++;
    }
    return at < bad_runs->count ? at : BAD_RUN_NONE;
}

void bad_runs_forget(struct line *line, struct line_device *device)
{
    for (size_t i = 0; i < device->bad_runs.count; i++) {
        if (device->bad_runs.items[i].is_told) {
            bad_runs_tell(line, device, &device->bad_runs.items[i], true);
        }
    }
    bad_runs_finish(&device->bad_runs);
    bad_runs_show_count(line, device);
}

/* Of the trial no answer is expected. */
bool bad_runs_is_silent(const struct line *line)
{
    const struct line_device *device = line->poll.device;
    return line->poll.trial != BAD_RUN_NONE && !bad_runs_is_of_all(device) &&
           device->bad_runs.items[line->poll.trial].quality == QUALITY_TIMEOUT;
}

void bad_runs_tried(struct line *line, bool is_given)
{
    struct line_device *device = line->poll.device;
    struct bad_run *run = &device->bad_runs.items[line->poll.trial];
    if (is_given) {
        line->poll.is_given = true;
    } else if (!bad_runs_is_of_all(device)) {
        put_off(line, run);
        bad_runs_tell(line, device, run, false);
    }
}
