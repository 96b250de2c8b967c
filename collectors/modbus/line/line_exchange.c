/* SPDX-License-Identifier: Apache-2.0 */
/* line_exchange: the one request in flight: sending it on a free wire, knowing when to look for its reply, and what
 * each kind of end does to the connection. Transaction ids protect Modbus TCP from late replies; where there are none,
 * the line waits them out and drains. It knows nothing of devices: whoever begins says what it needs to know of one, and
 * what came of it is told by reports. */
#include "collectors/modbus/line/line_internal.h"

enum {
    TURNAROUND_GUESS_US = 5000,
    CREEP_FIRST = 5, /* by a part in 2 to the power of it, then of one less, to a half at last */
    LATE_WINDOW_MIN_US = 50000,
    LATE_WINDOW_MAX_US = 250000,
    HOLD_MIN_US = 1000000,
    TIMEOUTS_RECONNECT =
        3, /* a gateway that has lost step with us recovers on a new connection only */
    TIMEOUTS_OUT_OF_STEP = 2,
    HANGUPS_MAX = 4,
    RTU_EXCEPTION_SIZE = 5,
};

static int64_t wire_us(const struct line *line, size_t bytes)
{
    return (int64_t)bytes * line->transport->char_ns / 1000;
}

static bool is_paced(const struct line *line)
{
    return line->transport->char_ns > 0;
}

static size_t reply_size(const struct line *line)
{
    bool is_exception = is_paced(line) && line->received >= 2 && (line->bytes[1] & 0x80) != 0;
    return is_exception ? RTU_EXCEPTION_SIZE
                        : frame_reply_size(line->transport->frame, &line->exchange.request);
}

static int64_t larger(int64_t one, int64_t other)
{
    return one > other ? one : other;
}

static int64_t smaller(int64_t one, int64_t other)
{
    return one < other ? one : other;
}

/* How long the wire stays unused after a timeout, for a reply that is only late. */
static int64_t late_window_us(const struct line *line)
{
    if (line_is_guarded(line)) {
        return 0;
    }
    int64_t window_us = line->settings.response_timeout_us / 4;
    window_us = larger(window_us, LATE_WINDOW_MIN_US);
    return window_us < LATE_WINDOW_MAX_US ? window_us : LATE_WINDOW_MAX_US;
}

static int64_t gap_us(const struct line *line)
{
    return larger(line->settings.gap_us, line->transport->silence_us);
}

static int64_t turnaround_us(const struct line *line)
{
    const struct turnaround *known = line->exchange.turnaround;
    return known != NULL && known->us > 0 ? known->us : TURNAROUND_GUESS_US;
}

/* Creeps towards the device's real turnaround from above, ever faster, so that a device that was slow for a while is soon
 * looked at in time again; a look that came too early moves it up at once, but by half at the most: one reply that was
 * held up must not make the next dozens wait. */
static void learn_turnaround(struct line *line)
{
    const struct exchange *exchange = &line->exchange;
    struct turnaround *known = exchange->turnaround;
    if (!is_paced(line) || known == NULL) {
        return;
    }
    int64_t seen_us = line->now_us - exchange->request_end_us - wire_us(line, reply_size(line));
    int64_t next_us = turnaround_us(line);
    if (exchange->was_short) {
        known->in_time = 0;
        next_us = smaller(seen_us + seen_us / 16, next_us + next_us / 2);
    } else {
        next_us -= next_us >> (CREEP_FIRST - known->in_time);
        if (known->in_time + 1 < CREEP_FIRST) {
            known->in_time++;
        }
    }
    next_us = larger(next_us, 1);
    known->us = next_us < INT32_MAX ? (int32_t)next_us : INT32_MAX;
}

/* The silence before the next request. On a serial line it began when the frame ended: no later than it was looked for,
 * if it was whole then, and that we wake a little late is not the wire's time. */
static int64_t pause_us(const struct line *line)
{
    const struct exchange *exchange = &line->exchange;
    int64_t gone_us = line->now_us - exchange->look_us;
    if (!is_paced(line) || exchange->was_short || gone_us < 0) {
        return gap_us(line);
    }
    return gap_us(line) - smaller(gone_us, line->transport->silence_us / 8);
}

