/* SPDX-License-Identifier: Apache-2.0 */
/* line_connection: the connection of a line: opening, going down once, coming back. It knows neither polls nor commands
 * and tells what happens by three reports. */
#include "collectors/modbus/line/line_internal.h"

#include <string.h>

#include <lingtan/log.h>

enum {
    TOLD_EVERY_US = 60000000,
};

static struct log_subject subject_of(const struct line *line)
{
    return (struct log_subject){.line = line->settings.id};
}

void connection_close(struct line *line)
{
    gate_leave(line->host->gate, line);
    line->transport->ops->close(line->transport);
    line->phase = PHASE_CLOSED;
    line->received = 0;
    line->exchange.is_watched = false;
}

void connection_show(struct line *line)
{
    enum line_state state = LINE_IDLE;
    if (line->is_down) {
        return; /* connection_fail has said it */
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
    if (line->phase >= PHASE_OPENING && line->replies_here == 0) {
        line->transport->ops->turn(line->transport);
    }
    connection_close(line);
    line->is_obstructed = false;
    line->timeouts_in_row = 0;
    line->open_us = open_us;
    line_stats_error(&line->stats, NULL, counter, 1);
}

void connection_fail(struct line *line, int error, const char *words)
{
    int64_t open_us = redial_failed_us(&line->redial, line->now_us, &line->chance);
    line->was_disturbed = true;
    end_connection(line, open_us, offsetof(struct error_counts, connects));
    go_down(line, words != NULL ? words : strerrordesc_np(-error));
    line->wants_open = true;
    line->connection_reports->down(line);
}

void connection_obstruct(struct line *line, const char *words)
{
    line->is_obstructed = true;
    go_down(line, words);
}

/* The end of a connection that worked is nobody's fault, and needs no answer before there is something to ask. One that
 * never brought a reply would only be closed again, and again. */
void connection_lose(struct line *line, int error)
{
    if (line->replies_here == 0) {
        bool is_closed = error == -ECONNRESET || error == -EPIPE;
        connection_fail(line, error,
                        is_closed ? "accepts and closes: does it allow few clients?" : NULL);
        return;
    }
    int64_t open_us = redial_ended_us(&line->redial, line->now_us);
    end_connection(line, open_us, offsetof(struct error_counts, closes));
    line->was_disturbed |= line->exchange.is_active;
    line->wants_open = line->exchange.is_active;
}

void connection_reconnect(struct line *line)
{
    int64_t open_us = redial_ended_us(&line->redial, line->now_us + line->transport->reopen_us);
    end_connection(line, open_us, offsetof(struct error_counts, closes));
    line->was_disturbed = true;
    line->wants_open = true;
}

void connection_confirm(struct line *line)
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
    line->connection_reports->up(line, line->now_us);
    connection_show(line);
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
        line->connection_reports->unsure(line);
    } else if (!line->was_ready) {
        line->connection_reports->up(line, line->not_before_us);
    }
    line->was_ready = true;
}

static void end_opening(struct line *line, int error)
{
    if (error == -EINPROGRESS && line->now_us < line->phase_end_us) {
        return;
    }
    error = error == -EINPROGRESS ? -ETIMEDOUT : error;
    connection_fail(line, error, line->transport->ops->explain(line->transport));
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

void connection_step(struct line *line)
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

void connection_begin(struct line *line)
{
    line->phase = PHASE_PREPARING;
    line->phase_end_us = line->now_us + line->settings.connect_timeout_us;
}

void connection_rest(struct line *line)
{
    connection_close(line);
    line->open_us = redial_ended_us(&line->redial, line->now_us + line->transport->reopen_us);
}
