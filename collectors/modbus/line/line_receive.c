/* SPDX-License-Identifier: Apache-2.0 */
/* line_receive: the bytes that come: for the request in flight, for nobody, and the silence before the next. */
#include "collectors/modbus/line/line_internal.h"

#include <string.h>

enum {
    READS_MAX = 16,        /* in one wake-up: a wire that never stops must not hold up the pool */
    FILLS_MAX = 160,       /* of the buffer */
    BUSY_MAX_US = 1000000, /* nobody of ours talks that long: another master is on the wire */
    SILENCE_MIN_US = 1000,
    LOOK_PAUSE_MAX_US = 100000,
    DRAIN_LOOKS = 8,   /* the longer the wire is busy, the less often it is looked at */
    FLOOD_SIZE = 4096, /* many replies' worth: reading on would keep the pool busy for nothing */
};

static int64_t larger(int64_t one_us, int64_t other_us)
{
    return one_us > other_us ? one_us : other_us;
}

void receive_drop(struct line *line, size_t size)
{
    line->received -= size;
    memmove(line->bytes, line->bytes + size, line->received);
}

enum receive_end receive_fill(struct line *line, int *error)
{
    enum receive_end end = RECEIVE_NOTHING;
    for (unsigned reads = 0; reads < READS_MAX && line->received < RECEIVE_SIZE; reads++) {
        size_t room = RECEIVE_SIZE - line->received;
        ssize_t size =
            line->transport->ops->receive(line->transport, line->bytes + line->received, room);
        if (size == 0) {
            break;
        }
        if (size < 0) {
            /* What came before the end is looked at first; the end will be met again. */
            *error = (int)size;
            return end == RECEIVE_SOME ? RECEIVE_SOME : RECEIVE_LOST;
        }
        end = RECEIVE_SOME;
        line->received += (size_t)size;
        line->since_request += (size_t)size;
        if (line->transport->char_ns == 0 && (size_t)size < room) {
            break; /* a socket gives all it has at once: no second call to hear that it is empty */
        }
    }
    return end;
}

bool receive_is_flood(const struct line *line)
{
    return line->since_request > FLOOD_SIZE && line->transport->char_ns == 0;
}

static unsigned leniency_of(const struct line *line)
{
    unsigned leniency = line->settings.ignore_transaction_id ? FRAME_ANY_TRANSACTION : FRAME_STRICT;
    return leniency | (line->settings.ignore_unit_id ? FRAME_ANY_UNIT : FRAME_STRICT);
}

enum frame_verdict receive_match(struct line *line, struct frame_reply *reply, size_t *consumed)
{
    const struct exchange *exchange = &line->exchange;
    enum frame_verdict verdict = FRAME_INCOMPLETE;
    if (line->received > 0) {
        verdict = frame_match(line->transport->frame, &exchange->request, exchange->transaction,
                              leniency_of(line), line->bytes, line->received, reply, consumed);
    }
    return verdict == FRAME_INCOMPLETE && line->received == RECEIVE_SIZE ? FRAME_BAD : verdict;
}

void receive_note(struct line *line)
{
    struct exchange *exchange = &line->exchange;
    if (exchange->trouble.kind == TROUBLE_NONE) {
        exchange->trouble =
            trouble_of_bytes(line->transport->frame, &exchange->request, exchange->transaction,
                             leniency_of(line), line->bytes, line->received);
    }
}

/* The late reply to a probe is a sign of life and no trouble. */
static void pass_foreign(struct line *line)
{
    uint16_t transaction = (uint16_t)(line->bytes[0] << 8 | line->bytes[1]);
    line_stats_error(&line->stats, NULL, offsetof(struct error_counts, foreign), 1);
    if (!line_is_guarded(line) || !line->exchange_reports->heard(line, transaction)) {
        line->exchange.saw_foreign = true;
        receive_note(line);
    }
}

bool receive_pass(struct line *line, enum frame_verdict verdict, size_t size)
{
    if (verdict == FRAME_FOREIGN) {
        pass_foreign(line);
    } else if (verdict == FRAME_STRAY) {
        line->exchange.saw_stray = true;
        receive_note(line);
    } else if (verdict != FRAME_ECHO) {
        return false;
    }
    receive_drop(line, size);
    return true;
}

/* The next id has not been sent yet, so whatever is well formed is foreign; half a frame stays until the rest has come. */
bool receive_keep_step(struct line *line)
{
    line->exchange.transaction = (uint16_t)(line->transaction + 1);
    struct frame_reply reply;
    size_t consumed = 0;
    enum frame_verdict verdict = receive_match(line, &reply, &consumed);
    while (receive_pass(line, verdict, consumed)) {
        verdict = receive_match(line, &reply, &consumed);
    }
    return verdict == FRAME_INCOMPLETE;
}

/* False: the connection is no more. */
static bool drop_strays(struct line *line, bool keeps_step)
{
    int error = 0;
    enum receive_end end = receive_fill(line, &error);
    if (end == RECEIVE_LOST) {
        connection_lose(line, error);
        return false;
    }
    line->stray_us = end == RECEIVE_SOME ? line->now_us : line->stray_us;
    bool is_flood = receive_is_flood(line);
    if (is_flood && line->replies_here == 0) {
        connection_fail(line, -EPROTO, "sends without end, though nothing was asked");
        return false;
    }
    if (is_flood || (keeps_step && end == RECEIVE_SOME && !receive_keep_step(line))) {
        connection_reconnect(line);
        line->wants_open = line->exchange.is_active;
        return false;
    }
    line->received = keeps_step ? line->received : 0;
    return true;
}

/* Some converters and gateways greet who connects. */
bool receive_greeting(struct line *line)
{
    return drop_strays(line, false);
}

void receive_strays(struct line *line)
{
    (void)drop_strays(line, line_is_guarded(line) && line->has_asked);
}

/* A port that nobody has read for a while holds what was said since: as much as a kernel keeps goes at once, so that only
 * what is said now counts. */
static void empty(struct line *line)
{
    int error = 0;
    for (unsigned fills = 0; fills < FILLS_MAX && receive_fill(line, &error) == RECEIVE_SOME;
         fills++) {
        line->stray_us = line->now_us;
        line->received = 0;
    }
    line->received = 0;
}

/* Without transaction ids a request may only go out on a silent wire, or an old reply would answer it. What a socket
 * brings meanwhile is taken by receive_strays, so it is the time of the last byte that counts. */
enum receive_silence receive_until_silent(struct line *line)
{
    struct exchange *exchange = &line->exchange;
    empty(line);
    int64_t silence_us = line->transport->silence_us;
    int64_t silent_us =
        line->stray_us + (silence_us > SILENCE_MIN_US ? silence_us : SILENCE_MIN_US);
    if (line->now_us >= silent_us) {
        line->busy_since_us = 0;
        return RECEIVE_SILENT; /* if the connection is lost, sending or waiting meets the same end and deals with it */
    }
    if (exchange->drain_since_us == 0) {
        exchange->drain_since_us = line->now_us;
    }
    line->busy_since_us = line->busy_since_us == 0 ? line->now_us : line->busy_since_us;
    int64_t pause_us = (line->now_us - line->busy_since_us) / DRAIN_LOOKS;
    pause_us = pause_us < LOOK_PAUSE_MAX_US ? pause_us : LOOK_PAUSE_MAX_US;
    line->not_before_us = larger(silent_us, line->now_us + pause_us);
    bool is_over = line->now_us - exchange->drain_since_us > BUSY_MAX_US;
    return is_over ? RECEIVE_OBSTRUCTED : RECEIVE_BUSY;
}
