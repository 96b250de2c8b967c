/* SPDX-License-Identifier: Apache-2.0 */
/* line: the connection of a line: opening, going down once, coming back, and the order in which things get their
 * turn: a request that waits to be sent again, then commands, then polls. */
#include "collectors/modbus/line/line_internal.h"

#include <string.h>

#include <lingtan/log.h>

enum {
    TOLD_EVERY_US = 60000000,
};

static int64_t later(int64_t one_us, int64_t other_us)
{
    return one_us > other_us ? one_us : other_us;
}

static int64_t earlier(int64_t one_us, int64_t other_us)
{
    return one_us < other_us ? one_us : other_us;
}

bool line_is_guarded(const struct line *line)
{
    return line->transport->frame == FRAME_TCP && !line->settings.ignore_transaction_id;
}

static struct log_subject subject_of(const struct line *line)
{
    return (struct log_subject){.line = line->settings.id};
}

static void close_transport(struct line *line)
{
    gate_leave(line->host->gate, line);
    line->transport->ops->close(line->transport);
    line->phase = PHASE_CLOSED;
    line->received = 0;
    line->exchange.is_watched = false;
}

static void show_state(struct line *line)
{
    enum line_state state = LINE_IDLE;
    if (line->is_down) {
        return; /* line_fail has said it */
    }
    if (line->phase >= PHASE_READY) {
        state = LINE_UP;
    } else if (line->phase != PHASE_CLOSED || line->wants_open) {
        state = LINE_CONNECTING;
    }
    if (state != line->shown) {
        line->shown = state;
        line_stats_state(&line->stats, state, "");
    }
}

/* Once on the way down, not again until the line has worked; of one that comes and goes once a minute. */
static void tell_down(struct line *line, const char *words)
{
    if (line->is_told || line->now_us < line->tell_us) {
        return;
    }
    line->is_told = true;
    line->tell_us = line->now_us + TOLD_EVERY_US;
    log_about(LOG_LEVEL_WARNING, subject_of(line), "%s cannot be reached: %s (tried again %s)",
              line->endpoint, words,
              line->is_obstructed ? "with every poll" : "with growing pauses of up to a minute");
}

static void go_down(struct line *line, const char *words)
{
    line->shown = LINE_DOWN;
    line_stats_state(&line->stats, LINE_DOWN, words);
    if (!line->is_down) {
        line->is_down = true;
        line->polls_lost = 0;
        line->down_since_us = line->now_us;
    }
    tell_down(line, words);
}

/* Every connection that ends passes here. open_us: not before. */
static void end_connection(struct line *line, int64_t open_us, size_t counter)
{
    close_transport(line);
    line->is_obstructed = false;
    line->timeouts_in_row = 0;
    line->open_us = open_us;
    line_stats_error(&line->stats, NULL, counter, 1);
}

void line_fail(struct line *line, int error, const char *words)
{
    int64_t open_us = redial_failed_us(&line->redial, line->now_us, &line->chance);
    line->was_disturbed = true;
    end_connection(line, open_us, offsetof(struct error_counts, connects));
    go_down(line, words != NULL ? words : strerrordesc_np(-error));
    line->wants_open = true;
    if (line->exchange.is_active) {
        exchange_fail(line, QUALITY_TIMEOUT);
    }
    command_fail_all(line, -ENOTCONN);
    poll_line_down(line);
}

void line_obstruct(struct line *line, const char *words)
{
    line->is_obstructed = true;
    go_down(line, words);
}

/* The end of a connection that worked is nobody's fault, and needs no answer before there is something to ask. One that
 * never brought a reply would only be closed again, and again. */
void line_lose(struct line *line, int error)
{
    if (line->replies_here == 0) {
        bool is_closed = error == -ECONNRESET || error == -EPIPE;
        line_fail(line, error, is_closed ? "accepts and closes: does it allow few clients?" : NULL);
        return;
    }
    int64_t open_us = redial_ended_us(&line->redial, line->now_us);
    end_connection(line, open_us, offsetof(struct error_counts, closes));
    line->was_disturbed |= line->exchange.is_active;
    line->wants_open = line->exchange.is_active;
}

void line_reconnect(struct line *line)
{
    int64_t open_us = redial_ended_us(&line->redial, line->now_us + line->transport->reopen_us);
    end_connection(line, open_us, offsetof(struct error_counts, closes));
    line->was_disturbed = true;
    line->wants_open = true;
}