/* Ends the exchange: the wire is free after the pause. */
static void settle(struct line *line, int64_t rest_us)
{
    struct exchange *exchange = &line->exchange;
    exchange->is_active = false;
    exchange->is_watched = false;
    if (line->phase == PHASE_AWAITING) {
        line->phase = PHASE_READY;
        line_stats_busy(&line->stats, line->now_us, line->now_us - exchange->sent_us);
    }
    line->used_us = line->now_us;
    line->not_before_us = larger(line->not_before_us, line->now_us + rest_us);
}

void exchange_fail(struct line *line, uint8_t quality)
{
    settle(line, larger(gap_us(line), late_window_us(line)));
    line->exchange_reports->failed(line, quality);
}

/* Some gateways end the connection when a device behind them is dead. Whether it is that or the line is told by the
 * other devices: false when too many in a row had the same end, or there is no other. */
static bool blame_device(struct line *line)
{
    struct exchange *exchange = &line->exchange;
    size_t most = line->device_count < HANGUPS_MAX ? line->device_count : HANGUPS_MAX;
    if (is_paced(line)) {
        return false;
    }
    line->hangups += line->hangups == 0 || exchange->request.unit != line->hung_unit;
    line->hung_unit = exchange->request.unit;
    if (line->hangups >= most) {
        line->hangups = 0;
        return false;
    }
    line_stats_error(&line->stats, line->exchange.tally, offsetof(struct error_counts, timeouts),
                     1);
    exchange_fail(line, QUALITY_TIMEOUT);
    bool was_disturbed = line->was_disturbed;
    connection_reconnect(line);
    line->was_disturbed = was_disturbed; /* that is the one device, not the line */
    return true;
}

/* A connection that had worked may have been closed while it was idle without our notice: once, the request goes out
 * again on a new one and its poll has not failed. Not for a device that failed last time, which is the likelier cause; and
 * never a write, which may have been done before the connection ended. */
static void lose_connection(struct line *line, int error)
{
    struct exchange *exchange = &line->exchange;
    if (exchange->is_once) {
        exchange_fail(line, QUALITY_TIMEOUT);
        connection_lose(line, error);
    } else if (line->replies_here > 0 && !exchange->is_resent && !exchange->is_doubtful) {
        exchange->is_resent = true;
        connection_lose(line, error);
        return;
    }
    exchange->has_ended_wire = true;
    if (!blame_device(line)) {
        connection_lose(line, error);
    }
}

static bool must_reconnect(const struct line *line)
{
    const struct exchange *exchange = &line->exchange;
    if (is_paced(line)) {
        return false;
    }
    if (receive_is_flood(line)) {
        return true;
    }
    if (!line_is_guarded(line)) {
        return line->timeouts_in_row >= TIMEOUTS_OUT_OF_STEP;
    }
    return line->received > 0 || exchange->saw_stray ||
           line->timeouts_in_row >= TIMEOUTS_RECONNECT ||
           (exchange->saw_foreign && line->timeouts_in_row >= TIMEOUTS_OUT_OF_STEP);
}

/* On a wire that was never silent, bytes that are no reply do not show that it works. */
static void confirm(struct line *line, bool is_clean)
{
    if (is_clean || !line->is_obstructed) {
        connection_confirm(line);
    }
}

/* A far end that serves one after the other may still be busy with a dead device that was probed: whether the request
 * behind the probe, which took so long, felt it. */
static bool is_in_shadow(struct line *line, int64_t took_us)
{
    int64_t sent_us = line->probe_sent_us;
    line->probe_sent_us = 0;
    if (sent_us == 0) {
        return false;
    }
    bool is_long = took_us > 2 * line->slowest_us;
    int64_t busy_us = line->now_us - sent_us;
    int64_t most_us = line->settings.response_timeout_us;
    line->shadow_us -= line->shadow_us / SHADOW_FADES;
    if (is_long) {
        line->shadow_us = busy_us < most_us ? busy_us : most_us;
    }
    return is_long;
}

static int64_t late_max_us(const struct line *line)
{
    return larger(line->settings.response_timeout_us, HOLD_MIN_US);
}

/* The right reply may still be on its way, for so long after it was due. */
static void hold_unit(struct line *line, int64_t late_us)
{
    const struct exchange *exchange = &line->exchange;
    if (!line_is_guarded(line)) {
        unit_dates_set(&line->holds, exchange->request.unit, exchange->deadline_us + late_us,
                       line->now_us);
    }
}

