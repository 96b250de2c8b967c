/* SPDX-License-Identifier: Apache-2.0 */
/* line: the order in which things get their turn: a request that waits to be sent again, then commands, then polls; and
 * what the wire reports to them. */
#include "collectors/modbus/line/line_internal.h"

static int64_t later(int64_t one_us, int64_t other_us)
{
    return one_us > other_us ? one_us : other_us;
}

static int64_t earlier(int64_t one_us, int64_t other_us)
{
    return one_us < other_us ? one_us : other_us;
}

/* In the middle of something. */
static bool is_occupied(const struct line *line)
{
    return line->exchange.is_active || line->poll.device != NULL;
}

static int64_t work_us(struct line *line)
{
    return is_occupied(line) ? line->now_us : earlier(command_due_us(line), poll_next_us(line));
}

static bool has_work(struct line *line)
{
    return line->wants_open || work_us(line) <= line->now_us;
}

static void step_closed(struct line *line)
{
    if (line->now_us >= line->open_us && has_work(line)) {
        connection_begin(line);
    }
}

static int64_t idle_close_us(const struct line *line)
{
    return line->settings.idle_close_us > 0 ? line->used_us + line->settings.idle_close_us
                                            : INT64_MAX;
}

static bool begin_poll(struct line *line)
{
    if (line->poll.device == NULL && !poll_choose(line)) {
        return false;
    }
    line->is_polls_turn = false;
    poll_step(line);
    return true;
}

static bool begin_next_command(struct line *line)
{
    struct command *command = command_next(line);
    if (command == NULL) {
        return false;
    }
    line->is_polls_turn = true;
    command_send(line, command);
    return true;
}

/* A command goes before the next request of the polls, a second one behind it: whoever asks without end leaves them half
 * of the time. */
static bool begin_something(struct line *line)
{
    if (line->exchange.is_active) {
        exchange_send(line);
        return true;
    }
    return line->is_polls_turn ? begin_poll(line) || begin_next_command(line)
                               : begin_next_command(line) || begin_poll(line);
}

static void proceed(struct line *line)
{
    bool is_busy = true;
    while (is_busy && line->phase == PHASE_READY && line->now_us >= line->not_before_us) {
        is_busy = begin_something(line);
    }
    if (!is_busy && line->now_us >= idle_close_us(line)) {
        connection_rest(line);
    }
}

/* Monotonic time runs the line; the wall clock only says where the grid of the polls is. */
static void take_time(struct line *line)
{
    const struct clock *clock = line->host->collector->clock;
    line->now_us = clock_mono_us(clock);
    line->wall_us = clock_wall_us(clock);
    int64_t offset_us = line->wall_us - line->now_us;
    int64_t drift_us = offset_us - line->timeline.offset_us;
    if (drift_us > CLOCK_STEP_US || drift_us < -CLOCK_STEP_US) {
        line->timeline.offset_us = offset_us;
        poll_realign(line);
    }
}

static void exchange_replied(struct line *line, const struct frame_reply *reply)
{
    if (line->was_disturbed) {
        line->was_disturbed = false;
        bad_runs_hurry_all(line);
    }
    if (line->asked != NULL) {
        command_replied(line, reply);
    } else {
        outcome_reply(line, reply);
    }
}

static void exchange_failed(struct line *line, uint8_t quality)
{
    if (line->asked != NULL) {
        command_failed(line, quality);
    } else {
        outcome_failed(line, quality);
    }
}

static void connection_down(struct line *line)
{
    if (line->exchange.is_active) {
        exchange_fail(line, QUALITY_TIMEOUT);
    }
    command_fail_all(line, -ENOTCONN);
    poll_line_down(line);
}

static const struct exchange_reports exchange_reports = {
    .replied = exchange_replied,
    .failed = exchange_failed,
    .heard = probe_hears,
};

static const struct connection_reports connection_reports = {
    .down = connection_down,
    .up = poll_line_up,
    .unsure = poll_demand,
};

void line_start(struct line *line)
{
    line->exchange_reports = &exchange_reports;
    line->connection_reports = &connection_reports;
    take_time(line);
    line->wants_open = true;
    line->open_us = line->now_us;
    probe_begin(line);
    command_begin(line);
    twins_begin(line);
    poll_line_up(line, line->now_us);
    connection_show(line);
}

void line_run(struct line *line, bool is_ready)
{
    take_time(line);
    command_expire(line);
    if (line->phase == PHASE_CLOSED) {
        step_closed(line);
    }
    if (line->phase == PHASE_CLOSED && line->is_down) {
        command_fail_all(line, -ENOTCONN); /* nobody waits out a back-off of a minute */
    }
    if (line->phase > PHASE_CLOSED && line->phase < PHASE_READY) {
        connection_step(line);
    } else if (line->phase == PHASE_AWAITING) {
        exchange_look(line, is_ready);
    } else if (line->phase == PHASE_READY && is_ready) {
        receive_strays(line);
    }
    poll_settle(line);
    proceed(line);
    connection_show(line);
}

static int64_t ready_next_us(struct line *line)
{
    int64_t next_us = later(line->not_before_us, work_us(line));
    return is_occupied(line) ? next_us : earlier(next_us, idle_close_us(line));
}

static int64_t closed_next_us(struct line *line)
{
    return line->wants_open ? line->open_us : later(line->open_us, work_us(line));
}

static int64_t phase_next_us(struct line *line)
{
    switch (line->phase) {
    case PHASE_CLOSED:
        return closed_next_us(line);
    case PHASE_PREPARING:
    case PHASE_OPENING:
        return line->phase_end_us;
    case PHASE_GATED:
        return INT64_MAX;
    case PHASE_READY:
        return ready_next_us(line);
    case PHASE_AWAITING:
        return exchange_next_us(line);
    }
    return INT64_MAX;
}

int64_t line_next_us(struct line *line)
{
    return earlier(phase_next_us(line), command_expiry_us(line));
}

struct line_wait line_wait(const struct line *line)
{
    const struct transport *transport = line->transport;
    bool is_paced = transport->char_ns > 0;
    return (struct line_wait){
        .fd = transport->fd,
        .generation = transport->generation,
        .for_writing = transport->is_connecting,
        .for_reading = line->phase >= PHASE_READY && (!is_paced || line->exchange.is_watched),
    };
}

void line_stop(struct line *line)
{
    take_time(line);
    connection_close(line);
    line->exchange.is_active = false;
    command_end_all(line, -ECANCELED);
}