void line_confirm(struct line *line)
{
    if (!line->is_down) {
        return;
    }
    line->is_down = false;
    line->is_obstructed = false;
    redial_worked(&line->redial);
    if (line->is_told) {
        line->is_told = false;
        log_about(LOG_LEVEL_NOTICE, subject_of(line),
                  "%s is reached again after %lld s and %llu failed polls", line->endpoint,
                  (long long)((line->now_us - line->down_since_us) / 1000000),
                  (unsigned long long)line->polls_lost);
    }
    poll_line_up(line, line->now_us);
    show_state(line);
}

static void become_ready(struct line *line)
{
    gate_leave(line->host->gate, line);
    line->phase = PHASE_READY;
    line->wants_open = false;
    line->received = 0;
    line->since_request = 0;
    line->has_asked = false;
    line->used_us = line->now_us;
    line->not_before_us = line->now_us + line->settings.connect_delay_us;
    if (line->is_down) {
        poll_demand(line); /* whether the wire works is known by an answer alone */
    } else if (!line->was_ready) {
        poll_line_up(line, line->not_before_us);
    }
    line->was_ready = true;
}

static void end_opening(struct line *line, int error)
{
    if (error == -EINPROGRESS && line->now_us < line->phase_end_us) {
        return;
    }
    error = error == -EINPROGRESS ? -ETIMEDOUT : error;
    line_fail(line, error, line->transport->ops->explain(line->transport));
}

static void begin_opening(struct line *line)
{
    line->phase = PHASE_OPENING;
    line->replies_here = 0;
    redial_begun(&line->redial, line->now_us);
    line->phase_end_us = line->now_us + line->settings.connect_timeout_us;
}

static void step_prepare(struct line *line)
{
    int error = line->transport->ops->prepare(line->transport);
    if (error != 0) {
        end_opening(line, error);
    } else if (gate_enter(line->host->gate, line)) {
        begin_opening(line);
    } else {
        line->phase = PHASE_GATED;
    }
}

static void step_open(struct line *line)
{
    if (line->phase == PHASE_PREPARING) {
        step_prepare(line);
    }
    if (line->phase == PHASE_GATED && line->is_admitted) {
        begin_opening(line);
    }
    if (line->phase == PHASE_OPENING) {
        int error = line->transport->ops->open(line->transport);
        if (error == 0) {
            become_ready(line);
        } else {
            end_opening(line, error);
        }
    }
}

/* In the middle of something. */
static bool is_occupied(const struct line *line)
{
    return line->exchange.is_active || line->go.device != NULL;
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
        line->phase = PHASE_PREPARING;
        line->phase_end_us = line->now_us + line->settings.connect_timeout_us;
    }
}

static int64_t idle_close_us(const struct line *line)
{
    return line->settings.idle_close_us > 0 ? line->used_us + line->settings.idle_close_us
                                            : INT64_MAX;
}

static void begin_command(struct line *line, struct command *take_command)
{
    struct frame_request request = {
        .unit = (uint8_t)take_command->unit,
        .function = take_command->function,
        .address = take_command->address,
        .quantity = take_command->quantity,
    };
    exchange_begin(line, &request, take_command);
}

static bool begin_poll(struct line *line)
{
    if (line->go.device == NULL && !poll_choose(line)) {
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
    begin_command(line, command);
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
        close_transport(line);
        line->open_us = redial_ended_us(&line->redial, line->now_us + line->transport->reopen_us);
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

void line_start(struct line *line)
{
    take_time(line);
    line->wants_open = true;
    line->open_us = line->now_us;
    probe_begin(line);
    command_begin(line);
    twins_begin(line);
    poll_line_up(line, line->now_us);
    show_state(line);
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
        step_open(line);
    } else if (line->phase == PHASE_AWAITING) {
        exchange_look(line, is_ready);
    } else if (line->phase == PHASE_READY && is_ready) {
        receive_strays(line);
    }
    poll_settle(line);
    proceed(line);
    show_state(line);
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
    close_transport(line);
    if (line->exchange.is_active && line->exchange.command != NULL) {
        command_finish(line, line->exchange.command, -ECANCELED);
    }
    line->exchange.is_active = false;
    command_fail_all(line, -ECANCELED);
}