/* Whether the silence tells something of the connection. Commands may go to units that are not there. */
static bool is_telling(const struct line *line, bool is_partial)
{
    return is_partial || line->exchange.tally != NULL || line->device_count == 0;
}

static void time_out(struct line *line)
{
    if (line->exchange.is_expected && line->exchange.probed == NULL) {
        (void)is_in_shadow(line, line->now_us - line->exchange.request_end_us);
    }
    bool is_partial = line->received > 0 || line->exchange.saw_stray;
    if (is_partial) {
        receive_note(line);
    }
    size_t counter = is_partial ? offsetof(struct error_counts, bad_replies)
                                : offsetof(struct error_counts, timeouts);
    line_stats_error(&line->stats, line->exchange.tally, counter, 1);
    confirm(line, !is_partial);
    line->timeouts_in_row += is_telling(line, is_partial);
    bool is_over = must_reconnect(line);
    hold_unit(line, late_max_us(line));
    exchange_fail(line, is_partial ? QUALITY_BAD_REPLY : QUALITY_TIMEOUT);
    if (is_over) {
        connection_reconnect(line);
    }
}

/* Nothing that follows can be trusted: a socket gets a new connection, a serial line its silence. */
static void refuse(struct line *line)
{
    receive_note(line);
    line_stats_error(&line->stats, line->exchange.tally, offsetof(struct error_counts, bad_replies),
                     1);
    confirm(line, false);
    line->timeouts_in_row++;
    line->received = line_is_guarded(line) ? line->received : 0;
    hold_unit(line, late_max_us(line));
    bool is_over = must_reconnect(line);
    exchange_fail(line, QUALITY_BAD_REPLY);
    if (is_over) {
        connection_reconnect(line);
    }
}

bool exchange_was_sent(const struct line *line)
{
    return line->exchange.sent_us != 0;
}

/* Falls slowly, so that one slow device keeps the probes of its line patient. */
static void learn_slowest(struct line *line)
{
    int64_t took_us = line->now_us - line->exchange.request_end_us;
    if (line->exchange.probed != NULL) {
        line->probe_sent_us = 0;
    } else if (is_in_shadow(line, took_us)) {
        return;
    }
    line->slowest_us = larger(larger(took_us, line->slowest_us - line->slowest_us / 64), 1);
}

static void accept_reply(struct line *line, const struct frame_reply *reply, size_t consumed)
{
    bool is_good = frame_is_good(reply);
    struct device_tally *tally = line->exchange.tally;
    if (reply->is_short) {
        line_stats_error(&line->stats, tally, offsetof(struct error_counts, bad_replies), 1);
    }
    learn_turnaround(line);
    learn_slowest(line);
    line_stats_reply(&line->stats, is_good ? tally : NULL, line->now_us,
                     is_good ? line->wall_us : 0, line->now_us - line->exchange.sent_us);
    connection_confirm(line);
    line->replies_here++;
    line->timeouts_in_row = 0;
    line->hangups = 0;
    settle(line, pause_us(line));
    line->exchange_reports->replied(line, reply);
    /* On a guarded line what follows belongs to the stream; elsewhere it is noise. */
    receive_drop(line, line_is_guarded(line) ? consumed : line->received);
    if (line->received > 0 && !receive_keep_step(line)) {
        connection_reconnect(line); /* before the next request meets it */
    }
}

/* The frame should have been whole by now: sleep for what is missing, or, when nothing moves, until something does. */
static void look_later(struct line *line, bool has_grown)
{
    struct exchange *exchange = &line->exchange;
    exchange->was_short = true;
    exchange->is_watched = !has_grown;
    size_t whole = reply_size(line);
    size_t missing = whole > line->received ? whole - line->received : 1;
    exchange->look_us = line->now_us + wire_us(line, missing);
}

static void judge(struct line *line, bool has_grown)
{
    struct frame_reply reply = {0};
    size_t consumed = 0;
    enum frame_verdict verdict = receive_match(line, &reply, &consumed);
    while (receive_pass(line, verdict, consumed)) {
        verdict = receive_match(line, &reply, &consumed);
    }
    if (verdict == FRAME_REPLY || verdict == FRAME_EXCEPTION || verdict == FRAME_SHORT) {
        accept_reply(line, &reply, consumed);
    } else if (verdict == FRAME_BAD || receive_is_flood(line)) {
        refuse(line);
    } else if (line->now_us >= line->exchange.deadline_us) {
        time_out(line);
    } else if (is_paced(line)) {
        look_later(line, has_grown);
    }
}

void exchange_look(struct line *line, bool is_ready)
{
    const struct exchange *exchange = &line->exchange;
    bool is_late = line->now_us >= exchange->deadline_us;
    bool is_time = is_paced(line) && !exchange->is_watched && line->now_us >= exchange->look_us;
    if (!is_ready && !is_time && !is_late) {
        return;
    }
    int error = 0;
    enum receive_end end = receive_fill(line, &error);
    /* A port that is ready without a byte has been hung up; its read says only "nothing". */
    bool is_hung_up = is_paced(line) && is_ready && exchange->is_watched && end == RECEIVE_NOTHING;
    if (end == RECEIVE_LOST || is_hung_up) {
        lose_connection(line, end == RECEIVE_LOST ? error : -EIO);
        return;
    }
    judge(line, end == RECEIVE_SOME);
}

int64_t exchange_next_us(const struct line *line)
{
    const struct exchange *exchange = &line->exchange;
    bool looks = is_paced(line) && !exchange->is_watched;
    return looks && exchange->look_us < exchange->deadline_us ? exchange->look_us
                                                              : exchange->deadline_us;
}

static void set_dates(struct line *line, size_t size)
{
    struct exchange *exchange = &line->exchange;
    int64_t reply_us = wire_us(line, frame_reply_size(line->transport->frame, &exchange->request));
    exchange->sent_us = line->now_us;
    exchange->request_end_us = line->now_us + wire_us(line, size);
    exchange->look_us = exchange->request_end_us + turnaround_us(line) + reply_us;
    exchange->deadline_us = exchange->request_end_us + exchange->patience_us + reply_us;
    exchange->was_short = false;
    exchange->is_watched = false;
}

/* Closing a socket brings another one, whose other end may have come to its senses; closing a port frees no wire. */
static void obstruct(struct line *line)
{
    static const char words[] = "its wire is never silent: noise, or a second master";
    line_stats_error(&line->stats, line->exchange.tally, offsetof(struct error_counts, bad_replies),
                     1);
    exchange_fail(line, QUALITY_BAD_REPLY);
    if (is_paced(line)) {
        connection_obstruct(line, words);
    } else {
        connection_fail(line, -EBUSY, words);
    }
}

/* Without transaction ids: whether the wire is free. */
static bool is_free(struct line *line)
{
    enum receive_silence silence =
        line_is_guarded(line) ? RECEIVE_SILENT : receive_until_silent(line);
    if (silence == RECEIVE_OBSTRUCTED) {
        obstruct(line);
    }
    return silence == RECEIVE_SILENT;
}

void exchange_send(struct line *line)
{
    struct exchange *exchange = &line->exchange;
    if (exchange->is_once && exchange_was_sent(line)) {
        exchange_fail(line, QUALITY_TIMEOUT);
        return;
    }
    int64_t held_until_us = line_holds_until_us(line, exchange->request.unit, line->now_us);
    if (held_until_us > line->now_us) {
        line->not_before_us = held_until_us;
        return;
    }
    if (!line->has_asked && !receive_greeting(line)) {
        return;
    }
    if (!is_free(line)) {
        return;
    }
    uint8_t bytes[FRAME_SIZE_MAX];
    size_t size = 0;
    exchange->transaction = ++line->transaction;
    int error = frame_encode(line->transport->frame, &exchange->request, exchange->transaction,
                             bytes, &size);
    if (error != 0) {
        exchange_fail(line, QUALITY_BAD_REPLY);
        return;
    }
    set_dates(line, size);
    line->since_request = 0;
    error = line->transport->ops->send(line->transport, bytes, size);
    if (error != 0) {
        lose_connection(line, error);
        return;
    }
    line->has_asked = true;
    if (line->exchange.probed != NULL) {
        line->probed = exchange->probed;
        line->probe_transaction = exchange->transaction;
        line->probe_sent_us = line->now_us;
    }
    line->phase = PHASE_AWAITING;
}

void exchange_begin(struct line *line, const struct exchange *exchange)
{
    line->exchange = *exchange;
    line->exchange.is_active = true;
    exchange_send(line);
}
